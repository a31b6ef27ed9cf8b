//! Plays what was recorded from a browser through every decoder, and prints how many streams each reads as the browser does.
//!
//! A stream counts where type and data of all events are the browser's, whole and byte by byte. Ids are left out, for some
//! give blocks and not events; so are streams that are told by a digest alone. A panic is a stream that is not read.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use sse_peers::candidate::{Candidate, version};
use sse_peers::feed::Feed;
use sse_peers::sink::Sink;

/// Who is shown.
const SHOWN: [Candidate; 7] = [
    Candidate::ProtoBorrowed,
    Candidate::SseCore,
    Candidate::SseParse,
    Candidate::SseStream,
    Candidate::Sseer,
    Candidate::EventsourceClient,
    Candidate::EventsourceStream,
];

/// Type and data of each event.
#[derive(Debug, Default, PartialEq)]
struct Events(Vec<(String, String)>);

impl Sink for Events {
    fn event(&mut self, event_type: &str, data: &str, _id: &str) {
        self.0.push((event_type.to_owned(), data.to_owned()));
    }

    fn comment(&mut self, _text: &[u8]) {}

    fn failure(&mut self) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    // A panic is a result here.
    set_hook(Box::new(|_| {}));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut out = io::stdout().lock();
    write!(out, "| streams |")?;
    for candidate in SHOWN {
        match version(candidate.name()) {
            Some(version) => write!(out, " {} {version} |", candidate.name())?,
            None => write!(out, " sse-proto |")?,
        }
    }
    writeln!(out, "\n|---|{}", "--:|".repeat(SHOWN.len()))?;
    let mut sums = [0; SHOWN.len()];
    let mut total = 0;
    for file in files {
        let name = file.file_name();
        let Some(topic) = name.to_str().and_then(|name| name.strip_suffix(".jsonl")) else {
            continue;
        };
        let mut right = [0; SHOWN.len()];
        let mut count = 0;
        for line in fs::read_to_string(file.path())?.lines() {
            let Some((input, events)) = read(line)? else { continue };
            count += 1;
            for (candidate, right) in SHOWN.into_iter().zip(&mut right) {
                *right += usize::from(agrees(candidate, &input, &events));
            }
        }
        if count == 0 {
            continue;
        }
        writeln!(out, "| {topic}, {count} |{}", right.map(|n| format!(" {n} |")).concat())?;
        sums.iter_mut().zip(right).for_each(|(sum, n)| *sum += n);
        total += count;
    }
    writeln!(out, "| all, {total} |{}", sums.map(|n| format!(" {n} |")).concat())?;
    Ok(())
}

/// A stream and its events; `None` where they are not written out.
fn read(line: &str) -> Result<Option<(Bytes, Events)>, Box<dyn Error>> {
    let vector: Value = serde_json::from_str(line)?;
    let (Some(input), Some(events)) = (vector["input"].as_str(), vector["events"].as_array())
    else {
        return Ok(None);
    };
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let events = events.iter().map(|event| (text(event, "type"), text(event, "data"))).collect();
    Ok(Some((STANDARD.decode(input)?.into(), Events(events))))
}

fn agrees(candidate: Candidate, input: &Bytes, events: &Events) -> bool {
    [input.len(), 1].into_iter().all(|size| {
        let mut read = Events::default();
        let feed = Feed::new(input, size);
        let run = AssertUnwindSafe(|| candidate.run(feed, &mut read));
        catch_unwind(run).is_ok() && read == *events
    })
}

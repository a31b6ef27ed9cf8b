//! The vectors: what a real browser did with event streams (`vectors/README.md`).

use std::fs;
use std::path::PathBuf;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::reference::{Item, Outcome};

/// Every file of parse vectors, and how many vectors it holds.
const FILES: [(&str, usize); 16] = [
    ("bom", 25),
    ("comments", 12),
    ("control-characters", 18),
    ("data", 23),
    ("end-of-stream", 15),
    ("event-type", 26),
    ("fields", 46),
    ("id", 41),
    ("large", 18),
    ("line-ends", 27),
    ("llm-streams", 13),
    ("platform-facts", 19),
    ("random", 156),
    ("recentchange", 5),
    ("retry", 44),
    ("utf-8", 74),
];

/// The one file of another kind: scenarios at the level of HTTP.
const SCENARIOS: &str = "processing";

#[derive(Debug, Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) group: String,
    input: Option<String>,
    input_repeat: Option<Vec<Part>>,
    events: Option<Vec<Expected>>,
    events_count: Option<usize>,
    events_bytes: Option<usize>,
    events_fnv1a64: Option<String>,
    final_last_event_id: String,
    retry_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Part {
    base64: String,
    times: usize,
}

/// The order of the fields is that of the canonical text.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Expected {
    r#type: String,
    data: String,
    last_event_id: String,
}

impl Vector {
    pub(crate) fn input(&self) -> Bytes {
        match (&self.input, &self.input_repeat) {
            (Some(input), None) => decode_base64(input).into(),
            (None, Some(parts)) => {
                let parts = parts.iter().map(|part| decode_base64(&part.base64).repeat(part.times));
                parts.collect::<Vec<_>>().concat().into()
            }
            _ => panic!("{}: either input or input_repeat", self.name),
        }
    }

    /// Where the parts of a repeated input meet: the places where a cut could matter.
    pub(crate) fn seams(&self) -> Vec<usize> {
        let mut end = 0;
        let parts = self.input_repeat.iter().flatten();
        parts
            .map(|part| {
                end += decode_base64(&part.base64).len() * part.times;
                end
            })
            .collect()
    }

    /// Says what is wrong, if anything is.
    pub(crate) fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let events = dispatched(&outcome.items);
        match &self.events {
            Some(expected) => same("events", &events, expected)?,
            None => self.check_digest(&events)?,
        }
        same("final_last_event_id", &outcome.last_event_id, &self.final_last_event_id)?;
        same("retry_ms", &last_retry(&outcome.items), &self.retry_ms)
    }

    fn check_digest(&self, events: &[Expected]) -> Result<(), String> {
        let canonical = serde_json::to_string(events).expect("strings are always serializable");
        let digest = format!("{:016x}", fnv1a64(canonical.as_bytes()));
        same("events_count", &Some(events.len()), &self.events_count)?;
        same("events_bytes", &Some(canonical.len()), &self.events_bytes)?;
        same("events_fnv1a64", &Some(digest), &self.events_fnv1a64)
    }
}

/// Every parse vector. Panics when a file is missing, short, or not listed here.
pub(crate) fn load() -> Vec<Vector> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    for entry in fs::read_dir(&folder).expect("the folder of vectors") {
        let path = entry.expect("an entry of the folder of vectors").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let known = stem == SCENARIOS || FILES.iter().any(|(name, _)| *name == stem);
        assert!(known || path.extension() != Some("jsonl".as_ref()), "{stem}.jsonl is not listed");
    }
    let mut vectors = Vec::new();
    for (name, count) in FILES {
        let path = folder.join(name).with_extension("jsonl");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), count, "vectors in {name}.jsonl");
        for (at, line) in lines.into_iter().enumerate() {
            let vector: Vector = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{name}.jsonl, line {}: {error}", at + 1));
            assert_eq!(vector.group, name, "{}: the group is the file's name", vector.name);
            vectors.push(vector);
        }
    }
    vectors
}

fn dispatched(items: &[Item]) -> Vec<Expected> {
    let events = items.iter().filter_map(|item| match item {
        Item::Event { event_type, data, last_event_id, .. } => Some(Expected {
            r#type: event_type.clone(),
            data: data.clone(),
            last_event_id: last_event_id.clone(),
        }),
        _ => None,
    });
    events.collect()
}

fn last_retry(items: &[Item]) -> Option<u64> {
    let mut times = items.iter().filter_map(|item| match item {
        Item::Retry(time) => Some(u64::try_from(time.as_millis()).expect("retry saturates at u64")),
        _ => None,
    });
    times.next_back()
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}"))
}

fn decode_base64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

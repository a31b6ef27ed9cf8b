//! Counts allocations and live bytes under a counting allocator and holds sse-proto's against their bars.

use std::alloc::System;
use std::process::ExitCode;
use std::time::Duration;

use cap::Cap;
use clap::Parser;
use sse_peers::candidate::{Candidate, proto};
use sse_peers::corpus::{self, Corpus};
use sse_peers::feed::Feed;
use sse_peers::machine;
use sse_peers::report::table::Report;
use sse_peers::sink::{Sink, Tally};
use sse_peers::timing::thread_time;
use sse_proto::{Decoder, Limits};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// The inner one counts calls, the outer one the most that was live. Both take a reallocation for one step, as the
/// system does, which moves pages instead of holding the old block beside the new one.
#[global_allocator]
static HEAP: Cap<&'static StatsAlloc<System>> = Cap::new(&INSTRUMENTED_SYSTEM, usize::MAX);

/// Counts allocations, and exits with 1 if a count is over its bar.
#[derive(Debug, Parser)]
struct Options {
    /// Shows what the other crates allocate as well.
    #[arg(long)]
    peers: bool,
}

/// The corpora's size; the long line has [`LINE`].
const SIZE: usize = 1 << 20;

/// The long line's size.
const LINE: usize = 8 << 20;

/// What may be live on all but the long line.
const MOST_LIVE: usize = 8 * 1024;

/// What a call did to the heap.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    /// Allocations and reallocations.
    calls: usize,
    /// Bytes that they asked for.
    bytes: usize,
    /// The most that was live at once, above what was before.
    peak: usize,
}

/// Counts what a call does.
fn measure(call: impl FnOnce()) -> Usage {
    // The allocator only knows the most that was ever live. Filling up to that, without touching a page of it, makes
    // whatever goes beyond this call's own.
    let _fill = Vec::<u8>::with_capacity(HEAP.max_allocated() - HEAP.allocated());
    let (before, live) = (INSTRUMENTED_SYSTEM.stats(), HEAP.max_allocated());
    call();
    let change = INSTRUMENTED_SYSTEM.stats() - before;
    Usage {
        calls: change.allocations + change.reallocations,
        bytes: change.bytes_allocated,
        peak: HEAP.max_allocated() - live,
    }
}

/// Adds up what owned events must hold: data, id, and the type unless it is the default.
#[derive(Debug, Default)]
struct Texts(usize);

impl Sink for Texts {
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        let event_type = if event_type == "message" { "" } else { event_type };
        self.0 += event_type.len() + data.len() + id.len();
    }

    fn comment(&mut self, _: &[u8]) {}

    fn failure(&mut self) {}
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut report = Report::default();
    report.line(&format!("{}\n", machine::describe()));
    steady(&mut report);
    peaks(&mut report);
    long_ids(&mut report);
    if options.peers {
        peers(&mut report);
    }
    println!("{}", report.text);
    if report.misses == 0 {
        println!("All are within their bars.");
        return ExitCode::SUCCESS;
    }
    println!("{} are over their bars.", report.misses);
    ExitCode::FAILURE
}

/// Allocations an event of a decoder that has seen the same corpus before.
fn steady(report: &mut Report) {
    report.line(
        "Allocations an event in steady state, and bytes that owned events ask for ÷ their text\n",
    );
    let head = [
        "corpus",
        "chunk",
        "borrowed",
        "at most",
        "owned",
        "at most",
        "owned bytes ÷ text",
        "at most",
    ];
    report.head(&head.map(str::to_owned));
    for (key, ..) in corpus::ALL.into_iter().filter(|(key, ..)| *key != 'f') {
        let corpus = Corpus::new(key, SIZE);
        let mut texts = Texts::default();
        proto::borrowed(Feed::new(&corpus.bytes, SIZE), &mut texts);
        for chunk in [usize::MAX / 2, 16384, 1460] {
            // A chunk's border cuts an event, and its pieces may need a larger buffer than any event before.
            let spare = if chunk > SIZE { 0.0 } else { 0.02 };
            let events = corpus.truth.tally.events as f64;
            let [borrowed, owned] = [proto::drain_borrowed, proto::drain_owned]
                .map(|drain| again(drain, &corpus, chunk));
            let size = if chunk > SIZE { "all".to_owned() } else { format!("{chunk} B") };
            let mut cells = vec![key.to_string(), size];
            cells.push(report.at_most(borrowed.calls as f64 / events, spare, 4));
            cells.push(spare.to_string());
            cells.push(report.at_most(owned.calls as f64 / events, 1.0 + spare, 4));
            cells.push((1.0 + spare).to_string());
            cells.push(report.at_most(owned.bytes as f64 / texts.0 as f64, 1.0 + spare, 4));
            cells.push((1.0 + spare).to_string());
            report.row(&cells);
        }
    }
    report.line("");
}

/// One of sse-proto's two loops.
type Drain = fn(&mut Decoder, Feed, &mut Tally);

/// Decodes a corpus twice with one decoder, and counts the second time.
fn again(drain: Drain, corpus: &Corpus, chunk: usize) -> Usage {
    let feed = Feed::new(&corpus.bytes, chunk.min(corpus.bytes.len()));
    let (mut decoder, mut tally) = (Decoder::new(), Tally::default());
    drain(&mut decoder, feed.clone(), &mut tally);
    let usage = measure(|| drain(&mut decoder, feed, &mut tally));
    assert_eq!(tally.events, 2 * corpus.truth.tally.events, "corpus {}", corpus.key);
    usage
}

/// The most that is live while a new decoder reads a corpus, without the input.
fn peaks(report: &mut Report) {
    report.line("Most bytes live above the input\n");
    let head = ["corpus", "chunk", "borrowed", "owned", "at most"].map(str::to_owned);
    report.head(&head);
    for (key, ..) in corpus::ALL {
        let corpus = Corpus::new(key, if key == 'f' { LINE } else { SIZE });
        for chunk in [1460, 16384] {
            let bar = if key == 'f' { 2 * LINE + chunk } else { MOST_LIVE };
            let mut cells = vec![key.to_string(), format!("{chunk} B")];
            for candidate in [Candidate::ProtoBorrowed, Candidate::ProtoOwned] {
                let usage = once(candidate, &corpus, chunk);
                cells.push(report.at_most(usage.peak as f64, bar as f64, 0));
            }
            cells.push(bar.to_string());
            report.row(&cells);
        }
    }
    report.line("");
}

/// A candidate's whole run over a corpus.
fn once(candidate: Candidate, corpus: &Corpus, chunk: usize) -> Usage {
    let feed = Feed::new(&corpus.bytes, chunk);
    let mut tally = Tally::default();
    measure(|| candidate.run(feed, &mut tally))
}

/// An id of 1 MiB that many tiny events inherit: with the default limit it is an error, with a larger one all events
/// share it.
fn long_ids(report: &mut Report) {
    const EVENTS: usize = 100_000;
    let mut body = format!("id: {}\n\n", "7".repeat(1 << 20));
    body.push_str(&"data: x\n\n".repeat(EVENTS));
    let body = body.into();
    let tiny = Corpus::new('c', 9 * EVENTS);
    let plain = tiny.bytes.slice(..9 * EVENTS);

    report.line("1 MiB of id, then 100,000 tiny events, owned, in chunks of 16 KiB\n");
    report.head(&["id", "errors", "bytes an event", "at most", "ms", "at most"].map(str::to_owned));
    let large = Limits::default().id_bytes(2 << 20);
    let cases = [
        ("none", &plain, Limits::default(), 0),
        ("over the default limit", &body, Limits::default(), 1),
        ("within a limit of 2 MiB", &body, large, 0),
    ];
    let mut base = Duration::ZERO;
    for (name, body, limits, errors) in cases {
        let (mut decoder, mut tally) = (Decoder::with_limits(limits), Tally::default());
        let start = thread_time();
        let usage =
            measure(|| proto::drain_owned(&mut decoder, Feed::new(body, 16384), &mut tally));
        let time = thread_time().saturating_sub(start);
        if base.is_zero() {
            base = time;
        }
        // Copies of the id would be 100 GB and half a minute. The id itself is copied a few times, and doubling
        // buffers ask for twice its size.
        let (bytes, most) = (usage.bytes as f64 / EVENTS as f64, 100.0);
        let (time, patience) = (time.as_secs_f64() * 1e3, base.as_secs_f64() * 4e3 + 20.0);
        let right = tally.events == EVENTS as u64 && tally.failures == errors;
        assert!(right, "{name}: {tally:?}");
        let cells = [
            name.to_owned(),
            errors.to_string(),
            report.at_most(bytes, most, 1),
            most.to_string(),
            report.at_most(time, patience, 1),
            format!("{patience:.0}"),
        ];
        report.row(&cells);
    }
    report.line("");
}

/// What everybody allocates, at 16 KiB a chunk, a new decoder each time.
fn peers(report: &mut Report) {
    report.line(
        "Everybody in chunks of 16 KiB: allocations an event / bytes an event / most KiB live\n",
    );
    let candidates = &Candidate::ALL[1..];
    let mut head = vec!["corpus".to_owned()];
    head.extend(candidates.iter().map(|candidate| candidate.name().to_owned()));
    report.head(&head);
    for (key, ..) in corpus::ALL {
        let corpus = Corpus::new(key, if key == 'f' { LINE } else { SIZE });
        let events = corpus.truth.tally.events as f64;
        let mut cells = vec![key.to_string()];
        for &candidate in candidates {
            if candidate.excluded(key).is_some() {
                cells.push("–".to_owned());
                continue;
            }
            let usage = once(candidate, &corpus, 16384);
            let (calls, bytes) = (usage.calls as f64 / events, usage.bytes as f64 / events);
            cells.push(format!("{calls:.2} / {bytes:.0} / {:.0}", usage.peak as f64 / 1024.0));
        }
        report.row(&cells);
    }
    report.line("");
}

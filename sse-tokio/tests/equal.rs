//! Both adapters run every scenario, and what one sees the other sees.

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../../sse-async-std/tests/support/mod.rs"]
mod async_std_support;
#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::io::Write;

use async_std_support::AsyncStd;
use sse_testkit::scenario::{Entry, Log, Report, run_all, scenarios};
use support::Tokio;

fn run(adapter: impl sse_testkit::scenario::Adapter) -> Report {
    let report = run_all(adapter, scenarios());
    assert!(report.is_success(), "{report}");
    report
}

/// What a log says, but for times, and for what the HTTP clients say of their own failures. Waits may be left to chance; that
/// they are within their bounds has been seen to.
fn gist(log: &Log) -> (Vec<Entry>, Option<String>) {
    let entries = log.entries.iter().map(|(_, entry)| match entry.clone() {
        Entry::Lost { cause, error, .. } => {
            Entry::Lost { cause, wait: Default::default(), error: error.map(|_| String::new()) }
        }
        entry => entry,
    });
    let end = log.end.as_ref().map(|(_, end)| {
        let error = end.error.is_some();
        format!("{:?}, {:?}, with an error of the client: {error}", end.why, end.answer)
    });
    (entries.collect(), end)
}

#[test]
fn both_adapters_give_equal_logs() {
    let (tokio, async_std) = (run(Tokio::multi_thread()), run(AsyncStd::default()));
    let names: Vec<_> = scenarios().iter().map(|scenario| scenario.name().to_owned()).collect();
    let by_quirk = |name| tokio.by_quirk.contains(name) || async_std.by_quirk.contains(name);
    let (different, alike): (Vec<_>, Vec<_>) = names.iter().partition(|name| by_quirk(name));
    let mut compared = 0;
    for name in alike {
        match (tokio.logs.get(name), async_std.logs.get(name)) {
            (Some(one), Some(other)) => assert_eq!(gist(one), gist(other), "{name}"),
            (one, other) => {
                assert!(one.is_none() && other.is_none(), "{name} is run by one adapter alone");
                continue;
            }
        }
        compared += 1;
    }
    let quirks = different.len();
    let (all, skipped) = (names.len(), tokio.skipped.len());
    assert_eq!(compared + quirks + skipped, all);
    let _ = writeln!(
        std::io::stderr(),
        "{all} scenarios: {compared} logs are equal, {quirks} differ by a quirk, {skipped} were not run"
    );
}

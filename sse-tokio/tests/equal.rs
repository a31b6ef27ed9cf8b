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

/// What a quirk lets look otherwise; others change requests alone.
const DIFFERENT: [&str; 1] = ["redirect-to-what-is-no-address"];

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
    let by_quirk =
        |name: &String| tokio.by_quirk.contains(name) || async_std.by_quirk.contains(name);
    let (mut equal, mut different, mut skipped) = (0, Vec::new(), 0);
    for name in scenarios().iter().map(|scenario| scenario.name().to_owned()) {
        match (tokio.logs.get(&name), async_std.logs.get(&name)) {
            (Some(one), Some(other)) if gist(one) == gist(other) => equal += 1,
            (Some(_), Some(_)) if by_quirk(&name) => different.push(name),
            (Some(one), Some(other)) => assert_eq!(gist(one), gist(other), "{name}"),
            (None, None) => skipped += 1,
            _ => panic!("{name} is run by one adapter alone"),
        }
    }
    different.sort();
    assert_eq!(different, DIFFERENT.map(str::to_owned));
    let (all, quirks) = (equal + different.len() + skipped, different.len());
    let _ = writeln!(
        std::io::stderr(),
        "{all} scenarios: {equal} logs are equal, {quirks} differ by a quirk, {skipped} were not run"
    );
}

//! The list of scenarios that every adapter must pass.

mod support;

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use sse_testkit::scenario::{run_all, scenarios};
use support::Tokio;

/// One list after the other: some scenarios depend on the time.
static TURN: Mutex<()> = Mutex::new(());

fn check(runtime: &str, adapter: Tokio) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let report = run_all(adapter, scenarios());
    assert!(report.is_success(), "{runtime}: {report}");
    let _ = write!(std::io::stderr(), "sse-tokio, {runtime}: {report}");
    let all = cfg!(all(feature = "rustls", feature = "http2"));
    assert_eq!(report.skipped.is_empty(), all, "{report}");
}

#[test]
fn every_scenario_on_current_thread_runtimes() {
    check("current thread", Tokio::default());
}

#[test]
fn every_scenario_on_a_multi_thread_runtime() {
    check("multi thread", Tokio::multi_thread());
}

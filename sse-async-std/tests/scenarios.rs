//! The list of scenarios that every adapter must pass.

mod support;

use std::io::Write;

use sse_testkit::scenario::{run_all, scenarios};
use support::AsyncStd;

#[test]
fn every_scenario() {
    let report = run_all(AsyncStd, scenarios());
    assert!(report.is_success(), "{report}");
    let _ = write!(std::io::stderr(), "sse-async-std: {report}");
    assert_eq!(report.skipped.is_empty(), cfg!(feature = "rustls"), "{report}");
}

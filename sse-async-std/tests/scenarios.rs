//! The list of scenarios that every adapter must pass.

mod support;

use std::io::Write;

use sse_testkit::scenario::{Tag, run_all, scenarios};
use support::AsyncStd;

#[test]
fn every_scenario() {
    let report = run_all(AsyncStd::default(), scenarios());
    assert!(report.is_success(), "{report}");
    let _ = write!(std::io::stderr(), "sse-async-std: {report}");
    let all_but_http2 = report.skipped.iter().all(|skipped| skipped.tag == Tag::Http2);
    assert_eq!(all_but_http2, cfg!(feature = "rustls"), "{report}");
    assert_eq!(report.skipped.is_empty(), cfg!(feature = "http2"), "{report}");
}

//! What a real browser did at the level of HTTP, played over real sockets.

mod support;

use sse_testkit::scenario::processing::judge;
use support::AsyncStd;

#[test]
fn every_vector() {
    let lines = include_str!("../../sse-proto/tests/vectors/processing.jsonl");
    judge("sse-async-std", AsyncStd::default(), lines);
}

//! What a real browser did at the level of HTTP, played over real sockets.

mod support;

use std::io::Write;

use sse_testkit::scenario::{processing, run_all};
use support::AsyncStd;

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../sse-proto/tests/vectors/processing.jsonl");

#[test]
fn every_vector() -> Result<(), Box<dyn std::error::Error>> {
    let vectors = processing::read(&std::fs::read_to_string(VECTORS)?)?;
    let report = run_all(AsyncStd::default(), vectors.scenarios);
    let (browser, standard, apart) = (vectors.as_browser, vectors.as_standard, vectors.apart);
    assert!(report.is_success(), "{report}");
    let mut out = std::io::stderr();
    writeln!(
        out,
        "sse-async-std: {browser} as the browser, {standard} as the standard, {} apart",
        apart.len()
    )?;
    for (name, why) in &apart {
        writeln!(out, "  {name}: {why}")?;
    }
    write!(out, "{report}")?;
    assert!(report.skipped.is_empty());
    assert_eq!(browser + standard + apart.len(), 135);
    Ok(())
}

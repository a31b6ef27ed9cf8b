//! What hostile servers cost, and that none of them makes a client hold much more than its limits.
//!
//! `UPDATE_HOSTILE=1 cargo test --release -p sse-async-std --test hostile` writes it into the testkit's table.

mod support;

use sse_testkit::scenario::hostile::{measure, merge};
use support::AsyncStd;

/// The largest buffers of the HTTP client, where most of it goes; of what a body holds the limits leave a tenth of that.
const MOST: u64 = 512 * 1024;

const TABLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../sse-proto/testkit/src/scenario/hostile.md");

#[test]
fn no_server_makes_a_client_hold_much_more_than_its_limits() {
    let outcomes = measure(AsyncStd::default(), |work| allocation_counter::measure(work).bytes_max);
    for outcome in &outcomes {
        assert_eq!(outcome.wrong, [""; 0], "{}", outcome.name);
        assert!(outcome.bytes <= MOST, "{}: {} bytes", outcome.name, outcome.bytes);
        assert!(outcome.bytes > 1024, "{}: not measured", outcome.name);
    }
    if std::env::var_os("UPDATE_HOSTILE").is_some() {
        let table = std::fs::read_to_string(TABLE).expect("a table");
        std::fs::write(TABLE, merge(&table, "sse-async-std", &outcomes)).expect("a table");
    }
}

//! What hostile servers cost, and that none of them makes a client hold much more than its limits.
//!
//! `UPDATE_HOSTILE=1 cargo test --release -p sse-async-std --test hostile` writes it into the testkit's table.

mod support;

use sse_testkit::scenario::hostile::judge;
use support::AsyncStd;

/// The largest buffers of the HTTP client, where most of it goes; of what a body holds the limits leave a tenth of that.
const MOST: u64 = 512 * 1024;

#[test]
fn no_server_makes_a_client_hold_much_more_than_its_limits() {
    judge("sse-async-std", AsyncStd::default(), MOST, |work| {
        allocation_counter::measure(work).bytes_max
    });
}

//! The reconnection time.

use std::time::Duration;

use sse_proto::Decoder;

use super::{Item, NOTHING, Settings, log, outcome, push};

#[test]
fn retry_is_in_milliseconds_and_may_have_a_space() {
    assert_eq!(
        outcome(Settings::UNLIMITED, "retry: 1000\n").items,
        [Item::Retry(Duration::from_secs(1))]
    );
    assert_eq!(log("retry:1500\n"), ["retry 1500"]);
}

#[test]
fn retry_counts_as_soon_as_its_line_ends() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"retry: 5"), NOTHING);
    assert_eq!(push(&mut decoder, b"0\r"), ["retry 50"]);
    assert_eq!(push(&mut decoder, b"\nretry: 7\n"), ["retry 7"]);
}

#[test]
fn a_block_of_retry_alone_dispatches_nothing() {
    assert_eq!(log("retry: 5\n\ndata: x\n\n"), ["retry 5", "message: x"]);
}

#[test]
fn retry_counts_in_a_block_that_the_end_cuts_off() {
    assert_eq!(log("data: lost\nretry: 5\n"), ["retry 5"]);
    assert_eq!(log("retry: 5"), NOTHING);
}

#[test]
fn only_ascii_digits_are_a_retry() {
    for value in
        ["", " ", "+5", "-5", "5 ", "  5", "5ms", "5.0", "1e3", "0x5", "５", "٥", "5\0", "five"]
    {
        assert_eq!(log(format!("retry: {value}\ndata: x\n\n")), ["message: x"], "{value:?}");
    }
    assert_eq!(log("retry\nretry:\n"), NOTHING);
    assert_eq!(log(b"retry: 5\xff\n"), NOTHING);
}

#[test]
fn leading_zeros_do_not_matter() {
    assert_eq!(log("retry: 0000000000000000000000000000005\nretry: 0\n"), ["retry 5", "retry 0"]);
}

#[test]
fn a_retry_too_large_for_its_type_saturates() {
    let most = "retry 18446744073709551615";
    assert_eq!(log("retry: 18446744073709551615\n"), [most]);
    assert_eq!(log("retry: 18446744073709551616\n"), [most]);
    assert_eq!(log("retry: 99999999999999999999999999999999\n"), [most]);
    assert_eq!(log("retry: 99999999999999999999999999999999x\n"), NOTHING);
}

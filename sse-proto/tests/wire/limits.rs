//! Limits: what is too large is one error, and the stream goes on.

use sse_proto::{DecodeError, Decoder, Limits};

use super::{NOTHING, Settings, log_within, outcome, push};

const EVENT_TOO_LARGE: &str = "EventTooLarge { limit: 8 }";
const ID_TOO_LONG: &str = "IdTooLong { limit: 4 }";
const TYPE_TOO_LONG: &str = "EventTypeTooLong { limit: 4 }";
const COMMENT_TOO_LONG: &str = "CommentTooLong { limit: 4 }";

const SMALL: Settings = Settings { event_bytes: 8, id_bytes: 4, report_comments: true };

fn log(input: impl AsRef<[u8]>) -> Vec<String> {
    log_within(SMALL, input)
}

#[test]
fn an_event_may_have_as_many_bytes_as_the_limit() {
    assert_eq!(log("data: 12345678\n\n"), ["message: 12345678"]);
    assert_eq!(log("data: 123456789\n\ndata: x\n\n"), [EVENT_TOO_LARGE, "message: x"]);
}

#[test]
fn a_type_that_is_too_long_skips_its_block() {
    assert_eq!(log("event: 1234\ndata: 12345678\n\n"), ["1234: 12345678"]);
    assert_eq!(log("id: 1\nevent: 12345\ndata: x\n\ndata: y\n\n"), [TYPE_TOO_LONG, "message: y"]);
    assert_eq!(log("event: 12345\nevent: 1\ndata: x\n\n"), [TYPE_TOO_LONG]);
    assert_eq!(log(b"event: \xff1\ndata: x\n\n"), ["\u{fffd}1: x"]);
    assert_eq!(log(b"event: \xff12\n\n"), [TYPE_TOO_LONG]);
}

#[test]
fn a_block_is_one_error_whatever_is_too_large() {
    let input = "data: 123456789\nevent: 12345\nid: 12345\ndata: 123456789\n\n";
    assert_eq!(log(input), [EVENT_TOO_LARGE]);
    assert_eq!(log("id: 12345\nevent: 12345\ndata: 123456789\n\n"), [ID_TOO_LONG]);
}

#[test]
fn the_line_feeds_between_data_lines_count() {
    assert_eq!(log("data: 1234\ndata: 678\n\n"), ["message: 1234\n678"]);
    assert_eq!(log("data: 1234\ndata: 6789\n\n"), [EVENT_TOO_LARGE]);
    assert_eq!(log(format!("{}\n", "data\n".repeat(9))), ["message: \n\n\n\n\n\n\n\n"]);
    assert_eq!(log(format!("{}\n", "data\n".repeat(10))), [EVENT_TOO_LARGE]);
}

#[test]
fn the_line_feed_before_a_data_line_counts_as_soon_as_its_colon_is_there() {
    assert_eq!(log("data: 1234\ndata: 567\ndat"), NOTHING);
    assert_eq!(log("data: 1234\ndata: 567\ndata"), NOTHING);
    assert_eq!(log("data: 1234\ndata: 567\ndata:"), [EVENT_TOO_LARGE]);
}

#[test]
fn a_replacement_character_counts_as_its_three_bytes() {
    assert_eq!(log(b"data: \xff\xff12\n\n"), ["message: \u{fffd}\u{fffd}12"]);
    assert_eq!(log(b"data: \xff\xff123\n\n"), [EVENT_TOO_LARGE]);
    assert_eq!(log(b"data: \xff\xff\xf0\n\n"), [EVENT_TOO_LARGE]);
}

#[test]
fn the_field_name_and_its_space_do_not_count() {
    assert_eq!(log("data:12345678\n\ndata: 12345678\n\n"), ["message: 12345678"; 2]);
}

#[test]
fn too_large_is_reported_before_the_line_ends() {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(8).id_bytes(4));
    assert_eq!(push(&mut decoder, b"data: 12345678"), NOTHING);
    assert_eq!(push(&mut decoder, b"9"), [EVENT_TOO_LARGE]);
    assert_eq!(push(&mut decoder, b"0123456789\ndata: 0123456789\n\n"), NOTHING);
    assert_eq!(push(&mut decoder, b"id: 1234"), NOTHING);
    assert_eq!(push(&mut decoder, b"5"), [ID_TOO_LONG]);
    assert_eq!(push(&mut decoder, b"\n\nevent: 1234"), NOTHING);
    assert_eq!(push(&mut decoder, b"5"), [TYPE_TOO_LONG]);
    assert_eq!(push(&mut decoder, b"\n\n: 1234"), NOTHING);
    assert_eq!(push(&mut decoder, b"5"), [COMMENT_TOO_LONG]);
    assert_eq!(push(&mut decoder, b"\ndata: x\n\n"), ["message: x"]);
}

#[test]
fn the_rest_of_a_block_that_is_too_large_is_skipped_its_id_too() {
    let input = "id: 1\nevent: e\ndata: 123456789\ndata: y\nid: 2\nid: 12345\ndata: 123456789\n\ndata: x\n\n";
    assert_eq!(log(input), [EVENT_TOO_LARGE, "message: x"]);
    assert_eq!(outcome(SMALL, input).last_event_id, "");
}

#[test]
fn retry_and_comments_of_a_skipped_block_count() {
    let input = "data: 123456789\nretry: 5\n: c\nretry: x\n\n";
    assert_eq!(log(input), [EVENT_TOO_LARGE, "retry 5", ":c"]);
}

#[test]
fn a_skipped_block_ends_at_its_blank_line() {
    for end in ["\r", "\n", "\r\n"] {
        let input = format!("data: 123456789{end}{end}id: 2{end}data: x{end}{end}");
        assert_eq!(log(input), [EVENT_TOO_LARGE, "message#2: x"], "{end:?}");
    }
}

#[test]
fn an_id_that_is_too_long_skips_its_block() {
    assert_eq!(log("id: 1234\ndata: x\n\n"), ["message#1234: x"]);
    assert_eq!(log("id: 1\n\nid: 12345\ndata: x\n\ndata: y\n\n"), [ID_TOO_LONG, "message#1: y"]);
    assert_eq!(log("data: x\nid: 12345\nid: 2\n\ndata: y\n\n"), [ID_TOO_LONG, "message: y"]);
    assert_eq!(
        log(b"id: \xff1\n\nid: \xff12\n\ndata: y\n\n"),
        [ID_TOO_LONG, "message#\u{fffd}1: y"]
    );
}

#[test]
fn an_id_with_a_nul_is_ignored_but_not_when_it_is_too_long() {
    assert_eq!(log("id: \0\ndata: x\n\n"), ["message: x"]);
    assert_eq!(log("id: \x001234\ndata: x\n\n"), [ID_TOO_LONG]);
}

#[test]
fn a_comment_that_is_too_long_is_dropped_and_its_block_lives_on() {
    let input = "data: 1\n: 12345\nid: 2\n: 1234\ndata: 3\n\n";
    assert_eq!(log(input), [COMMENT_TOO_LONG, ":1234", "message#2: 1\n3"]);
}

#[test]
fn every_comment_that_is_too_long_is_an_error_in_a_skipped_block_too() {
    let input = ": 12345\n:12345\ndata: 123456789\n: 12345\n: c\n\ndata: x\n\n";
    let expected =
        [COMMENT_TOO_LONG, COMMENT_TOO_LONG, EVENT_TOO_LARGE, COMMENT_TOO_LONG, ":c", "message: x"];
    assert_eq!(log(input), expected);
}

#[test]
fn a_comment_counts_as_it_came() {
    assert_eq!(log(b": \xff\xff\xff\xff\n"), [":\u{fffd}\u{fffd}\u{fffd}\u{fffd}"]);
    assert_eq!(log(b": \xff\xff\xff\xff\xff\n"), [COMMENT_TOO_LONG]);
}

#[test]
fn a_comment_that_nobody_asked_for_may_be_of_any_length() {
    let silent = Settings { report_comments: false, ..SMALL };
    assert_eq!(log_within(silent, ": 123456789\ndata: x\n\n"), ["message: x"]);
}

#[test]
fn unknown_fields_and_retries_may_be_of_any_length() {
    let input = format!("{}: x\nretry: {}5\ndata: x\n\n", "x".repeat(100), "0".repeat(100));
    assert_eq!(log(input), ["retry 5", "message: x"]);
}

#[test]
fn with_a_limit_of_zero_only_events_without_text_pass() {
    let none = Settings { event_bytes: 0, id_bytes: 0, report_comments: true };
    let input = "data\n\nid\ndata:\n\ndata: x\n\ndata\ndata\n\nevent: e\n\nid: 1\n\n:\n: c\n\n";
    let expected = [
        "message: ",
        "message: ",
        "EventTooLarge { limit: 0 }",
        "EventTooLarge { limit: 0 }",
        "EventTypeTooLong { limit: 0 }",
        "IdTooLong { limit: 0 }",
        ":",
        "CommentTooLong { limit: 0 }",
    ];
    assert_eq!(log_within(none, input), expected);
}

#[test]
fn the_default_limits_are_finite_and_ids_have_their_own() {
    assert_eq!(Limits::default().event_bytes, 32 << 20);
    assert_eq!(Limits::default().id_bytes, 64 << 10);
    let id = "7".repeat(64 << 10);
    let mut decoder = Decoder::new();
    decoder.push(format!("id: {id}\n\nid: {id}8\n\n"));
    assert_eq!(decoder.advance(), Some(Err(DecodeError::IdTooLong { limit: 64 << 10 })));
    assert_eq!(decoder.last_event_id(), id);
}

#[test]
fn an_error_names_its_limit() {
    let data = DecodeError::EventTooLarge { limit: 8 }.to_string();
    assert_eq!(data, "an event's data is over the limit of 8 bytes (Limits::event_bytes)");
    let comment = DecodeError::CommentTooLong { limit: 4 }.to_string();
    assert_eq!(comment, "a comment is over the limit of 4 bytes (Limits::id_bytes)");
}

//! Events: what a block dispatches, and what the end of a stream drops.

use std::time::Duration;

use sse_proto::{Decoded, Decoder, Found};

use super::{NOTHING, last_event_id, log, push};

#[test]
fn an_empty_data_line_dispatches_an_event_with_empty_data() {
    assert_eq!(log("data\n\ndata:\n\ndata: \n\n"), ["message: "; 3]);
}

#[test]
fn a_block_without_data_dispatches_nothing() {
    assert_eq!(log("event: a\nid: 1\n\n"), NOTHING);
}

#[test]
fn the_type_of_a_block_without_data_is_forgotten() {
    assert_eq!(log("event: a\n\ndata: x\n\n"), ["message: x"]);
}

#[test]
fn the_type_does_not_leak_into_the_next_block() {
    assert_eq!(log("event: a\ndata: x\n\ndata: y\n\n"), ["a: x", "message: y"]);
}

#[test]
fn an_empty_type_is_message_and_the_last_type_wins() {
    assert_eq!(log("event: a\nevent\ndata: x\n\n"), ["message: x"]);
    assert_eq!(log("event: a\nevent: b\ndata: x\nevent: c\n\n"), ["c: x"]);
}

#[test]
fn an_unfinished_block_is_dropped_at_the_end_its_id_too() {
    for rest in
        ["data: lost\n", "data: lost", "event: lost\ndata: lost\nid: 2\n", "id: 2", "id: 2\n"]
    {
        let input = format!("id: 1\ndata: x\n\n{rest}");
        assert_eq!(log(&input), ["message#1: x"], "{rest:?}");
        assert_eq!(last_event_id(&input), "1", "{rest:?}");
    }
}

#[test]
fn the_end_says_whether_something_was_cut_off() {
    let cut_off = |input: &'static str| {
        let mut decoder = Decoder::new();
        push(&mut decoder, input.as_bytes());
        decoder.finish()
    };
    for input in ["", "data: x\n\n", "data: x\r\r", "id: 1\n\n", "\n", ": c\n\n", "\u{feff}"] {
        assert!(!cut_off(input), "{input:?}");
    }
    for input in
        ["d", "data: x", "data: x\n", "id: 1\n", "event: e\n", "data\n", ": c", "data: x\n\nx"]
    {
        assert!(cut_off(input), "{input:?}");
    }
}

#[test]
fn an_event_or_comment_is_there_until_the_next_step() {
    let mut decoder = Decoder::new();
    decoder.push("data: x\n\n: c\nretry: 5\ndata: y\n\n");
    assert!(decoder.event().is_none() && decoder.comment().is_none());
    assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
    assert!(decoder.comment().is_none());
    assert!(decoder.event().is_some_and(|event| event.data() == "x"));
    assert!(decoder.event().is_none(), "an event can be taken once");
    assert_eq!(decoder.advance(), Some(Ok(Found::Comment)));
    assert!(decoder.event().is_none());
    assert!(decoder.comment().is_some_and(|comment| comment.text() == "c"));
    assert_eq!(decoder.advance(), Some(Ok(Found::Retry(Duration::from_millis(5)))));
    assert!(decoder.event().is_none() && decoder.comment().is_none());
    assert!(matches!(decoder.pull(), Some(Ok(Decoded::Event(_)))));
    assert!(decoder.event().is_none(), "pull took the event");
}

#[test]
fn the_end_drops_what_was_not_pulled() {
    let mut decoder = Decoder::new();
    decoder.push("data: x\n\ndata: y\n\n");
    decoder.push("data: z\n\n");
    assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
    assert!(decoder.finish());
    assert!(decoder.pull().is_none());
}

#[test]
fn a_new_connection_forgets_line_block_and_queue_but_not_the_id() {
    let mut decoder = Decoder::new();
    assert_eq!(
        push(&mut decoder, b"id: 1\n\nevent: lost\ndata: lost\nid: lost\ndata: lo"),
        NOTHING
    );
    decoder.push("st\n\n");
    decoder.reset();
    assert_eq!(push(&mut decoder, b"\xef\xbb\xbfdata: x\n\n"), ["message#1: x"]);
}

#[test]
fn a_new_connection_does_not_swallow_a_line_feed() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"data: x\r"), NOTHING);
    decoder.reset();
    // Were it swallowed, the mark behind it would stand at the start, and be removed.
    let chunk = "\n\u{feff}data: y\n\ndata: z\n\n";
    assert_eq!(push(&mut decoder, chunk.as_bytes()), ["message: z"]);
}

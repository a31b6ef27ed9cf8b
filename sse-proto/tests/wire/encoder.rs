//! The encoder: what it writes, and what no text can do.

use std::time::Duration;

use sse_proto::{BuildError, Decoded, Decoder, Encoder, Event};

use super::{Way, line, run};

fn encode(write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write(&mut encoder);
    encoder.take().to_vec()
}

fn read(stream: Vec<u8>) -> Vec<String> {
    run(&mut Decoder::new(), [stream.into()], Way::Pull).items.iter().map(line).collect()
}

fn event(id: Option<&str>, data: &str) -> Event {
    let builder = Event::builder().data(data);
    id.map_or(builder, |id| builder.id(id)).build().expect("a valid id")
}

#[test]
fn a_line_end_in_data_starts_another_data_line() {
    let stream = encode(|encoder| encoder.event(&Event::new("a\nb\rc\r\nd\n\re\n")));
    assert_eq!(stream, b"data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\ndata: \n\n");
}

#[test]
fn data_can_neither_add_a_field_nor_end_the_block() {
    for end in ["\n", "\r", "\r\n"] {
        let data = format!(
            "x{end}{end}id: 1{end}event: forged{end}retry: 1{end}: c{end}data: y{end}{end}"
        );
        let lines = data.replace("\r\n", "\n").replace('\r', "\n");
        let stream = encode(|encoder| encoder.event(&Event::new(&data)));
        assert_eq!(read(stream), [format!("message: {lines}")], "{end:?}");
    }
}

#[test]
fn a_comment_can_add_nothing_but_comments() {
    let stream = encode(|encoder| encoder.comment("a\n\ndata: forged\r\r\nid: 1"));
    assert_eq!(read(stream), [":a", ":", ":data: forged", ":", ":id: 1"]);
}

#[test]
fn a_line_end_in_a_type_is_refused() {
    for text in ["\n", "\r", "a\r\ndata: forged", "a\n"] {
        let built = Event::builder().event_type(text).build();
        assert_eq!(built, Err(BuildError::EventTypeHasLineEnd), "{text:?}");
    }
}

#[test]
fn a_line_end_or_nul_in_an_id_is_refused() {
    for text in ["\n", "1\r", "1\r\n2"] {
        assert_eq!(Event::builder().id(text).build(), Err(BuildError::IdHasLineEnd), "{text:?}");
    }
    assert_eq!(Event::builder().id("1\0").build(), Err(BuildError::IdHasNul));
    assert!(Event::builder().event_type("\0").data("\0\r\n").build().is_ok());
}

#[test]
fn spaces_at_the_start_of_a_value_are_kept() {
    let event = Event::builder().event_type(" e").id(" 1").data(" x").build().expect("valid text");
    assert_eq!(read(encode(|encoder| encoder.event(&event))), [" e# 1:  x"]);
}

#[test]
fn the_default_type_is_not_written() {
    let message = Event::builder().event_type("message").data("x").build().expect("valid text");
    assert_eq!(encode(|encoder| encoder.event(&message)), b"data: x\n\n");
    assert_eq!(message, Event::new("x"));
}

#[test]
fn an_event_with_empty_data_arrives() {
    assert_eq!(read(encode(|encoder| encoder.event(&Event::new("")))), ["message: "]);
}

#[test]
fn an_own_id_is_always_written() {
    let stream = encode(|encoder| {
        encoder.event(&event(Some("1"), "x"));
        encoder.event(&event(Some("1"), "y"));
        encoder.event(&event(Some(""), "z"));
    });
    assert_eq!(stream, b"id: 1\ndata: x\n\nid: 1\ndata: y\n\nid: \ndata: z\n\n");
}

#[test]
fn an_inherited_id_is_written_when_the_reader_would_not_know_it() {
    let mut decoder = Decoder::new();
    decoder.set_last_event_id("7");
    decoder.push("data: x\n\ndata: y\n\nid: 8\n\ndata: z\n\n");
    let mut encoder = Encoder::new();
    while let Some(found) = decoder.advance() {
        found.expect("within the limits");
        encoder.event(&decoder.event().expect("nothing but events").into_owned());
    }
    assert_eq!(encoder.take(), "id: 7\ndata: x\n\ndata: y\n\nid: 8\ndata: z\n\n");
}

#[test]
fn an_event_without_any_id_leaves_the_readers_id_alone() {
    let stream = encode(|encoder| {
        encoder.event(&event(Some("1"), "x"));
        encoder.event(&event(None, "y"));
    });
    assert_eq!(read(stream), ["message#1: x", "message#1: y"]);
}

#[test]
fn retry_is_written_in_whole_milliseconds() {
    let retries = |time| encode(|encoder| encoder.retry(time));
    assert_eq!(retries(Duration::from_micros(1500)), b"retry: 1\n\n");
    assert_eq!(retries(Duration::ZERO), b"retry: 0\n\n");
    assert_eq!(retries(Duration::MAX), b"retry: 18446744073709551615\n\n");
}

#[test]
fn a_keep_alive_is_a_comment_that_says_nothing() {
    assert_eq!(read(encode(Encoder::keep_alive)), [":"]);
}

#[test]
fn what_was_taken_is_not_taken_again() {
    let mut encoder = Encoder::new();
    encoder.event(&event(Some("1"), "x"));
    assert_eq!(encoder.take(), "id: 1\ndata: x\n\n");
    assert!(encoder.take().is_empty());
    encoder.keep_alive();
    assert_eq!(encoder.take(), ":\n\n");
}

/// It may come from whoever asks a relay for a stream.
#[test]
fn an_inherited_id_cannot_break_out_of_its_line() {
    for id in ["7\n\ndata: forged", "7\rdata: forged", "7\0"] {
        let mut decoder = Decoder::new();
        decoder.set_last_event_id("1");
        decoder.set_last_event_id(id);
        decoder.push("data: real\n\n");
        let Some(Ok(Decoded::Event(event))) = decoder.pull() else { panic!("an event") };
        assert_eq!(event.last_event_id(), "");
        let mut encoder = Encoder::new();
        encoder.event(&event.into_owned());
        assert_eq!(&encoder.take()[..], b"data: real\n\n", "{id:?}");
    }
}

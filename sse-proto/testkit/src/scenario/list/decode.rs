//! How the decoder reads what comes from a socket.

use super::{ms, stream};
use crate::scenario::Tag::{Decode, Framing, Id, Steer};
use crate::scenario::ask::When;
use crate::scenario::want::{Want, asked, comment, ended, event, opened};
use crate::scenario::{Command, Scenario};
use crate::{End, Reply};
use sse_proto::{DecodeError, Limits};

fn read(name: &str, chunks: &[&[u8]], log: impl IntoIterator<Item = Want>) -> Scenario {
    // A pause after each chunk, so that each is a read of its own.
    let add = |reply: Reply, chunk: &&[u8]| reply.chunk(*chunk).pause(ms(2));
    Scenario::new(name, &[Framing, Decode])
        .script(chunks.iter().fold(Reply::stream(), add))
        .log([opened()].into_iter().chain(log).chain([ended()]))
        .requests([asked(), asked()])
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::from(of_bytes());
    list.extend([
        cr_cr_ends_an_event_at_once(),
        bom_on_every_connection(),
        event_too_large(),
        event_too_large_for_events_alone(),
        id_too_long(),
        comment_too_long(),
        empty_events_skipped(),
        comments_not_asked_for(),
    ]);
    list
}

fn of_bytes() -> [Scenario; 6] {
    [
        read(
            "line-ends-of-all-kinds-cut-anywhere",
            &[b"data: a\r", b"\ndata: b\r", b"\r", b"data: c\n", b"\r", b"\ndata: d\n\r\n"],
            [event("a\nb"), event("c"), event("d")],
        ),
        read(
            "bom-cut-in-three",
            &[b"\xEF", b"\xBB", b"\xBFdata: a\n\n", b"\xEF\xBB\xBFdata: b\n\n"],
            [event("a")],
        ),
        read(
            "characters-cut-in-two",
            &[b"data: \xE2\x82", b"\xAC\xF0\x9F", b"\x8E\x89\n\n"],
            [event("€🎉")],
        ),
        read(
            "invalid-utf-8-is-replaced",
            &[b"data: a\xFFb\xE2\x82\n\n", b": \xC3\n", b"data: c\n\n"],
            [event("a\u{FFFD}b\u{FFFD}"), comment("\u{FFFD}"), event("c")],
        ),
        read(
            "type-does-not-leak-into-the-next-event",
            &[b"event: x\n\n", b"data: a\n\n", b"event: y\ndata: b\n\ndata: c\n\n"],
            [event("a"), event("b").of_type("y"), event("c")],
        ),
        read(
            "unknown-fields-and-comments",
            &[b":\n: a\n:b\ncomment: c\nx\ndata:d\n:e\ndata: f\n\n"],
            [comment(""), comment("a"), comment("b"), comment("e"), event("d\nf")],
        ),
    ]
}

fn cr_cr_ends_an_event_at_once() -> Scenario {
    Scenario::new("cr-cr-ends-an-event-without-another-byte", &[Decode, Steer])
        .script(stream("data: a\r\r").end(End::Silence))
        .at(When::Event(1), Command::Close)
        .log([opened(), event("a")])
        .closed()
}

fn bom_on_every_connection() -> Scenario {
    let reply = |data: &str| stream(format!("\u{FEFF}data: {data}\n\n"));
    Scenario::new("bom-at-the-start-of-each-connection", &[Framing, Decode])
        .script([reply("a"), reply("b")])
        .log([opened(), event("a"), ended(), opened(), event("b"), ended()])
        .requests([asked(), asked(), asked()])
}

fn event_too_large() -> Scenario {
    let large = "x".repeat(200_000);
    let body = format!("id: 1\ndata: a\n\nid: 2\ndata: {large}\n\ndata: b\n\nid: 3\ndata: c\n\n");
    Scenario::new("event-too-large-is-skipped-and-the-next-one-comes", &[Framing, Decode, Id])
        .script(stream(body))
        .config(|config| config.limits(Limits::default().event_bytes(100_000)))
        .log([
            opened(),
            event("a").id("1"),
            Want::Skipped(DecodeError::EventTooLarge { limit: 100_000 }),
            event("b").id("1"),
            event("c").id("3"),
            ended(),
        ])
        .requests([asked(), asked().id("3")])
}

fn event_too_large_for_events_alone() -> Scenario {
    Scenario::new("event-too-large-is-an-error-that-is-not-the-end", &[Framing, Decode])
        .script(stream("data: 123456\n\ndata: a\n\n"))
        .config(|config| config.limits(Limits::default().event_bytes(5)))
        .view(crate::scenario::View::Events)
        .log([Want::Skipped(DecodeError::EventTooLarge { limit: 5 }), event("a")])
        .requests([asked(), asked()])
}

fn id_too_long() -> Scenario {
    Scenario::new("id-too-long-is-skipped", &[Framing, Decode, Id])
        .script(stream("id: 1\ndata: a\n\nid: 123456\ndata: b\n\ndata: c\n\n"))
        .config(|config| config.limits(Limits::default().id_bytes(5)))
        .log([
            opened(),
            event("a").id("1"),
            Want::Skipped(DecodeError::IdTooLong { limit: 5 }),
            event("c").id("1"),
            ended(),
        ])
        .requests([asked(), asked().id("1")])
}

fn comment_too_long() -> Scenario {
    Scenario::new("comment-too-long-is-dropped-alone", &[Framing, Decode])
        .script(stream("data: a\n: 1234567\n\ndata: b\n\n"))
        .config(|config| config.limits(Limits::default().id_bytes(5)))
        .log([
            opened(),
            Want::Skipped(DecodeError::CommentTooLong { limit: 5 }),
            event("a"),
            event("b"),
            ended(),
        ])
        .requests([asked(), asked()])
}

fn empty_events_skipped() -> Scenario {
    Scenario::new("events-with-empty-data-are-skipped-on-request", &[Framing, Decode])
        .script(stream("id: 1\ndata\n\ndata:\ndata:\n\ndata: a\n\n"))
        .config(|config| config.skip_empty(true))
        .log([opened(), event("\n").id("1"), event("a").id("1"), ended()])
        .requests([asked(), asked().id("1")])
}

fn comments_not_asked_for() -> Scenario {
    Scenario::new("comments-are-nothing-to-a-stream-of-events", &[Framing, Decode])
        .script(stream(": a\n\ndata: b\n\n: c\n\n"))
        .view(crate::scenario::View::Events)
        .log([event("b")])
        .requests([asked(), asked()])
}

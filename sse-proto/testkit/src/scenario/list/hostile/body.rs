//! Bodies that do not end, or are not what their framing says.

use super::{
    EVENT_BYTES, FIRST, ID_BYTES, LIMIT, MUCH, PIECE, endless, hostile, lost_between_events,
    on_and_on,
};
use crate::scenario::Tag::{Clock, Decode, Framing, Http, Id, Steer};
use crate::scenario::ask::When;
use crate::scenario::list::stream;
use crate::scenario::want::{Want, asked, broken, ended, event, lost, opened};
use crate::scenario::{Command, Scenario, View};
use crate::{End, Framing as Wrap, Reply};
use sse_proto::{Cause, Closed, DecodeError, Refusal};

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::from(of_endless_blocks());
    list.extend(of_long_nothing());
    list.extend(of_chunk_sizes().map(|(name, size)| broken_chunk(name, &size)));
    list.push(nonsense_between_chunks("chunk-longer-than-its-size-and-then-silence", ": x"));
    list.push(nonsense_between_chunks("text-for-a-chunk-size-and-then-silence", "\r\nError"));
    list.extend(of_chunks());
    list.extend(of_lengths());
    list.extend(of_encodings());
    list
}

/// A block that never ends is told of as soon as it is over its limit; the user reconnects then.
fn of_endless_blocks() -> [Scenario; 6] {
    let blocks = |name: &str, start: &str, bytes: &[u8], error: DecodeError| {
        hostile(name, &[Decode, Id, Steer])
            .script([
                endless(stream(format!("{FIRST}id: 2\n{start}")), bytes),
                stream("data: b\n\n"),
            ])
            .at(When::Skipped(1), Command::Restart)
            .log([
                opened(),
                event("a").id("1"),
                Want::Skipped(error),
                opened(),
                event("b").id("1"),
                ended(),
            ])
            .requests([asked(), asked().id("1"), asked().id("1")])
    };
    let too_large = DecodeError::EventTooLarge { limit: EVENT_BYTES };
    let limit = ID_BYTES;
    [
        blocks("endless-line-of-data", "data: ", b"x", too_large),
        blocks("endless-line-of-invalid-utf-8", "data: ", b"\xFF", too_large),
        blocks("endless-lines-of-data", "", b"data: x\n", too_large),
        blocks("endless-line-of-an-id", "id: ", b"x", DecodeError::IdTooLong { limit }),
        blocks("endless-line-of-a-type", "event: ", b"x", DecodeError::EventTypeTooLong { limit }),
        blocks("endless-comment", ": ", b"x", DecodeError::CommentTooLong { limit }),
    ]
}

/// What nobody reads is no error, however much it is; after it the stream goes on.
fn of_long_nothing() -> [Scenario; 5] {
    let nothing = |name: &str, start: &str, bytes: &[u8]| {
        let times = MUCH / bytes.len() as u64;
        let reply = stream(format!("{FIRST}{start}")).repeat(bytes, times);
        hostile(name, &[Decode])
            .script(reply.chunk("\ndata: b\n\n"))
            .view(View::Events)
            .log([event("a").id("1"), event("b").id("1")])
            .requests([asked(), asked().id("1")])
    };
    [
        nothing("comment-on-and-on", ": ", b"x"),
        nothing("unknown-field-on-and-on", "", b"x"),
        nothing("unknown-fields-on-and-on", "", b"some-field: some text of theirs\n"),
        nothing("heartbeats-on-and-on", "", b": are you still there, by any chance?\n\n"),
        nothing("empty-lines-on-and-on", "", &[b'\n'; 1024]),
    ]
}

fn of_chunk_sizes() -> [(&'static str, String); 8] {
    let text = str::to_owned;
    [
        ("2-to-the-64", text("10000000000000000")),
        ("2-to-the-64-less-one", text("ffffffffffffffff")),
        ("minus-one", text("-1")),
        ("plus-five", text("+5")),
        ("nothing", text("")),
        ("0x5", text("0x5")),
        ("a-space-within", text("1 0")),
        ("64-kilobytes-of-digits", "f".repeat(PIECE)),
    ]
}

/// After an event, a chunk with this size, and a close.
fn broken_chunk(name: &str, size: &str) -> Scenario {
    let first = format!("{CHUNKED}{:x}\r\n{FIRST}\r\n", FIRST.len());
    let reply = Reply::raw(format!("{first}{size}\r\nid: 2\ndata: cut\n"));
    hostile(format!("chunk-size-of-{name}"), &[Framing])
        .script([reply, stream("data: b\n\n")])
        .log(lost_between_events(broken()))
        .requests([asked(), asked().id("1"), asked().id("1")])
}

/// It is known that this is no chunk long before the line ends, which it need not ever do.
fn nonsense_between_chunks(name: &str, nonsense: &str) -> Scenario {
    let reply = Reply::raw(format!("{CHUNKED}{:x}\r\n{FIRST}{nonsense}", FIRST.len()));
    hostile(name, &[Framing])
        .script([reply.end(End::Silence), stream("data: b\n\n")])
        .log(lost_between_events(broken()))
        .requests([asked(), asked().id("1"), asked().id("1")])
}

fn of_chunks() -> [Scenario; 4] {
    let chunked = |name: &str, start: &str, rest: fn(Reply) -> Reply, cause| {
        let first = format!("{CHUNKED}{:x}\r\n{FIRST}\r\n{start}", FIRST.len());
        hostile(name, &[Framing, Clock])
            .script([rest(Reply::raw(first)), stream("data: b\n\n")])
            .config(|config| config.idle_timeout(Some(LIMIT)))
            .log(lost_between_events(cause))
            .requests([asked(), asked().id("1"), asked().id("1")])
    };
    [
        chunked("endless-chunk-extension", "5;", |reply| endless(reply, b"x"), broken()),
        // Nothing of it is a byte of the body.
        chunked(
            "endless-zeros-of-a-chunk-size",
            "",
            |reply| on_and_on(reply, b"0"),
            lost(Cause::IdleTimeout(LIMIT)),
        ),
        chunked("endless-trailer", "0\r\nx-long: ", |reply| endless(reply, b"x"), broken()),
        chunked("endless-trailers", "0\r\n", |reply| endless(reply, b"x-a: b\r\n"), broken()),
    ]
}

fn of_lengths() -> [Scenario; 5] {
    let lengths = |name: &str, reply: Reply| {
        hostile(format!("content-length-{name}"), &[Framing, Http])
            .script([reply.framing(Wrap::UntilClose).chunk(FIRST), stream("data: b\n\n")])
    };
    let length = |value: &str| Reply::stream().header("content-length", value);
    let never_open = |scenario: Scenario| {
        scenario.log([broken(), opened(), event("b"), ended()]).requests([
            asked(),
            asked(),
            asked(),
        ])
    };
    [
        lengths("of-2-to-the-63", length("9223372036854775808"))
            .log(lost_between_events(broken()))
            .requests([asked(), asked().id("1"), asked().id("1")]),
        never_open(lengths("of-2-to-the-64", length("18446744073709551616"))),
        never_open(lengths("below-zero", length("-1"))),
        never_open(lengths("twice-and-different", length("15").header("content-length", "16"))),
        // RFC 9112, section 6.3: the chunks count.
        hostile("content-length-of-a-chunked-body", &[Framing, Http])
            .script([
                Reply::stream().header("content-length", "1").chunk(FIRST),
                stream("data: b\n\n"),
            ])
            .log(lost_between_events(ended()))
            .requests([asked(), asked().id("1"), asked().id("1")]),
    ]
}

/// Nobody asked for any, and nobody undoes it.
fn of_encodings() -> [Scenario; 1] {
    // `data: a`, an empty line.
    let zipped =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x49\x2c\x49\xb4\x52\x48\xe4\xe2\x02\x00";
    [hostile("gzip-that-nobody-asked-for", &[Http])
        .script(stream(zipped).header("content-encoding", "gzip"))
        .end(Closed::Refused(Refusal::ContentEncoding))
        .answer(200, "text/event-stream", zipped)]
}

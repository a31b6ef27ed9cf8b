//! How a body is wrapped, and how it is cut into reads.

use super::{ms, stream};
use crate::scenario::Tag::{Framing, Http, Steer};
use crate::scenario::ask::When;
use crate::scenario::want::{Want, asked, comment, ended, event, opened};
use crate::scenario::{Command, Scenario};
use crate::{End, Framing as Wrap, Reply};

const BODY: &str = "retry: 7\n\nid: 1\nevent: greeting\ndata: Hello\ndata: wörld\n\n\
                    : heartbeat\ndata\n\nid: 2\ndata: cut";

fn of_body() -> Vec<Want> {
    vec![
        opened(),
        event("Hello\nwörld").of_type("greeting").id("1"),
        comment("heartbeat"),
        event("").id("1"),
        ended().wait(ms(7)),
    ]
}

fn of_framing(name: String, reply: Reply) -> Scenario {
    Scenario::new(name, &[Framing])
        .script(reply)
        .log(of_body())
        .requests([asked(), asked().id("1")])
}

pub(super) fn list() -> Vec<Scenario> {
    let reply = |framing| Reply::stream().framing(framing).chunk(BODY);
    let framings = [
        ("chunks", reply(Wrap::Chunked)),
        ("chunks-with-extensions", reply(Wrap::ChunkedWithExtension)),
        ("a-content-length", reply(Wrap::Length)),
        ("a-close", reply(Wrap::UntilClose)),
        ("a-close-after-http-1-0", reply(Wrap::UntilClose).version("HTTP/1.0")),
        ("a-content-length-after-http-1-0", reply(Wrap::Length).version("HTTP/1.0")),
    ];
    let mut list = Vec::new();
    for (name, reply) in framings {
        list.push(of_framing(format!("body-ended-by-{name}"), reply.clone()));
        list.push(of_framing(format!("body-byte-by-byte-ended-by-{name}"), reply.trickle()));
    }
    list.extend([
        chunk_sizes_in_any_notation(),
        trailers(),
        body_longer_than_its_length(),
        body_of_no_bytes(),
        body_of_length_zero(),
        large_event(),
        large_event_byte_by_byte(),
        many_events_in_one_chunk(),
        event_before_the_body_goes_on(),
        head_before_the_body(),
    ]);
    list
}

/// A chunked body as it is, which nothing follows.
fn of_chunks(name: &str, chunks: &str) -> Scenario {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n";
    Scenario::new(name, &[Framing])
        .script(Reply::raw(format!("{head}\r\n{chunks}")))
        .log([opened(), event("abc"), event("d"), ended()])
        .requests([asked(), asked()])
}

fn chunk_sizes_in_any_notation() -> Scenario {
    of_chunks(
        "chunk-sizes-in-any-notation",
        "0000B\r\ndata: abc\n\n\r\n9 ; a = \"\\\"\"\r\ndata: d\n\n\r\n000\r\n\r\n",
    )
}

fn trailers() -> Scenario {
    of_chunks(
        "trailers-are-no-part-of-the-body",
        "b\r\ndata: abc\n\n\r\n9\r\ndata: d\n\n\r\n0\r\nid: 1\r\ndata: e\r\nretry: 1\r\n\r\n",
    )
}

fn body_longer_than_its_length() -> Scenario {
    let body = format!("data: a\n\n{}", "data: beyond\n\n".repeat(3));
    Scenario::new("body-longer-than-its-content-length", &[Framing, Http])
        .script(Reply::stream().framing(Wrap::LengthOffBy(-42)).chunk(body))
        .log([opened(), event("a"), ended()])
        .requests([asked(), asked()])
}

fn body_of_no_bytes() -> Scenario {
    Scenario::new("chunked-body-of-no-bytes", &[Framing])
        .script(Reply::stream())
        .log([opened(), ended()])
        .requests([asked(), asked()])
}

fn body_of_length_zero() -> Scenario {
    Scenario::new("body-of-content-length-zero", &[Framing])
        .script(Reply::stream().framing(Wrap::Length))
        .log([opened(), ended()])
        .requests([asked(), asked()])
}

fn large_event() -> Scenario {
    let data = "0123456789".repeat(10_000);
    Scenario::new("event-of-100-kilobytes", &[Framing])
        .script(stream(format!("data: {data}\n\n")))
        .log([opened(), event(data), ended()])
        .requests([asked(), asked()])
}

fn large_event_byte_by_byte() -> Scenario {
    let data = "0123456789".repeat(1_000);
    Scenario::new("event-of-10-kilobytes-byte-by-byte", &[Framing])
        .script(stream(format!("data: {data}\n\n")).trickle())
        .log([opened(), event(data), ended()])
        .requests([asked(), asked()])
}

fn many_events_in_one_chunk() -> Scenario {
    let body: String = (0..1_000).map(|n| format!("data: {n}\n\n")).collect();
    let events = (0..1_000).map(|n: u32| event(n.to_string()));
    Scenario::new("thousand-events-in-one-chunk", &[Framing])
        .script(stream(body))
        .log([opened()].into_iter().chain(events).chain([ended()]))
        .requests([asked(), asked()])
}

/// The server says no more until the client has the event and reconnects for it.
fn event_before_the_body_goes_on() -> Scenario {
    Scenario::new("event-is-given-at-once", &[Framing, Steer])
        .script(stream("data: a\n\n").end(End::Silence))
        .at(When::Event(1), Command::Restart)
        .log([opened(), event("a")])
        .requests([asked(), asked()])
}

fn head_before_the_body() -> Scenario {
    Scenario::new("head-is-given-at-once", &[Framing, Steer])
        .script([
            Reply::stream().end(End::Silence),
            Reply::stream().framing(Wrap::UntilClose).end(End::Silence),
            stream("data: a\n\n"),
        ])
        .at(When::Opened(1), Command::Restart)
        .at(When::Opened(2), Command::Restart)
        .log([opened(), opened(), opened(), event("a"), ended()])
        .requests([asked(), asked(), asked(), asked()])
}

//! Heads that do not end, do not come, or are none.

use super::{LIMIT, endless, hostile, lost_before_an_event, on_and_on};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Clock, Http};
use crate::scenario::list::{ms, stream};
use crate::scenario::want::{asked, ended, event, lost, opened};
use crate::{End, Reply};
use sse_proto::Cause;

const STATUS_LINE: &str = "HTTP/1.1 200 OK\r\n";

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    list.extend(of_no_end().map(|(name, reply)| broken_head(name, reply)));
    list.extend(of_nonsense().map(|(name, head)| broken_head(name, Reply::raw(head))));
    list.extend(of_time());
    list.push(byte_by_byte());
    list
}

/// Lost, and served at the next attempt.
fn broken_head(name: &str, reply: Reply) -> Scenario {
    hostile(name, &[Http])
        .script([reply, stream("data: b\n\n")])
        .log(lost_before_an_event())
        .requests([asked(), asked(), asked()])
}

fn of_no_end() -> [(&'static str, Reply); 5] {
    let raw = |start: &str| Reply::raw(start.to_owned());
    [
        ("endless-lines-before-the-head", endless(raw(""), b"\r\n")),
        ("endless-head", endless(raw(STATUS_LINE), b"x-more: of the same\r\n")),
        ("endless-header", endless(raw(&format!("{STATUS_LINE}x-long: ")), b"x")),
        ("endless-name-of-a-header", endless(raw(STATUS_LINE), b"x")),
        ("endless-reason", endless(raw("HTTP/1.1 200 "), b"x")),
    ]
}

fn of_nonsense() -> [(&'static str, &'static str); 8] {
    [
        ("status-0", "HTTP/1.1 000 \r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n"),
        ("status-99", "HTTP/1.1 099 \r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n"),
        ("status-1000", "HTTP/1.1 1000 \r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n"),
        ("status-minus-200", "HTTP/1.1 -200 OK\r\n\r\ndata: a\n\n"),
        (
            "http-2-in-words",
            "HTTP/2.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n",
        ),
        (
            "http-0-9-in-words",
            "HTTP/0.9 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\n",
        ),
        ("header-with-a-nul", "HTTP/1.1 200 OK\r\nx-a: b\0c\r\n\r\ndata: a\n\n"),
        ("header-without-a-name", "HTTP/1.1 200 OK\r\n: b\r\n\r\ndata: a\n\n"),
    ]
}

fn of_time() -> [Scenario; 2] {
    let late = |name: &str, reply: Reply| {
        hostile(name, &[Clock, Http])
            .script([reply, stream("data: b\n\n")])
            .config(|config| config.connect_timeout(Some(LIMIT)))
            .log([lost(Cause::ConnectTimeout(LIMIT)), opened(), event("b"), ended()])
            .requests([asked(), asked(), asked()])
    };
    let head = || Reply::raw("HTTP/1.1 200 OK\r\nx-slow: ");
    [
        late("head-a-byte-now-and-then", head().end(End::Endless(b"x".to_vec(), ms(20)))),
        late(
            "endless-informational-heads",
            on_and_on(Reply::raw(""), b"HTTP/1.1 103 Early Hints\r\nx-hint: more to come\r\n\r\n"),
        ),
    ]
}

fn byte_by_byte() -> Scenario {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    hostile("head-byte-by-byte", &[Http])
        .script(Reply::raw(format!("{head}data: a\n\n")).trickle())
        .log([opened(), event("a"), ended()])
        .requests([asked(), asked()])
}

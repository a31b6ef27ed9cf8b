//! Connections that are kept for another request, and that the server closes meanwhile.

use super::{ms, stream};
use crate::scenario::Scenario;
use crate::scenario::Tag::{KeepAlive, Request};
use crate::scenario::want::{asked, ended, event, lost, opened};
use crate::{End, Framing, Reply};
use sse_proto::Cause;

/// A whole body, after which the connection is closed although nothing said so.
fn closed_behind_its_back(end: End) -> Reply {
    let body = "retry: 100\nid: 1\ndata: a\n\n";
    Reply::stream().framing(Framing::LengthOffBy(0)).chunk(body).end(end)
}

pub(super) fn list() -> Vec<Scenario> {
    let stale = |name: &str, end| {
        Scenario::new(name, &[KeepAlive])
            .script([closed_behind_its_back(end), stream("data: b\n\n")])
            .log([
                opened(),
                event("a").id("1"),
                ended().wait(ms(100)),
                opened(),
                event("b").id("1"),
                ended().wait(ms(100)),
            ])
            .requests([asked(), asked().id("1"), asked().id("1")])
    };
    vec![
        stale("kept-connection-that-was-closed", End::Clean),
        stale("kept-connection-that-was-reset", End::Reset),
        // No request may be sent twice in silence: the next one is the session's own.
        Scenario::new("kept-connection-that-the-next-request-finds-reset", &[KeepAlive])
            .script([stream("id: 1\ndata: a\n\n"), Reply::reset_at_once(), stream("data: b\n\n")])
            .log([
                opened(),
                event("a").id("1"),
                ended(),
                lost(Cause::Transport),
                opened(),
                event("b").id("1"),
                ended(),
            ])
            .requests([asked(), asked().id("1"), asked().id("1"), asked().id("1")]),
        Scenario::new("kept-connection-serves-again", &[KeepAlive])
            .script([
                stream("data: a\n\n"),
                Reply::status(503).chunk("busy"),
                stream("data: b\n\n"),
            ])
            .log([
                opened(),
                event("a"),
                ended(),
                lost(Cause::Status(503)),
                opened(),
                event("b"),
                ended(),
            ])
            .requests(vec![asked(); 4]),
        Scenario::new("post-over-a-kept-connection-that-was-closed", &[KeepAlive, Request])
            .method("POST")
            .body("all")
            .script([closed_behind_its_back(End::Clean), stream("data: b\n\n")])
            .log([
                opened(),
                event("a").id("1"),
                ended().wait(ms(100)),
                opened(),
                event("b").id("1"),
                ended().wait(ms(100)),
            ])
            .requests(
                [asked(), asked().id("1"), asked().id("1")]
                    .map(|asked| asked.method("POST").body("all")),
            ),
    ]
}

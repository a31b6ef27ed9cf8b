//! HTTP/2.

use super::{ms, stream};
use crate::scenario::Tag::{
    Clock, Http2, Id, Loss, Meanwhile, Redirect, Request, Steer, Tls as OfTls,
};
use crate::scenario::ask::{Act, When};
use crate::scenario::build::Tls;
use crate::scenario::http2::{CUT, OVER};
use crate::scenario::want::{Asked, asked, broken, ended, event, lost, opened};
use crate::scenario::{Command, Scenario, Tag};
use crate::{End, Framing, Reply, Tally};
use sse_proto::{Cause, Closed, GiveUp, Refusal, RetryPolicy};

/// More than a scenario has; hyper's own default.
const MOST: u32 = 200;

fn new(name: &str, tags: &[Tag]) -> Scenario {
    Scenario::new(name, &[&[Http2, OfTls], tags].concat())
        .tls(Tls::Http2 { most_streams: MOST })
        .requests([over()])
}

/// A request that came to the front over HTTP/2.
fn over() -> Asked {
    asked().header(OVER, "HTTP/2.0")
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = vec![
        reconnection(),
        one_shot(),
        refusal(),
        large_event(),
        post(),
        redirect(),
        connection_that_goes_away(),
    ];
    list.extend(of_losses());
    list.extend(of_the_user());
    list.extend(of_clocks());
    list
}

fn reconnection() -> Scenario {
    let busy = Reply::status(503).header("retry-after", "0").chunk("later");
    new("reconnects-over-http-2", &[Loss, Id])
        .script([
            stream("id: № 1\ndata: a\n\n").trickle(),
            busy,
            stream("data: b\n\n").framing(Framing::UntilClose),
        ])
        .log([
            opened(),
            event("a").id("№ 1"),
            ended(),
            lost(Cause::Status(503)),
            opened(),
            event("b").id("№ 1"),
            ended(),
        ])
        .requests([over(), over().id("№ 1"), over().id("№ 1"), over().id("№ 1")])
}

fn one_shot() -> Scenario {
    new("one-shot-over-http-2", &[])
        .script(stream("data: a\n\ndata: cut"))
        .retry(RetryPolicy::never())
        .log([opened(), event("a")])
        .end(Closed::EndOfStream)
}

fn refusal() -> Scenario {
    new("refusal-over-http-2", &[])
        .script(Reply::status(403).header("content-type", "text/plain").chunk("not you"))
        .end(Closed::Refused(Refusal::Status(403)))
        .answer(403, "text/plain", "not you")
}

/// More than the window that a client has at first.
fn large_event() -> Scenario {
    let data = "0123456789".repeat(100_000);
    new("event-of-a-megabyte-over-http-2", &[])
        .script(stream(format!("data: {data}\n\n")))
        .log([opened(), event(data), ended()])
        .requests([over(), over()])
}

fn post() -> Scenario {
    new("post-over-http-2", &[Request])
        .method("POST")
        .body("all")
        .script(stream("data: a\n\n"))
        .no_policy()
        .log([opened(), event("a")])
        .end(Closed::EndOfStream)
        .requests([over().method("POST").body("all")])
}

fn redirect() -> Scenario {
    let script = crate::Script::new()
        .on("/stream", super::redirect::moved(307, "/moved"))
        .on("/moved", stream("data: a\n\n"));
    new("redirect-over-http-2", &[Redirect])
        .script(script)
        .retry(RetryPolicy::never())
        .log([opened(), event("a")])
        .end(Closed::EndOfStream)
        .requests([over(), over().target("/moved")])
}

/// GOAWAY: the stream that is open goes on, and the next request takes another connection.
fn connection_that_goes_away() -> Scenario {
    new("connection-that-goes-away-over-http-2", &[Loss])
        .script([
            Reply::stream()
                .header(OVER, "no more")
                .chunk("data: a\n\n")
                .pause(ms(50))
                .chunk("data: b\n\n"),
            stream("data: c\n\n"),
        ])
        .log([opened(), event("a"), event("b"), ended(), opened(), event("c"), ended()])
        .requests([over(), over(), over()])
}

/// What h2 says of a stream that was reset, and of no connection.
const STREAM: &str = "stream error received";

fn of_losses() -> [Scenario; 4] {
    [
        // By the server's going down when the event has come: a reset overtakes what was sent before it.
        new("reset-in-the-body-over-http-2", &[Loss])
            .script(stream("id: 1\ndata: a\n\n").end(End::Silence))
            .act(When::Event(1), Act::Down)
            .act(When::Event(1), Act::Up(stream("data: b\n\n").into()))
            .log([
                opened(),
                event("a").id("1"),
                broken().saying(STREAM),
                opened(),
                event("b").id("1"),
                ended(),
            ])
            .requests([over(), over().id("1"), over().id("1")]),
        // The connection breaks below HTTP/2: neither GOAWAY nor a reset of the stream, nor the end of TLS.
        new("connection-cut-in-the-body-below-http-2", &[Loss])
            .script(
                stream("id: 1\ndata: a\n\nid: 2\ndata: cut\n").header(OVER, CUT).end(End::Silence),
            )
            .act(When::Event(1), Act::Down)
            .act(When::Event(1), Act::Up(stream("data: b\n\n").into()))
            .log([opened(), event("a").id("1"), broken(), opened(), event("b").id("1"), ended()])
            .requests([over(), over().id("1"), over().id("1")])
            .look(|log, _| match log.errors().find(|error| error.contains(STREAM)) {
                Some(error) => Err(format!("the stream was reset: {error}")),
                None => Ok(()),
            }),
        new("reset-before-the-head-over-http-2", &[Loss])
            .script([Reply::reset_at_once(), stream("data: a\n\n")])
            .log([broken(), opened(), event("a"), ended()])
            .requests([over(), over(), over()]),
        new("post-that-is-reset-over-http-2", &[Loss, Request])
            .method("POST")
            .body("all")
            .script([Reply::reset_at_once(), stream("data: never\n\n")])
            .no_policy()
            .end(super::loss::NO_RETRY)
            .requests([over().method("POST").body("all")]),
    ]
}

/// A stream that nobody wants is reset; its connection may be kept.
fn of_the_user() -> [Scenario; 5] {
    let quiet = || [stream("data: a\n\n").end(End::Silence), stream("data: b\n\n")];
    let has_asked: fn(&Tally) -> bool = |tally| tally.requests >= 1;
    [
        new("dropped-over-http-2", &[Steer])
            .script(quiet())
            .at(When::Event(1), Command::Leave)
            .log([opened(), event("a")])
            .left(),
        new("closed-over-http-2", &[Steer])
            .script(quiet())
            .at(When::Event(1), Command::Close)
            .log([opened(), event("a")])
            .closed(),
        new("restarted-over-http-2", &[Steer])
            .script(quiet())
            .at(When::Event(1), Command::Restart)
            .log([opened(), event("a"), opened(), event("b"), ended()])
            .requests([over(), over(), over()]),
        new("restarted-when-it-opens-over-http-2", &[Steer])
            .script([Reply::stream().end(End::Silence), stream("data: b\n\n")])
            .at(When::Opened(1), Command::Restart)
            .log([opened(), opened(), event("b"), ended()])
            .requests([over(), over(), over()]),
        new("dropped-while-the-request-is-pending-over-http-2", &[Meanwhile])
            .script(Reply::silent())
            .at(When::Seen(has_asked), Command::Leave)
            .left(),
    ]
}

fn of_clocks() -> [Scenario; 2] {
    const LIMIT: std::time::Duration = ms(300);
    let ends = |cause| Closed::Lost { cause, give_up: GiveUp::NoRetry };
    [
        new("no-head-in-time-over-http-2", &[Clock])
            .script(Reply::silent())
            .retry(RetryPolicy::never())
            .config(|config| config.connect_timeout(Some(LIMIT)))
            .end(ends(Cause::ConnectTimeout(LIMIT)))
            // A handshake may take as long where the machine is busy.
            .any_requests(),
        new("no-byte-in-time-over-http-2", &[Clock])
            .script(stream("data: a\n\n").end(End::Silence))
            .retry(RetryPolicy::never())
            .config(|config| config.idle_timeout(Some(LIMIT)))
            .log([opened(), event("a")])
            .end(ends(Cause::IdleTimeout(LIMIT))),
    ]
}

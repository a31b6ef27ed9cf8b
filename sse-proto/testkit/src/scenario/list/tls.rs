//! https.

use super::stream;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Loss, Steer, Tls as OfTls};
use crate::scenario::ask::When;
use crate::scenario::build::{Tls, steady};
use crate::scenario::want::{asked, broken, ended, event, opened};
use crate::scenario::{Command, View};
use crate::{End, Framing, Reply};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy};

/// A connection for each request.
fn once(reply: Reply) -> Reply {
    reply.keep_alive(false)
}

fn trusted(name: &str, tags: &[crate::scenario::Tag]) -> Scenario {
    Scenario::new(name, &[&[OfTls], tags].concat()).tls(Tls::Trusted)
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::from(of_certificates());
    list.extend(of_handshakes());
    list.extend(of_ends());
    list.extend([
        reconnection(),
        trusted("one-shot-over-tls", &[])
            .script(once(stream("data: a\n\n").trickle()))
            .retry(RetryPolicy::never())
            .view(View::Opened)
            .log([opened(), event("a")])
            .end(Closed::EndOfStream),
        trusted("dropped-over-tls", &[Steer])
            .script(stream("data: a\n\n").end(End::Silence))
            .at(When::Event(1), Command::Leave)
            .log([opened(), event("a")])
            .left(),
    ]);
    list
}

/// Nobody is told anything; what fails is tried again like every connection.
fn no_connection(name: &str, tls: Tls, text: &'static str) -> Scenario {
    let give_up = GiveUp::Retries { limit: 1 };
    Scenario::new(name, &[OfTls, Loss])
        .script(stream("data: never\n\n"))
        .tls(tls)
        .retry(steady().max_retries(Some(1)))
        .log([broken().saying(text)])
        .end(Closed::Lost { cause: Cause::Transport, give_up })
        .saying(text)
        .requests([])
}

fn of_certificates() -> [Scenario; 3] {
    [
        no_connection("certificate-of-an-unknown-authority", Tls::Unknown, "UnknownIssuer"),
        no_connection("certificate-for-another-name", Tls::OtherName, "not valid for"),
        no_connection("certificate-that-has-expired", Tls::Expired, "expired"),
    ]
}

fn of_handshakes() -> [Scenario; 3] {
    [
        no_connection("fin-in-the-handshake", Tls::HangsUp, "handshake eof"),
        no_connection("reset-in-the-handshake", Tls::Resets, "reset"),
        no_connection("port-that-knows-no-tls", Tls::IsPlain, "InvalidContentType"),
    ]
}

/// TLS has an end of its own, which tells a whole body from a cut one.
fn of_ends() -> [Scenario; 6] {
    let until_close = || stream("data: a\n\n").framing(Framing::UntilClose);
    let in_turn = |name: &str, reply: Reply, loss| {
        trusted(name, &[Loss])
            .script([once(reply), once(stream("data: b\n\n")), once(Reply::status(204))])
            .log([opened(), event("a"), loss, opened(), event("b"), ended()])
            .requests(vec![asked(); 3])
    };
    [
        in_turn("body-until-the-end-of-tls", until_close(), ended()),
        in_turn("body-until-the-end-of-the-connection-below-tls", until_close(), broken())
            .tls(Tls::EndsUnsaid),
        in_turn("chunks-without-the-end-of-tls", stream("data: a\n\n"), ended())
            .tls(Tls::EndsUnsaid),
        in_turn("fin-between-chunks-over-tls", stream("data: a\n\n").end(End::Fin), broken()),
        in_turn(
            "fin-in-a-chunk-below-tls",
            stream("data: a\n\n").chunk("x").end(End::FinInChunk),
            broken(),
        )
        .tls(Tls::EndsUnsaid),
        in_turn("reset-below-tls", stream("data: a\n\n").end(End::Reset), broken().saying("reset")),
    ]
}

fn reconnection() -> Scenario {
    trusted("certificate-of-a-trusted-authority", &[Loss])
        .script([
            once(stream("id: 1\ndata: a\n\n")),
            once(stream("id: № 2\ndata: b\n\n").end(End::Fin)),
            once(Reply::status(204)),
        ])
        .log([opened(), event("a").id("1"), ended(), opened(), event("b").id("№ 2"), broken()])
        .requests([asked(), asked().id("1"), asked().id("№ 2")])
}

//! Connections that break, or do not come about.

use super::stream;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Http, Id, Loss};
use crate::scenario::ask::{Act, When};
use crate::scenario::build::steady;
use crate::scenario::want::{asked, broken, ended, event, opened};
use crate::{End, Framing, Reply};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy};

pub(super) const NO_RETRY: Closed =
    Closed::Lost { cause: Cause::Transport, give_up: GiveUp::NoRetry };

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    list.extend(in_the_body().map(|(name, reply)| broken_in_the_body(name, reply)));
    list.extend(before_the_body().map(|(name, reply)| broken_before_the_body(name, reply)));
    list.extend([
        refused_at_first(),
        refused_once(),
        name_without_an_address(),
        outage(),
        events_of_a_reset_connection(),
        reset_once(),
        one_shot_to_its_end(),
        one_shot_that_is_reset(),
        lost_again_and_again(),
    ]);
    list
}

fn in_the_body() -> [(&'static str, Reply); 8] {
    let reply = Reply::stream();
    let end = |end| move |reply: Reply| reply.end(end);
    let ends = |framing, end| Reply::stream().framing(framing).end(end);
    [
        ("reset", end(End::Reset)(reply.clone())),
        ("reset-before-the-content-length", ends(Framing::LengthOffBy(50), End::Reset)),
        ("reset-of-a-body-until-close", ends(Framing::UntilClose, End::Reset)),
        ("fin-in-a-chunk", reply.clone().end(End::FinInChunk)),
        ("fin-in-a-chunk-with-extension", ends(Framing::ChunkedWithExtension, End::FinInChunk)),
        ("fin-between-chunks", reply.clone().end(End::Fin)),
        ("fin-before-the-content-length", ends(Framing::LengthOffBy(50), End::Fin)),
        ("chunk-without-a-size", reply.end(End::BadChunk)),
    ]
}

fn broken_in_the_body(name: &str, reply: Reply) -> Scenario {
    let reply = reply.chunk("id: 1\ndata: a\n\n").chunk("id: 2\ndata: cut\n");
    Scenario::new(format!("lost-by-{name}"), &[Loss])
        .script([reply, stream("data: b\n\n")])
        .log([opened(), event("a").id("1"), broken(), opened(), event("b").id("1"), ended()])
        .requests([asked(), asked().id("1"), asked().id("1")])
}

fn before_the_body() -> [(&'static str, Reply); 7] {
    [
        ("reset-before-the-head", Reply::reset_at_once()),
        ("fin-before-the-head", Reply::close_at_once()),
        ("half-a-head", Reply::half_head()),
        ("reset-in-the-head", Reply::half_head().end(End::Reset)),
        ("what-is-not-http", Reply::raw("SSH-2.0-OpenSSH_9.9\r\n")),
        ("a-body-without-a-head", Reply::raw("data: a\n\n")),
        ("a-status-that-is-no-number", Reply::raw("HTTP/1.1 OK\r\n\r\n")),
    ]
}

fn broken_before_the_body(name: &str, reply: Reply) -> Scenario {
    Scenario::new(format!("lost-by-{name}"), &[Loss])
        .script([reply, stream("id: 1\ndata: a\n\n")])
        .log([broken(), opened(), event("a").id("1"), ended()])
        .requests([asked(), asked(), asked().id("1")])
}

fn refused_at_first() -> Scenario {
    let refused = broken().saying("refused");
    Scenario::new("refused-at-first-then-served", &[Loss])
        .down()
        .act(When::Lost(3), Act::Up(stream("data: a\n\n").into()))
        .log([refused.clone(), refused.clone(), refused, opened(), event("a"), ended()])
        .requests([asked(), asked()])
}

fn refused_once() -> Scenario {
    Scenario::new("refused-and-not-tried-again", &[Loss])
        .down()
        .retry(RetryPolicy::never())
        .end(NO_RETRY)
        .saying("refused")
        .requests([])
}

fn name_without_an_address() -> Scenario {
    Scenario::new("name-without-an-address", &[Loss, Http])
        .url("http://nobody.invalid/stream?token=secret")
        .retry(steady().max_retries(Some(1)))
        .log([broken().saying("lookup")])
        .end(Closed::Lost { cause: Cause::Transport, give_up: GiveUp::Retries { limit: 1 } })
        .saying("lookup")
        .requests([])
}

fn outage() -> Scenario {
    Scenario::new("outage-of-the-server", &[Loss, Id])
        .script(stream("id: 1\ndata: a\n\n").end(End::Silence))
        .act(When::Event(1), Act::Down)
        .act(When::Lost(3), Act::Up(stream("data: b\n\n").into()))
        .log([
            opened(),
            event("a").id("1"),
            broken(),
            broken().saying("refused"),
            broken().saying("refused"),
            opened(),
            event("b").id("1"),
            ended(),
        ])
        .requests([asked(), asked().id("1"), asked().id("1")])
}

fn events_of_a_reset_connection() -> Scenario {
    let body: String = (0..500).map(|n| format!("data: {n}\n\n")).collect();
    let events = (0..500).map(|n: u32| event(n.to_string()));
    Scenario::new("events-before-a-reset-are-all-given", &[Loss])
        .script(stream(body).end(End::Reset))
        .log([opened()].into_iter().chain(events).chain([broken()]))
        .requests([asked(), asked()])
}

fn reset_once() -> Scenario {
    Scenario::new("reset-is-called-so", &[Loss, Http])
        .script(stream("data: a\n\n").end(End::Reset))
        .log([opened(), event("a"), broken().saying("reset")])
        .requests([asked(), asked()])
}

fn one_shot_to_its_end() -> Scenario {
    Scenario::new("one-shot-to-its-clean-end", &[Loss])
        .script(stream("id: 1\ndata: a\n\nid: 2\ndata: cut"))
        .retry(RetryPolicy::never())
        .log([opened(), event("a").id("1")])
        .end(Closed::EndOfStream)
}

fn one_shot_that_is_reset() -> Scenario {
    Scenario::new("one-shot-that-is-reset", &[Loss])
        .script(stream("data: a\n\n").end(End::Reset))
        .retry(RetryPolicy::never())
        .log([opened(), event("a")])
        .end(NO_RETRY)
}

/// A counter of losses that never goes back, or an id that gets lost on the way, would show.
fn lost_again_and_again() -> Scenario {
    let ends = [End::Reset, End::Fin, End::Clean, End::FinInChunk, End::BadChunk];
    let replies: Vec<_> = (1..=20)
        .map(|n| {
            let id = if n % 4 == 0 { format!("id: {n}\n") } else { String::new() };
            stream(format!("{id}data: {n}\n\n")).chunk(": last\n").end(ends[n % 5].clone())
        })
        .collect();
    let last_id = |n: usize| if n < 4 { String::new() } else { (n / 4 * 4).to_string() };
    let log = (1..=20).flat_map(|n| {
        let cut = if n % 5 == 2 { ended() } else { broken() };
        let comment = crate::scenario::want::comment("last");
        [opened(), event(n.to_string()).id(last_id(n)), comment, cut]
    });
    let requests = (0..=20).map(|n| match &last_id(n)[..] {
        "" => asked(),
        id => asked().id(id),
    });
    Scenario::new("lost-twenty-times", &[Loss, Id]).script(replies).log(log).requests(requests)
}

//! Time-outs.
//!
//! What must not time out has a byte every 50 ms, and time-outs are twenty times that: a machine that stands still for longer
//! fails these.

use std::time::Duration;

use super::{ms, stream};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Clock, Loss, Retry};
use crate::scenario::build::steady;
use crate::scenario::want::{Want, asked, comment, ended, event, lost, opened};
use crate::{End, Reply};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy};

const BEAT: Duration = ms(50);
const LIMIT: Duration = ms(1_000);
/// How many beats it takes to show that the limit starts anew with each.
const BEATS: usize = 24;
/// What is reported as late.
const SILENCE: Duration = ms(1_000);

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::from(of_the_head());
    list.extend(of_the_body());
    list.extend(of_beats());
    list.extend(of_late());
    list
}

fn timed_out(name: &str, reply: Reply, log: impl IntoIterator<Item = Want>) -> Scenario {
    Scenario::new(name, &[Clock, Loss])
        .script([reply, stream("data: b\n\n")])
        .log(log.into_iter().chain([opened(), event("b"), ended()]))
        .requests([asked(), asked(), asked()])
}

fn of_the_head() -> [Scenario; 5] {
    let timeout = || lost(Cause::ConnectTimeout(LIMIT));
    [
        timed_out("no-head-in-time", Reply::silent(), [timeout()])
            .config(|config| config.connect_timeout(Some(LIMIT))),
        timed_out("half-a-head-in-time", Reply::half_head().end(End::Silence), [timeout()])
            .config(|config| config.connect_timeout(Some(LIMIT))),
        Scenario::new("no-answer-to-the-call-in-time", &[Clock, Loss])
            .clogged()
            .retry(steady().max_retries(Some(1)))
            .config(|config| config.connect_timeout(Some(LIMIT)))
            .log([timeout()])
            .end(Closed::Lost {
                cause: Cause::ConnectTimeout(LIMIT),
                give_up: GiveUp::Retries { limit: 1 },
            })
            .requests([]),
        Scenario::new("head-in-time", &[Clock])
            .script(stream("data: a\n\n").delay_head(BEAT).delay_body(LIMIT + BEAT))
            .config(|config| config.connect_timeout(Some(LIMIT)))
            .log([opened(), event("a"), ended()])
            .requests([asked(), asked()]),
        Scenario::new("one-shot-without-a-head-in-time", &[Clock])
            .script(Reply::silent())
            .retry(RetryPolicy::never())
            .config(|config| config.connect_timeout(Some(LIMIT)))
            .end(Closed::Lost { cause: Cause::ConnectTimeout(LIMIT), give_up: GiveUp::NoRetry })
            .any_requests(),
    ]
}

fn of_the_body() -> [Scenario; 6] {
    let first_byte = || lost(Cause::FirstByteTimeout(LIMIT));
    let idle = || lost(Cause::IdleTimeout(LIMIT));
    let quiet = || Reply::stream().end(End::Silence);
    [
        timed_out("no-first-byte-in-time", quiet(), [opened(), first_byte()])
            .config(|config| config.first_byte_timeout(Some(LIMIT))),
        timed_out("no-first-byte-in-time-by-the-idle-limit", quiet(), [opened(), idle()])
            .config(|config| config.idle_timeout(Some(LIMIT))),
        timed_out(
            "no-byte-in-time-after-the-first",
            quiet().chunk("data: a\n\n"),
            [opened(), event("a"), idle()],
        )
        .config(|config| config.idle_timeout(Some(LIMIT)).first_byte_timeout(Some(ms(10_000)))),
        // The limit for the first byte takes the place of the other one, until that byte.
        timed_out(
            "first-byte-in-time-though-not-in-the-idle-limit",
            quiet().delay_body(LIMIT + BEAT).chunk("data: a\n\n"),
            [opened(), event("a"), idle()],
        )
        .config(|config| config.idle_timeout(Some(LIMIT)).first_byte_timeout(Some(ms(10_000)))),
        Scenario::new("first-byte-limit-ends-with-the-first-byte", &[Clock])
            .script(stream(":").pause(LIMIT + BEAT).chunk("\ndata: a\n\n"))
            .config(|config| config.first_byte_timeout(Some(LIMIT)))
            .log([opened(), comment(""), event("a"), ended()])
            .requests([asked(), asked()]),
        Scenario::new("one-shot-without-a-byte-in-time", &[Clock])
            .script(stream("data: a\n\n").end(End::Silence))
            .retry(RetryPolicy::never())
            .config(|config| config.idle_timeout(Some(LIMIT)))
            .log([opened(), event("a")])
            .end(Closed::Lost { cause: Cause::IdleTimeout(LIMIT), give_up: GiveUp::NoRetry }),
    ]
}

fn of_beats() -> [Scenario; 2] {
    let beating = |name: &str, beat: &'static str| {
        let beats = move |n| (n < BEATS as u64).then(|| beat.into());
        Scenario::new(name, &[Clock])
            .script(Reply::stream().generate(BEAT, beats).chunk("\ndata: a\n\n"))
            .config(|config| config.idle_timeout(Some(LIMIT)))
            .requests([asked(), asked()])
    };
    [
        beating("comments-keep-a-stream-alive", ":\n").log(
            [opened()].into_iter().chain(vec![comment(""); BEATS]).chain([event("a"), ended()]),
        ),
        beating("parts-of-a-line-keep-a-stream-alive", "x").log([opened(), event("a"), ended()]),
    ]
}

fn of_late() -> [Scenario; 3] {
    let late = || Want::Late;
    [
        Scenario::new("late-is-told-once-for-each-silence", &[Clock])
            .script(
                stream("data: a\n\n")
                    .pause(SILENCE * 3)
                    .chunk("data: b\n\n")
                    .pause(SILENCE * 2)
                    .chunk(":\n"),
            )
            .config(|config| config.late_after(Some(SILENCE)))
            .log([opened(), event("a"), late(), event("b"), late(), comment(""), ended()])
            .requests([asked(), asked()]),
        Scenario::new("late-then-lost", &[Clock, Loss])
            .script(stream("data: a\n\n").end(End::Silence))
            .config(|config| config.late_after(Some(BEAT)).idle_timeout(Some(LIMIT)))
            .log([opened(), event("a"), late(), lost(Cause::IdleTimeout(LIMIT))])
            .requests([asked(), asked().gap(LIMIT)]),
        Scenario::new("healthy-without-a-byte", &[Clock, Retry])
            .script([Reply::close_at_once(), Reply::stream().end(End::Silence)])
            .retry(
                RetryPolicy::default()
                    .base(ms(10))
                    .jitter(0.0)
                    .healthy_after(BEAT)
                    .max_retries(Some(1)),
            )
            .config(|config| config.idle_timeout(Some(LIMIT)))
            .log([
                lost(Cause::Transport).wait(ms(10)),
                opened(),
                lost(Cause::IdleTimeout(LIMIT)).wait(ms(10)),
            ])
            .requests(vec![asked(); 3]),
    ]
}

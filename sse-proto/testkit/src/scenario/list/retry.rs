//! Whether and when the next attempt is made.

use std::time::Duration;

use super::{ms, stream};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Loss, Retry, Steer};
use crate::scenario::ask::When;
use crate::scenario::build::steady;
use crate::scenario::want::{asked, broken, ended, event, lost, opened};
use crate::scenario::{Command, View};
use crate::{End, Reply};
use sse_proto::{Cause, Closed, GiveUp, Refusal, RetryPolicy};

const SECOND: Duration = Duration::from_secs(1);
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_A_SECOND_LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn unavailable() -> Reply {
    Reply::status(503).header("content-type", "text/plain").chunk("later")
}

fn busy() -> crate::scenario::want::Want {
    lost(Cause::Status(503))
}

/// A policy without chance: 10 ms, 20 ms, 40 ms, then 50 ms.
fn growing() -> RetryPolicy {
    RetryPolicy::default().base(ms(10)).cap(ms(50)).jitter(0.0)
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    list.extend([429, 500, 502, 503, 504].map(status_retried));
    list.extend(of_retry_after());
    list.extend(of_the_retry_field());
    list.extend(of_growth());
    list.extend(of_the_end());
    list.extend(of_policies());
    list
}

fn status_retried(status: u16) -> Scenario {
    let reply = Reply::status(status).header("content-type", "text/plain").chunk("later");
    Scenario::new(format!("status-{status}-is-retried"), &[Retry])
        .script([reply, stream("data: a\n\n")])
        .log([lost(Cause::Status(status)), opened(), event("a"), ended()])
        .requests([asked(), asked(), asked()])
}

fn retry_after(name: &str, headers: &[(&str, &str)], wait: Duration) -> Scenario {
    let reply =
        headers.iter().fold(unavailable(), |reply, (name, value)| reply.header(*name, *value));
    Scenario::new(name, &[Retry])
        .script([reply, stream("data: a\n\n")])
        .log([busy().wait(wait), opened(), event("a"), ended()])
        .requests([asked(), asked().gap(wait), asked()])
}

fn of_retry_after() -> [Scenario; 8] {
    let usual = crate::scenario::want::WAIT;
    [
        retry_after("retry-after-in-seconds", &[("retry-after", "1")], SECOND),
        retry_after("retry-after-of-zero", &[("Retry-After", "0")], usual),
        retry_after(
            "retry-after-as-a-date-counts-from-the-answer-s-own",
            &[("date", DATE), ("retry-after", DATE_A_SECOND_LATER)],
            SECOND,
        ),
        retry_after("retry-after-as-a-date-alone", &[("retry-after", DATE)], usual),
        retry_after(
            "retry-after-as-a-date-that-has-passed",
            &[("date", DATE_A_SECOND_LATER), ("retry-after", DATE)],
            usual,
        ),
        retry_after("retry-after-that-makes-no-sense", &[("retry-after", "soon")], usual),
        retry_after("retry-after-below-zero", &[("retry-after", "-1")], usual),
        Scenario::new("retry-after-too-long-is-the-end", &[Retry])
            .script(unavailable().header("retry-after", "3601"))
            .end(Closed::Lost {
                cause: Cause::Status(503),
                give_up: GiveUp::ServerWait {
                    wait: Duration::from_secs(3601),
                    limit: Duration::from_secs(3600),
                },
            })
            .answer(503, "text/plain", "later"),
    ]
}

fn of_the_retry_field() -> [Scenario; 5] {
    [
        Scenario::new("retry-field-is-obeyed", &[Retry])
            .script([
                stream("retry: 120\ndata: a\n\n"),
                stream("data: b\n\n"),
                stream("retry:30\n"),
            ])
            .log([
                opened(),
                event("a"),
                ended().wait(ms(120)),
                opened(),
                event("b"),
                ended().wait(ms(120)),
                opened(),
                ended().wait(ms(30)),
            ])
            .requests([asked(), asked().gap(ms(120)), asked().gap(ms(120)), asked().gap(ms(30))]),
        Scenario::new("retry-field-that-is-no-number-is-ignored", &[Retry])
            .script(stream("retry: 8\nretry: +5\nretry: 5s\nretry: ５\nretry\nretry: -1\n"))
            .log([opened(), ended().wait(ms(8))])
            .requests([asked(), asked()]),
        Scenario::new("retry-field-holds-for-refusals-too", &[Retry])
            .script([stream("retry: 60\n\n"), unavailable(), Reply::reset_at_once()])
            .log([opened(), ended().wait(ms(60)), busy().wait(ms(60)), broken().wait(ms(60))])
            .requests([asked(), asked().gap(ms(60)), asked().gap(ms(60)), asked().gap(ms(60))]),
        Scenario::new("retry-field-does-not-go-below-the-floor", &[Retry])
            .script(stream("retry: 1\ndata: a\n\n"))
            .retry(steady().floor(ms(80)))
            .log([opened(), event("a"), ended().wait(ms(80))])
            .requests([asked(), asked().gap(ms(80))]),
        Scenario::new("retry-field-of-centuries-is-the-end", &[Retry])
            .script(stream("retry: 99999999999999999999999\ndata: a\n\n"))
            .log([opened(), event("a")])
            .end(Closed::Lost {
                cause: Cause::EndOfStream,
                give_up: GiveUp::ServerWait {
                    wait: Duration::from_millis(u64::MAX),
                    limit: Duration::from_secs(3600),
                },
            }),
    ]
}

fn of_growth() -> [Scenario; 5] {
    let waits = [10, 20, 40, 50, 50];
    [
        Scenario::new("waits-grow-up-to-the-cap", &[Retry])
            .script(vec![unavailable(); 5])
            .retry(growing())
            .log(waits.map(|wait| busy().wait(ms(wait))))
            .requests(
                [asked(), asked().gap(ms(10)), asked().gap(ms(20)), asked().gap(ms(40))]
                    .into_iter()
                    .chain([asked().gap(ms(50)), asked().gap(ms(50))]),
            ),
        Scenario::new("accepted-and-closed-at-once-is-backed-off-from", &[Retry])
            .script(vec![stream("data: a\n\n"); 5])
            .retry(growing())
            .log(waits.into_iter().flat_map(|wait| [opened(), event("a"), ended().wait(ms(wait))]))
            .requests(vec![asked(); 6]),
        // The third connection is up for longer than the time that makes it healthy.
        Scenario::new("waits-start-anew-after-a-healthy-connection", &[Retry, Loss])
            .script([
                Reply::reset_at_once(),
                Reply::close_at_once(),
                stream("data: a\n\n").pause(ms(150)).end(End::Fin),
                Reply::close_at_once(),
            ])
            .retry(growing().healthy_after(ms(100)))
            .log([
                broken().wait(ms(10)),
                broken().wait(ms(20)),
                opened(),
                event("a"),
                broken().wait(ms(10)),
                broken().wait(ms(20)),
            ])
            .requests(vec![asked(); 5]),
        Scenario::new("waits-are-left-to-chance", &[Retry])
            .script(vec![unavailable(); 4])
            .retry(RetryPolicy::default().base(ms(20)))
            .log([20, 40, 80, 160].map(|span| busy().wait_within(ms(0)..=ms(span))))
            .requests(vec![asked(); 5]),
        Scenario::new("cap-does-not-undercut-the-server", &[Retry])
            .script([stream("retry: 90\n"), stream("")])
            .retry(RetryPolicy::default().base(ms(10)).cap(ms(10)))
            .log([
                opened(),
                ended().wait_within(ms(90)..=ms(100)),
                opened(),
                ended().wait_within(ms(90)..=ms(100)),
            ])
            .requests([asked(), asked().gap(ms(90)), asked().gap(ms(90))]),
    ]
}

fn of_the_end() -> [Scenario; 4] {
    let over = |cause, give_up| Closed::Lost { cause, give_up };
    [
        Scenario::new("retries-are-used-up", &[Retry])
            .script(vec![unavailable(); 3])
            .retry(steady().max_retries(Some(2)))
            .log([busy(), busy()])
            .end(over(Cause::Status(503), GiveUp::Retries { limit: 2 }))
            .answer(503, "text/plain", "later")
            .requests(vec![asked(); 3]),
        Scenario::new("retries-are-used-up-by-accepted-connections-too", &[Retry, Loss])
            .script([stream("data: a\n\n"), Reply::reset_at_once()])
            .retry(steady().max_retries(Some(1)))
            .log([opened(), event("a"), ended()])
            .end(over(Cause::Transport, GiveUp::Retries { limit: 1 }))
            .requests(vec![asked(); 2]),
        Scenario::new("time-for-retries-is-used-up", &[Retry])
            .script(unavailable())
            .retry(steady().max_elapsed(Some(ms(4))))
            .end(over(Cause::Status(503), GiveUp::Elapsed { limit: ms(4) }))
            .answer(503, "text/plain", "later"),
        Scenario::new("one-shot-with-a-busy-server", &[Retry])
            .script(unavailable().header("retry-after", "1"))
            .retry(RetryPolicy::never())
            .end(over(Cause::Status(503), GiveUp::NoRetry))
            .answer(503, "text/plain", "later"),
    ]
}

fn of_policies() -> [Scenario; 5] {
    [
        Scenario::new("statuses-are-final-to-the-standard", &[Retry])
            .script(unavailable())
            .retry(RetryPolicy::standard())
            .end(Closed::Refused(Refusal::Status(503)))
            .answer(503, "text/plain", "later"),
        Scenario::new("standard-waits-three-seconds", &[Retry, Steer])
            .script(stream(""))
            .retry(RetryPolicy::standard())
            .at(When::Lost(1), Command::Restart)
            .log([opened(), ended().wait(Duration::from_secs(3))])
            .requests([asked(), asked()])
            .cuts_waits(),
        Scenario::new("status-401-is-retried-on-request", &[Retry])
            .script([Reply::status(401), stream("data: a\n\n"), Reply::status(401)])
            .retry(steady().statuses(vec![401]))
            .log([
                lost(Cause::Status(401)),
                opened(),
                event("a"),
                ended(),
                lost(Cause::Status(401)),
            ])
            .requests(vec![asked(); 4]),
        Scenario::new("no-attempt-after-204", &[Retry])
            .script([stream("data: a\n\n"), Reply::status(204), stream("data: b\n\n")])
            .log([opened(), event("a"), ended()])
            .requests([asked(), asked()]),
        Scenario::new("losses-are-hidden-from-a-stream-of-events", &[Retry, Loss])
            .script([
                unavailable(),
                stream("data: a\n\n").end(End::Reset),
                Reply::close_at_once(),
                stream("data: b\n\n"),
            ])
            .view(View::Events)
            .log([event("a"), event("b")])
            .requests(vec![asked(); 5]),
    ]
}

//! Servers that want a client to come again at once, in a century, or to wait for ever.

use std::time::Duration;

use super::{FIRST, LIMIT, hostile, lost_between_events};
use crate::scenario::Command;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Clock, Retry, Steer};
use crate::scenario::ask::When;
use crate::scenario::build::steady;
use crate::scenario::list::{ms, stream};
use crate::scenario::want::{asked, ended, event, lost, opened};
use crate::{End, Reply, Script};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy};

const CENTURY: Duration = Duration::from_secs(3_155_760_000);
const HOUR: Duration = Duration::from_secs(3600);
/// `retry` counts in milliseconds.
const LONGEST: Duration = Duration::from_millis(u64::MAX);

pub(super) fn list() -> Vec<Scenario> {
    let mut list = vec![closed_at_once_for_ever(), silence_in_mid_event()];
    list.extend(of_the_retry_field());
    list.extend(of_retry_after());
    list
}

/// `retry: 0` does not take the backoff away, and the policy's limit bites.
fn closed_at_once_for_ever() -> Scenario {
    let policy = RetryPolicy::default().base(ms(10)).cap(ms(50)).jitter(0.0).max_retries(Some(5));
    let waits = [10, 20, 40, 50, 50].map(|wait| [opened(), ended().wait(ms(wait))]);
    hostile("closed-at-once-for-ever-with-a-retry-field-of-zero", &[Retry])
        .script(Script::with(|_| stream("retry: 0\n\n")))
        .retry(policy)
        .log(waits.into_iter().flatten().chain([opened()]))
        .end(Closed::Lost { cause: Cause::EndOfStream, give_up: GiveUp::Retries { limit: 5 } })
        .requests(vec![asked(); 6])
}

fn silence_in_mid_event() -> Scenario {
    hostile("silence-in-mid-event", &[Clock])
        .script([
            stream(format!("{FIRST}id: 2\ndata: c\nda")).end(End::Silence),
            stream("data: b\n\n"),
        ])
        .config(|config| config.idle_timeout(Some(LIMIT)))
        .log(lost_between_events(lost(Cause::IdleTimeout(LIMIT))))
        .requests([asked(), asked().id("1"), asked().id("1")])
}

fn of_the_retry_field() -> [Scenario; 2] {
    let longest = || stream(format!("{FIRST}retry: {}\n", u64::MAX));
    [
        hostile("retry-field-of-2-to-the-64-less-one", &[Retry])
            .script(longest())
            .log([opened(), event("a").id("1")])
            .end(Closed::Lost {
                cause: Cause::EndOfStream,
                give_up: GiveUp::ServerWait { wait: LONGEST, limit: HOUR },
            }),
        // The wait is further away than a clock may reach.
        hostile("retry-field-of-2-to-the-64-less-one-where-any-is-allowed", &[Retry, Steer])
            .script([longest().keep_alive(false), stream("data: b\n\n")])
            .retry(steady().max_server_wait(Duration::MAX).max_retries(Some(1)))
            .at(When::Lost(1), Command::Restart)
            .cuts_waits()
            .log([
                opened(),
                event("a").id("1"),
                ended().wait(LONGEST),
                opened(),
                event("b").id("1"),
            ])
            .end(Closed::Lost { cause: Cause::EndOfStream, give_up: GiveUp::Retries { limit: 1 } })
            .requests([asked(), asked().id("1")]),
    ]
}

fn of_retry_after() -> [Scenario; 4] {
    let busy = |value: &str| Reply::status(503).header("retry-after", value).chunk("later");
    let too_long = |name: &str, reply: Reply, wait| {
        let cause = Cause::Status(503);
        hostile(format!("retry-after-{name}"), &[Retry])
            .script(reply)
            .end(Closed::Lost { cause, give_up: GiveUp::ServerWait { wait, limit: HOUR } })
            .answer(503, "", "later")
    };
    let in_a_century = busy("Sat, 06 Nov 2094 08:49:37 GMT");
    [
        too_long("of-a-century", busy("3155760000"), CENTURY),
        too_long(
            "as-a-date-in-a-century",
            in_a_century.header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            CENTURY,
        ),
        too_long(
            "of-more-than-2-to-the-64",
            busy("99999999999999999999999"),
            Duration::from_secs(u64::MAX),
        ),
        hostile("retry-after-of-a-century-where-any-is-allowed", &[Retry, Steer])
            .script([busy(&u64::MAX.to_string()), stream("data: b\n\n")])
            .retry(steady().max_server_wait(Duration::MAX))
            .at(When::Lost(1), Command::Restart)
            .cuts_waits()
            .log([
                lost(Cause::Status(503)).wait(Duration::from_secs(u64::MAX)),
                opened(),
                event("b"),
                ended(),
            ])
            .requests([asked(), asked(), asked()]),
    ]
}

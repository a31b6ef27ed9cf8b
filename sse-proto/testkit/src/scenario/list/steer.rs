//! What the user does on the way: dropping, closing, restarting, in each state of the stream.

use std::time::Duration;

use super::stream;
use crate::scenario::Tag::{Id, Meanwhile, Steer};
use crate::scenario::ask::When;
use crate::scenario::want::{asked, ended, event, opened};
use crate::scenario::{Command, Scenario, Tag};
use crate::{End, Reply, Tally};

/// As long as a server may ask for.
const HOUR: Duration = Duration::from_secs(3600);

fn has_asked(tally: &Tally) -> bool {
    tally.requests >= 1
}

fn has_answered(tally: &Tally) -> bool {
    tally.begun >= 1
}

/// What the user can do to end it all.
const ENDS: [(&str, Command); 3] = [
    ("dropped", Command::Leave),
    ("closed", Command::Close),
    ("closed-from-another-thread", Command::CloseElsewhere),
];

const RESTARTS: [(&str, Command); 2] =
    [("restarted", Command::Restart), ("restarted-from-another-thread", Command::RestartElsewhere)];

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    for (how, command) in ENDS {
        let ends = |scenario: Scenario| match command {
            Command::Leave => scenario.left(),
            _ => scenario.closed(),
        };
        list.extend(in_each_state(how, &command).map(ends));
    }
    for (how, command) in RESTARTS {
        list.extend(in_each_state(how, &command).map(goes_on));
    }
    list.extend([
        nothing_after_a_close(),
        nothing_unread_after_a_restart(),
        restarted_with_another_id(),
        restarted_with_another_id_in_the_request(),
        nothing_after_a_drop(),
    ]);
    list
}

const WHILE_PENDING: &str = "while-the-request-is-pending";
const WITH_HALF_A_HEAD: &str = "with-half-a-head";

fn in_each_state(how: &str, command: &Command) -> [Scenario; 5] {
    let body = "id: 1\ndata: a\n\n";
    let hour = format!("retry: {}\n", HOUR.as_millis());
    let elsewhere = matches!(command, Command::CloseElsewhere | Command::RestartElsewhere);
    let new = |state: &str| {
        let meanwhile = elsewhere || matches!(state, WHILE_PENDING | WITH_HALF_A_HEAD);
        let tags: &[Tag] = if meanwhile { &[Meanwhile] } else { &[Steer] };
        Scenario::new(format!("{how}-{state}"), tags)
    };
    [
        // The head is not there yet.
        new(WHILE_PENDING)
            .script([Reply::silent(), stream(body)])
            .at(When::Seen(has_asked), command.clone()),
        new(WITH_HALF_A_HEAD)
            .script([Reply::half_head().end(End::Silence), stream(body)])
            .at(When::Seen(has_answered), command.clone()),
        new("when-it-opens")
            .script([Reply::stream().end(End::Silence), stream(body)])
            .at(When::Opened(1), command.clone())
            .log([opened()]),
        new("while-it-is-quiet")
            .script([stream("data: first\n\nid: 2\ndata: cut").end(End::Silence), stream(body)])
            .at(When::Event(1), command.clone())
            .log([opened(), event("first")]),
        new("while-it-waits-for-the-next-attempt")
            .script([stream(hour).keep_alive(false), stream(format!("retry: 5\n{body}"))])
            .at(When::Lost(1), command.clone())
            .cuts_waits()
            .log([opened(), ended().wait(HOUR)]),
    ]
}

/// What follows a restart is the same everywhere.
fn goes_on(mut scenario: Scenario) -> Scenario {
    let log = scenario.wanted.log.take().unwrap_or_default();
    let more = [opened(), event("a").id("1"), ended()];
    scenario.log(log.into_iter().chain(more)).requests([asked(), asked(), asked().id("1")])
}

fn nothing_after_a_close() -> Scenario {
    Scenario::new("nothing-comes-out-after-a-close", &[Steer])
        .script(stream("data: a\n\ndata: b\n\n: c\n\ndata: d\n\n").end(End::Silence))
        .at(When::Event(2), Command::Close)
        .log([opened(), event("a"), event("b")])
        .closed()
}

/// The events that were not read are asked for again.
fn nothing_unread_after_a_restart() -> Scenario {
    Scenario::new("unread-events-are-asked-for-again-after-a-restart", &[Steer, Id])
        .script([
            stream("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n"),
            stream("id: 2\ndata: b\n\nid: 3\ndata: c\n\n"),
        ])
        .at(When::Event(1), Command::Restart)
        .log([
            opened(),
            event("a").id("1"),
            opened(),
            event("b").id("2"),
            event("c").id("3"),
            ended(),
        ])
        .requests([asked(), asked().id("1"), asked().id("3")])
}

fn restarted_with_another_id() -> Scenario {
    Scenario::new("restarted-with-another-id", &[Steer, Id])
        .script([stream("id: 1\ndata: a\n\n").end(End::Silence), stream("data: b\n\n")])
        .at(When::Event(1), Command::SetLastEventId("ü 9".into()))
        .at(When::Event(1), Command::Restart)
        .log([opened(), event("a").id("1"), opened(), event("b").id("ü 9"), ended()])
        .requests([asked(), asked().id("ü 9"), asked().id("ü 9")])
}

fn restarted_with_another_id_in_the_request() -> Scenario {
    Scenario::new("id-of-the-request-does-not-come-back", &[Steer, Id])
        .script([stream("data: a\n\n"), stream("data: b\n\n")])
        .header("Last-Event-ID", "1")
        .at(When::Event(1), Command::SetLastEventId(String::new()))
        .log([opened(), event("a").id("1"), ended(), opened(), event("b"), ended()])
        .requests([asked().id("1"), asked(), asked()])
}

fn nothing_after_a_drop() -> Scenario {
    Scenario::new("no-attempt-after-a-drop", &[Steer, Tag::Loss])
        .script([stream("data: a\n\n").end(End::Fin), stream("data: never\n\n")])
        .at(When::Lost(1), Command::Leave)
        .log([opened(), event("a"), crate::scenario::want::broken()])
        .left()
}

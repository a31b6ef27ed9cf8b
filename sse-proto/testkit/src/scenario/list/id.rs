//! The last event ID: what it becomes, and what goes out.

use super::stream;
use crate::scenario::Tag::{Id, Steer};
use crate::scenario::ask::When;
use crate::scenario::want::{asked, ended, event, opened};
use crate::scenario::{Command, Scenario};
use sse_proto::{Commit, Snapshot};

/// Each body on a connection of its own; then a request for nothing. `ids` are what the requests after the first carry.
fn bodies(name: &str, bodies: &[&str], events: &[(&str, &str)], ids: &[Option<&str>]) -> Scenario {
    let log = events.iter().flat_map(|(data, id)| [opened(), event(*data).id(*id), ended()]);
    let requests = ids.iter().map(|id| id.map_or_else(asked, |id| asked().id(id)));
    Scenario::new(name, &[Id])
        .script(bodies.iter().map(|body| stream(*body)).collect::<Vec<_>>())
        .log(log)
        .requests([asked()].into_iter().chain(requests))
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::from(of_bodies());
    list.extend([
        id_in_a_block_without_data(),
        id_reset_in_a_block_without_data(),
        id_from_the_configuration(),
        id_from_a_snapshot(),
        id_from_the_request(),
        id_set_on_the_way(),
        id_committed(),
        id_not_committed(),
        id_of_many_bytes(),
    ]);
    list
}

fn of_bodies() -> [Scenario; 8] {
    let some = Some;
    [
        bodies(
            "id-outlives-connections-without-ids",
            &["id: 1\ndata: a\n\n", "data: b\n\n", "data: c\n\n"],
            &[("a", "1"), ("b", "1"), ("c", "1")],
            &[some("1"), some("1"), some("1")],
        ),
        bodies(
            "id-that-is-empty-resets",
            &["id: 1\ndata: a\n\n", "id\ndata: b\n\n", "data: c\n\n"],
            &[("a", "1"), ("b", ""), ("c", "")],
            &[some("1"), None, None],
        ),
        bodies(
            "id-of-a-cut-block-is-not-sent",
            &["id: 1\ndata: a\n\nid: 2\ndata: cut\n", "data: b\n\nid: 3"],
            &[("a", "1"), ("b", "1")],
            &[some("1"), some("1")],
        ),
        bodies(
            "id-with-a-nul-is-ignored",
            &["id: 1\ndata: a\n\n", "id: 2\0\ndata: b\n\n"],
            &[("a", "1"), ("b", "1")],
            &[some("1"), some("1")],
        ),
        bodies(
            "id-outside-ascii-goes-out-as-its-bytes",
            &["id: № 7 – ü🎉\ndata: a\n\n", "id: \u{80}\u{FFFD}\ndata: b\n\n"],
            &[("a", "№ 7 – ü🎉"), ("b", "\u{80}\u{FFFD}")],
            &[some("№ 7 – ü🎉"), some("\u{80}\u{FFFD}")],
        ),
        bodies(
            "id-with-spaces-inside-and-a-colon",
            &["id:a b: c\ndata: a\n\n", "id: \"\\\"\ndata: b\n\n"],
            &[("a", "a b: c"), ("b", "\"\\\"")],
            &[some("a b: c"), some("\"\\\"")],
        ),
        // What no header can carry stays on its events; the last id that one can carry goes out. Read to the letter, an
        // event of the next connection then inherits what its request carried.
        bodies(
            "id-with-a-control-character-stays-at-home",
            &["id: 1\ndata: a\n\n", "id: 2\u{1}\ndata: b\n\n", "data: c\n\n"],
            &[("a", "1"), ("b", "2\u{1}"), ("c", "1")],
            &[some("1"), some("1"), some("1")],
        ),
        bodies(
            "id-with-a-delete-first-of-all",
            &["id: \u{7F}\ndata: a\n\n", "data: b\n\n"],
            &[("a", "\u{7F}"), ("b", "")],
            &[None, None],
        ),
    ]
}

fn id_in_a_block_without_data() -> Scenario {
    Scenario::new("id-in-a-block-without-data-counts", &[Id])
        .script([stream("data: a\n\nid: 5\n\n"), stream("data: b\n\n")])
        .log([opened(), event("a"), ended(), opened(), event("b").id("5"), ended()])
        .requests([asked(), asked().id("5"), asked().id("5")])
}

fn id_reset_in_a_block_without_data() -> Scenario {
    Scenario::new("id-reset-in-a-block-without-data-counts", &[Id])
        .script([stream("id: 5\ndata: a\n\nid:\n\n"), stream("data: b\n\n")])
        .log([opened(), event("a").id("5"), ended(), opened(), event("b"), ended()])
        .requests([asked(), asked(), asked()])
}

fn id_from_the_configuration() -> Scenario {
    Scenario::new("id-from-the-configuration-goes-out-first", &[Id])
        .script([stream("data: a\n\n"), stream("id: 42\ndata: b\n\n")])
        .config(|mut config| {
            config.last_event_id = "41 ü".to_owned();
            config
        })
        .log([opened(), event("a").id("41 ü"), ended(), opened(), event("b").id("42"), ended()])
        .requests([asked().id("41 ü"), asked().id("41 ü"), asked().id("42")])
}

fn id_from_a_snapshot() -> Scenario {
    let mut snapshot = Snapshot::default();
    snapshot.last_event_id = "41 ü".to_owned();
    Scenario::new("id-from-a-snapshot-goes-out-first", &[Id])
        .script([stream("data: a\n\n"), stream("id: 42\ndata: b\n\n")])
        .config(move |config| config.resume(&snapshot))
        .log([opened(), event("a").id("41 ü"), ended(), opened(), event("b").id("42"), ended()])
        .requests([asked().id("41 ü"), asked().id("41 ü"), asked().id("42")])
}

fn id_from_the_request() -> Scenario {
    Scenario::new("id-from-the-request-goes-out-first", &[Id])
        .script([stream("data: a\n\n"), stream("id: 42\ndata: b\n\n")])
        .header("last-event-id", "41")
        .log([opened(), event("a").id("41"), ended(), opened(), event("b").id("42"), ended()])
        .requests([asked().id("41"), asked().id("41"), asked().id("42")])
}

fn id_set_on_the_way() -> Scenario {
    Scenario::new("id-set-on-the-way-goes-out-next", &[Id, Steer])
        .script([stream("id: 1\ndata: a\n\n"), stream("data: b\n\n")])
        .at(When::Event(1), Command::SetLastEventId("9".into()))
        .log([opened(), event("a").id("1"), ended(), opened(), event("b").id("9"), ended()])
        .requests([asked(), asked().id("9"), asked().id("9")])
}

fn id_committed() -> Scenario {
    Scenario::new("id-that-was-committed-goes-out", &[Id, Steer])
        .script([
            stream("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n"),
            stream("id: 2\ndata: b\n\n"),
        ])
        .config(|config| config.commit(Commit::Manual))
        .at(When::Event(1), Command::Commit("1".into()))
        .at(When::Event(4), Command::Commit("2".into()))
        .log([
            opened(),
            event("a").id("1"),
            event("b").id("2"),
            event("c").id("3"),
            ended(),
            opened(),
            event("b").id("2"),
            ended(),
        ])
        .requests([asked(), asked().id("1"), asked().id("2")])
}

fn id_not_committed() -> Scenario {
    Scenario::new("id-that-was-not-committed-stays-at-home", &[Id])
        .script([stream("id: 1\ndata: a\n\n"), stream("data: b\n\n")])
        .config(|config| config.commit(Commit::Manual))
        .log([opened(), event("a").id("1"), ended(), opened(), event("b"), ended()])
        .requests([asked(), asked(), asked()])
}

fn id_of_many_bytes() -> Scenario {
    let id = "0123456789".repeat(6_000);
    Scenario::new("id-of-60-kilobytes", &[Id])
        .script(stream(format!("id: {id}\ndata: a\n\n")))
        .log([opened(), event("a").id(&id), ended()])
        .requests([asked(), asked().id(&id)])
}

//! The last event ID over connections: what moves it, what resets it, and what a request carries.

use sse_proto::{Commit, Config, InvalidId, Limits};

use super::driver::{Driver, status};
use super::{config, policy};

fn manual() -> Config {
    config().commit(Commit::Manual)
}

/// What the request after this stream carries.
fn sent_after(stream: &'static str) -> String {
    let mut driver = Driver::open(config());
    driver.chunk(stream);
    driver.reconnect()
}

#[test]
fn the_first_request_carries_no_id_unless_one_is_configured() {
    assert_eq!(Driver::connecting(config()).attempt.last_event_id, "");
    let config = config().last_event_id("41").expect("a header value");
    let mut driver = Driver::new(config);
    assert_eq!(driver.session.last_event_id(), "41");
    assert_eq!(driver.drain(), ["connect#41"]);
    driver.respond(status(200));
    assert_eq!(driver.chunk("data: x\n\n"), ["message#41: x"], "it is inherited");
}

#[test]
fn an_id_is_kept_over_any_number_of_connections() {
    let mut driver = Driver::open(config());
    assert_eq!(driver.chunk("id: 7\ndata: 1\n\n"), ["message#7: 1"]);
    for _ in 0..10 {
        assert_eq!(driver.reconnect(), "7");
        assert_eq!(driver.chunk("data: x\n\n"), ["message#7: x"], "an event without an id");
        assert_eq!(driver.reconnect(), "7");
        driver.chunk(": a connection with nothing but a comment\n\n");
        driver.fail();
        driver.wait_for_deadline();
        driver.respond(status(503));
        assert_eq!(driver.wait_for_deadline(), ["connect#7"], "after failures too");
        driver.respond(status(200));
    }
}

#[test]
fn a_block_without_data_moves_the_id() {
    assert_eq!(sent_after("id: 1\ndata: x\n\nid: 2\n\n"), "2");
    assert_eq!(sent_after("id: 1\n\n"), "1");
    assert_eq!(sent_after("id: 1\nevent: ping\n\n"), "1");
}

#[test]
fn an_empty_id_resets() {
    assert_eq!(sent_after("id: 1\ndata: x\n\nid\ndata: y\n\n"), "");
    assert_eq!(sent_after("id: 1\ndata: x\n\nid:\n\n"), "");
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\n\n");
    driver.reconnect();
    assert_eq!(driver.chunk("id\n\ndata: x\n\n"), ["message: x"]);
    assert_eq!(driver.reconnect(), "");
}

#[test]
fn a_block_that_is_cut_off_moves_no_id() {
    assert_eq!(sent_after("id: 1\ndata: x\n\nid: 2\ndata: cut\n"), "1");
    assert_eq!(sent_after("id: 1\ndata: x\n\nid: 2"), "1");
    assert_eq!(sent_after("id: 1\ndata: x\n\nid\n"), "1");
}

#[test]
fn a_block_that_is_skipped_moves_no_id() {
    let limits = Limits::default().event_bytes(8).id_bytes(4);
    let mut driver = Driver::open(config().limits(limits));
    let chunk = "id: 1\ndata: x\n\nid: 2\ndata: too long\n\n";
    assert_eq!(driver.chunk(chunk), ["message#1: x", "message#2: too long"], "exactly the limit");
    assert_eq!(driver.chunk("id: 3\ndata: too long!\n\n"), ["skipped"]);
    assert_eq!(driver.chunk("id: 12345\ndata: y\n\n"), ["skipped"]);
    assert_eq!(driver.chunk("data: z\n\n"), ["message#2: z"]);
    assert_eq!(driver.session.stats().skipped, 2);
    assert_eq!(driver.reconnect(), "2");
}

#[test]
fn an_id_with_nul_is_ignored() {
    assert_eq!(sent_after("id: 1\ndata: x\n\nid: 2\0\ndata: y\n\n"), "1");
}

#[test]
fn an_id_that_no_header_can_carry_stays_on_its_events_and_the_one_before_is_sent() {
    for bad in ["\u{1}", "a\u{7f}b", "\u{1b}[2J"] {
        let mut driver = Driver::open(config());
        driver.chunk("id: 1\ndata: x\n\n");
        driver.session.handle_chunk(driver.now(), format!("id: {bad}\ndata: y\n\n"));
        assert_eq!(driver.drain(), [format!("message#{bad}: y")]);
        assert_eq!(driver.chunk("data: z\n\n"), [format!("message#{bad}: z")]);
        assert_eq!(driver.session.last_event_id(), bad);
        assert_eq!(driver.session.snapshot().last_event_id, "1");
        assert_eq!(driver.reconnect(), "1");
        // The connection starts with the id that its request carried.
        assert_eq!(driver.chunk("data: again\n\n"), ["message#1: again"]);
        assert_eq!(driver.reconnect(), "1");
    }
}

#[test]
fn an_id_that_can_be_sent_takes_over_again() {
    assert_eq!(sent_after("id: 1\n\nid: \u{1}\n\nid: \u{2}\n\n"), "1");
    assert_eq!(sent_after("id: 1\n\nid: \u{1}\n\nid: 3\n\n"), "3");
    assert_eq!(sent_after("id: 1\n\nid: \u{1}\n\nid\n\n"), "");
    assert_eq!(sent_after("id: \u{1}\n\n"), "");
}

#[test]
fn text_beyond_ascii_and_inner_spaces_and_tabs_can_be_sent() {
    assert_eq!(sent_after("id: ž…é 豆\ndata: x\n\n"), "ž…é 豆");
    assert_eq!(sent_after("id:  a\tb  \ndata: x\n\n"), " a\tb  ");
    assert_eq!(sent_after("id: \u{80}\u{fffd}\ndata: x\n\n"), "\u{80}\u{fffd}");
}

#[test]
fn set_last_event_id_counts_for_events_and_for_the_next_request() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\ndata: x\n\n");
    driver.session.set_last_event_id("5").expect("a header value");
    assert_eq!(driver.session.last_event_id(), "5");
    assert_eq!(driver.chunk("data: y\n\n"), ["message#5: y"]);
    assert_eq!(driver.reconnect(), "5");
    driver.session.set_last_event_id("").expect("a header value");
    assert_eq!(driver.reconnect(), "");
}

#[test]
fn set_last_event_id_refuses_what_no_header_can_carry() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\ndata: x\n\n");
    for bad in ["\n", "a\r", "\0", "\u{7f}", "7\r\nX-Forged: 1"] {
        assert_eq!(driver.session.set_last_event_id(bad), Err(InvalidId));
        assert!(config().last_event_id(bad).is_err());
    }
    assert_eq!(driver.session.last_event_id(), "1", "nothing has changed");
    assert_eq!(driver.reconnect(), "1");
}

#[test]
fn what_is_set_between_two_connections_goes_out() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\n\n");
    driver.end();
    driver.session.set_last_event_id("0").expect("a header value");
    assert_eq!(driver.wait_for_deadline(), ["connect#0"]);
}

#[test]
fn with_manual_commit_a_reconnection_carries_what_was_committed() {
    let mut driver = Driver::open(manual());
    driver.chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n");
    assert_eq!(driver.session.last_event_id(), "3");
    assert_eq!(driver.session.snapshot().last_event_id, "");
    driver.session.commit("1");
    driver.session.commit("2");
    assert_eq!(driver.session.snapshot().last_event_id, "2");
    assert_eq!(driver.reconnect(), "2");
    assert_eq!(driver.chunk("data: x\n\n"), ["message#2: x"], "what the request carried");
    assert_eq!(driver.reconnect(), "2", "nothing new was committed");
    driver.session.commit("");
    assert_eq!(driver.reconnect(), "");
}

#[test]
fn a_commit_that_no_header_can_carry_leaves_the_one_before() {
    let mut driver = Driver::open(manual());
    driver.session.commit("1");
    driver.session.commit("2\u{1}");
    assert_eq!(driver.reconnect(), "1");
}

#[test]
fn commits_do_nothing_where_they_are_not_asked_for() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\ndata: a\n\n");
    driver.session.commit("9");
    assert_eq!(driver.reconnect(), "1");
}

#[test]
fn with_manual_commit_an_id_from_outside_is_committed() {
    let mut driver = Driver::new(manual().last_event_id("4").expect("a header value"));
    assert_eq!(driver.drain(), ["connect#4"]);
    driver.respond(status(200));
    driver.chunk("id: 5\ndata: x\n\n");
    driver.session.set_last_event_id("6").expect("a header value");
    assert_eq!(driver.reconnect(), "6");
}

#[test]
fn a_restart_carries_the_id_of_what_was_drained_and_no_other() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\ndata: a\n\n");
    driver.session.handle_chunk(driver.now(), "id: 2\ndata: b\n\nid: 3\ndata: c\n\n");
    assert_eq!(driver.restart(), ["connect#1"], "what was not drained will come again");
}

#[test]
fn a_connection_given_up_while_it_was_drained_carries_what_came_out() {
    let mut driver = Driver::open(Config::default().retry(policy()));
    driver.session.handle_chunk(driver.now(), "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    let first = driver.session.poll_output();
    assert!(matches!(first, sse_proto::Output::Event(event) if event.data() == "a"));
    assert_eq!(driver.restart(), ["connect#1"]);
}

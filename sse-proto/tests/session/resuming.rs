//! A session that is put away and taken up again elsewhere.

use core::time::Duration;

use sse_proto::{Commit, Config, Instant, Output, RetryPolicy, Session, Snapshot};

use super::driver::{Driver, stream};
use super::{config, policy};

fn resumed(config: Config, snapshot: &Snapshot) -> Driver {
    Driver::with(Session::resume(config, 2, Instant::ORIGIN, snapshot))
}

#[test]
fn a_resumed_session_goes_on_where_the_other_one_stopped() {
    let mut driver = Driver::open(config());
    driver.chunk("retry: 5000\nid: 7\ndata: x\n\nid: 8\ndata: cut");
    let snapshot = driver.session.snapshot();
    assert_eq!(snapshot.last_event_id, "7");
    assert_eq!(snapshot.reconnection_time, Some(Duration::from_secs(5)));

    let mut driver = resumed(config(), &snapshot);
    assert_eq!(driver.session.snapshot(), snapshot);
    assert_eq!(driver.drain(), ["connect#7"], "at once");
    assert_eq!(driver.attempt.number, 1);
    driver.respond(stream());
    assert_eq!(driver.chunk("data: y\n\n"), ["message#7: y"]);
    assert_eq!(driver.end(), ["lost: the stream ended, 6s"], "the server's time counts on");
}

#[test]
fn the_snapshots_id_takes_the_place_of_the_configurations() {
    let config = config().last_event_id("1").expect("a header value");
    let mut snapshot = Snapshot::default();
    assert_eq!(resumed(config.clone(), &snapshot).drain(), ["connect"]);
    snapshot.last_event_id = "2".to_owned();
    assert_eq!(resumed(config.clone(), &snapshot).drain(), ["connect#2"]);
    assert_eq!(resumed(config.commit(Commit::Manual), &snapshot).drain(), ["connect#2"]);
}

#[test]
fn with_manual_commit_a_snapshot_holds_what_was_committed() {
    let mut driver = Driver::open(config().commit(Commit::Manual));
    driver.chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    driver.session.commit("1");
    let snapshot = driver.session.snapshot();
    assert_eq!(resumed(config().commit(Commit::Manual), &snapshot).drain(), ["connect#1"]);
}

#[test]
fn a_session_that_was_told_no_time_has_none_in_its_snapshot() {
    let policy = policy().reconnection_time(Duration::from_secs(9));
    let driver = Driver::open(config().retry(policy));
    assert_eq!(driver.session.snapshot(), Snapshot::default());
}

#[test]
fn a_session_that_is_over_still_has_a_snapshot() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 7\n\n");
    driver.close();
    assert_eq!(driver.session.snapshot().last_event_id, "7");
}

#[test]
fn a_snapshot_without_a_usable_id_does_not_fall_back_to_another_place() {
    let mut snapshot = Snapshot::default();
    snapshot.last_event_id = "7\u{1}".to_owned();
    for commit in [Commit::Auto, Commit::Manual] {
        let config = config().commit(commit).last_event_id("1").expect("an id");
        assert_eq!(resumed(config, &snapshot).drain(), ["connect"]);
    }
}

#[test]
fn a_snapshot_from_an_unsafe_source_sends_no_forged_header() {
    let mut snapshot = Snapshot::default();
    snapshot.last_event_id = "7\r\nX-Forged: 1".to_owned();
    snapshot.reconnection_time = Some(Duration::MAX);
    let mut driver = resumed(config().retry(RetryPolicy::standard()), &snapshot);
    assert_eq!(driver.drain(), ["connect"]);
    driver.respond(stream());
    driver.end();
    assert_eq!(driver.deadline(), Some(Duration::MAX));
}

/// Where the session is made by somebody else, as the adapters do.
#[test]
fn a_configuration_takes_a_snapshot_up() {
    let mut before = Driver::open(config());
    before.chunk("retry: 7000\nid: 7\n\n");
    let snapshot = before.session.snapshot();
    let other = config().last_event_id("1").expect("an id");
    let mut driver = Driver::new(other.resume(&snapshot));
    assert_eq!(driver.session.snapshot(), snapshot);
    let Output::Connect(attempt) = driver.session.poll_output() else { panic!("a request") };
    assert_eq!(attempt.last_event_id, "7");
    driver.respond(stream());
    driver.end();
    assert!(driver.deadline() >= Some(Duration::from_secs(7)));
    // An id of the request's own comes after it.
    let config = config().resume(&snapshot).for_request("GET", true, Some(b"8"));
    assert_eq!(
        (config.last_event_id.as_str(), config.reconnection_time),
        ("8", snapshot.reconnection_time)
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_survives_serialization() {
    let mut driver = Driver::open(config());
    driver.chunk("retry: 18446744073709551615\nid: \"ž\" \\ \t\ndata: x\n\n");
    for snapshot in [driver.session.snapshot(), Snapshot::default()] {
        let text = serde_json::to_string(&snapshot).expect("serializable");
        let back: Snapshot = serde_json::from_str(&text).expect("what was written");
        assert_eq!(back, snapshot);
    }
    let text = serde_json::to_value(driver.session.snapshot()).expect("serializable");
    assert_eq!(text["last_event_id"], "\"ž\" \\ \t");
}

#[test]
fn an_attempt_shows_neither_id_nor_address() {
    let mut driver = Driver::new(config().last_event_id("secret").expect("an id"));
    let Output::Connect(attempt) = driver.session.poll_output() else { panic!("a request") };
    assert_eq!(attempt.last_event_id, "secret");
    let shown = format!("{attempt:?}");
    assert!(shown.starts_with("Attempt { number: 1, retries: 0,"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn an_id_that_no_header_can_carry_is_refused_with_its_reason() {
    let error = Config::default().last_event_id("a\nb").expect_err("a line end");
    assert_eq!(
        error.to_string(),
        "the id contains a control character, which no Last-Event-ID header can carry"
    );
}

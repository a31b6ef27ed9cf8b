//! The clocks of a session: from request to head, to the first byte, from byte to byte, and the one that only reports.

use core::time::Duration;

use sse_proto::{Cause, Config, Instant, Output, Session};

use super::config;
use super::driver::{Driver, stream};

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_nanos(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn idle() -> Config {
    config().idle_timeout(Some(SECOND * 45))
}

#[test]
fn a_head_must_come_within_the_connect_timeout() {
    let mut driver = Driver::connecting(config());
    assert_eq!(driver.deadline(), Some(SECOND * 30));
    assert!(driver.wait(SECOND * 30 - TICK).is_empty(), "too early");
    assert_eq!(driver.wait(TICK), ["lost: no response within 30s, 1s"]);
    driver.wait_for_deadline();
    assert_eq!(driver.attempt.last_loss, Some(Cause::ConnectTimeout(SECOND * 30)));
    assert_eq!(driver.deadline(), Some(SECOND * 30), "each request has its own");
}

#[test]
fn the_connect_timeout_ends_with_the_head() {
    let mut driver = Driver::connecting(config());
    driver.pass(SECOND * 29);
    driver.respond(stream());
    assert_eq!(driver.deadline(), None, "a quiet stream is legal");
    assert!(driver.wait(YEAR).is_empty());
}

#[test]
fn the_connect_timeout_counts_from_the_last_time_that_was_told() {
    let mut driver = Driver::new(config());
    driver.pass(SECOND * 100);
    driver.session.handle_timeout(driver.now());
    assert_eq!(driver.drain(), ["connect"]);
    assert_eq!(driver.deadline(), Some(SECOND * 30));

    driver.respond(stream());
    driver.pass(YEAR);
    driver.session.restart();
    driver.session.handle_timeout(driver.now());
    assert_eq!(driver.drain(), ["connect"]);
    assert_eq!(driver.deadline(), Some(SECOND * 30));
}

#[test]
fn the_connect_timeout_counts_from_when_the_request_goes_out() {
    let mut driver = Driver::connecting(config());
    driver.pass(SECOND * 100);
    driver.session.handle_request(driver.now());
    assert_eq!(driver.deadline(), Some(SECOND * 30));
    driver.respond(stream());
    driver.pass(YEAR);
    assert_eq!(driver.restart(), ["connect"]);
    driver.session.handle_request(driver.now());
    assert_eq!(driver.deadline(), Some(SECOND * 30));
    assert!(driver.wait(SECOND * 30 - TICK).is_empty());
    assert_eq!(driver.wait(TICK), ["lost: no response within 30s, 1s"]);
}

#[test]
fn a_request_that_goes_out_at_no_time_for_it_is_ignored() {
    let mut driver = Driver::open(idle());
    driver.pass(SECOND);
    driver.session.handle_request(driver.now());
    assert_eq!(driver.deadline(), Some(SECOND * 44));
    driver.end();
    driver.session.handle_request(driver.now());
    assert_eq!(driver.deadline(), Some(SECOND));
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
}

#[test]
fn every_clock_can_be_switched_off() {
    let mut driver = Driver::connecting(config().connect_timeout(None));
    assert_eq!(driver.deadline(), None);
    assert!(driver.wait(YEAR * 100).is_empty());
    driver.respond(stream());
    assert_eq!(driver.deadline(), None);
    driver.chunk("data: 1");
    assert!(driver.wait(YEAR * 100).is_empty());
    assert_eq!(driver.chunk("\n\n"), ["message: 1"]);
}

#[test]
fn the_first_byte_has_a_clock_of_its_own() {
    let config = idle().first_byte_timeout(Some(SECOND * 5));
    let mut driver = Driver::connecting(config.clone());
    driver.pass(SECOND * 20);
    driver.respond(stream());
    assert_eq!(driver.deadline(), Some(SECOND * 5), "from the head on");
    assert!(driver.wait(SECOND * 5 - TICK).is_empty());
    assert_eq!(driver.wait(TICK), ["lost: no first byte within 5s, 1s"]);

    let mut driver = Driver::open(config);
    driver.pass(SECOND * 4);
    driver.chunk(":");
    assert_eq!(driver.deadline(), Some(SECOND * 45), "then the idle time-out counts");
    driver.reconnect();
    assert_eq!(driver.deadline(), Some(SECOND * 5), "at each connection");
}

#[test]
fn the_first_byte_may_take_longer_than_later_ones() {
    let config = config().first_byte_timeout(Some(SECOND * 60)).idle_timeout(Some(SECOND));
    let mut driver = Driver::open(config);
    assert!(driver.wait(SECOND * 59).is_empty());
    driver.chunk("data: 1\n\n");
    assert_eq!(driver.wait(SECOND), ["lost: no byte for 1s, 1s"]);
}

#[test]
fn without_an_idle_timeout_only_the_first_byte_is_waited_for() {
    let mut driver = Driver::open(config().first_byte_timeout(Some(SECOND)));
    driver.chunk("\n");
    assert_eq!(driver.deadline(), None);
    assert!(driver.wait(YEAR).is_empty());
}

#[test]
fn silence_longer_than_the_idle_timeout_is_a_loss() {
    let mut driver = Driver::open(idle());
    assert_eq!(driver.deadline(), Some(SECOND * 45), "from the head on");
    assert!(driver.wait(SECOND * 45 - TICK).is_empty());
    assert_eq!(driver.wait(TICK), ["lost: no byte for 45s, 1s"]);
    driver.wait_for_deadline();
    assert_eq!(driver.attempt.last_loss, Some(Cause::IdleTimeout(SECOND * 45)));
}

#[test]
fn every_byte_is_life() {
    // A comment that nobody asked for, parts of a line, an unknown field, a byte order mark, a lone CR.
    let mut driver = Driver::open(idle());
    for chunk in ["\u{feff}", ": hb\n", "dat", "a", ": x", "\n", "foo: bar\n", "\r", "\n"] {
        driver.pass(SECOND * 44);
        driver.chunk(chunk);
        assert_eq!(driver.deadline(), Some(SECOND * 45), "{chunk:?}");
    }
    assert_eq!(driver.session.stats().events, 1);
}

#[test]
fn an_empty_chunk_is_no_life() {
    let mut driver = Driver::open(idle().first_byte_timeout(Some(SECOND * 20)));
    driver.pass(SECOND * 10);
    driver.chunk("");
    assert_eq!(driver.deadline(), Some(SECOND * 10));
    assert_eq!(driver.wait(SECOND * 10), ["lost: no first byte within 20s, 1s"]);
}

#[test]
fn what_came_before_the_silence_is_not_lost_with_it() {
    let mut driver = Driver::open(idle());
    driver.session.handle_chunk(driver.now(), "id: 1\ndata: 1\n\ndata: cut");
    driver.pass(SECOND * 45);
    driver.session.handle_timeout(driver.now());
    assert_eq!(driver.drain(), ["message#1: 1", "lost: no byte for 45s, 1s"]);
}

#[test]
fn a_late_stream_is_reported_once_until_its_next_byte() {
    let mut driver = Driver::open(config().late_after(Some(SECOND * 5)));
    assert_eq!(driver.deadline(), Some(SECOND * 5));
    assert!(driver.wait(SECOND * 5 - TICK).is_empty());
    assert_eq!(driver.wait(TICK), ["late"]);
    assert_eq!(driver.deadline(), None, "reported, not acted on");
    assert!(driver.wait(YEAR).is_empty());
    driver.chunk(":");
    assert_eq!(driver.wait_for_deadline(), ["late"]);
    assert_eq!(driver.chunk("\ndata: 1\n\n"), ["message: 1"]);
}

#[test]
fn late_comes_before_the_idle_timeout_and_not_after_it() {
    let mut driver = Driver::open(idle().late_after(Some(SECOND * 5)));
    assert_eq!(driver.wait_for_deadline(), ["late"]);
    assert_eq!(driver.deadline(), Some(SECOND * 40));
    assert_eq!(driver.wait_for_deadline(), ["lost: no byte for 45s, 1s"]);
    driver.wait_for_deadline();
    driver.respond(stream());
    assert_eq!(driver.wait(SECOND * 50), ["lost: no byte for 45s, 1s"], "both are over");
}

#[test]
fn a_byte_that_comes_before_the_report_takes_it_back() {
    let mut driver = Driver::open(config().late_after(Some(SECOND)));
    driver.pass(SECOND);
    driver.session.handle_timeout(driver.now());
    driver.session.handle_chunk(driver.now(), "data: 1\n\n");
    assert_eq!(driver.drain(), ["message: 1"]);
}

#[test]
fn a_deadline_that_has_passed_when_it_is_asked_for_fires_at_once() {
    let mut driver = Driver::connecting(config());
    driver.pass(YEAR);
    assert_eq!(driver.deadline(), Some(Duration::ZERO));
    assert_eq!(driver.wait(Duration::ZERO), ["lost: no response within 30s, 1s"]);
    driver.pass(YEAR);
    assert_eq!(driver.wait(Duration::ZERO), ["connect"]);
    driver.respond(stream());

    let mut driver = Driver::open(idle());
    driver.pass(YEAR);
    assert_eq!(driver.deadline(), Some(Duration::ZERO));
    assert_eq!(driver.wait(Duration::ZERO), ["lost: no byte for 45s, 1s"]);
}

#[test]
fn clocks_of_no_length_fire_at_once_and_come_to_an_end() {
    let config = config()
        .connect_timeout(Some(Duration::ZERO))
        .idle_timeout(Some(Duration::ZERO))
        .late_after(Some(Duration::ZERO));
    let mut driver = Driver::connecting(config);
    assert_eq!(driver.deadline(), Some(Duration::ZERO));
    assert_eq!(driver.wait(Duration::ZERO), ["lost: no response within 0ns, 1s"]);
    driver.wait_for_deadline();
    driver.respond(stream());
    assert_eq!(driver.wait(Duration::ZERO), ["lost: no byte for 0ns, 2s"]);
}

#[test]
fn a_clock_that_stands_still_changes_nothing() {
    let mut driver = Driver::open(idle().late_after(Some(SECOND)));
    for _ in 0..1000 {
        assert!(driver.wait(Duration::ZERO).is_empty());
        assert_eq!(driver.deadline(), Some(SECOND));
    }
    driver.chunk("data: 1\n\n");
    driver.end();
    for _ in 0..1000 {
        assert!(driver.wait(Duration::ZERO).is_empty());
        assert_eq!(driver.deadline(), Some(SECOND));
    }
}

#[test]
fn a_clock_that_leaps_by_centuries_costs_one_connection() {
    let mut driver = Driver::open(idle().late_after(Some(SECOND)));
    driver.chunk("id: 1\ndata: 1\n\n");
    assert_eq!(driver.wait(YEAR * 1000), ["lost: no byte for 45s, 1s"]);
    assert_eq!(driver.wait(YEAR * 1000), ["connect#1"]);
    driver.respond(stream());
    assert_eq!(driver.chunk("data: 2\n\n"), ["message#1: 2"]);
    assert_eq!(driver.session.stats().losses, 1);
}

#[test]
fn a_clock_that_leaps_back_fires_nothing() {
    let mut session = Session::new(idle(), 1, Instant::from_origin(YEAR));
    assert!(matches!(session.poll_output(), Output::Connect(_)));
    session.handle_timeout(Instant::ORIGIN);
    assert!(matches!(session.poll_output(), Output::Wait(Some(_))));
    session.handle_response(Instant::ORIGIN, stream());
    assert!(matches!(session.poll_output(), Output::Opened));
    session.handle_chunk(Instant::from_origin(YEAR), "data: 1\n\n");
    session.handle_timeout(Instant::ORIGIN);
    assert!(matches!(session.poll_output(), Output::Event(_)));
    assert!(matches!(session.poll_output(), Output::Wait(Some(_))));
}

#[test]
fn nothing_overflows_at_the_end_of_time() {
    let end = Instant::from_origin(Duration::MAX);
    let config = idle().connect_timeout(Some(Duration::MAX)).late_after(Some(Duration::MAX));
    let mut session = Session::new(config, 1, end);
    assert!(matches!(session.poll_output(), Output::Connect(_)));
    assert!(matches!(session.poll_output(), Output::Wait(Some(deadline)) if deadline == end));
    session.handle_response(end, stream());
    session.handle_chunk(end, "retry: 5000\ndata: 1\n\n");
    session.handle_eof(end);
    assert!(matches!(session.poll_output(), Output::Opened));
    assert!(matches!(session.poll_output(), Output::Event(_)));
    assert!(matches!(session.poll_output(), Output::Lost(_)));
    assert!(matches!(session.poll_output(), Output::Wait(Some(deadline)) if deadline == end));
    session.handle_timeout(end);
    assert!(matches!(session.poll_output(), Output::Connect(_)));
}

//! Lost connections: how long until the next attempt, and when there is none.

use core::time::Duration;

use sse_proto::{Cause, Closed, Config, GiveUp, ReconnectTo, RetryPolicy, Sentinel};

use super::driver::{Driver, status, stream};
use super::{config, one_shot, policy};

const SECOND: Duration = Duration::from_secs(1);

fn with(policy: RetryPolicy) -> Config {
    Config::default().retry(policy)
}

/// How long the session waits now, and the request after it.
fn next_wait(driver: &mut Driver) -> Duration {
    let wait = driver.deadline().expect("a wait");
    assert!(driver.wait_for_deadline()[0].starts_with("connect"));
    wait
}

fn gave_up(driver: &Driver) -> GiveUp {
    match driver.session.closed() {
        Some(Closed::Lost { give_up, .. }) => give_up,
        other => panic!("not given up: {other:?}"),
    }
}

#[test]
fn the_end_of_a_body_is_a_loss_that_is_retried() {
    let mut driver = Driver::open(config());
    driver.chunk("data: 1\n\n");
    assert_eq!(driver.end(), ["lost: the stream ended, 1s"]);
    assert!(driver.wait(SECOND - Duration::from_nanos(1)).is_empty(), "too early");
    assert_eq!(driver.wait(Duration::from_nanos(1)), ["connect"]);
    assert_eq!((driver.attempt.number, driver.attempt.retries), (2, 1));
    assert_eq!(driver.attempt.last_loss, Some(Cause::EndOfStream));
}

#[test]
fn a_failed_connection_is_a_loss_that_is_retried() {
    let mut driver = Driver::open(config());
    assert_eq!(driver.fail(), ["lost: the connection failed, 1s"]);
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
    assert_eq!(driver.attempt.last_loss, Some(Cause::Transport));
}

#[test]
fn a_first_connection_that_fails_is_retried_too() {
    let mut driver = Driver::connecting(config());
    assert_eq!(driver.attempt.number, 1);
    assert_eq!(driver.fail(), ["lost: the connection failed, 1s"]);
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
    assert_eq!(driver.end(), ["lost: the connection failed, 2s"], "an end before any head");
}

#[test]
fn what_a_lost_connection_brought_comes_before_the_loss() {
    let mut driver = Driver::connecting(config());
    let now = driver.now();
    driver.session.handle_response(now, stream());
    driver.session.handle_chunk(now, "id: 1\ndata: a\n\n");
    driver.session.handle_chunk(now, "data: b\n\ndata: cut");
    driver.session.handle_error(now);
    driver.session.handle_eof(now);
    driver.session.handle_chunk(now, " off\n\n");
    let all = ["open", "message#1: a", "message#1: b", "lost: the connection failed, 1s"];
    assert_eq!(driver.drain(), all);
}

#[test]
fn a_block_that_the_end_cuts_off_is_dropped() {
    let mut driver = Driver::open(config());
    assert!(driver.chunk("id: 9\ndata: cut\n").is_empty());
    assert_eq!(driver.reconnect(), "");
    assert_eq!(driver.chunk("\n"), [""; 0]);
    assert_eq!(driver.chunk("data: next\n\n"), ["message: next"]);
}

#[test]
fn neither_type_nor_line_nor_byte_order_mark_go_on_at_the_next_connection() {
    let mut driver = Driver::open(config());
    driver.chunk("\u{feff}data: 1\n\nevent: error\ndata: le");
    driver.reconnect();
    let chunk = "\u{feff}ft\n\ndata: 2\n\n";
    assert_eq!(driver.chunk(chunk), ["message: 2"]);
    driver.chunk("data: 3\r\r");
    driver.reconnect();
    assert_eq!(driver.chunk("\ndata: 4\n\n"), ["message: 4"], "an LF of its own");
}

#[test]
fn an_accepted_response_that_ends_at_once_backs_off_like_a_refusal() {
    let mut driver = Driver::open(config());
    let mut waits = Vec::new();
    for _ in 0..7 {
        driver.end();
        waits.push(next_wait(&mut driver).as_secs());
        assert_eq!(driver.respond(stream()), ["open"]);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn a_connection_that_was_open_for_the_healthy_time_starts_the_backoff_again() {
    let healthy = Duration::from_secs(10);
    for (open_for, wait, retries) in
        [(healthy, 1, 1), (healthy - Duration::from_nanos(1), 8, 4), (healthy * 9, 1, 1)]
    {
        let mut driver = Driver::connecting(config());
        for _ in 0..3 {
            driver.fail();
            driver.wait_for_deadline();
        }
        driver.respond(stream());
        driver.pass(open_for);
        driver.end();
        assert_eq!(next_wait(&mut driver), SECOND * wait, "open for {open_for:?}");
        assert_eq!(driver.attempt.retries, retries);
    }
}

#[test]
fn the_time_that_a_head_took_is_not_healthy_time() {
    let mut driver = Driver::connecting(config());
    driver.fail();
    driver.wait_for_deadline();
    driver.pass(Duration::from_secs(25));
    driver.respond(stream());
    driver.end();
    assert_eq!(driver.deadline(), Some(SECOND * 2));
}

#[test]
fn a_healthy_stream_can_be_lost_any_number_of_times() {
    let mut driver = Driver::open(with(policy().max_retries(Some(2))));
    for _ in 0..50 {
        driver.pass(Duration::from_secs(60));
        driver.reconnect();
    }
    assert_eq!(driver.session.stats().losses, 50);
}

#[test]
fn a_healthy_connection_counts_also_when_it_is_restarted() {
    let mut driver = Driver::open(with(policy().max_retries(Some(2))));
    for _ in 0..2 {
        driver.reconnect();
    }
    driver.wait(Duration::from_secs(3600));
    driver.chunk(": still here\n");
    assert_eq!(driver.restart(), ["connect"]);
    assert_eq!(driver.attempt.retries, 0, "losses in a row before it");
    assert_eq!(driver.fail(), ["lost: the connection failed, 1s"]);
}

#[test]
fn retry_is_part_of_every_wait_from_then_on() {
    let mut driver = Driver::open(config());
    driver.chunk("id: 1\n\nretry: 5000\n");
    driver.end();
    assert_eq!(next_wait(&mut driver), SECOND * 6);
    driver.respond(status(503).retry_after(b"3"));
    assert_eq!(next_wait(&mut driver), SECOND * 7, "the longer one counts");
    driver.respond(status(503).retry_after(b"60"));
    assert_eq!(next_wait(&mut driver), SECOND * 64);
    driver.respond(stream());
    driver.chunk("retry: 1000\n\n");
    driver.fail();
    assert_eq!(next_wait(&mut driver), SECOND * 9, "a shorter one too");
}

#[test]
fn retry_counts_in_milliseconds_and_in_a_block_that_is_cut_off() {
    let mut driver = Driver::open(with(RetryPolicy::standard()));
    driver.chunk("data: x\nretry: 1500\ndata: cut");
    assert_eq!(driver.end(), ["lost: the stream ended, 1.5s"]);
}

#[test]
fn retry_that_is_no_number_changes_nothing() {
    let mut driver = Driver::open(with(RetryPolicy::standard()));
    driver.chunk("retry: 1500\nretry:\nretry: +5\nretry: ５\nretry: 1e3\nretry: 7 \n");
    assert_eq!(driver.end(), ["lost: the stream ended, 1.5s"]);
}

#[test]
fn the_floor_holds_where_the_server_asks_for_less() {
    let mut driver = Driver::open(with(RetryPolicy::standard().floor(SECOND * 2)));
    driver.chunk("retry: 0\n");
    driver.end();
    assert_eq!(next_wait(&mut driver), SECOND * 2);
    driver.respond(stream());
    driver.chunk("retry: 2500\n");
    assert_eq!(driver.end(), ["lost: the stream ended, 2.5s"]);
}

#[test]
fn the_browsers_policy_waits_three_seconds_or_what_the_server_says() {
    let mut driver = Driver::open(with(RetryPolicy::standard()));
    for _ in 0..20 {
        driver.end();
        assert_eq!(next_wait(&mut driver), SECOND * 3);
        driver.fail();
        assert_eq!(next_wait(&mut driver), SECOND * 3, "failures do not make it grow");
        driver.respond(stream());
    }
    driver.chunk("retry: 0\n");
    assert_eq!(driver.end(), ["lost: the stream ended, 0ns"]);
    assert_eq!(driver.wait(Duration::ZERO), ["connect"]);
}

#[test]
fn a_server_that_asks_for_too_long_a_wait_ends_the_session() {
    let limit = Duration::from_secs(3600);
    let mut driver = Driver::open(config());
    driver.chunk("retry: 3600000\n");
    assert_eq!(driver.end(), ["lost: the stream ended, 3601s"], "exactly the limit");
    driver.wait_for_deadline();
    let lines = driver.respond(status(503).retry_after(b"3601"));
    assert_eq!(lines[0], "lost: the server answered with status 503");
    assert!(lines[1].contains("max_server_wait"), "{}", lines[1]);
    assert_eq!(gave_up(&driver), GiveUp::ServerWait { wait: limit + SECOND, limit });
}

#[test]
fn the_largest_numbers_saturate() {
    for retry in ["retry: 18446744073709551615\n", "retry: 99999999999999999999999\n"] {
        let mut driver = Driver::open(config());
        driver.chunk(retry);
        driver.end();
        let wait = Duration::from_millis(u64::MAX);
        let limit = Duration::from_secs(3600);
        assert_eq!(gave_up(&driver), GiveUp::ServerWait { wait, limit });

        let mut driver = Driver::open(with(RetryPolicy::standard()));
        driver.chunk(retry);
        driver.end();
        assert_eq!(driver.deadline(), Some(wait), "the standard knows no limit");
    }
    let mut driver = Driver::connecting(config());
    driver.respond(status(503).retry_after(b"99999999999999999999999"));
    let give_up = gave_up(&driver);
    assert!(
        matches!(give_up, GiveUp::ServerWait { wait, .. } if wait == Duration::from_secs(u64::MAX))
    );
}

#[test]
fn a_policys_own_reconnection_time_is_not_what_a_server_asks_for() {
    let hours = Duration::from_secs(2 * 3600);
    let mut driver = Driver::open(with(RetryPolicy::standard().reconnection_time(hours)));
    driver.end();
    assert_eq!(driver.deadline(), Some(hours));
    let mut driver = Driver::open(with(policy().base(Duration::ZERO).reconnection_time(hours)));
    driver.end();
    assert_eq!(driver.deadline(), Some(hours));
}

#[test]
fn the_limit_of_retries_bites_with_the_last_cause() {
    let mut driver = Driver::connecting(with(policy().max_retries(Some(3))));
    for _ in 0..2 {
        driver.fail();
        next_wait(&mut driver);
    }
    driver.respond(status(500));
    next_wait(&mut driver);
    assert_eq!(driver.attempt.number, 4, "one request and three retries");
    let lines = driver.respond(status(502));
    assert_eq!(lines[0], "lost: the server answered with status 502");
    let (cause, give_up) = (Cause::Status(502), GiveUp::Retries { limit: 3 });
    assert_eq!(driver.session.closed(), Some(Closed::Lost { cause, give_up }));
    assert!(lines[1].contains("502") && lines[1].contains('3'), "{}", lines[1]);
    assert!(!driver.session.closed().is_some_and(|why| why.is_clean()));
}

#[test]
fn the_limit_of_time_bites_exactly() {
    // Losses at 0 s, 1 s and 3 s; the third wait would end at 7 s.
    for (limit, retries) in [(7000, 3), (6999, 2), (999, 0)] {
        let limit = Duration::from_millis(limit);
        let mut driver = Driver::connecting(with(policy().max_elapsed(Some(limit))));
        driver.fail();
        while driver.session.closed().is_none() && driver.session.stats().losses < 3 {
            next_wait(&mut driver);
            driver.fail();
        }
        let taken = driver.session.stats().losses - u64::from(driver.session.closed().is_some());
        assert_eq!(taken, retries, "{limit:?}");
        if retries < 3 {
            assert_eq!(gave_up(&driver), GiveUp::Elapsed { limit });
        }
    }
}

#[test]
fn one_shot_ends_cleanly_with_the_body() {
    let mut driver = Driver::open(one_shot());
    assert_eq!(driver.chunk("data: 1\n\ndata: cut"), ["message: 1"]);
    assert_eq!(driver.end(), ["closed: the stream ended"]);
    assert_eq!(driver.session.closed(), Some(Closed::EndOfStream));
    assert_eq!(driver.session.stats().losses, 0);
}

#[test]
fn one_shot_takes_every_other_loss_for_an_error() {
    let mut driver = Driver::open(one_shot());
    driver.chunk("data: 1\n\n");
    let lines = ["lost: the connection failed", "closed: the connection failed"];
    assert_eq!(driver.fail(), lines);
    let (cause, give_up) = (Cause::Transport, GiveUp::NoRetry);
    assert_eq!(driver.session.closed(), Some(Closed::Lost { cause, give_up }));

    let mut driver = Driver::connecting(one_shot());
    assert_eq!(driver.end(), lines, "an end before any head");
    let mut driver = Driver::connecting(one_shot());
    assert_eq!(driver.wait_for_deadline().len(), 2);
    let mut driver = Driver::open(one_shot().idle_timeout(Some(SECOND)));
    assert_eq!(driver.wait_for_deadline(), ["lost: no byte for 1s", "closed: no byte for 1s"]);
    let mut driver = Driver::open(one_shot().sentinel(Some(Sentinel::Data("[DONE]".into()))));
    let why = "the stream ended before its end mark";
    assert_eq!(driver.end(), [format!("lost: {why}"), format!("closed: {why}")]);
}

#[test]
fn a_request_that_is_not_repeatable_is_one_shot_unless_a_policy_is_given() {
    let never = RetryPolicy::never();
    for method in ["POST", "PATCH", "CONNECT", "post", "get", ""] {
        assert_eq!(policy_of(Config::default().for_request(method, true, None)), never, "{method}");
        assert_eq!(policy_of(config().for_request(method, true, None)), policy(), "{method}");
        assert_eq!(policy_of(config().for_request(method, false, None)), never, "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "REPORT", "QUERY"] {
        let config =
            Config::default().reconnect_to(ReconnectTo::Redirected).for_request(method, true, None);
        let kept = if method == "GET" { ReconnectTo::Redirected } else { ReconnectTo::Original };
        assert_eq!(config.reconnect_to, kept, "{method}");
        assert_eq!(policy_of(config), RetryPolicy::default(), "{method}");
    }
    assert!(RetryPolicy::never().is_never() && !RetryPolicy::default().is_never());
}

#[test]
fn an_id_set_by_hand_is_the_first_one() {
    let id = |by_hand| {
        let config = config().last_event_id("configured").expect("a header value");
        config.for_request("GET", true, by_hand).last_event_id
    };
    assert_eq!(id(None), "configured");
    assert_eq!(id(Some(b"7".as_slice())), "7");
    assert_eq!(id(Some("\u{2116} 7".as_bytes())), "\u{2116} 7");
    assert_eq!(id(Some(b"\xFF".as_slice())), "configured", "no text");
}

#[test]
fn an_attempt_asks_for_an_event_stream_after_the_last_event() {
    let headers = |id: &str| {
        let mut attempt = sse_proto::Attempt::default();
        attempt.last_event_id = id.to_owned();
        attempt.headers().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    let without =
        ["accept: text/event-stream", "accept-encoding: identity", "cache-control: no-cache"];
    assert_eq!(headers(""), without);
    assert_eq!(headers("7"), [&without[..], &["last-event-id: 7"]].concat());
}

#[test]
fn requests_that_are_made_anew_are_retried_unless_a_policy_says_no() {
    assert_eq!(policy_of(Config::default().for_factory()), RetryPolicy::default());
    assert_eq!(policy_of(config().for_factory()), policy());
}

#[test]
fn a_request_that_cannot_be_made_ends_the_session() {
    let mut driver = Driver::connecting(config());
    driver.session.handle_invalid_request(driver.now());
    assert_eq!(driver.drain(), ["closed: the request could not be made"]);
    assert_eq!(driver.session.closed(), Some(Closed::InvalidRequest));
    assert_eq!(driver.session.stats().attempts, 1);
}

fn policy_of(config: Config) -> RetryPolicy {
    config.retry.expect("a request settles the policy")
}

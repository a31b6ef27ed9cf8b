//! How a stream ends and begins again, what is counted, and what is never printed.

use core::time::Duration;
use std::mem::discriminant;

use sse_proto::{
    Cause, Closed, Config, GiveUp, Limits, Output, ReadyState, Refusal, Sentinel, Stats,
};

use super::config;
use super::driver::{Driver, status, stream};

const NOTHING: [&str; 0] = [];

fn done() -> Config {
    config().sentinel(Some(Sentinel::Data("[DONE]".into())))
}

fn stop() -> Config {
    config().sentinel(Some(Sentinel::EventType("message_stop".into())))
}

#[test]
fn a_sentinel_by_data_ends_the_stream_and_is_not_delivered() {
    let mut driver = Driver::open(done());
    let chunk = "data: 1\n\nid: 9\ndata: [DONE]\n\ndata: never\n\n";
    assert_eq!(driver.chunk(chunk), ["message: 1", "closed: the stream is complete"]);
    assert!(driver.session.closed().is_some_and(|why| why.is_clean()));
    assert_eq!(driver.session.stats().events, 1);
    assert_eq!(driver.end(), ["closed: the stream is complete"]);
}

#[test]
fn a_sentinel_by_data_is_the_whole_data_of_an_event_of_any_type() {
    let mut driver = Driver::open(done());
    let chunk =
        "data: [DONE] \n\ndata: [done]\n\ndata: [DONE]\ndata:\n\nevent: [DONE]\ndata: x\n\n";
    assert_eq!(driver.chunk(chunk).len(), 4);
    assert_eq!(driver.chunk(": [DONE]\n[DONE]\n\n"), NOTHING);
    assert_eq!(driver.chunk("event: end\ndata: [DONE]\n\n"), ["closed: the stream is complete"]);
}

#[test]
fn a_sentinel_says_what_the_stream_says_whatever_its_line_ends() {
    for data in ["a\nb", "a\rb", "a\r\nb"] {
        let sentinel = Sentinel::Data(data.into());
        let mut driver = Driver::open(config().sentinel(Some(sentinel)));
        let chunk = "data: a\r\ndata:\r\ndata: b\r\n\r\ndata: a\r\ndata: b\r\n\r\n";
        assert_eq!(driver.chunk(chunk), ["message: a\n\nb", "closed: the stream is complete"]);
    }
    let mut driver = Driver::open(config().sentinel(Some(Sentinel::EventType("".into()))));
    let lines = ["x: 1", "message: 2", "closed: the stream is complete"];
    assert_eq!(driver.chunk("event: x\ndata: 1\n\nevent\ndata: 2\n\n"), lines);
}

#[test]
fn a_sentinel_by_type_is_delivered_as_the_last_event() {
    let mut driver = Driver::open(stop());
    let chunk = "data: message_stop\n\nevent: message_stop\ndata: {}\n\ndata: never\n\n";
    let lines = ["message: message_stop", "message_stop: {}", "closed: the stream is complete"];
    assert_eq!(driver.chunk(chunk), lines);
    assert_eq!(driver.session.closed(), Some(Closed::Sentinel));
    assert_eq!(driver.session.stats().events, 2);
    assert_eq!(driver.restart(), ["closed: the stream is complete"]);
}

#[test]
fn a_body_that_ends_before_its_sentinel_is_a_loss_that_is_retried() {
    for config in [done(), stop()] {
        let mut driver = Driver::open(config);
        driver.chunk("id: 1\ndata: 1\n\ndata: [DONE]");
        assert_eq!(driver.end(), ["lost: the stream ended before its end mark, 1s"]);
        assert_eq!(driver.wait_for_deadline(), ["connect#1"]);
        assert_eq!(driver.attempt.last_loss, Some(Cause::MissingSentinel));
    }
}

#[test]
fn the_end_of_the_body_behind_a_sentinel_is_no_loss() {
    let mut driver = Driver::open(done());
    driver.session.handle_chunk(driver.now(), "data: [DONE]\n\n");
    driver.session.handle_eof(driver.now());
    assert_eq!(driver.drain(), ["closed: the stream is complete"]);
    assert_eq!(driver.session.stats().losses, 0);
}

#[test]
fn events_with_empty_data_are_dispatched_unless_they_are_to_be_skipped() {
    let chunk = "id: 1\ndata\n\nevent: ping\ndata:\n\ndata: x\n\ndata\ndata\n\n";
    let mut driver = Driver::open(config());
    let all = ["message#1: ", "ping#1: ", "message#1: x", "message#1: \n"];
    assert_eq!(driver.chunk(chunk), all);

    let mut driver = Driver::open(config().skip_empty(true));
    assert_eq!(driver.chunk(chunk), ["message#1: x", "message#1: \n"]);
    assert_eq!(driver.session.stats().events, 2);
    assert_eq!(driver.reconnect(), "1", "the id counts all the same");
}

#[test]
fn an_empty_event_can_be_the_sentinel_where_empty_ones_are_skipped() {
    let mut driver = Driver::open(stop().skip_empty(true));
    let lines = ["message_stop: ", "closed: the stream is complete"];
    assert_eq!(driver.chunk("data\n\nevent: message_stop\ndata\n\n"), lines);
}

#[test]
fn comments_are_reported_only_where_they_are_asked_for() {
    let mut driver = Driver::open(config());
    assert_eq!(driver.chunk(": a\ndata: 1\n\n"), ["message: 1"]);
    driver.session.set_report_comments(true);
    assert_eq!(driver.chunk(": b\n"), [":b"], "when its line ends");
    assert_eq!(driver.chunk(": c"), NOTHING);
    driver.session.set_report_comments(false);
    assert_eq!(driver.chunk("c\n"), NOTHING, "when its line ends");
    driver.session.set_report_comments(true);
    assert_eq!(driver.chunk(": d"), NOTHING);
    assert_eq!(driver.chunk("d\n"), [":dd"], "and nothing of another");
    let mut driver = Driver::open(config().comments(true));
    assert_eq!(driver.chunk(":\n:c\ndata: 1\n\n"), [":", ":c", "message: 1"]);
    assert_eq!(driver.session.stats().comments, 2);
}

#[test]
fn a_block_over_a_limit_is_skipped_and_the_stream_goes_on() {
    let mut driver = Driver::open(config().limits(Limits::default().event_bytes(4)));
    let lines = ["message: 1234", "skipped", "message: 5"];
    assert_eq!(driver.chunk("data: 1234\n\ndata: 12345\n\ndata: 5\n\n"), lines);
    assert_eq!(driver.session.ready_state(), ReadyState::Open);
}

/// A session in every state that is not the end.
fn everywhere() -> Vec<Driver> {
    let mut waiting = Driver::open(config());
    waiting.end();
    let mut undrained = Driver::open(config().late_after(Some(Duration::ZERO)).comments(true));
    let now = undrained.now();
    undrained.session.handle_timeout(now);
    undrained.session.handle_chunk(now, ": c\nid: 1\ndata: 1\n\n");
    undrained.session.handle_eof(now);
    let mut unheard = Driver::connecting(config());
    unheard.session.handle_response(unheard.now(), stream());
    let mut late = Driver::open(config().late_after(Some(Duration::ZERO)));
    late.session.handle_timeout(late.now());
    let mut lost = Driver::connecting(config());
    lost.session.handle_error(lost.now());
    let mut given_up = Driver::connecting(super::one_shot());
    given_up.session.handle_error(given_up.now());
    let new = Driver::new(config());
    let (connecting, open) = (Driver::connecting(config()), Driver::open(config()));
    vec![new, connecting, open, waiting, undrained, unheard, late, lost, given_up]
}

#[test]
fn nothing_comes_out_after_close() {
    for (at, mut driver) in everywhere().into_iter().enumerate() {
        let lines = driver.close();
        assert_eq!(lines.len(), 1, "{at}: {lines:?}");
        assert!(lines[0].starts_with("closed"), "{at}: {lines:?}");
        assert_eq!(driver.session.ready_state(), ReadyState::Closed);
        for late in [
            driver.respond(stream()),
            driver.chunk("data: 1\n\n"),
            driver.end(),
            driver.fail(),
            driver.wait(Duration::from_secs(3600)),
            driver.restart(),
            driver.close(),
        ] {
            assert_eq!(late, lines, "{at}");
        }
    }
}

#[test]
fn a_restart_connects_at_once_and_reports_no_loss() {
    for (at, mut driver) in everywhere().into_iter().enumerate().take(8) {
        assert_eq!(driver.restart(), ["connect"], "{at}");
        // Only that one was on its way to another attempt, and had said why.
        let lost = (at == 3).then_some(Cause::EndOfStream);
        assert_eq!(driver.attempt.last_loss, lost, "{at}");
        assert_eq!(driver.respond(stream()), ["open"], "{at}");
        assert_eq!(driver.chunk("data: 1\n\n"), ["message: 1"], "{at}");
    }
}

#[test]
fn a_restart_forgets_what_the_old_connection_still_says() {
    let mut driver = Driver::open(config());
    driver.chunk("data: cut");
    driver.session.restart();
    let now = driver.now();
    driver.session.handle_chunk(now, " off\n\n");
    driver.session.handle_eof(now);
    driver.session.handle_error(now);
    assert_eq!(driver.drain(), ["connect"]);
    assert_eq!(driver.respond(stream()), ["open"]);
    assert_eq!(driver.chunk("\n\ndata: 1\n\n"), ["message: 1"]);
}

#[test]
fn a_restart_does_not_make_failures_forgotten() {
    let mut driver = Driver::connecting(config());
    driver.fail();
    driver.restart();
    driver.fail();
    driver.restart();
    assert_eq!(driver.fail(), ["lost: the connection failed, 4s"]);
}

#[test]
fn everything_is_counted() {
    let config = config().comments(true).limits(Limits::default().event_bytes(8));
    let mut driver = Driver::open(config);
    driver.chunk(": c\ndata: 1\n\ndata: 2\n\n");
    driver.chunk("data: far too long\n\n");
    driver.reconnect();
    driver.fail();
    driver.wait_for_deadline();
    driver.respond(status(404));
    driver.chunk("data: after the end\n\n");
    let Stats { bytes, events, comments, skipped, attempts, opens, losses, .. } =
        driver.session.stats();
    assert_eq!((bytes, events, comments, skipped), (42, 2, 1, 1));
    assert_eq!((attempts, opens, losses), (3, 2, 2));
}

#[test]
fn a_session_prints_no_payload() {
    let config = done()
        .last_event_id("SECRET")
        .expect("a header value")
        .reconnect_to(sse_proto::ReconnectTo::Redirected)
        .comments(true);
    let mut driver = Driver::connecting(config);
    let now = driver.now();
    let head = stream().redirected_to("http://SECRET/");
    driver.session.handle_response(now, head.retry_after(b"SECRET"));
    driver.session.handle_chunk(now, ": SECRET\ndata: SECRET\nid: SECRET\nevent: SECRET\n\n");
    driver.session.handle_chunk(now, "data: SECRET");
    driver.session.commit("SECRET");
    let printed = |driver: &Driver| {
        let (session, snapshot) = (&driver.session, driver.session.snapshot());
        let printed = format!("{session:?}{session:#?}{:?}{snapshot:?}", session.config());
        assert!(printed.contains("Session"));
        assert!(!printed.to_lowercase().contains("secret"), "{printed}");
    };
    printed(&driver);
    assert!(driver.drain().len() > 2);
    printed(&driver);
    driver.end();
    printed(&driver);
    driver.close();
    printed(&driver);
}

#[test]
fn every_end_says_what_happened_in_one_clause() {
    let limit = Duration::from_secs(60);
    let lost = |give_up| Closed::Lost { cause: Cause::Transport, give_up };
    let ends = [
        (Closed::ByUser, "closed"),
        (Closed::NoContent, "204"),
        (Closed::Sentinel, "complete"),
        (Closed::EndOfStream, "ended"),
        (Closed::InvalidRequest, "request could not be made"),
        (Closed::Refused(Refusal::Status(404)), "404"),
        (Closed::Refused(Refusal::ContentType), "content type"),
        (lost(GiveUp::NoRetry), "connection failed"),
        (lost(GiveUp::Retries { limit: 3 }), "limit of 3 retries"),
        (lost(GiveUp::Elapsed { limit }), "limit of 60s"),
        (lost(GiveUp::ServerWait { wait: limit * 2, limit }), "120s, above the limit of 60s"),
    ];
    for (why, part) in ends {
        let text = why.to_string();
        assert!(text.contains(part), "{text:?} says {part:?}");
        assert!(!text.ends_with('.') && !text.contains('\n'), "{text:?}");
        assert!(text.starts_with(char::is_lowercase), "{text:?}");
        let clean = ends[..4].iter().any(|(end, _)| discriminant(end) == discriminant(&why));
        assert_eq!(why.is_clean(), clean, "{text:?}");
    }
}

#[test]
fn asking_again_changes_nothing() {
    let mut driver = Driver::connecting(config());
    for _ in 0..3 {
        assert_eq!(driver.drain(), NOTHING);
        assert_eq!(driver.deadline(), Some(Duration::from_secs(30)));
    }
    driver.respond(status(403));
    for _ in 0..3 {
        assert!(matches!(driver.session.poll_output(), Output::Closed(Closed::Refused(_))));
    }
}

/// A policy that retries until a response is accepted.
fn until_open(config: Config) -> Config {
    config.retry(super::policy().until_open(true))
}

#[test]
fn what_is_retried_until_it_opens_is_one_shot_from_there() {
    let mut driver = Driver::connecting(until_open(done()));
    assert_eq!(driver.fail(), ["lost: the connection failed, 1s"]);
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
    assert_eq!(driver.respond(status(503)), ["lost: the server answered with status 503, 2s"]);
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
    assert_eq!(driver.respond(stream()), ["open"]);
    driver.chunk("id: 1\ndata: 1\n\n");
    driver.end();
    let cause = Cause::MissingSentinel;
    let why = Closed::Lost { cause, give_up: GiveUp::NoRetry };
    assert_eq!(driver.session.closed(), Some(why));
}

#[test]
fn what_is_retried_until_it_opens_ends_with_its_body() {
    let mut driver = Driver::open(until_open(config()));
    assert_eq!(driver.chunk("data: 1\n\n"), ["message: 1"]);
    assert_eq!(driver.end(), ["closed: the stream ended"]);
    assert_eq!(driver.session.closed(), Some(Closed::EndOfStream));
    assert_eq!(driver.session.stats().losses, 0);
}

#[test]
fn a_restart_of_what_was_open_is_not_retried() {
    let mut driver = Driver::open(until_open(config()));
    driver.restart();
    driver.fail();
    let why = Closed::Lost { cause: Cause::Transport, give_up: GiveUp::NoRetry };
    assert_eq!(driver.session.closed(), Some(why));
}

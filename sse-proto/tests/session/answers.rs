//! What the head of a response means: open, over, worth another attempt, or refused.

use core::time::Duration;

use sse_proto::{
    Cause, Closed, Config, GiveUp, ReadyState, ReconnectTo, Refusal, ResponseHead, RetryPolicy,
};

use super::driver::{Driver, status, stream};
use super::{config, one_shot, policy};

/// The statuses that the default policy retries.
const RETRIED: [u16; 5] = [429, 500, 502, 503, 504];

fn closed(driver: &Driver) -> Closed {
    driver.session.closed().expect("a session that is over")
}

#[test]
fn a_200_with_an_event_stream_opens() {
    let mut driver = Driver::new(config());
    assert_eq!(driver.session.ready_state(), ReadyState::Connecting);
    assert_eq!(driver.drain(), ["connect"]);
    assert_eq!(driver.session.ready_state(), ReadyState::Connecting);
    assert_eq!(driver.respond(stream()), ["open"]);
    assert_eq!(driver.session.ready_state(), ReadyState::Open);
    assert_eq!(driver.chunk("data: Hello\n\n"), ["message: Hello"]);
}

#[test]
fn parameters_and_case_of_the_content_type_do_not_matter() {
    let types: [&[u8]; 8] = [
        b"text/event-stream;charset=utf-8",
        b"text/event-stream ; charset=utf-8",
        b"Text/Event-STREAM; boundary=x",
        b"text/event-stream;",
        b"  text/event-stream\t",
        b"text/event-stream; charset=ISO-8859-1",
        b"text/plain, text/event-stream",
        b"text/event-stream; x=\"a, text/plain\"",
    ];
    for content_type in types {
        let mut driver = Driver::connecting(config());
        let lines = driver.respond(ResponseHead::new(200).content_type(content_type));
        assert_eq!(lines, ["open"], "{}", String::from_utf8_lossy(content_type));
    }
}

#[test]
fn of_several_content_types_the_last_one_counts_but_none_that_is_no_type_or_any() {
    for content_type in [
        "text/plain, text/event-stream",
        "text/event-stream, */*",
        "text/event-stream, nonsense,",
        "text/plain; a=\"x\", text/event-stream",
        "text/plain; a=\"\\\"\", text/event-stream",
        "text/event-stream, nonsense/",
        "text/event-stream, /nonsense",
        "text/event-stream, text/nonsense of words",
        "text/event-stream, text/non/sense",
    ] {
        let mut driver = Driver::connecting(config());
        let lines = driver.respond(ResponseHead::new(200).content_type(content_type.as_bytes()));
        assert_eq!(lines, ["open"], "{content_type}");
    }
    for content_type in [
        "text/event-stream, text/plain",
        "*/*",
        "nonsense",
        "text/plain;a=\"x, text/event-stream\"",
        "text/plain;a=\"\\\", text/event-stream\"",
        "text/plain;a=\\, text/html",
    ] {
        let mut driver = Driver::connecting(config());
        driver.respond(ResponseHead::new(200).content_type(content_type.as_bytes()));
        assert_eq!(closed(&driver), Closed::Refused(Refusal::ContentType), "{content_type}");
    }
}

#[test]
fn another_content_type_is_refused() {
    let types: [&[u8]; 9] = [
        b"",
        b"text/plain",
        b"text/event-streams",
        b"text/event",
        b"text/event-stream foo",
        b"text/event-stream+json",
        b"text/event-stream, text/plain",
        b"text/plain; x=text/event-stream",
        b"text/event-stream\xff",
    ];
    for content_type in types {
        let mut driver = Driver::connecting(config());
        let lines = driver.respond(ResponseHead::new(200).content_type(content_type));
        let name = String::from_utf8_lossy(content_type);
        assert_eq!(lines.len(), 1, "{name}");
        assert_eq!(closed(&driver), Closed::Refused(Refusal::ContentType), "{name}");
    }
    let mut driver = Driver::connecting(config());
    driver.respond(ResponseHead::new(200));
    assert_eq!(closed(&driver), Closed::Refused(Refusal::ContentType), "none at all");
}

#[test]
fn a_body_that_is_still_encoded_is_refused() {
    let answer = |encoding: &'static [u8]| {
        let mut driver = Driver::connecting(config());
        let head = ResponseHead::new(200).content_type(b"text/event-stream");
        driver.respond(head.content_encoding(encoding));
        driver.session.closed()
    };
    for encoding in [&b""[..], b"identity", b" Identity , identity", b","] {
        assert_eq!(answer(encoding), None, "{}", encoding.escape_ascii());
    }
    for encoding in [&b"gzip"[..], b"identity, br", b"x-theirs", b"\xFF"] {
        let refused = Some(Closed::Refused(Refusal::ContentEncoding));
        assert_eq!(answer(encoding), refused, "{}", encoding.escape_ascii());
    }
}

#[test]
fn the_accepted_content_types_can_be_set() {
    const TYPES: [&str; 2] = ["application/x-sse", "text/plain; charset=utf-8"];
    let opens = |content_type: &'static [u8]| {
        let mut driver = Driver::connecting(config().accept(TYPES));
        driver.respond(ResponseHead::new(200).content_type(content_type));
        driver.session.ready_state() == ReadyState::Open
    };
    assert!(opens(b"application/X-SSE; charset=utf-8"));
    assert!(opens(b"text/plain"));
    assert!(!opens(b"text/event-stream"));
    assert!(!opens(b"text/html"));
    let mut driver = Driver::connecting(config().accept(["nonsense"]));
    driver.respond(ResponseHead::new(200));
    assert_eq!(closed(&driver), Closed::Refused(Refusal::ContentType));
}

#[test]
fn a_204_closes_for_good_and_is_no_error() {
    let mut driver = Driver::connecting(config());
    let line = "closed: the server answered with status 204: no content";
    assert_eq!(driver.respond(status(204)), [line]);
    assert!(closed(&driver).is_clean());
    driver.session.restart();
    assert_eq!(driver.wait(Duration::from_secs(3600)), [line], "no retry after 204");
    assert_eq!(driver.session.stats().attempts, 1);
}

#[test]
fn a_204_at_a_reconnection_closes_for_good() {
    let mut driver = Driver::open(config());
    driver.end();
    driver.wait_for_deadline();
    driver.respond(status(204));
    assert_eq!(closed(&driver), Closed::NoContent);
}

#[test]
fn a_204_closes_even_where_the_policy_retries_it() {
    let policy = policy().statuses(vec![200, 204]);
    let mut driver = Driver::connecting(Config::default().retry(policy));
    driver.respond(status(204));
    assert_eq!(closed(&driver), Closed::NoContent);
}

#[test]
fn the_default_statuses_are_retried_after_the_backoff() {
    for code in RETRIED {
        let mut driver = Driver::connecting(config());
        let lost = format!("lost: the server answered with status {code}, 1s");
        assert_eq!(driver.respond(status(code)), [lost]);
        assert_eq!(driver.wait_for_deadline(), ["connect"]);
        assert_eq!(driver.attempt.last_loss, Some(Cause::Status(code)));
        let lost = format!("lost: the server answered with status {code}, 2s");
        assert_eq!(driver.respond(status(code)), [lost]);
    }
}

#[test]
fn any_other_status_is_refused() {
    for code in (0..1000).filter(|code| !RETRIED.contains(code) && ![200, 204].contains(code)) {
        let mut driver = Driver::connecting(config());
        let line = format!("closed: the server answered with status {code}");
        assert_eq!(driver.respond(status(code)), [line]);
        assert_eq!(closed(&driver), Closed::Refused(Refusal::Status(code)));
        assert!(!closed(&driver).is_clean());
    }
}

#[test]
fn a_user_can_add_a_status_to_come_back_with_a_fresh_token() {
    let policy = policy().statuses(vec![401]);
    let mut driver = Driver::connecting(Config::default().retry(policy));
    assert_eq!(driver.respond(status(401)), ["lost: the server answered with status 401, 1s"]);
    assert_eq!(driver.wait_for_deadline(), ["connect"]);
    assert_eq!(driver.attempt.last_loss, Some(Cause::Status(401)));
    driver.respond(status(503));
    assert_eq!(closed(&driver), Closed::Refused(Refusal::Status(503)), "not in the list any more");
}

#[test]
fn a_status_that_would_be_retried_is_terminal_where_no_retry_is_allowed() {
    let mut driver = Driver::connecting(one_shot());
    let lost = "lost: the server answered with status 503";
    let closed_line = "closed: the server answered with status 503";
    assert_eq!(driver.respond(status(503).retry_after(b"1")), [lost, closed_line]);
    let cause = Cause::Status(503);
    assert_eq!(closed(&driver), Closed::Lost { cause, give_up: GiveUp::NoRetry });
}

#[test]
fn the_browsers_policy_refuses_every_status() {
    for code in RETRIED {
        let mut driver = Driver::connecting(Config::default().retry(RetryPolicy::standard()));
        driver.respond(status(code));
        assert_eq!(closed(&driver), Closed::Refused(Refusal::Status(code)));
    }
}

#[test]
fn the_redirected_address_is_kept_where_the_standard_is_followed() {
    let mut driver = Driver::connecting(config().reconnect_to(ReconnectTo::Redirected));
    assert_eq!(driver.attempt.address, None);
    driver.respond(stream().redirected_to("http://b/"));
    for to in ["http://b/", "http://c/"] {
        driver.end();
        driver.wait_for_deadline();
        assert_eq!(driver.attempt.address.as_deref(), Some(to));
        driver.respond(stream().redirected_to("http://c/"));
    }
    driver.restart();
    assert_eq!(driver.attempt.address.as_deref(), Some("http://c/"));
}

#[test]
fn a_reconnection_goes_to_the_users_address_by_default() {
    let mut driver = Driver::connecting(config());
    driver.respond(stream().redirected_to("http://b/"));
    driver.end();
    driver.wait_for_deadline();
    assert_eq!(driver.attempt.address, None);
}

#[test]
fn only_a_redirect_to_a_stream_moves_the_address() {
    let mut driver = Driver::connecting(config().reconnect_to(ReconnectTo::Redirected));
    driver.respond(status(503).redirected_to("http://down/"));
    driver.wait_for_deadline();
    assert_eq!(driver.attempt.address, None);
    driver.respond(stream());
    driver.session.handle_response(driver.now(), stream().redirected_to("http://late/"));
    driver.end();
    driver.wait_for_deadline();
    assert_eq!(driver.attempt.address, None, "a head that nothing waited for");
}

/// The wait after a 503 with this head.
fn wait_after(head: ResponseHead<'static>) -> Duration {
    let mut driver = Driver::connecting(config());
    driver.respond(head);
    driver.deadline().expect("a wait")
}

#[test]
fn retry_after_in_seconds_lengthens_the_wait() {
    let second = Duration::from_secs(1);
    assert_eq!(wait_after(status(503)), second);
    assert_eq!(wait_after(status(503).retry_after(b"120")), Duration::from_secs(120) + second);
    assert_eq!(wait_after(status(429).retry_after(b"0")), second);
    assert_eq!(wait_after(status(503).retry_after(b" 007 ")), Duration::from_secs(7) + second);
}

#[test]
fn a_retry_after_that_is_none_leaves_the_backoff() {
    let values: [&[u8]; 8] =
        [b"", b"-1", b"+5", b"1.5", b"5 s", b"soon", "５".as_bytes(), b"\xff\xfe"];
    for value in values {
        let wait = wait_after(status(503).retry_after(value));
        assert_eq!(wait, Duration::from_secs(1), "{}", String::from_utf8_lossy(value));
    }
}

#[cfg(feature = "std")]
#[test]
fn retry_after_as_a_date_counts_from_the_responses_own_date() {
    let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
    let later: [&[u8]; 3] = [
        b"Sun, 06 Nov 1994 08:50:37 GMT",
        b"Sunday, 06-Nov-94 08:50:37 GMT",
        b"Sun Nov  6 08:50:37 1994",
    ];
    for later in later {
        let head = status(503).retry_after(later).date(date);
        assert_eq!(wait_after(head), Duration::from_secs(61));
        // The driver's own clock does not count where there is a date.
        let wrong_clock = head.wall_time(Duration::from_secs(5_000_000_000));
        assert_eq!(wait_after(wrong_clock), Duration::from_secs(61));
    }
}

#[cfg(feature = "std")]
#[test]
fn retry_after_as_a_date_counts_from_the_wall_time_where_there_is_no_date() {
    let head = status(503).retry_after(b"Thu, 01 Jan 1970 00:02:00 GMT");
    assert_eq!(wait_after(head.wall_time(Duration::from_secs(90))), Duration::from_secs(31));
    let head = head.date(b"yesterday").wall_time(Duration::from_secs(90));
    assert_eq!(wait_after(head), Duration::from_secs(31), "a date that is none");
}

#[test]
fn retry_after_as_a_date_is_nothing_without_a_clock_and_nothing_in_the_past() {
    let head = status(503).retry_after(b"Thu, 01 Jan 1970 00:02:00 GMT");
    assert_eq!(wait_after(head), Duration::from_secs(1), "no clock");
    let head = head.date(b"Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(wait_after(head), Duration::from_secs(1), "in the past");
}

#[test]
fn retry_after_counts_once() {
    let mut driver = Driver::connecting(config());
    driver.respond(status(503).retry_after(b"100"));
    assert_eq!(driver.deadline(), Some(Duration::from_secs(101)));
    driver.wait_for_deadline();
    driver.respond(status(503));
    assert_eq!(driver.deadline(), Some(Duration::from_secs(2)), "the next answer says nothing");
}

#[test]
fn a_head_that_nothing_waits_for_is_ignored() {
    let mut driver = Driver::open(config());
    assert!(driver.respond(status(404)).is_empty());
    assert_eq!(driver.chunk("data: 1\n\n"), ["message: 1"]);
    driver.end();
    assert!(driver.respond(stream()).is_empty());
    assert_eq!(driver.session.ready_state(), ReadyState::Connecting);
}

//! What a response head means, through a session.

use std::borrow::Cow;
use std::time::Duration;

use sse_proto::{
    Cause, Closed, Config, GiveUp, Instant, Output, ReadyState, Redirect, Refusal, ResponseHead,
    RetryPolicy, Session, is_repeatable,
};

const EVENT_STREAM: &str = "text/event-stream";
const RETRIED: [u16; 5] = [429, 500, 502, 503, 504];

/// A head and what it is compared with. An input has a line for each field; an empty line, or none, leaves it out.
#[derive(Debug)]
struct Case<'a> {
    status: u16,
    content_type: Option<&'a [u8]>,
    retry_after: Option<&'a [u8]>,
    date: Option<&'a [u8]>,
    wall_time: Option<Duration>,
    accept: &'a str,
    method: &'a str,
    content_encoding: Option<&'a [u8]>,
}

impl<'a> Case<'a> {
    fn read(input: &'a [u8]) -> Self {
        let mut lines = input.split(|byte| *byte == b'\n');
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let number = |line: &[u8]| std::str::from_utf8(line).ok()?.parse::<u64>().ok();
        let text = |line| std::str::from_utf8(line).ok();
        Self {
            status: line().and_then(number).map_or(200, |status| status as u16),
            content_type: line(),
            retry_after: line(),
            date: line(),
            wall_time: line().and_then(number).map(Duration::from_secs),
            accept: line().and_then(text).unwrap_or(EVENT_STREAM),
            method: line().and_then(text).unwrap_or("GET"),
            content_encoding: line(),
        }
    }

    fn head(&self) -> ResponseHead<'a> {
        let mut head = ResponseHead::from_headers(self.status, |name| match name {
            "content-type" => self.content_type,
            "content-encoding" => self.content_encoding,
            "retry-after" => self.retry_after,
            "date" => self.date,
            _ => None,
        });
        head.wall_time = self.wall_time;
        head
    }

    fn is_accepted(&self) -> bool {
        let media_type = self.content_type.map(media_type).unwrap_or_default();
        let accepted = self::media_type(self.accept.as_bytes());
        !accepted.is_empty() && media_type.eq_ignore_ascii_case(&accepted)
    }

    /// RFC 9110, section 8.4: a list, in which `identity` stands for none.
    fn is_encoded(&self) -> bool {
        let list = self.content_encoding.unwrap_or_default().to_ascii_lowercase();
        list.split(|byte| *byte == b',')
            .any(|coding| !matches!(coding.trim_ascii(), b"" | b"identity"))
    }

    /// RFC 9110, section 10.2.3.
    fn retry_after(&self) -> Option<Duration> {
        let value = std::str::from_utf8(self.retry_after?).ok()?.trim_ascii();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
        }
        let then = date(value)?;
        let now = self.date.and_then(|date| std::str::from_utf8(date).ok()).and_then(date);
        Some(then.saturating_sub(now.or(self.wall_time)?))
    }
}

fn date(value: &str) -> Option<Duration> {
    let time = httpdate::parse_http_date(value.trim_ascii()).ok()?;
    time.duration_since(std::time::UNIX_EPOCH).ok()
}

/// The last media type of a list, without parameters; what is none does not count, nor does the wildcard.
fn media_type(list: &[u8]) -> Vec<u8> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), Vec::new(), false);
    let mut bytes = list.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' if !quoted => parts.push(std::mem::take(&mut part)),
            b'\\' if quoted => part.extend([Some(byte), bytes.next()].into_iter().flatten()),
            _ => part.push(byte),
        }
        quoted ^= byte == b'"';
    }
    parts.push(part);
    for part in &mut parts {
        let end = part.iter().position(|byte| *byte == b';').unwrap_or(part.len());
        *part = part[..end].trim_ascii().to_vec();
    }
    parts.retain(|essence| {
        let token = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),:;<=>?@[\\]{}".contains(byte);
        let slash = essence.iter().position(|byte| *byte == b'/').unwrap_or_default();
        let slashes = essence.iter().filter(|byte| **byte == b'/').count();
        let inside = slash > 0 && slash + 1 < essence.len();
        inside && slashes == 1 && essence.iter().all(token) && essence != b"*/*"
    });
    parts.pop().unwrap_or_default()
}

/// Section 5 of the design: what opens, what ends for good, what is retried and when, for any head.
pub fn response_head(input: &[u8]) {
    let case = Case::read(input);
    let patient = RetryPolicy::default().base(Duration::ZERO).max_server_wait(Duration::MAX);
    let limit = Duration::from_secs(3600);
    for policy in [patient.clone(), patient.max_server_wait(limit), RetryPolicy::standard()] {
        check(&case, policy);
    }
    check_method(case.status, case.method);
    if let Some(header) = case.content_type.and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        let crosses = Redirect::crosses_origins(header);
        assert_eq!(crosses, Redirect::crosses_origins(&header.to_ascii_uppercase()));
        assert!(!crosses || header.is_ascii(), "{header:?}");
    }
}

fn check(case: &Case<'_>, policy: RetryPolicy) {
    let accept: Cow<'static, str> = Cow::Owned(case.accept.to_owned());
    let config = Config::default().retry(policy.clone()).accept(vec![accept]);
    let mut session = Session::new(config, 42, Instant::ORIGIN);
    let Output::Connect(_) = session.poll_output() else { panic!("no first attempt") };
    session.handle_response(Instant::ORIGIN, case.head());

    let refused = |refusal| Closed::Refused(refusal);
    match case.status {
        200 if case.is_accepted() && !case.is_encoded() => return check_open(&mut session),
        200 if case.is_accepted() => {
            check_closed(&mut session, refused(Refusal::ContentEncoding));
        }
        200 => check_closed(&mut session, refused(Refusal::ContentType)),
        204 => check_closed(&mut session, Closed::NoContent),
        status if policy.statuses.contains(&status) => {
            assert!(RETRIED.contains(&status));
            check_lost(&mut session, case, &policy);
        }
        status => check_closed(&mut session, refused(Refusal::Status(status))),
    }
    assert_ne!(session.ready_state(), ReadyState::Open);
    assert_eq!(session.stats().opens, 0);
}

fn check_open(session: &mut Session) {
    assert!(matches!(session.poll_output(), Output::Opened));
    assert_eq!(session.ready_state(), ReadyState::Open);
    session.handle_chunk(Instant::ORIGIN, "data\n\n");
    assert!(matches!(session.poll_output(), Output::Event(_)));
    assert!(matches!(session.poll_output(), Output::Wait(None)));
}

fn check_closed(session: &mut Session, expected: Closed) {
    assert!(matches!(session.poll_output(), Output::Closed(why) if why == expected));
    assert_eq!(session.closed(), Some(expected));
    let head = ResponseHead::new(200).content_type(EVENT_STREAM.as_bytes());
    session.handle_response(Instant::ORIGIN, head);
    session.restart();
    assert!(matches!(session.poll_output(), Output::Closed(why) if why == expected));
}

/// With a base of zero nothing is left to chance: the wait is what the server asks for.
fn check_lost(session: &mut Session, case: &Case<'_>, policy: &RetryPolicy) {
    let wait = case.retry_after().unwrap_or_default();
    let limit = policy.max_server_wait;
    let expected = (wait <= limit).then_some(wait);
    let Output::Lost(lost) = session.poll_output() else { panic!("no loss: {case:?}") };
    assert_eq!(lost.cause, Cause::Status(case.status));
    assert_eq!(lost.retry_in, expected, "{case:?}");
    match session.poll_output() {
        Output::Wait(until) => assert_eq!(until, expected.map(Instant::from_origin)),
        Output::Closed(why) => {
            let give_up = GiveUp::ServerWait { wait, limit };
            assert_eq!(why, Closed::Lost { cause: lost.cause, give_up });
        }
        other => panic!("neither a wait nor the end: {other:?}"),
    }
}

fn check_method(status: u16, method: &str) {
    let redirect = Redirect::of(status, method);
    assert_eq!(redirect.is_some(), matches!(status, 301 | 302 | 303 | 307 | 308));
    if redirect == Some(Redirect::Get) {
        assert!(status < 304 && method != "GET" && method != "HEAD");
    }
    assert!(!is_repeatable(method) || method.bytes().all(|byte| byte.is_ascii_uppercase()));
    assert!(!is_repeatable(method) || !matches!(method, "POST" | "PATCH" | "CONNECT"));
}

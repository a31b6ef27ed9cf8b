//! Each setter sets its field and leaves the others alone.

use core::time::Duration;

use sse_proto::{Commit, Config, Limits, ReconnectTo, ResponseHead, RetryPolicy, Sentinel};

const TIME: Duration = Duration::from_secs(7);

#[test]
fn of_a_retry_policy() {
    type Change = fn(&mut RetryPolicy);
    let checks: [(RetryPolicy, Change); 13] = [
        (RetryPolicy::never().reconnection_time(TIME), |policy| policy.reconnection_time = TIME),
        (RetryPolicy::never().base(TIME), |policy| policy.base = TIME),
        (RetryPolicy::never().factor(3.0), |policy| policy.factor = 3.0),
        (RetryPolicy::never().cap(TIME), |policy| policy.cap = TIME),
        (RetryPolicy::never().floor(TIME), |policy| policy.floor = TIME),
        (RetryPolicy::never().jitter(0.5), |policy| policy.jitter = 0.5),
        (RetryPolicy::never().healthy_after(TIME), |policy| policy.healthy_after = TIME),
        (RetryPolicy::never().max_retries(Some(7)), |policy| policy.max_retries = Some(7)),
        (RetryPolicy::never().until_open(true), |policy| policy.until_open = true),
        (RetryPolicy::never().max_elapsed(Some(TIME)), |policy| policy.max_elapsed = Some(TIME)),
        (RetryPolicy::never().max_server_wait(TIME), |policy| policy.max_server_wait = TIME),
        (RetryPolicy::never().statuses(vec![401]), |policy| policy.statuses = vec![401].into()),
        (RetryPolicy::never().also_statuses([401]), |policy| policy.statuses.to_mut().push(401)),
    ];
    for (number, (set, change)) in checks.into_iter().enumerate() {
        let mut expected = RetryPolicy::never();
        change(&mut expected);
        assert_eq!(set, expected, "{number}");
        assert_ne!(set, RetryPolicy::never(), "{number}");
        assert_ne!(set, RetryPolicy::default(), "{number}");
    }
}

/// A configuration without a default in it.
fn config() -> Config {
    let config = Config::default()
        .retry(RetryPolicy::never())
        .limits(Limits::default().event_bytes(1))
        .connect_timeout(None)
        .first_byte_timeout(Some(TIME))
        .idle_timeout(Some(TIME))
        .late_after(Some(TIME))
        .accept(["text/plain"])
        .sentinel(Some(Sentinel::Data("x".into())))
        .commit(Commit::Manual)
        .reconnect_to(ReconnectTo::Redirected)
        .skip_empty(true)
        .comments(true)
        .reconnection_time(Some(TIME));
    config.last_event_id("7").expect("an id")
}

#[test]
fn of_a_configuration() {
    let checks: [fn(Config) -> Config; 14] = [
        |config| config.retry(RetryPolicy::default()),
        |config| config.limits(Limits::default()),
        |config| config.connect_timeout(Some(TIME)),
        |config| config.first_byte_timeout(None),
        |config| config.idle_timeout(None),
        |config| config.late_after(None),
        |config| config.accept(["text/html"]),
        |config| config.sentinel(None),
        |config| config.commit(Commit::Auto),
        |config| config.reconnect_to(ReconnectTo::Original),
        |config| config.skip_empty(false),
        |config| config.comments(false),
        |config| config.reconnection_time(None),
        |config| config.last_event_id("8").expect("an id"),
    ];
    let fields = |config: &Config| -> Vec<String> {
        vec![
            format!("{:?}", config.retry),
            format!("{:?}", config.limits),
            format!("{:?}", config.connect_timeout),
            format!("{:?}", config.first_byte_timeout),
            format!("{:?}", config.idle_timeout),
            format!("{:?}", config.late_after),
            format!("{:?}", config.accept),
            format!("{:?}", config.sentinel),
            format!("{:?}", config.commit),
            format!("{:?}", config.reconnect_to),
            format!("{:?}", config.skip_empty),
            format!("{:?}", config.comments),
            format!("{:?}", config.reconnection_time),
            format!("{:?}", config.last_event_id),
        ]
    };
    let before = fields(&config());
    for (number, set) in checks.into_iter().enumerate() {
        let after = fields(&set(config()));
        for field in 0..before.len() {
            assert_eq!(before[field] == after[field], field != number, "{number}, {field}");
        }
    }
}

#[test]
fn of_a_response_head() {
    let head = ResponseHead::new(200)
        .content_type(b"a")
        .content_encoding(b"e")
        .retry_after(b"b")
        .date(b"c")
        .wall_time(TIME)
        .redirected_to("d");
    assert_eq!((head.status, head.content_type), (200, Some(&b"a"[..])));
    assert_eq!((head.content_encoding, head.retry_after), (Some(&b"e"[..]), Some(&b"b"[..])));
    assert_eq!(
        (head.date, head.wall_time, head.redirected_to),
        (Some(&b"c"[..]), Some(TIME), Some("d"))
    );
}

#[test]
fn a_response_head_is_read_from_headers() {
    let head = ResponseHead::from_headers(503, |name| match name {
        "content-type" => Some(&b"a"[..]),
        "content-encoding" => Some(&b"e"[..]),
        "retry-after" => Some(&b"b"[..]),
        "date" => Some(&b"c"[..]),
        _ => None,
    });
    assert_eq!((head.status, head.content_type), (503, Some(&b"a"[..])));
    assert_eq!(head.content_encoding, Some(&b"e"[..]));
    assert_eq!((head.retry_after, head.date), (Some(&b"b"[..]), Some(&b"c"[..])));
    assert_eq!((head.wall_time, head.redirected_to), (None, None));
}

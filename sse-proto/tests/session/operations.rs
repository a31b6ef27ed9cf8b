//! Anything may be told to a session, in any order and at any time: the rules hold all the same.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner;
use sse_proto::{
    Attempt, Cause, Closed, Commit, Config, GiveUp, Instant, Limits, Lost, Output, ReadyState,
    RetryPolicy, Sentinel, Session,
};

use super::backoff::{is_within, span};
use super::driver::{line, status, stream};

const SECOND: Duration = Duration::from_secs(1);
/// What may come out without a byte that went in: open, late, lost, connect, closed, wait.
const FEW: usize = 8;

const CHUNKS: [&str; 16] = [
    "",
    "d",
    "\r",
    "\n",
    "\n\n",
    "data: x\n\n",
    "data\n\n",
    "id: 1\n",
    "id: 2\n\n",
    "id: \u{1}\ndata: y\n\n",
    "data: far too long\n\n",
    "retry: 700\n",
    "retry: 99999999999999999999\n",
    ": c\n",
    "data: [DONE]\n\n",
    "\u{feff}event: e\ndata: cut",
];

const TIMES: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_millis(700),
    SECOND,
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(3_000_000_000),
    Duration::MAX,
];

#[derive(Clone, Copy, Debug)]
enum Operation {
    Request,
    Respond(u16, Option<u8>),
    Chunk(&'static str),
    Eof,
    Error,
    InvalidRequest,
    Timeout,
    Restart,
    Close,
    Commit(&'static str),
    SetId(&'static str),
    ReportComments(bool),
    Poll,
    Drain,
}

impl Operation {
    const fn tells_time(self) -> bool {
        use Operation::{Chunk, Eof, Error, InvalidRequest, Request, Respond, Timeout};
        matches!(self, Request | Respond(..) | Chunk(_) | Eof | Error | InvalidRequest | Timeout)
    }
}

#[derive(Clone, Copy, Debug)]
enum When {
    Still,
    Later(Duration),
    /// As late as the session wants it.
    InTime,
    Back(Duration),
}

fn operation() -> impl Strategy<Value = Operation> {
    let id = || select(vec!["", "1", "é", "a\n", "\u{1}"]);
    prop_oneof![
        1 => Just(Operation::Request),
        6 => Just(Operation::Respond(200, None)),
        2 => (select(vec![204, 403, 503, 503, 503]), proptest::option::of(0..9_u8))
            .prop_map(|(status, after)| Operation::Respond(status, after)),
        8 => select(&CHUNKS[..]).prop_map(Operation::Chunk),
        3 => Just(Operation::Eof),
        3 => Just(Operation::Error),
        1 => Just(Operation::InvalidRequest),
        6 => Just(Operation::Timeout),
        1 => Just(Operation::Restart),
        1 => Just(Operation::Close),
        1 => id().prop_map(Operation::Commit),
        1 => id().prop_map(Operation::SetId),
        1 => any::<bool>().prop_map(Operation::ReportComments),
        3 => Just(Operation::Poll),
        10 => Just(Operation::Drain),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        3 => Just(When::Still),
        4 => Just(When::InTime),
        3 => select(&TIMES[..]).prop_map(When::Later),
        1 => select(&TIMES[..]).prop_map(When::Back),
    ]
}

fn policy() -> impl Strategy<Value = RetryPolicy> {
    let limits = (
        select(vec![None, None, Some(0), Some(1), Some(3)]),
        select(vec![None, None, Some(SECOND * 20)]),
        select(vec![SECOND * 6, Duration::MAX]),
        proptest::bool::weighted(0.2),
    );
    let numbers = (
        select(vec![Duration::ZERO, SECOND]),
        select(vec![2.0, 1.0, f64::NAN, -1.0]),
        select(vec![1.0, 0.0, 0.5]),
        select(vec![Duration::ZERO, SECOND * 2]),
    );
    (limits, numbers).prop_map(
        |((retries, elapsed, server_wait, until_open), (base, factor, jitter, floor))| {
            RetryPolicy::default()
                .max_retries(retries)
                .max_elapsed(elapsed)
                .max_server_wait(server_wait)
                .until_open(until_open)
                .base(base)
                .factor(factor)
                .jitter(jitter)
                .floor(floor)
        },
    )
}

fn config() -> impl Strategy<Value = Config> {
    let clock = || select(vec![None, Some(SECOND), Some(SECOND * 5)]);
    let sentinel = select(vec![None, None, Some("[DONE]"), Some("e")]);
    (policy(), clock(), clock(), clock(), clock(), sentinel, any::<[bool; 3]>()).prop_map(
        |(policy, connect, first, idle, late, sentinel, [manual, skip, comments])| {
            let sentinel = sentinel.map(|name| match name {
                "e" => Sentinel::EventType(name.into()),
                _ => Sentinel::Data(name.into()),
            });
            Config::default()
                .retry(policy)
                .limits(Limits::default().event_bytes(8))
                .connect_timeout(connect)
                .first_byte_timeout(first)
                .idle_timeout(idle)
                .late_after(late)
                .sentinel(sentinel)
                .commit(if manual { Commit::Manual } else { Commit::Auto })
                .skip_empty(skip)
                .comments(comments)
        },
    )
}

/// A session under watch: what comes out is compared with what went in.
struct Watch {
    session: Session,
    policy: RetryPolicy,
    now: Instant,
    /// What the session knows of it.
    told: Instant,
    lines: Vec<String>,
    /// When the request was sent that nothing has answered or ended yet.
    connecting: Option<Instant>,
    /// When a request was lost, until the loss has come out.
    lost_at: Option<Instant>,
    /// The latest time-out since the last loss.
    timeout: Option<Instant>,
    /// What the last answer with a status that is retried asked for.
    retry_after: Option<Duration>,
    /// The wait after a loss, the wish in it, and when it ends.
    waiting: Option<(Duration, Duration, Instant)>,
    over: Option<Closed>,
    only_closed: bool,
    restarted: bool,
    bytes: usize,
}

impl Watch {
    fn new(config: Config, seed: u64) -> Self {
        Self {
            policy: config.retry.clone().expect("every configuration here has one"),
            session: Session::new(config, seed, Instant::ORIGIN),
            now: Instant::ORIGIN,
            told: Instant::ORIGIN,
            lines: Vec::new(),
            connecting: None,
            lost_at: None,
            timeout: None,
            retry_after: None,
            waiting: None,
            over: None,
            only_closed: false,
            restarted: false,
            bytes: 0,
        }
    }

    fn tell(&mut self, when: When, operation: Operation) {
        self.now = match when {
            When::Still => self.now,
            When::Later(time) => self.now + time,
            When::InTime => self.drain().unwrap_or(self.now).max(self.now),
            When::Back(time) => Instant::from_origin(self.now.since_origin().saturating_sub(time)),
        };
        let now = self.now;
        match operation {
            Operation::Request => self.session.handle_request(now),
            Operation::Respond(code, after) => self.respond(code, after),
            Operation::Chunk(chunk) => {
                self.bytes += chunk.len();
                self.session.handle_chunk(now, chunk);
            }
            Operation::Eof => self.session.handle_eof(now),
            Operation::Error => self.session.handle_error(now),
            Operation::InvalidRequest => self.session.handle_invalid_request(now),
            Operation::Timeout => self.session.handle_timeout(now),
            Operation::Restart => self.session.restart(),
            Operation::Close => self.session.close(),
            Operation::Commit(id) => self.session.commit(id),
            Operation::SetId(id) => {
                let fits = self.session.set_last_event_id(id).is_ok();
                assert_eq!(fits, !id.contains(char::is_control));
            }
            Operation::ReportComments(report) => self.session.set_report_comments(report),
            Operation::Poll => drop(self.poll()),
            Operation::Drain => drop(self.drain()),
        }
        if operation.tells_time() {
            self.told = now;
        }
        self.note(operation);
    }

    fn respond(&mut self, code: u16, after: Option<u8>) {
        let text = after.map(|seconds| seconds.to_string());
        let head = if code == 200 { stream() } else { status(code) };
        let head = match &text {
            Some(text) => head.retry_after(text.as_bytes()),
            None => head,
        };
        self.session.handle_response(self.now, head);
        if self.connecting.is_some() {
            self.retry_after = after.map(|seconds| Duration::from_secs(seconds.into()));
            let state = self.session.ready_state();
            assert_eq!(state == ReadyState::Open, code == 200);
            assert_eq!(self.session.closed() == Some(Closed::NoContent), code == 204);
        }
    }

    /// What the operation allows from now on.
    fn note(&mut self, operation: Operation) {
        let has_ended = self.session.closed().is_some();
        match operation {
            Operation::Request => self.connecting = self.connecting.map(|_| self.now),
            Operation::Respond(200, _) => self.connecting = None,
            Operation::Respond(..) | Operation::Eof | Operation::Error => self.lose_request(),
            Operation::InvalidRequest => {
                assert!(self.connecting.is_none() || has_ended);
                self.connecting = None;
            }
            Operation::Timeout => {
                let limit = self.session.config().connect_timeout;
                let over = |since: Instant| limit.is_some_and(|limit| self.now >= since + limit);
                if self.connecting.is_some_and(over) {
                    self.lose_request();
                } else {
                    self.timeout = self.timeout.max(Some(self.now));
                }
            }
            Operation::Restart if !has_ended => {
                (self.connecting, self.lost_at, self.waiting) = (None, None, None);
                self.restarted = true;
            }
            Operation::Close => {
                assert!(has_ended);
                (self.connecting, self.only_closed) = (None, true);
            }
            _ => {}
        }
        if let Some(over) = self.over {
            assert_eq!(self.session.closed(), Some(over), "the end is the end");
        }
        self.over = self.session.closed();
        if self.over == Some(Closed::NoContent) {
            self.only_closed = true;
        }
    }

    /// One output; `Some` when there is nothing more until the deadline, or for ever.
    fn poll(&mut self) -> Option<Option<Instant>> {
        let output = self.session.poll_output();
        self.lines.extend(line(&output));
        if self.only_closed {
            assert!(matches!(output, Output::Closed(_)), "after the end: {output:?}");
        }
        if self.restarted {
            assert!(matches!(output, Output::Connect(_) | Output::Closed(_)), "{output:?}");
            self.restarted = false;
        }
        match output {
            Output::Connect(attempt) => self.on_connect(&attempt),
            Output::Lost(lost) => self.on_lost(lost),
            Output::Wait(deadline) => return Some(deadline),
            Output::Closed(why) => {
                assert_eq!(self.session.closed(), Some(why));
                self.only_closed = true;
                return Some(None);
            }
            _ => {}
        }
        None
    }

    fn on_connect(&mut self, attempt: &Attempt) {
        assert_eq!(self.connecting, None, "a second request without an end of the first");
        assert_eq!(attempt.number, self.session.stats().attempts);
        assert!(!attempt.last_event_id.contains(char::is_control));
        if let Some((wait, wish, until)) = self.waiting.take() {
            assert!(self.timeout >= Some(until), "too early: {:?} of {until:?}", self.timeout);
            let span = span(&self.policy, attempt.retries - 1);
            assert!(is_within(wait, wish, span), "{wait:?} of {wish:?} and {span} s");
        }
        self.connecting = Some(self.told);
    }

    fn on_lost(&mut self, lost: Lost) {
        assert_eq!(self.connecting, None, "a loss of a request that nothing ended");
        assert!(self.waiting.is_none(), "two losses of one connection");
        assert_eq!(lost.attempt, self.session.stats().attempts);
        let asked = match lost.cause {
            Cause::Status(_) => self.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let asked = asked.max(self.session.snapshot().reconnection_time.unwrap_or_default());
        let wish = asked.max(self.policy.floor);
        let has_opened = self.session.stats().opens > 0;
        let one_shot = self.policy.is_never() || (self.policy.until_open && has_opened);
        let Some(wait) = lost.retry_in else {
            let Some(Closed::Lost { cause, give_up }) = self.session.closed() else {
                panic!("a loss without a wait is the end");
            };
            assert_eq!(cause, lost.cause);
            assert_eq!(give_up == GiveUp::NoRetry, one_shot, "{give_up:?}");
            if let GiveUp::ServerWait { wait, limit } = give_up {
                assert!(wait == asked && asked > limit, "{wait:?}, asked for {asked:?}");
            }
            return;
        };
        assert!(!one_shot, "another attempt after the only one");
        assert!(asked <= self.policy.max_server_wait);
        assert!(wait >= wish, "{wait:?} undercuts {wish:?}");
        // An open connection is lost when what it brought has come out.
        let since = self.lost_at.take().unwrap_or_else(|| {
            self.timeout = None;
            self.told
        });
        self.waiting = Some((wait, wish, since + wait));
    }

    fn lose_request(&mut self) {
        if self.connecting.take().is_some() {
            self.lost_at = Some(self.told);
            self.timeout = None;
        }
    }

    /// All that is to come out now, and the deadline.
    fn drain(&mut self) -> Option<Instant> {
        let most = self.lines.len() + self.bytes + FEW;
        loop {
            if let Some(deadline) = self.poll() {
                assert_eq!(self.poll(), Some(deadline), "asked again");
                self.over = self.session.closed();
                return deadline;
            }
            assert!(self.lines.len() <= most, "more came out than went in");
        }
    }

    /// Time alone leads on, unless no clock is set.
    fn finish(mut self) -> Vec<String> {
        match self.drain() {
            Some(deadline) => {
                let before = self.lines.len();
                self.tell(When::Later(deadline.saturating_since(self.now)), Operation::Timeout);
                self.drain();
                assert!(self.lines.len() > before, "a deadline at which nothing happens");
            }
            None if self.session.closed().is_some() => {}
            None => {
                let config = self.session.config();
                let unwatched = match self.session.ready_state() {
                    ReadyState::Open => config.idle_timeout.is_none(),
                    _ => config.connect_timeout.is_none(),
                };
                assert!(unwatched, "a clock that is set has no deadline");
            }
        }
        self.lines
    }
}

fn run(config: &Config, seed: u64, operations: &[(When, Operation)]) -> Vec<String> {
    let mut watch = Watch::new(config.clone(), seed);
    for &(when, operation) in operations {
        watch.tell(when, operation);
    }
    watch.finish()
}

proptest! {
    #![proptest_config(test_runner::Config {
        cases: 1000, failure_persistence: None, ..test_runner::Config::default()
    })]

    #[test]
    fn whatever_a_session_is_told_it_keeps_the_rules(
        config in config(), seed in any::<u64>(),
        operations in vec((when(), operation()), 0..60),
    ) {
        let lines = run(&config, seed, &operations);
        prop_assert_eq!(run(&config, seed, &operations), lines, "a function of seed and inputs");
    }
}

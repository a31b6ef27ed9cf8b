//! A session under any order of inputs and times, its twin beside it, and somebody who watches both.

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use sse_proto::{
    Commit, Config, Instant, Limits, Output, ReconnectTo, ResponseHead, RetryPolicy, Sentinel,
    Session,
};

use super::watch::{Said, Watch};

/// What streams are made of.
const PIECES: [&str; 24] = [
    "data: x\n\n",
    "data\n\n",
    "data: ",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "id: 7\n",
    "id: 8\n\n",
    "id\n\n",
    "id: \u{1}\n",
    "id: a\0b\n",
    "id: 0123456789012345678901234567890123456789\n",
    "retry: 0\n",
    "retry: 1500\n",
    "retry: 3600001\n",
    "retry: 99999999999999999999\n",
    ": ping\n",
    "data: [DONE]\n\n",
    "event: message_stop\n",
    "event: other\n",
    "data: 0123456789012345678901234567890123456789\n",
    "\u{feff}",
    "é",
];

const IDS: [&str; 8] = ["", "", "7", "8", "é", "\t", "\u{1}", "line\nend"];

/// A length of time, near the numbers that matter or far from all.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(super) enum Span {
    Zero,
    Millis(u16),
    Seconds(u16),
    Any { seconds: u64, nanos: u32 },
    Longest,
}

impl Span {
    fn duration(self) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Millis(millis) => Duration::from_millis(millis.into()),
            Self::Seconds(seconds) => Duration::from_secs(seconds.into()),
            Self::Any { seconds, nanos } => Duration::new(seconds, nanos % 1_000_000_000),
            Self::Longest => Duration::MAX,
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Policy {
    Default,
    Standard,
    Never,
    Custom {
        times: [Span; 6],
        factor: f64,
        jitter: f64,
        max_retries: Option<u8>,
        max_elapsed: Option<Span>,
    },
}

impl Policy {
    fn build(&self) -> RetryPolicy {
        match self {
            Self::Default => RetryPolicy::default(),
            Self::Standard => RetryPolicy::standard(),
            Self::Never => RetryPolicy::never(),
            Self::Custom { times, factor, jitter, max_retries, max_elapsed } => {
                let [reconnection_time, base, cap, floor, healthy_after, max_server_wait] =
                    times.map(Span::duration);
                RetryPolicy::default()
                    .reconnection_time(reconnection_time)
                    .base(base)
                    .cap(cap)
                    .floor(floor)
                    .healthy_after(healthy_after)
                    .max_server_wait(max_server_wait)
                    .factor(*factor)
                    .jitter(*jitter)
                    .max_retries(max_retries.map(u32::from))
                    .max_elapsed(max_elapsed.map(Span::duration))
            }
        }
    }
}

#[derive(Debug, Arbitrary)]
struct Setup {
    policy: Policy,
    connect_timeout: Option<Span>,
    first_byte_timeout: Option<Span>,
    idle_timeout: Option<Span>,
    late_after: Option<Span>,
    sentinel: Option<bool>,
    small_limits: bool,
    manual: bool,
    redirected: bool,
    skip_empty: bool,
    /// Whether comments are reported, and all else that a byte has room for.
    flags: u8,
    seed: u64,
}

impl Setup {
    fn config(&self) -> Config {
        let span = |span: Option<Span>| span.map(Span::duration);
        let limit = if self.small_limits { 24 } else { 1024 };
        let policy = self.policy.build().until_open(self.flags & 2 != 0);
        let policy = match self.flags >> 2 & 3 {
            0 => policy,
            1 => policy.statuses(vec![]),
            2 => policy.statuses(vec![401, 503]),
            // Those that have a meaning of their own keep it.
            _ => policy.statuses(vec![200, 204, 404]),
        };
        let accept = &["text/event-stream", "text/html"][..1 + usize::from(self.flags >> 4 & 1)];
        let times = [None, Some(Span::Zero), Some(Span::Millis(1500)), Some(Span::Longest)];
        Config::default()
            .retry(policy)
            .accept(accept.iter().copied())
            .reconnection_time(span(times[usize::from(self.flags >> 5 & 3)]))
            .limits(Limits::default().event_bytes(limit).id_bytes(limit))
            .connect_timeout(span(self.connect_timeout))
            .first_byte_timeout(span(self.first_byte_timeout))
            .idle_timeout(span(self.idle_timeout))
            .late_after(span(self.late_after))
            .sentinel(self.sentinel.map(|by_data| match by_data {
                true => Sentinel::Data("[DONE]".into()),
                false => Sentinel::EventType("message_stop".into()),
            }))
            .commit(if self.manual { Commit::Manual } else { Commit::Auto })
            .reconnect_to(match self.redirected {
                true => ReconnectTo::Redirected,
                false => ReconnectTo::Original,
            })
            .skip_empty(self.skip_empty)
            .comments(self.flags & 1 != 0)
    }
}

/// A piece of a body.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let count = input.int_in_range(0..=7)?;
        let pieces: Result<String> = (0..count).map(|_| input.choose(&PIECES).copied()).collect();
        pieces.map(Self)
    }
}

#[derive(Debug)]
pub(super) struct Id(pub(super) &'static str);

impl Id {
    /// Whether a request header can carry it.
    pub(super) fn is_sendable(&self) -> bool {
        !self.0.contains(['\u{1}', '\n'])
    }
}

impl<'a> Arbitrary<'a> for Id {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        input.choose(&IDS).copied().map(Self)
    }
}

/// A response head, plain enough to say what must follow from it.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(super) enum Head {
    Accepted,
    Redirected,
    WrongType,
    NoContent,
    /// 503, and the seconds of `Retry-After`.
    Unavailable(Option<u16>),
    Status(u16),
}

impl Head {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Accepted | Self::Redirected | Self::WrongType => 200,
            Self::NoContent => 204,
            Self::Unavailable(_) => 503,
            Self::Status(status) => status,
        }
    }

    fn tell(self, session: &mut Session, now: Instant) {
        let new = |status| ResponseHead::new(status).content_type(b"text/event-stream");
        let seconds;
        let head = match self {
            Self::Redirected => new(self.status()).redirected_to("http://other.example/"),
            Self::WrongType => new(self.status()).content_type(b"text/html"),
            Self::Unavailable(Some(wait)) => {
                seconds = wait.to_string();
                new(self.status()).retry_after(seconds.as_bytes())
            }
            _ => new(self.status()),
        };
        session.handle_response(now, head);
    }
}

/// What can happen to a session.
#[derive(Debug, Arbitrary)]
pub(super) enum Operation {
    /// The next output is taken.
    Poll,
    /// Outputs are taken until there are no more.
    Drain,
    /// The request goes out.
    Request,
    Response(Head),
    Chunk(Text),
    Eof,
    Error,
    /// Time passes up to the deadline, and the session is told.
    Deadline,
    /// The session is told a time that may not matter to it.
    Timeout,
    Pass(Span),
    /// The clock goes back.
    GoBack(Span),
    Restart,
    Commit(Id),
    SetLastEventId(Id),
    ReportComments(bool),
    /// It is put away and taken up again.
    Resume,
    InvalidRequest,
    Close,
}

/// The session, one with the same seed that is told the same, and what may come out of them.
struct Bench {
    setup: Setup,
    sessions: [Session; 2],
    now: Instant,
    watch: Watch,
}

/// Invariants 8 and 9, under any order of inputs and times.
pub fn session_operations(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(setup) = Setup::arbitrary(&mut input) else { return };
    let mut bench = Bench::new(setup);
    while !input.is_empty() {
        let Ok(operation) = Operation::arbitrary(&mut input) else { break };
        bench.perform(&operation);
    }
    bench.drain();
}

impl Bench {
    fn new(setup: Setup) -> Self {
        let config = setup.config();
        let new = || Session::new(config.clone(), setup.seed, Instant::ORIGIN);
        let sessions = [new(), new()];
        Self {
            sessions,
            now: Instant::ORIGIN,
            watch: Watch::new(config, Instant::ORIGIN, String::new()),
            setup,
        }
    }

    fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::Poll => {
                self.poll();
            }
            Operation::Drain => self.drain(),
            Operation::Pass(span) => self.now = self.now + span.duration(),
            Operation::GoBack(span) => {
                let elapsed = self.now.since_origin().saturating_sub(span.duration());
                self.now = Instant::from_origin(elapsed);
            }
            Operation::Resume => self.resume(),
            Operation::Deadline => {
                self.drain();
                if let Some(deadline) = self.watch.deadline() {
                    self.now = self.now.max(deadline);
                }
                self.tell(&Operation::Timeout);
            }
            _ => self.tell(operation),
        }
    }

    fn tell(&mut self, operation: &Operation) {
        let now = self.now;
        for session in &mut self.sessions {
            match operation {
                Operation::Request => session.handle_request(now),
                Operation::Response(head) => head.tell(session, now),
                Operation::Chunk(text) => session.handle_chunk(now, text.0.clone()),
                Operation::Eof => session.handle_eof(now),
                Operation::Error => session.handle_error(now),
                Operation::InvalidRequest => session.handle_invalid_request(now),
                Operation::Timeout => session.handle_timeout(now),
                Operation::Restart => session.restart(),
                Operation::Close => session.close(),
                Operation::Commit(id) => session.commit(id.0),
                Operation::SetLastEventId(id) => {
                    assert_eq!(session.set_last_event_id(id.0).is_ok(), id.is_sendable());
                }
                Operation::ReportComments(report) => session.set_report_comments(*report),
                other => unreachable!("no input: {other:?}"),
            }
        }
        self.watch.input(operation, now, &self.sessions[0]);
    }

    /// Takes one output of each; what it was if there is no more behind it.
    fn poll(&mut self) -> Option<String> {
        let [session, twin] = &mut self.sessions;
        self.watch.before_output(session);
        let output = session.poll_output();
        let text = format!("{output:?}");
        let last = matches!(output, Output::Wait(_) | Output::Closed(_));
        let said = Said::from(output);
        assert_eq!(text, format!("{:?}", twin.poll_output()), "same seed, same inputs");
        self.watch.output(said, session);
        last.then_some(text)
    }

    fn drain(&mut self) {
        let most = 2 * self.watch.bytes_told() + 8;
        for _ in 0..most {
            if let Some(last) = self.poll() {
                assert_eq!(self.poll(), Some(last), "without an input nothing changes");
                return;
            }
        }
        panic!("no end of outputs after {most}");
    }

    fn resume(&mut self) {
        let snapshot = self.sessions[0].snapshot();
        let (config, seed) = (self.setup.config(), self.setup.seed);
        self.sessions =
            [(); 2].map(|()| Session::resume(config.clone(), seed, self.now, &snapshot));
        for session in &self.sessions {
            assert_eq!(session.snapshot(), snapshot);
        }
        let last_event_id = snapshot.last_event_id.clone();
        self.watch = Watch::new(config.resume(&snapshot), self.now, last_event_id);
    }
}

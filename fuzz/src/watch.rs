//! What may come out of a session, by what went in: invariants 8 and 9, without a second session.

mod outputs;

use std::time::Duration;

use sse_proto::{
    Cause, Closed, Config, Instant, ReadyState, Refusal, RetryPolicy, Session, Snapshot, Stats,
};

use super::reference::{Item, Settings, interpret};
use super::session::{Head, Operation};
pub(super) use outputs::Said;

/// Where the session stands by what it was told, whether or not that was drained.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Due,
    Connecting {
        since: Instant,
    },
    /// `told`: `Opened` came out. `life`: the head, then each chunk.
    Open {
        since: Instant,
        told: bool,
        life: Instant,
        got_byte: bool,
    },
    /// A loss that did not come out yet.
    Lost(Loss),
    Waiting {
        until: Instant,
        /// The latest time-out since the loss.
        timeout: Option<Instant>,
    },
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Loss {
    at: Instant,
    /// Losses in a row before it.
    retries: u32,
    retry_after: Duration,
    was_open: bool,
    timeout: Option<Instant>,
}

/// What was told since the last `Connect`.
#[derive(Debug, Default)]
struct Told {
    status: Option<u16>,
    eof: bool,
    error: bool,
    timeout: bool,
    /// A time-out came after the deadline of silence.
    silent: bool,
    retry_after: Duration,
    /// The body up to its end.
    body: Vec<u8>,
    /// Events that came out of it.
    events: Vec<Item>,
}

impl Told {
    fn is_over(&self) -> bool {
        self.eof || self.error || self.silent
    }
}

pub(super) struct Watch {
    config: Config,
    policy: RetryPolicy,
    place: Place,
    told: Told,
    now: Instant,
    stats: Stats,
    retries: u32,
    first_loss: Instant,
    last_loss: Option<Cause>,
    committed: String,
    closed: Option<Closed>,
    /// `close` was called.
    silenced: bool,
    comments: bool,
    redirected: bool,
    /// A body named a time.
    retry_told: bool,
    /// Before the output at hand.
    snapshot: Snapshot,
    last_wait: Option<Instant>,
}

impl Watch {
    pub(super) fn new(config: Config, now: Instant, committed: String) -> Self {
        Self {
            policy: config.retry.clone().unwrap_or_default(),
            place: Place::Due,
            told: Told::default(),
            now,
            stats: Stats::default(),
            retries: 0,
            first_loss: now,
            last_loss: None,
            committed,
            closed: None,
            silenced: false,
            comments: config.comments,
            redirected: false,
            retry_told: false,
            snapshot: Snapshot::default(),
            last_wait: None,
            config,
        }
    }

    /// What the last `Wait` asked for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.last_wait
    }

    pub(super) fn bytes_told(&self) -> u64 {
        self.stats.bytes
    }

    pub(super) fn input(&mut self, operation: &Operation, now: Instant, session: &Session) {
        match operation {
            Operation::Restart => self.restart(),
            Operation::Close => self.silenced = true,
            Operation::Commit(id) | Operation::SetLastEventId(id) if id.is_sendable() => {
                id.0.clone_into(&mut self.committed);
            }
            Operation::Commit(_) | Operation::SetLastEventId(_) => {}
            Operation::ReportComments(report) => self.comments |= report,
            _ => {
                self.now = now;
                self.note(operation);
            }
        }
        let connecting = matches!(self.place, Place::Connecting { .. });
        self.note_open(session);
        self.note_loss(session);
        self.note_end(session);
        if let (Operation::Response(head), true) = (operation, connecting) {
            self.check_verdict(*head, session);
        }
        self.check_state(session);
    }

    /// What is about a connection that was given up changes nothing.
    fn note(&mut self, operation: &Operation) {
        match (operation, &mut self.place) {
            (Operation::Request, Place::Connecting { since }) => *since = self.now,
            (Operation::Response(head), Place::Connecting { .. }) => {
                self.told.status = Some(head.status());
                let seconds = if let Head::Unavailable(wait) = head { *wait } else { None };
                self.told.retry_after = Duration::from_secs(seconds.unwrap_or_default().into());
            }
            (Operation::Chunk(text), Place::Open { life, got_byte, .. })
                if !text.0.is_empty() && !self.told.is_over() =>
            {
                self.stats.bytes += text.0.len() as u64;
                self.told.body.extend_from_slice(text.0.as_bytes());
                self.retry_told |= text.0.contains("retry");
                (*life, *got_byte) = (self.now, true);
            }
            (Operation::Eof, Place::Connecting { .. } | Place::Open { .. }) => {
                self.told.eof = true;
            }
            (Operation::Error, Place::Connecting { .. } | Place::Open { .. })
            | (Operation::InvalidRequest, Place::Open { .. }) => {
                self.told.error = true;
            }
            (Operation::Timeout, Place::Connecting { .. } | Place::Open { .. }) => {
                self.told.timeout = true;
                self.told.silent |= self.dead_at().is_some_and(|dead| self.now >= dead);
            }
            (
                Operation::Timeout,
                Place::Waiting { timeout, .. } | Place::Lost(Loss { timeout, .. }),
            ) => {
                *timeout = Some(timeout.map_or(self.now, |before| before.max(self.now)));
            }
            _ => {}
        }
    }

    fn restart(&mut self) {
        if self.closed.is_some() {
            return;
        }
        if let Place::Open { since, .. } = self.place {
            self.note_health(since);
        }
        self.place = Place::Due;
    }

    /// Whether nothing is tried again any more.
    fn is_one_shot(&self) -> bool {
        self.policy.is_never() || (self.policy.until_open && self.stats.opens > 0)
    }

    /// A connection was open since then: healthy ones set the losses back.
    fn note_health(&mut self, since: Instant) {
        if self.now.saturating_since(since) >= self.policy.healthy_after {
            self.retries = 0;
        }
    }

    fn note_open(&mut self, session: &Session) {
        if session.stats().opens == self.stats.opens {
            return;
        }
        assert!(matches!(self.place, Place::Connecting { .. }), "opened from {:?}", self.place);
        self.stats.opens += 1;
        let (since, life) = (self.now, self.now);
        self.place = Place::Open { since, told: false, life, got_byte: false };
    }

    fn note_loss(&mut self, session: &Session) {
        if session.stats().losses == self.stats.losses {
            return;
        }
        self.stats.losses += 1;
        let was_open = match self.place {
            Place::Connecting { .. } => false,
            Place::Open { since, told: true, .. } => {
                self.note_health(since);
                true
            }
            other => panic!("lost from {other:?}"),
        };
        let retries = self.retries;
        if retries == 0 {
            self.first_loss = self.now;
        }
        let retry_after = if was_open { Duration::ZERO } else { self.told.retry_after };
        self.retries = retries + 1;
        self.place =
            Place::Lost(Loss { at: self.now, retries, retry_after, was_open, timeout: None });
    }

    fn note_end(&mut self, session: &Session) {
        let why = session.closed();
        if self.closed.is_some() {
            assert_eq!(why, self.closed, "the end is final");
            return;
        }
        let Some(why) = why else {
            assert!(!self.silenced, "closed by its user, but not closed");
            return;
        };
        let open = matches!(self.place, Place::Open { .. });
        match why {
            Closed::ByUser => assert!(self.silenced),
            Closed::NoContent => assert_eq!(self.told.status, Some(204)),
            Closed::Sentinel => assert!(open && self.config.sentinel.is_some()),
            Closed::EndOfStream => assert!(open && self.told.eof && self.is_one_shot()),
            Closed::Refused(Refusal::Status(status)) => assert_eq!(self.told.status, Some(status)),
            Closed::Refused(_) => assert_eq!(self.told.status, Some(200)),
            Closed::Lost { .. } => assert!(matches!(self.place, Place::Lost(_))),
            _ => {}
        }
        self.closed = Some(why);
        if !matches!(self.place, Place::Lost(_)) || self.silenced {
            self.place = Place::Closed;
        }
    }

    /// What a head does to a session that waits for one.
    fn check_verdict(&mut self, head: Head, session: &Session) {
        let status = head.status();
        match head {
            Head::Accepted | Head::Redirected | Head::Status(200) => {
                self.redirected |= matches!(head, Head::Redirected);
                assert_eq!(session.ready_state(), ReadyState::Open);
            }
            Head::WrongType if self.config.accept.iter().any(|name| name == "text/html") => {
                assert_eq!(session.ready_state(), ReadyState::Open);
            }
            Head::WrongType => {
                assert_eq!(self.closed, Some(Closed::Refused(Refusal::ContentType)));
            }
            _ if status == 204 => assert_eq!(self.closed, Some(Closed::NoContent)),
            _ if self.policy.statuses.contains(&status) => {
                assert!(matches!(self.place, Place::Lost(_)));
            }
            _ => assert_eq!(self.closed, Some(Closed::Refused(Refusal::Status(status)))),
        }
    }

    fn check_state(&self, session: &Session) {
        let expected = match self.place {
            _ if self.closed.is_some() => ReadyState::Closed,
            Place::Open { .. } => ReadyState::Open,
            _ => ReadyState::Connecting,
        };
        assert_eq!(session.ready_state(), expected, "at {:?}", self.place);
        assert_eq!(session.stats(), self.stats);
        let time = session.snapshot().reconnection_time;
        assert!(self.retry_told || time == self.config.reconnection_time, "{time:?}");
    }

    /// When silence ends the connection at hand.
    fn dead_at(&self) -> Option<Instant> {
        let Place::Open { life, got_byte, .. } = self.place else { return None };
        let first = self.config.first_byte_timeout.filter(|_| !got_byte);
        first.or(self.config.idle_timeout).map(|limit| life + limit)
    }

    /// Everything that the connection brought has come out, and nothing else.
    fn check_drained(&self) {
        let limits = self.config.limits;
        let settings = Settings {
            event_bytes: limits.event_bytes,
            id_bytes: limits.id_bytes,
            report_comments: false,
        };
        let mut items = interpret(&self.told.body, "", settings).items;
        items.retain(|item| match item {
            Item::Event { data, .. } => !(self.config.skip_empty && data.is_empty()),
            _ => false,
        });
        items.iter_mut().for_each(forget_inherited_id);
        assert_eq!(self.told.events, items);
    }
}

/// `set_last_event_id` may have changed it.
fn forget_inherited_id(item: &mut Item) {
    if let Item::Event { last_event_id, own_id: None, .. } = item {
        last_event_id.clear();
    }
}

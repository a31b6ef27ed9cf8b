//! Each output against what the session was told.

use std::time::Duration;

use sse_proto::{
    Attempt, Cause, Closed, Commit, GiveUp, Instant, Lost, Output, ReconnectTo, RetryPolicy,
    Session,
};

use super::super::reference::Item;
use super::{Loss, Place, Told, Watch, forget_inherited_id};

/// An [`Output`] with nothing borrowed.
#[derive(Debug)]
pub(in super::super) enum Said {
    Connect(Attempt),
    Opened,
    Event(Item),
    Comment,
    Skipped,
    Late,
    Lost(Lost),
    Wait(Option<Instant>),
    Closed(Closed),
}

impl From<Output<'_>> for Said {
    fn from(output: Output<'_>) -> Self {
        match output {
            Output::Connect(attempt) => Self::Connect(attempt),
            Output::Opened => Self::Opened,
            Output::Event(event) => Self::Event(Item::Event {
                event_type: event.event_type().to_owned(),
                data: event.data().to_owned(),
                last_event_id: event.last_event_id().to_owned(),
                own_id: event.id().map(str::to_owned),
            }),
            Output::Comment(_) => Self::Comment,
            Output::Skipped(_) => Self::Skipped,
            Output::Late => Self::Late,
            Output::Lost(lost) => Self::Lost(lost),
            Output::Wait(deadline) => Self::Wait(deadline),
            Output::Closed(why) => Self::Closed(why),
            other => panic!("a new kind: {other:?}"),
        }
    }
}

impl Watch {
    pub(in super::super) fn before_output(&mut self, session: &Session) {
        self.snapshot = session.snapshot();
    }

    pub(in super::super) fn output(&mut self, said: Said, session: &Session) {
        if self.silenced {
            assert!(matches!(said, Said::Closed(_)), "{said:?} after close");
        }
        self.note_loss(session);
        match said {
            Said::Connect(attempt) => self.connect(&attempt, session),
            Said::Opened => self.opened(),
            Said::Event(event) => self.event(event, session),
            Said::Comment => {
                self.check_told_open();
                self.stats.comments += 1;
                assert!(self.comments, "nobody asked for comments");
            }
            Said::Skipped => {
                self.check_told_open();
                self.stats.skipped += 1;
            }
            Said::Late => {
                self.check_told_open();
                assert!(self.told.timeout && self.config.late_after.is_some());
            }
            Said::Lost(lost) => self.lost(lost, session),
            Said::Wait(deadline) => self.wait(deadline),
            Said::Closed(why) => assert_eq!(session.closed(), Some(why)),
        }
        self.note_end(session);
        self.check_state(session);
    }

    fn check_told_open(&self) {
        assert!(matches!(self.place, Place::Open { told: true, .. }), "from {:?}", self.place);
    }

    fn connect(&mut self, attempt: &Attempt, session: &Session) {
        match self.place {
            Place::Due => {}
            Place::Waiting { until, timeout } => {
                assert!(timeout.is_some_and(|now| now >= until), "{timeout:?} before {until:?}");
            }
            other => panic!("a request from {other:?}"),
        }
        self.stats.attempts += 1;
        self.place = Place::Connecting { since: self.now };
        self.told = Told::default();

        assert_eq!(attempt.number, self.stats.attempts);
        assert_eq!(attempt.retries, self.retries);
        assert_eq!(attempt.last_loss, self.last_loss.take());
        assert_eq!(attempt.last_event_id, self.snapshot.last_event_id);
        assert_eq!(session.last_event_id(), attempt.last_event_id, "what its events inherit");
        if self.config.commit == Commit::Manual {
            assert_eq!(attempt.last_event_id, self.committed);
        }
        let unfit = |byte: u8| byte.is_ascii_control() && byte != b'\t';
        assert!(!attempt.last_event_id.bytes().any(unfit), "{:?}", attempt.last_event_id);
        let redirected = self.redirected && self.config.reconnect_to == ReconnectTo::Redirected;
        assert_eq!(attempt.address.is_some(), redirected);
    }

    fn event(&mut self, mut event: Item, session: &Session) {
        self.check_told_open();
        self.stats.events += 1;
        let Item::Event { data, last_event_id, .. } = &event else { panic!("{event:?}") };
        let sentinel = session.closed() == Some(Closed::Sentinel);
        assert!(!(data.is_empty() && self.config.skip_empty) || sentinel, "an empty event");
        assert_eq!(session.last_event_id(), last_event_id);
        forget_inherited_id(&mut event);
        self.told.events.push(event);
    }

    fn opened(&mut self) {
        let Place::Open { told, .. } = &mut self.place else { panic!("open at {:?}", self.place) };
        assert!(!std::mem::replace(told, true), "opened twice");
    }

    fn lost(&mut self, lost: Lost, session: &Session) {
        let Place::Lost(loss) = self.place else { panic!("lost at {:?}", self.place) };
        assert_eq!(lost.attempt, self.stats.attempts);
        self.check_cause(lost.cause, loss);
        if loss.was_open {
            self.check_drained();
        }
        let server_time = session.snapshot().reconnection_time;
        let asked = server_time.unwrap_or_default().max(loss.retry_after);
        let own = server_time.unwrap_or(self.policy.reconnection_time);
        let wish = asked.max(own).max(self.policy.floor);
        let (shortest, longest) = chance(&self.policy, loss.retries);
        let elapsed = loss.at.saturating_since(self.first_loss);
        match (lost.retry_in, session.closed()) {
            (Some(wait), None) => {
                assert!(!self.is_one_shot(), "another attempt after the only one");
                assert!(wait >= wish.saturating_add(shortest), "{wait:?} undercuts {wish:?}");
                assert!(wait <= wish.saturating_add(longest), "{wait:?} is too long: {wish:?}");
                assert!(asked <= self.policy.max_server_wait);
                assert!(self.policy.max_retries.is_none_or(|limit| loss.retries < limit));
                let total = elapsed.saturating_add(wait);
                assert!(self.policy.max_elapsed.is_none_or(|limit| total <= limit));
                self.last_loss = Some(lost.cause);
                self.place = Place::Waiting { until: loss.at + wait, timeout: loss.timeout };
            }
            (None, Some(Closed::Lost { cause, give_up })) => {
                assert_eq!(cause, lost.cause);
                let latest = elapsed.saturating_add(wish).saturating_add(longest);
                self.check_give_up(give_up, loss, asked, latest);
                self.place = Place::Closed;
                self.closed = session.closed();
            }
            other => panic!("lost, and yet {other:?}"),
        }
    }

    fn check_cause(&self, cause: Cause, loss: Loss) {
        let &Told { status, eof, error, timeout, .. } = &self.told;
        let sentinel = self.config.sentinel.is_some();
        let told = match cause {
            Cause::Transport => error || (eof && !loss.was_open),
            Cause::EndOfStream => eof && loss.was_open && !sentinel,
            Cause::MissingSentinel => eof && loss.was_open && sentinel,
            Cause::Status(code) => status == Some(code) && !loss.was_open,
            Cause::ConnectTimeout(limit) => {
                timeout && !loss.was_open && self.config.connect_timeout == Some(limit)
            }
            Cause::FirstByteTimeout(limit) => {
                timeout && loss.was_open && self.config.first_byte_timeout == Some(limit)
            }
            Cause::IdleTimeout(limit) => {
                timeout && loss.was_open && self.config.idle_timeout == Some(limit)
            }
            other => panic!("a new kind: {other:?}"),
        };
        assert!(told, "{cause:?} of {:?}", self.told);
    }

    fn check_give_up(&self, give_up: GiveUp, loss: Loss, asked: Duration, latest: Duration) {
        let policy = &self.policy;
        assert!(give_up == GiveUp::NoRetry || !self.is_one_shot(), "{give_up:?}");
        match give_up {
            GiveUp::NoRetry => assert!(self.is_one_shot()),
            GiveUp::Retries { limit } => {
                assert_eq!(policy.max_retries, Some(limit));
                assert!(loss.retries >= limit);
            }
            GiveUp::Elapsed { limit } => {
                assert_eq!(policy.max_elapsed, Some(limit));
                assert!(latest > limit, "given up after {latest:?}");
            }
            GiveUp::ServerWait { wait, limit } => {
                assert_eq!((wait, limit), (asked, policy.max_server_wait));
                assert!(wait > limit);
            }
            other => panic!("a new kind: {other:?}"),
        }
    }

    fn wait(&mut self, deadline: Option<Instant>) {
        self.last_wait = deadline;
        match self.place {
            Place::Connecting { since } => {
                let expected = self.config.connect_timeout.map(|limit| since + limit);
                assert_eq!(deadline, expected);
            }
            Place::Waiting { until, .. } => assert_eq!(deadline, Some(until)),
            Place::Open { told: true, life, .. } => {
                assert!(!self.told.is_over(), "a wait for a connection that is over");
                self.check_drained();
                let dead = self.dead_at();
                let late = self.config.late_after.map(|limit| life + limit);
                let earliest = dead.into_iter().chain(late).min();
                assert!(deadline == dead || deadline == earliest, "{deadline:?}");
            }
            other => panic!("a wait at {other:?}"),
        }
    }
}

/// The least and the most that chance may add to the wish after so many losses in a row.
fn chance(policy: &RetryPolicy, retries: u32) -> (Duration, Duration) {
    let cap = policy.cap.as_secs_f64();
    let mut span = policy.base.as_secs_f64().min(cap);
    for _ in 0..retries {
        let grown = span * policy.factor.max(1.0);
        span = if span > 0.0 { grown.min(cap) } else { 0.0 };
    }
    let fixed = if policy.jitter < 1.0 { 1.0 - policy.jitter.max(0.0) } else { 0.0 };
    let grain = Duration::from_micros(1);
    let round = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let shortest = round(span * fixed * (1.0 - 1e-9)).saturating_sub(grain);
    let longest = round(span * (1.0 + 1e-9)).saturating_add(grain);
    (shortest.min(policy.cap), longest.min(policy.cap))
}

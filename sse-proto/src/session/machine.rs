//! What a session does about its inputs: the states, the transitions, the deadlines.

use alloc::borrow::ToOwned;
use core::time::Duration;

use bytes::Bytes;

use super::{Attempt, Cause, Closed, Commit, GiveUp, Lost, Output, Sentinel, Session};
use crate::response::Verdict;
use crate::{Found, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// `Connect` is to be given out.
    Due,
    Connecting {
        since: Instant,
    },
    Open(Open),
    Waiting {
        until: Instant,
    },
    Closed(Closed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) since: Instant,
    /// The head, then each chunk.
    pub(super) last_life: Instant,
    pub(super) got_byte: bool,
    pub(super) told_late: bool,
}

/// What a driver tells.
pub(super) enum Input {
    Request,
    Response(Verdict),
    Ended(Cause),
    InvalidRequest,
    Timeout,
    Restart,
    Close,
}

impl Session {
    #[inline]
    pub(super) fn poll_open(&mut self) -> Output<'_> {
        if core::mem::take(&mut self.opened) {
            return Output::Opened;
        }
        if core::mem::take(&mut self.late) {
            return Output::Late;
        }
        if self.found.is_none() && matches!(self.find(), Next::Event) {
            return Output::Event(self.decoder.found_event());
        }
        match self.found.take() {
            Some(Ok(Found::Comment)) => {
                self.stats.comments += 1;
                return Output::Comment(self.decoder.found_comment());
            }
            Some(Err(error)) => {
                self.stats.skipped += 1;
                return Output::Skipped(error);
            }
            // `find` leaves nothing else.
            Some(Ok(Found::Event | Found::Retry(_))) | None => {}
        }
        if let Some(cause) = self.ending.take() {
            self.lose(cause, None);
        }
        match (self.take_lost(), self.state) {
            (Some(lost), _) => Output::Lost(lost),
            (None, State::Closed(why)) => Output::Closed(why),
            (None, _) => Output::Wait(self.deadline()),
        }
    }

    /// What [`poll_output`](Self::poll_output) would give, where that is an event, or a wait for the next chunk. Most outputs are
    /// such, and what is not moved through an [`Output`] takes half the time.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) fn poll_found(&mut self) -> Next {
        let told = self.opened || self.late || self.lost.is_some() || self.found.is_some();
        if told || !matches!(self.state, State::Open(_)) {
            return Next::Other;
        }
        match self.find() {
            Next::Wait if self.ending.is_some() => Next::Other,
            next => next,
        }
    }

    /// Reads on to an event that is given out, to a comment or an error, which are left in `found`, or through all that is there.
    #[inline(always)]
    fn find(&mut self) -> Next {
        loop {
            match self.decoder.advance() {
                Some(Ok(Found::Event)) => match self.judge() {
                    Judgement::Deliver => {
                        self.stats.events += 1;
                        return Next::Event;
                    }
                    Judgement::DeliverAndClose => {
                        self.stats.events += 1;
                        self.state = State::Closed(Closed::Sentinel);
                        return Next::Event;
                    }
                    Judgement::Close => {
                        self.end(Closed::Sentinel);
                        return Next::Other;
                    }
                    Judgement::Drop => {}
                },
                Some(Ok(Found::Retry(time))) => self.losses.server_time = Some(time),
                None => return Next::Wait,
                // Nothing that moves the id: a handle may restart the session before this is told.
                told => {
                    self.found = told;
                    return Next::Other;
                }
            }
        }
    }

    /// The event that [`poll_found`](Self::poll_found) found.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) fn found_event(&mut self) -> crate::EventRef<'_> {
        self.decoder.found_event()
    }

    /// The same as a value of its own.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) fn owned_event(&mut self) -> crate::Event {
        self.decoder.owned_event()
    }

    /// The transitions: every one but those that chunks and draining bring, which are a sentinel, and an end that waits for it.
    pub(super) fn step(&mut self, now: Instant, input: Input) {
        self.now = now;
        match (self.state, input) {
            // The loss that ended it is no news any more.
            (State::Closed(_), Input::Close) => self.lost = None,
            (State::Closed(_), _) => {}
            (_, Input::Close) => self.end(Closed::ByUser),
            (_, Input::Restart) => {
                self.note_health();
                self.forget_connection();
                if self.lost.take().is_some() {
                    // Nobody heard of it.
                    self.last_loss = None;
                }
                self.state = State::Due;
            }
            (State::Connecting { .. }, Input::Request) => {
                self.state = State::Connecting { since: now };
            }
            (State::Connecting { .. }, Input::Response(verdict)) => self.respond(verdict),
            (State::Connecting { .. }, Input::Ended(_)) => self.lose(Cause::Transport, None),
            (State::Connecting { .. }, Input::InvalidRequest) => self.end(Closed::InvalidRequest),
            (State::Connecting { .. }, Input::Timeout) if self.is_over() => {
                let timeout = self.config.connect_timeout.unwrap_or_default();
                self.lose(Cause::ConnectTimeout(timeout), None);
            }
            (State::Open(_), Input::Ended(cause)) => {
                self.ending.get_or_insert(cause);
            }
            (State::Open(_), Input::InvalidRequest) => {
                self.ending.get_or_insert(Cause::Transport);
            }
            (State::Open(open), Input::Timeout) if self.is_over() => self.time_out(open),
            (State::Waiting { .. }, Input::Timeout) if self.is_over() => self.state = State::Due,
            // Too early, too late, or about a connection that was given up.
            (_, Input::Response(_) | Input::Ended(_)) => {}
            (_, Input::Request | Input::InvalidRequest | Input::Timeout) => {}
        }
    }

    fn respond(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => {
                self.stats.opens += 1;
                self.opened = true;
                self.state = State::Open(Open {
                    since: self.now,
                    last_life: self.now,
                    got_byte: false,
                    told_late: false,
                });
            }
            Verdict::NoContent => self.end(Closed::NoContent),
            Verdict::Refused(refusal) => self.end(Closed::Refused(refusal)),
            Verdict::Retry { status, retry_after } => self.lose(Cause::Status(status), retry_after),
        }
    }

    /// A chunk. One of a connection that was given up or has ended is ignored.
    #[inline]
    pub(super) fn receive(&mut self, now: Instant, chunk: Bytes) {
        self.now = now;
        if let State::Open(open) = &mut self.state
            && self.ending.is_none()
            && !chunk.is_empty()
        {
            self.stats.bytes = self.stats.bytes.saturating_add(chunk.len() as u64);
            self.late = false;
            (open.last_life, open.got_byte, open.told_late) = (now, true, false);
            self.decoder.push(chunk);
        }
    }

    fn time_out(&mut self, open: Open) {
        match self.silence_limit(open) {
            Some((cause, limit)) if self.now >= open.last_life + limit => {
                self.ending.get_or_insert(cause);
            }
            _ => {
                self.late = true;
                self.state = State::Open(Open { told_late: true, ..open });
            }
        }
    }

    /// A connection is over, or none came about.
    fn lose(&mut self, cause: Cause, retry_after: Option<Duration>) {
        self.note_health();
        self.forget_connection();
        self.last_loss = Some(cause);
        let policy = self.config.policy();
        let one_shot = policy.is_never() || (policy.until_open && self.stats.opens > 0);
        if one_shot && cause == Cause::EndOfStream {
            self.state = State::Closed(Closed::EndOfStream);
            return;
        }
        self.stats.losses += 1;
        let next = match one_shot {
            true => Err(GiveUp::NoRetry),
            false => self.losses.add(policy, self.now, retry_after),
        };
        self.lost = Some(next.ok());
        self.state = match next {
            Ok(wait) => State::Waiting { until: self.now + wait },
            Err(give_up) => State::Closed(Closed::Lost { cause, give_up }),
        };
    }

    /// The last loss, if it was not told.
    pub(super) fn take_lost(&mut self) -> Option<Lost> {
        let retry_in = self.lost.take()?;
        let cause = self.last_loss?;
        Some(Lost { cause, attempt: self.stats.attempts, retry_in })
    }

    /// A connection that is open will not be open any more. Time counts as far as it was told.
    fn note_health(&mut self) {
        if let State::Open(open) = self.state
            && self.now.saturating_since(open.since) >= self.config.policy().healthy_after
        {
            self.losses.reset(self.config.policy());
        }
    }

    fn end(&mut self, why: Closed) {
        self.forget_connection();
        self.lost = None;
        self.state = State::Closed(why);
    }

    fn forget_connection(&mut self) {
        self.decoder.finish();
        self.ending = None;
        self.found = None;
        self.opened = false;
        self.late = false;
    }

    pub(super) fn connect(&mut self) -> Attempt {
        let last_event_id = self.next_id().to_owned();
        // Events without an id of their own inherit the one that their request carried.
        self.decoder.set_last_event_id(&last_event_id);
        self.stats.attempts += 1;
        self.state = State::Connecting { since: self.now };
        Attempt {
            number: self.stats.attempts,
            retries: self.losses.retries,
            last_event_id,
            address: self.address.clone(),
            last_loss: self.last_loss.take(),
        }
    }

    /// The last chunk came no later than now. Gives the new deadline.
    #[cfg(feature = "client")]
    pub(crate) fn note_life(&mut self, now: Instant) -> Option<Instant> {
        self.now = now;
        if let State::Open(open) = &mut self.state {
            open.last_life = now;
        }
        self.deadline()
    }

    /// Whether a request is under way or a body is being read.
    #[cfg(feature = "client")]
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::Open(_))
    }

    pub(super) fn next_id(&self) -> &str {
        match self.config.commit {
            Commit::Auto => self.decoder.last_sendable_id(),
            Commit::Manual => &self.committed,
        }
    }

    /// When time alone will change the state.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Due | State::Closed(_) => None,
            State::Waiting { until } => Some(until),
            State::Connecting { since } => self.config.connect_timeout.map(|limit| since + limit),
            State::Open(open) => {
                let dead = self.silence_limit(open).map(|(_, limit)| open.last_life + limit);
                let late = self.config.late_after.filter(|_| !open.told_late);
                let late = late.map(|limit| open.last_life + limit);
                dead.into_iter().chain(late).min()
            }
        }
    }

    fn is_over(&self) -> bool {
        self.deadline().is_some_and(|deadline| self.now >= deadline)
    }

    /// How long an open stream may be silent, and what it is called when it is.
    fn silence_limit(&self, open: Open) -> Option<(Cause, Duration)> {
        match (self.config.first_byte_timeout, self.config.idle_timeout) {
            (Some(limit), _) if !open.got_byte => Some((Cause::FirstByteTimeout(limit), limit)),
            (_, Some(limit)) => Some((Cause::IdleTimeout(limit), limit)),
            (_, None) => None,
        }
    }

    /// Whether the event that was found has to be looked at. Most are too long for what is looked for.
    #[inline]
    fn asks(&self) -> bool {
        let sentinel = self.config.sentinel.as_ref();
        sentinel.is_some_and(|sentinel| sentinel.may_be(&self.decoder))
            || self.config.skip_empty && self.decoder.found_len() == 0
    }

    /// What becomes of the event that was found.
    #[inline]
    fn judge(&mut self) -> Judgement {
        if self.asks() { self.look() } else { Judgement::Deliver }
    }

    #[inline(never)]
    fn look(&mut self) -> Judgement {
        let event = self.decoder.found_event();
        match &self.config.sentinel {
            Some(sentinel) if sentinel.is(&event) => match sentinel {
                Sentinel::Data(_) => Judgement::Close,
                Sentinel::EventType(_) => Judgement::DeliverAndClose,
            },
            _ if self.config.skip_empty && event.data().is_empty() => Judgement::Drop,
            _ => Judgement::Deliver,
        }
    }
}

/// What comes next.
pub(crate) enum Next {
    Event,
    /// For a chunk, or for the [deadline](Session::deadline).
    Wait,
    /// What [`Session::poll_output`] gives.
    Other,
}

enum Judgement {
    Deliver,
    DeliverAndClose,
    Close,
    Drop,
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;
    use crate::{Config, ResponseHead};

    /// A handle may restart a session whenever it is not locked: what moved the id must be out by then.
    #[test]
    fn an_event_that_moves_the_id_is_given_or_ends_the_session_at_once() {
        let origin = Instant::ORIGIN;
        let sentinels = [Sentinel::EventType("stop".into()), Sentinel::Data("x".into())];
        for (sentinel, given) in sentinels.into_iter().zip([true, false]) {
            let mut session = Session::new(Config::default().sentinel(sentinel), 0, origin);
            assert!(matches!(session.poll_output(), Output::Connect(_)));
            let head = ResponseHead::new(200).content_type(b"text/event-stream");
            session.handle_response(origin, head);
            assert!(matches!(session.poll_output(), Output::Opened));
            session.handle_chunk(origin, "retry: 5\nid: 9\nevent: stop\ndata: x\n\ndata: y\n\n");
            assert_eq!(matches!(session.poll_found(), Next::Event), given);
            assert!(session.found.is_none());
            assert_eq!(session.closed(), Some(Closed::Sentinel));
            session.restart();
            assert!(matches!(session.poll_output(), Output::Closed(Closed::Sentinel)));
        }
    }
}

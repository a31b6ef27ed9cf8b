//! The deadlines of a connection, and what their passing means.

use std::time::Duration;

use sse_proto::{Cause, Instant};

use super::{Judge, Phase};
use crate::network::TIMER_LATENESS;
use crate::world::Rule;

/// What a connection has for bytes that came while nobody looked.
const MOMENT: Duration = Duration::from_millis(5);

/// How many of them.
const MOMENTS: u32 = 4;

impl Judge {
    /// Whether a deadline has been reached.
    pub fn is_overdue(&self) -> bool {
        let due = match self.phase {
            Phase::Lost => Some(self.next.latest),
            _ => self.due(),
        };
        due.is_some_and(|due| due <= self.world.now())
    }

    fn due(&self) -> Option<Instant> {
        self.silence_ends().into_iter().chain(self.late_at()).min()
    }

    /// No deadline may have passed before the client was woken for what comes now.
    pub(super) fn check_deadlines(&self) {
        let late = self.late_at().filter(|_| !self.setup.plain);
        let due = self.silence_ends().into_iter().chain(late).min();
        let due = due.map(|due| due.max(self.moments.map_or(due, |(_, ends)| ends)));
        if let Some(due) = due.filter(|due| *due + TIMER_LATENESS < self.woken_at) {
            self.fail(Rule::Wait, || format!("slept over its deadline {due:?}"));
        }
    }

    /// A client that comes long after a deadline was busy, and waits some moments for what came meanwhile; once.
    pub(super) fn give_a_moment(&mut self) {
        let (now, due) = (self.world.now(), self.due());
        if due.is_none_or(|due| now < due + MOMENT * MOMENTS) {
            self.moments = None;
        } else if self.moments.is_none_or(|(count, ends)| count < MOMENTS && ends <= now) {
            self.moments = Some((self.moments.map_or(1, |(count, _)| count + 1), now + MOMENT));
        }
    }

    /// The loss that silence is, if it was long enough.
    pub(super) fn silence(&self) -> Cause {
        let now = self.world.now();
        match self.silence_limit() {
            Some((cause, limit)) if self.last_life + limit <= now => cause,
            _ => {
                self.fail(Rule::Wait, || "gave up a connection that was fine".into());
                Cause::Transport
            }
        }
    }

    pub(super) fn late_at(&self) -> Option<Instant> {
        let open = self.phase == Phase::Open && !self.told_late;
        self.setup.config.late_after.filter(|_| open).map(|silence| self.last_life + silence)
    }

    fn silence_limit(&self) -> Option<(Cause, Duration)> {
        let config = &self.setup.config;
        let idle = config.idle_timeout.map(|limit| (Cause::IdleTimeout(limit), limit));
        match self.phase {
            Phase::Dialing => {
                config.connect_timeout.map(|limit| (Cause::ConnectTimeout(limit), limit))
            }
            Phase::Open if self.bytes == 0 => {
                let limit = config.first_byte_timeout;
                limit.map(|limit| (Cause::FirstByteTimeout(limit), limit)).or(idle)
            }
            Phase::Open => idle,
            Phase::Due | Phase::Lost | Phase::Over => None,
        }
    }

    fn silence_ends(&self) -> Option<Instant> {
        self.silence_limit().map(|(_, limit)| self.last_life + limit)
    }
}

//! The waits that a policy allows, worked out without its random numbers.

use std::time::Duration;

use sse_proto::{Cause, Closed, GiveUp, Instant, RetryPolicy};

/// What must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub earliest: Instant,
    pub latest: Instant,
    /// The end, in place of another attempt.
    pub over: Option<Closed>,
    /// Whether the end is allowed, too: it depends on the random part of the wait.
    pub may_elapse: bool,
}

/// Losses in a row.
pub struct Losses {
    policy: RetryPolicy,
    pub retries: u32,
    span: Duration,
    first: Option<Instant>,
    pub server_time: Option<Duration>,
    /// A response was accepted, which may make the client one-shot.
    has_opened: bool,
    maybe_healthy: bool,
}

/// What a floating-point number may be wrong by.
const ROUNDING: Duration = Duration::from_micros(1);

impl Next {
    /// An attempt, at once.
    pub const fn connect(now: Instant) -> Self {
        Self { earliest: now, latest: now, over: None, may_elapse: false }
    }

    /// The client says when; whether it may.
    pub fn narrow(&mut self, at: Instant) -> bool {
        let right = self.earliest <= at && at <= self.latest && self.over.is_none();
        *self = Self::connect(at);
        right
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.latest <= now && self.over.is_none()
    }
}

impl Losses {
    pub fn new(policy: RetryPolicy) -> Self {
        let mut losses = Self {
            policy,
            retries: 0,
            span: Duration::ZERO,
            first: None,
            server_time: None,
            has_opened: false,
            maybe_healthy: false,
        };
        losses.reset();
        losses
    }

    /// A response was accepted.
    pub fn note_opening(&mut self) {
        self.has_opened = true;
    }

    /// A connection was open for so long.
    pub fn note_open(&mut self, time: Duration) {
        if time >= self.policy.healthy_after {
            self.reset();
        }
    }

    /// A connection was open for up to so long, which the client may not know.
    pub fn note_maybe_open(&mut self, time: Duration) {
        self.maybe_healthy |= time >= self.policy.healthy_after;
    }

    /// The client says how many losses in a row it has counted.
    pub fn settle(&mut self, retries: u32) {
        if std::mem::take(&mut self.maybe_healthy) && retries == 0 {
            self.reset();
        }
    }

    pub fn lose(&mut self, now: Instant, cause: Cause, retry_after: Option<Duration>) -> Next {
        let Self { policy, span, .. } = self;
        let over = |give_up| Closed::Lost { cause, give_up };
        if policy.is_never() || (policy.until_open && self.has_opened) {
            return Next::over(match cause {
                Cause::EndOfStream => Closed::EndOfStream,
                _ => over(GiveUp::NoRetry),
            });
        }
        if let Some(limit) = policy.max_retries.filter(|limit| self.retries >= *limit) {
            return Next::over(over(GiveUp::Retries { limit }));
        }
        let asked = self.server_time.unwrap_or(policy.reconnection_time);
        let asked = asked.max(retry_after.unwrap_or_default());
        if asked > policy.max_server_wait {
            let limit = policy.max_server_wait;
            return Next::over(over(GiveUp::ServerWait { wait: asked, limit }));
        }
        let wish = asked.max(policy.floor);
        let fixed = span.mul_f64(1.0 - policy.jitter.clamp(0.0, 1.0)).saturating_sub(ROUNDING);
        let most = wish + *span + ROUNDING;
        let mut next = Next {
            earliest: now + wish + fixed,
            latest: now + most,
            over: None,
            may_elapse: false,
        };
        let first = *self.first.get_or_insert(now);
        if let Some(limit) = policy.max_elapsed {
            let passed = now.saturating_since(first);
            next.may_elapse = passed + most > limit;
            if passed + wish + fixed > limit {
                return Next::over(over(GiveUp::Elapsed { limit }));
            }
        }
        self.retries += 1;
        self.span = span.mul_f64(policy.factor.max(1.0)).min(policy.cap);
        next
    }

    fn reset(&mut self) {
        (self.retries, self.first) = (0, None);
        self.span = self.policy.base.min(self.policy.cap);
    }
}

impl Next {
    const fn over(why: Closed) -> Self {
        Self { over: Some(why), ..Self::connect(Instant::ORIGIN) }
    }
}

//! tokio's time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use sse_proto::{Instant, client};
use tokio::time::{self, Sleep};

/// Time through tokio, so that its paused clock counts, too.
#[derive(Debug)]
pub struct Clock {
    origin: time::Instant,
    /// Made when a deadline is set, since that needs the runtime.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { origin: time::Instant::now(), timer: None }
    }
}

impl client::Clock for Clock {
    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    fn arm_timer(&mut self, deadline: Instant) {
        // The end of time is further than tokio's timer reaches: never is near enough to a year.
        let wait = deadline.saturating_since(self.now()).min(time::Duration::from_secs(31_536_000));
        let deadline = time::Instant::now() + wait;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(deadline),
            none => *none = Some(Box::pin(time::sleep_until(deadline))),
        }
    }

    fn disarm_timer(&mut self) {
        self.timer = None;
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }
}

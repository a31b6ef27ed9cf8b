//! tokio's time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use sse_proto::{Instant, client};
use tokio::runtime::{Handle, Id};
use tokio::time::{self, Sleep};

/// Time through tokio, so that its paused clock counts, too.
#[derive(Debug)]
pub struct Clock {
    origin: time::Instant,
    /// Made when a deadline is set, since that needs the runtime, which is the first part.
    timer: Option<(Id, Pin<Box<Sleep>>)>,
}

impl Clock {
    fn set(&mut self, runtime: Id, deadline: time::Instant) {
        match &mut self.timer {
            Some((home, timer)) if *home == runtime => timer.as_mut().reset(deadline),
            timer => *timer = Some((runtime, Box::pin(time::sleep_until(deadline)))),
        }
    }
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
        self.set(Handle::current().id(), time::Instant::now() + wait);
    }

    fn disarm_timer(&mut self) {
        self.timer = None;
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A timer lives and dies with the runtime that it was made in.
        if let Some((home, timer)) = &self.timer
            && let Ok(runtime) = Handle::try_current().map(|here| here.id())
            && runtime != *home
        {
            self.set(runtime, timer.deadline());
        }
        self.timer.as_mut().map_or(Poll::Pending, |(_, timer)| timer.as_mut().poll(cx))
    }
}

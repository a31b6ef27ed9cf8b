//! Time as async-std's reactor has it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time;

use async_io::Timer;
use sse_proto::{Instant, client};

/// Time through async-std's reactor, which smol shares.
#[derive(Debug)]
pub struct Clock {
    origin: time::Instant,
    timer: Timer,
}

impl Default for Clock {
    fn default() -> Self {
        Self { origin: time::Instant::now(), timer: Timer::never() }
    }
}

impl client::Clock for Clock {
    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    fn arm_timer(&mut self, deadline: Instant) {
        match self.origin.checked_add(deadline.since_origin()) {
            Some(deadline) => self.timer.set_at(deadline),
            None => self.timer = Timer::never(),
        }
    }

    fn disarm_timer(&mut self) {
        self.timer = Timer::never();
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}

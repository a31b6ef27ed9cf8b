//! The time of a simulated network, as a client takes it.

use std::task::{Context, Poll};
use std::time::Duration;

use sse_proto::Instant;

use super::Network;

/// The time of a [`Network`], and a timer.
#[derive(Debug)]
pub struct Clock {
    network: Network,
    armed: Duration,
}

impl Clock {
    pub(super) fn new(network: Network) -> Self {
        Self { network, armed: Duration::ZERO }
    }
}

impl sse_proto::client::Clock for Clock {
    fn now(&self) -> Instant {
        Instant::from_origin(self.network.now())
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.armed = deadline.since_origin();
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.network.poll_until(self.armed, cx)
    }
}

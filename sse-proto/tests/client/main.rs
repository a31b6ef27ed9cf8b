//! The real client over a network in memory, in virtual time: the task is polled by hand, so that each poll counts.
#![cfg(feature = "client")]

use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use network::{Network, Wakes};
use sse_proto::client::{Error, EventSource, Update};
use sse_proto::{Config, Event, RetryPolicy};

mod cancelling;
mod ends;
mod explain;
mod handles;
mod lending;
mod network;
mod opening;
mod requests;
mod stream;
mod timers;
#[cfg(feature = "tracing")]
mod tracing;
mod wakes;

const SECOND: Duration = Duration::from_secs(1);
const NOTHING: [&str; 0] = [];

type Source = EventSource<Network>;

/// The default, without chance: the waits in a row are 1 s, 2 s, 4 s.
fn config() -> Config {
    Config::default().retry(RetryPolicy::default().jitter(0.0))
}

/// A task that polls a stream when it is woken.
struct Task {
    wakes: Arc<Wakes>,
    waker: Waker,
    polls: usize,
}

impl Task {
    fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        Self { waker: Waker::from(Arc::clone(&wakes)), wakes, polls: 0 }
    }

    fn poll<S: Stream + Unpin>(&mut self, stream: &mut S) -> Poll<Option<S::Item>> {
        self.polls += 1;
        Pin::new(stream).poll_next(&mut Context::from_waker(&self.waker))
    }

    /// A line for each item that comes without time passing, `end` for the end; see [`Line`].
    fn lines<S: Stream<Item: Line> + Unpin>(&mut self, stream: &mut S) -> Vec<String> {
        let mut lines = Vec::new();
        while let Poll::Ready(item) = self.poll(stream) {
            match item {
                Some(item) => lines.push(item.line()),
                None => {
                    lines.push("end".to_owned());
                    break;
                }
            }
            assert!(lines.len() < 1000, "a stream without an end");
        }
        lines
    }

    /// The same, and time passes from timer to timer until none is set any more.
    fn lines_over_time<S: Stream<Item: Line> + Unpin>(
        &mut self,
        stream: &mut S,
        network: &Network,
    ) -> Vec<String> {
        let mut lines = self.lines(stream);
        for _ in 0..1000 {
            if lines.last().is_some_and(|line| line == "end") || !network.pass_to_timer() {
                return lines;
            }
            lines.extend(self.lines(stream));
        }
        panic!("a source that never rests: {lines:?}");
    }
}

/// What came out of a source, in a line: `type: data` or `type#id: data`, `:comment`, `open`, `late`, `lost: cause, 1s`;
/// for an error `error: ` and what it says.
trait Line {
    fn line(&self) -> String;
}

impl Line for Event {
    fn line(&self) -> String {
        match self.last_event_id() {
            "" => format!("{}: {}", self.event_type(), self.data()),
            id => format!("{}#{id}: {}", self.event_type(), self.data()),
        }
    }
}

impl Line for Update<Network> {
    fn line(&self) -> String {
        match self {
            Self::Opened => "open".to_owned(),
            Self::Event(event) => event.line(),
            Self::Comment(text) => format!(":{text}"),
            Self::Late => "late".to_owned(),
            Self::Lost(loss) => {
                format!("lost: {loss}, {:?}", loss.lost.retry_in.unwrap_or_default())
            }
            other => panic!("an update that this test does not know: {other:?}"),
        }
    }
}

impl<T: Line> Line for Result<T, Error<Network>> {
    fn line(&self) -> String {
        match self {
            Ok(item) => item.line(),
            Err(error) => format!("error: {error}"),
        }
    }
}

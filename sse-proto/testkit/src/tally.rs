//! What the server has seen so far, and waiting for more.

use std::error::Error;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::Request;

/// What a server has seen so far, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Requests that were read whole.
    pub requests: usize,
    /// Requests whose answer has begun: at least its first byte was written.
    pub begun: usize,
    /// Requests whose answer is over; see [`Request::ended`].
    pub ended: usize,
    /// Connections that were accepted.
    pub accepted: usize,
    /// Connections that are open.
    pub open: usize,
    /// Connections that the peer closed or reset, before the server did.
    pub closed_by_peer: usize,
}

/// What was waited for did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    patience: Duration,
    tally: Tally,
}

impl TimedOut {
    /// What the server had seen by then.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited {:?} in vain, having seen {:?}", self.patience, self.tally)
    }
}

impl Error for TimedOut {}

/// The record that all connections write.
#[derive(Debug, Default)]
pub(crate) struct Record {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Its `requests` stays 0 in here: the list below has that number.
    counts: Tally,
    requests: Vec<Request>,
    wakers: Vec<Waker>,
    /// How often it has changed.
    changes: u64,
}

impl State {
    fn tally(&self) -> Tally {
        Tally { requests: self.requests.len(), ..self.counts }
    }
}

impl Record {
    pub(crate) fn on_accept(&self) {
        self.change(|state| {
            state.counts.accepted += 1;
            state.counts.open += 1;
        });
    }

    pub(crate) fn on_close(&self, by_peer: bool) {
        self.change(|state| {
            state.counts.open -= 1;
            state.counts.closed_by_peer += usize::from(by_peer);
        });
    }

    /// Records a request and returns its place.
    pub(crate) fn on_request(&self, request: Request) -> usize {
        self.change(|state| {
            state.requests.push(request);
            state.requests.len() - 1
        })
    }

    /// The first bytes of an answer were written.
    pub(crate) fn on_begin(&self) {
        self.change(|state| state.counts.begun += 1);
    }

    /// The answer to the request at this place is over.
    pub(crate) fn on_end(&self, place: usize, at: Instant) {
        self.change(|state| {
            state.requests[place].ended = Some(at);
            state.counts.ended += 1;
        });
    }

    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    pub(crate) fn wait(
        &self,
        patience: Duration,
        mut reached: impl FnMut(&Tally) -> bool,
    ) -> Result<Tally, TimedOut> {
        let begun = Instant::now();
        let mut state = self.lock();
        loop {
            let (tally, seen) = (state.tally(), state.changes);
            // It may look at the server itself.
            drop(state);
            if reached(&tally) {
                return Ok(tally);
            }
            let left = patience.saturating_sub(begun.elapsed());
            let unchanged = |state: &mut State| state.changes == seen;
            let waited = self.changed.wait_timeout_while(self.lock(), left, unchanged);
            let timeout;
            (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() || left.is_zero() {
                return Err(TimedOut { patience, tally: state.tally() });
            }
        }
    }

    pub(crate) fn poll(
        &self,
        context: &Context<'_>,
        mut reached: impl FnMut(&Tally) -> bool,
    ) -> Poll<Tally> {
        let mut state = self.lock();
        let tally = state.tally();
        // First, so that no change is missed while it is asked, without the lock, since it may look at the server itself.
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        drop(state);
        if reached(&tally) { Poll::Ready(tally) } else { Poll::Pending }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        state.changes += 1;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What happened in a simulation, counted.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

macro_rules! kinds {
    ($($kind:ident: $text:literal,)*) => {
        /// What is counted. Each kind must have happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($kind),* }

        const NAMES: &[&str] = &[$($text),*];
    };
}

kinds! {
    Connection: "connections",
    Event: "events",
    Refused: "refused",
    ResetBeforeHead: "reset before the head",
    ConnectTimeout: "silent until the connect time-out",
    FirstByteTimeout: "silent until the first-byte time-out",
    IdleTimeout: "silent until the idle time-out",
    Cut: "reset after the head, at a random byte",
    CutInBlock: "block cut off by a reset or a clean end",
    CleanEnd: "clean end before the last event",
    MissingSentinel: "clean end before the sentinel",
    Status: "status to retry, without Retry-After",
    RetryAfter: "status to retry, with Retry-After",
    RetryAfterDate: "the same with a date",
    NoContent: "204 at the end",
    Sentinel: "sentinel at the end",
    Bytewise: "connection in 1-byte pieces",
    Retry: "retry field",
    IdOnly: "block with an id alone",
    Empty: "event with empty data",
    NulId: "id with a NUL",
    Comment: "comment",
    Bom: "byte order mark",
    Lf: "event with LF",
    Cr: "event with CR",
    CrLf: "event with CRLF",
    Skipped: "event over the limit, skipped",
    Late: "late",
    Restart: "restart by the handle",
    RestartUndrained: "restart with events unread",
    Close: "close by the handle",
    Rewind: "rewind by the user",
    Crash: "crash, resumed from a snapshot",
    ManualCrash: "crash, resumed from a manual commit",
    GaveUp: "error: the policy allows no retry",
    ServerWait: "error: the server asks for too long a wait",
    NotAStream: "error: refused for status or content type",
    InvalidRequest: "error: invalid request",
    Complete: "client that has everything",
    Stopped: "client that stopped at an error or a close",
    SlowReader: "slow reader",
    Wake: "wake-up",
    MovedDeadline: "wake-up by a timer whose deadline had moved",
    Postponed: "poll long after its wake-up",
    Spurious: "spurious wake-up",
    MovedWaker: "poll with another waker",
}

/// Counts by kind, and the time that clients have lived through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    counts: Vec<Cell<u64>>,
    time: Cell<Duration>,
}

impl Tally {
    pub fn new() -> Self {
        Self { counts: vec![Cell::new(0); NAMES.len()], time: Cell::default() }
    }

    pub fn count(&self, kind: Kind) {
        let count = &self.counts[kind as usize];
        count.set(count.get() + 1);
    }

    /// A client has come to its end.
    pub fn lived(&self, time: Duration) {
        self.time.set(self.time.get() + time);
    }

    pub fn get(&self, kind: Kind) -> u64 {
        self.counts[kind as usize].get()
    }

    pub fn add(&self, other: &Self) {
        for (count, more) in self.counts.iter().zip(&other.counts) {
            count.set(count.get() + more.get());
        }
        self.lived(other.time.get());
    }

    /// What did not happen.
    pub fn missing(&self) -> Vec<&'static str> {
        let counts = NAMES.iter().zip(&self.counts);
        counts.filter(|(_, count)| count.get() == 0).map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in NAMES.iter().zip(&self.counts) {
            writeln!(f, "{:>11}  {name}", count.get())?;
        }
        writeln!(f, "{:>11}  days of clients' time", self.time.get().as_secs() / 86_400)
    }
}

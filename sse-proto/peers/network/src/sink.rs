//! What is done with what a client reads.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use rustix::time::ClockId;
use sse_peers::timing::time;

/// Takes what a client reads.
pub trait Sink {
    /// An event.
    fn event(&mut self, data: &[u8]);
    /// Bytes of the body, from a bare HTTP client.
    fn bytes(&mut self, chunk: &[u8]);
    /// A response was accepted, from an adapter that is asked for everything that happens.
    fn opened(&mut self) {}
    /// A comment, from the same.
    fn comment(&mut self) {}
    /// A connection was lost, from the same.
    fn lost(&mut self) {}
}

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events.
    pub events: usize,
    /// Bytes of their data.
    pub data: usize,
    /// Bytes of the body, from a bare HTTP client.
    pub bytes: usize,
}

impl Sink for Tally {
    #[inline]
    fn event(&mut self, data: &[u8]) {
        self.events += 1;
        self.data += black_box(data).len();
    }

    #[inline]
    fn bytes(&mut self, chunk: &[u8]) {
        self.bytes += black_box(chunk).len();
    }
}

/// Where the sender's clock stands in an event.
pub const CLOCK: &[u8] = b"{\"sent\":";

/// How many digits the clock has.
pub const CLOCK_DIGITS: usize = 20;

/// Compares the clock in each event to the time when it is read.
#[derive(Clone, Debug, Default)]
pub struct Lags(pub Vec<Duration>);

impl Sink for Lags {
    fn event(&mut self, data: &[u8]) {
        self.bytes(data);
    }

    fn bytes(&mut self, chunk: &[u8]) {
        let now = monotonic();
        // A bare client that is late finds more than one.
        for (at, _) in chunk.windows(CLOCK.len()).enumerate().filter(|(_, window)| *window == CLOCK)
        {
            let digits = chunk.get(at + CLOCK.len()..at + CLOCK.len() + CLOCK_DIGITS);
            let sent = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            self.0.extend(sent.map(|sent| now.saturating_sub(Duration::from_nanos(sent))));
        }
    }
}

/// The clock that all processes of a machine share.
pub fn monotonic() -> Duration {
    time(ClockId::Monotonic)
}

/// CPU time of all threads of this process, in the kernel too.
pub fn process_time() -> Duration {
    time(ClockId::ProcessCPUTime)
}

/// What many streams have brought.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Streams that have brought something.
    pub arrived: usize,
    /// Responses that were accepted.
    pub opened: usize,
    /// Connections that were lost.
    pub lost: usize,
    /// Comments of each stream.
    pub comments: Vec<usize>,
}

/// One of many streams.
#[derive(Clone, Debug)]
pub struct Share {
    all: Rc<RefCell<Brought>>,
    number: usize,
    arrived: bool,
}

impl Share {
    /// A stream more.
    pub fn new(all: &Rc<RefCell<Brought>>) -> Self {
        let number = all.borrow().comments.len();
        all.borrow_mut().comments.push(0);
        Self { all: Rc::clone(all), number, arrived: false }
    }

    fn arrive(&mut self) {
        if !std::mem::replace(&mut self.arrived, true) {
            self.all.borrow_mut().arrived += 1;
        }
    }
}

impl Sink for Share {
    fn event(&mut self, _: &[u8]) {
        self.arrive();
    }

    fn bytes(&mut self, _: &[u8]) {
        self.arrive();
    }

    fn opened(&mut self) {
        self.all.borrow_mut().opened += 1;
    }

    fn comment(&mut self) {
        self.all.borrow_mut().comments[self.number] += 1;
    }

    fn lost(&mut self) {
        self.all.borrow_mut().lost += 1;
    }
}

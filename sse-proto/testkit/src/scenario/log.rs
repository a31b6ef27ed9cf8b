//! What a client saw.

use std::fmt;
use std::time::Duration;

use sse_proto::{Cause, Closed, DecodeError};

/// Something that a client saw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A response was accepted.
    Opened,
    /// An event was dispatched.
    Event {
        /// Its type.
        event_type: String,
        /// Its data.
        data: String,
        /// The last event ID that it has.
        id: String,
    },
    /// A comment.
    Comment(String),
    /// A block was over a limit.
    Skipped(DecodeError),
    /// The stream is silent.
    Late,
    /// The connection is lost, and there will be another attempt.
    Lost {
        /// Why.
        cause: Cause,
        /// How long until the next attempt.
        wait: Duration,
        /// What the transport said, where it was what failed.
        error: Option<String>,
    },
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Why.
    pub why: Closed,
    /// What the transport said, where it was what failed.
    pub error: Option<String>,
    /// The response that was not accepted.
    pub answer: Option<Answer>,
}

impl End {
    /// The end, for this reason, with nothing more to say.
    pub fn new(why: Closed) -> Self {
        Self { why, error: None, answer: None }
    }

    /// Sets [`error`](Self::error).
    #[must_use]
    pub fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// Sets [`answer`](Self::answer).
    #[must_use]
    pub fn answer(mut self, answer: Option<Answer>) -> Self {
        self.answer = answer;
        self
    }
}

/// A response that was not accepted, as the error that ended the stream holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<Vec<u8>>,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// All that a client saw, in order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Log {
    /// What it saw, and when, counted from the start.
    pub entries: Vec<(Duration, Entry)>,
    /// The end, and when; `None` where the user dropped the stream.
    pub end: Option<(Duration, End)>,
    /// How long it took until no connection was open after the user or the sentinel had ended the stream.
    pub settled: Option<Duration>,
    /// What no stream may do, such as to go on after its end.
    pub faults: Vec<String>,
}

impl Log {
    /// The data of all events.
    pub fn data(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Event { data, .. } => Some(&data[..]),
            _ => None,
        })
    }

    /// All that a transport said.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &str> {
        let lost = self.entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Lost { error, .. } => error.as_deref(),
            _ => None,
        });
        lost.chain(self.end.iter().filter_map(|(_, end)| end.error.as_deref()))
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Longer lists are those of the replaying server.
        const SHOWN: usize = 40;
        for (at, entry) in self.entries.iter().take(SHOWN) {
            writeln!(f, "    {at:9.3?} {}", short(entry))?;
        }
        if self.entries.len() > SHOWN {
            writeln!(f, "    and {} more", self.entries.len() - SHOWN)?;
        }
        match &self.end {
            Some((at, end)) => writeln!(f, "    {at:9.3?} {}", short(end))?,
            None => writeln!(f, "    no end")?,
        }
        if let Some(settled) = self.settled {
            writeln!(f, "    no connection open {settled:.3?} later")?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "    fault: {fault}"))
    }
}

/// The beginning of what `Debug` shows.
pub(crate) fn short(value: &impl fmt::Debug) -> String {
    const SHOWN: usize = 250;
    let text = format!("{value:?}");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

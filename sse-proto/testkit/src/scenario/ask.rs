//! What a client is told to do.

use std::fmt;

use sse_proto::Config;

use crate::{Script, Tally};

/// What a client is told: the request, the configuration, and how to look at the stream.
///
/// What the user does on the way, such as to close the stream, is told by the [`Record`](crate::scenario::Record).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ask {
    /// The address, which is none in some scenarios.
    pub url: String,
    /// The method, in upper case.
    pub method: String,
    /// The headers that the user sets; the same name may come again. Some values are not fit for a header.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// The configuration.
    pub config: Config,
    /// How the stream is looked at.
    pub view: View,
    /// Whether the request is made anew for each attempt. Then it carries one more header, `x-attempt`, with the
    /// attempt's number.
    pub anew: bool,
    /// The certificate of an authority to trust, in DER.
    pub trust: Option<Vec<u8>>,
}

/// How a stream is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum View {
    /// Everything that happens is noted.
    #[default]
    Updates,
    /// Events and errors alone.
    Events,
    /// First the opening is waited for, then as [`Updates`](Self::Updates).
    Opened,
}

/// What the user does to the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Drops it.
    Leave,
    /// Closes it.
    Close,
    /// Reconnects.
    Restart,
    /// Closes it by a handle, from another thread, while its owner waits for it.
    CloseElsewhere,
    /// Reconnects by a handle, from another thread, while its owner waits for it.
    RestartElsewhere,
    /// Commits an id.
    Commit(String),
    /// Sets the last event ID.
    SetLastEventId(String),
}

/// When something is done: after the n-th of something, which counts from 1.
#[derive(Clone, Copy)]
pub(crate) enum When {
    Opened(usize),
    Event(usize),
    Lost(usize),
    Skipped(usize),
    /// While the client waits for something else.
    Seen(fn(&Tally) -> bool),
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(n) => write!(f, "after opening {n}"),
            Self::Event(n) => write!(f, "after event {n}"),
            Self::Lost(n) => write!(f, "after loss {n}"),
            Self::Skipped(n) => write!(f, "after skipped block {n}"),
            Self::Seen(_) => f.write_str("when the server has seen enough"),
        }
    }
}

/// What is done then.
#[derive(Debug)]
pub(crate) enum Act {
    /// The client does it.
    Command(Command),
    /// The server goes away; its port refuses.
    Down,
    /// A server takes its place.
    Up(Script),
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) when: When,
    pub(crate) act: Act,
}

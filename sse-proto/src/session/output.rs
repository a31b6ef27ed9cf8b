//! What a session says.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::{CommentRef, DecodeError, EventRef, Instant};

/// What [`Session::poll_output`](crate::Session::poll_output) gives: something that came out, or the next duty.
///
/// A driver ignores outputs that it does not know.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output<'a> {
    /// Send a request now. Drop the connection that there still may be.
    Connect(Attempt),
    /// The response was accepted.
    Opened,
    /// An event was dispatched.
    Event(EventRef<'a>),
    /// A comment line ended. Only with [`Config::comments`](crate::Config::comments).
    Comment(CommentRef<'a>),
    /// A block was over a limit and was skipped.
    Skipped(DecodeError),
    /// The stream is silent for longer than [`Config::late_after`](crate::Config::late_after).
    Late,
    /// The connection is lost, or none came about. Drop it: until the next [`Connect`](Self::Connect) only time counts.
    Lost(Lost),
    /// Nothing more to do until a byte comes, or until then. If that time has passed already, look once for bytes without waiting
    /// before you say so.
    Wait(Option<Instant>),
    /// The session is over. Drop the connection; every further call says the same.
    Closed(Closed),
}

/// A request that is to be sent.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// 1 for the session's first request, and so on.
    pub number: u64,
    /// Losses in a row before it; the loss of a healthy connection starts the count again.
    pub retries: u32,
    /// The value of the `Last-Event-ID` header, in UTF-8; where it is empty, send none
    /// ([section 9.2.4](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header)). Always fit
    /// for a header.
    pub last_event_id: String,
    /// Where to send the request instead of the address that the user gave: where a redirect ended before, under
    /// [`ReconnectTo::Redirected`](crate::ReconnectTo::Redirected).
    pub address: Option<String>,
    /// Why there is another attempt; `None` for the first, and where a restart ended a connection. A restart during the wait after a
    /// loss that was told keeps its cause.
    pub last_loss: Option<Cause>,
}

impl Attempt {
    /// The headers that the request should have, where the user did not set them: names in lower case, and values.
    ///
    /// Compression delays events unless the server flushes it, hence `identity`.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let id = Some(self.last_event_id.as_str()).filter(|id| !id.is_empty());
        let headers = [
            ("accept", "text/event-stream"),
            ("accept-encoding", "identity"),
            ("cache-control", "no-cache"),
        ];
        headers.into_iter().chain(id.map(|id| ("last-event-id", id)))
    }
}

/// Shows neither the id nor the address, which may hold a token.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("number", &self.number)
            .field("retries", &self.retries)
            .field("last_loss", &self.last_loss)
            .finish_non_exhaustive()
    }
}

/// Why a connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The body ended cleanly.
    EndOfStream,
    /// The body ended before the [`Sentinel`](crate::Sentinel).
    MissingSentinel,
    /// The transport failed: refused, reset, cut, DNS, TLS, or the request could not be made.
    Transport,
    /// A status that the policy retries.
    Status(u16),
    /// No response head within this time.
    ConnectTimeout(Duration),
    /// No byte of the body within this time.
    FirstByteTimeout(Duration),
    /// No further byte within this time.
    IdleTimeout(Duration),
}

impl core::error::Error for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOfStream => f.write_str("the stream ended"),
            Self::MissingSentinel => f.write_str("the stream ended before its end mark"),
            Self::Transport => f.write_str("the connection failed"),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::ConnectTimeout(time) => write!(f, "no response within {time:?}"),
            Self::FirstByteTimeout(time) => write!(f, "no first byte within {time:?}"),
            Self::IdleTimeout(time) => write!(f, "no byte for {time:?}"),
        }
    }
}

/// A connection that was lost, or that did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// Why.
    pub cause: Cause,
    /// The number of the attempt that is over.
    pub attempt: u64,
    /// The wait before the next attempt; `None` if there will be none and the session closes.
    pub retry_in: Option<Duration>,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The user closed it.
    ByUser,
    /// The server answered 204: there is nothing (more) to stream.
    NoContent,
    /// The sentinel came.
    Sentinel,
    /// The body of a one-shot request ended cleanly.
    EndOfStream,
    /// The request could not be made: it is invalid, or its factory gave up.
    InvalidRequest,
    /// The response was not accepted.
    Refused(Refusal),
    /// The connection was lost, and the policy allows no further attempt.
    Lost {
        /// Why it was lost.
        cause: Cause,
        /// Why it is not retried.
        give_up: GiveUp,
    },
}

impl Closed {
    /// Whether a response ended it: one that was not accepted, or whose status is not retried, or not any more.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Lost { cause: Cause::Status(_), .. })
    }

    /// Whether nothing went wrong.
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::ByUser | Self::NoContent | Self::Sentinel | Self::EndOfStream)
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByUser => f.write_str("closed"),
            Self::NoContent => f.write_str("the server answered with status 204: no content"),
            Self::Sentinel => f.write_str("the stream is complete"),
            Self::EndOfStream => f.write_str("the stream ended"),
            Self::InvalidRequest => f.write_str("the request could not be made"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Lost { cause, give_up: GiveUp::NoRetry } => cause.fmt(f),
            Self::Lost { cause, give_up } => write!(f, "{cause}, and {give_up}"),
        }
    }
}

/// What is wrong with a response that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither 200 nor a status that the policy retries.
    Status(u16),
    /// None of [`Config::accept`](crate::Config::accept).
    ContentType,
    /// The body is compressed, or encoded otherwise, and the HTTP client did not undo it: not one event could be read.
    ContentEncoding,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::ContentType => {
                f.write_str("the response is no event stream: its content type is not accepted")
            }
            Self::ContentEncoding => f.write_str(
                "the response is encoded (Content-Encoding), which the HTTP client did not undo",
            ),
        }
    }
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GiveUp {
    /// The policy is one shot, or became so ([`RetryPolicy::until_open`](crate::RetryPolicy::until_open)).
    NoRetry,
    /// [`RetryPolicy::max_retries`](crate::RetryPolicy::max_retries) is used up.
    Retries {
        /// The limit in force.
        limit: u32,
    },
    /// [`RetryPolicy::max_elapsed`](crate::RetryPolicy::max_elapsed) is used up.
    Elapsed {
        /// The limit in force.
        limit: Duration,
    },
    /// The server asks for more than [`RetryPolicy::max_server_wait`](crate::RetryPolicy::max_server_wait).
    ServerWait {
        /// What it asks for, with its last `retry` or `Retry-After`.
        wait: Duration,
        /// The limit in force.
        limit: Duration,
    },
}

impl core::error::Error for GiveUp {}

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRetry => f.write_str("the policy allows no retry"),
            Self::Retries { limit: 1 } => f.write_str("the limit of 1 retry is reached"),
            Self::Retries { limit } => write!(f, "the limit of {limit} retries is reached"),
            Self::Elapsed { limit } => write!(f, "the limit of {limit:?} for retries is reached"),
            Self::ServerWait { wait, limit } => {
                write!(
                    f,
                    "the server asks to wait {wait:?}, above the limit of {limit:?} (RetryPolicy::max_server_wait)"
                )
            }
        }
    }
}

/// The standard's `readyState`
/// ([section 9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// No connection yet, or waiting for the next attempt.
    Connecting,
    /// A response was accepted.
    Open,
    /// Over for good.
    Closed,
}

/// What a session has counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes of bodies.
    pub bytes: u64,
    /// Events that were given out.
    pub events: u64,
    /// Comments that were given out.
    pub comments: u64,
    /// Blocks that were over a limit.
    pub skipped: u64,
    /// Requests.
    pub attempts: u64,
    /// Responses that were accepted.
    pub opens: u64,
    /// Connections that were lost or did not come about.
    pub losses: u64,
}

/// What a session needs to be taken up again later, elsewhere
/// ([`Session::resume`](crate::Session::resume), and [`Config::resume`](crate::Config::resume) where an adapter makes the session).
///
/// It is stored by the feature `serde`, or field by field, and then made of [`Snapshot::default`].
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// What the next request carries.
    pub last_event_id: String,
    /// What the server's last `retry` field said.
    pub reconnection_time: Option<Duration>,
}

/// Shows whether there is an id, but not which: it may be a secret.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("has_last_event_id", &!self.last_event_id.is_empty())
            .field("reconnection_time", &self.reconnection_time)
            .finish()
    }
}

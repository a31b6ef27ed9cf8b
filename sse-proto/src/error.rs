//! What can be wrong: with a block that a peer sent, with an event that a user builds.

use core::fmt;

/// Why a block of the stream was skipped.
///
/// Nothing that a peer sends ends a decoder: after an error it goes on at the next block. A skipped block moves
/// no last event ID, so a reconnection asks for it again; its `retry` lines count. There is at most one error per
/// block, but for comments that are too long, which are dropped alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeError {
    /// The block's data has more bytes than [`Limits::event_bytes`](crate::Limits::event_bytes).
    EventTooLarge {
        /// The limit in force, in bytes.
        limit: usize,
    },
    /// The block's event type has more bytes than [`Limits::id_bytes`](crate::Limits::id_bytes).
    EventTypeTooLong {
        /// The limit in force, in bytes.
        limit: usize,
    },
    /// The block's id has more bytes than [`Limits::id_bytes`](crate::Limits::id_bytes).
    IdTooLong {
        /// The limit in force, in bytes.
        limit: usize,
    },
    /// A comment has more bytes than [`Limits::id_bytes`](crate::Limits::id_bytes). Only the comment is dropped.
    CommentTooLong {
        /// The limit in force, in bytes.
        limit: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, limit, name) = match self {
            Self::EventTooLarge { limit } => ("an event's data", limit, "event_bytes"),
            Self::EventTypeTooLong { limit } => ("an event's type", limit, "id_bytes"),
            Self::IdTooLong { limit } => ("an event's id", limit, "id_bytes"),
            Self::CommentTooLong { limit } => ("a comment", limit, "id_bytes"),
        };
        write!(f, "{what} is over the limit of {limit} bytes (Limits::{name})")
    }
}

impl core::error::Error for DecodeError {}

/// Why an [`Event`](crate::Event) cannot be built: it could not be written as an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildError {
    /// The event type contains a CR or LF, which would end its line and start another field.
    EventTypeHasLineEnd,
    /// The id contains a CR or LF, which would end its line and start another field.
    IdHasLineEnd,
    /// The id contains a NUL, for which every client must ignore it.
    IdHasNul,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EventTypeHasLineEnd => "the event type contains a line end",
            Self::IdHasLineEnd => "the id contains a line end",
            Self::IdHasNul => "the id contains a NUL",
        })
    }
}

impl core::error::Error for BuildError {}

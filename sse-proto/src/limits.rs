//! How much a decoder may hold for a peer.

use crate::DecodeError;

/// Bytes that a [`Decoder`](crate::Decoder) holds for one block before it gives up on that block.
///
/// Every limit is finite by default, and every number works: with `0` only events without text pass, with
/// `usize::MAX` the limit is off. What nobody will read (unknown fields, comments that are not asked for) is
/// discarded as it comes and needs no limit.
///
/// Others in the field choose 512 KiB to 2 MiB, or nothing at all; users have reported 1 MiB as too low (images in
/// LLM streams) and send flags of up to 150 MB, so the default lies well above the first and is easily raised.
///
/// ```
/// use sse_proto::{Decoder, Limits};
///
/// let decoder = Decoder::with_limits(Limits::default().event_bytes(64 * 1024));
/// assert_eq!(decoder.limits().id_bytes, 64 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of UTF-8 that an event's data, its lines joined by LF, may have; 32 MiB.
    pub event_bytes: usize,
    /// Bytes of UTF-8 that an id may have, and an event type, and bytes of a comment that is asked for; 64 KiB.
    ///
    /// An id goes into a request header, and few servers read a head larger than this.
    pub id_bytes: usize,
}

impl Limits {
    /// Sets [`event_bytes`](Self::event_bytes).
    #[must_use]
    pub const fn event_bytes(mut self, bytes: usize) -> Self {
        self.event_bytes = bytes;
        self
    }

    /// Sets [`id_bytes`](Self::id_bytes).
    #[must_use]
    pub const fn id_bytes(mut self, bytes: usize) -> Self {
        self.id_bytes = bytes;
        self
    }
}

/// What was over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Event,
    EventType,
    Id,
    Comment,
}

impl Over {
    pub(crate) const fn error(self, limits: Limits) -> DecodeError {
        let limit = limits.id_bytes;
        match self {
            Self::Event => DecodeError::EventTooLarge { limit: limits.event_bytes },
            Self::EventType => DecodeError::EventTypeTooLong { limit },
            Self::Id => DecodeError::IdTooLong { limit },
            Self::Comment => DecodeError::CommentTooLong { limit },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { event_bytes: 32 << 20, id_bytes: 64 << 10 }
    }
}

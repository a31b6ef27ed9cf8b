//! Lines: where they end, and what is left of one that a chunk's end cuts.

use crate::field::{Field, LONGEST_NAME, RetryValue};

/// Where the line that `bytes[from..]` begins with ends: the position of its CR or LF.
#[inline]
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', &bytes[from..]).map(|len| from + len)
}

/// A line that has begun but not ended, where the chunk did.
///
/// Once it is clear what the line is, its value goes straight to where it belongs; no line is ever stored whole, so
/// nothing is scanned twice.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Partial {
    /// The chunk ended with a line.
    None,
    /// Some bytes of a byte order mark, at the very start.
    Bom(usize),
    /// A name that may still become a known one.
    Name([u8; LONGEST_NAME], usize),
    /// The value of a known field. `fresh`: nothing of it yet, so a single space may still belong to the colon.
    Value { field: Field, fresh: bool },
    /// The digits so far.
    Retry { value: RetryValue, fresh: bool },
    /// A comment that somebody asked for.
    Comment { fresh: bool },
    /// Nobody will read it.
    Ignored,
}

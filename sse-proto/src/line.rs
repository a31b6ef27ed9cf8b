//! Lines: where they end, and what is left of one that a chunk's end cuts.

use crate::field::{Field, LONGEST_NAME, RetryValue};

/// Where the line that `bytes[from..]` begins with ends: the position of its CR or LF.
#[inline]
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', &bytes[from..]).map(|len| from + len)
}

/// Within so many bytes [`end_near`] is the faster one.
pub(crate) const NEAR: usize = 32;

/// The same, for a line that is likely to be short: looks at a few numbers first, since a search by vectors costs more than a
/// short line.
#[inline]
pub(crate) fn end_near(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < from + NEAR
        && let Some(&word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
    {
        let word = u64::from_le_bytes(word);
        let found = zero_bytes(word ^ LF) | zero_bytes(word ^ CR);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    end(bytes, at)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const LF: u64 = ONES * b'\n' as u64;
const CR: u64 = ONES * b'\r' as u64;

/// The high bit of each byte that is zero, and perhaps of bytes above the lowest of these.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
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

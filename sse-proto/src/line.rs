//! Lines: where they end, and what is left of one that a chunk's end cuts.

use crate::field::{Field, LONGEST_NAME, RetryValue};

/// Where the line that `bytes[from..]` begins with ends: the position of its CR or LF.
#[inline]
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', &bytes[from..]).map(|len| from + len)
}

/// Within so many bytes [`end_near`] is the faster one.
pub(crate) const NEAR: usize = 32;

/// The same, for a line that is likely to be short: a search that is set up for long lines costs more than to look at a few
/// numbers first.
#[inline]
pub(crate) fn end_near(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < from + NEAR
        && let Some(&block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>)
    {
        let (low, high) = (block.first_chunk(), block.last_chunk());
        let (low, high) = (low.map_or(0, low_bytes), high.map_or(0, low_bytes));
        if low | high != 0 {
            let bits = if low != 0 { low.trailing_zeros() } else { 64 + high.trailing_zeros() };
            at += bits as usize / 8;
            return if matches!(bytes[at], b'\r' | b'\n') { Some(at) } else { end(bytes, at) };
        }
        at += block.len();
    }
    end(bytes, at)
}

/// The high bit of each byte that is at most CR, and perhaps of bytes above the lowest of these.
#[inline]
fn low_bytes(bytes: &[u8; 8]) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let word = u64::from_le_bytes(*bytes);
    word.wrapping_sub(ONES * (b'\r' as u64 + 1)) & !word & (ONES << 7)
}

/// Steps over the CR, LF or CRLF at `end`. `None` after a CR at the chunk's end, which may have an LF to come.
#[inline]
pub(crate) fn after(bytes: &[u8], end: usize) -> Option<usize> {
    if bytes[end] == b'\n' {
        return Some(end + 1);
    }
    match bytes.get(end + 1)? {
        b'\n' => Some(end + 2),
        _ => Some(end + 1),
    }
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

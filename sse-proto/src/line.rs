//! Lines: where they end, and what is left of one that a chunk's end cuts.

use wide::u8x16;

use crate::field::{Field, LONGEST_NAME, RetryValue};

/// Where the line that `bytes[from..]` begins with ends: the position of its CR or LF.
#[inline]
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr2(b'\r', b'\n', &bytes[from..]).map(|len| from + len)
}

/// A part of a chunk, in half the space of two `usize`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range(u32, u32);

/// The longest chunk whose parts a [`Range`] can tell.
pub(crate) const LONGEST_CHUNK: usize = u32::MAX as usize;

impl Range {
    #[inline]
    pub(crate) const fn new(from: usize, to: usize) -> Self {
        Self(from as u32, to as u32)
    }

    #[inline]
    pub(crate) const fn ends(self) -> (usize, usize) {
        (self.0 as usize, self.1 as usize)
    }

    #[inline]
    pub(crate) fn of(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.0 as usize..self.1 as usize]
    }
}

/// The line ends of a block of the chunk, found all at once: for lines so short that a search for each would cost more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// A bit for each CR or LF.
    mask: u64,
    /// Where the block begins.
    base: usize,
}

/// Bytes of a block, and the length up to which a line is short.
pub(crate) const BLOCK: usize = 64;

impl Ends {
    /// Where the line that `bytes[from..]` begins with ends, as [`end`] tells it.
    #[inline]
    pub(crate) fn end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        let passed = from.wrapping_sub(self.base);
        if passed < BLOCK {
            let mask = self.mask >> passed;
            if mask != 0 {
                return Some(from + mask.trailing_zeros() as usize);
            }
        }
        self.load(bytes, from)
    }

    /// Another chunk: what was found is of no use there.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.mask = 0;
    }

    #[inline]
    fn load(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        let Some(block) = bytes.get(from..).and_then(<[u8]>::first_chunk) else {
            return self.load_tail(bytes, from);
        };
        self.base = from;
        self.mask = mask(block);
        match self.mask {
            0 => end(bytes, from + BLOCK),
            mask => Some(from + mask.trailing_zeros() as usize),
        }
    }

    /// Less than a block is left.
    #[inline(never)]
    fn load_tail(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = &bytes[from..];
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        self.base = from;
        self.mask = mask(&block);
        (self.mask != 0).then(|| from + self.mask.trailing_zeros() as usize)
    }
}

#[inline]
fn mask(block: &[u8; BLOCK]) -> u64 {
    block.as_chunks().0.iter().rev().fold(0, |mask, &bytes: &[u8; 16]| {
        let bytes = u8x16::new(bytes);
        let found = bytes.simd_eq(u8x16::splat(b'\r')) | bytes.simd_eq(u8x16::splat(b'\n'));
        mask << 16 | u64::from(found.to_bitmask())
    })
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

/// The length of the two line ends at `end`, of which the second is a blank line: 0 if it is none, or if it may go on.
#[inline]
pub(crate) fn blank(bytes: &[u8], end: usize) -> usize {
    match bytes.get(end..) {
        Some([b'\n', b'\n', ..]) => 2,
        Some([b'\r', b'\n', b'\r', b'\n', ..]) => 4,
        _ => 0,
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
    Bom(u8),
    /// A name that may still become a known one.
    Name([u8; LONGEST_NAME], u8),
    /// The value of a known field. `fresh`: nothing of it yet, so a single space may still belong to the colon.
    Value { field: Field, fresh: bool },
    /// The digits so far.
    Retry { value: RetryValue, fresh: bool },
    /// A comment that somebody asked for.
    Comment { fresh: bool },
    /// Nobody will read it.
    Ignored,
}

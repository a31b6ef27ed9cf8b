//! Text that arrives in pieces: the standard's *UTF-8 decode*, without its BOM.

use alloc::string::String;

/// What stands in place of a maximal invalid sequence.
pub(crate) const REPLACEMENT: &str = "\u{FFFD}";

/// Capacity that an emptied buffer keeps; what is larger is given back to the allocator.
pub(crate) const KEEP: usize = 16 * 1024;

/// A part of a chunk as text, if it is valid.
#[inline]
pub(crate) fn of_part(chunk: &[u8], (from, to): (usize, usize)) -> Option<&str> {
    match to - from {
        ..SHORT => core::str::from_utf8(&chunk[from..to]).ok(),
        _ => of_long_part(chunk, from, to),
    }
}

/// The check takes blocks. An incomplete one costs as much as hundreds of bytes, so the check begins as far before the part as
/// completes the first.
#[inline(never)]
fn of_long_part(chunk: &[u8], from: usize, to: usize) -> Option<&str> {
    let before = from.wrapping_sub(to) % CHECKED_BLOCK;
    if let Some(start) = from.checked_sub(before)
        // Within a character there would be no use.
        && !matches!(chunk[start], 0x80..0xC0)
        && let Ok(text) = simdutf8::basic::from_utf8(&chunk[start..to])
        && let Some(text) = text.get(before..)
    {
        return Some(text);
    }
    simdutf8::basic::from_utf8(&chunk[from..to]).ok()
}

/// Bytes that simdutf8 checks at once.
const CHECKED_BLOCK: usize = 64;

/// Below this a check of each byte is no worse than that of a block.
const SHORT: usize = 4;

/// A growing text, and the first bytes of a character that the last piece cut.
#[derive(Debug, Default)]
pub(crate) struct Text {
    text: String,
    /// A valid beginning of a character, at most three bytes. Empty but for the middle of a line.
    cut: [u8; 4],
    cut_len: u8,
}

impl Text {
    /// Adds the next piece of a line.
    ///
    /// Below `limit` the buffer doubles, near it the buffer grows exactly. Over it the caller gives the text up.
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8], limit: usize) {
        if self.cut_len == 0
            && piece.last().is_some_and(u8::is_ascii)
            && let Ok(text) = simdutf8::basic::from_utf8(piece)
        {
            self.push_str(text, limit);
        } else {
            self.push_cut(piece, limit);
        }
    }

    /// A piece that may begin or end within a character, or be no UTF-8 at all.
    fn push_cut(&mut self, mut piece: &[u8], limit: usize) {
        while self.cut_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return };
            if self.complete(byte, limit) {
                piece = rest;
            }
        }
        let (whole, tail) = piece.split_at(piece.len() - cut_at_end(piece));
        match simdutf8::basic::from_utf8(whole) {
            Ok(text) => {
                self.push_str(text, limit);
                if !tail.is_empty() {
                    self.push_lossy(tail, limit);
                }
            }
            Err(_) => self.push_lossy(piece, limit),
        }
    }

    /// Ends a line: a character that is still cut will not be completed any more.
    #[inline]
    pub(crate) fn end_line(&mut self, limit: usize) {
        if self.cut_len > 0 {
            self.cut_len = 0;
            self.push_str(REPLACEMENT, limit);
        }
    }

    /// Adds text that is known to be valid, between lines only.
    #[inline]
    pub(crate) fn push_str(&mut self, text: &str, limit: usize) {
        self.reserve(text.len(), limit);
        self.text.push_str(text);
    }

    /// Adds whole lines that are known to be valid and have at most `len` bytes, with an LF before each but perhaps the first.
    pub(crate) fn push_lines<'a>(
        &mut self,
        joined: bool,
        lines: impl Iterator<Item = &'a str>,
        len: usize,
        limit: usize,
    ) {
        self.reserve(len, limit);
        let mut separate = joined;
        for line in lines {
            if separate {
                self.text.push('\n');
            }
            self.text.push_str(line);
            separate = true;
        }
    }

    /// Replaces everything by one whole line of a chunk.
    pub(crate) fn set(&mut self, chunk: &[u8], line: (usize, usize), limit: usize) {
        self.clear();
        match of_part(chunk, line) {
            Some(text) => self.push_str(text, limit),
            None => {
                self.push_cut(&chunk[line.0..line.1], limit);
                self.end_line(limit);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.cut_len = 0;
        if self.text.capacity() > KEEP {
            self.text = String::new();
        }
        self.text.clear();
    }

    fn reserve(&mut self, additional: usize, limit: usize) {
        if self.text.capacity() - self.text.len() < additional {
            let len = self.text.len();
            self.text.reserve_exact(growth(self.text.capacity(), len, additional, limit));
        }
    }

    /// Bytes that the line would have at least if it ended here.
    pub(crate) fn len(&self) -> usize {
        self.text.len() + usize::from(self.cut_len)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn as_mut_string(&mut self) -> &mut String {
        &mut self.text
    }

    /// Offers the byte that follows a cut character; `false` means that it belongs to the next one.
    fn complete(&mut self, byte: u8, limit: usize) -> bool {
        let len = usize::from(self.cut_len);
        self.cut[len] = byte;
        let sequence = self.cut;
        match core::str::from_utf8(&sequence[..=len]) {
            Ok(character) => {
                self.cut_len = 0;
                self.push_str(character, limit);
                true
            }
            Err(error) if error.error_len().is_none() => {
                self.cut_len += 1;
                true
            }
            Err(_) => {
                self.end_line(limit);
                false
            }
        }
    }

    #[cold]
    fn push_lossy(&mut self, piece: &[u8], limit: usize) {
        for part in piece.utf8_chunks() {
            if self.text.len() > limit {
                // Nobody will read it.
                return;
            }
            self.push_str(part.valid(), limit);
            let invalid = part.invalid();
            let at_end = invalid.as_ptr_range().end == piece.as_ptr_range().end;
            if at_end && core::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none()) {
                self.cut[..invalid.len()].copy_from_slice(invalid);
                self.cut_len = invalid.len() as u8;
            } else if !invalid.is_empty() {
                self.push_str(REPLACEMENT, limit);
            }
        }
    }
}

/// What to reserve for `additional` bytes: doubling as long as that stays below the limit, else no more than needed.
pub(crate) fn growth(capacity: usize, len: usize, additional: usize, limit: usize) -> usize {
    capacity.saturating_mul(2).min(limit).max(len + additional) - len
}

/// How many bytes at the end of a piece could be the beginning of a character.
fn cut_at_end(piece: &[u8]) -> usize {
    for (distance, &byte) in (1..=3).zip(piece.iter().rev()) {
        let needed = match byte {
            0x80..0xC0 => continue,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0..=0xFF => 4,
            _ => 0,
        };
        return if needed > distance { distance } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_text_whatever_stands_before_it() {
        let valid = "z̈ß水🙂, {\"delta\":\"語\"}\n\ndata: ".repeat(8);
        let mut broken = valid.clone().into_bytes();
        broken[100] = 0xFF;
        for chunk in [valid.as_bytes(), &broken] {
            for to in 0..=chunk.len() {
                for from in 0..=to {
                    let expected = core::str::from_utf8(&chunk[from..to]).ok();
                    assert_eq!(of_part(chunk, (from, to)), expected);
                }
            }
        }
    }
}

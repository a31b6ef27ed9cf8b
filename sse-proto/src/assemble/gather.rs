//! Data that does not stay where it came: several lines, or lines that a chunk's end cut.

use alloc::vec::Vec;

use super::{Block, HELD, LARGE, SKIPPED};
use crate::limits::Over;

impl Block {
    /// A data line begins at the chunk's end, or in a later one.
    #[inline]
    pub(crate) fn begin_data(&mut self, chunk: &[u8]) {
        if self.line_count > 0 {
            self.save_lines(chunk);
        }
        self.raw += 1;
        if self.flags & LARGE != 0 {
            self.data.push_str("\n", self.limits.event_bytes);
        } else if self.flags & HELD != 0 {
            self.small.push(b'\n');
        }
        self.flags |= HELD;
    }

    /// A piece of the data line that was begun.
    #[inline]
    pub(crate) fn push_data(&mut self, piece: &[u8]) -> Result<(), Over> {
        self.raw += piece.len();
        if self.raw <= self.small_limit.into() {
            self.small.extend_from_slice(piece);
            return Ok(());
        }
        self.enlarge();
        if self.raw > self.cheap && self.data.len() + piece.len() > self.limits.event_bytes {
            return self.skip(Over::Event);
        }
        self.data.push(piece, self.limits.event_bytes);
        if self.raw > self.cheap { self.check_data(&[]) } else { Ok(()) }
    }

    #[inline]
    pub(crate) fn end_data(&mut self) -> Result<(), Over> {
        if self.flags & LARGE == 0 {
            return Ok(());
        }
        self.data.end_line(self.limits.event_bytes);
        if self.raw > self.cheap { self.check_data(&[]) } else { Ok(()) }
    }

    /// Moves the data lines of the chunk to a buffer.
    #[inline(never)]
    pub(super) fn save_lines(&mut self, chunk: &[u8]) {
        if self.raw <= self.small_limit.into() {
            self.save_small_lines(chunk);
        } else {
            self.save_large_lines(chunk);
        }
    }

    fn save_small_lines(&mut self, chunk: &[u8]) {
        let lines = &self.lines[..usize::from(core::mem::take(&mut self.line_count))];
        let Some((last, before)) = lines.split_last() else { return };
        // At most so much: the lines, their ends, and the names before them.
        self.small.reserve(self.raw);
        if self.flags & HELD != 0 {
            self.small.push(b'\n');
        }
        self.flags |= HELD;
        for (from, to) in before.iter().map(|line| line.ends()) {
            // A line's own LF is as good as any, and comes along with it.
            if chunk[to] == b'\n' {
                self.small.extend_from_slice(&chunk[from..=to]);
            } else {
                self.small.extend_from_slice(&chunk[from..to]);
                self.small.push(b'\n');
            }
        }
        self.small.extend_from_slice(last.of(chunk));
    }

    /// One UTF-8 check for all lines where they are valid.
    fn save_large_lines(&mut self, chunk: &[u8]) {
        self.enlarge();
        // What was gathered ends with a line.
        self.data.end_line(self.limits.event_bytes);
        let lines = &self.lines[..usize::from(core::mem::take(&mut self.line_count))];
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
        let (first, last) = (first.ends().0, last.ends().1);
        let lines = lines.iter().map(|line| line.ends());
        // Not what lies between them, which may be much more.
        let len = lines.clone().map(|(from, to)| to - from + 1).sum();
        let limit = self.limits.event_bytes;
        let joined = self.flags & HELD != 0;
        self.flags |= HELD;
        match simdutf8::basic::from_utf8(&chunk[first..last]) {
            // A line begins behind ASCII and ends before it, so the borders are those of characters.
            Ok(text) => {
                let lines = lines.map(|(from, to)| &text[from - first..to - first]);
                self.data.push_lines(joined, lines, len, limit);
            }
            Err(_) => {
                for (number, (from, to)) in lines.enumerate() {
                    if joined || number > 0 {
                        self.data.push_str("\n", limit);
                    }
                    self.data.push(&chunk[from..to], limit);
                    self.data.end_line(limit);
                }
            }
        }
    }

    /// From now on the data is checked piece by piece.
    #[inline]
    fn enlarge(&mut self) {
        if self.flags & LARGE == 0 {
            self.flags |= LARGE;
            self.data.push(&self.small, self.limits.event_bytes);
            self.small = Vec::new();
        }
    }

    /// Counts the data's exact size.
    #[cold]
    pub(super) fn check_data(&mut self, chunk: &[u8]) -> Result<(), Over> {
        if self.is_skipped() {
            (self.line_count, self.raw) = (0, SKIPPED);
            return Ok(());
        }
        // Text is never shorter than the bytes that it is made of, and behind the last line there is no line end.
        if self.raw > self.limits.event_bytes.saturating_add(1) {
            return self.skip(Over::Event);
        }
        if self.line_count > 0 {
            self.save_lines(chunk);
        }
        if self.data.len() > self.limits.event_bytes { self.skip(Over::Event) } else { Ok(()) }
    }
}

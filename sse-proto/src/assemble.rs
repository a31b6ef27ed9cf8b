//! The block that is being read: data, event type and id, left in the chunk for as long as possible.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::event::{Data, EventRef, IdRef};
use crate::field;
use crate::text::Text;
use crate::{DecodeError, Limits};

/// Data lines that are remembered as ranges before they are moved to the data buffer. More would let a flood of empty
/// lines hold more memory in ranges than the chunk has bytes.
const MOST_RANGES: usize = 32;

/// `from..to` of the current chunk.
type Range = (usize, usize);

/// Where a field's value lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Slot {
    #[default]
    Absent,
    Chunk(Range),
    /// In the buffer of its own.
    Held,
}

/// A partial event.
///
/// The only place that knows the standard's three buffers. Values stay ranges of the chunk until a second data line or
/// the chunk's end makes it necessary to copy them ([`save`](Self::save)).
#[derive(Debug)]
pub(crate) struct Block {
    limits: Limits,
    /// Data lines in the chunk, behind those that `data` already holds.
    lines: [Range; MOST_RANGES],
    line_count: usize,
    event_type: Slot,
    id: Slot,
    /// `data` holds at least one line, perhaps an empty one.
    data_held: bool,
    /// An upper bound of a third of the text's size: raw bytes, each of which may become one U+FFFD of three. Only when
    /// it passes a third of the limit is the exact size worth counting. `usize::MAX` while the block is skipped.
    raw: usize,
    /// A third of the limit for an event.
    cheap: usize,
    comment_reported: bool,
    data: Text,
    event_type_text: Text,
    id_text: Text,
    /// An id line that is not over yet: if it turns out to contain a NUL, the id before it stands.
    id_line: Text,
    last_event_id: Text,
    /// The id in `id` can be sent in a header.
    id_fits_header: bool,
    /// The last id that can be sent in a header, where `last_event_id` cannot.
    sendable_id: Option<Box<str>>,
    /// The block at hand set `last_event_id`.
    own_id: bool,
    shared_id: Option<Arc<str>>,
}

impl Block {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            lines: [(0, 0); MOST_RANGES],
            line_count: 0,
            event_type: Slot::Absent,
            id: Slot::Absent,
            data_held: false,
            raw: 0,
            cheap: limits.event_bytes / 3,
            comment_reported: false,
            data: Text::default(),
            event_type_text: Text::default(),
            id_text: Text::default(),
            id_line: Text::default(),
            last_event_id: Text::default(),
            id_fits_header: true,
            sendable_id: None,
            own_id: false,
            shared_id: None,
        }
    }

    /// A whole data line.
    #[inline]
    pub(crate) fn data_line(&mut self, chunk: &[u8], line: Range) -> Result<(), DecodeError> {
        self.raw = self.raw.saturating_add(line.1 - line.0 + 1);
        if self.line_count == MOST_RANGES {
            self.save_lines(chunk);
        }
        self.lines[self.line_count] = line;
        self.line_count += 1;
        if self.raw > self.cheap { self.check_size(chunk, 0) } else { Ok(()) }
    }

    /// A whole line that names the event type.
    #[inline]
    pub(crate) fn event_type_line(&mut self, chunk: &[u8], line: Range) -> Result<(), DecodeError> {
        self.raw = self.raw.saturating_add(line.1 - line.0);
        self.event_type = Slot::Chunk(line);
        if self.raw > self.cheap { self.check_size(chunk, 0) } else { Ok(()) }
    }

    /// A whole line with an id.
    #[inline]
    pub(crate) fn id_line(&mut self, chunk: &[u8], line: Range) -> Result<(), DecodeError> {
        let bytes = &chunk[line.0..line.1];
        if bytes.len() > self.limits.id_bytes / 3 && !self.is_skipped() {
            self.id_line.set(bytes, self.limits.id_bytes);
            self.check_id_size(0)?;
        }
        let fits_header = field::is_header_value(bytes);
        if fits_header || memchr::memchr(0, bytes).is_none() {
            self.id = Slot::Chunk(line);
            self.id_fits_header = fits_header;
        }
        Ok(())
    }

    /// A comment of `len` bytes that somebody asked for; `Ok(false)` if it is to be dropped silently.
    pub(crate) fn comment_fits(&mut self, chunk: &[u8], len: usize) -> Result<bool, DecodeError> {
        let limit = self.limits.event_bytes;
        if self.is_skipped() {
            return Ok(len <= limit);
        }
        if self.raw.saturating_add(len) <= self.cheap
            || self.exact_size(chunk).saturating_add(len) <= limit
        {
            return Ok(true);
        }
        if core::mem::replace(&mut self.comment_reported, true) {
            return Ok(false);
        }
        Err(DecodeError::CommentTooLong { limit })
    }

    /// A data line begins at the chunk's end, or in a later one.
    pub(crate) fn begin_data(&mut self, chunk: &[u8]) {
        self.save_lines(chunk);
        if self.data_held {
            self.data.push_str("\n", self.limits.event_bytes);
        }
        self.raw = self.raw.saturating_add(1);
        self.data_held = true;
    }

    /// A piece of the data line that was begun.
    pub(crate) fn push_data(&mut self, chunk: &[u8], piece: &[u8]) -> Result<(), DecodeError> {
        self.check_size(chunk, piece.len())?;
        self.raw = self.raw.saturating_add(piece.len());
        self.data.push(piece, self.limits.event_bytes);
        self.check_size(chunk, 0)
    }

    pub(crate) fn end_data(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.data.end_line(self.limits.event_bytes);
        self.check_size(chunk, 0)
    }

    pub(crate) fn begin_event_type(&mut self) {
        self.event_type = Slot::Held;
        self.event_type_text.clear();
    }

    pub(crate) fn push_event_type(
        &mut self,
        chunk: &[u8],
        piece: &[u8],
    ) -> Result<(), DecodeError> {
        self.check_size(chunk, piece.len())?;
        self.raw = self.raw.saturating_add(piece.len());
        self.event_type_text.push(piece, self.limits.event_bytes);
        self.check_size(chunk, 0)
    }

    pub(crate) fn end_event_type(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.event_type_text.end_line(self.limits.event_bytes);
        self.check_size(chunk, 0)
    }

    pub(crate) fn begin_id(&mut self) {
        self.id_line.clear();
    }

    pub(crate) fn push_id(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        self.check_id_size(piece.len())?;
        self.id_line.push(piece, self.limits.id_bytes);
        self.check_id_size(0)
    }

    pub(crate) fn end_id(&mut self) -> Result<(), DecodeError> {
        self.id_line.end_line(self.limits.id_bytes);
        self.check_id_size(0)?;
        if !self.id_line.as_str().contains('\0') {
            self.id_fits_header = field::is_header_value(self.id_line.as_str().as_bytes());
            core::mem::swap(&mut self.id_line, &mut self.id_text);
            self.id = Slot::Held;
        }
        Ok(())
    }

    /// The blank line: moves the last event ID, and says whether there is an event to dispatch (WHATWG HTML 9.2.6,
    /// *dispatch the event*).
    #[inline]
    pub(crate) fn dispatch(&mut self, chunk: &[u8]) -> bool {
        if self.is_skipped() {
            return false;
        }
        if self.id != Slot::Absent {
            self.move_id(chunk);
        }
        self.line_count > 0 || self.data_held
    }

    /// The event that [`dispatch`](Self::dispatch) announced.
    pub(crate) fn event<'a>(&'a mut self, chunk: &'a [u8]) -> EventRef<'a> {
        let data = match self.lines[0] {
            (from, to) if self.line_count == 1 && !self.data_held => {
                simdutf8::basic::from_utf8(&chunk[from..to]).ok()
            }
            _ => None,
        };
        if data.is_none() {
            self.save_lines(chunk);
        }
        let data = match data {
            Some(text) => Data::Chunk(text),
            None => Data::Gathered(self.data.as_mut_string()),
        };
        let event_type = match self.event_type {
            Slot::Absent => "",
            Slot::Held => self.event_type_text.as_str(),
            Slot::Chunk((from, to)) => {
                let bytes = &chunk[from..to];
                match simdutf8::basic::from_utf8(bytes) {
                    Ok(text) => text,
                    Err(_) => {
                        self.event_type_text.set(bytes, self.limits.event_bytes);
                        self.event_type = Slot::Held;
                        self.event_type_text.as_str()
                    }
                }
            }
        };
        let id = IdRef {
            text: self.last_event_id.as_str(),
            own: self.own_id,
            shared: &mut self.shared_id,
        };
        EventRef { event_type, data, id }
    }

    /// Forgets the block, not the last event ID.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.line_count = 0;
        self.raw = 0;
        self.own_id = false;
        self.comment_reported = false;
        if self.data_held {
            self.data_held = false;
            self.data.clear();
        }
        if self.event_type != Slot::Absent {
            self.event_type = Slot::Absent;
            self.event_type_text.clear();
        }
        if self.id != Slot::Absent {
            self.id = Slot::Absent;
            self.id_text.clear();
        }
    }

    /// Gives the block up: it says nothing any more until its blank line.
    #[cold]
    pub(crate) fn skip(&mut self) {
        self.clear();
        self.data.clear();
        self.id_line.clear();
        self.raw = usize::MAX;
    }

    pub(crate) fn is_skipped(&self) -> bool {
        self.raw == usize::MAX
    }

    /// Nothing that a blank line would end.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.line_count == 0
            && self.raw == 0
            && self.event_type == Slot::Absent
            && self.id == Slot::Absent
            && !self.data_held
    }

    /// Moves what lies in the chunk to buffers, before the chunk goes.
    pub(crate) fn save(&mut self, chunk: &[u8]) {
        self.save_lines(chunk);
        if let Slot::Chunk((from, to)) = self.event_type {
            self.event_type_text.set(&chunk[from..to], self.limits.event_bytes);
            self.event_type = Slot::Held;
        }
        if let Slot::Chunk((from, to)) = self.id {
            self.id_text.set(&chunk[from..to], self.limits.id_bytes);
            self.id = Slot::Held;
        }
    }

    pub(crate) fn last_event_id(&self) -> &str {
        self.last_event_id.as_str()
    }

    pub(crate) fn last_sendable_id(&self) -> &str {
        self.sendable_id.as_deref().unwrap_or(self.last_event_id())
    }

    pub(crate) fn set_last_event_id(&mut self, id: &str) {
        self.before_id_moves(field::is_header_value(id.as_bytes()));
        self.last_event_id.clear();
        self.last_event_id.push_str(id, self.limits.id_bytes);
        self.shared_id = None;
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    fn before_id_moves(&mut self, fits_header: bool) {
        if fits_header {
            self.sendable_id = None;
        } else if self.sendable_id.is_none() {
            self.sendable_id = Some(self.last_event_id().into());
        }
    }

    fn move_id(&mut self, chunk: &[u8]) {
        self.before_id_moves(self.id_fits_header);
        match self.id {
            Slot::Absent => return,
            Slot::Chunk((from, to)) => {
                self.last_event_id.set(&chunk[from..to], self.limits.id_bytes);
            }
            Slot::Held => core::mem::swap(&mut self.last_event_id, &mut self.id_text),
        }
        self.own_id = true;
        self.shared_id = None;
    }

    /// Appends the data lines of the chunk to the data buffer: one UTF-8 check for all of them where they are valid.
    fn save_lines(&mut self, chunk: &[u8]) {
        let lines = &self.lines[..self.line_count];
        let (Some(&(first, _)), Some(&(_, last))) = (lines.first(), lines.last()) else { return };
        let limit = self.limits.event_bytes;
        let text = simdutf8::basic::from_utf8(&chunk[first..last]);
        for &(from, to) in lines {
            if self.data_held {
                self.data.push_str("\n", limit);
            }
            self.data_held = true;
            match text {
                // A line begins behind ASCII and ends before it, so the borders are those of characters.
                Ok(text) => self.data.push_str(&text[from - first..to - first], limit),
                Err(_) => {
                    self.data.push(&chunk[from..to], limit);
                    self.data.end_line(limit);
                }
            }
        }
        self.line_count = 0;
    }

    fn exact_size(&mut self, chunk: &[u8]) -> usize {
        self.save(chunk);
        let event_type = if self.event_type == Slot::Held { self.event_type_text.len() } else { 0 };
        self.data.len() + event_type
    }

    fn check_size(&mut self, chunk: &[u8], additional: usize) -> Result<(), DecodeError> {
        let limit = self.limits.event_bytes;
        if self.is_skipped() {
            self.line_count = 0;
            self.event_type = Slot::Absent;
            return Ok(());
        }
        if self.exact_size(chunk).saturating_add(additional) <= limit {
            return Ok(());
        }
        self.skip();
        Err(DecodeError::EventTooLarge { limit })
    }

    fn check_id_size(&mut self, additional: usize) -> Result<(), DecodeError> {
        let limit = self.limits.id_bytes;
        if self.id_line.len().saturating_add(additional) <= limit {
            return Ok(());
        }
        self.skip();
        Err(DecodeError::IdTooLong { limit })
    }
}

//! The block that is being read: data, event type and id, left in the chunk for as long as possible.

mod found;
mod gather;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::Limits;
use crate::field::{self, Field};
use crate::limits::Over;
use crate::line::Range;
use crate::text::{KEEP, Text};

/// Data lines that are remembered as ranges before they are moved to the data buffer. Every idle stream has room for so many.
const MOST_RANGES: usize = 8;

/// No chunks ever have so many bytes together, nor is a third of a limit as large.
const SKIPPED: usize = usize::MAX / 2;

/// Gathered data up to this size is checked once, when the event is complete; more is checked piece by piece, while each
/// is in the processor's cache.
const SMALL: usize = 16 * 1024;

/// Flags of a block: an event type, an id, data in a buffer, which is that for large data, given up.
const TYPE: u8 = 1;
const ID: u8 = 2;
const HELD: u8 = 4;
const LARGE: u8 = 8;
const SKIP: u8 = 16;

/// `from..to` of the current chunk.
type Line = (usize, usize);

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
    /// What there is beside data lines in the chunk; 0 for most blocks, which then leave all below `lines` untouched.
    flags: u8,
    /// Data lines in the chunk, behind those that `data` already holds.
    line_count: u8,
    /// The id in `id` can be sent in a header.
    id_fits_header: bool,
    small_limit: u16,
    /// An upper bound of the data's size: its raw bytes and line ends. Each byte may become one U+FFFD of three, so the
    /// exact size is worth counting only once this is over a third of the limit. `SKIPPED` or more in a block that was given up.
    raw: usize,
    /// A third of the limit for data.
    cheap: usize,
    /// A third of the limit for ids and event types.
    cheap_id: usize,
    lines: [Range; MOST_RANGES],
    event_type: Slot,
    id: Slot,
    /// Data that does not lie in the chunk, as it came, while `raw` is at most `small_limit`.
    small: Vec<u8>,
    /// The same above that.
    data: Text,
    limits: Limits,
    last: LastId,
    last_event_id: Text,
    /// The last id that can be sent in a header, where `last_event_id` cannot.
    sendable_id: Option<Box<str>>,
    /// Made when the first is needed.
    texts: Option<Box<Texts>>,
}

/// What an idle stream often never needed.
#[derive(Debug, Default)]
struct Texts {
    event_type: Text,
    id: Text,
    /// An id line that is not over yet: if it turns out to contain a NUL, the id before it stands.
    id_line: Text,
}

/// What events need to know of the last event ID beside its text.
#[derive(Debug, Default)]
pub(crate) struct LastId {
    /// The block at hand set it.
    pub(crate) own: bool,
    /// A long one, for owned events that only inherit it.
    pub(crate) shared: Option<Arc<str>>,
}

impl Block {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            flags: 0,
            line_count: 0,
            id_fits_header: true,
            small_limit: SMALL.min(limits.event_bytes / 3) as u16,
            raw: 0,
            cheap: limits.event_bytes / 3,
            cheap_id: limits.id_bytes / 3,
            lines: [Range::default(); MOST_RANGES],
            event_type: Slot::Absent,
            id: Slot::Absent,
            small: Vec::new(),
            data: Text::default(),
            limits,
            last: LastId::default(),
            last_event_id: Text::default(),
            sendable_id: None,
            texts: None,
        }
    }

    /// A whole data line.
    #[inline]
    pub(crate) fn data_line(&mut self, chunk: &[u8], line: Line) -> Result<(), Over> {
        self.raw += line.1 - line.0 + 1;
        if usize::from(self.line_count) == MOST_RANGES {
            self.save_lines(chunk);
        }
        self.lines[usize::from(self.line_count)] = Range::new(line.0, line.1);
        self.line_count += 1;
        if self.raw > self.cheap { self.check_data(chunk) } else { Ok(()) }
    }

    /// A whole line that names the event type.
    #[inline]
    pub(crate) fn event_type_line(&mut self, chunk: &[u8], line: Line) -> Result<(), Over> {
        if line.1 - line.0 > self.cheap_id {
            return self.long_event_type(&chunk[line.0..line.1]);
        }
        self.flags |= TYPE;
        self.event_type = Slot::Chunk(Range::new(line.0, line.1));
        Ok(())
    }

    /// A whole line with an id.
    #[inline]
    pub(crate) fn id_line(&mut self, chunk: &[u8], line: Line) -> Result<(), Over> {
        let bytes = &chunk[line.0..line.1];
        if bytes.len() > self.cheap_id {
            return self.long_id(bytes);
        }
        let fits_header = field::is_header_value(bytes);
        if fits_header || memchr::memchr(0, bytes).is_none() {
            self.flags |= ID;
            self.id = Slot::Chunk(Range::new(line.0, line.1));
            self.id_fits_header = fits_header;
        }
        Ok(())
    }

    #[cold]
    fn long_event_type(&mut self, line: &[u8]) -> Result<(), Over> {
        if self.is_skipped() {
            return Ok(());
        }
        self.begin_event_type();
        self.push_event_type(line)?;
        self.end_event_type()
    }

    #[cold]
    fn long_id(&mut self, line: &[u8]) -> Result<(), Over> {
        if self.is_skipped() {
            return Ok(());
        }
        self.begin_id();
        self.push_id(line)?;
        self.end_id()
    }

    /// A whole data line with a blank one behind it: whether it is a block's only one, which is dispatched then. Else it is
    /// a line like any other.
    #[inline]
    pub(crate) fn only_line(&mut self, chunk: &[u8], line: Line) -> bool {
        let only = self.flags & (HELD | SKIP) == 0
            && self.line_count == 0
            && line.1 - line.0 <= self.cheap;
        if only {
            self.raw = line.1 - line.0 + 1;
            self.lines[0] = Range::new(line.0, line.1);
            self.line_count = 1;
            if self.flags & ID != 0 {
                self.move_id(chunk);
            }
        }
        only
    }

    /// A whole line of some field.
    pub(crate) fn line(&mut self, chunk: &[u8], field: Field, line: Line) -> Result<(), Over> {
        match field {
            Field::Data => self.data_line(chunk, line),
            Field::EventType => self.event_type_line(chunk, line),
            Field::Id => self.id_line(chunk, line),
            Field::Retry => Ok(()),
        }
    }

    pub(crate) fn begin_event_type(&mut self) {
        self.flags |= TYPE;
        self.event_type = Slot::Held;
        Texts::of(&mut self.texts).event_type.clear();
    }

    pub(crate) fn push_event_type(&mut self, piece: &[u8]) -> Result<(), Over> {
        let limit = self.limits.id_bytes;
        let text = &mut Texts::of(&mut self.texts).event_type;
        if text.len() + piece.len() > limit {
            return self.skip(Over::EventType);
        }
        text.push(piece, limit);
        if text.len() > limit { self.skip(Over::EventType) } else { Ok(()) }
    }

    pub(crate) fn end_event_type(&mut self) -> Result<(), Over> {
        let limit = self.limits.id_bytes;
        let text = &mut Texts::of(&mut self.texts).event_type;
        text.end_line(limit);
        if text.len() > limit { self.skip(Over::EventType) } else { Ok(()) }
    }

    pub(crate) fn begin_id(&mut self) {
        Texts::of(&mut self.texts).id_line.clear();
    }

    pub(crate) fn push_id(&mut self, piece: &[u8]) -> Result<(), Over> {
        let limit = self.limits.id_bytes;
        let line = &mut Texts::of(&mut self.texts).id_line;
        if line.len() + piece.len() > limit {
            return self.skip(Over::Id);
        }
        line.push(piece, limit);
        if line.len() > limit { self.skip(Over::Id) } else { Ok(()) }
    }

    pub(crate) fn end_id(&mut self) -> Result<(), Over> {
        let texts = Texts::of(&mut self.texts);
        texts.id_line.end_line(self.limits.id_bytes);
        if texts.id_line.len() > self.limits.id_bytes {
            return self.skip(Over::Id);
        }
        let id = texts.id_line.as_str();
        if !id.contains('\0') {
            self.id_fits_header = field::is_header_value(id.as_bytes());
            core::mem::swap(&mut texts.id_line, &mut texts.id);
            self.flags |= ID;
            self.id = Slot::Held;
        }
        Ok(())
    }

    /// The blank line: moves the last event ID, and says whether there is an event to dispatch (WHATWG HTML 9.2.6,
    /// *dispatch the event*).
    #[inline]
    pub(crate) fn dispatch(&mut self, chunk: &[u8]) -> bool {
        if self.flags & (ID | SKIP) != 0 {
            if self.is_skipped() {
                return false;
            }
            self.move_id(chunk);
        }
        self.line_count > 0 || self.flags & HELD != 0
    }

    /// Forgets the block, not the last event ID.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.line_count = 0;
        self.raw = 0;
        if self.flags != 0 {
            self.clear_held();
        }
    }

    fn clear_held(&mut self) {
        if self.flags & LARGE != 0 {
            self.data.clear();
        }
        self.small.clear();
        if self.small.capacity() > KEEP {
            self.small = Vec::new();
        }
        self.flags = 0;
        self.last.own = false;
        self.event_type = Slot::Absent;
        self.id = Slot::Absent;
    }

    /// The same, and gives its buffers back.
    pub(crate) fn reset(&mut self) {
        self.clear();
        self.small = Vec::new();
        self.texts = None;
    }

    /// Gives the block up: it says nothing any more until its blank line.
    #[cold]
    fn skip(&mut self, over: Over) -> Result<(), Over> {
        self.clear();
        if let Some(texts) = &mut self.texts {
            texts.event_type.clear();
            texts.id_line.clear();
        }
        self.flags = SKIP;
        self.raw = SKIPPED;
        Err(over)
    }

    pub(crate) fn is_skipped(&self) -> bool {
        self.flags & SKIP != 0
    }

    /// Nothing that a blank line would end.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.flags == 0 && self.line_count == 0
    }

    /// Moves what lies in the chunk to buffers, before the chunk goes.
    #[inline]
    pub(crate) fn save(&mut self, chunk: &[u8]) {
        if self.line_count > 0 {
            self.save_lines(chunk);
        }
        if self.flags & (TYPE | ID) != 0 {
            self.save_names(chunk);
        }
    }

    #[inline(never)]
    fn save_names(&mut self, chunk: &[u8]) {
        let texts = Texts::of(&mut self.texts);
        if let Slot::Chunk(line) = self.event_type {
            // Often the type is that of the event before.
            if texts.event_type.as_str().as_bytes() != line.of(chunk) {
                texts.event_type.set(chunk, line.ends(), self.limits.id_bytes);
            }
            self.event_type = Slot::Held;
        }
        if let Slot::Chunk(line) = self.id {
            texts.id.set(chunk, line.ends(), self.limits.id_bytes);
            self.id = Slot::Held;
        }
    }

    pub(crate) fn last_event_id(&self) -> &str {
        self.last_event_id.as_str()
    }

    pub(crate) fn last_sendable_id(&self) -> &str {
        self.sendable_id.as_deref().unwrap_or(self.last_event_id())
    }

    /// An id that no stream could have set counts as none: it would break out of its line where the event is encoded again.
    pub(crate) fn set_last_event_id(&mut self, id: &str) {
        let id = if id.contains(['\0', '\r', '\n']) { "" } else { id };
        self.before_id_moves(field::is_header_value(id.as_bytes()));
        self.last.own = false;
        self.last_event_id.clear();
        self.last_event_id.push_str(id, self.limits.id_bytes);
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    fn before_id_moves(&mut self, fits_header: bool) {
        self.last.shared = None;
        if fits_header {
            self.sendable_id = None;
        } else if self.sendable_id.is_none() {
            self.sendable_id = Some(self.last_event_id().into());
        }
    }

    fn move_id(&mut self, chunk: &[u8]) {
        self.before_id_moves(self.id_fits_header);
        self.last.own = true;
        match self.id {
            Slot::Absent => {}
            Slot::Chunk(line) => self.last_event_id.set(chunk, line.ends(), self.limits.id_bytes),
            Slot::Held => {
                let texts = Texts::of(&mut self.texts);
                core::mem::swap(&mut self.last_event_id, &mut texts.id);
            }
        }
    }
}

impl Texts {
    #[inline]
    fn of(texts: &mut Option<Box<Self>>) -> &mut Self {
        texts.get_or_insert_with(Self::make)
    }

    /// Apart from those who need it, since it is seldom made.
    #[cold]
    fn make() -> Box<Self> {
        Box::default()
    }
}

//! The event of a block that was dispatched, borrowed or owned.

use super::{Block, HELD, LARGE, Slot, TYPE};
use crate::event::{Data, EventRef, IdRef};
use crate::text;

/// Bytes between an event type and the data behind it, such as an id, that are cheaper to check along with them than to skip.
const NEIGHBOURHOOD: usize = 256;

impl Block {
    /// The event that [`dispatch`](Self::dispatch) announced.
    #[inline]
    pub(crate) fn event<'a>(&'a mut self, chunk: &'a [u8]) -> EventRef<'a> {
        if self.flags & (TYPE | HELD) == 0
            && self.line_count == 1
            && let Some(data) = text::of_part(chunk, self.lines[0].ends())
        {
            let id = IdRef { text: self.last_event_id.as_str(), last: &mut self.last };
            return EventRef { event_type: "", data: Data::Borrowed(data), id };
        }
        self.any_event(chunk)
    }

    /// The same as a value of its own, with a short way for most: what goes through an [`EventRef`] goes through memory.
    #[cfg(feature = "stream")]
    #[inline(always)]
    pub(crate) fn owned_event(&mut self, chunk: &[u8]) -> crate::Event {
        if self.flags & (TYPE | HELD) == 0
            && self.line_count == 1
            && self.last_event_id.as_str().is_empty()
            && let Some(data) = text::of_part(chunk, self.lines[0].ends())
        {
            return crate::Event::with_data(data, self.last.own);
        }
        if let Some((event_type, data)) = self.text_in_chunk(chunk) {
            let id = IdRef { text: self.last_event_id.as_str(), last: &mut self.last };
            return crate::Event::of(data, event_type, id);
        }
        self.saved_event(chunk).into_owned()
    }

    /// An event with a type, of several data lines, that a chunk's end cut, or of invalid text.
    #[inline(never)]
    fn any_event<'a>(&'a mut self, chunk: &'a [u8]) -> EventRef<'a> {
        if let Some((event_type, data)) = self.text_in_chunk(chunk) {
            let id = IdRef { text: self.last_event_id.as_str(), last: &mut self.last };
            return EventRef { event_type, data: Data::Borrowed(data), id };
        }
        self.saved_event(chunk)
    }

    /// The same where not each text is one valid line of the chunk.
    #[inline(never)]
    fn saved_event<'a>(&'a mut self, chunk: &[u8]) -> EventRef<'a> {
        self.save(chunk);
        let id = IdRef { text: self.last_event_id.as_str(), last: &mut self.last };
        let event_type = match &self.texts {
            Some(texts) if self.flags & TYPE != 0 => texts.event_type.as_str(),
            _ => "",
        };
        let data = match simdutf8::basic::from_utf8(&self.small) {
            Ok(data) if self.flags & LARGE == 0 => Data::Borrowed(data),
            Ok(_) => Data::Gathered(self.data.as_mut_string()),
            Err(_) => {
                self.flags |= LARGE;
                self.data.set(&self.small, (0, self.small.len()), self.limits.event_bytes);
                Data::Gathered(self.data.as_mut_string())
            }
        };
        EventRef { event_type, data, id }
    }

    /// Event type and data where they lie, if each is one valid line of the chunk.
    #[inline]
    fn text_in_chunk<'a>(&self, chunk: &'a [u8]) -> Option<(&'a str, &'a str)> {
        if self.line_count != 1 || self.flags & HELD != 0 {
            return None;
        }
        let (from, to) = self.lines[0].ends();
        if self.flags & TYPE == 0 {
            return Some(("", text::of_part(chunk, (from, to))?));
        }
        match self.event_type {
            Slot::Absent | Slot::Held => None,
            Slot::Chunk(line) => {
                let (start, end) = line.ends();
                // The usual pair of neighbours takes one check, with what stands between them.
                if end <= from
                    && from - end <= NEIGHBOURHOOD
                    && let Some(both) = text::of_part(chunk, (start, to))
                {
                    return Some((both.get(..end - start)?, both.get(from - start..)?));
                }
                Some((text::of_part(chunk, (start, end))?, text::of_part(chunk, (from, to))?))
            }
        }
    }

    /// The bytes of the data as it came, its lines joined.
    #[inline]
    pub(crate) const fn data_len(&self) -> usize {
        self.raw.saturating_sub(1)
    }

    /// The bytes of the event type as it came.
    #[inline]
    pub(crate) fn type_len(&self) -> usize {
        match (self.event_type, &self.texts) {
            (Slot::Chunk(line), _) => line.ends().1 - line.ends().0,
            (Slot::Held, Some(texts)) => texts.event_type.len(),
            _ => 0,
        }
    }
}

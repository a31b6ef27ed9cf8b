//! Lines that a chunk's end cuts: begun in one chunk, resumed in the next.

use alloc::vec::Vec;

use super::{Current, Decoder, Found, Step};
use crate::DecodeError;
use crate::field::{self, Field, LONGEST_NAME, Line, RetryValue};
use crate::line::{self, Partial};
use crate::text;

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Decoder {
    /// The chunk's rest is the beginning of a line.
    #[cold]
    pub(super) fn cut_line(&mut self) -> Step {
        let rest = &self.chunk[self.position..];
        let value = match (rest, field::read(rest)) {
            ([b':', ..], _) => {
                self.partial = match self.report_comments {
                    true => Partial::Comment { fresh: true },
                    false => Partial::Ignored,
                };
                1
            }
            (_, Line::Known(field, value)) => {
                self.begin_value(Some(field));
                value
            }
            (_, Line::Unknown) => {
                self.partial = Partial::Ignored;
                rest.len()
            }
            (name, Line::Undecided) => {
                let mut buf = [0; LONGEST_NAME];
                buf[..name.len()].copy_from_slice(name);
                self.partial = Partial::Name(buf, name.len());
                self.position = self.chunk.len();
                return None;
            }
        };
        self.position += value;
        self.resume()
    }

    /// Goes on with what the last chunk's end cut; returns `None` also when the line goes on in the next chunk.
    pub(super) fn resume(&mut self) -> Step {
        if core::mem::take(&mut self.swallow_lf) {
            match self.chunk.get(self.position) {
                Some(b'\n') => self.position += 1,
                Some(_) => {}
                None => self.swallow_lf = true,
            }
        }
        self.resume_bom();
        if let Partial::Name(name, len) = self.partial
            && let Some(step) = self.resume_name(name, len)
        {
            return Some(step);
        }
        if matches!(self.partial, Partial::None | Partial::Bom(_) | Partial::Name(..)) {
            return None;
        }
        let ended = line::end(&self.chunk, self.position);
        let from = self.position;
        self.position = ended.unwrap_or(self.chunk.len());
        if from < self.position
            && let Err(error) = self.push_piece(from, self.position)
        {
            self.partial = Partial::Ignored;
            return error.map(Err);
        }
        let end = ended?;
        self.end_line(end);
        self.end_value()
    }

    /// One byte order mark at the very start is no text (WHATWG HTML 9.2.6), however it is cut.
    fn resume_bom(&mut self) {
        let Partial::Bom(mut seen) = self.partial else { return };
        while let Some(&byte) = self.chunk.get(self.position) {
            if byte != BOM[seen] {
                // What looked like a mark begins the name of an unknown field.
                self.partial = if seen == 0 { Partial::None } else { Partial::Ignored };
                return;
            }
            seen += 1;
            self.position += 1;
            if seen == BOM.len() {
                self.partial = Partial::None;
                return;
            }
        }
        self.partial = Partial::Bom(seen);
    }

    fn resume_name(&mut self, mut name: [u8; LONGEST_NAME], mut len: usize) -> Step {
        while let Some(&byte) = self.chunk.get(self.position) {
            match byte {
                b'\r' | b'\n' => {
                    self.partial = Partial::None;
                    let end = self.position;
                    self.end_line(end);
                    return self.field_line(Field::from_name(&name[..len]), end, end);
                }
                b':' => {
                    self.position += 1;
                    self.begin_value(Field::from_name(&name[..len]));
                    return None;
                }
                _ if len == LONGEST_NAME => {
                    self.partial = Partial::Ignored;
                    return None;
                }
                _ => {
                    name[len] = byte;
                    len += 1;
                    self.position += 1;
                }
            }
        }
        self.partial = Partial::Name(name, len);
        None
    }

    fn begin_value(&mut self, field: Option<Field>) {
        self.partial = match field {
            None => Partial::Ignored,
            Some(Field::Retry) => Partial::Retry { value: RetryValue::default(), fresh: true },
            Some(_) if self.block.is_skipped() => Partial::Ignored,
            Some(field) => {
                match field {
                    Field::Data => self.block.begin_data(&self.chunk),
                    Field::EventType => self.block.begin_event_type(),
                    Field::Id | Field::Retry => self.block.begin_id(),
                }
                Partial::Value { field, fresh: true }
            }
        };
    }

    /// Hands on the next bytes of a line; an error of `None` drops the line without a word.
    fn push_piece(&mut self, mut from: usize, to: usize) -> Result<(), Option<DecodeError>> {
        if let Partial::Value { fresh, .. }
        | Partial::Retry { fresh, .. }
        | Partial::Comment { fresh } = &mut self.partial
            && core::mem::take(fresh)
        {
            from = field::value_start(&self.chunk, from);
        }
        let piece = &self.chunk[from..to];
        match &mut self.partial {
            Partial::Value { field: Field::Data, .. } => {
                self.block.push_data(&self.chunk, piece)?;
            }
            Partial::Value { field: Field::EventType, .. } => {
                self.block.push_event_type(&self.chunk, piece)?;
            }
            Partial::Value { .. } => self.block.push_id(piece)?,
            Partial::Retry { value, .. } => value.push(piece),
            Partial::Comment { .. } => {
                let len = self.comment.len();
                match self.block.comment_fits(&self.chunk, len + piece.len()) {
                    Ok(true) => {}
                    other => {
                        self.comment = Vec::new();
                        return Err(other.err());
                    }
                }
                if self.comment.capacity() - len < piece.len() {
                    let limit = self.limits().event_bytes;
                    let capacity = self.comment.capacity();
                    self.comment.reserve_exact(text::growth(capacity, len, piece.len(), limit));
                }
                self.comment.extend_from_slice(piece);
            }
            Partial::None | Partial::Bom(_) | Partial::Name(..) | Partial::Ignored => {}
        }
        Ok(())
    }

    fn end_value(&mut self) -> Step {
        let checked = match core::mem::replace(&mut self.partial, Partial::None) {
            Partial::Value { field: Field::Data, .. } => self.block.end_data(&self.chunk),
            Partial::Value { field: Field::EventType, .. } => {
                self.block.end_event_type(&self.chunk)
            }
            Partial::Value { .. } => self.block.end_id(),
            Partial::Retry { value, .. } => {
                return value.finish().map(|time| Ok(Found::Retry(time)));
            }
            Partial::Comment { .. } => {
                self.current = Current::GatheredComment;
                return Some(Ok(Found::Comment));
            }
            Partial::None | Partial::Bom(_) | Partial::Name(..) | Partial::Ignored => return None,
        };
        checked.err().map(Err)
    }
}

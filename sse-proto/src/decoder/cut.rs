//! Lines that a chunk's end cuts: begun in one chunk, resumed in the next.

use super::{Current, Decoder, Token};
use crate::field::{self, Field, LONGEST_NAME, Line, RetryValue};
use crate::limits::Over;
use crate::line::{self, Partial};

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Decoder {
    /// The chunk's rest is the beginning of a data line, with its value from `from` on.
    #[inline(never)]
    pub(super) fn cut_data(&mut self, from: usize, fresh: bool) -> Token {
        self.between = true;
        self.position = self.chunk.len();
        if self.block.is_skipped() {
            self.partial = Partial::Ignored;
            return Token::End;
        }
        self.block.begin_data(&self.chunk);
        self.partial = Partial::Value { field: Field::Data, fresh };
        let checked = self.block.push_data(&self.chunk[from..]);
        self.checked(checked)
    }

    /// The chunk's rest is the beginning of a line.
    #[inline(never)]
    pub(super) fn cut_line(&mut self) -> Token {
        self.between = true;
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
            (_, Line::Undecided) => {
                let mut buf = [0; LONGEST_NAME];
                buf[..rest.len()].copy_from_slice(rest);
                self.partial = Partial::Name(buf, rest.len() as u8);
                rest.len()
            }
        };
        let from = self.position + value;
        self.position = self.chunk.len();
        self.push_piece(from, self.position)
    }

    /// Goes on with what the last chunk's end cut.
    #[inline(never)]
    pub(super) fn resume(&mut self) -> Token {
        if self.position == self.chunk.len() {
            return Token::End;
        }
        if let Partial::Value { field: Field::Data, fresh: false } = self.partial {
            return self.resume_data();
        }
        if core::mem::take(&mut self.swallow_lf) && self.chunk[self.position] == b'\n' {
            self.position += 1;
        }
        match self.partial {
            Partial::Bom(seen) => self.resume_bom(seen.into()),
            Partial::Name(name, len) => {
                let token = self.resume_name(name, len.into());
                if token != Token::End {
                    return token;
                }
            }
            _ => {}
        }
        match self.partial {
            Partial::None => {
                self.between = self.swallow_lf;
                return Token::Again;
            }
            Partial::Bom(_) | Partial::Name(..) => return Token::End,
            _ => {}
        }
        let from = self.position;
        let ended = line::end(&self.chunk, from);
        self.position = ended.unwrap_or(self.chunk.len());
        let token = self.push_piece(from, self.position);
        match ended {
            Some(end) if token == Token::End => self.end_value(end),
            _ => token,
        }
    }

    /// The usual case: a data line goes on.
    fn resume_data(&mut self) -> Token {
        let from = self.position;
        let ended = line::end(&self.chunk, from);
        self.position = ended.unwrap_or(self.chunk.len());
        let checked = self.block.push_data(&self.chunk[from..self.position]);
        let (Some(end), Ok(())) = (ended, checked) else { return self.checked(checked) };
        self.partial = Partial::None;
        self.between = false;
        let checked = self.block.end_data();
        let blank = line::blank(&self.chunk, end);
        if blank > 0 && checked.is_ok() && self.block.dispatch(&self.chunk) {
            self.position = end + blank;
            self.current = Current::Event;
            return Token::Event;
        }
        self.end_line(end);
        again(checked)
    }

    /// One byte order mark at the very start is no text (WHATWG HTML 9.2.6), however it is cut.
    fn resume_bom(&mut self, mut seen: usize) {
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
        self.partial = Partial::Bom(seen as u8);
    }

    fn resume_name(&mut self, mut name: [u8; LONGEST_NAME], mut len: usize) -> Token {
        while let Some(&byte) = self.chunk.get(self.position) {
            match byte {
                b'\r' | b'\n' => {
                    self.partial = Partial::None;
                    let end = self.position;
                    let field = Field::from_name(&name[..len]);
                    let checked = field
                        .map_or(Ok(()), |field| self.block.line(&self.chunk, field, (end, end)));
                    self.end_line(end);
                    return token(checked);
                }
                b':' => {
                    self.position += 1;
                    self.begin_value(Field::from_name(&name[..len]));
                    return Token::End;
                }
                _ if len == LONGEST_NAME => {
                    self.partial = Partial::Ignored;
                    return Token::End;
                }
                _ => {
                    name[len] = byte;
                    len += 1;
                    self.position += 1;
                }
            }
        }
        self.partial = Partial::Name(name, len as u8);
        Token::End
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

    /// Hands on the next bytes of a line.
    fn push_piece(&mut self, mut from: usize, to: usize) -> Token {
        if let Partial::Value { fresh, .. }
        | Partial::Retry { fresh, .. }
        | Partial::Comment { fresh } = &mut self.partial
            && *fresh
            && from < to
        {
            *fresh = false;
            from = field::value_start(&self.chunk, from);
        }
        let piece = &self.chunk[from..to];
        let checked = match &mut self.partial {
            Partial::Value { field: Field::Data, .. } => self.block.push_data(piece),
            Partial::Value { field: Field::EventType, .. } => self.block.push_event_type(piece),
            Partial::Value { .. } => self.block.push_id(piece),
            Partial::Retry { value, .. } => {
                value.push(piece);
                Ok(())
            }
            Partial::Comment { .. } => self.push_comment(from, to),
            Partial::None | Partial::Bom(_) | Partial::Name(..) | Partial::Ignored => Ok(()),
        };
        self.checked(checked)
    }

    /// The rest of a line that is over a limit is ignored.
    #[inline]
    fn checked(&mut self, checked: Result<(), Over>) -> Token {
        if checked.is_err() {
            self.partial = Partial::Ignored;
        }
        token(checked)
    }

    fn end_value(&mut self, end: usize) -> Token {
        self.between = false;
        self.end_line(end);
        match core::mem::replace(&mut self.partial, Partial::None) {
            Partial::Value { field: Field::Data, .. } => again(self.block.end_data()),
            Partial::Value { field: Field::EventType, .. } => again(self.block.end_event_type()),
            Partial::Value { .. } => again(self.block.end_id()),
            Partial::Retry { value, .. } => self.retry_line(value.finish()),
            Partial::Comment { .. } if !self.report_comments => {
                self.clear_comment();
                Token::Again
            }
            Partial::Comment { .. } => {
                self.current = Current::GatheredComment;
                Token::Comment
            }
            Partial::None | Partial::Bom(_) | Partial::Name(..) | Partial::Ignored => Token::Again,
        }
    }
}

/// The line is over.
fn again(checked: Result<(), Over>) -> Token {
    checked.map_or_else(Token::Over, |()| Token::Again)
}

/// The chunk is used up.
fn token(checked: Result<(), Over>) -> Token {
    checked.map_or_else(Token::Over, |()| Token::End)
}

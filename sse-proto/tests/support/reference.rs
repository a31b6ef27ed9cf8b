//! The standard's steps (WHATWG HTML 9.2.5 and 9.2.6) over the whole input: slow and obvious.
//!
//! Needs nothing but `sse_proto::DecodeError`, so that the fuzz targets can use it too.

use std::time::Duration;

use sse_proto::DecodeError;

/// One thing that a decoder reports, in a form that owns its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Event { event_type: String, data: String, last_event_id: String, own_id: Option<String> },
    Comment(String),
    Retry(Duration),
    Error(DecodeError),
}

/// Everything that came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) items: Vec<Item>,
    pub(crate) last_event_id: String,
}

/// What a decoder can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) event_bytes: usize,
    pub(crate) id_bytes: usize,
    pub(crate) report_comments: bool,
}

impl Settings {
    /// No limit bites, and comments are reported.
    pub(crate) const UNLIMITED: Self =
        Self { event_bytes: usize::MAX, id_bytes: usize::MAX, report_comments: true };
}

/// Interprets a whole stream that begins with `last_event_id` as the last event ID.
///
/// A CR or LF byte is part of no character and of no invalid sequence, so the lines are decoded one by one.
pub(crate) fn interpret(input: &[u8], last_event_id: &str, settings: Settings) -> Outcome {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let (lines, unfinished) = split_lines(input);

    let mut steps = Steps {
        settings,
        block: Block::default(),
        outcome: Outcome { items: Vec::new(), last_event_id: last_event_id.to_owned() },
    };
    for line in lines {
        steps.line(line);
    }
    steps.unfinished_line(unfinished);
    steps.outcome
}

/// The lines that have an end (CR LF, LF or CR), and the rest.
fn split_lines(mut bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        lines.push(&bytes[..end]);
        let ending = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        bytes = &bytes[end + ending..];
    }
    (lines, bytes)
}

/// Name and value of a field; `None` without a colon.
fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((&line[..colon], without_space(&line[colon + 1..])))
}

fn without_space(value: &[u8]) -> &[u8] {
    value.strip_prefix(b" ").unwrap_or(value)
}

#[derive(Default)]
struct Block {
    /// The standard's data buffer: each line ends in LF.
    data: String,
    event_type: String,
    id: Option<String>,
    /// A limit was exceeded: the rest of the block is skipped.
    skipped: bool,
}

struct Steps {
    settings: Settings,
    block: Block,
    outcome: Outcome,
}

impl Steps {
    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            self.dispatch();
        } else if let Some((b"", comment)) = split_field(line) {
            if self.settings.report_comments && self.comment_fits(comment) {
                let text = String::from_utf8_lossy(comment).into_owned();
                self.outcome.items.push(Item::Comment(text));
            }
        } else {
            let (name, value) = split_field(line).unwrap_or((line, b""));
            self.field(name, &String::from_utf8_lossy(value));
        }
    }

    /// A line without its end is dropped, but what it holds so far may be over a limit already.
    ///
    /// What it is only shows with its colon. A character that is not complete counts the bytes that are there.
    fn unfinished_line(&mut self, line: &[u8]) {
        let Some((name, value)) = split_field(line) else { return };
        if name.is_empty() {
            if self.settings.report_comments {
                self.comment_fits(value);
            }
            return;
        }
        let incomplete = value.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
        let len = String::from_utf8_lossy(value).len();
        match std::str::from_utf8(incomplete) {
            Err(error) if error.error_len().is_none() => {
                let replacement = char::REPLACEMENT_CHARACTER.len_utf8();
                self.field_fits(name, len - replacement + incomplete.len());
            }
            _ => {
                self.field_fits(name, len);
            }
        }
    }

    fn field(&mut self, name: &[u8], value: &str) {
        if name == b"retry" {
            if let Some(time) = reconnection_time(value) {
                self.outcome.items.push(Item::Retry(time));
            }
            return;
        }
        if self.block.skipped || !self.field_fits(name, value.len()) {
            return;
        }
        match name {
            b"event" => value.clone_into(&mut self.block.event_type),
            b"data" => {
                self.block.data.push_str(value);
                self.block.data.push('\n');
            }
            b"id" if !value.contains('\0') => self.block.id = Some(value.to_owned()),
            _ => {}
        }
    }

    /// Whether the block may hold this field; if not, the block is skipped from here on.
    fn field_fits(&mut self, name: &[u8], len: usize) -> bool {
        if self.block.skipped {
            return false;
        }
        let Settings { event_bytes, id_bytes, .. } = self.settings;
        let error = match name {
            // The data buffer has an LF behind each line, but the last one does not count.
            b"data" if self.block.data.len() + len > event_bytes => {
                DecodeError::EventTooLarge { limit: event_bytes }
            }
            b"event" if len > id_bytes => DecodeError::EventTypeTooLong { limit: id_bytes },
            b"id" if len > id_bytes => DecodeError::IdTooLong { limit: id_bytes },
            _ => return true,
        };
        self.block = Block { skipped: true, ..Block::default() };
        self.outcome.items.push(Item::Error(error));
        false
    }

    /// Whether the comment may be reported, by its bytes as they came.
    fn comment_fits(&mut self, comment: &[u8]) -> bool {
        let limit = self.settings.id_bytes;
        let fits = comment.len() <= limit;
        if !fits {
            self.outcome.items.push(Item::Error(DecodeError::CommentTooLong { limit }));
        }
        fits
    }

    fn dispatch(&mut self) {
        let mut block = std::mem::take(&mut self.block);
        if let Some(id) = &block.id {
            id.clone_into(&mut self.outcome.last_event_id);
        }
        if block.data.pop().is_none() {
            return;
        }
        if block.event_type.is_empty() {
            block.event_type.push_str("message");
        }
        self.outcome.items.push(Item::Event {
            event_type: block.event_type,
            data: block.data,
            last_event_id: self.outcome.last_event_id.clone(),
            own_id: block.id,
        });
    }
}

/// One or more ASCII digits, in milliseconds; too large a number is the largest.
fn reconnection_time(value: &str) -> Option<Duration> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_millis(value.parse().unwrap_or(u64::MAX)))
}

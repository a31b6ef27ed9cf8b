//! Bytes in, events out.

mod cut;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::assemble::Block;
use crate::event::{CommentRef, EventRef};
use crate::field::{self, Field, Line, RetryValue};
use crate::line::{self, Partial};
use crate::{DecodeError, Limits};

/// What [`Decoder::pull`] gives.
#[derive(Debug)]
#[non_exhaustive]
pub enum Decoded<'a> {
    /// A block with data ended.
    Event(EventRef<'a>),
    /// A comment line ended.
    Comment(CommentRef<'a>),
    /// A `retry` line ended: the reconnection time from now on.
    Retry(Duration),
}

/// What [`Decoder::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// A block with data ended: [`Decoder::event`] has it.
    Event,
    /// A comment line ended: [`Decoder::comment`] has it.
    Comment,
    /// A `retry` line ended: the reconnection time from now on.
    Retry(Duration),
}

/// Turns the bytes of an event stream into events (WHATWG HTML, section 9.2.5 and 9.2.6).
///
/// Push a chunk as it comes, then pull until there is nothing more. However the bytes are cut into chunks, the same
/// comes out. An event that lies in one chunk and has one data line is borrowed from that chunk: no allocation, no copy.
///
/// ```
/// use sse_proto::{Decoded, Decoder};
///
/// let mut decoder = Decoder::new();
/// decoder.push("id: 7\ndata: Hel");
/// assert!(decoder.pull().is_none());
///
/// decoder.push("lo\n\n");
/// while let Some(result) = decoder.pull() {
///     match result {
///         Ok(Decoded::Event(event)) => assert_eq!(event.data(), "Hello"),
///         Ok(_) => {}
///         Err(error) => eprintln!("skipped a block: {error}"),
///     }
/// }
/// assert_eq!(decoder.last_event_id(), "7");
/// ```
///
/// # Guarantees
///
/// - Nothing that a peer sends panics it or ends it. Invalid UTF-8 becomes U+FFFD, as the standard's *UTF-8 decode*
///   says; a block over a limit is one [`DecodeError`], and the next block comes as if nothing had happened.
/// - Work is linear in the bytes, also for a long line that arrives a byte at a time.
/// - It holds at most the [`Limits`], one chunk, the chunks that are queued, and some KiB.
///
/// # Where it leaves the standard
///
/// - Limits: the standard has none. `usize::MAX` switches them off.
/// - A last event ID outlives [`reset`](Self::reset), as in browsers; read to the letter, the standard starts every
///   stream with an empty one. `set_last_event_id("")` gives that.
#[derive(Debug)]
pub struct Decoder {
    chunk: Bytes,
    /// The first byte of `chunk` that was not read yet.
    position: usize,
    queue: VecDeque<Bytes>,
    block: Block,
    partial: Partial,
    /// The last line ended with a CR at its chunk's end: an LF that follows belongs to it.
    swallow_lf: bool,
    report_comments: bool,
    /// What the last `advance` found still lies in `block` or `chunk`.
    current: Current,
    /// A reported comment that chunk ends cut.
    comment: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    Nothing,
    Event,
    /// `event` was called: the block is used up.
    TakenEvent,
    CommentInChunk(usize, usize),
    GatheredComment,
}

type Step = Option<Result<Found, DecodeError>>;

impl Decoder {
    /// A decoder with the default [`Limits`] that reports comments.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// A decoder that holds at most so much.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            chunk: Bytes::new(),
            position: 0,
            queue: VecDeque::new(),
            block: Block::new(limits),
            partial: Partial::Bom(0),
            swallow_lf: false,
            report_comments: true,
            current: Current::Nothing,
            comment: Vec::new(),
        }
    }

    /// Whether comments are reported from now on (they are by default); if not, they are discarded as they come.
    pub fn set_report_comments(&mut self, report: bool) {
        self.report_comments = report;
    }

    /// Hands over a chunk of the body. Never fails and never parses; chunks queue until they are pulled.
    pub fn push(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        if self.chunk.is_empty() {
            self.chunk = chunk;
            self.position = 0;
        } else {
            self.queue.push_back(chunk);
        }
    }

    /// Parses up to the next thing; `None` means that there is nothing more until the next [`push`](Self::push).
    ///
    /// What it gives is borrowed until the next call.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a block that was over a limit. The decoder goes on at the next block.
    pub fn pull(&mut self) -> Option<Result<Decoded<'_>, DecodeError>> {
        Some(Ok(match self.advance()? {
            Ok(Found::Event) => Decoded::Event(self.found_event()),
            Ok(Found::Comment) => Decoded::Comment(self.found_comment()),
            Ok(Found::Retry(time)) => Decoded::Retry(time),
            Err(error) => return Some(Err(error)),
        }))
    }

    /// The same as [`pull`](Self::pull) in two steps: it borrows nothing, so a loop can pass over what it is not
    /// looking for and return a borrow of what it found.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a block that was over a limit. The decoder goes on at the next block.
    #[inline]
    pub fn advance(&mut self) -> Option<Result<Found, DecodeError>> {
        match self.current {
            Current::Nothing => {}
            Current::Event | Current::TakenEvent => self.block.clear(),
            Current::CommentInChunk(..) => {}
            Current::GatheredComment => self.comment = Vec::new(),
        }
        self.current = Current::Nothing;
        loop {
            if (self.swallow_lf || !matches!(self.partial, Partial::None))
                && let Some(step) = self.resume()
            {
                return Some(step);
            }
            if let Some(step) = self.scan() {
                return Some(step);
            }
            self.block.save(&self.chunk);
            self.chunk = self.queue.pop_front().unwrap_or_default();
            self.position = 0;
            if self.chunk.is_empty() && self.queue.is_empty() {
                return None;
            }
        }
    }

    /// The event that [`advance`](Self::advance) found last, once.
    #[inline]
    pub fn event(&mut self) -> Option<EventRef<'_>> {
        if self.current != Current::Event {
            return None;
        }
        self.current = Current::TakenEvent;
        Some(self.found_event())
    }

    /// The event that was found: only after `advance` said so.
    #[inline]
    pub(crate) fn found_event(&mut self) -> EventRef<'_> {
        self.block.event(&self.chunk)
    }

    /// The comment that was found: only after `advance` said so.
    pub(crate) fn found_comment(&self) -> CommentRef<'_> {
        match self.current {
            Current::CommentInChunk(from, to) => CommentRef { bytes: &self.chunk[from..to] },
            _ => CommentRef { bytes: &self.comment },
        }
    }

    /// The comment that [`advance`](Self::advance) found last.
    #[inline]
    pub fn comment(&self) -> Option<CommentRef<'_>> {
        match self.current {
            Current::CommentInChunk(..) | Current::GatheredComment => Some(self.found_comment()),
            _ => None,
        }
    }

    /// The stream has ended: drops the block that its end cuts off, its id too, and all that was not pulled, and is then
    /// as after [`reset`](Self::reset).
    ///
    /// Pull until `None` before. Returns whether an unfinished line or block was dropped.
    pub fn finish(&mut self) -> bool {
        let unread = self.position < self.chunk.len() || !self.queue.is_empty();
        let begun = !matches!(self.partial, Partial::None | Partial::Bom(_));
        let found = matches!(self.current, Current::Event | Current::TakenEvent);
        let cut_off = unread || begun || !(found || self.block.is_empty());
        self.reset();
        cut_off
    }

    /// A new stream begins: forgets chunks, line and block, and expects a byte order mark again. Keeps the last event ID.
    pub fn reset(&mut self) {
        self.chunk = Bytes::new();
        self.position = 0;
        self.queue.clear();
        self.block.clear();
        self.partial = Partial::Bom(0);
        self.swallow_lf = false;
        self.current = Current::Nothing;
        self.comment = Vec::new();
    }

    /// The last event ID: that of the last block that set one, whether it had data or not. `""` when there is none.
    pub fn last_event_id(&self) -> &str {
        self.block.last_event_id()
    }

    /// The last event ID that a request header can carry: [`last_event_id`](Self::last_event_id), or the one before if that
    /// has a control character. What a reconnection sends.
    pub fn last_sendable_id(&self) -> &str {
        self.block.last_sendable_id()
    }

    /// Sets the last event ID that events without an id of their own inherit, such as the one that the request carried.
    pub fn set_last_event_id(&mut self, id: &str) {
        self.block.set_last_event_id(id);
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.block.limits()
    }

    /// Reads whole lines of the chunk; `None` means that it is used up.
    fn scan(&mut self) -> Step {
        loop {
            let bytes: &[u8] = &self.chunk;
            let at = self.position;
            match &bytes[at..] {
                [] => return None,
                [b'd', b'a', b't', b'a', b':', ..] => {
                    let from = field::value_start(bytes, at + 5);
                    let Some(end) = line::end(bytes, from) else { return self.cut_line() };
                    let checked = self.block.data_line(bytes, (from, end));
                    self.end_line(end);
                    if let Err(error) = checked {
                        return Some(Err(error));
                    }
                }
                [b'\n' | b'\r', ..] => {
                    self.end_line(at);
                    if self.end_block() {
                        return Some(Ok(Found::Event));
                    }
                }
                [b':', ..] => {
                    let from = field::value_start(bytes, at + 1);
                    let Some(end) = line::end(bytes, from) else { return self.cut_line() };
                    self.end_line(end);
                    if let Some(step) = self.comment_line(from, end) {
                        return Some(step);
                    }
                }
                _ => {
                    let Some(end) = line::end(bytes, at) else { return self.cut_line() };
                    let line = &bytes[at..end];
                    let (field, from) = match field::read(line) {
                        Line::Known(field, from) => (Some(field), field::value_start(line, from)),
                        Line::Undecided => (Field::from_name(line), line.len()),
                        Line::Unknown => (None, line.len()),
                    };
                    self.end_line(end);
                    if let Some(step) = self.field_line(field, at + from, end) {
                        return Some(step);
                    }
                }
            }
        }
    }

    /// Steps over the CR, LF or CRLF at `end`.
    #[inline]
    fn end_line(&mut self, end: usize) {
        self.position = end + 1;
        if self.chunk[end] == b'\r' {
            match self.chunk.get(end + 1) {
                Some(b'\n') => self.position += 1,
                Some(_) => {}
                None => self.swallow_lf = true,
            }
        }
    }

    /// A blank line; whether it dispatched an event.
    #[inline]
    fn end_block(&mut self) -> bool {
        let dispatched = self.block.dispatch(&self.chunk);
        if dispatched {
            self.current = Current::Event;
        } else {
            self.block.clear();
        }
        dispatched
    }

    fn comment_line(&mut self, from: usize, end: usize) -> Step {
        if !self.report_comments {
            return None;
        }
        match self.block.comment_fits(&self.chunk, end - from) {
            Ok(true) => {
                self.current = Current::CommentInChunk(from, end);
                Some(Ok(Found::Comment))
            }
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// A whole line of a field with its value, `from..end` of the chunk.
    #[inline]
    fn field_line(&mut self, field: Option<Field>, from: usize, end: usize) -> Step {
        let checked = match field? {
            Field::Data => self.block.data_line(&self.chunk, (from, end)),
            Field::EventType => self.block.event_type_line(&self.chunk, (from, end)),
            Field::Id => self.block.id_line(&self.chunk, (from, end)),
            Field::Retry => {
                let mut value = RetryValue::default();
                value.push(&self.chunk[from..end]);
                return value.finish().map(|time| Ok(Found::Retry(time)));
            }
        };
        checked.err().map(Err)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

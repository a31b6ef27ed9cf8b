//! Bytes in, events out.

mod cut;
mod spare;

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;

use crate::assemble::Block;
use crate::event::{CommentRef, EventRef};
use crate::field::{self, Field, Line, RetryValue};
use crate::limits::Over;
use crate::line::{self, Ends, LONGEST_CHUNK, Partial, Range};
use crate::{DecodeError, Limits};
use spare::Spare;

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
pub struct Decoder {
    chunk: Bytes,
    /// The first byte of `chunk` that was not read yet.
    position: usize,
    /// Before whole lines can be read: `partial` goes on, or an LF may have to be swallowed.
    between: bool,
    current: Current,
    /// Where a comment lies in `chunk`.
    comment_range: Range,
    block: Block,
    report_comments: bool,
    /// The last data line was short, and the next is likely to be.
    short_lines: bool,
    ends: Ends,
    partial: Partial,
    /// The last line ended with a CR at its chunk's end: an LF that follows belongs to it.
    swallow_lf: bool,
    /// The last `retry` field.
    retry: Duration,
    /// Made when the first is needed.
    spare: Option<Box<Spare>>,
}

/// What the last `advance` found, and where it lies until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    Nothing,
    /// In `block`.
    Event,
    /// `event` was called: the block is used up.
    TakenEvent,
    /// In `chunk`.
    Comment,
    /// In `comment`.
    GatheredComment,
}

/// What comes next, in one byte: most of it goes through here for each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// Nothing: the chunk is used up.
    End,
    /// Nothing yet: another line follows.
    Again,
    Event,
    Comment,
    Retry,
    Over(Over),
}

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
            between: true,
            current: Current::Nothing,
            comment_range: Range::default(),
            block: Block::new(limits),
            report_comments: true,
            short_lines: false,
            ends: Ends::default(),
            partial: Partial::Bom(0),
            swallow_lf: false,
            retry: Duration::ZERO,
            spare: None,
        }
    }

    /// Whether comments are reported from now on (they are by default); if not, they are discarded as they come.
    pub fn set_report_comments(&mut self, report: bool) {
        self.report_comments = report;
    }

    /// Hands over a chunk of the body. Never fails and never parses; chunks queue until they are pulled.
    #[inline]
    pub fn push(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        if self.chunk.is_empty() && chunk.len() <= LONGEST_CHUNK {
            self.chunk = chunk;
            self.position = 0;
        } else {
            self.queue(chunk, LONGEST_CHUNK);
        }
    }

    /// Parses up to the next thing; `None` means that there is nothing more until the next [`push`](Self::push).
    ///
    /// What it gives is borrowed until the next call.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a block that was over a limit. The decoder goes on at the next block.
    #[inline(always)] // So that what it gives goes through registers
    pub fn pull(&mut self) -> Option<Result<Decoded<'_>, DecodeError>> {
        match self.next_token() {
            Token::End | Token::Again => None,
            Token::Event => {
                self.current = Current::TakenEvent;
                Some(Ok(Decoded::Event(self.found_event())))
            }
            Token::Comment => Some(Ok(Decoded::Comment(self.found_comment()))),
            Token::Retry => Some(Ok(Decoded::Retry(self.retry))),
            Token::Over(over) => Some(Err(over.error(self.limits()))),
        }
    }

    /// The same as [`pull`](Self::pull) in two steps: it borrows nothing, so a loop can pass over what it is not
    /// looking for and return a borrow of what it found.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for a block that was over a limit. The decoder goes on at the next block.
    #[inline]
    pub fn advance(&mut self) -> Option<Result<Found, DecodeError>> {
        match self.next_token() {
            Token::End | Token::Again => None,
            Token::Event => Some(Ok(Found::Event)),
            Token::Comment => Some(Ok(Found::Comment)),
            Token::Retry => Some(Ok(Found::Retry(self.retry))),
            Token::Over(over) => Some(Err(over.error(self.limits()))),
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
    #[inline(always)] // as `pull`
    pub(crate) fn found_event(&mut self) -> EventRef<'_> {
        self.block.event(&self.chunk)
    }

    /// The same as a value of its own.
    #[cfg(feature = "stream")]
    #[inline(always)] // as `pull`
    pub(crate) fn owned_event(&mut self) -> crate::Event {
        self.block.owned_event(&self.chunk)
    }

    /// The bytes that the found event's data was made of, line ends included.
    #[inline]
    pub(crate) const fn found_len(&self) -> usize {
        self.block.data_len()
    }

    /// The bytes that the found event's type was made of.
    #[inline]
    pub(crate) fn found_type_len(&self) -> usize {
        self.block.type_len()
    }

    /// The comment that was found: only after `advance` said so.
    #[inline]
    pub(crate) fn found_comment(&self) -> CommentRef<'_> {
        match self.current {
            Current::GatheredComment => CommentRef { bytes: self.gathered_comment() },
            _ => CommentRef { bytes: self.comment_range.of(&self.chunk) },
        }
    }

    /// The comment that [`advance`](Self::advance) found last.
    #[inline]
    pub fn comment(&self) -> Option<CommentRef<'_>> {
        match self.current {
            Current::Comment | Current::GatheredComment => Some(self.found_comment()),
            _ => None,
        }
    }

    /// The stream has ended: drops the block that its end cuts off, its id too, and all that was not pulled, and is then
    /// as after [`reset`](Self::reset).
    ///
    /// Pull until `None` before. Returns whether an unfinished line or block was dropped.
    pub fn finish(&mut self) -> bool {
        let unread = self.position < self.chunk.len() || self.has_queued();
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
        self.ends.clear();
        self.block.reset();
        self.partial = Partial::Bom(0);
        self.between = true;
        self.swallow_lf = false;
        self.current = Current::Nothing;
        self.spare = None;
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

    /// Sets the last event ID that events without an id of their own inherit, such as the one that the request carried. What
    /// [`advance`](Self::advance) has found and is not taken yet gets it too. One with a NUL, a CR or an LF, which no stream can
    /// have, counts as none.
    pub fn set_last_event_id(&mut self, id: &str) {
        self.block.set_last_event_id(id);
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.block.limits()
    }

    fn next_token(&mut self) -> Token {
        match core::mem::replace(&mut self.current, Current::Nothing) {
            Current::Nothing | Current::Comment => {}
            Current::Event | Current::TakenEvent => self.block.clear(),
            Current::GatheredComment => self.clear_comment(),
        }
        loop {
            let token = if self.between { self.resume() } else { self.scan() };
            match token {
                Token::Again => {}
                Token::End if self.next_chunk() => {}
                token => return token,
            }
        }
    }

    /// The chunk is used up: takes the next one, if there is one.
    #[inline(never)]
    fn next_chunk(&mut self) -> bool {
        self.block.save(&self.chunk);
        self.ends.clear();
        self.position = 0;
        if self.has_queued() {
            return self.dequeue();
        }
        self.chunk = Bytes::new();
        false
    }

    /// Reads whole lines of the chunk.
    fn scan(&mut self) -> Token {
        let mut at = self.position;
        let bytes: &[u8] = &self.chunk;
        // What most lines of a quiet stream are.
        if let Some([b':', text @ ..]) = bytes.get(at..) {
            let from = at + 1 + usize::from(text.first() == Some(&b' '));
            let Some(end) = self.ends.end(bytes, at + 1) else { return self.cut_line() };
            return self.comment_line(from, end);
        }
        // What most lines of all others are: this loop stays in registers.
        while let Some(rest) = bytes.get(at..) {
            let (end, checked) = if let Some(value) = rest.strip_prefix(b"data:") {
                let from = at + 5 + usize::from(value.first() == Some(&b' '));
                let end = match self.short_lines {
                    // From the colon on, so that the search need not wait for what is behind it.
                    true => self.ends.end(bytes, at + 5),
                    false => line::end(bytes, at + 5),
                };
                let Some(end) = end else {
                    let fresh = value.is_empty();
                    self.position = at;
                    return self.cut_data(from, fresh);
                };
                self.short_lines = end - from < line::BLOCK;
                // The blank line is looked for right here: most data lines end their block.
                let blank = line::blank(bytes, end);
                if blank > 0 && self.block.only_line(bytes, (from, end)) {
                    self.position = end + blank;
                    self.current = Current::Event;
                    return Token::Event;
                }
                (end, self.block.data_line(bytes, (from, end)))
            } else if let Some(value) = rest.strip_prefix(b"event:") {
                let from = at + 6 + usize::from(value.first() == Some(&b' '));
                let Some(end) = self.ends.end(bytes, at + 6) else {
                    self.position = at;
                    return self.cut_line();
                };
                (end, self.block.event_type_line(bytes, (from, end)))
            } else if let Some(value) = rest.strip_prefix(b"id:") {
                let from = at + 3 + usize::from(value.first() == Some(&b' '));
                let Some(end) = self.ends.end(bytes, at + 3) else {
                    self.position = at;
                    return self.cut_line();
                };
                (end, self.block.id_line(bytes, (from, end)))
            } else {
                break;
            };
            match (line::after(bytes, end), checked) {
                (Some(next), Ok(())) => at = next,
                (_, checked) => {
                    self.end_line(end);
                    return checked.map_or_else(Token::Over, |()| Token::Again);
                }
            }
        }
        self.position = at;
        self.other_line()
    }

    /// A line of no field that is in most streams, or nothing.
    #[inline]
    fn other_line(&mut self) -> Token {
        let (bytes, at): (&[u8], _) = (&self.chunk, self.position);
        match &bytes[at..] {
            [] => Token::End,
            [b'\n' | b'\r', ..] => {
                let dispatched = self.block.dispatch(bytes);
                self.end_line(at);
                if dispatched {
                    self.current = Current::Event;
                    return Token::Event;
                }
                self.block.clear();
                Token::Again
            }
            [b':', ..] => Token::Again,
            _ => self.rare_line(),
        }
    }

    /// Steps over the CR, LF or CRLF at `end`. A CR at the chunk's end may have an LF to come.
    #[inline]
    fn end_line(&mut self, end: usize) {
        self.position = end + 1;
        if self.chunk[end] == b'\r' {
            match self.chunk.get(end + 1) {
                Some(b'\n') => self.position = end + 2,
                Some(_) => {}
                None => {
                    self.swallow_lf = true;
                    self.between = true;
                }
            }
        }
    }

    #[inline]
    fn comment_line(&mut self, from: usize, end: usize) -> Token {
        match self.chunk.get(end..) {
            // The blank line of a heartbeat ends nothing.
            Some([b'\n', b'\n', ..]) if self.block.is_empty() => self.position = end + 2,
            _ => self.end_line(end),
        }
        if !self.report_comments {
            return Token::Again;
        }
        if end - from > self.limits().id_bytes {
            return Token::Over(Over::Comment);
        }
        self.current = Current::Comment;
        self.comment_range = Range::new(from, end);
        Token::Comment
    }

    /// A line of a rare field, of one without a colon, or of one that the standard does not know.
    #[inline(never)]
    fn rare_line(&mut self) -> Token {
        let at = self.position;
        let Some(end) = line::end(&self.chunk, at) else { return self.cut_line() };
        let line = &self.chunk[at..end];
        let (field, from) = match field::read(line) {
            Line::Known(field, from) => (Some(field), field::value_start(line, from)),
            Line::Undecided => (Field::from_name(line), line.len()),
            Line::Unknown => (None, line.len()),
        };
        let from = at + from;
        if field == Some(Field::Retry) {
            let time = RetryValue::read(&self.chunk[from..end]);
            self.end_line(end);
            return self.retry_line(time);
        }
        let checked =
            field.map_or(Ok(()), |field| self.block.line(&self.chunk, field, (from, end)));
        self.end_line(end);
        checked.map_or_else(Token::Over, |()| Token::Again)
    }

    /// A whole `retry` line.
    fn retry_line(&mut self, time: Option<Duration>) -> Token {
        let Some(time) = time else { return Token::Again };
        self.retry = time;
        Token::Retry
    }
}

/// Shows nothing of the stream.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("limits", &self.limits()).finish_non_exhaustive()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

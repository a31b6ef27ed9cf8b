//! Events in, bytes out: the mirror of the decoder.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use crate::Event;
use crate::event::Len;

/// Writes an event stream (WHATWG HTML,
/// [section 9.2.5](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
///
/// Never fails, and nothing that it is given can start a field or end a block of its own: an [`Event`] was checked when
/// it was built, and every line end in data or a comment starts another line of the same kind. One encoder writes one
/// stream: it remembers the id that the stream's reader has, so that an event that only inherits its id carries it when
/// the reader would not know it. An event that has none is written without, and its reader keeps the one before: a relay whose
/// source resets its id passes that on by an event with the id `""` of its own.
///
/// ```
/// use sse_proto::{Encoder, Event};
///
/// let mut encoder = Encoder::new();
/// encoder.event(&Event::builder().event_type("token").id("7").data("two\nlines").build()?);
/// encoder.keep_alive();
/// assert_eq!(encoder.take(), "event: token\nid: 7\ndata: two\ndata: lines\n\n:\n\n");
/// # Ok::<(), sse_proto::BuildError>(())
/// ```
#[derive(Default)]
pub struct Encoder {
    buffer: BytesMut,
    /// What a reader of the stream has as its last event ID.
    last_event_id: String,
}

impl Encoder {
    /// An encoder with an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) {
        let (id, data) = (event.last_event_id(), event.data());
        // A line for every 64 bytes of data is a guess; the buffer grows where it is wrong.
        self.buffer.reserve(data.len() + data.len() / 8 + id.len() + event.event_type().len() + 32);
        if event.event_type() != "message" {
            self.line(b"event: ", event.event_type());
        }
        let own = event.id().is_some();
        if own || (id != self.last_event_id && !id.is_empty()) {
            self.line(b"id: ", id);
            if id != self.last_event_id {
                self.last_event_id.clear();
                self.last_event_id.push_str(id);
            }
        }
        self.lines(b"data: ", data);
        self.buffer.put_u8(b'\n');
    }

    /// Writes a comment, a line of it for each line of the text. Clients that do not ask for comments ignore it.
    pub fn comment(&mut self, text: &str) {
        self.lines(b": ", text);
        self.buffer.put_u8(b'\n');
    }

    /// Tells clients how long to wait before they reconnect, in whole milliseconds; a fraction is cut off.
    pub fn retry(&mut self, time: Duration) {
        let mut digits = [0; 20];
        let mut rest = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.buffer.put_slice(b"retry: ");
        self.buffer.put_slice(&digits[start..]);
        self.buffer.put_slice(b"\n\n");
    }

    /// Writes an empty comment, so that proxies and clients see that the connection lives. The standard suggests one
    /// about every 15 seconds
    /// ([section 9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)).
    pub fn keep_alive(&mut self) {
        self.buffer.put_slice(b":\n\n");
    }

    /// Takes out what was written since the last call, without a copy.
    #[must_use]
    pub fn take(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }

    /// The lines of a field whose text may have line ends: CR, LF and CRLF each begin another one.
    fn lines(&mut self, name: &[u8], mut text: &str) {
        while let Some(end) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) {
            self.line(name, &text[..end]);
            let rest = &text[end..];
            text = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
        }
        self.line(name, text);
    }

    fn line(&mut self, name: &[u8], text: &str) {
        self.buffer.put_slice(name);
        self.buffer.put_slice(text.as_bytes());
        self.buffer.put_u8(b'\n');
    }
}

/// Shows how much waits to be taken, and nothing of it.
impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("buffer", &Len(self.buffer.len())).finish_non_exhaustive()
    }
}

//! What a client sent, as it sent it.

use std::fmt;
use std::time::Instant;

/// One recorded request: a snapshot, taken when it was asked for.
#[derive(Clone)]
pub struct Request {
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) raw_head: Vec<u8>,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) arrived: Instant,
    pub(crate) answered: Option<u16>,
    pub(crate) ended: Option<Instant>,
}

impl Request {
    /// The number of its connection, from 0 in the order of their acceptance.
    pub fn connection(&self) -> usize {
        self.connection
    }

    /// The method, as sent.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The target of the request line, as sent; invalid UTF-8 replaced.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target[..], |(path, _)| path)
    }

    /// The raw value of the first query parameter of this name, nothing decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The version of the request line, as sent.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The head's bytes, from the request line to the empty line.
    pub fn raw_head(&self) -> &[u8] {
        &self.raw_head
    }

    /// The header lines in their order, names in their case; spaces and tabs around a value, which
    /// HTTP does not count as part of it, are left out.
    pub fn headers(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.headers
    }

    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.named(name).next()
    }

    /// How many header lines have this name, in any case.
    pub fn header_count(&self, name: &str) -> usize {
        self.named(name).count()
    }

    /// The value of `Last-Event-ID`; `None` where there is no such header.
    pub fn last_event_id(&self) -> Option<&[u8]> {
        self.header("last-event-id")
    }

    /// The body, without its framing.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// When the last byte of the request had been read.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// The status that the script chose; `None` where it answers without a head.
    /// In a closure, which is asked before there is one, `None`.
    pub fn answered(&self) -> Option<u16> {
        self.answered
    }

    /// When the answer was over: its last byte written, or the connection broken by either side.
    /// `None` while it goes on.
    pub fn ended(&self) -> Option<Instant> {
        self.ended
    }

    /// True where the client would send another request on this connection.
    pub(crate) fn keeps_alive(&self) -> bool {
        let says = |word: &[u8]| {
            let mut words = self.named("connection").flat_map(|value| value.split(|&b| b == b','));
            words.any(|found| found.trim_ascii().eq_ignore_ascii_case(word))
        };
        if self.version == "HTTP/1.0" { says(b"keep-alive") } else { !says(b"close") }
    }

    pub(crate) fn named<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let same = move |found: &[u8]| found.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(move |(found, _)| same(found)).map(|(_, value)| &value[..])
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("connection", &self.connection)
            .field("head", &format_args!("\"{}\"", self.raw_head.escape_ascii()))
            .field("body", &format_args!("\"{}\"", self.body.escape_ascii()))
            .field("answered", &self.answered)
            .finish_non_exhaustive()
    }
}

//! What the server answers to one request.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How the head announces the body, and how the body is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// `Transfer-Encoding: chunked`; every body piece is one chunk.
    Chunked,
    /// The same, every chunk with an extension: `5;part="1;2"`.
    ChunkedWithExtension,
    /// A right `Content-Length`.
    Length,
    /// A `Content-Length` that differs from the body's length by so much; never below 0. The
    /// connection is closed after the body, so a length that is too large is an early end.
    LengthOffBy(i64),
    /// Neither; the body ends when the connection does.
    UntilClose,
    /// No framing header, and no body: body pieces are not sent.
    Bare,
}

/// How an answer ends, after its body pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// As the framing wants it. The connection stays open where framing, reply and request allow.
    Clean,
    /// The connection is closed; a chunked body lacks its last chunk.
    Fin,
    /// The last body piece, when it is of plain bytes, is sent in a chunk that announces more than
    /// there comes; then the connection is closed. Without chunks the same as `Fin`.
    FinInChunk,
    /// A line that is no chunk size follows the body; then the connection is closed.
    BadChunk,
    /// A TCP reset, a few milliseconds after the last byte, so that the peer has what was sent.
    Reset,
    /// Nothing more is sent, and the connection stays open until the peer leaves.
    Silence,
    /// The bytes again and again, with the pause between, until the peer leaves.
    /// Each is a chunk where the framing is chunked; meaningless with a `Content-Length`.
    Endless(Vec<u8>, Duration),
    /// What the peer sends goes to this address, and what comes from there to the peer, until either
    /// leaves. In virtual time, where there are no addresses, the connection is closed.
    Tunnel(SocketAddr),
}

/// One answer, told in the order in which it is sent.
///
/// It starts from one of the constructors; everything else has a default. What is asked for is
/// sent as it is: nothing checks that the result is valid HTTP.
///
/// ```
/// use sse_testkit::{End, Framing, Reply};
///
/// let lost = Reply::stream().chunk("data: a\n\n").chunk("data: ").end(End::FinInChunk);
/// let short = Reply::status(200)
///     .header("content-type", "text/event-stream")
///     .framing(Framing::LengthOffBy(50))
///     .repeat("data: x\n\n", 1_000);
/// let busy = Reply::status(503).header("retry-after", "1").chunk("later");
/// let alien = Reply::raw("SSH-2.0-OpenSSH_9.9\r\n");
/// # drop((lost, short, busy, alien));
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    /// `None`: no head is written, and the pieces go out unwrapped.
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<Vec<u8>>,
    pub(crate) version: Vec<u8>,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) before: Vec<u8>,
    pub(crate) delay_head: Duration,
    pub(crate) delay_body: Duration,
    pub(crate) framing: Framing,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) trickle: bool,
    pub(crate) keep_alive: bool,
    pub(crate) end: End,
}

impl Reply {
    /// 200 with `content-type: text/event-stream`, chunked.
    pub fn stream() -> Self {
        let reply = Self::new(Some(200), Framing::Chunked);
        reply.header("content-type", "text/event-stream")
    }

    /// Any status, 0 and 999 included, with no headers but the framing's: [`Framing::Bare`] for
    /// 1xx, 204 and 304, else [`Framing::Length`]. It is written as decimal digits, at least three.
    pub fn status(status: u16) -> Self {
        let framing = if has_no_body(status) { Framing::Bare } else { Framing::Length };
        Self::new(Some(status), framing)
    }

    /// These bytes in place of an answer, then a close: garbage, HTTP/0.9, a hostile head.
    ///
    /// [`chunk`](Self::chunk), pauses and [`end`](Self::end) go on from there, without framing;
    /// what belongs to a head is ignored.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(None, Framing::UntilClose).chunk(bytes)
    }

    /// Reads the request and resets the connection.
    ///
    /// On a connection that has served a request before, many clients take that, or a close, for a
    /// stale connection and silently ask again on another; the reply before should then not have
    /// been [kept alive](Self::keep_alive).
    pub fn reset_at_once() -> Self {
        Self::new(None, Framing::UntilClose).end(End::Reset)
    }

    /// Reads the request and closes the connection.
    pub fn close_at_once() -> Self {
        Self::new(None, Framing::UntilClose).end(End::Fin)
    }

    /// Reads the request and never answers.
    pub fn silent() -> Self {
        Self::new(None, Framing::UntilClose).end(End::Silence)
    }

    /// What a proxy answers to `CONNECT`, but that it connects to this address, whatever the target is.
    ///
    /// A [`Server`](crate::Server) that has such replies is a proxy for https; where it has another
    /// one, it refuses.
    pub fn tunnel(to: SocketAddr) -> Self {
        Self::new(Some(200), Framing::Bare).end(End::Tunnel(to))
    }

    /// A head that breaks off in the middle of its second line; then the connection is closed.
    pub fn half_head() -> Self {
        Self::raw("HTTP/1.1 200 OK\r\ncontent-ty")
    }

    fn new(status: Option<u16>, framing: Framing) -> Self {
        Self {
            status,
            reason: None,
            version: b"HTTP/1.1".to_vec(),
            headers: Vec::new(),
            before: Vec::new(),
            delay_head: Duration::ZERO,
            delay_body: Duration::ZERO,
            framing,
            pieces: Vec::new(),
            trickle: false,
            keep_alive: true,
            end: End::Clean,
        }
    }

    /// Sets the reason phrase; by default the usual one, empty where there is none.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Vec<u8>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets the version in the status line, `HTTP/1.1` by default. After any other version the
    /// connection is closed.
    #[must_use]
    pub fn version(mut self, version: impl Into<Vec<u8>>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds a header line. Any bytes; the same name may come again.
    #[must_use]
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces every `content-type` by this one.
    #[must_use]
    pub fn content_type(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(b"content-type"));
        self.header("content-type", value)
    }

    /// Adds bytes in front of the head, and of its delay: informational responses, garbage.
    #[must_use]
    pub fn before(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.before.extend(bytes.into());
        self
    }

    /// Waits before the head.
    #[must_use]
    pub fn delay_head(mut self, delay: Duration) -> Self {
        self.delay_head = delay;
        self
    }

    /// Waits between the head and the body.
    #[must_use]
    pub fn delay_body(mut self, delay: Duration) -> Self {
        self.delay_body = delay;
        self
    }

    /// Sets how the body is announced and wrapped.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Adds bytes to the body: one HTTP chunk where it is chunked, one write.
    #[must_use]
    pub fn chunk(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.pieces.push(Piece::Bytes(bytes.into()));
        self
    }

    /// Adds bytes, repeated, to the body. They go out in chunks of some 64 KiB, and no more than
    /// that is in memory at any time.
    #[must_use]
    pub fn repeat(mut self, bytes: impl Into<Vec<u8>>, times: u64) -> Self {
        self.pieces.push(Piece::Repeat(bytes.into(), times));
        self
    }

    /// Adds what `make(0)`, `make(1)`, … return, up to the first `None`, to the body. Each is a
    /// chunk, made when it is sent, with a pause of `every` between one and the next.
    ///
    /// With [`Framing::Length`] everything is made once more beforehand, to know the length.
    #[must_use]
    pub fn generate<F>(mut self, every: Duration, make: F) -> Self
    where
        F: Fn(u64) -> Option<Vec<u8>> + Send + Sync + 'static,
    {
        self.pieces.push(Piece::Made(every, Arc::new(make)));
        self
    }

    /// Adds a pause to the body.
    #[must_use]
    pub fn pause(mut self, duration: Duration) -> Self {
        self.pieces.push(Piece::Pause(duration));
        self
    }

    /// Sends each byte of the body by itself: one write, and one HTTP chunk where it is chunked.
    #[must_use]
    pub fn trickle(mut self) -> Self {
        self.trickle = true;
        self
    }

    /// Says whether the connection may serve another request after a clean end; it may by default.
    /// `false` also adds `connection: close` to the head.
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Says how the answer ends; [`End::Clean`] by default.
    #[must_use]
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// True where the peer can tell the end of this answer without a close.
    pub(crate) fn ends_by_itself(&self) -> bool {
        let closes = |(name, value): &(Vec<u8>, Vec<u8>)| {
            name.eq_ignore_ascii_case(b"connection") && value.eq_ignore_ascii_case(b"close")
        };
        let framed = match self.framing {
            Framing::Chunked | Framing::ChunkedWithExtension | Framing::Length => true,
            Framing::LengthOffBy(_) | Framing::UntilClose => false,
            Framing::Bare => self.status.is_some_and(has_no_body),
        };
        framed
            && self.keep_alive
            && self.status.is_some()
            && self.version == b"HTTP/1.1"
            && !self.headers.iter().any(closes)
    }
}

/// A part of a body.
#[derive(Clone)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    Repeat(Vec<u8>, u64),
    Made(Duration, Make),
    Pause(Duration),
}

/// Makes the n-th chunk, or says that there is none.
pub(crate) type Make = Arc<dyn Fn(u64) -> Option<Vec<u8>> + Send + Sync>;

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Repeat(bytes, times) => write!(f, "\"{}\" * {times}", bytes.escape_ascii()),
            Self::Made(every, _) => write!(f, "made every {every:?}"),
            Self::Pause(duration) => write!(f, "pause {duration:?}"),
        }
    }
}

/// Statuses whose responses never have a body.
fn has_no_body(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}

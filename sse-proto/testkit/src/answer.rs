//! A reply to what the server does for it, step by step.

use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use crate::reply::Piece;
use crate::{End, Framing, Reply, Request};

/// What is left between the last byte and a reset, so that the peer's system has taken the bytes.
/// On the loopback it has them at once; this is for a peer that is slow to wake up.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// The size that a batch of repeated bytes is filled up to.
const BATCH: usize = 64 * 1024;

/// What a chunk that breaks off announces on top of what it has.
const LACKING: usize = 64;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Next,
    Close,
    Reset,
}

/// What the server does next.
#[derive(Debug)]
pub(crate) enum Step {
    Write(Vec<u8>),
    Pause(Duration),
    /// Nothing more, until the peer leaves.
    Outlast,
    /// All goes there and back, until either leaves.
    Tunnel(SocketAddr),
    Over(After),
}

/// Each is made when it is due, so that an answer may go on for ever.
pub(crate) type Steps = Box<dyn Iterator<Item = Step> + Send>;

/// All that the server does for the reply.
pub(crate) fn steps(request: &Request, reply: Reply) -> Steps {
    let next = reply.ends_by_itself() && request.keeps_alive();
    let has_bytes = reply.status.is_some() || !reply.pieces.is_empty() || !reply.before.is_empty();
    let head = reply.status.map(|status| head(status, &reply)).unwrap_or_default();
    let wrap = Wrap { framing: reply.framing, trickle: reply.trickle };
    let start = [
        Step::Write(reply.before),
        Step::Pause(reply.delay_head),
        Step::Write(head),
        Step::Pause(reply.delay_body),
    ];
    let mut pieces = reply.pieces;
    let end: Steps = match reply.end {
        End::Clean => {
            let after = if next { After::Next } else { After::Close };
            Box::new([Step::Write(wrap.last_chunk()), Step::Over(after)].into_iter())
        }
        End::Fin => Box::new(iter::once(Step::Over(After::Close))),
        End::FinInChunk => {
            let part = match pieces.pop() {
                Some(Piece::Bytes(part)) => part,
                other => {
                    pieces.extend(other);
                    Vec::new()
                }
            };
            Box::new(wrap.broken_chunk(part).chain([Step::Over(After::Close)]))
        }
        End::BadChunk => {
            let line = Step::Write(b"no chunk size\r\n".to_vec());
            Box::new([line, Step::Over(After::Close)].into_iter())
        }
        End::Reset => {
            let pause = has_bytes.then_some(Step::Pause(BEFORE_RESET));
            Box::new(pause.into_iter().chain([Step::Over(After::Reset)]))
        }
        End::Tunnel(to) => Box::new(iter::once(Step::Tunnel(to))),
        End::Silence => Box::new(iter::once(Step::Outlast)),
        End::Endless(bytes, every) => Box::new(
            iter::repeat(())
                .flat_map(move |()| wrap.send(bytes.clone()).chain([Step::Pause(every)])),
        ),
    };
    let body = pieces.into_iter().flat_map(move |piece| wrap.piece(piece));
    Box::new(start.into_iter().chain(body).chain(end))
}

fn head(status: u16, reply: &Reply) -> Vec<u8> {
    let reason = reply.reason.as_deref().unwrap_or_else(|| reason(status).as_bytes());
    let status = format!("{status:03}");
    let mut head = [&reply.version[..], status.as_bytes(), reason].join(&b' ');
    head.extend_from_slice(b"\r\n");
    for (name, value) in &reply.headers {
        for part in [&name[..], b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    match reply.framing {
        Framing::Chunked | Framing::ChunkedWithExtension => {
            head.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        Framing::Length => head.extend(content_length(&reply.pieces, 0)),
        Framing::LengthOffBy(off) => head.extend(content_length(&reply.pieces, off)),
        Framing::UntilClose | Framing::Bare => {}
    }
    if !reply.keep_alive {
        head.extend_from_slice(b"connection: close\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn content_length(pieces: &[Piece], off: i64) -> Vec<u8> {
    let length = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.len() as u64,
        Piece::Repeat(bytes, times) => bytes.len() as u64 * times,
        Piece::Made(_, make) => (0..).map_while(|n| make(n)).map(|bytes| bytes.len() as u64).sum(),
        Piece::Pause(_) => 0,
    };
    let length = pieces.iter().map(length).sum::<u64>().saturating_add_signed(off);
    format!("content-length: {length}\r\n").into_bytes()
}

/// The reasons of the statuses that tests use most; a reason may be empty.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// How the bytes of a body are wrapped.
#[derive(Clone, Copy)]
struct Wrap {
    framing: Framing,
    trickle: bool,
}

impl Wrap {
    fn piece(self, piece: Piece) -> Steps {
        match piece {
            Piece::Bytes(bytes) => self.send(bytes),
            Piece::Repeat(bytes, times) => self.repeat(&bytes, times),
            Piece::Made(every, make) => {
                let made = (0..).map_while(move |n| Some((n, make(n)?)));
                Box::new(made.flat_map(move |(n, bytes)| {
                    let pause = (n > 0).then_some(Step::Pause(every));
                    pause.into_iter().chain(self.send(bytes))
                }))
            }
            Piece::Pause(duration) => Box::new(iter::once(Step::Pause(duration))),
        }
    }

    fn repeat(self, bytes: &[u8], times: u64) -> Steps {
        let at_once = (BATCH / bytes.len().max(1)).max(1);
        let batch = bytes.repeat(at_once.min(usize::try_from(times).unwrap_or(usize::MAX)));
        let at_once = at_once as u64;
        // The remainder is less than `at_once`, which is a usize.
        let rest = batch[..bytes.len() * (times % at_once) as usize].to_vec();
        let batches = (0..times / at_once).flat_map(move |_| self.send(batch.clone()));
        Box::new(batches.chain(self.send(rest)))
    }

    fn send(self, bytes: Vec<u8>) -> Steps {
        if self.trickle {
            Box::new(bytes.into_iter().filter_map(move |byte| self.frame(vec![byte])))
        } else {
            Box::new(self.frame(bytes).into_iter())
        }
    }

    fn frame(self, bytes: Vec<u8>) -> Option<Step> {
        match self.extension() {
            // An empty chunk would be the last one.
            Some(_) if bytes.is_empty() => None,
            Some(extension) => {
                let size = format!("{:x}{extension}\r\n", bytes.len());
                Some(Step::Write([size.as_bytes(), &bytes, b"\r\n"].concat()))
            }
            None if self.framing == Framing::Bare => None,
            None => Some(Step::Write(bytes)),
        }
    }

    fn last_chunk(self) -> Vec<u8> {
        self.extension().map_or_else(Vec::new, |_| b"0\r\n\r\n".to_vec())
    }

    fn broken_chunk(self, part: Vec<u8>) -> Steps {
        let Some(extension) = self.extension() else { return self.send(part) };
        let size = format!("{:x}{extension}\r\n", part.len() + LACKING);
        Box::new(iter::once(Step::Write([size.as_bytes(), &part].concat())))
    }

    /// What follows a chunk's size; `None` where there are no chunks.
    fn extension(self) -> Option<&'static str> {
        match self.framing {
            Framing::Chunked => Some(""),
            Framing::ChunkedWithExtension => Some(";part=\"1;2\""),
            _ => None,
        }
    }
}

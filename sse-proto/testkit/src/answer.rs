//! A reply to the bytes of a connection.

use std::time::Duration;

use crate::connection::{Connection, Gone};
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

/// Sends the reply.
pub(crate) fn answer(
    connection: &mut Connection,
    request: &Request,
    reply: &Reply,
) -> Result<After, Gone> {
    connection.write(&reply.before)?;
    connection.pause(reply.delay_head)?;
    if let Some(status) = reply.status {
        connection.write(&head(status, reply))?;
    }
    connection.pause(reply.delay_body)?;
    let (pieces, part) = split_for_end(reply);
    let mut body = Body { connection, framing: reply.framing, trickle: reply.trickle };
    for piece in pieces {
        body.piece(piece)?;
    }
    match &reply.end {
        End::Clean => {
            body.last_chunk()?;
            let next = reply.ends_by_itself() && request.keeps_alive();
            Ok(if next { After::Next } else { After::Close })
        }
        End::Fin => Ok(After::Close),
        End::FinInChunk => body.broken_chunk(part).map(|()| After::Close),
        End::BadChunk => connection.write(b"no chunk size\r\n").map(|()| After::Close),
        End::Reset => {
            if reply.status.is_some() || !reply.pieces.is_empty() || !reply.before.is_empty() {
                connection.pause(BEFORE_RESET)?;
            }
            Ok(After::Reset)
        }
        End::Silence => Err(connection.outlast()),
        End::Endless(bytes, every) => loop {
            body.send(bytes)?;
            body.connection.pause(*every)?;
        },
    }
}

/// The pieces to be sent, and what goes into a chunk that breaks off.
fn split_for_end(reply: &Reply) -> (&[Piece], &[u8]) {
    match &reply.pieces[..] {
        [pieces @ .., Piece::Bytes(part)] if reply.end == End::FinInChunk => (pieces, part),
        pieces => (pieces, b""),
    }
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

/// The body of a reply on its way.
struct Body<'a> {
    connection: &'a mut Connection,
    framing: Framing,
    trickle: bool,
}

impl Body<'_> {
    fn piece(&mut self, piece: &Piece) -> Result<(), Gone> {
        match piece {
            Piece::Bytes(bytes) => self.send(bytes),
            Piece::Repeat(bytes, times) => self.repeat(bytes, *times),
            Piece::Made(every, make) => {
                for n in 0.. {
                    let Some(bytes) = make(n) else { break };
                    if n > 0 {
                        self.connection.pause(*every)?;
                    }
                    self.send(&bytes)?;
                }
                Ok(())
            }
            Piece::Pause(duration) => self.connection.pause(*duration),
        }
    }

    fn repeat(&mut self, bytes: &[u8], times: u64) -> Result<(), Gone> {
        let at_once = (BATCH / bytes.len().max(1)).max(1);
        let batch = bytes.repeat(at_once.min(usize::try_from(times).unwrap_or(usize::MAX)));
        let at_once = at_once as u64;
        for _ in 0..times / at_once {
            self.send(&batch)?;
        }
        // The remainder is less than `at_once`, which is a usize.
        self.send(&batch[..bytes.len() * (times % at_once) as usize])
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if self.trickle {
            bytes.chunks(1).try_for_each(|byte| self.frame(byte))
        } else {
            self.frame(bytes)
        }
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        match self.extension() {
            // An empty chunk would be the last one.
            Some(_) if bytes.is_empty() => Ok(()),
            Some(extension) => {
                let size = format!("{:x}{extension}\r\n", bytes.len());
                self.connection.write(&[size.as_bytes(), bytes, b"\r\n"].concat())
            }
            None if self.framing == Framing::Bare => Ok(()),
            None => self.connection.write(bytes),
        }
    }

    fn last_chunk(&mut self) -> Result<(), Gone> {
        match self.extension() {
            Some(_) => self.connection.write(b"0\r\n\r\n"),
            None => Ok(()),
        }
    }

    fn broken_chunk(&mut self, part: &[u8]) -> Result<(), Gone> {
        let Some(extension) = self.extension() else { return self.send(part) };
        let size = format!("{:x}{extension}\r\n", part.len() + LACKING);
        self.connection.write(&[size.as_bytes(), part].concat())
    }

    /// What follows a chunk's size; `None` where there are no chunks.
    fn extension(&self) -> Option<&'static str> {
        match self.framing {
            Framing::Chunked => Some(""),
            Framing::ChunkedWithExtension => Some(";part=\"1;2\""),
            _ => None,
        }
    }
}

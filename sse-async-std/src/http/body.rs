//! A response's body over HTTP/1.1: its framing is taken out where the bytes were read to.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::io::Read;
use httparse::Status;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, TRANSFER_ENCODING};

use super::socket::Duplex;

// What may come between data: extensions of chunks, trailers.
const MOST_FRAMING: usize = 16 * 1024;

// Reads that brought no data, after which clocks and other tasks must have their turn.
const MOST_READS_IN_A_ROW: usize = 32;

/// The body as it arrives. Dropping it closes the connection, as its end does.
pub(super) struct Body {
    connection: Option<Box<dyn Duplex>>,
    /// What arrived together with the head.
    rest: Bytes,
    framing: Framing,
    /// The line of framing at hand, as far as it came.
    line: Vec<u8>,
    /// The framing since the last data.
    framed: usize,
}

/// What comes next (RFC 9112, sections 6.3 and 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Data, up to the end of the connection.
    Close,
    /// So much data; none when the body is over.
    Length(u64),
    /// The line with a chunk's size.
    Size,
    /// So much of a chunk's data.
    Chunk(u64),
    /// The empty line behind a chunk.
    ChunkEnd,
    /// What follows the last chunk, to an empty line.
    Trailers,
    /// Nothing any more. An error stays, so that a broken body does not look like a complete one.
    Broken(io::ErrorKind),
}

impl Framing {
    /// Of a body of this length, if it is known.
    pub(super) fn of(headers: &HeaderMap, len: Option<u64>) -> Self {
        let coding = headers.get_all(TRANSFER_ENCODING).iter().next_back();
        let last = coding.and_then(|value| value.as_bytes().rsplit(|&byte| byte == b',').next());
        match (len, last) {
            (Some(len), _) => Self::Length(len),
            (None, Some(last)) if last.trim_ascii().eq_ignore_ascii_case(b"chunked") => Self::Size,
            (None, _) => Self::Close,
        }
    }

    /// How much of so many bytes is data, and what comes then.
    fn data(self, len: usize) -> (usize, Self) {
        let (Self::Length(left) | Self::Chunk(left)) = self else {
            return (if self == Self::Close { len } else { 0 }, self);
        };
        let len = len.min(usize::try_from(left).unwrap_or(usize::MAX));
        match (self, left - len as u64) {
            (Self::Chunk(_), 0) => (len, Self::ChunkEnd),
            (Self::Chunk(_), left) => (len, Self::Chunk(left)),
            (_, left) => (len, Self::Length(left)),
        }
    }

    /// Whether a line can begin so. Its end need not ever come.
    fn may_begin(self, line: &[u8]) -> bool {
        match self {
            Self::Size => match line.iter().position(|byte| !byte.is_ascii_hexdigit()) {
                Some(end) => end > 0 && b" \t;\r".contains(&line[end]),
                None => true,
            },
            Self::ChunkEnd => b"\r\n".starts_with(line),
            _ => true,
        }
    }

    /// What comes after a line.
    fn line(self, line: &[u8]) -> Self {
        match (self, line) {
            (Self::Size, _) => match httparse::parse_chunk_size(line) {
                Ok(Status::Complete((_, 0))) => Self::Trailers,
                Ok(Status::Complete((_, size))) => Self::Chunk(size),
                _ => Self::Broken(io::ErrorKind::InvalidData),
            },
            (Self::ChunkEnd, b"\r\n") => Self::Size,
            (Self::Trailers, b"\r\n") => Self::Length(0),
            (Self::Trailers, _) => Self::Trailers,
            _ => Self::Broken(io::ErrorKind::InvalidData),
        }
    }
}

impl Body {
    pub(super) fn new(connection: Box<dyn Duplex>, rest: Bytes, framing: Framing) -> Self {
        let connection = (framing != Framing::Length(0)).then_some(connection);
        Self { connection, rest, framing, line: Vec::new(), framed: 0 }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.connection {
            Some(connection) if self.rest.is_empty() => Pin::new(connection).poll_read(cx, buf),
            _ => {
                let len = self.rest.len().min(buf.len());
                buf[..len].copy_from_slice(&self.rest.split_to(len));
                Poll::Ready(Ok(len))
            }
        }
    }

    /// Moves the data to the front, and says how much it is.
    fn unframe(&mut self, bytes: &mut [u8]) -> usize {
        let (mut from, mut to) = (0, 0);
        while from < bytes.len() && !self.is_over() {
            let (len, next) = self.framing.data(bytes.len() - from);
            if len > 0 {
                if from > to {
                    bytes.copy_within(from..from + len, to);
                }
                (from, to) = (from + len, to + len);
                (self.framing, self.framed) = (next, 0);
                continue;
            }
            // As many as there are, since they need no memory.
            if self.framing == Framing::Size
                && bytes[from] == b'0'
                && matches!(*self.line, [] | [b'0'])
            {
                self.line.resize(1, b'0');
                from += 1;
                continue;
            }
            let end = bytes[from..].iter().position(|&byte| byte == b'\n');
            let end = end.map_or(bytes.len(), |end| from + end + 1);
            self.line.extend_from_slice(&bytes[from..end]);
            self.framed += end - from;
            if self.framed > MOST_FRAMING || !self.framing.may_begin(&self.line) {
                self.framing = Framing::Broken(io::ErrorKind::InvalidData);
            } else if self.line.ends_with(b"\n") {
                self.framing = self.framing.line(&self.line);
                self.line.clear();
            }
            from = end;
        }
        to
    }

    fn close(&mut self) {
        (self.connection, self.rest) = (None, Bytes::new());
    }

    fn is_over(&self) -> bool {
        matches!(self.framing, Framing::Length(0) | Framing::Broken(_))
    }
}

impl Read for Body {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        for _ in 0..MOST_READS_IN_A_ROW {
            if this.is_over() {
                this.close();
                return Poll::Ready(match this.framing {
                    Framing::Broken(kind) => Err(kind.into()),
                    _ => Ok(0),
                });
            }
            match ready!(this.poll_bytes(cx, buf)) {
                Ok(0) if buf.is_empty() => return Poll::Ready(Ok(0)),
                Ok(0) if this.framing == Framing::Close => this.framing = Framing::Length(0),
                Ok(0) => this.framing = Framing::Broken(io::ErrorKind::UnexpectedEof),
                Ok(len) => match this.unframe(&mut buf[..len]) {
                    0 => {}
                    len => {
                        // Whoever knows the length does not ask for the end.
                        if this.framing == Framing::Length(0) {
                            this.close();
                        }
                        return Poll::Ready(Ok(len));
                    }
                },
                Err(error) => {
                    this.framing = Framing::Broken(error.kind());
                    this.connection = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use async_std::io::{Cursor, ReadExt};
    use async_std::task::block_on;

    use super::*;

    /// What is read of a body that arrives in two pieces, and how it ends.
    fn read(framing: Framing, bytes: &[u8], cut: usize) -> (Vec<u8>, Result<(), io::ErrorKind>) {
        let rest = Bytes::copy_from_slice(&bytes[..cut]);
        let connection = Box::new(Cursor::new(bytes[cut..].to_vec()));
        let mut body = Body::new(connection, rest, framing);
        let mut all = Vec::new();
        let end = block_on(body.read_to_end(&mut all));
        let again = block_on(body.read(&mut [0; 9]));
        assert_eq!(
            again.map_err(|error| error.kind()),
            end.as_ref().map(|_| 0).map_err(io::Error::kind)
        );
        (all, end.map(drop).map_err(|error| error.kind()))
    }

    #[test]
    fn wherever_a_body_is_cut_the_same_is_read() {
        let cases: [(&[u8], &[u8], _); 14] = [
            (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", Ok(())),
            (b"0003 ; a=\"b\"\r\nabc\r\n00\r\nX: 1\r\ny: 2\r\n\r\nmore", b"abc", Ok(())),
            (b"00000000000000000000A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", Ok(())),
            (b"3\r\nabc\r\n", b"abc", Err(io::ErrorKind::UnexpectedEof)),
            (b"3\r\nab", b"ab", Err(io::ErrorKind::UnexpectedEof)),
            (b"3\r\nabc\r\n0\r\n", b"abc", Err(io::ErrorKind::UnexpectedEof)),
            (b"", b"", Err(io::ErrorKind::UnexpectedEof)),
            (b"3\r\nabcd\r\n0\r\n\r\n", b"abc", Err(io::ErrorKind::InvalidData)),
            (b"3\r\nabc\r\n-1\r\n", b"abc", Err(io::ErrorKind::InvalidData)),
            (b"3\r\nabc\r\n\r\n", b"abc", Err(io::ErrorKind::InvalidData)),
            (b"3\r\nabc\r\n;a\r\n", b"abc", Err(io::ErrorKind::InvalidData)),
            (b"3\nabc", b"", Err(io::ErrorKind::InvalidData)),
            (b"fffffffffffffffff\r\n", b"", Err(io::ErrorKind::InvalidData)),
            (b"ffffffffffffffff\r\nabc", b"abc", Err(io::ErrorKind::UnexpectedEof)),
        ];
        for (bytes, data, end) in cases {
            for cut in 0..=bytes.len() {
                let shown = String::from_utf8_lossy(bytes);
                assert_eq!(
                    read(Framing::Size, bytes, cut),
                    (data.to_vec(), end),
                    "{shown:?} at {cut}"
                );
            }
        }
    }

    #[test]
    fn framing_without_data_is_limited() {
        let long = |len: usize| [b"1;".repeat(len).as_slice(), b"\r\na\r\n0\r\n\r\n"].concat();
        assert_eq!(read(Framing::Size, &long(8_000), 0).1, Ok(()));
        assert_eq!(read(Framing::Size, &long(9_000), 0).1, Err(io::ErrorKind::InvalidData));
        let trailers = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(3_000), b"\r\n"].concat();
        assert_eq!(read(Framing::Size, &trailers, 0).1, Err(io::ErrorKind::InvalidData));
    }

    #[test]
    fn a_length_is_a_limit_and_a_promise() {
        for cut in 0..=5 {
            assert_eq!(read(Framing::Length(3), b"abcde", cut), (b"abc".to_vec(), Ok(())));
            let short = read(Framing::Length(6), b"abcde", cut);
            assert_eq!(short, (b"abcde".to_vec(), Err(io::ErrorKind::UnexpectedEof)));
            assert_eq!(read(Framing::Close, b"abcde", cut), (b"abcde".to_vec(), Ok(())));
        }
    }

    #[test]
    fn the_last_coding_decides() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(TRANSFER_ENCODING, value.parse().unwrap());
            }
            Framing::of(&headers, None)
        };
        assert_eq!(of(&["Chunked"]), Framing::Size);
        assert_eq!(of(&["gzip, chunked "]), Framing::Size);
        assert_eq!(of(&["gzip", "chunked"]), Framing::Size);
        assert_eq!(of(&["chunked, gzip"]), Framing::Close);
        assert_eq!(of(&[]), Framing::Close);
    }
}

//! Where a body begins and ends in the bytes of a connection (RFC 9112, sections 6 and 7).

use std::io;

use bytes::{Bytes, BytesMut};

use crate::http::invalid;

/// A longer line between chunks is an error, and so are more bytes of trailers.
const MOST_LINE: usize = 16 * 1024;

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Chunked,
    Length(u64),
    UntilClose,
}

/// A body as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    UntilClose,
    /// Bytes that are left.
    Length(u64),
    ChunkSize,
    /// Bytes of the chunk that are left.
    Chunk(u64),
    ChunkEnd,
    /// Bytes of the lines that came.
    Trailer(usize),
    Over,
}

impl Framing {
    /// As the head says it; header names are in lower case.
    pub fn of(status: u16, headers: &[(String, Vec<u8>)]) -> io::Result<Self> {
        let values = |name: &'static str| {
            let named = headers.iter().filter(move |(found, _)| found == name);
            named.flat_map(|(_, value)| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
        };
        if matches!(status, 204 | 304) {
            return Ok(Self::Length(0));
        }
        match values("transfer-encoding").next_back() {
            Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => return Ok(Self::Chunked),
            Some(_) => return Ok(Self::UntilClose),
            None => {}
        }
        let mut lengths = values("content-length").map(|value| {
            let digits = value.iter().all(u8::is_ascii_digit);
            let text = str::from_utf8(value).ok().filter(|_| digits);
            text.and_then(|text| text.parse().ok()).ok_or_else(|| invalid("a length is no number"))
        });
        let Some(length) = lengths.next().transpose()? else { return Ok(Self::UntilClose) };
        match lengths.all(|other| other.is_ok_and(|other: u64| other == length)) {
            true => Ok(Self::Length(length)),
            false => Err(invalid("the lengths differ")),
        }
    }
}

impl Body {
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Chunked => Self::ChunkSize,
            Framing::Length(0) => Self::Over,
            Framing::Length(length) => Self::Length(length),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    pub fn is_over(&self) -> bool {
        *self == Self::Over
    }

    pub fn ends_with_connection(&self) -> bool {
        *self == Self::UntilClose
    }

    /// Takes the next bytes of the body out of the buffer; `None` if more must be read first, or at the end.
    pub fn take(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        loop {
            match *self {
                Self::Over => return Ok(None),
                _ if buffer.is_empty() => return Ok(None),
                Self::UntilClose => return Ok(Some(buffer.split().freeze())),
                Self::Length(left) | Self::Chunk(left) => {
                    let len = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    *self = match (*self, left - len as u64) {
                        (Self::Length(_), 0) => Self::Over,
                        (Self::Length(_), left) => Self::Length(left),
                        (_, 0) => Self::ChunkEnd,
                        (_, left) => Self::Chunk(left),
                    };
                    return Ok(Some(buffer.split_to(len).freeze()));
                }
                Self::ChunkSize | Self::ChunkEnd | Self::Trailer(_) => {
                    if *self == Self::ChunkSize {
                        let zeros = buffer.iter().take_while(|byte| **byte == b'0').count();
                        let _ = buffer.split_to(zeros.saturating_sub(1));
                    }
                    match take_line(buffer)? {
                        Some(line) => *self = self.after_line(&line)?,
                        None if self.may_begin(buffer) => return Ok(None),
                        None => return Err(invalid("this is no line between chunks")),
                    }
                }
            }
        }
    }

    /// Whether what comes next can begin so. Its end need not ever come.
    fn may_begin(self, line: &[u8]) -> bool {
        match self {
            Self::ChunkSize => match line.iter().position(|byte| !byte.is_ascii_hexdigit()) {
                Some(end) => end > 0 && b" \t;\r".contains(&line[end]),
                None => true,
            },
            Self::ChunkEnd => b"\r\n".starts_with(line),
            _ => true,
        }
    }

    fn after_line(self, line: &[u8]) -> io::Result<Self> {
        match self {
            Self::ChunkSize => match chunk_size(line)? {
                0 => Ok(Self::Trailer(0)),
                size => Ok(Self::Chunk(size)),
            },
            Self::Trailer(_) if line.is_empty() => Ok(Self::Over),
            Self::Trailer(came) if came > MOST_LINE => Err(invalid("the trailers are too long")),
            Self::Trailer(came) => Ok(Self::Trailer(came + line.len())),
            _ if line.is_empty() => Ok(Self::ChunkSize),
            _ => Err(invalid("a chunk is longer than its size")),
        }
    }
}

/// The size in hexadecimal digits; extensions may follow.
fn chunk_size(line: &[u8]) -> io::Result<u64> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii_end();
    let text = str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_hexdigit));
    let size = text.and_then(|text| u64::from_str_radix(text, 16).ok());
    size.ok_or_else(|| invalid("a chunk has no size"))
}

/// Takes a line out of the buffer, without its CRLF.
fn take_line(buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
    match buffer.iter().position(|&byte| byte == b'\n') {
        Some(end) => {
            let mut line = buffer.split_to(end + 1);
            line.truncate(end);
            line.truncate(line.strip_suffix(b"\r").unwrap_or(&line).len());
            Ok(Some(line.freeze()))
        }
        None if buffer.len() > MOST_LINE => Err(invalid("a line between chunks is too long")),
        None => Ok(None),
    }
}

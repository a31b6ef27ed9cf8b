//! As much HTTP/1.1 as an event stream needs, over `std::net::TcpStream`: a connection for each request, no TLS.

use std::io::{self, ErrorKind, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant as StdInstant};

use bytes::{Bytes, BytesMut};
use sse_proto::{Instant, Redirect, ResponseHead};

use crate::body::{Body, Framing};
use crate::request::Request;

/// A larger head, or one with more lines, is an error.
const MOST_HEAD: usize = 256 * 1024;
const MOST_HEADERS: usize = 256;
const READ: usize = 16 * 1024;

/// The driver's time, which begins when the clock is made.
#[derive(Clone, Copy)]
pub struct Clock(StdInstant);

/// A response, and its connection.
pub struct Response {
    stream: TcpStream,
    /// Where it came from in the end, after redirects.
    url: String,
    pub status: u16,
    headers: Vec<(String, Vec<u8>)>,
    buffer: BytesMut,
    body: Body,
}

/// What came of waiting.
pub enum Read {
    Head(Response),
    Bytes(Bytes),
    End,
    TimedOut,
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the core reads no clock; a driver has to")]
    pub fn start() -> Self {
        Self(StdInstant::now())
    }

    pub fn now(self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }

    /// The time that is left.
    pub fn until(self, deadline: Option<Instant>) -> Option<Duration> {
        deadline.map(|deadline| deadline.saturating_since(self.now()))
    }

    fn is_over(self, deadline: Option<Instant>) -> bool {
        self.until(deadline) == Some(Duration::ZERO)
    }
}

/// Sends a request and reads the head of the response, or of the one that redirects lead to.
pub fn send(mut request: Request, clock: Clock, deadline: Option<Instant>) -> io::Result<Read> {
    for _ in 0..=Redirect::MOST {
        match exchange(&request, clock, deadline) {
            Ok(Read::Head(response)) => {
                if !request.follow(response.status, response.header("location"))? {
                    return Ok(Read::Head(response));
                }
            }
            Err(error) if is_timeout(&error) && clock.is_over(deadline) => {
                return Ok(Read::TimedOut);
            }
            other => return other,
        }
    }
    Err(io::Error::other("redirected too often"))
}

fn exchange(request: &Request, clock: Clock, deadline: Option<Instant>) -> io::Result<Read> {
    let stream = connect(&request.url().socket_addrs(|| None)?, clock, deadline)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(timeout(clock, deadline))?;
    (&stream).write_all(&request.to_bytes())?;
    let mut buffer = BytesMut::new();
    loop {
        match fill(&stream, &mut buffer, clock, deadline)? {
            None => return Ok(Read::TimedOut),
            Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Some(_) => {}
        }
        if let Some((status, headers)) = parse_head(&mut buffer)? {
            let body = Body::new(Framing::of(status, &headers)?);
            let url = request.url().to_string();
            return Ok(Read::Head(Response { stream, url, status, headers, buffer, body }));
        }
    }
}

fn connect(
    addresses: &[SocketAddr],
    clock: Clock,
    deadline: Option<Instant>,
) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in addresses {
        let connected = match timeout(clock, deadline) {
            Some(timeout) => TcpStream::connect_timeout(address, timeout),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Response {
    /// What a session wants to know of the head.
    pub fn head(&self) -> ResponseHead<'_> {
        ResponseHead::from_headers(self.status, |name| self.header(name)).redirected_to(&self.url)
    }

    /// The last header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().rev().find(|(found, _)| found == name);
        found.map(|(_, value)| &value[..])
    }

    /// The beginning of the body, for a message: as much as comes within a second.
    pub fn beginning(mut self, clock: Clock) -> Vec<u8> {
        let (deadline, mut beginning) = (clock.now() + Duration::from_secs(1), Vec::new());
        while beginning.len() < READ
            && let Ok(Read::Bytes(bytes)) = self.read(clock, Some(deadline))
        {
            beginning.extend_from_slice(&bytes);
        }
        beginning
    }

    /// Waits for bytes of the body.
    pub fn read(&mut self, clock: Clock, deadline: Option<Instant>) -> io::Result<Read> {
        let mut has_read = false;
        loop {
            if let Some(bytes) = self.body.take(&mut self.buffer)? {
                return Ok(Read::Bytes(bytes));
            }
            if self.body.is_over() {
                return Ok(Read::End);
            }
            // What is no byte of the body may come for ever.
            if has_read && clock.is_over(deadline) {
                return Ok(Read::TimedOut);
            }
            match fill(&self.stream, &mut self.buffer, clock, deadline)? {
                None => return Ok(Read::TimedOut),
                Some(0) if self.body.ends_with_connection() => return Ok(Read::End),
                Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Some(_) => has_read = true,
            }
        }
    }
}

/// Reads what is there, or what comes; `None` when the deadline has passed, which is looked at second.
fn fill(
    mut stream: &TcpStream,
    buffer: &mut BytesMut,
    clock: Clock,
    deadline: Option<Instant>,
) -> io::Result<Option<usize>> {
    let mut scratch = [0; READ];
    loop {
        stream.set_read_timeout(timeout(clock, deadline))?;
        match stream.read(&mut scratch) {
            Ok(len) => {
                buffer.extend_from_slice(&scratch[..len]);
                return Ok(Some(len));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_timeout(&error) && clock.is_over(deadline) => return Ok(None),
            // A socket's time-out may be a little early.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a socket takes: not zero, which it would refuse.
fn timeout(clock: Clock, deadline: Option<Instant>) -> Option<Duration> {
    clock.until(deadline).map(|left| left.max(Duration::from_millis(1)))
}

/// A socket's time-out has one of two kinds, depending on the system.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// The status, and the headers with their names in lower case.
pub type Head = (u16, Vec<(String, Vec<u8>)>);

/// Takes a whole head out of the buffer, if there is one; informational ones are passed over.
pub fn parse_head(buffer: &mut BytesMut) -> io::Result<Option<Head>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(buffer).map_err(io::Error::other)?;
        let httparse::Status::Complete(len) = parsed else {
            let too_large = buffer.len() > MOST_HEAD;
            return if too_large { Err(invalid("the head is too large")) } else { Ok(None) };
        };
        let status = response.code.unwrap_or_default();
        let named = response.headers.iter();
        let headers = named.map(|h| (h.name.to_ascii_lowercase(), h.value.to_vec())).collect();
        let _ = buffer.split_to(len);
        match status {
            0..100 => return Err(invalid("the status is none")),
            100 | 102..200 => {}
            _ => return Ok(Some((status, headers))),
        }
    }
}

pub fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

//! One request on one connection: the response's head, then its body as it arrives.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use async_std::io::{BufRead, Read};
use hyper::Version;
use hyper::body::{Body as _, Buf, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{Builder, Connection};
use hyper::header::HeaderMap;
use surf::StatusCode;
use surf::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue};
use surf::http::{self, Response};

use super::dial::Socket;
use super::request::RequestBody;

// hyper's own limits are 100 headers and 408 KiB; Chromium takes heads of 256 KiB, curl of 300 KiB. The buffer also bounds
// what one connection may hold, hence less.
const MAX_HEADERS: usize = 256;
const MAX_BUFFER: usize = 128 * 1024;

/// A response's head as it came, in [`StreamClient`](super::StreamClient)'s responses.
///
/// surf's types hold neither every status nor every header: a status that http-types has no name for appears as the
/// first of its class (520 as 500, and 600 to 999 as 500 too), and a header value that is not ASCII is missing. The
/// truth is here: `response.ext::<RawHead>()`.
///
/// The headers share memory with the connection's read buffer, 8 KiB or more; take them out and drop them where many
/// responses are kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawHead {
    /// The status code, from 100 to 999.
    pub status: u16,
    /// All headers, byte for byte but for the white space around values, names in lower case.
    pub headers: HeaderMap,
}

/// Sends the request and waits for the response's head.
pub(super) async fn exchange(
    socket: Socket,
    request: hyper::Request<RequestBody>,
) -> io::Result<Response> {
    let (mut sender, connection) = Builder::new()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .handshake(socket)
        .await
        .map_err(into_io)?;
    let mut driver = Driver { connection: Some(connection), failure: None };
    let mut head = pin!(sender.send_request(request));
    let response = poll_fn(|cx| {
        driver.poll(cx);
        head.as_mut().poll(cx)
    })
    .await;
    match response {
        Ok(response) => Ok(convert(driver, response)),
        Err(error) => Err(into_io(driver.failure.unwrap_or(error))),
    }
}

/// Drives the connection from inside the futures that wait for it, so that it ends with them.
struct Driver {
    connection: Option<Connection<Socket, RequestBody>>,
    // Why the connection ended, where hyper could tell it neither to the head nor to the body.
    failure: Option<hyper::Error>,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(end) = Pin::new(connection).poll(cx)
        {
            self.connection = None;
            self.failure = end.err();
        }
    }
}

fn convert(driver: Driver, response: hyper::Response<Incoming>) -> Response {
    let (head, incoming) = response.into_parts();
    let len = incoming.size_hint().exact();
    let reader = Reader { state: State::Open(driver, incoming), chunk: Bytes::new() };

    let mut response = Response::new(nearest_status(head.status.as_u16()));
    response.set_body(surf::Body::from_reader(reader, len.and_then(|len| len.try_into().ok())));
    // The body has left one that the server did not send.
    response.remove_header(CONTENT_TYPE);
    for (name, value) in &head.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_str().into())
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes().into())
        {
            response.append_header(name, value);
        }
    }
    response.set_version(Some(match head.version {
        Version::HTTP_10 => http::Version::Http1_0,
        _ => http::Version::Http1_1,
    }));
    let raw = RawHead { status: head.status.as_u16(), headers: head.headers };
    response.ext_mut().insert(raw);
    response
}

/// An unknown code counts as the first of its class: <https://www.rfc-editor.org/rfc/rfc9110#section-15-3>
fn nearest_status(code: u16) -> StatusCode {
    StatusCode::try_from(code)
        .or_else(|_| StatusCode::try_from(code / 100 * 100))
        .unwrap_or(StatusCode::InternalServerError)
}

/// The response's body. Dropping it closes the socket.
struct Reader {
    state: State,
    chunk: Bytes,
}

#[expect(clippy::large_enum_variant, reason = "it lives in the box that is surf's body")]
enum State {
    Open(Driver, Incoming),
    Ended,
    // A second read fails too: a broken body must not look like a complete one.
    Failed(io::ErrorKind),
}

impl Reader {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let (driver, incoming) = match &mut self.state {
            State::Open(driver, incoming) => (driver, incoming),
            State::Ended => return Poll::Ready(Ok(None)),
            State::Failed(kind) => return Poll::Ready(Err((*kind).into())),
        };
        loop {
            match ready!(poll_frame(driver, incoming, cx)) {
                Some(Ok(frame)) => {
                    // Else trailers, which nobody asked for.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
                Some(Err(error)) => {
                    let error = into_io(driver.failure.take().unwrap_or(error));
                    self.state = State::Failed(error.kind());
                    return Poll::Ready(Err(error));
                }
                None => {
                    self.state = State::Ended;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }
}

/// What has been read already, or else what the connection can read now.
fn poll_frame(
    driver: &mut Driver,
    incoming: &mut Incoming,
    cx: &mut Context<'_>,
) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
    let frame = Pin::new(&mut *incoming).poll_frame(cx);
    if frame.is_ready() {
        return frame;
    }
    driver.poll(cx);
    Pin::new(incoming).poll_frame(cx)
}

impl BufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.chunk.is_empty() {
            match ready!(this.poll_chunk(cx))? {
                Some(chunk) => this.chunk = chunk,
                None => break,
            }
        }
        Poll::Ready(Ok(&this.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.chunk.advance(amount);
        if self.chunk.is_empty() {
            // Lets go of the read buffer, which hyper then uses again.
            self.chunk = Bytes::new();
        }
    }
}

impl Read for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let len = available.len().min(buf.len());
        buf[..len].copy_from_slice(&available[..len]);
        self.consume(len);
        Poll::Ready(Ok(len))
    }
}

/// The `io::Error` that caused it, as far as there is one: the same system error, or one of the same kind around it.
fn into_io(error: hyper::Error) -> io::Error {
    let mut kind = if error.is_incomplete_message() {
        io::ErrorKind::UnexpectedEof
    } else if error.is_parse() {
        io::ErrorKind::InvalidData
    } else {
        io::ErrorKind::Other
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if let Some(code) = error.raw_os_error() {
                return io::Error::from_raw_os_error(code);
            }
            kind = error.kind();
            break;
        }
        cause = error.source();
    }
    // hyper's word for a malformed chunk; here it means that the request is at fault.
    if kind == io::ErrorKind::InvalidInput && !error.is_user() {
        kind = io::ErrorKind::InvalidData;
    }
    io::Error::new(kind, error)
}

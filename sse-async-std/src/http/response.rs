//! One request on one connection: the response's head, then its body as it arrives.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::iter::successors;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};

use async_std::io::{BufReader, Read};
use futures_util::FutureExt;
use futures_util::future::{Either, Fuse, FusedFuture, select};
use http_body_util::BodyExt;
use hyper::Version;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::Builder;
use hyper::header::{HeaderMap, HeaderValue};
use surf::StatusCode;
use surf::http::headers::CONTENT_TYPE;
use surf::http::{self, Response};

use super::body::{Body, Framing};
use super::request::Outgoing;
use super::socket::Socket;

// hyper's own limits are 100 headers and 408 KiB; Chromium takes heads of 256 KiB, curl of 300 KiB. The buffer also bounds
// what one connection may hold, hence less.
const MAX_HEADERS: usize = 256;
pub(super) const MAX_BUFFER: u32 = 128 * 1024;

// What is allocated for each body, for those who do not read it in larger pieces themselves.
const BUFFER_LEN: usize = 4 * 1024;

/// A response's head as it came, in [`StreamClient`](super::StreamClient)'s responses.
///
/// surf's types hold neither every status nor every header: a status that http-types has no name for appears as the
/// first of its class (520 as 500, and 600 to 999 as 500 too), and a header value that is not ASCII is missing. The
/// truth is here: `response.ext::<RawHead>()`. Its headers' values are marked sensitive, so `Debug` does not show them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawHead {
    /// The status code, from 100 to 999.
    pub status: u16,
    /// All headers, byte for byte but for the white space around values, names in lower case.
    pub headers: HeaderMap,
}

/// Drives the connection from inside the futures that wait for it, so that it ends with them.
pub(super) type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send + Sync>>;

/// Sends the request and waits for the response's head.
pub(super) async fn exchange(socket: Socket, request: Outgoing) -> io::Result<Response> {
    let sent = socket.sent.clone();
    let mark = sent.clone();
    let request = request.map(|body| {
        body.map_frame(move |frame| {
            let _ = &mark;
            frame
        })
    });
    let (mut sender, connection) = Builder::new()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER as usize)
        .handshake(socket)
        .await
        .map_err(into_io)?;
    let mut connection = Box::pin(connection);
    let mut driver = (&mut connection).fuse();
    let response = head(&mut driver, sender.send_request(request)).await?;
    if !sent.load(Ordering::Relaxed) && !driver.is_terminated() {
        // The rest of the request goes out while the response is read.
        return Ok(convert(response, |_, body| Frames::new((connection as Driver).fuse(), body)));
    }
    // hyper would hand each chunk from one task to another, which costs more than all the rest.
    let Socket { stream, rest, .. } = Pin::into_inner(connection).into_parts().io;
    Ok(convert(response, |headers, body| {
        Body::new(stream, rest, Framing::of(headers, body.size_hint().exact()))
    }))
}

/// The response's head, while the connection is driven.
pub(super) async fn head(
    driver: &mut Fuse<impl Future<Output = hyper::Result<()>> + Unpin>,
    head: impl Future<Output = hyper::Result<hyper::Response<Incoming>>>,
) -> io::Result<hyper::Response<Incoming>> {
    let head = match select(pin!(head), driver).await {
        Either::Left((head, _)) => head,
        Either::Right((ended, head)) => head.await.map_err(|error| ended.err().unwrap_or(error)),
    };
    head.map_err(into_io)
}

pub(super) fn convert<R: Read + Unpin + Send + Sync + 'static>(
    response: hyper::Response<Incoming>,
    body: impl FnOnce(&HeaderMap, Incoming) -> R,
) -> Response {
    let (mut head, incoming) = response.into_parts();
    let len = incoming.size_hint().exact().and_then(|len| len.try_into().ok());
    let body = BufReader::with_capacity(BUFFER_LEN, body(&head.headers, incoming));
    let status = head.status.as_u16();
    let mut response = Response::new(known_status(status));
    response.set_body(surf::Body::from_reader(body, len));
    // The body has left one that the server did not send.
    response.remove_header(CONTENT_TYPE);
    for (name, value) in &mut head.headers {
        if let Ok(value) = value.to_str() {
            response.append_header(name.as_str(), value);
        }
        // Copied, since it shares the connection's read buffer, which for as long as it does is not used again.
        *value = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
        // It may be a cookie, or an address with a token.
        value.set_sensitive(true);
    }
    response.set_version(Some(match head.version {
        Version::HTTP_10 => http::Version::Http1_0,
        Version::HTTP_2 => http::Version::Http2_0,
        _ => http::Version::Http1_1,
    }));
    response.ext_mut().insert(RawHead { status, headers: head.headers });
    response
}

/// The status as it was sent, unless a middleware has set another.
pub(crate) fn status(response: &surf::Response) -> u16 {
    let raw = response.ext::<RawHead>().map(|raw| raw.status);
    let sent = raw.filter(|&status| known_status(status) == response.status());
    sent.unwrap_or_else(|| response.status().into())
}

/// The last value of a header as it was sent, unless a middleware has changed it.
pub(crate) fn header<'a>(response: &'a surf::Response, name: &str) -> Option<&'a [u8]> {
    let raw = response.ext::<RawHead>();
    match raw.and_then(|raw| raw.headers.get_all(name).iter().next_back()) {
        // surf has no room for it, so no middleware can have seen it.
        Some(value) if value.to_str().is_err() => Some(value.as_bytes()),
        _ if name.is_ascii() => response.header(name).map(|it| it.last().as_str().as_bytes()),
        _ => None,
    }
}

/// An unknown code counts as the first of its class: <https://www.rfc-editor.org/rfc/rfc9110#section-15-3>
fn known_status(status: u16) -> StatusCode {
    let known = StatusCode::try_from(status).or_else(|_| StatusCode::try_from(status / 100 * 100));
    known.unwrap_or(StatusCode::InternalServerError)
}

/// The response's body as hyper has it. Dropping it closes the socket.
pub(super) struct Frames {
    // `None` = ended, and the socket closed.
    open: Option<(Fuse<Driver>, Incoming)>,
    // What was read. An error stays, so that a broken body does not look like a complete one.
    chunk: Result<Bytes, io::ErrorKind>,
}

impl Frames {
    pub(super) fn new(driver: Fuse<Driver>, body: Incoming) -> Self {
        Self { open: (!body.is_end_stream()).then_some((driver, body)), chunk: Ok(Bytes::new()) }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some((mut driver, incoming)) = self.open.take() {
            drop(incoming);
            // For a last word, such as the reset of a stream, as far as it can be said without waiting.
            let _ = driver.poll_unpin(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl Read for Frames {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while let (Ok(b""), Some((driver, incoming))) = (this.chunk.as_deref(), &mut this.open) {
            let _ = driver.poll_unpin(cx);
            match ready!(Pin::new(incoming).poll_frame(cx)) {
                // Trailers are nothing, since nobody asked for them.
                Some(Ok(frame)) => this.chunk = Ok(frame.into_data().unwrap_or_default()),
                None => this.open = None,
                Some(Err(error)) => {
                    let error = into_io(error);
                    (this.open, this.chunk) = (None, Err(error.kind()));
                    return Poll::Ready(Err(error));
                }
            }
        }
        // Whoever knows the length does not ask for the end.
        this.open.take_if(|(_, incoming)| incoming.is_end_stream());
        let chunk = this.chunk.as_mut().map_err(|kind| *kind)?;
        let len = chunk.len().min(buf.len());
        // All of it at once lets go of the read buffer, which hyper then uses again.
        buf[..len].copy_from_slice(&chunk.split_to(len));
        Poll::Ready(Ok(len))
    }
}

/// The `io::Error` that caused it, as far as there is one: the same system error, or one of the same kind around it.
pub(super) fn into_io(error: hyper::Error) -> io::Error {
    let mut causes = successors(error.source(), |&error| error.source());
    let cause = causes.find_map(|error| error.downcast_ref::<io::Error>());
    if let Some(code) = cause.and_then(io::Error::raw_os_error) {
        return io::Error::from_raw_os_error(code);
    }
    let kind = match cause.map(io::Error::kind) {
        // hyper's word for a malformed chunk; here it means that the request is at fault.
        Some(io::ErrorKind::InvalidInput) if !error.is_user() => io::ErrorKind::InvalidData,
        Some(kind) => kind,
        None if error.is_incomplete_message() => io::ErrorKind::UnexpectedEof,
        None if error.is_parse() => io::ErrorKind::InvalidData,
        None => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

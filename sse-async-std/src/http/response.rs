//! One request on one connection: the response's head, then its body as it arrives.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::iter::successors;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use async_std::io::{BufRead, Read};
use futures_util::FutureExt;
use futures_util::future::{Either, Fuse, select};
use hyper::Version;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::Builder;
use hyper::header::{HeaderMap, HeaderValue};
use surf::StatusCode;
use surf::http::headers::CONTENT_TYPE;
use surf::http::{self, Response};

use super::request::Outgoing;
use super::socket::Socket;

// hyper's own limits are 100 headers and 408 KiB; Chromium takes heads of 256 KiB, curl of 300 KiB. The buffer also bounds
// what one connection may hold, hence less.
const MAX_HEADERS: usize = 256;
pub(super) const MAX_BUFFER: u32 = 128 * 1024;

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
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send + Sync>>;

/// Sends the request and waits for the response's head.
pub(super) async fn exchange(socket: Socket, request: Outgoing) -> io::Result<Response> {
    let (mut sender, connection) = Builder::new()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER as usize)
        .handshake(socket)
        .await
        .map_err(into_io)?;
    respond(Box::pin(connection), sender.send_request(request)).await
}

pub(super) async fn respond(
    driver: Driver,
    head: impl Future<Output = hyper::Result<hyper::Response<Incoming>>>,
) -> io::Result<Response> {
    let mut driver = driver.fuse();
    let head = match select(pin!(head), &mut driver).await {
        Either::Left((head, _)) => head,
        Either::Right((ended, head)) => head.await.map_err(|error| ended.err().unwrap_or(error)),
    };
    head.map(|head| convert(driver, head)).map_err(into_io)
}

fn convert(driver: Fuse<Driver>, response: hyper::Response<Incoming>) -> Response {
    let (mut head, incoming) = response.into_parts();
    let status = head.status.as_u16();
    let len = incoming.size_hint().exact().and_then(|len| len.try_into().ok());
    let open = (!incoming.is_end_stream()).then_some((driver, incoming));
    // An unknown code counts as the first of its class: https://www.rfc-editor.org/rfc/rfc9110#section-15-3
    let known = StatusCode::try_from(status).or_else(|_| StatusCode::try_from(status / 100 * 100));
    let mut response = Response::new(known.unwrap_or(StatusCode::InternalServerError));
    response.set_body(surf::Body::from_reader(Reader { open, chunk: Ok(Bytes::new()) }, len));
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

/// The response's body. Dropping it closes the socket.
struct Reader {
    // `None` = ended, and the socket closed.
    open: Option<(Fuse<Driver>, Incoming)>,
    // What was read. An error stays, so that a broken body does not look like a complete one.
    chunk: Result<Bytes, io::ErrorKind>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some((mut driver, incoming)) = self.open.take() {
            drop(incoming);
            // For a last word, such as the reset of a stream, as far as it can be said without waiting.
            let _ = driver.poll_unpin(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl BufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
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
        Poll::Ready(this.chunk.as_deref().map_err(|&kind| kind.into()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        if let Ok(chunk) = &mut self.chunk {
            // All of it at once lets go of the read buffer, which hyper then uses again.
            drop(chunk.split_to(amount));
        }
    }
}

impl Read for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let len = io::Read::read(&mut available, buf)?;
        self.consume(len);
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

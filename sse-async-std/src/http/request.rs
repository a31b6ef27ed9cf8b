//! surf's request as hyper's: target, headers and body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::io::BufRead as _;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use surf::Url;
use surf::http::url::Position;
use surf::http::{Method, Request};

use super::dial::invalid;

// How much of a request's body is copied at a time.
const PIECE: u64 = 64 * 1024;

/// Request headers whose values surf cannot hold, for [`StreamClient`](super::StreamClient) alone.
///
/// surf's header values are ASCII; HTTP's may carry any byte but control characters. Put this into a request with
/// [`surf::Request::set_ext`], and each of its headers replaces those of the same name. Other clients ignore it, and a
/// clone of the request does not have it, which concerns middleware that sends a clone.
///
/// # Examples
///
/// ```
/// use hyper::header::{HeaderMap, HeaderValue};
/// use sse_async_std::RawHeaders;
///
/// # fn build(mut request: surf::Request) -> Result<(), Box<dyn std::error::Error>> {
/// let mut headers = HeaderMap::new();
/// headers.insert("last-event-id", HeaderValue::from_bytes("№ 7".as_bytes())?);
/// request.set_ext(RawHeaders(headers));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct RawHeaders(pub HeaderMap);

/// Turns the request into what hyper sends, or refuses it.
pub(super) fn prepare(mut request: Request) -> io::Result<hyper::Request<RequestBody>> {
    let method = request.method();
    if method == Method::Connect {
        return Err(invalid("the method CONNECT is not supported"));
    }
    // Before the body is taken: that would leave a content type behind.
    let headers = headers(&mut request)?;
    let target = &request.url()[Position::BeforePath..Position::AfterQuery];
    let uri = target.parse().map_err(invalid)?;

    let left = request.len().map(|len| len as u64);
    let body = request.take_body();
    let mut prepared = hyper::Request::new(RequestBody { body, left });
    *prepared.method_mut() = method.as_ref().parse().map_err(invalid)?;
    *prepared.uri_mut() = uri;
    *prepared.headers_mut() = headers;
    Ok(prepared)
}

fn headers(request: &mut Request) -> io::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    // First, since it should come first, and then for the user to replace.
    headers.insert(HOST, host(request.url())?);
    for (name, values) in request.iter() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes())
            .map_err(|_| invalid("a header name is empty or holds a forbidden character"))?;
        for (index, value) in values.iter().enumerate() {
            let value = HeaderValue::from_bytes(value.as_str().as_bytes()).map_err(|_| {
                invalid(format!("the value of header `{name}` holds a control character"))
            })?;
            if index == 0 {
                headers.insert(&name, value);
            } else {
                headers.append(&name, value);
            }
        }
    }
    if let Some(RawHeaders(raw)) = request.ext_mut().remove() {
        headers.extend(raw);
    }
    frame(&mut headers, request);
    Ok(headers)
}

/// Says where the body ends, in the cases where hyper would not.
fn frame(headers: &mut HeaderMap, request: &Request) {
    if headers.contains_key(CONTENT_LENGTH) {
        return;
    }
    match (request.len(), request.method()) {
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.6-5
        (Some(0), Method::Post | Method::Put | Method::Patch) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        // hyper takes a GET of unknown length for one without a body.
        (None, _) => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        _ => {}
    }
}

fn host(url: &Url) -> io::Result<HeaderValue> {
    // From the host to the port, which a URL holds only where it is not the default.
    HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]).map_err(invalid)
}

/// The request's body, in pieces.
pub(super) struct RequestBody {
    body: surf::Body,
    // `None` = not known beforehand.
    left: Option<u64>,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == Some(0) {
            return Poll::Ready(None);
        }
        let mut body = Pin::new(&mut this.body);
        let available = ready!(body.as_mut().poll_fill_buf(cx))?;
        let most = this.left.unwrap_or(PIECE).min(PIECE) as usize;
        let piece = Bytes::copy_from_slice(&available[..available.len().min(most)]);
        body.consume(piece.len());
        match &mut this.left {
            None if piece.is_empty() => return Poll::Ready(None),
            None => {}
            Some(_) if piece.is_empty() => {
                let short = invalid("the request's body is shorter than its length");
                return Poll::Ready(Some(Err(short)));
            }
            Some(left) => *left -= piece.len() as u64,
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

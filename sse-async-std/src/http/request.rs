//! surf's request as hyper's: target, headers and body.

use std::fmt;
use std::io;

use async_std::io::ReadExt;
use futures_util::stream::try_unfold;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use surf::http::url::Position;
use surf::http::{Method, Request};

use super::invalid;

// How much of a request's body is read at a time.
const PIECE_LEN: usize = 16 * 1024;

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
#[derive(Clone, Default)]
pub struct RawHeaders(pub HeaderMap);

/// Shows the names alone: a value may be a credential.
impl fmt::Debug for RawHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

pub(super) type Outgoing = hyper::Request<BoxBody<Bytes, io::Error>>;

/// Turns the request into what hyper sends, or refuses it.
pub(super) fn prepare(mut request: Request) -> io::Result<Outgoing> {
    if request.method() == Method::Connect {
        return Err(invalid("the method CONNECT is not supported"));
    }
    // Before the body is taken: that would leave a content type behind.
    let headers = headers(&mut request)?;
    let target = &request.url()[Position::BeforePath..Position::AfterQuery];
    let prepared = hyper::Request::builder().method(request.method().as_ref()).uri(target);
    let mut prepared = prepared.body(body(request.take_body())).map_err(invalid)?;
    *prepared.headers_mut() = headers;
    Ok(prepared)
}

fn headers(request: &mut Request) -> io::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let own = request.remove_header("host");
    // From the host to the port, which a URL holds only where it is not the default.
    let of_url = &request.url()[Position::BeforeHost..Position::AfterPort];
    let host = own.as_ref().map_or(of_url, |values| values.last().as_str());
    // It should come first.
    headers.insert(HOST, HeaderValue::from_str(host).map_err(invalid)?);
    for (name, values) in request.iter() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes())
            .map_err(|_| invalid("a header name is empty or holds a forbidden character"))?;
        for value in values {
            let value = HeaderValue::from_str(value.as_str()).map_err(|_| {
                invalid(format!("the value of header `{name}` holds a control character"))
            })?;
            headers.append(&name, value);
        }
    }
    if let Some(RawHeaders(raw)) = request.ext_mut().remove() {
        headers.extend(raw);
    }
    match (request.len(), request.method()) {
        _ if headers.contains_key(CONTENT_LENGTH) => None,
        (None, _) => headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.6-5
        (Some(0), method) if ![Method::Post, Method::Put, Method::Patch].contains(&method) => None,
        (Some(len), _) => headers.insert(CONTENT_LENGTH, len.into()),
    };
    Ok(headers)
}

/// Adds the rest of a body of known length to what was read of it.
pub(crate) async fn read_whole(body: &mut surf::Body, read: &mut Vec<u8>) -> io::Result<()> {
    body.read_to_end(read).await?;
    match body.len() {
        Some(len) if read.len() < len => Err(too_short()),
        _ => Ok(()),
    }
}

fn too_short() -> io::Error {
    invalid("the request's body is shorter than its length")
}

/// The request's body, in pieces.
fn body(body: surf::Body) -> BoxBody<Bytes, io::Error> {
    if body.is_empty() == Some(true) {
        return Empty::new().map_err(|never| match never {}).boxed();
    }
    let pieces = try_unfold((body, 0), |(mut body, sent)| async move {
        let mut piece = vec![0; PIECE_LEN];
        let len = body.read(&mut piece).await?;
        if len == 0 && body.len().is_some_and(|whole| sent < whole) {
            return Err(too_short());
        }
        piece.truncate(len);
        Ok((len > 0).then(|| (Frame::data(piece.into()), (body, sent + len))))
    });
    StreamBody::new(pieces).boxed()
}

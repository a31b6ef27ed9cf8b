//! Responses: their head, and their body in chunks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{ResponseBuilderExt, StatusCode, Url};
use sse_proto::{ResponseHead, client};

/// A response to an event source's request: its head, and its body as far as it was not read.
///
/// To read the body of one that was not accepted, turn it back into reqwest's: [`into_reqwest`](Self::into_reqwest).
pub struct Response {
    // Smaller than a `reqwest::Response` that is kept for its `chunk()`.
    inner: http::Response<Body>,
    url: Box<Url>,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// Where it came from in the end, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same as reqwest has it, for `text()`, `json()` and the like.
    pub fn into_reqwest(self) -> reqwest::Response {
        let (mut parts, body) = self.inner.into_parts();
        // The only door for an address is the builder of a head; its extensions carry it.
        if let Ok(mut with_url) = http::Response::builder().url(*self.url).body(()) {
            parts.extensions.extend(std::mem::take(with_url.extensions_mut()));
        }
        http::Response::from_parts(parts, body.0).into()
    }
}

impl From<reqwest::Response> for Response {
    fn from(response: reqwest::Response) -> Self {
        let url = Box::new(response.url().clone());
        let mut inner = http::Response::from(response).map(Body);
        detach(inner.headers_mut());
        Self { inner, url }
    }
}

/// Copies the values: they are parts of the connection's first read buffer, and would keep all of its 8 KiB or more for as
/// long as the stream lasts.
fn detach(headers: &mut HeaderMap) {
    let bytes: Vec<_> = headers.values().flat_map(HeaderValue::as_bytes).copied().collect();
    let mut bytes = Bytes::from(bytes);
    for value in headers.values_mut() {
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(bytes.split_to(value.len())) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
}

impl client::Response for Response {
    type Error = reqwest::Error;

    fn head(&self) -> ResponseHead<'_> {
        let header = |name| self.headers().get_all(name).iter().next_back();
        ResponseHead::from_headers(self.status().as_u16(), |name| {
            header(name).map(|it| it.as_bytes())
        })
        .redirected_to(self.url.as_str())
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<reqwest::Result<Bytes>>> {
        // What the connection left there is for a response that goes back to the user, and takes room as long as a stream lasts.
        if !self.inner.extensions().is_empty() {
            *self.inner.extensions_mut() = http::Extensions::new();
        }
        Pin::new(self.inner.body_mut()).poll_next(cx)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Makes a response a stream of events.
pub trait ResponseExt {
    /// The events of this response, whatever its status and content type: no reconnection, no clocks, no checks.
    ///
    /// Ends with the body. For other [`Limits`](crate::Limits) there is
    /// `sse_proto::stream::EventStream::with_limits(Body::from(response), limits)`.
    fn event_stream(self) -> EventStream;
}

impl ResponseExt for reqwest::Response {
    fn event_stream(self) -> EventStream {
        EventStream::new(Body::from(self))
    }
}

/// The events of one response; see [`ResponseExt::event_stream`].
pub type EventStream = sse_proto::stream::EventStream<Body>;

/// The body of a response as a stream of chunks, without a box for each.
#[derive(Debug)]
pub struct Body(reqwest::Body);

impl From<reqwest::Response> for Body {
    fn from(response: reqwest::Response) -> Self {
        Self(http::Response::from(response).into_body())
    }
}

impl Stream for Body {
    type Item = reqwest::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                Some(frame) => frame.map_err(reqwest::Error::without_url)?,
                None => return Poll::Ready(None),
            };
            // Else trailers, which nobody asked for.
            if let Ok(chunk) = frame.into_data() {
                return Poll::Ready(Some(Ok(chunk)));
            }
        }
    }
}

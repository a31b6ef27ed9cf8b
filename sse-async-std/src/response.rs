//! Responses: their head, and their body in chunks.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::io::BufRead as _;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use surf::Url;

use crate::RawHead;

/// A response to an event source's request: its head, and its body as far as it was not read.
///
/// To read the body of one that was not accepted, turn it back into surf's: [`into_surf`](Self::into_surf).
pub struct Response {
    head: surf::Response,
    body: Body,
    url: Box<Url>,
}

impl Response {
    pub(crate) fn new(mut response: surf::Response, url: Url) -> Self {
        let body = Body::from(&mut response);
        Self { head: response, body, url: Box::new(url) }
    }

    /// The status that the server sent, also where surf has no name for it.
    pub fn status(&self) -> u16 {
        match self.head.ext::<RawHead>() {
            Some(raw) => raw.status,
            None => self.head.status().into(),
        }
    }

    /// The last value of a header, as it was sent.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        match self.head.ext::<RawHead>() {
            Some(raw) => raw.headers.get_all(name).iter().next_back().map(|value| value.as_bytes()),
            None => self.head.header(name).map(|values| values.last().as_str().as_bytes()),
        }
    }

    /// Whether it is as it was sent.
    pub(crate) fn is_raw(&self) -> bool {
        self.head.ext::<RawHead>().is_some()
    }

    /// Where it came from in the end, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same as surf has it, for `body_string()`, `body_json()` and the like.
    pub fn into_surf(mut self) -> surf::Response {
        let typed = self.head.header("content-type").is_some();
        self.head.set_body(self.body.inner);
        if !typed {
            // The body has left one that the server did not send.
            self.head.remove_header("content-type");
        }
        self.head
    }

    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.body.poll_chunk(cx)
    }
}

impl From<Response> for surf::Response {
    fn from(response: Response) -> Self {
        response.into_surf()
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

impl ResponseExt for surf::Response {
    fn event_stream(self) -> EventStream {
        EventStream::new(Body::from(self))
    }
}

/// The events of one response; see [`ResponseExt::event_stream`].
pub type EventStream = sse_proto::stream::EventStream<Body>;

/// The body of a response as a stream of chunks.
#[derive(Debug)]
pub struct Body {
    inner: surf::Body,
    /// Chunks are copied into it and split off; it is used anew when they are gone.
    buffer: BytesMut,
}

impl Body {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut inner = Pin::new(&mut self.inner);
        let chunk = match ready!(inner.as_mut().poll_fill_buf(cx)) {
            Ok(chunk) => chunk,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if chunk.is_empty() {
            return Poll::Ready(None);
        }
        self.buffer.extend_from_slice(chunk);
        let len = chunk.len();
        inner.consume(len);
        Poll::Ready(Some(Ok(self.buffer.split().freeze())))
    }
}

impl From<&mut surf::Response> for Body {
    fn from(response: &mut surf::Response) -> Self {
        Self { inner: response.take_body(), buffer: BytesMut::new() }
    }
}

impl From<surf::Response> for Body {
    fn from(mut response: surf::Response) -> Self {
        Self::from(&mut response)
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(cx)
    }
}

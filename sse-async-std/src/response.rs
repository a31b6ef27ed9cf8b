//! Responses: their head, and their body in chunks.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_std::io::Read;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use sse_proto::{ResponseHead, client};
use surf::Url;

use crate::{RawHead, http};

/// A response to an event source's request: its head, and its body as far as it was not read.
///
/// To read the body of one that was not accepted, turn it back into surf's: [`into_surf`](Self::into_surf).
pub struct Response {
    pub(crate) body: Body,
    pub(crate) url: Box<Url>,
}

impl Response {
    /// The status that the server sent, also where surf has no name for it; or what a middleware has made of it.
    pub fn status(&self) -> u16 {
        http::status(&self.body.response)
    }

    /// The last value of a header, as it was sent; or what a middleware has made of it.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        http::header(&self.body.response, name)
    }

    /// Where it came from in the end, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same as surf has it, for `body_string()`, `body_json()` and the like.
    pub fn into_surf(self) -> surf::Response {
        self.body.response
    }
}

impl client::Response for Response {
    type Error = io::Error;

    fn head(&self) -> ResponseHead<'_> {
        let head = ResponseHead::from_headers(self.status(), |name| match name {
            // Clients that are not ours may have undone what they still show.
            "content-encoding" if self.body.response.ext::<RawHead>().is_none() => None,
            name => self.header(name),
        });
        head.redirected_to(self.url.as_str())
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        Pin::new(&mut self.body).poll_next(cx)
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

/// The largest chunk whose buffer an idle body keeps.
const MOST_KEPT: usize = 4096;

// What bodies are read into, a TLS record at a time. One per thread, not one per stream: nothing waits while it is in use.
thread_local!(static READ: std::cell::RefCell<Vec<u8>> = vec![0; 16 * 1024].into());

/// The body of a response as a stream of chunks.
pub struct Body {
    response: surf::Response,
    /// Chunks are copied into it and split off; it is used anew when they are gone.
    buffer: BytesMut,
    /// It is larger than what is kept while nothing comes.
    large: bool,
}

/// Shows none of the head, which may hold a cookie.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

impl From<surf::Response> for Body {
    fn from(response: surf::Response) -> Self {
        Self { response, buffer: BytesMut::new(), large: false }
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { response, buffer, large } = self.get_mut();
        let mut read = |bytes: &mut [u8]| match Pin::new(&mut *response).poll_read(cx, bytes)? {
            Poll::Ready(len @ 1..) => {
                *large |= len > MOST_KEPT;
                buffer.extend_from_slice(&bytes[..len]);
                Poll::Ready(Some(Ok(buffer.split().freeze())))
            }
            nothing => {
                drop(std::mem::take(large).then(|| std::mem::take(buffer)));
                nothing.map(|_| None)
            }
        };
        let detour = READ.try_with(|bytes| Some(read(&mut bytes.try_borrow_mut().ok()?)));
        // The thread ends, or this body is read by another one.
        detour.ok().flatten().unwrap_or_else(|| read(&mut [0; 256]))
    }
}

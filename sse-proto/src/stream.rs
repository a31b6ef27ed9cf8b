//! One response as a stream of events: no session, no reconnection.

#[cfg(feature = "json")]
mod json;

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

#[cfg(feature = "json")]
pub use json::{JsonStream, JsonStreamError};

use crate::{DecodeError, Decoder, Event, Found, Limits, Sentinel};

/// Turns any stream of byte chunks into a stream of events.
///
/// It takes the body of every version of every HTTP client, and whatever else gives chunks: `S` is a
/// `Stream<Item = Result<impl Into<Bytes>, E>>`. A stream that is not `Unpin` goes into a `Box::pin` first. For
/// reconnection, time-outs and checks of the response there is `client::EventSource`.
///
/// Gives `Err` for a block over a limit and goes on; gives `Err` for an error of the body, and then ends. A block that the
/// end of the body cuts off is dropped. After the end there is only `None`.
///
/// ```
/// use futures_util::StreamExt;
/// use sse_proto::stream::EventStream;
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let body = futures_util::stream::iter([Ok::<_, std::io::Error>("data: Hel"), Ok("lo\n\n")]);
/// let mut events = EventStream::new(body);
/// while let Some(event) = events.next().await {
///     assert_eq!(event?.data(), "Hello");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
pub struct EventStream<S> {
    body: Option<S>,
    decoder: Decoder,
    /// What is still to come, where it was asked for.
    sentinel: Option<Sentinel>,
}

impl<S> EventStream<S> {
    /// Events of this body, with the default [`Limits`].
    pub fn new(body: S) -> Self {
        Self::with_limits(body, Limits::default())
    }

    /// Events of this body, with these limits.
    pub fn with_limits(body: S, limits: Limits) -> Self {
        let mut decoder = Decoder::with_limits(limits);
        decoder.set_report_comments(false);
        Self { body: Some(body), decoder, sentinel: None }
    }

    /// Ends the stream at this sentinel, as [`Config::sentinel`](crate::Config::sentinel) ends a session. A body that ends
    /// without it is [`StreamError::MissingSentinel`].
    #[must_use]
    pub fn with_sentinel(mut self, sentinel: Sentinel) -> Self {
        self.sentinel = Some(sentinel);
        self
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// What a request that goes on from here carries: the last event ID, or the one before if that has a control character, which
    /// no header can carry.
    pub fn last_sendable_id(&self) -> &str {
        self.decoder.last_sendable_id()
    }

    /// Sets the id that events without an id of their own inherit, such as the one that the request carried. One with a NUL, a CR
    /// or an LF, which no stream can have, counts as none.
    pub fn set_last_event_id(&mut self, id: &str) {
        self.decoder.set_last_event_id(id);
    }

    /// The events' data as values; see [`JsonStream`].
    #[cfg(feature = "json")]
    pub fn json<T>(self) -> JsonStream<Self, T> {
        JsonStream::new(self)
    }
}

impl<S, B, E> Stream for EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    type Item = Result<Event, StreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        for _ in 0..MOST_SILENT {
            while let Some(found) = this.decoder.advance() {
                match found {
                    Ok(Found::Event) => {
                        if this.sentinel.is_none() {
                            return Poll::Ready(Some(Ok(this.decoder.owned_event())));
                        }
                        let event = this.decoder.found_event();
                        let event = match this.sentinel.take_if(|sentinel| sentinel.is(&event)) {
                            None => return Poll::Ready(Some(Ok(event.into_owned()))),
                            Some(Sentinel::Data(_)) => None,
                            Some(Sentinel::EventType(_)) => Some(Ok(event.into_owned())),
                        };
                        this.end();
                        return Poll::Ready(event);
                    }
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Some(Err(StreamError::Decode(error)))),
                }
            }
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_next(cx)) {
                Some(Ok(chunk)) => this.decoder.push(chunk),
                Some(Err(error)) => {
                    this.end();
                    return Poll::Ready(Some(Err(StreamError::Body(error))));
                }
                None => {
                    let complete = this.sentinel.is_none();
                    this.end();
                    if !complete {
                        return Poll::Ready(Some(Err(StreamError::MissingSentinel)));
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Chunks without an event that one poll may pass over before others have their turn: there may always be more of them.
const MOST_SILENT: usize = 64;

impl<S> EventStream<S> {
    fn end(&mut self) {
        self.body = None;
        self.sentinel = None;
        self.decoder.finish();
    }
}

/// What can go wrong in an [`EventStream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// A block was over a limit and was skipped; the stream goes on.
    Decode(DecodeError),
    /// The body failed; the stream is over.
    Body(E),
    /// The body ended before the sentinel that was asked for; the stream is over.
    MissingSentinel,
}

/// Shows nothing of the body, which may hold what is still to come.
impl<S> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("decoder", &self.decoder)
            .field("ended", &self.body.is_none())
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Body(_) => f.write_str("the body of the event stream failed"),
            Self::MissingSentinel => crate::Cause::MissingSentinel.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Decode(_) | Self::MissingSentinel => None,
            Self::Body(error) => Some(error),
        }
    }
}

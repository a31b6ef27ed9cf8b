//! One response as a stream of events: no session, no reconnection.

#[cfg(feature = "json")]
mod json;
mod lend;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::FusedStream;

#[cfg(feature = "json")]
pub use json::{JsonStream, JsonStreamError};
#[cfg(feature = "client")]
pub(crate) use lend::Lend;
#[cfg(not(feature = "client"))]
use lend::Lend;
pub use lend::NextRef;

use crate::{DecodeError, Decoder, Event, EventRef, Found, Limits, Sentinel};

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

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let found = ready!(this.poll_place(cx));
        let event = found.map(|found| found.map(|()| this.decoder.owned_event()));
        if this.body.is_none() {
            // The event was a sentinel: what stands behind it goes.
            this.end();
        }
        Poll::Ready(event)
    }
}

/// Ends with the body, and with the sentinel.
impl<S, B, E> FusedStream for EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}

impl<S, B, E> EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    /// The next event as the stream's `next()` gives it, but lent: events are read in place, most of them without allocating or
    /// copying. Copied are those that a chunk's end cuts, and those of several data lines.
    ///
    /// For code that is finished with an event before it asks for the next, such as JSON parsing; [`EventRef::into_owned`] keeps
    /// one for longer. `Err` and `None` are those of the stream, and calls of both may be mixed. Dropping the future loses nothing.
    ///
    /// ```
    /// use sse_proto::stream::EventStream;
    ///
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// let body = futures_util::stream::iter([Ok::<_, std::io::Error>("data: Hel\n\ndata: lo\n\n")]);
    /// let mut events = EventStream::new(body);
    /// let mut text = String::new();
    /// while let Some(event) = events.next_ref().await {
    ///     text.push_str(event?.data());
    /// }
    /// assert_eq!(text, "Hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn next_ref(&mut self) -> NextRef<'_, Self> {
        NextRef::new(self)
    }

    /// The poll version of [`next_ref`](Self::next_ref).
    pub fn poll_next_ref(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<EventRef<'_>, StreamError<E>>>> {
        Pin::new(&mut self.next_ref()).poll(cx)
    }
}

impl<S, B, E> Lend for EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    type Error = StreamError<E>;
    type Place = ();

    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), StreamError<E>>>> {
        for _ in 0..MOST_SILENT {
            if self.body.is_none() {
                // Where the last event was a sentinel, there may be more behind it.
                self.decoder.finish();
                return Poll::Ready(None);
            }
            while let Some(found) = self.decoder.advance() {
                match found {
                    Ok(Found::Event) => match self.take_sentinel() {
                        None => return Poll::Ready(Some(Ok(()))),
                        Some(Sentinel::EventType(_)) => {
                            self.body = None;
                            return Poll::Ready(Some(Ok(())));
                        }
                        Some(Sentinel::Data(_)) => {
                            self.end();
                            return Poll::Ready(None);
                        }
                    },
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Some(Err(StreamError::Decode(error)))),
                }
            }
            let Some(body) = &mut self.body else { continue };
            match ready!(Pin::new(body).poll_next(cx)) {
                Some(Ok(chunk)) => self.decoder.push(chunk),
                Some(Err(error)) => {
                    self.end();
                    return Poll::Ready(Some(Err(StreamError::Body(error))));
                }
                None => {
                    let complete = self.sentinel.is_none();
                    self.end();
                    if !complete {
                        return Poll::Ready(Some(Err(StreamError::MissingSentinel)));
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn lend(&mut self, (): ()) -> Option<EventRef<'_>> {
        Some(self.decoder.found_event())
    }
}

/// Chunks without an event that one poll may pass over before others have their turn: there may always be more of them.
const MOST_SILENT: usize = 64;

impl<S> EventStream<S> {
    /// The sentinel, if the event that was found is the one.
    fn take_sentinel(&mut self) -> Option<Sentinel> {
        if !self.sentinel.as_ref()?.may_be(&self.decoder) {
            return None;
        }
        let event = self.decoder.found_event();
        self.sentinel.take_if(|sentinel| sentinel.is(&event))
    }

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

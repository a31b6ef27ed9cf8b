//! A stream of events as a stream of values.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use serde::de::DeserializeOwned;

use crate::{Event, JsonError};

/// Reads each event's data as JSON: a stream of `Result<T, JsonStreamError<E>>` over any stream of `Result<Event, E>`.
///
/// Made by [`EventStream::json`](super::EventStream::json) and [`EventSource::json`](crate::client::EventSource::json), or by
/// [`new`](Self::new). An event that is no `T`, be it of another type or no JSON at all, is an `Err` that holds the event, and
/// the stream goes on; whatever the stream itself gives as `Err` comes through, and ends what it ended before. What says only
/// that the stream is complete, such as `[DONE]`, is the business of a [`Sentinel`](crate::Sentinel).
///
/// ```
/// use futures_util::StreamExt;
/// use sse_proto::Sentinel;
/// use sse_proto::stream::EventStream;
///
/// #[derive(serde::Deserialize)]
/// struct Token {
///     delta: String,
/// }
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let body = futures_util::stream::iter([Ok::<_, std::io::Error>(
///     "data: {\"delta\":\"Hel\"}\n\nevent: ping\ndata: -\n\ndata: {\"delta\":\"lo\"}\n\ndata: [DONE]\n\n",
/// )]);
/// let mut tokens = EventStream::new(body).with_sentinel(Sentinel::data("[DONE]")).json::<Token>();
/// let mut text = String::new();
/// while let Some(token) = tokens.next().await {
///     match token {
///         Ok(token) => text.push_str(&token.delta),
///         Err(error) if error.event().is_some_and(|event| event.event_type() == "ping") => {}
///         Err(error) => return Err(error.into()),
///     }
/// }
/// assert_eq!(text, "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct JsonStream<S, T> {
    events: S,
    values: PhantomData<fn() -> T>,
}

impl<S, T> JsonStream<S, T> {
    /// The values of these events. `&mut` of a stream will do, and leaves the stream to its owner.
    pub fn new(events: S) -> Self {
        Self { events, values: PhantomData }
    }

    /// The stream of events.
    pub fn get_ref(&self) -> &S {
        &self.events
    }

    /// The stream of events, to steer it, or to take an event that is to be read in another way.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.events
    }

    /// The stream of events back. Nothing is lost: no event is read before its value is asked for.
    pub fn into_inner(self) -> S {
        self.events
    }
}

impl<S, T, E> Stream for JsonStream<S, T>
where
    S: Stream<Item = Result<Event, E>> + Unpin,
    T: DeserializeOwned,
{
    type Item = Result<T, JsonStreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(Pin::new(&mut self.get_mut().events).poll_next(cx));
        Poll::Ready(event.map(|event| {
            let event = event.map_err(JsonStreamError::Stream)?;
            event.json().map_err(|error| JsonStreamError::Json { error, event })
        }))
    }
}

impl<S, T, E> FusedStream for JsonStream<S, T>
where
    S: FusedStream<Item = Result<Event, E>> + Unpin,
    T: DeserializeOwned,
{
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}

impl<S: fmt::Debug, T> fmt::Debug for JsonStream<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonStream").field(&self.events).finish()
    }
}

/// What can go wrong in a [`JsonStream`]. Neither its text nor its `Debug` shows anything of an event.
#[derive(Clone)]
#[non_exhaustive]
pub enum JsonStreamError<E> {
    /// An event's data is not the JSON that was expected. The stream goes on.
    #[non_exhaustive]
    Json {
        /// Where and why.
        error: JsonError,
        /// The event, to be read in another way or passed over.
        event: Event,
    },
    /// What the stream of events gave.
    Stream(E),
}

impl<E> JsonStreamError<E> {
    /// The event that is no such JSON, if this is about one; the stream goes on then.
    pub const fn event(&self) -> Option<&Event> {
        match self {
            Self::Json { event, .. } => Some(event),
            Self::Stream(_) => None,
        }
    }

    /// The same, taken out.
    pub fn into_event(self) -> Option<Event> {
        match self {
            Self::Json { event, .. } => Some(event),
            Self::Stream(_) => None,
        }
    }

    /// What the stream of events gave, if this is not about JSON.
    pub const fn stream_error(&self) -> Option<&E> {
        match self {
            Self::Json { .. } => None,
            Self::Stream(error) => Some(error),
        }
    }

    /// The same, taken out.
    pub fn into_stream_error(self) -> Option<E> {
        match self {
            Self::Json { .. } => None,
            Self::Stream(error) => Some(error),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for JsonStreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { error, .. } => f.debug_tuple("Json").field(error).finish(),
            Self::Stream(error) => f.debug_tuple("Stream").field(error).finish(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for JsonStreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { error, .. } => error.fmt(f),
            Self::Stream(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for JsonStreamError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Json { .. } => None,
            Self::Stream(error) => error.source(),
        }
    }
}

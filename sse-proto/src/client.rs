//! The one runtime-neutral client that all adapters share: it drives a [`Session`] over a [`Transport`].
//!
//! With an adapter you have an [`EventSource`] already. For another HTTP client or runtime implement [`Transport`] and give it to
//! [`EventSource::new`]; reconnection, ids, clocks and limits come with it. `sse_testkit::scenario` then tells whether it does what
//! the other adapters do.
//!
#![doc = include_str!("client/transport.md")]

mod drive;
mod error;
mod handle;
mod http;
mod lend;
mod requests;
mod transport_error;
mod update;

use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::FusedStream;

pub use error::Error;
pub use handle::Handle;
pub use http::{Clock, HttpTransport, Response};
pub use requests::{Requests, Sending};
pub use transport_error::{Permanent, TransportError};
pub use update::{IntoUpdates, Loss, Update, Updates};

use crate::event::{Lens, Lent};
use crate::{Attempt, Closed, Config, Event, Instant, ReadyState, ResponseHead, Session};
use drive::{Found, Grace};
use handle::{Owner, Shown};

/// What an HTTP client and a runtime give an [`EventSource`]: a request, chunks, a clock, a timer.
///
/// Nothing here knows what an event is. Neither `Send`, `Sync` nor `'static` is asked for; what implementors are, the
/// [`EventSource`] is too.
pub trait Transport: Unpin {
    /// A response: its head, and its body as far as it is not read.
    type Response: Unpin;
    /// Why a request or a body failed, or why no request could be made.
    type Error: std::error::Error + Unpin + 'static;
    /// A request on its way. Dropping it must close its connection.
    type Start: Future<Output = Result<Self::Response, Self::Error>> + Unpin;

    /// Makes and sends the request, with the [headers](Attempt::headers) of the attempt where the user did not set them.
    fn start(&mut self, attempt: Attempt) -> Self::Start;

    /// The part of the head that a session judges.
    fn head(response: &Self::Response) -> ResponseHead<'_>;

    /// The next bytes of the body, `None` at its clean end. Not called again after `None` or an error.
    ///
    /// The chunk may be dropped while the session is locked, so what its memory belongs to ([`Bytes::from_owner`]) must not use a
    /// [`Handle`] when it is dropped.
    fn poll_chunk(
        &mut self,
        response: &mut Self::Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>>;

    /// Whether the request itself is at fault, such as an address that is none: then no further attempt is made.
    fn is_invalid_request(error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// The time, from an origin of the transport's choice.
    fn now(&self) -> Instant;

    /// Sets the only timer to fire at `deadline`, in place of what it was set to.
    fn arm_timer(&mut self, deadline: Instant);

    /// Nothing waits for the timer any more, which then need not fire. Does nothing unless it is overridden: a timer that fires
    /// in vain does no harm, but a runtime may look at it each time it goes to sleep.
    fn disarm_timer(&mut self) {}

    /// Ready when the time that the timer was armed for has come; else wakes when it comes. Called only while armed.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// A number that no other client has, for the random part of the waits; from the system's randomness, unless told otherwise.
    fn seed(&self) -> u64 {
        RandomState::new().hash_one(0)
    }
}

/// A stream of events that survives its connections.
///
/// As a `Stream` it gives events, which [`next_ref`](Self::next_ref) lends instead: losses that will be retried are hidden, an `Err` is terminal unless
/// [`Error::is_event_too_large`] says that it is about one skipped block, and after a terminal `Err` or a clean end there is
/// only `None`. [`updates`](Self::updates) gives everything that happens.
///
/// It does nothing unless it is polled, runs no task, and reads no chunk before the last one is used up. Dropping it closes
/// its connection; dropping one of its futures before it completes loses nothing. If it is polled only long after a deadline, its
/// connection has 20 ms more for what came meanwhile.
#[must_use = "streams do nothing unless polled"]
pub struct EventSource<T: Transport> {
    owner: Owner,
    transport: T,
    connection: Connection<T>,
    /// Why the connection failed, until the session has said what follows.
    failure: Option<T::Error>,
    /// What the timer is set to. Left alone while it fires too early, so that a deadline that moves with every chunk costs
    /// nothing.
    armed: Option<Instant>,
    /// The session was told of chunks, but not when they came: as long as it is nobody else's, the clock is read only when
    /// something depends on it.
    untimed: bool,
    /// How long a deadline that was seen to have passed long ago is not yet judged.
    grace: Option<Grace>,
    finished: bool,
    /// What goes with the text that `poll_text` gave.
    lens: Lens,
    /// What `poll_found` found where it gave none.
    found: Found,
    /// The event that is lent, where it does not lie in the session.
    lent: Option<Box<Lent>>,
}

enum Connection<T: Transport> {
    None,
    Starting(T::Start),
    Established(T::Response),
}

impl<T: Transport> EventSource<T> {
    /// A source that connects when it is first polled.
    ///
    /// For another request than GET see [`Config::for_request`], without which a POST is sent again.
    pub fn new(transport: T, config: Config) -> Self {
        let session = Session::new(config, transport.seed(), transport.now());
        Self::with_session(transport, session)
    }

    /// A source that goes on with a session, such as one from [`Session::resume`], whose times are the transport's.
    ///
    /// A session that has a connection elsewhere makes a new one.
    pub fn with_session(transport: T, mut session: Session) -> Self {
        if session.is_connected() {
            session.restart();
        }
        Self {
            owner: Owner::new(session),
            transport,
            connection: Connection::None,
            failure: None,
            armed: None,
            untimed: false,
            grace: None,
            finished: false,
            lens: Lens::default(),
            found: Found::Other,
            lent: None,
        }
    }

    /// Everything that happens: openings, events, comments, losses. Comments are reported from here on, whatever the configuration
    /// says.
    pub fn updates(&mut self) -> Updates<'_, T> {
        self.owner.with_mut(|session| session.set_report_comments(true));
        Updates { source: self }
    }

    /// The same for whoever keeps or returns the stream.
    pub fn into_updates(mut self) -> IntoUpdates<T> {
        drop(self.updates());
        IntoUpdates(self)
    }

    /// The events' data as values; see [`JsonStream`](crate::stream::JsonStream).
    #[cfg(feature = "json")]
    pub fn json<V>(self) -> crate::stream::JsonStream<Self, V> {
        crate::stream::JsonStream::new(self)
    }

    /// Waits until a response is accepted, and gives it; at once if the stream is open already. No event is lost by it, but
    /// [`updates`](Self::updates) made later do not tell that opening again. By default a server that cannot be reached is tried for
    /// ever: limit the [`RetryPolicy`](crate::RetryPolicy), or the time.
    ///
    /// # Errors
    ///
    /// The terminal [`Error`] that the stream would give; where it would end without one, an error that says why it ended:
    /// [`Closed::NoContent`] where the server answered 204, [`Closed::ByUser`] after [`close`](Self::close).
    pub async fn opened(&mut self) -> Result<&T::Response, Error<T>> {
        poll_fn(|cx| self.poll_opened(cx)).await?;
        self.response().ok_or_else(|| Error::closed(Closed::ByUser, None, None))
    }

    /// A handle for other tasks: it can close and restart the stream, commit ids, and look at it while it runs.
    pub fn handle(&self) -> Handle {
        if self.untimed {
            let now = self.transport.now();
            self.owner.with(|session| session.note_life(now));
        }
        self.owner.handle()
    }

    /// The response that is open, with its head.
    pub fn response(&self) -> Option<&T::Response> {
        match &self.connection {
            Connection::Established(response) => Some(response),
            _ => None,
        }
    }

    /// What the source runs on.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Ends the stream and closes its connection; only `None` comes after it.
    pub fn close(&mut self) {
        self.owner.with_mut(Session::close);
        self.connection = Connection::None;
        self.lent = None;
        self.disarm();
    }

    /// Reconnects at the next poll, without a loss and without a wait. A connection was healthy if it has been open for
    /// [`RetryPolicy::healthy_after`](crate::RetryPolicy::healthy_after) now.
    pub fn restart(&mut self) {
        self.untimed = false;
        let now = self.transport.now();
        self.owner.with_mut(|session| {
            session.note_life(now);
            session.restart();
        });
        self.connection = Connection::None;
    }

    /// See [`Session::commit`].
    pub fn commit(&mut self, id: &str) {
        self.owner.with_mut(|session| session.commit(id));
    }

    /// The last event ID: that of the last block that came out.
    pub fn last_event_id(&self) -> String {
        self.owner.with(|session| session.last_event_id().to_owned())
    }

    /// See [`Session::set_last_event_id`].
    ///
    /// # Errors
    ///
    /// [`InvalidId`](crate::InvalidId) if no request header can carry the id.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), crate::InvalidId> {
        self.owner.with_mut(|session| session.set_last_event_id(id))
    }

    /// See [`Session::snapshot`].
    pub fn snapshot(&self) -> crate::Snapshot {
        self.owner.with(|session| session.snapshot())
    }

    /// The standard's `readyState`.
    pub fn ready_state(&self) -> ReadyState {
        self.owner.with(|session| session.ready_state())
    }

    /// Why the source is over, once it is; see [`Session::closed`].
    pub fn closed(&self) -> Option<Closed> {
        self.owner.with(|session| session.closed())
    }

    /// What was counted since the source began.
    pub fn stats(&self) -> crate::Stats {
        self.owner.with(|session| session.stats())
    }
}

impl<T: Transport> Stream for EventSource<T> {
    type Item = Result<Event, Error<T>>;

    #[inline(always)] // as `poll_as`
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_as(cx, |event| event, Update::into_event)
    }
}

impl<T: Transport> FusedStream for EventSource<T> {
    fn is_terminated(&self) -> bool {
        self.finished
    }
}

impl<T: Transport> fmt::Debug for EventSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.owner.with(|session| Shown::of(session));
        f.debug_tuple("EventSource").field(&shown).finish()
    }
}

//! Events that a source lends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::drive::Then;
use super::{Error, EventSource, Transport, Update};
use crate::stream::{Lend, NextRef};
use crate::{Event, EventRef};

/// Where an event is that was found. As large as a word, since a byte that is moved with an [`Error`]'s is slow.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Place {
    /// Where the decoder found it.
    Session,
    /// In `lent`.
    Source,
}

impl<T: Transport> EventSource<T> {
    /// The next event as the stream's `next()` gives it, but lent: events are read in place, most of them without allocating or
    /// copying.
    ///
    /// For code that is finished with an event before it asks for the next, such as JSON parsing; [`EventRef::into_owned`] keeps
    /// one for longer. `Err` and `None` are those of the stream, and calls of both may be mixed. Dropping the future loses nothing,
    /// so it fits into `select!`.
    ///
    /// Copied are events that a chunk's end cuts, those of several data lines, and, from the first [`handle`](Self::handle) on,
    /// which may change the session at any time, all of them.
    ///
    /// While an event is lent the source is borrowed: [`commit`](Self::commit) after its last use, as in
    /// `events.commit(&events.last_event_id())`. Combinators of streams need events of their own, and so does a function that
    /// passes over some events and returns one. What else happens is told by [`updates`](Self::updates) alone.
    ///
    /// ```
    /// # use sse_proto::client::{Error, EventSource, Transport};
    /// # use std::borrow::Cow;
    /// #[derive(serde::Deserialize)]
    /// struct Token<'a> {
    ///     // Borrowed where nothing is escaped; a `&str` would refuse what is.
    ///     #[serde(borrow)]
    ///     delta: Cow<'a, str>,
    /// }
    ///
    /// async fn print<T: Transport>(events: &mut EventSource<T>) -> Result<(), Error<T>> {
    ///     while let Some(event) = events.next_ref().await {
    ///         let event = event?;
    ///         match event.json::<Token<'_>>() {
    ///             Ok(token) => print!("{}", token.delta),
    ///             Err(error) => eprintln!("{error}"),
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn next_ref(&mut self) -> NextRef<'_, Self> {
        NextRef::new(self)
    }

    /// The poll version of [`next_ref`](Self::next_ref).
    pub fn poll_next_ref(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<EventRef<'_>, Error<T>>>> {
        Pin::new(&mut self.next_ref()).poll(cx)
    }

    /// Where the next event is, if that is what comes next.
    #[inline(never)]
    fn poll_event(&mut self, cx: &mut Context<'_>, passed: &mut usize) -> Option<Place> {
        match self
            .poll_found(cx, passed, |session, shared| shared.then(|| session.owned_event()))?
        {
            None => Some(Place::Session),
            Some(event) => Some(self.keep(event)),
        }
    }

    fn keep(&mut self, event: Event) -> Place {
        self.lent.get_or_insert_default().set(event);
        Place::Source
    }
}

impl<T: Transport> Lend for EventSource<T> {
    type Error = Error<T>;
    type Place = Place;

    #[inline(always)] // as `poll_as`
    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Place, Error<T>>>> {
        let mut passed = 0;
        loop {
            if let Some(place) = self.poll_event(cx, &mut passed) {
                return Poll::Ready(Some(Ok(place)));
            }
            match self.poll_other(cx, &mut passed, Update::into_event) {
                Then::Again => {}
                Then::Pending => return Poll::Pending,
                Then::Item(Ok(event)) => return Poll::Ready(Some(Ok(self.keep(event)))),
                Then::Item(Err(error)) => return Poll::Ready(Some(Err(error))),
                Then::End => return Poll::Ready(None),
            }
        }
    }

    #[inline(always)] // as `poll_as`
    fn lend(&mut self, place: Place) -> Option<EventRef<'_>> {
        match place {
            Place::Session => self.owner.sole().map(|session| session.found_event()),
            Place::Source => self.lent.as_mut().map(|lent| lent.event()),
        }
    }
}

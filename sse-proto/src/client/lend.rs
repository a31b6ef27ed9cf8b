//! Events that a source lends.

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
    /// The next event as the stream's `next()` gives it, but lent: it is read where it lies, so that most are neither allocated nor
    /// copied.
    ///
    /// For readers that are done with an event before they ask for the next, such as those of JSON. [`EventRef::into_owned`] keeps one
    /// for longer. `Err` and `None` are those of the stream, and calls of both may be mixed. Dropping the future loses nothing.
    ///
    /// Once there is a [`handle`](Self::handle), which may change the session at any time, each event is copied first.
    ///
    /// ```
    /// # use sse_proto::client::{Error, EventSource, Transport};
    /// #[derive(serde::Deserialize)]
    /// struct Token<'a> {
    ///     delta: &'a str,
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

    /// The same as a poll; see [`next_ref`](Self::next_ref).
    pub fn poll_next_ref(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<EventRef<'_>, Error<T>>>> {
        self.poll_lent(cx)
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
        if let Some(lent) = &mut self.lent {
            lent.clear();
        }
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

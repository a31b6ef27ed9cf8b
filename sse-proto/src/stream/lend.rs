//! Events that are lent, not given away.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use crate::EventRef;

/// Finds events, and lends them.
pub trait Lend {
    /// Why there is none.
    type Error;
    /// Where an event was found.
    type Place;

    /// Finds the next event.
    fn poll_place(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Self::Place, Self::Error>>>;

    /// The event that was found last, and there.
    fn lend(&mut self, place: Self::Place) -> Option<EventRef<'_>>;
}

/// The future of [`EventStream::next_ref`](super::EventStream::next_ref) and of `client::EventSource::next_ref`.
///
/// Dropping it loses nothing. Polled again after it has given an event it is `None`, which then does not mean the end.
#[must_use = "futures do nothing unless polled"]
pub struct NextRef<'a, S>(Option<&'a mut S>);

impl<'a, S> NextRef<'a, S> {
    pub(crate) const fn new(events: &'a mut S) -> Self {
        Self(Some(events))
    }
}

impl<'a, S: Lend> Future for NextRef<'a, S> {
    type Output = Option<Result<EventRef<'a>, S::Error>>;

    #[inline(always)] // So that the event is put where the caller wants it
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(events) = &mut self.0 else { return Poll::Ready(None) };
        match ready!(events.poll_place(cx)) {
            Some(Ok(place)) => {
                Poll::Ready(self.0.take().and_then(|events| events.lend(place)).map(Ok))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for NextRef<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NextRef").field(&self.0).finish()
    }
}

//! Everything that happens to a source.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use super::{Error, EventSource, Transport};
use crate::event::Len;
use crate::{Event, Lost};

/// Something that happened to an [`EventSource`].
#[non_exhaustive]
pub enum Update<T: Transport> {
    /// A response was accepted; [`EventSource::response`] has its head.
    Opened,
    /// An event was dispatched.
    Event(Event),
    /// A comment line ended.
    Comment(String),
    /// The stream is silent for longer than [`Config::late_after`](crate::Config::late_after).
    Late,
    /// The connection is lost, and there will be another attempt.
    Lost(Loss<T>),
}

impl<T: Transport> Update<T> {
    pub(super) fn into_event(self) -> Option<Event> {
        match self {
            Self::Event(event) => Some(event),
            _ => None,
        }
    }
}

/// Shows of an event and of a comment how long they are.
impl<T: Transport> fmt::Debug for Update<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Comment(text) => f.debug_tuple("Comment").field(&Len(text.len())).finish(),
            Self::Late => f.write_str("Late"),
            Self::Lost(loss) => f.debug_tuple("Lost").field(loss).finish(),
        }
    }
}

/// A loss that will be retried.
#[non_exhaustive]
pub struct Loss<T: Transport> {
    /// Cause, attempt and wait: `loss.lost.retry_in`, say.
    pub lost: Lost,
    /// What the transport said, where it was what failed.
    pub error: Option<T::Error>,
    /// The response whose status is retried, where that is the cause: its head, and its body unread. Its connection closes when it
    /// is dropped.
    pub response: Option<Box<T::Response>>,
}

impl<T: Transport> fmt::Debug for Loss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loss").field("lost", &self.lost).field("error", &self.error).finish()
    }
}

/// The cause, and what the transport says about it, with its own causes.
impl<T: Transport> fmt::Display for Loss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lost.cause.fmt(f)?;
        write_causes(f, self.error.as_ref())
    }
}

/// A cause, and its own causes.
pub(super) fn write_causes<E: std::error::Error + 'static>(
    out: &mut impl fmt::Write,
    error: Option<&E>,
) -> fmt::Result {
    let mut error = error.map(|error| error as &dyn std::error::Error);
    while let Some(cause) = error {
        write!(out, ": {cause}")?;
        error = cause.source();
    }
    Ok(())
}

/// The stream of everything that happens; see [`EventSource::updates`].
///
/// Ends as the source does: a terminal `Err` or a clean end, then `None`. It can be dropped and made anew at any time.
#[must_use = "streams do nothing unless polled"]
pub struct Updates<'a, T: Transport> {
    pub(super) source: &'a mut EventSource<T>,
}

impl<T: Transport> Updates<'_, T> {
    /// The source, to look at its response or its counters between updates.
    pub fn source(&self) -> &EventSource<T> {
        self.source
    }
}

impl<T: Transport> fmt::Debug for Updates<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Updates").field(&self.source).finish()
    }
}

impl<T: Transport> Stream for Updates<'_, T> {
    type Item = Result<Update<T>, Error<T>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().source.poll_update(cx)
    }
}

impl<T: Transport> FusedStream for Updates<'_, T> {
    fn is_terminated(&self) -> bool {
        self.source.is_terminated()
    }
}

/// The stream of everything that happens to its source; see [`EventSource::into_updates`].
#[must_use = "streams do nothing unless polled"]
pub struct IntoUpdates<T: Transport>(pub(super) EventSource<T>);

impl<T: Transport> IntoUpdates<T> {
    /// The source, to look at its response or its counters between updates.
    pub fn get_ref(&self) -> &EventSource<T> {
        &self.0
    }

    /// The source, to steer it.
    pub fn get_mut(&mut self) -> &mut EventSource<T> {
        &mut self.0
    }

    /// The source back; it goes on reporting comments to later updates.
    pub fn into_inner(self) -> EventSource<T> {
        self.0
    }
}

impl<T: Transport> fmt::Debug for IntoUpdates<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoUpdates").field(&self.0).finish()
    }
}

impl<T: Transport> Stream for IntoUpdates<T> {
    type Item = Result<Update<T>, Error<T>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_update(cx)
    }
}

impl<T: Transport> FusedStream for IntoUpdates<T> {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

/// One line for each transition; no payloads, no ids, no addresses.
#[cfg(feature = "tracing")]
pub(super) fn trace(step: &super::drive::Step) {
    use super::drive::Step;
    match step {
        Step::Connect(attempt) => {
            tracing::debug!(
                attempt = attempt.number,
                resumes = !attempt.last_event_id.is_empty(),
                "connecting"
            );
        }
        Step::Opened => tracing::debug!("opened"),
        Step::Late => tracing::warn!("late"),
        Step::Skipped(error) => tracing::warn!(%error, "skipped a block"),
        Step::Lost(lost) => {
            tracing::info!(cause = %lost.cause, attempt = lost.attempt, retry_in = ?lost.retry_in, "lost");
        }
        Step::Closed(why) if why.is_clean() => tracing::debug!(%why, "closed"),
        Step::Closed(why) => tracing::warn!(%why, "closed"),
        Step::Event(_) | Step::Comment(_) | Step::Wait(_) => {}
    }
}

//! The driving rule of a session, over a transport.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Connection, Error, EventSource, Loss, Transport, Update};
use crate::event::Rare;
use crate::session::Next;
use crate::{
    Attempt, Cause, Closed, DecodeError, Event, Instant, Lost, Output, ReadyState, Session,
};

/// Updates, and chunks without one, that one poll may pass over before others have their turn: without waits, losses could
/// follow one another for ever, and of what nobody reads there may always be more.
const MOST_HIDDEN: usize = 64;

/// Whoever looks at a deadline so long after it has been busy elsewhere, and so may have been the task of the HTTP client that
/// reads the socket: it gets as much time to bring what is there.
const GRACE: Duration = Duration::from_millis(20);

/// The grace is waited in so many parts: at the end of a wait this task may be the first that gets its turn, and the one that
/// reads the socket then has its own in the next.
const MOMENTS: u32 = 4;

/// What is left of the grace of a connection.
pub(super) struct Grace {
    ends: Instant,
    moments: u32,
}

impl Grace {
    fn new(now: Instant) -> Self {
        Self { ends: now + GRACE / MOMENTS, moments: MOMENTS }
    }

    /// Goes on to the next moment if this one is over and not the last.
    fn next(&mut self, now: Instant) -> Instant {
        if now >= self.ends && self.moments > 1 {
            *self = Self { ends: now + GRACE / MOMENTS, moments: self.moments - 1 };
        }
        self.ends
    }
}

/// What [`EventSource::poll_found`] found where it gave nothing.
#[derive(Default)]
pub(super) enum Found {
    /// Something that only the session can tell.
    #[default]
    Other,
    Rare(Box<Rare>),
    /// Nothing yet; there is a waker for when there is.
    Pending,
}

/// What [`EventSource::poll_other`] gives.
///
/// Not the caller's own `Poll`: that would be written right to where the caller wants it, which then had to be in memory.
pub(super) enum Then<I> {
    /// Nothing that is shown.
    Again,
    Pending,
    Item(I),
    End,
}

/// What a session said, with nothing borrowed from it.
pub(super) enum Step {
    Connect(Attempt),
    Opened,
    Event(Event),
    Comment(String),
    Skipped(DecodeError),
    Late,
    Lost(Lost),
    Wait(Option<Instant>),
    Closed(Closed),
}

impl<T: Transport> EventSource<T> {
    pub(super) fn poll_opened(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<T>>> {
        for _ in 0..MOST_HIDDEN {
            let open = self.ready_state() == ReadyState::Open;
            if open && matches!(self.connection, Connection::Established(_)) {
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_update(cx)) {
                Some(Err(error)) => return Poll::Ready(Err(error)),
                Some(Ok(_)) => {}
                None => {
                    let why = self.closed().unwrap_or(Closed::ByUser);
                    return Poll::Ready(Err(Error::closed(why, None, None)));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The next thing that happened.
    pub(crate) fn poll_update(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Update<T>, Error<T>>>> {
        self.poll_as(cx, Update::Event, Some)
    }

    /// The next thing of those that are shown, in the form that is asked for.
    ///
    /// So small that it becomes a part of the caller's loop, where an event then comes in registers.
    #[inline(always)]
    pub(super) fn poll_as<E>(
        &mut self,
        cx: &mut Context<'_>,
        event: impl Fn(Event) -> E,
        shown: impl Fn(Update<T>) -> Option<E>,
    ) -> Poll<Option<Result<E, Error<T>>>> {
        let mut passed = 0;
        loop {
            if let Some(text) = self.poll_text(cx, &mut passed) {
                return Poll::Ready(Some(Ok(event(Event::plain(text, self.lens)))));
            }
            match self.poll_other(cx, &mut passed, &shown) {
                Then::Again => {}
                Then::Pending => return Poll::Pending,
                Then::Item(Ok(item)) => return Poll::Ready(Some(Ok(item))),
                Then::Item(Err(error)) => return Poll::Ready(Some(Err(error))),
                Then::End => return Poll::Ready(None),
            }
        }
    }

    /// The text of the next event, if that is what comes next, and if it is a plain one.
    #[inline(never)]
    fn poll_text(&mut self, cx: &mut Context<'_>, passed: &mut usize) -> Option<Box<str>> {
        match self.poll_found(cx, passed, |session, _| session.owned_event().into_plain())? {
            Ok((text, lens)) => {
                self.lens = lens;
                Some(text)
            }
            Err(rare) => {
                self.found = Found::Rare(rare);
                None
            }
        }
    }

    /// What is made of the next event, where that is what comes next; it is told whether the session is shared.
    #[inline(always)]
    pub(super) fn poll_found<R>(
        &mut self,
        cx: &mut Context<'_>,
        passed: &mut usize,
        event: impl Fn(&mut Session, bool) -> R,
    ) -> Option<R> {
        loop {
            match self.owner.poll_found(cx, &event) {
                Ok(made) => return Some(made),
                Err(Next::Wait) if *passed < MOST_HIDDEN => {
                    *passed += 1;
                    if self.poll_wait(|source, cx| source.owner.deadline(cx), cx).is_pending() {
                        self.found = Found::Pending;
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// What comes next where [`poll_found`](Self::poll_found) gave nothing.
    #[inline(never)]
    pub(super) fn poll_other<E>(
        &mut self,
        cx: &mut Context<'_>,
        passed: &mut usize,
        shown: impl Fn(Update<T>) -> Option<E>,
    ) -> Then<Result<E, Error<T>>> {
        if let Some(lent) = &mut self.lent {
            lent.clear();
        }
        let shown = |update| shown(update).map_or(Then::Again, |item| Then::Item(Ok(item)));
        match std::mem::take(&mut self.found) {
            Found::Other => {}
            Found::Rare(event) => return shown(Update::Event(Event::of_rare(event))),
            Found::Pending => return Then::Pending,
        }
        if self.finished {
            return Then::End;
        }
        let step = self.owner.poll_output(cx);
        #[cfg(feature = "tracing")]
        super::update::trace(&step);
        match step {
            Step::Connect(attempt) => {
                // The old connection closes before the new one is asked for.
                self.connection = Connection::None;
                (self.failure, self.grace) = (None, None);
                let now = self.transport.now();
                self.owner.with_mut(|session| session.handle_request(now));
                self.connection = Connection::Starting(self.transport.start(attempt));
                Then::Again
            }
            Step::Wait(deadline) if *passed >= MOST_HIDDEN => {
                *passed += 1;
                // Deadlines could follow one another for ever, too.
                if *passed < 2 * MOST_HIDDEN && self.poll_deadline(deadline, cx).is_ready() {
                    return Then::Again;
                }
                cx.waker().wake_by_ref();
                Then::Pending
            }
            Step::Wait(deadline) => {
                *passed += 1;
                match self.poll_wait(|_, _| deadline, cx) {
                    Poll::Ready(()) => Then::Again,
                    Poll::Pending => Then::Pending,
                }
            }
            Step::Opened => shown(Update::Opened),
            Step::Event(event) => shown(Update::Event(event)),
            Step::Comment(text) => shown(Update::Comment(text)),
            Step::Late => shown(Update::Late),
            Step::Skipped(error) => Then::Item(Err(Error::skipped(error))),
            Step::Lost(lost) if lost.retry_in.is_none() => Then::Again,
            Step::Lost(lost) => {
                let response = self.take_response(matches!(lost.cause, Cause::Status(_)));
                let response = response.map(Box::new);
                shown(Update::Lost(Loss { lost, error: self.failure.take(), response }))
            }
            Step::Closed(why) => self.finish(why).map_or(Then::End, |error| Then::Item(Err(error))),
        }
    }

    /// Waits for what the connection brings or for the deadline. Bytes that are there come before a deadline that has passed
    /// meanwhile, so a slow reader is not taken for a silent server.
    #[inline]
    fn poll_wait(
        &mut self,
        deadline: impl FnOnce(&mut Self, &Context<'_>) -> Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.poll_connection(cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = deadline(self, cx);
        self.poll_deadline(deadline, cx)
    }

    fn poll_deadline(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut deadline) = deadline else {
            self.disarm();
            return Poll::Pending;
        };
        if std::mem::take(&mut self.untimed) {
            let now = self.transport.now();
            deadline = self.owner.with_mut(|session| session.note_life(now)).unwrap_or(deadline);
        }
        let mut now = self.transport.now();
        let late = now >= deadline + GRACE && !matches!(self.connection, Connection::None);
        loop {
            if late {
                deadline = self.grace.get_or_insert_with(|| Grace::new(now)).next(now);
            }
            if now >= deadline {
                break;
            }
            if self.armed.is_none_or(|armed| armed > deadline) {
                self.transport.arm_timer(deadline);
                self.armed = Some(deadline);
            }
            ready!(self.transport.poll_timer(cx));
            // What the timer says is at least as late as what it was armed for, whatever the clock's grain.
            now = self.transport.now().max(self.armed.take().unwrap_or(deadline));
        }
        self.grace = None;
        self.owner.with_mut(|session| session.handle_timeout(now));
        Poll::Ready(())
    }

    pub(super) fn disarm(&mut self) {
        if self.armed.take().is_some() {
            self.transport.disarm_timer();
        }
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            Connection::None => return Poll::Pending,
            Connection::Starting(start) => {
                let result = ready!(Pin::new(start).poll(cx));
                let now = self.transport.now();
                match result {
                    Ok(response) => {
                        let head = T::head(&response);
                        self.owner.with_mut(|session| session.handle_response(now, head));
                        self.connection = Connection::Established(response);
                    }
                    Err(error) => self.fail(now, error),
                }
            }
            Connection::Established(response) => {
                match ready!(self.transport.poll_chunk(response, cx)) {
                    // Nothing, and no sign of life.
                    Some(Ok(chunk)) if chunk.is_empty() => return Poll::Ready(()),
                    Some(Ok(chunk)) => {
                        if let Some(session) = self.owner.sole() {
                            self.untimed = true;
                            session.handle_untimed_chunk(chunk);
                        } else {
                            let now = self.transport.now();
                            self.owner.with_mut(|session| session.handle_chunk(now, chunk));
                        }
                    }
                    Some(Err(error)) => {
                        let now = self.transport.now();
                        self.fail(now, error);
                    }
                    None => {
                        let now = self.transport.now();
                        self.owner.with_mut(|session| session.handle_eof(now));
                    }
                }
            }
        }
        self.grace = None;
        Poll::Ready(())
    }

    fn fail(&mut self, now: Instant, error: T::Error) {
        let invalid = T::is_invalid_request(&error);
        self.failure = Some(error);
        self.owner.with_mut(|session| match invalid {
            true => session.handle_invalid_request(now),
            false => session.handle_error(now),
        });
    }

    /// The terminal error, if it is one, with what is left of the response.
    fn finish(&mut self, why: Closed) -> Option<Error<T>> {
        self.finished = true;
        self.disarm();
        // What was accepted and then lost has nothing more to tell, and would keep its socket open.
        let response = self.take_response(why.is_refused());
        (!why.is_clean()).then(|| Error::closed(why, response, self.failure.take()))
    }

    /// Ends the connection, but for a response that the user shall have.
    fn take_response(&mut self, tells: bool) -> Option<T::Response> {
        match std::mem::replace(&mut self.connection, Connection::None) {
            Connection::Established(response) if tells => Some(response),
            _ => None,
        }
    }
}

impl From<Output<'_>> for Step {
    #[inline(always)] // So that an event is made where it is wanted, and not moved there
    fn from(output: Output<'_>) -> Self {
        match output {
            Output::Event(event) => Self::Event(event.into_owned()),
            Output::Wait(deadline) => Self::Wait(deadline),
            Output::Connect(attempt) => Self::Connect(attempt),
            Output::Opened => Self::Opened,
            Output::Comment(comment) => Self::Comment(comment.text().into_owned()),
            Output::Skipped(error) => Self::Skipped(error),
            Output::Late => Self::Late,
            Output::Lost(lost) => Self::Lost(lost),
            Output::Closed(why) => Self::Closed(why),
        }
    }
}

//! Looking at and steering a source from elsewhere.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use super::drive::Step;
use crate::session::Next;
use crate::{Closed, Config, Instant, InvalidId, ReadyState, Session, Snapshot, Stats};

/// A source's session: its own until the first handle, then shared.
///
/// For short events a lock costs as much as to decode them, so nothing is locked as long as there is no handle.
pub(super) struct Owner(Mutex<Ownership>);

enum Ownership {
    Sole(Box<State>),
    Shared(Arc<Shared>),
}

/// A session, shared between a source and its handles.
///
/// The lock is never held while the transport or a user's code is called, since those may use a handle themselves.
pub(super) struct Shared(Mutex<State>);

struct State {
    session: Session,
    /// The task that waits for the source.
    owner: Option<Waker>,
}

/// What `Debug` shows of a session, taken out of the lock before it is shown: a formatter may use a handle.
pub(super) struct Shown(ReadyState, Stats);

impl Shown {
    pub(super) fn of(session: &Session) -> Self {
        Self(session.ready_state(), session.stats())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("ready_state", &self.0)
            .field("stats", &self.1)
            .finish_non_exhaustive()
    }
}

impl State {
    fn new(session: Session) -> Self {
        Self { session, owner: None }
    }

    fn wakes(&self, waker: &Waker) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.will_wake(waker))
    }

    fn wake_later(&mut self, waker: &Waker) {
        if !self.wakes(waker) {
            self.owner = Some(waker.clone());
        }
    }
}

impl Owner {
    pub(super) fn new(session: Session) -> Self {
        Self(Mutex::new(Ownership::Sole(Box::new(State::new(session)))))
    }

    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> R {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => f(&mut state.session),
            Ownership::Shared(shared) => shared.with(f),
        }
    }

    pub(super) fn with_mut<R>(&mut self, f: impl FnOnce(&mut Session) -> R) -> R {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => f(&mut state.session),
            Ownership::Shared(shared) => shared.with(f),
        }
    }

    /// A handle; from the first one on the session is shared.
    pub(super) fn handle(&self) -> Handle {
        let mut ownership = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match &mut *ownership {
            Ownership::Shared(shared) => Arc::clone(shared),
            Ownership::Sole(state) => {
                let nothing = State::new(Session::new(Config::default(), 0, Instant::default()));
                let state = std::mem::replace(&mut **state, nothing);
                let shared = Arc::new(Shared(Mutex::new(state)));
                *ownership = Ownership::Shared(Arc::clone(&shared));
                shared
            }
        };
        Handle(shared)
    }

    /// The session, as long as nobody else can be at it.
    pub(super) fn sole(&mut self) -> Option<&mut Session> {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => Some(&mut state.session),
            Ownership::Shared(_) => None,
        }
    }

    /// What is made of the next event, where an event comes next; it is told whether the session is shared.
    #[inline(always)] // as `EventSource::poll_as`
    pub(super) fn poll_found<R>(
        &mut self,
        cx: &Context<'_>,
        event: impl Fn(&mut Session, bool) -> R,
    ) -> Result<R, Next> {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => match state.session.poll_found() {
                Next::Event => Ok(event(&mut state.session, false)),
                next => Err(next),
            },
            Ownership::Shared(shared) => {
                let mut state = shared.lock();
                match state.session.poll_found() {
                    Next::Event => Ok(event(&mut state.session, true)),
                    // Otherwise a handle's change would wake nobody.
                    Next::Wait if !state.wakes(cx.waker()) => Err(Next::Other),
                    next => Err(next),
                }
            }
        }
    }

    /// What a session waits for that said [`Next::Wait`]; notes whom to wake.
    pub(super) fn deadline(&mut self, cx: &Context<'_>) -> Option<Instant> {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => {
                state.wake_later(cx.waker());
                state.session.deadline()
            }
            Ownership::Shared(shared) => shared.with(|session| session.deadline()),
        }
    }

    /// The session's next output; before a wait it notes whom to wake when a handle changes something.
    #[inline(always)] // as `Step::from`
    pub(super) fn poll_output(&mut self, cx: &Context<'_>) -> Step {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            Ownership::Sole(state) => {
                let step = Step::from(state.session.poll_output());
                if matches!(step, Step::Wait(_)) {
                    state.wake_later(cx.waker());
                }
                step
            }
            Ownership::Shared(shared) => shared.poll_output(cx),
        }
    }
}

/// The source is gone, and with it its task: handles say so.
impl Drop for Owner {
    fn drop(&mut self) {
        if let Ownership::Shared(shared) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
        {
            let mut state = shared.lock();
            state.session.close();
            let owner = state.owner.take();
            drop(state);
            // To drop a waker is to call out.
            drop(owner);
        }
    }
}

impl Shared {
    fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> R {
        f(&mut self.lock().session)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of another thread leaves a session that is still consistent: it never calls out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline(never)]
    fn poll_output(&self, cx: &Context<'_>) -> Step {
        let mut registered = false;
        loop {
            let mut state = self.lock();
            let step = Step::from(state.session.poll_output());
            registered |= state.wakes(cx.waker());
            if registered || !matches!(step, Step::Wait(_)) {
                return step;
            }
            drop(state);
            // To clone and to drop a waker is to call out. What changes meanwhile is seen in the second round.
            let owner = cx.waker().clone();
            let former = self.lock().owner.replace(owner);
            drop(former);
            registered = true;
        }
    }

    fn change(&self, f: impl FnOnce(&mut Session)) {
        let mut state = self.lock();
        f(&mut state.session);
        let owner = state.owner.take();
        drop(state);
        if let Some(owner) = owner {
            owner.wake();
        }
    }
}

/// Steers an [`EventSource`](super::EventSource) from another task, and looks at it while it runs.
///
/// It keeps the source's session alive, not its connection: dropping the source closes both, and the last event ID can still be
/// read.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Ends the stream: nothing comes out any more, and its connection closes when the source is polled next, to which
    /// its task is woken.
    pub fn close(&self) {
        self.0.change(Session::close);
    }

    /// Reconnects now, without a loss and without a wait. What was not read yet is asked for again.
    pub fn restart(&self) {
        self.0.change(Session::restart);
    }

    /// See [`Session::commit`].
    pub fn commit(&self, id: &str) {
        self.0.with(|session| session.commit(id));
    }

    /// The last event ID: that of the last block that came out.
    pub fn last_event_id(&self) -> String {
        self.0.with(|session| session.last_event_id().to_owned())
    }

    /// See [`Session::set_last_event_id`].
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if no request header can carry the id.
    pub fn set_last_event_id(&self, id: &str) -> Result<(), InvalidId> {
        self.0.with(|session| session.set_last_event_id(id))
    }

    /// See [`Session::snapshot`].
    pub fn snapshot(&self) -> Snapshot {
        self.0.with(|session| session.snapshot())
    }

    /// The standard's `readyState`.
    pub fn ready_state(&self) -> ReadyState {
        self.0.with(|session| session.ready_state())
    }

    /// Why the source is over, once it is; [`Closed::ByUser`] where it was dropped before.
    pub fn closed(&self) -> Option<Closed> {
        self.0.with(|session| session.closed())
    }

    /// What was counted since the source began.
    pub fn stats(&self) -> Stats {
        self.0.with(|session| session.stats())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.with(|session| Shown::of(session));
        f.debug_tuple("Handle").field(&shown).finish()
    }
}

//! A network in memory and in virtual time, and a task that polls a source over it.

use core::time::Duration;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use sse_proto::client::{Handle, Transport};
use sse_proto::{Attempt, Instant, ResponseHead};

/// What a body brings; when its list is empty, it brings nothing yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    Chunk(&'static str),
    End,
    Break,
    /// A failure that the transport takes for the request's own fault.
    Invalid,
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Head(u16, &'static str, Vec<Piece>),
    Fails,
    /// The request itself is at fault.
    Invalid,
    /// Not before [`Network::answer`].
    Never,
}

/// 200 and an event stream that brings this, and then nothing until more is sent.
pub(crate) fn stream(chunks: &[&'static str]) -> Answer {
    Answer::Head(200, "text/event-stream", chunks.iter().copied().map(Piece::Chunk).collect())
}

/// The same, and then the body ends.
pub(crate) fn ending(chunks: &[&'static str]) -> Answer {
    let pieces = chunks.iter().copied().map(Piece::Chunk).chain([Piece::End]);
    Answer::Head(200, "text/event-stream", pieces.collect())
}

/// A status without a stream, and a body.
pub(crate) fn status(code: u16) -> Answer {
    Answer::Head(code, "text/plain", vec![Piece::Chunk("why"), Piece::End])
}

/// Everything behind the transport, so that a test can look at it and move it.
#[derive(Default)]
pub(crate) struct World {
    now: Duration,
    /// How much earlier the clock is when a timer fires, or later.
    pub(crate) timer_is_early: Duration,
    pub(crate) timer_is_late: Duration,
    timer: Option<Duration>,
    /// The timer fired, and nobody has asked it since.
    fired: bool,
    answers: VecDeque<Answer>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) body: VecDeque<Piece>,
    /// For a request that waits for an answer.
    answer: Option<Answer>,
    /// Whoever waits for the head, the body, or the timer.
    waiting: Vec<Waker>,
    timer_waker: Option<Waker>,
    pub(crate) alive: usize,
    pub(crate) reads: usize,
    pub(crate) arms: usize,
    pub(crate) clock_reads: usize,
    /// Called back in every method of the transport.
    pub(crate) handle: Option<Handle>,
    pub(crate) on_start: Option<fn(&Handle)>,
}

/// A transport that is neither `Send` nor `Sync`.
#[derive(Clone, Default)]
pub(crate) struct Network(Rc<RefCell<World>>);

impl Network {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let network = Self::default();
        network.world().answers.extend(answers);
        network
    }

    pub(crate) fn world(&self) -> RefMut<'_, World> {
        self.0.borrow_mut()
    }

    /// The open body brings more.
    pub(crate) fn send(&self, piece: Piece) {
        self.world().body.push_back(piece);
        self.wake();
    }

    /// The request that waits is answered now.
    pub(crate) fn answer(&self, answer: Answer) {
        self.world().answer = Some(answer);
        self.wake();
    }

    fn wake(&self) {
        let waiting = std::mem::take(&mut self.world().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Time passes; a timer that is due fires.
    pub(crate) fn pass(&self, time: Duration) {
        let mut world = self.world();
        world.now += time;
        world.fired |= world.timer.is_some_and(|timer| timer <= world.now);
        let waker = if world.fired { world.timer_waker.take() } else { None };
        drop(world);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Sleeps until the timer fires; `false` if none is set that has not fired already.
    pub(crate) fn pass_to_timer(&self) -> bool {
        let mut world = self.world();
        let (Some(timer), false) = (world.timer, world.fired) else { return false };
        let when = timer.saturating_sub(world.timer_is_early) + world.timer_is_late;
        let time = when.saturating_sub(world.now);
        world.fired = true;
        drop(world);
        self.pass(time);
        true
    }

    pub(crate) fn is_armed(&self) -> bool {
        self.world().timer.is_some()
    }

    pub(crate) fn now(&self) -> Duration {
        self.world().now
    }

    /// A user's code that uses a handle wherever it is called.
    fn call_back(&self) {
        let handle = self.world().handle.clone();
        if let Some(handle) = handle {
            let _ = (handle.ready_state(), handle.stats(), handle.last_event_id());
            handle.commit("from-the-transport");
            let _ = handle.snapshot();
        }
    }
}

impl Transport for Network {
    type Response = Response;
    type Error = Failure;
    type Start = Start;

    fn start(&mut self, attempt: Attempt) -> Start {
        self.call_back();
        assert_eq!(self.world().alive, 0, "the old connection closes before a new one is begun");
        let on_start = self.world().on_start.take();
        let handle = self.world().handle.clone();
        if let (Some(on_start), Some(handle)) = (on_start, &handle) {
            on_start(handle);
        }
        let mut world = self.world();
        world.attempts.push(attempt);
        let answer = world.answers.pop_front().unwrap_or(Answer::Never);
        drop(world);
        Start { answer: Some(answer), line: Some(Line::new(self)) }
    }

    fn head(response: &Response) -> ResponseHead<'_> {
        response.line.network.call_back();
        ResponseHead::new(response.status).content_type(response.content_type.as_bytes())
    }

    fn poll_chunk(
        &mut self,
        response: &mut Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        self.call_back();
        assert!(!response.ended.get(), "a body is not asked again after its end");
        let mut world = self.world();
        world.reads += 1;
        let Some(piece) = world.body.pop_front() else {
            world.waiting.push(cx.waker().clone());
            return Poll::Pending;
        };
        response.ended.set(!matches!(piece, Piece::Chunk(_)));
        Poll::Ready(match piece {
            Piece::Chunk(text) => Some(Ok(text.into())),
            Piece::End => None,
            Piece::Break => Some(Err(Failure { is_invalid: false })),
            Piece::Invalid => Some(Err(Failure { is_invalid: true })),
        })
    }

    fn is_invalid_request(error: &Failure) -> bool {
        error.is_invalid
    }

    fn now(&self) -> Instant {
        self.call_back();
        self.world().clock_reads += 1;
        Instant::from_origin(self.world().now)
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.call_back();
        let mut world = self.world();
        world.arms += 1;
        world.timer = Some(deadline.since_origin());
        world.fired = false;
    }

    fn disarm_timer(&mut self) {
        self.call_back();
        self.world().timer = None;
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.call_back();
        let mut world = self.world();
        let timer = world.timer.expect("a timer is polled only while it is armed");
        if timer <= world.now || world.fired {
            (world.timer, world.fired) = (None, false);
            return Poll::Ready(());
        }
        world.timer_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn seed(&self) -> u64 {
        7
    }
}

/// Counts as an open connection for as long as it lives.
struct Line {
    network: Network,
}

impl Line {
    fn new(network: &Network) -> Self {
        network.world().alive += 1;
        Self { network: network.clone() }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.network.world().alive -= 1;
        // A user's type may use a handle when it is dropped.
        self.network.call_back();
    }
}

/// A request on its way.
pub(crate) struct Start {
    answer: Option<Answer>,
    line: Option<Line>,
}

impl Future for Start {
    type Output = Result<Response, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = self.answer.take().expect("a request is not asked again after its answer");
        if let (Answer::Never, Some(line)) = (&answer, &self.line) {
            answer = line.network.world().answer.take().unwrap_or(answer);
        }
        match answer {
            Answer::Head(status, content_type, body) => {
                let line = self.line.take().expect("a line until the answer");
                line.network.world().body = body.into();
                let ended = Cell::new(false);
                Poll::Ready(Ok(Response { status, content_type, ended, line }))
            }
            Answer::Fails => Poll::Ready(Err(Failure { is_invalid: false })),
            Answer::Invalid => Poll::Ready(Err(Failure { is_invalid: true })),
            Answer::Never => {
                let line = self.line.as_ref().expect("a line until the answer");
                line.network.world().waiting.push(cx.waker().clone());
                self.answer = Some(Answer::Never);
                Poll::Pending
            }
        }
    }
}

pub(crate) struct Response {
    pub(crate) status: u16,
    content_type: &'static str,
    ended: Cell<bool>,
    line: Line,
}

impl Response {
    /// What is left of the body.
    pub(crate) fn rest(&self) -> Vec<&'static str> {
        let world = self.line.network.world();
        let texts = world.body.iter().filter_map(|piece| match piece {
            Piece::Chunk(text) => Some(*text),
            _ => None,
        });
        texts.collect()
    }
}

/// Why the network failed, with a cause of its own.
#[derive(Debug)]
pub(crate) struct Failure {
    is_invalid: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is dead")
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Unplugged)
    }
}

#[derive(Debug)]
struct Unplugged;

impl fmt::Display for Unplugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is unplugged")
    }
}

impl std::error::Error for Unplugged {}

/// Counts the calls that wake a task.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

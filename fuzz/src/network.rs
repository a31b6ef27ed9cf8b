//! A hostile transport in memory: the input decides what every call does, and the calls are checked.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arbitrary::Unstructured;
use bytes::Bytes;
use sse_proto::client::{Handle, Transport};
use sse_proto::{Attempt, Instant, ResponseHead};

use super::record::Record;

/// What bodies are made of.
const PIECES: [&str; 12] = [
    "data: x\n\n",
    "data\n\n",
    "data: a\ndata: ",
    "\n",
    "\r",
    "id: 7\n",
    "id: 8\n\n",
    "id\n",
    "retry: 0\n",
    "retry: 20\n",
    ": ping\n",
    "event: other\ndata: 0123456789012345678901234567890123456789\n\n",
];

/// What a server may answer with.
const STATUSES: [u16; 8] = [200, 200, 200, 200, 204, 404, 503, 301];

const LONGEST_BODY: usize = 512;

/// Everything outside of the source.
pub(super) struct World<'a> {
    script: RefCell<Unstructured<'a>>,
    now: Cell<Duration>,
    armed: Cell<Option<Instant>>,
    /// The latest time that the source can know, by the clock or by the timer.
    latest: Cell<Instant>,
    /// Requests and responses that were not dropped.
    alive: Cell<usize>,
    /// Who is to be woken, by the last poll.
    pub(super) waker: RefCell<Option<Waker>>,
    /// The source is over: it may not call any more.
    pub(super) finished: Cell<bool>,
    /// Used from within the transport's calls, as a transport's factory may.
    pub(super) handle: RefCell<Option<Handle>>,
    /// A handle or the source itself has closed the stream.
    pub(super) closed: Cell<bool>,
    pub(super) record: Record,
}

impl<'a> World<'a> {
    pub(super) fn new(script: Unstructured<'a>) -> Self {
        Self {
            script: RefCell::new(script),
            now: Cell::default(),
            armed: Cell::default(),
            latest: Cell::default(),
            alive: Cell::default(),
            waker: RefCell::default(),
            finished: Cell::default(),
            handle: RefCell::default(),
            closed: Cell::default(),
            record: Record::default(),
        }
    }

    /// The next decision, below `choices`; `None` once the script is at its end.
    pub(super) fn choose(&self, choices: usize) -> Option<usize> {
        let byte = self.script.borrow_mut().bytes(1).ok()?[0];
        Some(usize::from(byte) % choices)
    }

    /// Moves the clock, mostly forwards.
    pub(super) fn pass_time(&self) {
        let Some(step) = self.choose(16) else { return };
        let now = self.now.get();
        self.now.set(match step {
            0..8 => now + Duration::from_millis(step as u64),
            8..14 => now + Duration::from_secs(1 << (step - 8)),
            14 => now.saturating_sub(Duration::from_secs(2)),
            _ => now + Duration::from_secs(5000),
        });
    }

    pub(super) fn armed(&self) -> Option<Instant> {
        self.armed.get()
    }

    pub(super) fn latest(&self) -> Instant {
        self.latest.get()
    }

    pub(super) fn alive(&self) -> usize {
        self.alive.get()
    }

    pub(super) fn close(&self, handle: &Handle) {
        self.record.interrupt();
        self.closed.set(true);
        handle.close();
    }

    pub(super) fn restart(&self, handle: &Handle) {
        self.record.interrupt();
        handle.restart();
    }

    /// A call of the transport: it may use a handle, and may take time.
    fn call(&self) {
        assert!(!self.finished.get(), "called after the end");
        let handle = self.handle.borrow();
        let Some(handle) = &*handle else { return };
        match self.choose(128) {
            Some(60 | 124) => self.close(handle),
            Some(61 | 125) => self.restart(handle),
            Some(62) => handle.commit("7"),
            Some(63 | 127) => self.pass_time(),
            Some(126) => {
                assert_eq!(handle.set_last_event_id(""), Ok(()));
                assert_eq!(handle.last_event_id(), "");
                self.record.set_id("");
            }
            _ => {}
        }
    }

    /// Keeps whom to wake, as every `Pending` must.
    fn pending<T>(&self, cx: &Context<'_>) -> Poll<T> {
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Counts as alive until it is dropped.
struct Alive<'a>(Rc<World<'a>>);

impl<'a> Alive<'a> {
    fn new(world: &Rc<World<'a>>) -> Self {
        world.alive.set(world.alive.get() + 1);
        Self(Rc::clone(world))
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.alive.set(self.0.alive.get() - 1);
    }
}

pub(super) struct Network<'a>(pub(super) Rc<World<'a>>);

pub(super) struct Start<'a>(Option<Alive<'a>>);

pub(super) struct Response<'a> {
    connection: Alive<'a>,
    status: u16,
    html: bool,
    ended: bool,
}

impl Response<'_> {
    pub(super) fn status(&self) -> u16 {
        self.status
    }
}

#[derive(Debug)]
pub(super) struct Broken {
    invalid: bool,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

impl<'a> Future for Start<'a> {
    type Output = Result<Response<'a>, Broken>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let connection = self.0.take().expect("not polled after it was ready");
        connection.0.call();
        let answer = connection.0.choose(16);
        match answer {
            Some(choice @ 0..8) => {
                let (status, ended) = (STATUSES[choice], false);
                Poll::Ready(Ok(Response { connection, status, html: false, ended }))
            }
            Some(8) => {
                Poll::Ready(Ok(Response { connection, status: 200, html: true, ended: false }))
            }
            Some(9 | 10) => Poll::Ready(Err(Broken { invalid: false })),
            Some(11) => Poll::Ready(Err(Broken { invalid: true })),
            _ => {
                let pending = connection.0.pending(cx);
                self.0 = Some(connection);
                pending
            }
        }
    }
}

impl<'a> Transport for Network<'a> {
    type Response = Response<'a>;
    type Error = Broken;
    type Start = Start<'a>;

    fn start(&mut self, attempt: Attempt) -> Self::Start {
        assert_eq!(self.0.alive(), 0, "the old connection is still open");
        self.0.record.start(attempt);
        self.0.call();
        Start(Some(Alive::new(&self.0)))
    }

    fn head(response: &Self::Response) -> ResponseHead<'_> {
        let content_type: &[u8] = if response.html { b"text/html" } else { b"text/event-stream" };
        ResponseHead::new(response.status).content_type(content_type)
    }

    fn poll_chunk(
        &mut self,
        response: &mut Self::Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        assert!(!response.ended, "polled after the end of the body");
        let world = &response.connection.0;
        world.call();
        // The record reads a body anew for every event of it.
        let ended = world.record.body_len() >= LONGEST_BODY;
        match world.choose(32).filter(|_| !ended).or(ended.then_some(25)) {
            Some(choice @ 0..24) => {
                let pieces = [PIECES[choice % 12], PIECES[choice / 2]];
                let chunk = pieces[..=choice / 12].concat();
                world.record.chunk(&chunk);
                Poll::Ready(Some(Ok(chunk.into())))
            }
            Some(24) => Poll::Ready(Some(Ok(Bytes::new()))),
            Some(25 | 26) => {
                response.ended = true;
                Poll::Ready(None)
            }
            Some(27) => {
                response.ended = true;
                Poll::Ready(Some(Err(Broken { invalid: false })))
            }
            _ => world.pending(cx),
        }
    }

    fn is_invalid_request(error: &Self::Error) -> bool {
        error.invalid
    }

    fn now(&self) -> Instant {
        let now = Instant::from_origin(self.0.now.get());
        self.0.latest.set(self.0.latest.get().max(now));
        now
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.0.call();
        self.0.armed.set(Some(deadline));
    }

    /// Fires when it should, sometimes too early, and while the clock stands still.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.call();
        let armed = self.0.armed.get().expect("polled only while it is armed");
        let fires = self.now() >= armed || self.0.choose(8) == Some(0);
        if !fires {
            return self.0.pending(cx);
        }
        self.0.armed.set(None);
        self.0.latest.set(self.0.latest.get().max(armed));
        if self.0.choose(2) == Some(0) {
            self.0.now.set(self.0.now.get().max(armed.since_origin()));
        }
        Poll::Ready(())
    }

    fn seed(&self) -> u64 {
        42
    }
}

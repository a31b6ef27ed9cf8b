//! The shared client over a hostile transport.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use futures_core::Stream;
use sse_proto::client::{Error, EventSource, Handle, Update};
use sse_proto::{Cause, Commit, Config, Instant, Limits, ReadyState, RetryPolicy, Sentinel};

use super::network::{Network, World};

/// Six bytes of choices, in front of the script of the transport and of whoever reads.
#[derive(Debug, Arbitrary)]
struct Setup {
    policy: u8,
    clocks: u8,
    sentinel: bool,
    manual: bool,
    comments: bool,
    small_limit: bool,
}

impl Setup {
    fn limits(&self) -> Limits {
        Limits::default().event_bytes(if self.small_limit { 30 } else { 1024 })
    }

    /// Whether the session is the source's alone until a handle is needed.
    fn is_sole(&self) -> bool {
        self.clocks & 16 != 0
    }

    fn config(&self) -> Config {
        let millis = Duration::from_millis;
        let policy = match self.policy % 5 {
            0 => RetryPolicy::default(),
            1 => RetryPolicy::standard(),
            2 => RetryPolicy::never(),
            3 => RetryPolicy::default().base(Duration::ZERO),
            _ => RetryPolicy::default().base(millis(1)).max_retries(Some(3)),
        };
        let clock = |bit: u8, time| (self.clocks & bit != 0).then_some(time);
        Config::default()
            .retry(policy)
            .limits(self.limits())
            .connect_timeout(clock(1, millis(30)))
            .first_byte_timeout(clock(2, millis(20)))
            .idle_timeout(clock(4, millis(10)))
            .late_after(clock(8, millis(5)))
            .sentinel(self.sentinel.then(|| Sentinel::EventType("other".into())))
            .commit(if self.manual { Commit::Manual } else { Commit::Auto })
            .comments(self.comments)
    }
}

/// Who reads.
struct Reader<'a> {
    source: EventSource<Network<'a>>,
    world: Rc<World<'a>>,
    /// A terminal error or the end came out.
    over: bool,
    /// When the wait ends that was said last, and the attempts at that time.
    wait: Option<(Instant, u64)>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// No hang, no call that the transport does not expect, one connection at a time, no event lost or made up, and
/// nothing after the end; whatever network, clock, timer and handles do.
pub fn client_transport(data: &[u8]) {
    let mut script = Unstructured::new(data);
    let Ok(setup) = Setup::arbitrary(&mut script) else { return };
    let world = Rc::new(World::new(script));
    world.record.manual.set(setup.manual);
    world.record.event_bytes.set(setup.limits().event_bytes);
    let source = EventSource::new(Network(Rc::clone(&world)), setup.config());
    if !setup.is_sole() {
        *world.handle.borrow_mut() = Some(source.handle());
    }
    let wakes = Arc::default();
    let mut reader = Reader { source, world: Rc::clone(&world), over: false, wait: None, wakes };
    while let Some(choice) = world.choose(64) {
        match choice {
            57 => reader.set_last_event_id(),
            _ => reader.act(choice % 32),
        }
    }
    reader.read_on();
    drop(reader);
    assert_eq!(world.alive(), 0, "a connection outlives its source");
    if let Some(handle) = world.handle.take() {
        handle.close();
        assert_eq!(handle.ready_state(), ReadyState::Closed);
    }
}

impl<'a> Reader<'a> {
    fn act(&mut self, choice: usize) {
        match choice {
            0..8 => {
                self.next_event();
            }
            8..16 => self.next_lent(),
            16..24 => self.next_update(),
            24 => self.opened(),
            25 | 26 => self.world.pass_time(),
            27 => {
                self.world.record.interrupt();
                self.source.restart();
                assert_eq!(self.world.alive(), 0);
            }
            28 => self.woken_by(|world, handle| world.restart(handle)),
            29 => self.source.commit("8"),
            30 => self.woken_by(|world, handle| world.close(handle)),
            _ => self.close(),
        }
    }

    fn set_last_event_id(&mut self) {
        assert!(self.source.set_last_event_id("9\n").is_err());
        assert_eq!(self.source.set_last_event_id("9"), Ok(()));
        assert_eq!(self.source.last_event_id(), "9");
        self.world.record.set_id("9");
    }

    fn close(&mut self) {
        self.world.record.interrupt();
        self.world.closed.set(true);
        self.source.close();
        assert_eq!(self.world.alive(), 0);
        assert_eq!(self.source.ready_state(), ReadyState::Closed);
    }

    /// A task that waits for the source learns of what a handle does.
    fn woken_by(&mut self, act: impl FnOnce(&World<'_>, &Handle)) {
        let handle = self.source.handle();
        let before = self.wakes.0.load(Ordering::Relaxed);
        let pending = self.next_event();
        act(&self.world, &handle);
        let woken = self.wakes.0.load(Ordering::Relaxed) > before;
        assert!(woken || !pending, "not woken");
    }

    /// What is still there once the script is at its end and every call is pending; then the end.
    fn read_on(&mut self) {
        for _ in 0..8 {
            self.next_update();
        }
        self.close();
        for _ in 0..2 {
            self.next_event();
            self.next_update();
        }
        assert!(self.over);
    }

    /// Whether that is still to come.
    fn next_event(&mut self) -> bool {
        let next = self.poll(|source, cx| Pin::new(source).poll_next(cx));
        match next {
            Poll::Ready(Some(Ok(event))) => self.world.record.event(&event),
            Poll::Ready(Some(Err(error))) => self.error(&error),
            Poll::Ready(None) => self.end(),
            Poll::Pending => return true,
        }
        false
    }

    fn next_lent(&mut self) {
        let next = self.poll(|source, cx| {
            let event = source.poll_next_ref(cx);
            event.map(|event| event.map(|event| event.map(|event| event.into_owned())))
        });
        match next {
            Poll::Ready(Some(Ok(event))) => self.world.record.event(&event),
            Poll::Ready(Some(Err(error))) => self.error(&error),
            Poll::Ready(None) => self.end(),
            Poll::Pending => {}
        }
    }

    fn next_update(&mut self) {
        let next = self.poll(|source, cx| Pin::new(&mut source.updates()).poll_next(cx));
        match next {
            Poll::Ready(Some(Ok(Update::Event(event)))) => self.world.record.event(&event),
            Poll::Ready(Some(Ok(Update::Opened))) => {
                let response = self.source.response().expect("an open response");
                assert_eq!(response.status(), 200);
            }
            Poll::Ready(Some(Ok(Update::Lost(loss)))) => {
                let answered = matches!(loss.lost.cause, Cause::Status(_));
                assert_eq!(loss.response.is_some(), answered, "{:?}", loss.lost);
                assert_eq!(self.world.alive(), usize::from(answered), "lost, and still connected");
                let wait = loss.lost.retry_in.expect("a wait");
                self.wait = Some((self.world.latest() + wait, loss.lost.attempt));
                self.world.record.check_complete();
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
            Poll::Ready(Some(Err(error))) => self.error(&error),
            Poll::Ready(None) => self.end(),
        }
    }

    /// Polls a future that is dropped at once: nothing may get lost by that.
    fn opened(&mut self) {
        let opened = self.poll(|source, cx| {
            let opened = pin!(source.opened()).poll(cx);
            opened.map(|result| Some(result.map(|response| response.status())))
        });
        match opened {
            Poll::Ready(Some(Ok(status))) => {
                assert_eq!((status, self.source.ready_state()), (200, ReadyState::Open));
            }
            Poll::Ready(Some(Err(error))) => match error.closed_because() {
                Some(why) if why.is_clean() || self.world.finished.get() => self.end(),
                _ => self.error(&error),
            },
            Poll::Ready(None) => unreachable!("an opening is no stream"),
            Poll::Pending => {}
        }
    }

    /// Whoever gets `Pending` is woken later, and nothing comes after the end.
    fn poll<R>(
        &mut self,
        poll: impl FnOnce(&mut EventSource<Network<'a>>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        if self.over || self.world.closed.get() {
            self.world.finished.set(true);
        }
        self.world.waker.take();
        let before = self.wakes.0.load(Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&self.wakes));
        let result = poll(&mut self.source, &mut Context::from_waker(&waker));
        // A task that only let others have their turn is woken already, and owes nothing.
        if result.is_pending() && self.wakes.0.load(Ordering::Relaxed) == before {
            assert!(self.world.waker.take().is_some(), "nobody will wake");
            assert!(!self.world.finished.get(), "no end");
            self.check_timer();
        }
        result
    }

    /// Whoever waits for the next attempt is not woken later than that.
    fn check_timer(&self) {
        let Some((until, attempt)) = self.wait else { return };
        if self.world.record.attempts() == attempt && !self.world.record.is_interrupted() {
            assert!(self.world.armed().is_some_and(|armed| armed <= until), "too late");
        }
    }

    fn error(&mut self, error: &Error<Network<'a>>) {
        assert!(!self.world.finished.get(), "{error} after the end");
        if let Some(error) = error.decode_error() {
            return self.world.record.error(error);
        }
        let kinds = [error.is_invalid_request(), error.is_refused(), error.is_lost()];
        assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{error:?}");
        let answered = error.is_refused();
        assert_eq!(error.response().is_some(), answered, "{error:?}");
        assert_eq!(self.world.alive(), usize::from(answered), "{error:?}");
        assert!(!answered || error.transport_error().is_none(), "{error:?}");
        assert!(!error.is_invalid_request() || error.transport_error().is_some(), "{error:?}");
        self.over = true;
    }

    fn end(&mut self) {
        assert_eq!(self.world.alive(), 0, "over, and still connected");
        self.over = true;
    }
}

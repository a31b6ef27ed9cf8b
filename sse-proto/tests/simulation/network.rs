//! The transport: one client's line through the simulated network, with the judge listening on the client's side of it.

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use sse_proto::client::Transport;
use sse_proto::{Attempt, Instant, ResponseHead};

use crate::fate::{Arrived, Body, End, Fate, Head, Outcome};
use crate::judge::{Ending, Judge};
use crate::sabotage::Sabotage;
use crate::setup::Setup;
use crate::tally::Kind;
use crate::world::{Happening, Rule, World};

/// How much too late a timer may fire.
pub const TIMER_LATENESS: Duration = Duration::from_millis(1);

/// A client's way to the server; the client's transport is a clone of it.
#[derive(Clone)]
pub struct Line(Rc<Inner>);

struct Inner {
    client: usize,
    world: Rc<World>,
    setup: Rc<Setup>,
    sabotage: Option<Sabotage>,
    wire: RefCell<Wire>,
    judge: RefCell<Judge>,
    /// Counts whatever a poll brings about.
    progress: Cell<u64>,
    arrivals: Cell<u32>,
}

#[derive(Default)]
struct Wire {
    connection: Option<Connection>,
    /// Connections so far.
    connections: u32,
    timer: Timer,
}

struct Connection {
    number: u32,
    fate: Option<Fate>,
    body: Option<Body>,
    /// It has failed or ended, and must not be asked again.
    over: bool,
    /// The number of the next arrival, once it is on the agenda.
    planned: Option<u32>,
    waker: Option<Waker>,
}

#[derive(Default)]
struct Timer {
    number: u32,
    /// When it fires; `None` while it is not armed.
    fires: Option<Instant>,
    waker: Option<Waker>,
    /// What `progress` was when it was armed.
    armed_at: Option<u64>,
}

/// A request on its way.
pub struct Dial {
    line: Line,
    number: u32,
}

/// A response. Hangs up when dropped.
pub struct Answer {
    dial: Dial,
    head: Head,
}

#[derive(Debug)]
pub struct Broken {
    invalid: bool,
}

impl Line {
    pub fn new(
        client: usize,
        world: Rc<World>,
        setup: Rc<Setup>,
        sabotage: Option<Sabotage>,
    ) -> Self {
        let judge = RefCell::new(Judge::new(client, Rc::clone(&world), Rc::clone(&setup)));
        Self(Rc::new(Inner {
            client,
            world,
            setup,
            sabotage,
            judge,
            wire: RefCell::default(),
            progress: Cell::new(0),
            arrivals: Cell::new(0),
        }))
    }

    pub fn judge(&self) -> RefMut<'_, Judge> {
        self.0.judge.borrow_mut()
    }

    pub fn progress(&self) -> u64 {
        self.0.progress.get()
    }

    pub fn make_progress(&self) {
        self.0.progress.set(self.progress() + 1);
    }

    pub fn is_connected(&self) -> bool {
        self.0.wire.borrow().connection.is_some()
    }

    /// Something arrives; whether the client waits for it, so that it has to be woken.
    pub fn arrive(&self, number: u32) -> bool {
        let mut wire = self.0.wire.borrow_mut();
        let connection = wire.connection.as_mut();
        let Some(connection) = connection.filter(|found| found.planned == Some(number)) else {
            return false;
        };
        connection.planned = None;
        if let Some(waker) = connection.waker.take() {
            waker.wake();
        }
        true
    }

    /// A timer fires.
    pub fn fire(&self, number: u32) {
        let timer = &mut self.0.wire.borrow_mut().timer;
        if timer.number == number
            && let Some(waker) = timer.waker.take()
        {
            waker.wake();
        }
    }

    fn fail(&self, rule: Rule, what: impl FnOnce() -> String) {
        self.0.world.fail(self.0.client, rule, what);
    }

    fn dial(&self, seen: u64) -> Dial {
        let Inner { world, setup, wire, .. } = &*self.0;
        let mut wire = wire.borrow_mut();
        if wire.connection.is_some() {
            self.fail(Rule::Contract, || "two connections at once".into());
        }
        wire.connections += 1;
        let number = wire.connections;
        wire.connection = Some(Connection {
            number,
            fate: Some(Fate::draw(setup, seen, world)),
            body: None,
            over: false,
            planned: None,
            waker: None,
        });
        world.count(Kind::Connection);
        Dial { line: self.clone(), number }
    }

    /// Wakes the client when the time has come; `None` is never.
    fn wake_at(
        &self,
        at: Option<Instant>,
        connection: &mut Connection,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if at.is_some_and(|at| at <= self.0.world.now()) {
            connection.planned = None;
            self.make_progress();
            return Poll::Ready(());
        }
        if let Some(at) = at.filter(|_| connection.planned.is_none()) {
            let number = self.0.arrivals.get() + 1;
            self.0.arrivals.set(number);
            connection.planned = Some(number);
            self.0.world.plan(at, self.0.client, Happening::Arrival(number));
        }
        match self.0.sabotage {
            Some(Sabotage::SleepsOn) if self.0.world.random.one_in(4) => {}
            Some(Sabotage::WakesInVain) => cx.waker().wake_by_ref(),
            _ => connection.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The judge hears of it, and of what it was.
    fn conclude(&self, outcome: Outcome, connection: &mut Connection) -> Result<Head, Broken> {
        let (world, mut judge) = (&self.0.world, self.judge());
        world.tell(self.0.client, || format!("answered by {}", describe(&outcome)));
        match outcome {
            Outcome::Failed(kind) => {
                world.count(kind);
                connection.over = true;
                judge.ended(Ending::Broken);
                Err(Broken { invalid: false })
            }
            Outcome::InvalidRequest => {
                connection.over = true;
                judge.ended(Ending::InvalidRequest);
                Err(Broken { invalid: true })
            }
            Outcome::Head(head) => {
                head.kind.into_iter().for_each(|kind| world.count(kind));
                judge.answered(&head, Vec::new());
                Ok(head)
            }
            Outcome::Stream(mut body) => {
                judge.answered(&Body::HEAD, std::mem::take(&mut body.marks));
                connection.body = Some(body);
                Ok(Body::HEAD)
            }
        }
    }

    fn end(&self, end: End, in_block: bool) -> Option<Result<Bytes, Broken>> {
        let (world, mut judge) = (&self.0.world, self.judge());
        world.tell(self.0.client, || format!("the body ends: {end:?}"));
        if in_block {
            world.count(Kind::CutInBlock);
        }
        match end {
            End::Clean => {
                judge.ended(Ending::Clean);
                None
            }
            End::Broken | End::Silence => {
                world.count(Kind::Cut);
                judge.ended(Ending::Broken);
                Some(Err(Broken { invalid: false }))
            }
        }
    }
}

impl Transport for Line {
    type Response = Answer;
    type Error = Broken;
    type Start = Dial;

    fn start(&mut self, attempt: Attempt) -> Dial {
        self.make_progress();
        self.judge().started(&attempt);
        let seen = match self.0.sabotage {
            Some(Sabotage::ForgetsId) => 0,
            _ => attempt.last_event_id.parse().unwrap_or(0),
        };
        self.dial(seen)
    }

    fn head(answer: &Answer) -> ResponseHead<'_> {
        answer.head.response()
    }

    fn poll_chunk(
        &mut self,
        answer: &mut Answer,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        let mut wire = self.0.wire.borrow_mut();
        let found = wire.connection.as_mut().filter(|found| found.number == answer.dial.number);
        let Some((connection, mut body)) = found.and_then(|connection| {
            let body = connection.body.take().filter(|_| !connection.over)?;
            Some((connection, body))
        }) else {
            self.fail(Rule::Contract, || "a body is asked for that is none, or over".into());
            return Poll::Pending;
        };
        let piece = body.next(&self.0.world.random);
        if self.wake_at(piece.at, connection, cx).is_pending() {
            connection.body = Some(body);
            return Poll::Pending;
        }
        match body.take() {
            Arrived::Bytes(bytes) => {
                self.judge().brought(bytes.len());
                let completes = self.0.sabotage == Some(Sabotage::CompletesCutBlock);
                let bytes = match completes && body.is_given() {
                    true => [&bytes[..], b"\n\n"].concat().into(),
                    false => bytes,
                };
                connection.body = Some(body);
                Poll::Ready(Some(Ok(bytes)))
            }
            Arrived::End(end) => {
                connection.over = true;
                Poll::Ready(self.end(end, body.in_block))
            }
        }
    }

    fn is_invalid_request(error: &Broken) -> bool {
        error.invalid
    }

    fn now(&self) -> Instant {
        self.0.world.now()
    }

    fn arm_timer(&mut self, deadline: Instant) {
        let Inner { world, client, wire, .. } = &*self.0;
        let timer = &mut wire.borrow_mut().timer;
        if deadline <= world.now() {
            self.fail(Rule::Time, || format!("the timer is armed for the past, {deadline:?}"));
        }
        if timer.armed_at == Some(self.progress()) {
            self.fail(Rule::WokenForNothing, || "the timer is armed again for nothing".into());
        }
        timer.armed_at = Some(self.progress());
        timer.number += 1;
        let wait = deadline.saturating_since(world.now());
        let fires = match self.0.sabotage {
            Some(Sabotage::FiresEarly) => world.now() + wait.mul_f64(0.9),
            _ if world.random.one_in(8) => deadline + TIMER_LATENESS.mul_f64(0.7),
            _ => deadline,
        };
        timer.fires = Some(fires);
        world.plan(fires, *client, Happening::Timer(timer.number));
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Inner { world, wire, .. } = &*self.0;
        let timer = &mut wire.borrow_mut().timer;
        let Some(fires) = timer.fires else {
            self.fail(Rule::Contract, || "the timer is polled, but not armed".into());
            return Poll::Pending;
        };
        if fires <= world.now() {
            timer.fires = None;
            timer.waker = None;
            if self.judge().is_overdue() {
                self.make_progress();
            }
            return Poll::Ready(());
        }
        timer.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn seed(&self) -> u64 {
        self.0.world.random.next()
    }
}

impl Future for Dial {
    type Output = Result<Answer, Broken>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let line = this.line.clone();
        let mut wire = line.0.wire.borrow_mut();
        let found = wire.connection.as_mut().filter(|found| found.number == this.number);
        let Some((connection, fate)) = found.and_then(|connection| {
            let fate = connection.fate.take()?;
            Some((connection, fate))
        }) else {
            line.fail(Rule::Contract, || "a request is polled after its answer".into());
            return Poll::Pending;
        };
        if line.wake_at(fate.at, connection, cx).is_pending() {
            connection.fate = Some(fate);
            return Poll::Pending;
        }
        let result = line.conclude(fate.outcome, connection);
        Poll::Ready(result.map(|head| {
            let dial = Self { line: this.line.clone(), number: this.number };
            // From here on the answer is what hangs up.
            this.number = 0;
            Answer { dial, head }
        }))
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        let connection = &mut self.line.0.wire.borrow_mut().connection;
        if let Some(mut connection) = connection.take_if(|found| found.number == self.number) {
            let world = &self.line.0.world;
            let fate = connection.fate.take().and_then(|fate| fate.at);
            let body = connection.body.as_mut().and_then(|body| body.next(&world.random).at);
            let unread = fate.or(body).is_some_and(|at| at <= world.now());
            self.line.make_progress();
            self.line.judge().hung_up(unread);
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated connection broke")
    }
}

impl std::error::Error for Broken {}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(kind) => format!("{kind:?}"),
        Outcome::InvalidRequest => "the request could not be made".into(),
        Outcome::Head(head) => format!("{head:?}"),
        Outcome::Stream(body) => format!("a stream of {:?}", body.marks.iter().map(|(_, m)| m)),
    }
}

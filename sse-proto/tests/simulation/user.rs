//! One user of the client: reads, dawdles, commits, crashes, and comes back.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use sse_proto::client::{Error, EventSource, Handle, Update};
use sse_proto::{Cause, Closed, Event, Lost, Session, Snapshot};

use crate::network::Line;
use crate::sabotage::Sabotage;
use crate::setup::Setup;
use crate::tally::Kind;
use crate::world::{Rule, World};

pub struct User {
    client: usize,
    world: Rc<World>,
    setup: Rc<Setup>,
    pub line: Line,
    /// `None` only while it is replaced.
    source: Option<EventSource<Line>>,
    handle: Handle,
    /// What was put away with the last commit.
    saved: Snapshot,
    /// It waits for the stream to be open.
    awaits_opening: bool,
}

/// What a user does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Sleep,
    Busy(Duration),
    Done,
}

/// What a user sees.
enum Seen {
    Opened,
    Event(Event),
    Comment(String),
    Late,
    Lost(Lost),
    Error(Error<Line>),
    End,
    Nothing,
}

impl User {
    pub fn new(client: usize, world: &Rc<World>, sabotage: Option<Sabotage>) -> Self {
        let setup = Rc::new(Setup::draw(&world.random));
        let line = Line::new(client, Rc::clone(world), Rc::clone(&setup), sabotage);
        let source = EventSource::new(line.clone(), setup.config.clone());
        world.tell(client, || format!("{:?}, {:?}", setup.stream, setup.config));
        Self {
            client,
            world: Rc::clone(world),
            line,
            handle: source.handle(),
            saved: source.snapshot(),
            source: Some(source),
            awaits_opening: setup.awaits_opening,
            setup,
        }
    }

    /// Reads until there is nothing more, or something else comes to its mind.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Turn {
        while !self.world.has_failed() {
            let Poll::Ready(seen) = self.poll_source(cx) else {
                self.line.judge().went_to_sleep();
                return Turn::Sleep;
            };
            self.line.make_progress();
            if let Some(turn) = self.see(seen).or_else(|| self.whim()) {
                return turn;
            }
        }
        Turn::Done
    }

    /// Someone else restarts the stream, or closes it.
    pub fn meddle(&mut self) {
        if self.world.random.one_in(4) {
            self.world.count(Kind::Close);
            self.line.judge().closes();
            self.handle.close();
        } else {
            self.line.judge().restarts(&self.handle.snapshot());
            self.handle.restart();
        }
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Seen> {
        let Some(source) = &mut self.source else { return Poll::Ready(Seen::End) };
        if self.awaits_opening {
            return pin!(source.opened()).poll(cx).map(|opened| match opened {
                Ok(_) => Seen::Nothing,
                Err(error) => Seen::Error(error),
            });
        }
        if self.setup.plain {
            return Pin::new(source).poll_next(cx).map(|item| match item {
                Some(Ok(event)) => Seen::Event(event),
                Some(Err(error)) => Seen::Error(error),
                None => Seen::End,
            });
        }
        Pin::new(&mut source.updates()).poll_next(cx).map(|item| match item {
            Some(Ok(Update::Opened)) => Seen::Opened,
            Some(Ok(Update::Event(event))) => Seen::Event(event),
            Some(Ok(Update::Comment(text))) => Seen::Comment(text),
            Some(Ok(Update::Late)) => Seen::Late,
            Some(Ok(Update::Lost(loss))) => Seen::Lost(loss.lost),
            Some(Ok(_)) => Seen::Nothing,
            Some(Err(error)) => Seen::Error(error),
            None => Seen::End,
        })
    }

    fn see(&mut self, seen: Seen) -> Option<Turn> {
        self.awaits_opening = false;
        match seen {
            Seen::Opened => self.line.judge().opened(),
            Seen::Event(event) => {
                self.line.judge().received(&event);
                if self.setup.is_manual() && self.world.random.one_in(3) {
                    self.commit(&event);
                }
            }
            Seen::Comment(text) => self.line.judge().commented(&text),
            Seen::Late => self.line.judge().late(),
            Seen::Lost(lost) => self.line.judge().lost(&lost),
            Seen::Error(error) if error.is_event_too_large() => self.line.judge().skipped(),
            Seen::Error(error) => return self.end(Some(error)),
            Seen::End => return self.end(None),
            Seen::Nothing => {}
        }
        None
    }

    fn commit(&mut self, event: &Event) {
        self.handle.commit(event.last_event_id());
        self.line.judge().commits();
        self.saved = self.handle.snapshot();
        self.line.judge().check_snapshot(&self.saved);
    }

    /// What comes to a user's mind now and then.
    fn whim(&mut self) -> Option<Turn> {
        let random = &self.world.random;
        match random.below(512) {
            0..=7 => {
                self.world.count(Kind::SlowReader);
                let most = random.pick(&[10, 1_000, 60_000]);
                return Some(Turn::Busy(random.millis(most)));
            }
            8 => {
                self.line.judge().restarts(&self.handle.snapshot());
                if let Some(source) = &mut self.source {
                    source.restart();
                }
            }
            9 => self.rewind(),
            10 | 11 => {
                let manual = self.setup.is_manual();
                self.world.count(if manual { Kind::ManualCrash } else { Kind::Crash });
                self.line.judge().closes();
                self.resume();
            }
            _ => {}
        }
        None
    }

    /// The stream is over; after an error or a close the user may begin again.
    fn end(&mut self, error: Option<Error<Line>>) -> Option<Turn> {
        let why = error.as_ref().and_then(Error::closed_because);
        self.line.judge().finished(why.filter(|why| !why.is_clean()), &self.handle.stats());
        if let Some(error) = error {
            self.check_error(&error);
        }
        self.check_silence();
        let complete = self.line.judge().is_complete();
        if complete || self.world.random.one_in(8) {
            self.world.count(if complete { Kind::Complete } else { Kind::Stopped });
            return Some(Turn::Done);
        }
        self.line.judge().closes();
        self.resume();
        None
    }

    /// The error holds what it is about.
    fn check_error(&self, error: &Error<Line>) {
        let why = error.closed_because();
        let about_status =
            matches!(why, Some(Closed::Refused(_) | Closed::Lost { cause: Cause::Status(_), .. }));
        let about_transport = matches!(
            why,
            Some(Closed::InvalidRequest | Closed::Lost { cause: Cause::Transport, .. })
        );
        if about_status && error.response().is_none()
            || about_transport != error.transport_error().is_some()
        {
            self.world.fail(self.client, Rule::Outcome, || format!("{error:?} holds too little"));
        }
    }

    /// After the end nothing comes, and no connection is held.
    fn check_silence(&mut self) {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        if !matches!(self.poll_source(&mut cx), Poll::Ready(Seen::End)) {
            self.world.fail(self.client, Rule::Outcome, || "something comes after the end".into());
        }
        if self.line.is_connected() {
            self.world.fail(self.client, Rule::Contract, || "connected after the end".into());
        }
    }

    /// Everything after an earlier event is wanted again.
    fn rewind(&mut self) {
        let Some(source) = &mut self.source else { return };
        let last = source.last_event_id().parse().unwrap_or(0);
        let id = self.world.random.between(last / 2, last);
        let text = if id == 0 { String::new() } else { id.to_string() };
        self.line.judge().restarts(&self.handle.snapshot());
        source.set_last_event_id(&text).expect("a number has no control character");
        source.restart();
        self.line.judge().rewinds(id);
    }

    /// The source is dropped, and another one takes up where the first was put away.
    fn resume(&mut self) {
        if !self.setup.is_manual() || self.world.random.one_in(2) {
            self.saved = self.handle.snapshot();
            self.line.judge().check_snapshot(&self.saved);
        }
        self.source = None;
        if self.line.is_connected() {
            self.world.fail(self.client, Rule::Contract, || "connected after the drop".into());
        }
        self.line.judge().resumes(&self.saved);
        let (seed, now) = (self.world.random.next(), self.world.now());
        let session = Session::resume(self.setup.config.clone(), seed, now, &self.saved);
        let source = EventSource::with_session(self.line.clone(), session);
        self.handle = source.handle();
        self.source = Some(source);
        self.awaits_opening = self.setup.awaits_opening;
    }
}

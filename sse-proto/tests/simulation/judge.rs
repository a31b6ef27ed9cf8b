//! What a client must do, worked out from what the network did to it; whatever differs breaks a rule.

mod deadlines;
mod rules;

use std::rc::Rc;
use std::time::Duration;

use sse_proto::{Attempt, Cause, Closed, Event, GiveUp, Instant, Lost, Refusal, Snapshot, Stats};

use crate::fate::Head;
use crate::model::{Losses, Next};
use crate::setup::Setup;
use crate::stream::Mark;
use crate::tally::Kind;
use crate::world::{Rule, World};

/// How a connection ended, as the network has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Broken,
    Clean,
    InvalidRequest,
    Status(u16, Option<Duration>),
    Refused(Refusal),
    NoContent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing yet, or a restart: the next attempt is due at once.
    Due,
    Dialing,
    Open,
    Lost,
    Over,
}

/// What the session must have counted.
#[derive(Default)]
struct Counts {
    attempts: u64,
    opens: u64,
    events: u64,
    losses: u64,
}

pub struct Judge {
    client: usize,
    world: Rc<World>,
    setup: Rc<Setup>,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// The number of the last event that was received or skipped.
    seen: u64,
    /// The number of the last event that was received.
    received: u64,
    committed: u64,
    /// The number of the last block that was brought whole.
    brought: u64,
    /// The last id that was brought: that of a block that is not over the limit.
    brought_id: u64,
    marks: std::vec::IntoIter<(usize, Mark)>,
    bytes: usize,
    last_life: Instant,
    told_late: bool,
    sentinel: bool,
    /// Comments brought and not reported.
    comments: u64,
    /// `retry` fields that were brought and may not have been read yet.
    retries: Vec<Duration>,
    /// Everything that was brought has been read.
    drained: bool,
    ending: Option<Ending>,
    closing: bool,
    losses: Losses,
    next: Next,
    last_loss: Option<Cause>,
    /// The loss before a restart, which the next attempt knows if it was told.
    maybe_lost: Option<Cause>,
    counts: Counts,
    /// When the client was woken for the poll that goes on; the origin where it was not asleep.
    woken_at: Instant,
    /// For a connection whose deadline it came too late to see: which moment this is, and until when.
    moments: Option<(u32, Instant)>,
}

impl Judge {
    pub fn new(client: usize, world: Rc<World>, setup: Rc<Setup>) -> Self {
        let first = setup.first;
        let losses = Losses::new(setup.policy.clone());
        let now = world.now();
        Self {
            client,
            world,
            setup,
            phase: Phase::Due,
            since: now,
            seen: first,
            received: first,
            committed: first,
            brought: first,
            brought_id: first,
            marks: Vec::new().into_iter(),
            bytes: 0,
            last_life: now,
            told_late: false,
            sentinel: false,
            comments: 0,
            retries: Vec::new(),
            drained: true,
            ending: None,
            closing: false,
            losses,
            next: Next::connect(now),
            last_loss: None,
            maybe_lost: None,
            counts: Counts::default(),
            woken_at: now,
            moments: None,
        }
    }

    pub fn woken_at(&mut self, at: Instant) {
        self.woken_at = at;
    }

    /// Whether everything was received.
    pub fn is_complete(&self) -> bool {
        self.setup.stream.next_event(self.seen) > self.setup.stream.total
    }

    // What the network does.

    pub fn started(&mut self, attempt: &Attempt) {
        self.check_turn();
        self.check_id("the request", &attempt.last_event_id);
        self.counts.attempts += 1;
        self.losses.settle(attempt.retries);
        if attempt.retries != self.losses.retries || attempt.number != self.counts.attempts {
            let losses = self.losses.retries;
            self.fail(Rule::Wait, || format!("{attempt:?} after {losses} losses in a row"));
        }
        let maybe = self.maybe_lost.take();
        if attempt.last_loss != self.last_loss && (maybe.is_none() || attempt.last_loss != maybe) {
            self.fail(Rule::Outcome, || format!("{attempt:?} does not know the last loss"));
        }
        self.begin_after(attempt.last_event_id.parse().unwrap_or(0));
        self.world.tell(self.client, || format!("asks for what follows {}", self.seen));
        self.last_loss = None;
        self.enter(Phase::Dialing);
        (self.bytes, self.ending, self.marks) = (0, None, Vec::new().into_iter());
        (self.sentinel, self.drained, self.comments) = (false, true, 0);
        self.retries.clear();
    }

    pub fn answered(&mut self, head: &Head, marks: Vec<(usize, Mark)>) {
        self.check_deadlines();
        let retried = self.setup.policy.statuses.contains(&head.status);
        match head.status {
            200 if head.content_type.starts_with("text/event-stream") => {
                self.enter(Phase::Open);
                self.counts.opens += 1;
                self.losses.note_opening();
                self.marks = marks.into_iter();
            }
            200 => self.ending = Some(Ending::Refused(Refusal::ContentType)),
            204 => self.ending = Some(Ending::NoContent),
            status if retried => self.ending = Some(Ending::Status(status, head.wait)),
            status => self.ending = Some(Ending::Refused(Refusal::Status(status))),
        }
    }

    pub fn brought(&mut self, bytes: usize) {
        self.check_deadlines();
        self.bytes += bytes;
        self.last_life = self.world.now();
        (self.drained, self.told_late) = (false, false);
        while let Some((from, mark)) = self.marks.as_slice().first().copied()
            && from <= self.bytes
        {
            self.marks.next();
            match mark {
                Mark::Block(number) => (self.brought, self.brought_id) = (number, number),
                Mark::Huge(number) => self.brought = number,
                Mark::Retry(time) => {
                    self.world.count(Kind::Retry);
                    self.retries.push(time);
                }
                Mark::Comment => {
                    self.world.count(Kind::Comment);
                    self.comments += 1;
                }
                Mark::Sentinel => self.sentinel = true,
                Mark::Fact(kind) => self.world.count(kind),
            }
        }
    }

    pub fn ended(&mut self, ending: Ending) {
        self.check_deadlines();
        self.ending = Some(ending);
    }

    /// The connection is dropped, perhaps with something unread.
    pub fn hung_up(&mut self, unread: bool) {
        if matches!(self.phase, Phase::Dialing | Phase::Open) && !self.closing {
            if unread && !self.sentinel {
                self.fail(Rule::ExactlyOnce, || "gave up although something was there".into());
            }
            self.lose();
        }
    }

    // What the client says.

    pub fn opened(&mut self) {
        if self.phase != Phase::Open || self.bytes > 0 {
            self.fail(Rule::Outcome, || "opened, but is not, or was before".into());
        }
    }

    pub fn received(&mut self, event: &Event) {
        let stream = &self.setup.stream;
        let expected = stream.next_event(self.seen);
        let right = event.last_event_id().parse() == Ok(expected)
            && event.event_type() == stream.event_type(expected)
            && event.data() == stream.data(expected);
        if !right || expected > self.brought || self.phase != Phase::Open {
            self.fail(Rule::ExactlyOnce, || {
                format!("{event:?} instead of event {expected}, brought is {}", self.brought)
            });
        }
        (self.seen, self.received) = (expected, expected);
        self.counts.events += 1;
        self.world.count(Kind::Event);
    }

    /// An event was over the limit. That may be said before all of it is there.
    pub fn skipped(&mut self) {
        let expected = self.setup.stream.next_event(self.seen);
        if !self.setup.stream.is_huge(expected) || self.brought + 1 < expected {
            self.fail(Rule::ExactlyOnce, || format!("skipped event {expected}"));
        }
        self.seen = expected;
        self.world.count(Kind::Skipped);
    }

    pub fn commented(&mut self, text: &str) {
        if text != "tick" || self.comments == 0 {
            self.fail(Rule::ExactlyOnce, || format!("a comment that was not sent: {text:?}"));
        }
        self.comments = self.comments.saturating_sub(1);
    }

    pub fn late(&mut self) {
        self.world.count(Kind::Late);
        if self.late_at().is_none_or(|at| self.world.now() < at) {
            self.fail(Rule::Wait, || "late, but is not, or was told before".into());
        }
        self.told_late = true;
    }

    pub fn lost(&mut self, lost: &Lost) {
        let known = self.phase == Phase::Lost
            && self.last_loss == Some(lost.cause)
            && self.counts.attempts == lost.attempt;
        if !known || !lost.retry_in.is_some_and(|wait| self.next.narrow(self.since + wait)) {
            self.fail(Rule::Wait, || format!("{lost:?} instead of {:?}", self.next));
        }
    }

    /// Nothing more until someone wakes it.
    pub fn went_to_sleep(&mut self) {
        self.check_drained();
        self.give_a_moment();
        if self.next.is_due(self.world.now()) && matches!(self.phase, Phase::Due | Phase::Lost) {
            self.fail(Rule::Wait, || format!("sleeps over {:?}", self.next));
        }
    }

    /// The stream has ended: `None` where no error says why.
    pub fn finished(&mut self, why: Option<Closed>, stats: &Stats) {
        if matches!(self.phase, Phase::Dialing | Phase::Open) && !self.closing {
            self.lose();
        }
        self.check_stats(stats);
        let expected = match self.ending {
            _ if self.closing => None,
            _ if self.sentinel => None,
            Some(Ending::NoContent) => None,
            Some(Ending::InvalidRequest) => Some(Closed::InvalidRequest),
            Some(Ending::Refused(refusal)) => Some(Closed::Refused(refusal)),
            _ => self.next.over.filter(|over| !over.is_clean()),
        };
        let elapsed = matches!(why, Some(Closed::Lost { give_up: GiveUp::Elapsed { .. }, .. }));
        if why != expected && !(elapsed && self.next.may_elapse) {
            self.fail(Rule::Outcome, || format!("closed as {why:?}, not as {expected:?}"));
        }
        let all = self.sentinel || self.ending == Some(Ending::NoContent);
        if all && !self.closing && !self.is_complete() {
            self.fail(Rule::ExactlyOnce, || {
                format!("the end, but the last event was {}", self.seen)
            });
        }
        self.world.tell(self.client, || format!("finished: {why:?}"));
        self.count_end(why);
        self.phase = Phase::Over;
    }

    // What the user does.

    /// A restart; the snapshot is from just before it.
    pub fn restarts(&mut self, snapshot: &Snapshot) {
        self.check_snapshot(snapshot);
        if !self.drained && self.setup.stream.next_event(self.seen) <= self.brought {
            self.world.count(Kind::RestartUndrained);
        }
        self.world.count(Kind::Restart);
        self.world.tell(self.client, || "restarts".into());
        self.losses.server_time = snapshot.reconnection_time;
        if self.phase == Phase::Open {
            self.losses.note_open(self.last_life.saturating_since(self.since));
            // What the session was not told it cannot know: either will do.
            self.losses.note_maybe_open(self.world.now().saturating_since(self.since));
        }
        if self.phase != Phase::Over {
            self.enter(Phase::Due);
            self.next = Next::connect(self.since);
            self.maybe_lost = self.last_loss.take().or(self.maybe_lost);
        }
    }

    /// A close, or a crash: nothing must come out any more.
    pub fn closes(&mut self) {
        self.closing = true;
    }

    pub fn commits(&mut self) {
        self.committed = self.received;
    }

    /// The user wants to have everything after this event again.
    pub fn rewinds(&mut self, id: u64) {
        self.world.count(Kind::Rewind);
        self.committed = id;
        self.begin_after(id);
    }

    /// A new session takes up where the snapshot was taken.
    pub fn resumes(&mut self, snapshot: &Snapshot) {
        self.world.tell(self.client, || format!("resumes from {snapshot:?}"));
        let (client, world) = (self.client, Rc::clone(&self.world));
        let mut judge = Self::new(client, world, Rc::clone(&self.setup));
        judge.committed = snapshot.last_event_id.parse().unwrap_or(0);
        judge.begin_after(judge.committed);
        judge.losses.server_time = snapshot.reconnection_time;
        *self = judge;
    }

    /// The connection is over; works out what must follow if that is a loss.
    fn lose(&mut self) {
        let now = self.world.now();
        let cause = match self.ending {
            Some(Ending::InvalidRequest | Ending::Refused(_) | Ending::NoContent) => return,
            _ if self.sentinel => return,
            Some(Ending::Broken) => Cause::Transport,
            Some(Ending::Clean) if self.setup.stream.sentinel => Cause::MissingSentinel,
            Some(Ending::Clean) => Cause::EndOfStream,
            Some(Ending::Status(status, _)) => Cause::Status(status),
            None => self.silence(),
        };
        self.check_drained();
        match cause {
            Cause::EndOfStream => self.world.count(Kind::CleanEnd),
            Cause::MissingSentinel => self.world.count(Kind::MissingSentinel),
            Cause::ConnectTimeout(_) => self.world.count(Kind::ConnectTimeout),
            Cause::FirstByteTimeout(_) => self.world.count(Kind::FirstByteTimeout),
            Cause::IdleTimeout(_) => self.world.count(Kind::IdleTimeout),
            _ => {}
        }
        if self.phase == Phase::Open {
            self.losses.note_open(now.saturating_since(self.since));
        }
        let retry_after = match self.ending {
            Some(Ending::Status(_, wait)) => wait,
            _ => None,
        };
        self.next = self.losses.lose(now, cause, retry_after);
        self.counts.losses += u64::from(self.next.over != Some(Closed::EndOfStream));
        self.last_loss = Some(cause);
        self.world.tell(self.client, || format!("lost: {cause}, {:?}", self.next));
        self.enter(Phase::Lost);
    }

    fn count_end(&self, why: Option<Closed>) {
        let kind = match why {
            Some(Closed::Lost { give_up: GiveUp::ServerWait { .. }, .. }) => Kind::ServerWait,
            Some(Closed::Lost { .. }) => Kind::GaveUp,
            Some(Closed::Refused(_)) => Kind::NotAStream,
            Some(Closed::InvalidRequest) => Kind::InvalidRequest,
            _ if self.closing => return,
            _ if self.sentinel => Kind::Sentinel,
            _ if self.ending == Some(Ending::NoContent) => Kind::NoContent,
            _ => return,
        };
        self.world.count(kind);
    }

    fn begin_after(&mut self, id: u64) {
        (self.seen, self.received) = (id, id);
        (self.brought, self.brought_id) = (id, id);
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = self.world.now();
        self.last_life = self.since;
        self.told_late = false;
    }

    fn fail(&self, rule: Rule, what: impl FnOnce() -> String) {
        self.world.fail(self.client, rule, what);
    }
}

//! What the clients of a simulation share: a clock, an agenda, chance, and the record.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io::Write;

use sse_proto::Instant;

use crate::random::Random;
use crate::tally::{Kind, Tally};

/// What happens to a client at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// Something arrives: the client's n-th arrival.
    Arrival(u32),
    /// The timer fires that was armed as this one.
    Timer(u32),
    /// The task gets its turn, after it was busy or has waited for a turn.
    Turn,
    /// Someone else does something to the client.
    Meddling,
}

/// Time, a random number that orders what happens at the same time, client.
type Entry = Reverse<(Instant, u64, usize, Happening)>;

/// What a simulation must never see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    ExactlyOnce,
    LastEventId,
    Wait,
    LostWake,
    WokenForNothing,
    Outcome,
    Contract,
    Time,
}

/// The first breach of a rule.
#[derive(Clone, Debug)]
pub struct Failure {
    pub rule: Rule,
    client: usize,
    at: Instant,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, client, at, what } = self;
        write!(f, "{rule:?} broken for client {client} at {:?}: {what}", at.since_origin())
    }
}

pub struct World {
    now: Cell<Instant>,
    agenda: RefCell<BinaryHeap<Entry>>,
    pub random: Random,
    pub tally: Tally,
    failure: RefCell<Option<Failure>>,
    /// Whether the story is told.
    verbose: bool,
}

impl World {
    pub fn new(seed: u64, verbose: bool) -> Self {
        Self {
            now: Cell::new(Instant::ORIGIN),
            agenda: RefCell::default(),
            random: Random::new(seed),
            tally: Tally::new(),
            failure: RefCell::default(),
            verbose,
        }
    }

    pub fn now(&self) -> Instant {
        self.now.get()
    }

    pub fn plan(&self, at: Instant, client: usize, happening: Happening) {
        self.agenda.borrow_mut().push(Reverse((at, self.random.next(), client, happening)));
    }

    /// Lets time pass to what happens next.
    pub fn advance(&self) -> Option<(usize, Happening)> {
        let Reverse((at, _, client, happening)) = self.agenda.borrow_mut().pop()?;
        if at < self.now() {
            self.fail(client, Rule::Time, || {
                format!("{happening:?} is planned for the past, {at:?}")
            });
        }
        self.now.set(at);
        Some((client, happening))
    }

    /// Whether something more happens before time passes.
    pub fn more_now(&self) -> bool {
        self.agenda.borrow().peek().is_some_and(|Reverse((at, ..))| *at == self.now())
    }

    pub fn count(&self, kind: Kind) {
        self.tally.count(kind);
    }

    pub fn tell(&self, client: usize, what: impl FnOnce() -> String) {
        if self.verbose {
            let at = self.now().since_origin();
            // Not by a print macro: the test harness would keep it to itself.
            let _ = writeln!(std::io::stderr(), "{at:>16.3?}  client {client}: {}", what());
        }
    }

    pub fn fail(&self, client: usize, rule: Rule, what: impl FnOnce() -> String) {
        let mut failure = self.failure.borrow_mut();
        if failure.is_none() {
            *failure = Some(Failure { rule, client, at: self.now(), what: what() });
        }
    }

    pub fn failure(&self) -> Option<Failure> {
        self.failure.borrow().clone()
    }

    pub fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }
}

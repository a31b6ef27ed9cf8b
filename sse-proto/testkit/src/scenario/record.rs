//! Where a client notes what it sees, and learns what the user does then.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::scenario::ask::{Act, Step, When};
use crate::scenario::place::Place;
use crate::scenario::{Command, End, Entry, Log};

/// A future that is ready when it is time for a command.
pub type Cue = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a client notes what it sees, as it sees it, and learns what the user does then.
pub struct Record {
    place: Arc<dyn Place>,
    must_settle: bool,
    state: Mutex<State>,
}

struct State {
    log: Log,
    steps: Vec<Step>,
}

impl Record {
    pub(crate) fn new(place: Arc<dyn Place>, must_settle: bool, steps: Vec<Step>) -> Self {
        let state = State { log: Log::default(), steps };
        Self { place, must_settle, state: Mutex::new(state) }
    }

    /// Notes what happened, and says what the user does upon it, before anything else.
    pub fn note(&self, entry: Entry) -> Vec<Command> {
        let mut state = self.lock();
        state.log.entries.push((self.elapsed(), entry));
        let due = state.due();
        drop(state);
        let command = |act| match act {
            Act::Command(command) => Some(command),
            Act::Down => {
                self.place.down();
                None
            }
            Act::Up(script) => {
                self.place.up(script);
                None
            }
        };
        due.into_iter().filter_map(command).collect()
    }

    /// What the user does while the client waits: when the future is ready, it is time for the command.
    ///
    /// To be asked for once, before the first poll. The futures know no runtime.
    pub fn cues(&self) -> Vec<(Cue, Command)> {
        let mut cues = Vec::new();
        for step in &self.lock().steps {
            if let (When::Seen(reached), Act::Command(command)) = (step.when, &step.act) {
                cues.push((self.place.until(reached), command.clone()));
            }
        }
        cues
    }

    /// Notes that the stream ended.
    pub fn end(&self, end: End) {
        let at = self.elapsed();
        self.lock().log.end = Some((at, end));
    }

    /// Notes what no stream may do.
    pub fn fault(&self, what: impl Into<String>) {
        self.lock().log.faults.push(what.into());
    }

    /// What was noted so far.
    pub fn log(&self) -> Log {
        self.lock().log.clone()
    }

    /// Ready when no connection is open, which it notes. To be awaited after [`Command::Leave`], and after the end of a
    /// stream while it still exists, if [`must_settle`](Self::must_settle) says so.
    pub async fn settle(&self) {
        let began = self.elapsed();
        self.place.until(|tally| tally.open == 0).await;
        self.lock().log.settled = Some(self.elapsed() - began);
    }

    /// Whether the end of the stream must have closed its connection: not where it may be kept for another request.
    pub fn must_settle(&self) -> bool {
        self.must_settle
    }

    /// How long it goes on for.
    pub(crate) fn elapsed(&self) -> Duration {
        self.place.elapsed()
    }

    /// Whether time passes only while the client waits: then what is done elsewhere meanwhile takes none.
    #[cfg(feature = "client")]
    pub(crate) fn time_is_virtual(&self) -> bool {
        self.place.calls().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes out what is to be done after the last entry.
    fn due(&mut self) -> Vec<Act> {
        let count = |like: fn(&Entry) -> bool| {
            let last = self.log.entries.last().is_some_and(|(_, entry)| like(entry));
            last.then(|| self.log.entries.iter().filter(|(_, entry)| like(entry)).count())
        };
        let opened = count(|entry| matches!(entry, Entry::Opened));
        let events = count(|entry| matches!(entry, Entry::Event { .. }));
        let losses = count(|entry| matches!(entry, Entry::Lost { .. }));
        let skipped = count(|entry| matches!(entry, Entry::Skipped(_)));
        let is_due = |step: &Step| match step.when {
            When::Opened(n) => opened == Some(n),
            When::Event(n) => events == Some(n),
            When::Lost(n) => losses == Some(n),
            When::Skipped(n) => skipped == Some(n),
            When::Seen(_) => false,
        };
        let (due, later) = std::mem::take(&mut self.steps).into_iter().partition(is_due);
        self.steps = later;
        due.into_iter().map(|step: Step| step.act).collect()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Record").field(&self.log()).finish()
    }
}

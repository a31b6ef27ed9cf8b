//! What the clients of one process have got, and whether it is what they should have.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use sse_proto::Event;

use crate::{HEAP, events, process};

/// The sums over all clients of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Clients that have had a connection.
    pub(crate) clients: u64,
    pub(crate) events: u64,
    pub(crate) opens: u64,
    pub(crate) losses: u64,
    /// Events that were left out.
    pub(crate) lost: u64,
    /// Events that came again, or after a later one.
    pub(crate) duplicated: u64,
    /// Events whose data is not theirs.
    pub(crate) wrong: u64,
    /// Streams that ended or failed by themselves.
    pub(crate) ended: u64,
    /// Events of the client that has the fewest.
    pub(crate) fewest: u64,
    /// The longest that a client was without an event, in milliseconds.
    pub(crate) silence: u64,
    /// Bytes that the process has allocated now.
    pub(crate) heap: u64,
}

impl Tally {
    /// Connections after each client's first one.
    pub(crate) fn reconnections(&self) -> u64 {
        self.opens.saturating_sub(self.clients)
    }
}

/// One line between processes.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, events, opens, losses, lost, duplicated, .. } = self;
        let Self { wrong, ended, fewest, silence, heap, .. } = self;
        write!(f, "{clients} {events} {opens} {losses} {lost} {duplicated} ")?;
        write!(f, "{wrong} {ended} {fewest} {silence} {heap}")
    }
}

impl FromStr for Tally {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [clients, events, opens, losses, lost, duplicated, wrong, ended, fewest, silence, heap] =
            process::numbers(text)?;
        Ok(Self {
            clients,
            events,
            opens,
            losses,
            lost,
            duplicated,
            wrong,
            ended,
            fewest,
            silence,
            heap,
        })
    }
}

/// The record of one process, in which all clients write.
#[derive(Debug)]
pub(crate) struct Ledger {
    started: Instant,
    /// When the clients were told to end, from when on streams may end; milliseconds since the start.
    closed: OnceLock<u64>,
    accounts: Vec<Account>,
}

/// What one client has got.
#[derive(Debug, Default)]
pub(crate) struct Account {
    client: u64,
    /// The number of the last event, which is the number of events where none is missing.
    last: AtomicU64,
    events: AtomicU64,
    opens: AtomicU64,
    losses: AtomicU64,
    lost: AtomicU64,
    duplicated: AtomicU64,
    wrong: AtomicU64,
    ended: AtomicU64,
    /// When the last event came, and the longest time between two; milliseconds since the start.
    heard: AtomicU64,
    silence: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(clients: impl Iterator<Item = u64>) -> Self {
        let accounts = clients.map(|client| Account { client, ..Account::default() });
        Self { started: Instant::now(), closed: OnceLock::new(), accounts: accounts.collect() }
    }

    pub(crate) fn on_open(&self, at: usize) {
        self.accounts[at].opens.fetch_add(1, Relaxed);
    }

    pub(crate) fn on_loss(&self, at: usize) {
        self.accounts[at].losses.fetch_add(1, Relaxed);
    }

    pub(crate) fn on_event(&self, at: usize, event: &Event) {
        let account = &self.accounts[at];
        let now = self.now();
        let heard = account.heard.swap(now, Relaxed);
        account.silence.fetch_max(now.saturating_sub(heard), Relaxed);
        account.events.fetch_add(1, Relaxed);
        account.check(event);
    }

    /// A stream is over, for this reason.
    pub(crate) fn on_end(&self, at: usize, why: impl FnOnce() -> String) {
        if self.closed.get().is_none() {
            let account = &self.accounts[at];
            account.complain(&account.ended, 1, why);
        }
    }

    /// From now on streams may end.
    pub(crate) fn close(&self) {
        let _ = self.closed.set(self.now());
    }

    pub(crate) fn tally(&self) -> Tally {
        let now = self.closed.get().copied().unwrap_or_else(|| self.now());
        let heap = HEAP.allocated() as u64;
        let mut tally = Tally { fewest: u64::MAX, heap, ..Tally::default() };
        for account in &self.accounts {
            tally.clients += u64::from(account.opens.load(Relaxed) > 0);
            tally.events += account.events.load(Relaxed);
            tally.opens += account.opens.load(Relaxed);
            tally.losses += account.losses.load(Relaxed);
            tally.lost += account.lost.load(Relaxed);
            tally.duplicated += account.duplicated.load(Relaxed);
            tally.wrong += account.wrong.load(Relaxed);
            tally.ended += account.ended.load(Relaxed);
            tally.fewest = tally.fewest.min(account.events.load(Relaxed));
            let silent = now.saturating_sub(account.heard.load(Relaxed));
            tally.silence = tally.silence.max(account.silence.load(Relaxed)).max(silent);
        }
        tally
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Account {
    /// Holds an event against the one that should come next.
    fn check(&self, event: &Event) {
        let next = self.last.load(Relaxed) + 1;
        let id = event.last_event_id();
        let Ok(number) = id.parse::<u64>() else {
            return self.complain(&self.wrong, 1, || format!("the id {id:?} is no number"));
        };
        if number < next {
            self.complain(&self.duplicated, 1, || format!("{number} came where {next} should"));
            return;
        }
        if number > next {
            let lost = number - next;
            self.complain(&self.lost, lost, || format!("{number} came where {next} should"));
        }
        self.last.store(number, Relaxed);
        if event.data() != events::data(self.client, number) || event.event_type() != "message" {
            self.complain(&self.wrong, 1, || format!("event {number} is {:?}", event.data()));
        }
    }

    /// Counts what is wrong, and says the first of its kind.
    fn complain(&self, count: &AtomicU64, more: u64, what: impl FnOnce() -> String) {
        if count.fetch_add(more, Relaxed) == 0 {
            eprintln!("client {}: {}", self.client, what());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ledger of client 7 after these events.
    fn tally(events: impl IntoIterator<Item = (u64, u64)>) -> Tally {
        let ledger = Ledger::new([7].into_iter());
        for (id, content) in events {
            let (id, data) = (id.to_string(), events::data(7, content));
            let event = Event::builder().data(&data).id(&id).build();
            ledger.on_event(0, &event.expect("an id of digits"));
        }
        ledger.tally()
    }

    fn wrong(tally: Tally) -> [u64; 3] {
        [tally.lost, tally.duplicated, tally.wrong]
    }

    #[test]
    fn events_in_order_are_right() {
        let tally = tally((1..=1000).map(|n| (n, n)));
        assert_eq!((tally.events, tally.fewest, wrong(tally)), (1000, 1000, [0, 0, 0]));
    }

    #[test]
    fn each_event_that_is_left_out_counts_as_lost() {
        assert_eq!(wrong(tally([(1, 1), (5, 5), (6, 6)])), [3, 0, 0]);
    }

    #[test]
    fn an_event_that_comes_again_or_late_counts_as_duplicated() {
        assert_eq!(wrong(tally([(1, 1), (2, 2), (2, 2), (1, 1), (3, 3)])), [0, 2, 0]);
    }

    #[test]
    fn an_event_with_the_data_of_another_is_wrong() {
        assert_eq!(wrong(tally([(1, 1), (2, 3)])), [0, 0, 1]);
    }

    #[test]
    fn a_stream_may_end_after_its_clients_were_told_to() {
        let ledger = Ledger::new([1, 2].into_iter());
        ledger.on_end(0, || "reset".to_owned());
        ledger.close();
        ledger.on_end(1, || "closed".to_owned());
        assert_eq!(ledger.tally().ended, 1);
    }

    #[test]
    fn a_tally_is_the_same_behind_the_pipe() {
        let tally = tally([(1, 1), (3, 3)]);
        let text = tally.to_string();
        assert_eq!(text.parse::<Tally>().map(|tally| tally.to_string()), Ok(text));
    }
}

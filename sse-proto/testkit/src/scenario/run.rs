//! Runs scenarios, and says what was wrong.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Request;
use crate::scenario::build::{AtFirst, Urls};
use crate::scenario::place::{Loopback, Place};
use crate::scenario::{Adapter, Log, Record, Scenario, Tag};

/// How many scenarios run at once. They wait more than they work.
const AT_ONCE: usize = 24;

/// What came of a list of scenarios.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// How many of these passed, by what they are about in the first place.
    pub by_tag: Vec<(Tag, usize)>,
    /// Those that need what the client lacks.
    pub skipped: Vec<Skipped>,
    /// Those that passed only by a [`Quirk`](crate::scenario::Quirk), by name.
    pub by_quirk: Vec<String>,
    /// What the client saw in those that passed, by name.
    pub logs: BTreeMap<String, Log>,
    /// Those that failed.
    pub failures: Vec<Failure>,
    /// How long it took.
    pub elapsed: Duration,
    /// The slowest that passed, and how long it took.
    pub slowest: (String, Duration),
}

impl Report {
    /// What a scenario may take, at most.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// Whether nothing failed.
    pub fn is_success(&self) -> bool {
        self.failures.is_empty()
    }

    fn add(&mut self, outcome: Outcome, about: Tag, name: String) {
        match outcome {
            Outcome::Skipped(tag, why) => self.skipped.push(Skipped { name, tag, why }),
            Outcome::Passed { by_quirk, log } => {
                let took = log.end.as_ref().map_or(Duration::ZERO, |(at, _)| *at);
                self.logs.insert(name.clone(), log);
                self.passed += 1;
                match self.by_tag.iter_mut().find(|(tag, _)| *tag == about) {
                    Some((_, passed)) => *passed += 1,
                    None => self.by_tag.push((about, 1)),
                }
                if by_quirk {
                    self.by_quirk.push(name.clone());
                }
                if took > self.slowest.1 {
                    self.slowest = (name, took);
                }
            }
            Outcome::Failed(failed) => {
                let (wrong, log) = *failed;
                self.failures.push(Failure { name, wrong, log });
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failures.len();
        write!(f, "{} passed, {failed} failed, {} not run", self.passed, self.skipped.len())?;
        write!(f, " in {:.1?}; ", self.elapsed)?;
        writeln!(f, "the slowest, {}, took {:.1?}", self.slowest.0, self.slowest.1)?;
        let by_tag: Vec<_> = self.by_tag.iter().map(|(tag, n)| format!("{tag:?} {n}")).collect();
        writeln!(f, "  passed: {}", by_tag.join(", "))?;
        if !self.by_quirk.is_empty() {
            writeln!(f, "  by a quirk: {}", self.by_quirk.join(", "))?;
        }
        for alike in self.skipped.chunk_by(|a, b| a.tag == b.tag) {
            let names: Vec<_> = alike.iter().map(|skipped| &skipped.name[..]).collect();
            let (tag, why) = (alike[0].tag, alike[0].why);
            writeln!(f, "  {} not run for {tag:?}, {why}: {}", names.len(), names.join(", "))?;
        }
        self.failures.iter().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}

/// A scenario that was not run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// What the client lacks for it.
    pub tag: Tag,
    /// Why.
    pub why: &'static str,
}

/// A scenario that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Its name.
    pub name: String,
    /// All that was wrong.
    pub wrong: Vec<String>,
    /// What the client saw.
    pub log: Log,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.name)?;
        self.wrong.iter().try_for_each(|wrong| writeln!(f, "  {wrong}"))?;
        writeln!(f, "  the log:")?;
        self.log.fmt(f)
    }
}

/// Runs all scenarios for which the client lacks nothing, several at once.
///
/// Those that are hostile first of all come after the others, some of which depend on the time: they keep a machine busy.
pub fn run_all(adapter: impl Adapter, scenarios: Vec<Scenario>) -> Report {
    let adapter = Arc::new(adapter);
    run_each(scenarios, |scenario| run(&adapter, scenario, over_sockets))
}

/// Runs each by what it is given, several at once.
pub(crate) fn run_each(
    scenarios: Vec<Scenario>,
    run: impl Fn(Scenario) -> Outcome + Sync,
) -> Report {
    let began = Instant::now();
    let report = Mutex::new(Report::default());
    let (last, first): (Vec<_>, Vec<_>) =
        scenarios.into_iter().partition(|scenario| scenario.tags[0] == Tag::Hostile);
    for scenarios in [first, last] {
        run_some(&run, scenarios, &report);
    }
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.elapsed = began.elapsed();
    report.failures.sort_by(|a, b| a.name.cmp(&b.name));
    report.by_quirk.sort();
    report.by_tag.sort();
    report.skipped.sort_by(|a, b| (a.tag, &a.name).cmp(&(b.tag, &b.name)));
    report
}

fn run_some(
    run: &(impl Fn(Scenario) -> Outcome + Sync),
    scenarios: Vec<Scenario>,
    report: &Mutex<Report>,
) {
    let queue = Mutex::new(VecDeque::from(scenarios));
    let lock = PoisonError::into_inner;
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(lock).pop_front();
                    let Some(scenario) = next else { break };
                    let (about, name) = (scenario.tags[0], scenario.name.clone());
                    let outcome = run(scenario);
                    report.lock().unwrap_or_else(PoisonError::into_inner).add(outcome, about, name);
                }
            });
        }
    });
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Passed { by_quirk: bool, log: Log },
    Failed(Box<(Vec<String>, Log)>),
    Skipped(Tag, &'static str),
}

/// The place that the client knows, and one of another origin.
pub(crate) type Places = [Arc<dyn Place>; 2];

pub(crate) fn over_sockets() -> io::Result<Places> {
    Ok([Arc::new(Loopback::reserve()?), Arc::new(Loopback::reserve()?)])
}

/// Runs a scenario for which the client lacks nothing.
pub(crate) fn run<A: Adapter>(
    adapter: &Arc<A>,
    mut scenario: Scenario,
    places: impl FnOnce() -> io::Result<Places>,
) -> Outcome {
    let lacked = adapter.lacks().iter().find(|(tag, _)| scenario.tags.contains(tag));
    if let Some((tag, why)) = lacked {
        return Outcome::Skipped(*tag, why);
    }
    let by_quirk = suit(&**adapter, &mut scenario);
    match places().and_then(|places| play(adapter, scenario, places)) {
        Ok(played) if !played.wrong.is_empty() => {
            Outcome::Failed(Box::new((played.wrong, played.log)))
        }
        Ok(played) => Outcome::Passed { by_quirk, log: played.log },
        Err(error) => {
            let wrong = vec![format!("no server: {error}")];
            Outcome::Failed(Box::new((wrong, Log::default())))
        }
    }
}

/// Changes the scenario for a client with quirks; true if it has one that matters.
pub(crate) fn suit(adapter: &impl Adapter, scenario: &mut Scenario) -> bool {
    let mut by_quirk = false;
    for (quirk, change) in std::mem::take(&mut scenario.quirks) {
        if adapter.quirks().contains(&quirk) {
            let blank = Scenario::new("", &[]);
            *scenario = change(std::mem::replace(scenario, blank));
            by_quirk = true;
        }
    }
    by_quirk
}

/// What became of a scenario.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) wrong: Vec<String>,
    pub(crate) log: Log,
    pub(crate) here: Vec<Request>,
    pub(crate) there: Vec<Request>,
}

/// Serves and follows.
pub(crate) fn play<A: Adapter>(
    adapter: &Arc<A>,
    scenario: Scenario,
    [here, there]: Places,
) -> io::Result<Played> {
    let urls = Urls { here: here.url().to_owned(), there: there.url().to_owned() };
    let (script, script_there) = (scenario.scripts)(&urls);
    here.begin(scenario.at_first, script)?;
    there.begin(AtFirst::Served, script_there)?;

    let mut ask = scenario.ask;
    if ask.url.starts_with('/') {
        ask.url.insert_str(0, here.url());
    }
    #[cfg(feature = "tls")]
    let _front = crate::scenario::tls::stand_before(&*here, scenario.tls, &mut ask)?;
    let record = Arc::new(Record::new(Arc::clone(&here), scenario.settles, scenario.steps));
    let mut wrong = follow(adapter, ask, &record);
    if wrong.is_empty() {
        wrong.extend(here.trouble());
        wrong.extend(there.trouble());
    }
    let (log, calls) = (record.log(), here.calls());
    let (here, there) = (here.requests(), there.requests());
    wrong.extend(scenario.wanted.check(&log, &here, &there, calls.as_deref()));
    Ok(Played { wrong, log, here, there })
}

/// Runs the client on a thread of its own, which is given up when it hangs.
fn follow<A: Adapter>(
    adapter: &Arc<A>,
    ask: crate::scenario::Ask,
    record: &Arc<Record>,
) -> Vec<String> {
    let (done, is_done) = mpsc::channel();
    let (adapter, its) = (Arc::clone(adapter), Arc::clone(record));
    let client = thread::spawn(move || {
        adapter.follow(&ask, &its);
        let _ = done.send(());
    });
    match is_done.recv_timeout(Report::PATIENCE) {
        Ok(()) => Vec::new(),
        Err(RecvTimeoutError::Timeout) => {
            vec![format!("still going on after {:.0?}", record.elapsed())]
        }
        Err(RecvTimeoutError::Disconnected) => {
            let panic = client.join().err();
            let text = panic.as_ref().and_then(|panic| {
                let text = panic.downcast_ref::<&str>().copied();
                text.or_else(|| panic.downcast_ref::<String>().map(|text| &text[..]))
            });
            vec![format!("the client panicked: {}", text.unwrap_or_default())]
        }
    }
}

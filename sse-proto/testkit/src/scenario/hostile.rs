#![doc = include_str!("hostile.md")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::Request;
use crate::scenario::run::{Played, over_sockets, play, suit};
use crate::scenario::{Adapter, Ask, Entry, Log, Quirk, Record, Scenario, Tag, scenarios};
use sse_proto::Closed;

/// Runs what it is given, and says how many bytes that held at most, as a counting allocator knows it.
pub type Meter = fn(&mut dyn FnMut()) -> u64;

/// What is in this module's page.
const TABLE: &str = include_str!("hostile.md");

/// How many are measured at once. They are measured each by its own thread, so that they may be more than one.
const AT_ONCE: usize = 8;

/// What a hostile server brought about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// All that was wrong.
    pub wrong: Vec<String>,
    /// Whether the client was allowed a [`Quirk`].
    pub by_quirk: bool,
    /// What the user saw, in short.
    pub sees: String,
    /// What the last request carried, if there was more than one.
    pub carries: String,
    /// The most that the thread which followed the stream held.
    pub bytes: u64,
    /// The time for which that thread ran, where the system tells it (Linux).
    pub cpu: Option<Duration>,
}

/// A test of a client, which has the name of its column in the table above: nothing may be wrong with a hostile scenario, none
/// may make the client hold more than `most` bytes, and what the user sees and the next request carries must be what the table
/// says.
///
/// With `UPDATE_HOSTILE` in the environment it writes the table anew instead of comparing with it.
///
/// # Panics
///
/// Where that is not so.
pub fn judge(client: &str, adapter: impl Adapter, most: u64, meter: Meter) {
    let outcomes = measure(adapter, meter);
    for outcome in &outcomes {
        assert_eq!(outcome.wrong, [""; 0], "{}", outcome.name);
        assert!(outcome.bytes <= most, "{}: {} bytes", outcome.name, outcome.bytes);
        assert!(outcome.bytes > 1024, "{}: not measured", outcome.name);
    }
    if std::env::var_os("UPDATE_HOSTILE").is_some() {
        const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenario/hostile.md");
        let table = std::fs::read_to_string(PATH).expect("a table");
        std::fs::write(PATH, merge(&table, client, &outcomes)).expect("a table");
    } else {
        assert_eq!(stale(TABLE, &outcomes), [""; 0]);
    }
}

/// Runs the hostile scenarios that the client knows, and measures the thread that follows the stream: so it must do all the
/// work on that thread.
pub fn measure(adapter: impl Adapter, meter: Meter) -> Vec<Outcome> {
    let adapter = Arc::new(adapter);
    let is_lacked = |tag: &Tag| adapter.lacks().iter().any(|(lacked, _)| lacked == tag);
    let hostile = scenarios().into_iter().filter(|scenario| {
        scenario.tags.contains(&Tag::Hostile) && !scenario.tags.iter().any(is_lacked)
    });
    let queue: Mutex<VecDeque<_>> = Mutex::new(hostile.collect());
    let outcomes = Mutex::new(Vec::new());
    let lock = PoisonError::into_inner;
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(lock).pop_front();
                    let Some(scenario) = next else { break };
                    let outcome = measure_one(&adapter, meter, scenario);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    outcomes
}

fn measure_one<A: Adapter>(adapter: &Arc<A>, meter: Meter, mut scenario: Scenario) -> Outcome {
    let name = scenario.name.clone();
    let by_quirk = suit(&**adapter, &mut scenario);
    let metered = Arc::new(Metered { adapter: Arc::clone(adapter), meter, cost: Mutex::default() });
    let played = over_sockets().and_then(|places| play(&metered, scenario, places));
    let played = played.unwrap_or_else(|error| Played {
        wrong: vec![format!("no server: {error}")],
        log: Log::default(),
        here: Vec::new(),
        there: Vec::new(),
    });
    let (bytes, cpu) = *metered.cost.lock().unwrap_or_else(PoisonError::into_inner);
    let (sees, carries) = (sees(&played.log), carries(&played.here, &played.there));
    Outcome { name, wrong: played.wrong, by_quirk, sees, carries, bytes, cpu }
}

/// A client that is measured.
struct Metered<A> {
    adapter: Arc<A>,
    meter: Meter,
    cost: Mutex<(u64, Option<Duration>)>,
}

impl<A: Adapter> Adapter for Metered<A> {
    fn follow(&self, ask: &Ask, record: &Record) {
        let before = cpu();
        let bytes = (self.meter)(&mut || self.adapter.follow(ask, record));
        let cpu = cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner) = (bytes, cpu);
    }

    fn quirks(&self) -> &[Quirk] {
        self.adapter.quirks()
    }
}

/// How long this thread has run, not waited.
fn cpu() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn sees(log: &Log) -> String {
    let mut seen: Vec<(String, u32)> = Vec::new();
    let entries = log.entries.iter().map(|(_, entry)| match entry {
        Entry::Opened => "open".to_owned(),
        Entry::Event { .. } => "event".to_owned(),
        Entry::Comment(_) => "comment".to_owned(),
        Entry::Skipped(error) => error.to_string(),
        Entry::Late => "late".to_owned(),
        Entry::Lost { cause, .. } => format!("lost: {cause}"),
    });
    for entry in entries {
        match seen.last_mut() {
            Some((last, count)) if *last == entry => *count += 1,
            _ => seen.push((entry, 1)),
        }
    }
    let mut texts: Vec<_> = seen
        .into_iter()
        .map(|(text, count)| if count > 1 { format!("{text} (×{count})") } else { text })
        .collect();
    // What begins again and again is told once.
    const SHOWN: usize = 8;
    if texts.len() > SHOWN {
        texts.truncate(SHOWN);
        texts.push("…".to_owned());
    }
    // 204 is how a scenario ends that has no other end.
    match log.end.as_ref().map(|(_, end)| end.why) {
        None | Some(Closed::NoContent | Closed::ByUser) => {}
        Some(why) => texts.push(format!("**end**: {why}")),
    }
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}

fn carries(here: &[Request], there: &[Request]) -> String {
    let id = |request: &Request| match request.last_event_id() {
        None => "no id".to_owned(),
        Some(id) if id.len() > 40 => format!("an id of {} bytes", id.len()),
        Some(id) => format!("id `{}`", id.escape_ascii().to_string().replace('|', "\\|")),
    };
    let mut text = match here {
        [] | [_] => "none".to_owned(),
        [_, .., last] => id(last),
    };
    if let Some(last) = there.last() {
        let kept = ["authorization", "cookie", "proxy-authorization", "x-api-key"];
        let kept: Vec<_> = kept.into_iter().filter(|name| last.header(name).is_some()).collect();
        let credentials =
            if kept.is_empty() { "no credential".to_owned() } else { kept.join(", ") };
        let _ = write!(text, "; to the other origin {credentials}");
    }
    text
}

const HEAD: &str = "| scenario | the user sees | the next request carries |";

/// A table of outcomes, with all that stands before it.
struct Table<'a> {
    intro: &'a str,
    clients: Vec<String>,
    /// The cells behind a scenario's name: what the user sees, what the next request carries, the cost for each client.
    rows: BTreeMap<String, Vec<String>>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Self {
        let (intro, table) = text.split_once(HEAD).unwrap_or((text, ""));
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
        };
        let mut lines = table.lines();
        let mut clients = lines.next().map(cells).unwrap_or_default();
        clients.retain(|name| !name.is_empty());
        let rows = lines.filter(|line| line.starts_with("| `")).map(|line| {
            let mut cells = cells(line);
            (cells.remove(0).trim_matches('`').to_owned(), cells)
        });
        Self { intro, clients, rows: rows.collect() }
    }
}

/// Puts a client's outcomes into the table that is in a text already, in a column of its own, and leaves those of other
/// clients as they are. What was seen by a quirk does not replace what others see.
pub fn merge(text: &str, client: &str, outcomes: &[Outcome]) -> String {
    let Table { intro, mut clients, mut rows } = Table::read(text);
    let column = clients.iter().position(|name| name == client).unwrap_or_else(|| {
        clients.push(client.to_owned());
        clients.len() - 1
    });
    rows.retain(|name, _| outcomes.iter().any(|outcome| outcome.name == *name));
    for outcome in outcomes {
        let is_new = !rows.contains_key(&outcome.name);
        let row = rows.entry(outcome.name.clone()).or_default();
        row.resize(2 + clients.len(), String::new());
        if is_new || !outcome.by_quirk {
            row[0].clone_from(&outcome.sees);
            row[1].clone_from(&outcome.carries);
        }
        row[2 + column] = cost(outcome);
    }
    let mut text =
        format!("{intro}{HEAD} {} |\n|{}\n", clients.join(" | "), "---|".repeat(3 + clients.len()));
    for (name, cells) in rows {
        let _ = writeln!(text, "| `{name}` | {} |", cells.join(" | "));
    }
    text
}

/// What was otherwise than the table in a text says it, but for what was seen by a quirk.
fn stale(text: &str, outcomes: &[Outcome]) -> Vec<String> {
    let rows = Table::read(text).rows;
    let differs = |outcome: &&Outcome| {
        let now = [&outcome.sees, &outcome.carries];
        !outcome.by_quirk && rows.get(&outcome.name).is_none_or(|row| !row.iter().take(2).eq(now))
    };
    let tell =
        |outcome: &Outcome| format!("{}: {} | {}", outcome.name, outcome.sees, outcome.carries);
    outcomes.iter().filter(differs).map(tell).collect()
}

fn cost(outcome: &Outcome) -> String {
    let kib = outcome.bytes.div_ceil(1024);
    let cpu =
        outcome.cpu.map_or_else(String::new, |cpu| format!(", {} ms", cpu.as_millis().max(1)));
    let quirk = if outcome.by_quirk { " \\*" } else { "" };
    format!("{kib} KiB{cpu}{quirk}")
}

//! A server that replays events from the last event ID on, over connections that break anywhere: every event comes exactly
//! once, in order.

use crate::scenario::Tag::{Replay as OfReplay, Steer};
use crate::scenario::ask::When;
use crate::scenario::log::short;
use crate::scenario::want::WAIT;
use crate::scenario::{Command, Entry, Log, Scenario};
use crate::{Cut, End, Replay, Request, Script};
use sse_proto::Commit;

/// What a block of [`replay`] has, at least.
const BLOCK: u64 = 40;

pub(super) fn list() -> Vec<Scenario> {
    let mut list: Vec<_> = (1..=4)
        .map(|seed| {
            Scenario::new(format!("replayed-over-random-cuts-{seed}"), &[OfReplay])
                .script(replay(300).cuts(cuts(seed, 60, 9)))
                .exactly_once(300)
        })
        .collect();
    list.extend([
        Scenario::new("replayed-event-by-event", &[OfReplay])
            .script(replay(50).cuts(vec![Cut::after(1); 50]))
            .exactly_once(50),
        Scenario::new("replayed-byte-by-byte", &[OfReplay])
            .script({
                let replay = replay(60).cuts(cuts(5, 30, 3));
                Script::with(move |request| replay.reply(request).trickle())
            })
            .exactly_once(60),
        Scenario::new("replayed-over-streams-without-an-event", &[OfReplay])
            .script(replay(20).cuts((0..20).map(|n| Cut::after(n % 2).bytes(12).end(End::Fin))))
            .exactly_once(20),
        committed(),
        committed_late(),
    ]);
    list
}

fn replay(total: u64) -> Replay {
    let event = |n| format!("event: e{}\ndata: {n}\ndata: {}\n", n % 3, "x".repeat(BLOCK as usize));
    Replay::new(total).event(event).retry(WAIT)
}

/// Where connections break: after up to so many events, anywhere in the next one, in any way. A clean end breaks a stream
/// as well as a reset does.
fn cuts(seed: u64, count: usize, events: u64) -> Vec<Cut> {
    let mut random = seed;
    let mut below = |limit: u64| {
        // Knuth's multiplier; the upper half is random enough.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
        (random >> 33) % limit
    };
    let cut = |_| {
        let ends = [End::Reset, End::Fin, End::FinInChunk, End::BadChunk, End::Clean];
        let end = ends[below(5) as usize].clone();
        Cut::after(below(events)).bytes(below(BLOCK) as usize).end(end)
    };
    (0..count).map(cut).collect()
}

/// The user commits an event only when another one has come, so the last one of each connection comes twice.
fn committed_late() -> Scenario {
    const COME: [u64; 15] = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 10];
    let scenario = Scenario::new("replayed-from-what-was-committed-late", &[OfReplay, Steer])
        .script(Replay::new(10).retry(WAIT).cuts(vec![Cut::after(3).end(End::Fin); 4]))
        .config(|config| config.commit(Commit::Manual))
        .any_log()
        .any_requests();
    let commit = |scenario: Scenario, n: usize| {
        scenario.at(When::Event(n + 1), Command::Commit(COME[n - 1].to_string()))
    };
    (1..COME.len()).fold(scenario, commit).look(|log, _| {
        let data: Vec<_> = log.data().collect();
        if data == COME.map(|n| n.to_string()) { Ok(()) } else { Err(format!("came: {data:?}")) }
    })
}

/// The user commits each event as it comes.
fn committed() -> Scenario {
    let scenario = Scenario::new("replayed-from-what-was-committed", &[OfReplay, Steer])
        .script(replay(60).cuts(cuts(6, 30, 5)))
        .config(|config| config.commit(Commit::Manual))
        .exactly_once(60);
    (1..=60)
        .fold(scenario, |scenario, n| scenario.at(When::Event(n), Command::Commit(n.to_string())))
}

impl Scenario {
    fn exactly_once(self, total: u64) -> Self {
        self.any_log().any_requests().look(move |log, requests| in_order(log, requests, total))
    }
}

fn in_order(log: &Log, requests: &[Request], total: u64) -> Result<(), String> {
    let mut seen = 0;
    for (at, (_, entry)) in log.entries.iter().enumerate() {
        let Entry::Event { event_type, data, id } = entry else { continue };
        let next = seen + 1;
        let fits = data.lines().next() == Some(&next.to_string())
            && *id == next.to_string()
            && *event_type == format!("e{}", next % 3);
        if !fits {
            return Err(format!("entry {} is {} instead of event {next}", at + 1, short(entry)));
        }
        seen = next;
    }
    let last = requests.last().and_then(Request::last_event_id);
    if seen != total || last != Some(total.to_string().as_bytes()) {
        return Err(format!("{seen} events instead of {total}, the last request has {last:?}"));
    }
    let waits = log.entries.iter().filter_map(|(_, entry)| match entry {
        Entry::Lost { wait, .. } => Some(*wait),
        _ => None,
    });
    match waits.max() {
        Some(wait) if wait > WAIT => Err(format!("a wait of {wait:?}")),
        _ => Ok(()),
    }
}

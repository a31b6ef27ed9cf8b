//! What the adapters are expected to reach, from a study of the limit, less a little.

use crate::contest::{COUNTED, Contest};
use crate::roster::Role;

/// The bars of one script.
#[derive(Clone, Copy, Debug)]
struct Bar {
    script: &'static str,
    /// sse-tokio's CPU ÷ the floor's, at most.
    floor: f64,
    /// sse-tokio's CPU ÷ that of the cheapest peer, at most.
    peer: f64,
    /// The same for sse-async-std and peers on surf.
    surf: f64,
}

const fn bar(script: &'static str, floor: f64, peer: f64, surf: f64) -> Bar {
    Bar { script, floor, peer, surf }
}

const BARS: [Bar; 6] = [
    bar("llm-1", 1.35, 1.05, 0.90),
    bar("llm-10", 1.9, 0.85, 0.75),
    bar("llm-16k", 2.2, 0.65, 0.75),
    // The floor of tiny events is next to nothing, so what is above it counts: see `TINY`.
    bar("tiny-16k", f64::INFINITY, 0.45, 0.45),
    bar("wiki-1", 1.4, 0.90, 0.75),
    bar("wiki-16k", 1.8, 0.70, 0.75),
];

/// Microseconds above the floor on tiny events, at most.
const TINY: f64 = 0.04;

/// Allocations an event, at most. A connection's own are few, but not none.
const ALLOCATIONS: f64 = 1.01;

/// The same where events are borrowed: chunk ends cut some, which are then gathered.
const ALLOCATIONS_LENT: f64 = 0.02;

/// A borrowing reader's CPU ÷ that of one which owns its events, at most, on scripts where events share a chunk.
const LENT: f64 = 1.0;
const SHARED: [&str; 3] = ["llm-16k", "tiny-16k", "wiki-16k"];

/// Memory of an idle stream of sse-tokio ÷ the floor's, and ÷ that of the best peer that connects again, at most.
const MEMORY: [f64; 2] = [0.9, 1.0];

/// KiB of an idle stream of sse-async-std, at most.
const MEMORY_ASYNC_STD: f64 = 32.0;

/// CPU ÷ the floor's on the paced stream, at most.
const PACED: f64 = 1.15;

/// A figure beside its bar, which it may not exceed.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was measured.
    pub what: String,
    /// The figure. None if a client has failed, which passes no bar.
    pub figure: Option<f64>,
    /// The bar.
    pub bar: f64,
}

impl Verdict {
    /// Whether it is reached.
    pub fn passes(&self) -> bool {
        self.figure.is_some_and(|figure| figure <= self.bar)
    }
}

/// Every figure that has a bar, of the scripts and clients that were asked for.
pub fn judge(contest: &Contest) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut add = |what: String, figure: Option<f64>, bar: f64| {
        if bar.is_finite() {
            verdicts.push(Verdict { what, figure, bar });
        }
    };
    let wanted = |script: &str| contest.scripts.contains(&script);
    let [tokio, tokio_lent, async_std, async_std_lent] =
        ["sse-tokio", "sse-tokio-ref", "sse-async-std", "sse-async-std-ref"]
            .map(|name| contest.lane(name));
    let floor = contest.lane("reqwest-raw");
    for bar in BARS.into_iter().filter(|bar| wanted(bar.script)) {
        let script = bar.script;
        for own in [tokio, tokio_lent].into_iter().flatten() {
            let name = own.client.name;
            let Some(floor) = floor else { continue };
            add(format!("{name} ÷ floor, {script}"), own.ratio(floor, script), bar.floor);
            if script == "tiny-16k" {
                add(format!("{name} − floor, {script}, µs"), own.above(floor, script), TINY);
            }
        }
        let lanes = [tokio, tokio_lent].map(|own| (own, bar.peer));
        let surf_lanes = [async_std, async_std_lent].map(|own| (own, bar.surf));
        for (own, most) in lanes.into_iter().chain(surf_lanes) {
            if let Some(own) = own
                && contest.peers(own).next().is_some()
            {
                let best = contest.best_peer(own, script);
                let peer = best.map_or("a peer", |best| best.client.name);
                let ratio = best.and_then(|best| own.ratio(best, script));
                add(format!("{} ÷ {peer}, {script}", own.client.name), ratio, most);
            }
        }
    }
    for (lent, own) in [(tokio_lent, tokio), (async_std_lent, async_std)] {
        for script in SHARED.into_iter().filter(|script| wanted(script)) {
            if let (Some(lent), Some(own)) = (lent, own) {
                let what = format!("{} ÷ {}, {script}", lent.client.name, own.client.name);
                add(what, lent.ratio(own, script), LENT);
            }
        }
    }
    for own in [tokio, tokio_lent, async_std, async_std_lent].into_iter().flatten() {
        let most = match own.client.role {
            Role::OwnLent => ALLOCATIONS_LENT,
            _ => ALLOCATIONS,
        };
        for script in COUNTED.into_iter().filter(|script| wanted(script)) {
            let what = format!("{}, allocations, {script}", own.client.name);
            add(what, own.allocations(script), most);
        }
        if let Some(floor) = contest.lane(own.client.floor)
            && contest.effort.paced_rounds > 0
        {
            let what = format!("{} ÷ {}, paced", own.client.name, own.client.floor);
            add(what, own.paced_ratio(floor), PACED);
        }
    }
    for &(count, _) in &contest.effort.streams {
        for (name, most) in ["reqwest-raw", "eventsrc-client"].into_iter().zip(MEMORY) {
            if let (Some(own), Some(other)) = (tokio, contest.lane(name)) {
                let both = own.memory(count).zip(other.memory(count));
                let what = format!("sse-tokio ÷ {name}, memory of {count} streams");
                add(what, both.map(|(own, other)| own / other), most);
            }
        }
        if let Some(own) = async_std {
            let what = format!("sse-async-std, KiB a stream of {count}");
            add(what, own.memory(count), MEMORY_ASYNC_STD);
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{Effort, Lane};
    use crate::{roster, script};

    /// What is judged if nobody has any figure.
    fn failed(clients: &[&str], scripts: &[&'static str], cpu: bool) -> Vec<String> {
        let asked = |client: &roster::Client| clients.is_empty() || clients.contains(&client.name);
        let streams = if cpu { Vec::new() } else { vec![(1000, 3), (5000, 1)] };
        let paced_rounds = usize::from(!cpu);
        let effort = Effort { rounds: 1, share: 1, streams, paced_rounds, paced_events: 1 };
        let lanes = roster::ALL.into_iter().filter(asked).map(Lane::new).collect();
        let verdicts = judge(&Contest { lanes, scripts: scripts.into(), effort });
        assert!(verdicts.iter().all(|verdict| !verdict.passes()));
        verdicts.into_iter().map(|verdict| verdict.what).collect()
    }

    #[test]
    fn what_failed_is_judged() {
        let scripts = script::ALL.map(|script| script.name);
        // Of six scripts: floor, and tiny events above it; peers; lent events; allocations; paced; memory.
        let all = 2 * 5 + 2 + 4 * 6 + 2 * 3 + 4 * 2 + 4 + 2 * 3;
        assert_eq!(failed(&[], &scripts, false).len(), all);
        assert_eq!(failed(&[], &scripts, true).len(), all - 4 - 2 * 3);
    }

    #[test]
    fn who_was_not_asked_for_is_not_judged() {
        assert_eq!(
            failed(&["sse-tokio"], &["wiki-1", "llm-1"], true),
            ["sse-tokio, allocations, llm-1", "sse-tokio, allocations, wiki-1"]
        );
        assert_eq!(
            failed(&["reqwest-raw", "sse-tokio", "sseer"], &["llm-10"], true),
            ["sse-tokio ÷ floor, llm-10", "sse-tokio ÷ a peer, llm-10"]
        );
        assert!(failed(&["reqwest-raw", "sseer", "h1-surf-sse"], &["llm-1"], false).is_empty());
    }

    #[test]
    fn allocations_are_those_of_their_script() {
        let mut lane = Lane::new(roster::ALL[1]);
        lane.allocations = vec![("wiki-1", 2.0), ("llm-1", 1.0)];
        assert_eq!(COUNTED.map(|script| lane.allocations(script)), [Some(1.0), Some(2.0)]);
    }

    #[test]
    fn every_script_has_a_bar() {
        for (script, bar) in script::ALL.iter().zip(BARS) {
            assert_eq!(script.name, bar.script);
        }
    }
}

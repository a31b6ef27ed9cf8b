//! What the adapters are expected to reach, from a study of the limit, less a little.

use crate::contest::{COUNTED, Contest, Lane};
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
    /// The figure.
    pub figure: f64,
    /// The bar.
    pub bar: f64,
}

impl Verdict {
    /// Whether it is reached.
    pub fn passes(&self) -> bool {
        self.figure <= self.bar
    }
}

/// Every figure that has a bar and was measured.
pub fn judge(contest: &Contest) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut add = |what: String, figure: Option<f64>, bar: f64| {
        verdicts.extend(figure.filter(|_| bar.is_finite()).map(|figure| Verdict {
            what,
            figure,
            bar,
        }));
    };
    let [tokio, tokio_lent, async_std, async_std_lent] =
        ["sse-tokio", "sse-tokio-ref", "sse-async-std", "sse-async-std-ref"]
            .map(|name| contest.lane(name));
    let floor = contest.lane("reqwest-raw");
    for bar in BARS {
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
                && let Some(best) = contest.best_peer(own, script)
            {
                let (name, peer) = (own.client.name, best.client.name);
                add(format!("{name} ÷ {peer}, {script}"), own.ratio(best, script), most);
            }
        }
    }
    for (lent, own) in [(tokio_lent, tokio), (async_std_lent, async_std)] {
        for script in SHARED {
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
        for (script, calls) in COUNTED.into_iter().zip(&own.allocations) {
            add(format!("{}, allocations, {script}", own.client.name), Some(*calls), most);
        }
        let paced = contest.lane(own.client.floor).and_then(|floor| own.paced_ratio(floor));
        add(format!("{} ÷ {}, paced", own.client.name, own.client.floor), paced, PACED);
    }
    let streams = contest.lanes.first().map_or(&[][..], |lane| &lane.memory);
    for &(count, _) in streams {
        let memory = |lane: Option<&Lane>| lane.and_then(|lane| lane.memory(count));
        for (name, most) in ["reqwest-raw", "eventsrc-client"].into_iter().zip(MEMORY) {
            let ratio =
                memory(tokio).zip(memory(contest.lane(name))).map(|(own, other)| own / other);
            add(format!("sse-tokio ÷ {name}, memory of {count} streams"), ratio, most);
        }
        let own = memory(async_std);
        add(format!("sse-async-std, KiB a stream of {count}"), own, MEMORY_ASYNC_STD);
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script;

    #[test]
    fn every_script_has_a_bar() {
        for (script, bar) in script::ALL.iter().zip(BARS) {
            assert_eq!(script.name, bar.script);
        }
    }
}

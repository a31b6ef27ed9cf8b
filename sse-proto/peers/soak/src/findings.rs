//! What a run must show.

use crate::ledger::Tally;
use crate::run::{ADAPTERS, Run, Sample};

/// The longest that a client may be without an event, in milliseconds. Half of the connections break before their first
/// event, and three of four before one of 4.5 KB; some are found out after the idle time-out of two seconds.
/// The longer the run, the longer the worst luck in it: a tenth of the run where that is more.
const SILENCE: u64 = 60_000;

/// What memory may grow by from the end of the warm-up to the end: this share of its mean, and at least so many KiB.
/// An allocator's pages are not flat to the byte.
const GROWTH: f64 = 0.05;
const LEAST_GROWTH: f64 = 1024.0;

/// What may still be allocated after the last client is gone, in bytes: what the runtimes keep.
const LEFT: u64 = 512 * 1024;

/// How long memory is left out of account, in seconds.
const WARM_UP: f64 = 60.0;

/// The shortest time after it that says something about memory.
const SHORTEST: f64 = 50.0;

/// One thing that must hold.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) what: String,
    pub(crate) found: String,
    pub(crate) right: bool,
}

/// Everything that must hold, and whether it does.
pub(crate) fn judge(run: &Run) -> Vec<Finding> {
    let mut findings = vec![];
    let mut add = |what: String, found: String, right| {
        findings.push(Finding { what, found, right });
    };
    let sum = |of: fn(&Tally) -> u64| run.tallies.iter().map(of).sum::<u64>();
    for (what, count) in [
        ("no event is lost", sum(|t| t.lost)),
        ("no event comes twice or late", sum(|t| t.duplicated)),
        ("no event has another's data, type or id", sum(|t| t.wrong)),
        ("no stream ends by itself", sum(|t| t.ended)),
    ] {
        add(what.to_owned(), count.to_string(), count == 0);
    }
    let fewest = run.tallies.iter().map(|t| t.fewest).min().unwrap_or(0);
    // In a short run a client may be out of luck all the time.
    let short = run.samples.last().is_none_or(|last| last.at * 1000.0 < SILENCE as f64);
    let lucky = short && run.tallies.iter().all(|tally| tally.events > 0);
    let what = "every client gets events".to_owned();
    add(what, format!("{fewest} at least"), fewest > 0 || lucky);
    let silence = run.tallies.iter().map(|t| t.silence).max().unwrap_or(0);
    let length = run.samples.last().map_or(0, |last| (last.at * 1000.0) as u64);
    let limit = SILENCE.max(length / 10);
    let what = format!("no client is without an event for {} s", limit / 1000);
    add(what, format!("{:.1} s at most", silence as f64 / 1000.0), silence < limit);
    for (at, adapter) in ADAPTERS.into_iter().enumerate() {
        let reconnections = run.tallies[at].reconnections();
        add(format!("{adapter}: connections break"), reconnections.to_string(), reconnections > 0);
        add_growth(run, at, &mut add);
        let end = run.ends[at];
        let found = if end.ended { "all" } else { "not all" };
        add(format!("{adapter}: clients end when told to"), found.to_owned(), end.ended);
        let (before, after) = (end.before, end.after);
        add(
            format!("{adapter}: sockets at the end as before the start ({})", before.sockets),
            after.sockets.to_string(),
            after.sockets <= before.sockets,
        );
        let leaked = after.heap.saturating_sub(before.heap);
        let found = format!("{} KiB more", leaked / 1024);
        let what = format!("{adapter}: memory is given back at the end");
        add(what, found, leaked <= LEFT);
    }
    let open = run.deeds.open;
    add(
        "server and proxy see every connection closed".to_owned(),
        format!("{open} open"),
        open == 0,
    );
    findings
}

/// Judges resident and allocated memory: an allocator may keep pages that are free, a leak is in both.
fn add_growth(run: &Run, at: usize, add: &mut impl FnMut(String, String, bool)) {
    type Kib = fn(&Sample, usize) -> u64;
    let resident: Kib = |sample, at| sample.usages[at].rss;
    let allocated: Kib = |sample, at| sample.tallies[at].heap / 1024;
    for (name, of) in [("resident", resident), ("allocated", allocated)] {
        let what = format!("{}: {name} memory is flat after the first minute", ADAPTERS[at]);
        let points = warm(&run.samples).iter().map(|s| (s.at, of(s, at) as f64));
        let points: Vec<(f64, f64)> = points.collect();
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
            add(what, "not judged: the run is too short".to_owned(), true);
            continue;
        };
        if last - first < SHORTEST {
            add(what, "not judged: the run is too short".to_owned(), true);
            continue;
        }
        let (mean, growth) = trend(&points);
        let allowed = (mean * GROWTH).max(LEAST_GROWTH);
        let found = format!(
            "{:+.2} MiB from {first:.0} s to {last:.0} s by least squares; mean {:.1} MiB, {:.1} MiB allowed",
            growth / 1024.0,
            mean / 1024.0,
            allowed / 1024.0,
        );
        add(what, found, growth <= allowed);
    }
}

/// The samples after the warm-up.
fn warm(samples: &[Sample]) -> &[Sample] {
    &samples[samples.partition_point(|sample| sample.at < WARM_UP)..]
}

/// The mean of the values, and by how much their line of least squares rises from the first to the last one.
fn trend(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let x_mean = points.iter().map(|point| point.0).sum::<f64>() / count;
    let y_mean = points.iter().map(|point| point.1).sum::<f64>() / count;
    let (mut over, mut under) = (0.0, 0.0);
    for (x, y) in points {
        over += (x - x_mean) * (y - y_mean);
        under += (x - x_mean).powi(2);
    }
    let (Some(first), Some(last), true) = (points.first(), points.last(), under > 0.0) else {
        return (y_mean, 0.0);
    };
    (y_mean, over / under * (last.0 - first.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Deeds;
    use crate::run::{End, Held};
    use crate::usage::Usage;

    /// A run of ten minutes in which nothing is wrong.
    fn good() -> Run {
        let tally = Tally { clients: 1, events: 9, opens: 3, fewest: 9, ..Tally::default() };
        let usage = Usage { rss: 20_000, sockets: 1, cpu: 1.0 };
        let held = Held { sockets: 2, heap: 1_000_000 };
        let sample = |at| Sample { at, usages: [usage; 2], ..Sample::default() };
        Run {
            samples: (1..=600).map(|second| sample(f64::from(second))).collect(),
            tallies: [tally; 2],
            ends: [End { ended: true, before: held, after: held }; 2],
            deeds: Deeds::default(),
        }
    }

    fn wrong(run: &Run) -> Vec<String> {
        judge(run).into_iter().filter(|f| !f.right).map(|f| f.what).collect()
    }

    #[test]
    fn a_good_run_passes() {
        assert_eq!(wrong(&good()), [""; 0]);
    }

    #[test]
    fn memory_that_creeps_is_found() {
        let mut run = good();
        for sample in &mut run.samples {
            // 6 KiB a second are 3.2 MiB in nine minutes.
            sample.usages[1].rss += 6 * sample.at as u64;
        }
        assert_eq!(wrong(&run), ["sse-async-std: resident memory is flat after the first minute"]);
    }

    #[test]
    fn memory_that_grows_in_the_first_minute_alone_is_flat() {
        let mut run = good();
        for sample in run.samples.iter_mut().filter(|sample| sample.at < 60.0) {
            sample.usages[0].rss = 100 * sample.at as u64;
        }
        assert_eq!(wrong(&run), [""; 0]);
    }

    #[test]
    fn a_client_without_events_is_wrong_unless_the_run_is_short() {
        let mut run = good();
        run.tallies[1].fewest = 0;
        assert_eq!(wrong(&run), ["every client gets events"]);
        run.samples.truncate(10);
        assert_eq!(wrong(&run), [""; 0]);
        run.tallies[1].events = 0;
        assert_eq!(wrong(&run), ["every client gets events"]);
    }

    #[test]
    fn each_fault_is_found() {
        type Spoil = fn(&mut Run);
        let spoils: [(Spoil, &str); 11] = [
            (|run| run.tallies[0].lost = 1, "no event is lost"),
            (|run| run.tallies[1].duplicated = 1, "no event comes twice or late"),
            (|run| run.tallies[0].wrong = 1, "no event has another's data, type or id"),
            (|run| run.tallies[1].ended = 1, "no stream ends by itself"),
            (|run| run.tallies[0].fewest = 0, "every client gets events"),
            (|run| run.tallies[1].silence = 60_000, "no client is without an event for 60 s"),
            (|run| run.tallies[0].opens = 1, "sse-tokio: connections break"),
            (|run| run.ends[1].ended = false, "sse-async-std: clients end when told to"),
            (
                |run| run.ends[0].after.sockets = 3,
                "sse-tokio: sockets at the end as before the start (2)",
            ),
            (
                |run| run.ends[1].after.heap = 2_000_000,
                "sse-async-std: memory is given back at the end",
            ),
            (|run| run.deeds.open = 1, "server and proxy see every connection closed"),
        ];
        for (spoil, what) in spoils {
            let mut run = good();
            spoil(&mut run);
            assert_eq!(wrong(&run), [what]);
        }
    }
}

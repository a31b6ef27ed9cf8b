//! Tables in Markdown.

use sse_peers::report::table::Report;

use crate::bars::Verdict;
use crate::contest::{COUNTED, Contest, Lane};
use crate::roster::Role;
use crate::streams::Streams;

/// What stands where there is no figure.
const NONE: &str = "–";

/// Everything about every client, in one table.
pub fn clients(report: &mut Report, contest: &Contest) {
    report.line("CPU µs an event (× the bare HTTP client, + µs above it); KiB a stream; lags of a paced stream in µs.");
    report.line("CPU is the lowest decile of the rounds; memory and lags are medians.\n");
    let mut head = vec!["client".to_owned()];
    head.extend(contest.scripts.iter().map(|script| (*script).to_owned()));
    head.push("allocations an event".to_owned());
    let counts = contest.effort.streams.iter().map(|(count, _)| *count);
    head.extend(counts.clone().map(|count| format!("KiB, {count} streams")));
    head.extend(["paced: p50, p99", "paced CPU"].map(str::to_owned));
    report.head(&head);
    for lane in &contest.lanes {
        let floor = contest.lane(lane.client.floor);
        let title = lane.client.title;
        let mut cells = vec![match lane.client.role {
            Role::Own | Role::OwnLent => format!("**{title}**"),
            Role::Floor => format!("*{title}*"),
            Role::Peer => title.to_owned(),
        }];
        cells.extend(contest.scripts.iter().map(|script| cost(lane, floor, script)));
        let calls = COUNTED.into_iter().filter_map(|script| lane.allocations(script));
        let calls: Vec<String> = calls.map(|calls| format!("{calls:.2}")).collect();
        cells.push(if calls.is_empty() { NONE.to_owned() } else { calls.join(", ") });
        cells.extend(counts.clone().map(|count| figure(lane.memory(count), 1)));
        let lags = lane.lags().map(|[median, late]| format!("{median:.0}, {late:.0}"));
        cells.push(lags.unwrap_or_else(|| NONE.to_owned()));
        let paced = floor.and_then(|floor| lane.paced_ratio(floor));
        cells.push(paced.map_or(NONE.to_owned(), |ratio| format!("× {ratio:.2}")));
        report.row(&cells);
    }
    report.line("");
    for lane in &contest.lanes {
        if let Some(wrong) = &lane.wrong {
            report.line(&format!("- {} is out: {wrong}", lane.client.name));
        }
    }
    report.line("");
}

/// A client's cost on a script, beside its floor's.
fn cost(lane: &Lane, floor: Option<&Lane>, script: &str) -> String {
    let Some(cpu) = lane.cpu(script) else { return NONE.to_owned() };
    let digits = if cpu < 0.1 { 3 } else { 2 };
    let above = floor.filter(|floor| floor.client != lane.client).and_then(|floor| {
        let (ratio, above) = (lane.ratio(floor, script)?, lane.above(floor, script)?);
        Some(format!(" (× {ratio:.2}, + {above:.digits$})"))
    });
    format!("{cpu:.digits$}{}", above.unwrap_or_default())
}

/// A figure, if there is one.
fn figure(figure: Option<f64>, digits: usize) -> String {
    figure.map_or(NONE.to_owned(), |figure| format!("{figure:.digits$}"))
}

/// Each bar, and whether it is reached.
pub fn verdicts(report: &mut Report, verdicts: &[Verdict]) {
    if verdicts.is_empty() {
        return;
    }
    report.head(&["figure", "measured", "at most", ""].map(str::to_owned));
    for verdict in verdicts {
        let passes = verdict.passes();
        report.misses += usize::from(!passes);
        report.row(&[
            verdict.what.clone(),
            figure(verdict.figure, 3),
            verdict.bar.to_string(),
            if passes { "✓".to_owned() } else { "**✗**".to_owned() },
        ]);
    }
    report.line("");
}

/// Thousands of streams at once.
pub fn streams(report: &mut Report, all: &[Streams]) {
    let head = [
        "adapter",
        "streams",
        "seconds",
        "opened",
        "lost",
        "fewest heartbeats",
        "CPU ms a second",
        "KiB a stream",
        "all closed after",
        "",
    ];
    report.head(&head.map(str::to_owned));
    for streams in all {
        let closed = streams.closed_in.map(|time| format!("{} ms", time.as_millis()));
        report.row(&[
            streams.client.title.to_owned(),
            streams.count.to_string(),
            streams.seconds.to_string(),
            streams.opened.to_string(),
            streams.lost.to_string(),
            streams.fewest.to_string(),
            format!("{:.1}", streams.load),
            format!("{:.1}", streams.memory),
            closed.unwrap_or_else(|| NONE.to_owned()),
            if streams.wrong.is_empty() {
                "✓".to_owned()
            } else {
                format!("✗ {}", streams.wrong.join(", "))
            },
        ]);
    }
    report.line("");
}

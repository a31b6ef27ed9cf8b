//! The report in Markdown.

use std::fmt::Write;

use crate::Options;
use crate::findings::Finding;
use crate::run::{ADAPTERS, Run, mib};

/// What was run, what must hold, and the figures.
pub(crate) fn write(options: &Options, run: &Run, findings: &[Finding]) -> String {
    let mut text = String::new();
    let right = findings.iter().all(|finding| finding.right);
    let verdict = if right { "Everything held." } else { "**Not everything held.**" };
    line(&mut text, "# Soak\n");
    line(
        &mut text,
        &format!(
            "{} clients, half of them of each adapter, for {}: each follows a stream of its own, an event every {}, \
             over a proxy that cuts, delays and resets at random bytes (seed {}). {verdict}\n",
            options.clients,
            humantime::format_duration(options.duration),
            humantime::format_duration(options.pace),
            options.seed,
        ),
    );
    line(&mut text, &format!("The machine runs {} threads at once.\n", threads()));
    line(&mut text, "| must hold | found | |\n|---|---|---|");
    for Finding { what, found, right } in findings {
        let mark = if *right { "✓" } else { "✗" };
        line(&mut text, &format!("| {what} | {found} | {mark} |"));
    }
    text.push('\n');
    figures(&mut text, run);
    faults(&mut text, run);
    if let Some(name) = options.svg.as_ref().and_then(|path| path.file_name()?.to_str()) {
        line(
            &mut text,
            &format!("\n![Memory, sockets, reconnections and events over time]({name})"),
        );
    }
    text
}

fn figures(text: &mut String, run: &Run) {
    let [tokio, async_std] = ADAPTERS;
    line(text, &format!("| | {tokio} | {async_std} |\n|---|--:|--:|"));
    let mut row = |what: &str, of: &dyn Fn(usize) -> String| {
        line(text, &format!("| {what} | {} | {} |", of(0), of(1)));
    };
    let tally = |at: usize| run.tallies[at];
    let last = run.samples.last().copied().unwrap_or_default();
    let most =
        |of: &dyn Fn(&crate::run::Sample) -> u64| run.samples.iter().map(of).max().unwrap_or(0);
    row("clients", &|at| tally(at).clients.to_string());
    row("events", &|at| tally(at).events.to_string());
    row("events a second", &|at| format!("{:.0}", last.tallies[at].events as f64 / last.at));
    row("reconnections", &|at| tally(at).reconnections().to_string());
    row("attempts that failed, connections that were lost", &|at| tally(at).losses.to_string());
    row("lost, duplicated", &|at| format!("{}, {}", tally(at).lost, tally(at).duplicated));
    row("longest time without an event", &|at| {
        format!("{:.1} s", tally(at).silence as f64 / 1000.0)
    });
    row("allocated memory before, at the end, after", &|at| {
        let [before, after] = [run.ends[at].before.heap, run.ends[at].after.heap];
        let [before, end, after] =
            [before, last.tallies[at].heap, after].map(|heap| mib(heap / 1024));
        format!("{before:.1} MiB, {end:.1} MiB, {after:.1} MiB")
    });
    row("resident memory at the end, at most", &|at| {
        let most = most(&|sample| sample.usages[at].rss);
        format!("{:.1} MiB, {:.1} MiB", mib(last.usages[at].rss), mib(most))
    });
    row("sockets before, at most, after", &|at| {
        let most = most(&|sample| sample.usages[at].sockets);
        format!("{}, {most}, {}", run.ends[at].before.sockets, run.ends[at].after.sockets)
    });
    row("CPU time", &|at| {
        let cpu = last.usages[at].cpu;
        format!("{cpu:.1} s, {:.0} µs an event", cpu * 1e6 / tally(at).events.max(1) as f64)
    });
}

fn faults(text: &mut String, run: &Run) {
    let deeds = run.deeds;
    let last = run.samples.last().copied().unwrap_or_default();
    line(
        text,
        &format!(
            "\nThe proxy took {} connections: it refused {}, closed {} and reset {} at a random byte, let {} fall silent \
             there, and held {} pieces back for up to 100 ms; the rest ended with the server's answer or with their client. {} \
             requests reached the server. Server and proxy used {:.1} s of CPU and {:.1} MiB, which grow with the requests \
             that the server remembers.",
            deeds.connections,
            deeds.refused,
            deeds.closed,
            deeds.reset,
            deeds.stalled,
            deeds.delays,
            deeds.requests,
            last.network.cpu,
            mib(last.network.rss),
        ),
    );
}

fn line(text: &mut String, line: &str) {
    // Writing to a string never fails.
    let _ = writeln!(text, "{line}");
}

/// How many threads run at once here.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

//! Tables in Markdown.

use std::fmt::Write as _;

use crate::bars;
use crate::candidate::{Candidate, version};
use crate::check::Verdict;
use crate::corpus;
use crate::encoding::Encoding;
use crate::timing::{Heat, geometric_mean};

/// What stands where there is no figure.
const NONE: &str = "–";

/// Text, and how many figures in it miss their bar.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Markdown.
    pub text: String,
    /// Figures that are marked.
    pub misses: usize,
}

impl Report {
    /// A line of text.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A row of a table.
    pub fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    /// The first two rows of a table; the first column is text, the others are numbers.
    pub fn head(&mut self, cells: &[String]) {
        self.row(cells);
        self.line(&format!("|---{}|", "|--:".repeat(cells.len() - 1)));
    }

    /// A figure that should be at least so large; 0 is no bar. One that is missing misses its bar.
    fn at_least(&mut self, figure: Option<f64>, bar: f64) -> String {
        let text = figure.map_or(NONE.to_owned(), |figure| format!("{figure:.2}"));
        if bar == 0.0 || figure.is_some_and(|figure| figure >= bar) {
            return text;
        }
        self.misses += 1;
        format!("**{text}** ✗ {bar}")
    }

    /// A figure that should be at most so large.
    pub fn at_most(&mut self, figure: f64, bar: f64, digits: usize) -> String {
        if figure <= bar {
            return format!("{figure:.digits$}");
        }
        self.misses += 1;
        format!("**{figure:.digits$}** ✗ {bar}")
    }
}

/// Everything about time, a table for each chunk size.
pub fn speeds(heats: &[Heat]) -> Report {
    let mut report = Report::default();
    let mut chunks: Vec<usize> = heats.iter().map(|heat| heat.chunk).collect();
    chunks.sort_unstable();
    chunks.dedup();
    for chunk in chunks {
        let heats: Vec<&Heat> = heats.iter().filter(|heat| heat.chunk == chunk).collect();
        chunk_table(&mut report, chunk, &heats);
    }
    for heat in heats {
        for lane in heat.lanes.iter().filter(|lane| lane.verdict != Verdict::Right) {
            let name = lane.candidate.name();
            let _ = writeln!(
                report.text,
                "- {name} on {} at {} B: {}",
                heat.corpus, heat.chunk, lane.verdict
            );
        }
    }
    report
}

/// Ratios of one corpus, or their means.
#[derive(Clone, Copy, Debug, Default)]
struct Ratios {
    /// Borrowed ÷ fastest right peer.
    borrowed: Option<f64>,
    /// Borrowed ÷ floor.
    share: Option<f64>,
    /// Owned ÷ fastest right peer.
    owned: Option<f64>,
}

/// The ratios of a heat.
fn ratios(heat: &Heat) -> Ratios {
    let ratio = |candidate, other: Option<&_>| {
        heat.lane(candidate).zip(other).map(|(own, other)| own.faster_than(other))
    };
    let (best, floor) = (heat.best_peer(), heat.lane(Candidate::Memchr));
    Ratios {
        borrowed: ratio(Candidate::ProtoBorrowed, best),
        share: ratio(Candidate::ProtoBorrowed, floor),
        owned: ratio(Candidate::ProtoOwned, best),
    }
}

/// The bars of a heat's ratios, but for those of which a side was not asked for.
fn wanted(heat: &Heat) -> bars::Ratios {
    let bars = bars::ratios(heat.corpus, heat.chunk);
    let bar = |own, other: fn(Candidate) -> bool, bar| {
        if heat.tries(|candidate| candidate == own) && heat.tries(other) { bar } else { 0.0 }
    };
    bars::Ratios {
        borrowed: bar(Candidate::ProtoBorrowed, Candidate::is_peer, bars.borrowed),
        share: bar(Candidate::ProtoBorrowed, |other| other == Candidate::Memchr, bars.share),
        owned: bar(Candidate::ProtoOwned, Candidate::is_peer, bars.owned),
    }
}

/// The table of a chunk size.
fn chunk_table(report: &mut Report, chunk: usize, heats: &[&Heat]) {
    report.line(&format!("### Chunks of {chunk} bytes, MB/s\n"));
    let peers: Vec<Candidate> = Candidate::ALL.into_iter().filter(|c| c.is_peer()).collect();
    let mut head: Vec<String> =
        ["corpus", "memchr", "**borrowed**", "share", "÷ best", "**owned**", "÷ best", "best peer"]
            .map(str::to_owned)
            .into();
    head.extend(peers.iter().map(|peer| peer.name().to_owned()));
    report.head(&head);

    let mut means = [Vec::new(), Vec::new()];
    for heat in heats {
        let ratios = ratios(heat);
        means[0].extend(ratios.borrowed);
        means[1].extend(ratios.owned);
        let bar = wanted(heat);
        let mut cells = vec![heat.corpus.to_string(), speed(heat, Candidate::Memchr)];
        cells.push(own_speed(report, heat, Candidate::ProtoBorrowed));
        cells.push(report.at_least(ratios.share, bar.share));
        cells.push(report.at_least(ratios.borrowed, bar.borrowed));
        cells.push(own_speed(report, heat, Candidate::ProtoOwned));
        cells.push(report.at_least(ratios.owned, bar.owned));
        cells.push(heat.best_peer().map_or(NONE, |lane| lane.candidate.name()).to_owned());
        cells.extend(peers.iter().map(|&peer| speed(heat, peer)));
        report.row(&cells);
    }
    means_row(report, chunk, &means);
    report.line("");
}

/// The geometric means. They are held against their bars only if no corpus is missing.
fn means_row(report: &mut Report, chunk: usize, means: &[Vec<f64>; 2]) {
    let bars = bars::means(chunk).unwrap_or_default();
    let mut mean = |at: usize| {
        let figure = (!means[at].is_empty()).then(|| geometric_mean(&means[at]));
        let complete = means[at].len() == corpus::ALL.len();
        report.at_least(figure, if complete { bars[at] } else { 0.0 })
    };
    let (borrowed, owned) = (mean(0), mean(1));
    report.line(&format!("| geometric mean | | | | {borrowed} | | {owned} | |"));
}

/// MB/s of a candidate.
fn speed(heat: &Heat, candidate: Candidate) -> String {
    heat.lane(candidate).map_or(NONE.to_owned(), |lane| format!("{:.0}", heat.speed(lane)))
}

/// The same of sse-proto, which misses if it is not right: whatever it is held against, there is no figure.
fn own_speed(report: &mut Report, heat: &Heat, own: Candidate) -> String {
    let failed = heat.tries(|candidate| candidate == own) && heat.lane(own).is_none();
    report.misses += usize::from(failed);
    if failed { format!("**{NONE}** ✗") } else { speed(heat, own) }
}

/// The encoders.
pub fn encoders(encodings: &[Encoding]) -> Report {
    let mut report = Report::default();
    report.line("### Encoders, MB/s of the output\n");
    let head =
        ["corpus", "sse-proto, 16 KiB a `take`", "sse-proto, a `take` an event", "sse-stream"];
    report.head(&head.map(str::to_owned));
    for encoding in encodings {
        let mut cells = vec![encoding.corpus.to_string()];
        for times in [&encoding.batch, &encoding.single, &encoding.peer] {
            let mut times = times.clone();
            times.sort_unstable();
            let median = times[times.len() / 2].as_secs_f64();
            cells.push(format!("{:.0}", encoding.len as f64 / median / 1e6));
        }
        report.row(&cells);
    }
    report.line("");
    report
}

/// The corpora and the candidates' versions.
pub fn legend() -> String {
    let mut text = String::new();
    for (key, name, _) in corpus::ALL {
        let _ = writeln!(text, "- **{key}** {name}");
    }
    let peers = Candidate::ALL.into_iter().filter(|candidate| candidate.is_peer());
    let names: Vec<String> = peers
        .map(|peer| format!("{} {}", peer.name(), version(peer.name()).unwrap_or_default()))
        .collect();
    let _ = writeln!(text, "\nPeers: {}.\n", names.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::timing::Lane;

    /// The misses of a heat in which everybody takes as long, and sse-proto is right or not.
    fn misses(candidates: &[Candidate], own: &Verdict) -> usize {
        let lane = |&candidate: &Candidate| {
            let is_own = candidate.name().starts_with("proto");
            let verdict = if is_own { own.clone() } else { Verdict::Right };
            let right = verdict == Verdict::Right;
            let times = if right { vec![Duration::from_millis(1)] } else { Vec::new() };
            Lane { candidate, verdict, times }
        };
        let lanes = candidates.iter().map(lane).collect();
        speeds(&[Heat { corpus: 'a', chunk: 1460, len: 1000, lanes }]).misses
    }

    #[test]
    fn who_is_not_right_misses() {
        let wrong = Verdict::Wrong("another hash".to_owned());
        for verdict in [wrong, Verdict::TooSlow] {
            // Two without a figure, and their three ratios.
            assert_eq!(misses(&Candidate::ALL, &verdict), 5, "{verdict}");
            assert_eq!(misses(&[Candidate::ProtoOwned], &verdict), 1, "{verdict}");
        }
    }

    #[test]
    fn who_was_not_asked_for_misses_nothing() {
        use Candidate::{Memchr, ProtoBorrowed, ProtoOwned, SseCore};
        assert_eq!(misses(&[Memchr, ProtoBorrowed, ProtoOwned], &Verdict::Right), 0);
        assert_eq!(misses(&[Memchr, SseCore], &Verdict::Right), 0);
        // As fast as the peer is not enough.
        assert_eq!(misses(&[Memchr, ProtoBorrowed, SseCore], &Verdict::Right), 1);
    }

    #[test]
    fn no_number_reaches_no_bar() {
        let mut report = Report::default();
        report.at_least(Some(f64::NAN), 1.0);
        assert_eq!(report.misses, 1);
    }
}

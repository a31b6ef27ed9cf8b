//! Counts sse-proto's instructions under callgrind and holds them against their ceilings.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};
use sse_peers::bars;
use sse_peers::candidate::Candidate;
use sse_peers::corpus;
use sse_peers::instructions::{Case, Count, valgrind_is_installed};
use sse_peers::machine;
use sse_peers::report::table::Report;

/// Counts instructions an event, and exits with 1 if a count is over its ceiling.
#[derive(Debug, Parser)]
struct Options {
    /// Corpora by their letters.
    #[arg(long, value_delimiter = ',', value_parser = corpus::key)]
    #[arg(default_value = "a,b,c,d,e,f,g,h,i")]
    corpora: Vec<char>,
    /// Chunk sizes in bytes.
    #[arg(long, value_delimiter = ',', default_value = "1460,16384")]
    chunks: Vec<usize>,
    /// Leaves out the growth of a long line, which takes longest.
    #[arg(long)]
    no_growth: bool,
    /// What to do instead.
    #[command(subcommand)]
    command: Option<Other>,
}

/// What else this program does.
#[derive(Debug, Subcommand)]
enum Other {
    /// Shows which functions the instructions are in, and leaves callgrind's file behind for other tools.
    Profile {
        /// The corpus.
        #[arg(value_parser = corpus::key)]
        corpus: char,
        /// Bytes a chunk.
        chunk: usize,
        /// Whose decoder.
        #[arg(default_value = "proto-borrowed", value_parser = Candidate::from_name)]
        candidate: Candidate,
        /// Where callgrind's file goes.
        #[arg(long, default_value = "callgrind.out.peers")]
        file: PathBuf,
    },
    /// What runs under valgrind.
    #[command(hide = true)]
    Child {
        /// The corpus.
        #[arg(value_parser = corpus::key)]
        corpus: char,
        /// Its size in bytes.
        size: usize,
        /// Bytes a chunk.
        chunk: usize,
        /// Whose decoder.
        #[arg(value_parser = Candidate::from_name)]
        candidate: Candidate,
    },
}

/// The size of the corpora: every count is divided by the events, so a small one will do.
const SIZE: usize = 1 << 20;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    if let Some(Other::Child { corpus, size, chunk, candidate }) = options.command {
        println!("{}", Case { corpus, size, chunk, candidate }.decode());
        return Ok(ExitCode::SUCCESS);
    }
    if !valgrind_is_installed() {
        println!("skipped: valgrind is not installed");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(Other::Profile { corpus, chunk, candidate, file }) = options.command {
        return profile(Case { corpus, size: SIZE, chunk, candidate }, &file);
    }
    if !machine::counts_are_comparable() {
        println!("skipped: the ceilings are for x86-64 with AVX2");
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    report.line(&format!("{}\n", machine::describe()));
    let mut over = events(&options, &mut report)?;
    if !options.no_growth {
        over.extend(growth(&mut report)?);
    }
    println!("{}", report.text);
    for row in &over {
        println!("over its ceiling: {row}");
    }
    if over.is_empty() {
        println!("All are within their ceilings.");
    }
    Ok(ExitCode::from(u8::from(!over.is_empty())))
}

/// Runs a case without keeping the profile.
fn count(case: Case) -> Result<Count, Box<dyn Error>> {
    let Case { corpus, size, chunk, candidate } = case;
    eprintln!("{corpus}, {size} B, at {chunk} B, {}", candidate.name());
    Ok(case.count(Path::new("/dev/null"))?)
}

/// Instructions an event, and for the long line a MiB; gives the rows that are over their ceilings.
fn events(options: &Options, report: &mut Report) -> Result<Vec<String>, Box<dyn Error>> {
    let mut over = Vec::new();
    report.line("Instructions an event of sse-proto; `f` a MiB.\n");
    let mut head = vec!["corpus".to_owned(), "bars".to_owned()];
    for chunk in &options.chunks {
        head.extend(["borrowed", "owned"].map(|mode| format!("{mode}, {chunk} B")));
    }
    report.head(&head);
    for (key, ..) in corpus::ALL {
        let Some(bar) = bars::of(key).filter(|_| options.corpora.contains(&key)) else { continue };
        let [borrowed, owned] = bar.instructions;
        let mut cells = vec![key.to_string(), format!("{borrowed} / {owned}")];
        for &chunk in &options.chunks {
            let modes = [Candidate::ProtoBorrowed, Candidate::ProtoOwned];
            let limits = bar.instructions.into_iter().zip(bars::ceiling(bar));
            for (candidate, (expected, ceiling)) in modes.into_iter().zip(limits) {
                let case = Case { corpus: key, size: SIZE, chunk, candidate };
                // The long line is one event of one MiB.
                let figure = count(case)?.per_event();
                if figure > ceiling {
                    let name = candidate.name();
                    over.push(format!("{key} at {chunk} B, {name}: {figure:.0} > {ceiling}"));
                }
                cells.push(report.at_most(figure, expected, 0));
            }
        }
        report.row(&cells);
    }
    report.line("");
    Ok(over)
}

/// How the instructions grow with the length of a line; gives the rows that are over the ceiling.
fn growth(report: &mut Report) -> Result<Vec<String>, Box<dyn Error>> {
    let mut over = Vec::new();
    let ceiling = bars::GROWTH;
    report.line(&format!("One line of 4 MiB ÷ one of 1 MiB, at most {ceiling}.\n"));
    report.head(&["chunk", "borrowed", "instructions a byte"].map(str::to_owned));
    for chunk in [1460, 1] {
        let case = |size| Case { corpus: 'f', size, chunk, candidate: Candidate::ProtoBorrowed };
        let (short, long) = (count(case(1 << 20))?, count(case(4 << 20))?);
        let figure = long.instructions as f64 / short.instructions as f64;
        if figure > ceiling {
            over.push(format!("growth in chunks of {chunk} B: {figure:.2} > {ceiling}"));
        }
        let byte = long.instructions as f64 / f64::from(4 << 20);
        let ratio = report.at_most(figure, ceiling, 2);
        report.row(&[format!("{chunk} B"), ratio, format!("{byte:.2}")]);
    }
    report.line("");
    Ok(over)
}

/// Prints callgrind's own list of functions.
fn profile(case: Case, file: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let count = case.count(file)?;
    println!("{case:?}: {:.0} instructions an event", count.per_event());
    let annotate = ["--auto=no", "--threshold=98"];
    let status = Command::new("callgrind_annotate").args(annotate).arg(file).status()?;
    Ok(ExitCode::from(u8::from(!status.success())))
}

//! The timing run.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sse_peers::candidate::Candidate;
use sse_peers::corpus::{self, Corpus};
use sse_peers::encoding::{self, Encoding};
use sse_peers::machine;
use sse_peers::report::chart;
use sse_peers::report::table::{self, Report};
use sse_peers::timing::Heat;

/// Times sse-proto and other decoders of event streams side by side, and prints Markdown.
///
/// Figures that miss a bar of `bars.rs` are marked with ✗ and the bar.
#[derive(Debug, Parser)]
struct Options {
    /// A look, not a measurement: a quarter of the bytes, chunks of 1460 and 16384 bytes.
    #[arg(long)]
    quick: bool,
    /// Corpora by their letters.
    #[arg(long, value_delimiter = ',', value_parser = corpus::key)]
    #[arg(default_value = "a,b,c,d,e,f,g,h,i")]
    corpora: Vec<char>,
    /// Chunk sizes in bytes; 64, 1460, 16384 and 262144 if nothing else is said.
    #[arg(long, value_delimiter = ',')]
    chunks: Vec<usize>,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Only candidates whose names begin so, such as `proto,memchr`; encoders are `encoders`.
    #[arg(long, value_delimiter = ',', value_parser = beginning)]
    only: Vec<String>,
    /// Draws a bar chart of the ratios at 16384 bytes into this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Writes what is printed into this file as well.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Exits with 1 if any figure misses its bar, or is missing since sse-proto is not right.
    #[arg(long)]
    gate: bool,
}

impl Options {
    /// Whether `--only` lets this one through.
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }

    /// Chunk sizes.
    fn chunks(&self) -> &[usize] {
        match (self.chunks.as_slice(), self.quick) {
            ([], true) => &[1460, 16384],
            ([], false) => &[64, 1460, 16384, 262_144],
            (chunks, _) => chunks,
        }
    }

    /// The corpora that are asked for.
    fn corpora(&self) -> impl Iterator<Item = Corpus> {
        let shift = if self.quick { 18 } else { 20 };
        let wanted = corpus::ALL.into_iter().filter(|(key, ..)| self.corpora.contains(key));
        wanted.map(move |(key, _, size)| Corpus::new(key, size << shift))
    }
}

/// The beginning of a candidate's name, or of `encoders`, from a command line.
fn beginning(text: &str) -> Result<String, String> {
    let mut names = Candidate::ALL.into_iter().map(Candidate::name).chain(["encoders"]);
    let found = names.any(|name| name.starts_with(text));
    if found { Ok(text.to_owned()) } else { Err(format!("no candidate {text}")) }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let mut report = Report::default();
    report.line(&format!("{}\n", machine::describe()));
    report.line(&format!("{} rounds; borrowed and owned are sse-proto.\n", options.rounds));
    report.text.push_str(&table::legend());

    let heats = decode(&options);
    let speeds = table::speeds(&heats);
    report.text.push_str(&speeds.text);
    report.misses += speeds.misses;
    if options.wants("encoders") {
        let wanted = options.corpora().filter(|c| encoding::CORPORA.contains(&c.key));
        let encodings: Vec<_> = wanted.map(|c| Encoding::run(&c, options.rounds.into())).collect();
        report.text.push_str(&table::encoders(&encodings).text);
    }
    report.line(&format!("{} figures miss their bar.", report.misses));
    println!("{}", report.text);

    if let Some(path) = &options.markdown {
        std::fs::write(path, &report.text)?;
    }
    if let Some(path) = &options.svg {
        let heats: Vec<&Heat> = heats.iter().filter(|heat| heat.chunk == 16384).collect();
        if heats.is_empty() {
            return Err("nothing was timed at 16384 bytes, so there is nothing to draw".into());
        }
        chart::draw(path, &heats, "Decoding in chunks of 16 KiB, other crates' best = 1")?;
    }
    Ok(ExitCode::from(u8::from(options.gate && report.misses > 0)))
}

/// Times the decoders, saying on standard error what is being timed.
fn decode(options: &Options) -> Vec<Heat> {
    let candidates: Vec<Candidate> =
        Candidate::ALL.into_iter().filter(|candidate| options.wants(candidate.name())).collect();
    let mut heats = Vec::new();
    if candidates.is_empty() {
        return heats;
    }
    for corpus in options.corpora() {
        for &chunk in options.chunks() {
            eprintln!("{} at {chunk}", corpus.key);
            heats.push(Heat::run(&corpus, chunk, &candidates, options.rounds.into()));
        }
    }
    heats
}

//! Starts the server and the clients, and prints what they cost.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use sse_peers::machine;
use sse_peers::report::table::Report;
use sse_peers_network::contest::{Contest, Effort};
use sse_peers_network::process::{self, Process, Result};
use sse_peers_network::roster::{self, Client};
use sse_peers_network::script::{self, Script};
use sse_peers_network::streams::{self, Streams};
use sse_peers_network::{bars, chart, client, report, server};

/// Measures what reading an event stream costs over real HTTP/1.1, each client in a process of its own, and prints Markdown.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// A look, not a measurement: few rounds of few events, and 50 streams. Nothing is held against its bar.
    #[arg(long, global = true)]
    quick: bool,
    /// Only the adapters and the bare HTTP clients below them, so that no other crate is built.
    #[arg(long, global = true)]
    own: bool,
    /// Rounds, of which the lowest decile counts.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Scripts, such as `llm-1,wiki-16k`; all if nothing else is said.
    #[arg(long, value_delimiter = ',')]
    scripts: Vec<String>,
    /// Only clients whose names begin so, such as `reqwest-raw,sse`.
    #[arg(long, value_delimiter = ',', value_parser = roster::beginning)]
    only: Vec<String>,
    /// Only CPU time and allocations: neither idle nor paced streams.
    #[arg(long)]
    cpu: bool,
    /// Draws a bar chart of the CPU time into this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Writes what is printed into this file as well.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Exits with 1 if any figure misses its bar, or is missing since a client has failed.
    #[arg(long, conflicts_with = "quick")]
    check: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Only thousands of streams at once in each adapter, with a heartbeat each. Exits with 1 if one is lost, or if a socket is
    /// open a second after the drop.
    Streams {
        /// How many.
        #[arg(long, default_value_t = 5000)]
        count: usize,
        /// For how long, after all are open.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// What the other process runs.
    #[command(hide = true)]
    Serve,
}

impl Options {
    fn clients(&self) -> Vec<Client> {
        let named =
            |client: &Client| self.only.iter().any(|only| client.name.starts_with(only.as_str()));
        let wanted = roster::ALL.into_iter().filter(|client| client.always || !self.own);
        wanted.filter(|client| self.only.is_empty() || named(client)).collect()
    }

    fn scripts(&self) -> Result<Vec<Script>> {
        if self.scripts.is_empty() {
            return Ok(script::ALL.into());
        }
        let scripts = self.scripts.iter();
        scripts.map(|name| Script::of(name).ok_or(format!("no script {name}").into())).collect()
    }

    fn effort(&self) -> Effort {
        let mut effort = if self.quick {
            Effort {
                rounds: 2,
                share: 80,
                streams: vec![(50, 1)],
                paced_rounds: 1,
                paced_events: 100,
            }
        } else {
            Effort {
                rounds: self.rounds.into(),
                share: 1,
                streams: vec![(1000, 3), (5000, 1)],
                paced_rounds: 20,
                paced_events: 500,
            }
        };
        if self.cpu {
            effort.streams.clear();
            effort.paced_rounds = 0;
        }
        effort
    }

    /// How many streams are watched, and for how long.
    const fn watched(&self) -> (usize, u64) {
        match self.command {
            _ if self.quick => (50, 4),
            Some(Command::Streams { count, seconds }) => (count, seconds),
            _ => (5000, 60),
        }
    }
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    client::raise_limit();
    if matches!(options.command, Some(Command::Serve)) {
        server::serve()?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("building the clients");
    process::build(options.own)?;
    let (_server, port) = Process::server()?;
    let mut report = Report::default();
    report.line(&format!("{}\n", machine::describe()));
    let mut wrong = false;

    if options.command.is_none() {
        let (clients, scripts, effort) = (options.clients(), options.scripts()?, options.effort());
        let bar = progress(Contest::steps(clients.len(), scripts.len(), &effort));
        let contest = Contest::run(&clients, &scripts, &effort, port, &bar)?;
        bar.finish_and_clear();
        report::clients(&mut report, &contest);
        if !options.quick {
            report::verdicts(&mut report, &bars::judge(&contest));
        }
        if let Some(path) = &options.svg {
            chart::draw(path, &contest)?;
        }
        // What is wrong with another's client, which the report tells, is no fault of this run.
        let mut ours = contest.lanes.iter().filter(|lane| lane.client.role.is_own());
        wrong = ours.any(|lane| lane.wrong.is_some());
    }
    if options.command.is_some() || !options.cpu {
        let (count, seconds) = options.watched();
        let mut all = Vec::new();
        for client in streams::adapters() {
            eprintln!("{count} streams for {seconds} s: {}", client.name);
            all.push(Streams::run(client, count, seconds, port)?);
        }
        report::streams(&mut report, &all);
        wrong |= all.iter().any(|streams| !streams.wrong.is_empty());
    }
    report.line(&format!("{} figures miss their bar.", report.misses));
    println!("{}", report.text);
    if let Some(path) = &options.markdown {
        std::fs::write(path, &report.text)?;
    }
    Ok(ExitCode::from(u8::from(wrong || options.check && report.misses > 0)))
}

/// What shows how far it is, on standard error.
fn progress(steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}, {eta} left");
    ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

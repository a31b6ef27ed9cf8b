//! Follows hundreds of streams with both adapters over a network that breaks, for a given time, and checks that each
//! client gets each event once and in order, that memory stays flat, and that every socket is closed in the end.
//!
//! The clients of each adapter are a process, and server and proxy are a third one, so that the figures of each can be
//! read from `/proc`. This program starts itself for each of them.

mod events;
mod proxy;
mod network;
mod ledger;
mod clients;
mod process;
mod usage;
mod run;
mod findings;
mod plot;
mod report;

use std::alloc::System;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cap::Cap;
use clap::{Parser, Subcommand};

use crate::clients::Adapter;

/// Counts what is allocated.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Follows streams with many clients of both adapters over a network that cuts, delays and resets at random bytes.
///
/// Exits with 1 if an event was lost, came twice or out of order, if memory grew, or if a socket was left open.
#[derive(Debug, Parser)]
struct Options {
    /// How long, such as 30s or 10m.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// How many clients in all; half of them for each adapter.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(2..))]
    clients: u64,
    /// The pause between two events of a stream.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = humantime::parse_duration)]
    pace: Duration,
    /// What the network's faults are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the report into this file as well.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Draws memory, sockets, reconnections and events over time into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this process is, where it was started by another one of its kind.
#[derive(Debug, Subcommand)]
enum Part {
    /// Server and proxy.
    #[command(hide = true)]
    Network { clients: u64, pace_ms: u64, seed: u64 },
    /// The clients of one adapter.
    #[command(hide = true)]
    Clients { adapter: Adapter, url: String, first: u64, count: u64 },
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    match options.part {
        Some(Part::Network { clients, pace_ms, seed }) => {
            network::serve(clients, Duration::from_millis(pace_ms), seed)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Part::Clients { adapter, ref url, first, count }) => {
            clients::serve(adapter, url, first..first + count)?;
            Ok(ExitCode::SUCCESS)
        }
        None => watch(&options),
    }
}

fn watch(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let run = run::run(options)?;
    let findings = findings::judge(&run);
    let report = report::write(options, &run, &findings);
    println!("{report}");
    if let Some(path) = &options.markdown {
        std::fs::write(path, &report)?;
    }
    if let Some(path) = &options.svg {
        plot::draw(path, &run)?;
    }
    let right = findings.iter().all(|finding| finding.right);
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! Everybody's figures: first whether they are right, then rounds in turn, medians.

use indicatif::ProgressBar;

use crate::process::{Process, Result};
use crate::roster::{Client, Role};
use crate::script::Script;
use crate::server::path;

/// The scripts whose allocations are counted.
pub const COUNTED: [&str; 2] = ["llm-1", "wiki-1"];

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Rounds of each script.
    pub rounds: usize,
    /// Runs are so many times as short.
    pub share: usize,
    /// Idle streams, and how often each number is measured.
    pub streams: Vec<(usize, usize)>,
    /// Rounds of the paced stream.
    pub paced_rounds: usize,
    /// Events of the paced stream.
    pub paced_events: usize,
}

/// The figures of one client.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Whose.
    pub client: Client,
    /// CPU microseconds an event: scripts by their name, each with its rounds.
    pub cpu: Vec<(&'static str, Vec<f64>)>,
    /// Allocations an event of the [`COUNTED`] scripts.
    pub allocations: Vec<f64>,
    /// KiB a stream, for each number of streams.
    pub memory: Vec<(usize, Vec<f64>)>,
    /// The paced stream: median lag, 99th percentile, CPU, in microseconds, round by round.
    pub paced: Vec<[f64; 3]>,
    /// What is wrong with it. Its figures end there.
    pub wrong: Option<String>,
}

/// All figures of one run.
#[derive(Clone, Debug)]
pub struct Contest {
    /// In the order of the roster.
    pub lanes: Vec<Lane>,
}

impl Contest {
    /// Measures everything.
    ///
    /// # Errors
    ///
    /// If a process cannot be started. What a client does wrong is among its figures.
    pub fn run(
        clients: &[Client],
        scripts: &[Script],
        effort: &Effort,
        port: u16,
        bar: &ProgressBar,
    ) -> Result<Self> {
        let empty = |&client| Lane {
            client,
            cpu: Vec::new(),
            allocations: Vec::new(),
            memory: Vec::new(),
            paced: Vec::new(),
            wrong: None,
        };
        let mut lanes: Vec<Lane> = clients.iter().map(empty).collect();
        for &script in scripts {
            let blocks = (script.blocks / effort.share).max(1);
            bar.set_message(script.name);
            for lane in &mut lanes {
                lane.cpu.push((script.name, Vec::new()));
            }
            in_turns(&mut lanes, effort.rounds, port, bar, |lane, process, warm_up| {
                let blocks = if warm_up { blocks.div_ceil(8) } else { blocks };
                let [cpu, _] = lane.read(process, script, blocks)?;
                if let (false, Some((_, rounds))) = (warm_up, lane.cpu.last_mut()) {
                    rounds.push(cpu);
                }
                Ok(())
            })?;
            if COUNTED.contains(&script.name) {
                count(&mut lanes, script, blocks, port)?;
            }
        }
        let events = effort.paced_events;
        bar.set_message("paced");
        in_turns(&mut lanes, effort.paced_rounds, port, bar, |lane, process, warm_up| {
            let events = if warm_up { events.div_ceil(20) } else { events };
            let answer = process.ask(&format!("lag /paced/{events}"))?;
            let [count, cpu, median, late] = answer[..] else { return Err("no lag".into()) };
            if count != events as u64 {
                return Err(format!("{count} of {events} paced events").into());
            }
            if !warm_up {
                let [median, late] = [median, late].map(|nanos| nanos as f64 / 1e3);
                lane.paced.push([median, late, cpu as f64 / 1e3 / events as f64]);
            }
            Ok(())
        })?;
        for &(streams, rounds) in &effort.streams {
            bar.set_message(format!("{streams} idle streams"));
            for lane in &mut lanes {
                lane.memory.push((streams, Vec::new()));
            }
            for _ in 0..rounds {
                for lane in &mut lanes {
                    lane.hold(streams, port)?;
                    bar.inc(1);
                }
            }
        }
        Ok(Self { lanes })
    }

    /// How many steps a run of so many clients and scripts takes.
    pub fn steps(clients: usize, scripts: usize, effort: &Effort) -> u64 {
        let holds: usize = effort.streams.iter().map(|(_, rounds)| rounds).sum();
        (clients * (scripts * effort.rounds + effort.paced_rounds + holds)) as u64
    }

    /// A client's figures.
    pub fn lane(&self, name: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.client.name == name)
    }

    /// The cheapest right peer of the same family on a script.
    pub fn best_peer(&self, of: &Lane, script: &str) -> Option<&Lane> {
        let peers = self.lanes.iter().filter(|lane| {
            lane.client.role == Role::Peer && lane.client.family == of.client.family
        });
        let timed = peers.filter_map(|lane| Some((lane.cpu(script)?, lane)));
        timed.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, lane)| lane)
    }
}

/// Starts everybody's process, warms it up, and gives them turns, back and forth, so that nobody always runs behind the same
/// neighbour.
fn in_turns(
    lanes: &mut [Lane],
    rounds: usize,
    port: u16,
    bar: &ProgressBar,
    mut turn: impl FnMut(&mut Lane, &mut Process, bool) -> Result<()>,
) -> Result<()> {
    let mut runners = Vec::new();
    for lane in lanes.iter_mut().filter(|lane| lane.wrong.is_none()) {
        let mut process = Process::client(lane.client, false, port)?;
        if let Err(error) = turn(lane, &mut process, true) {
            lane.wrong = Some(error.to_string());
        }
        runners.push((lane, process));
    }
    for round in 0..rounds {
        let mut take = |(lane, process): &mut (&mut Lane, Process)| {
            if lane.wrong.is_none()
                && let Err(error) = turn(lane, process, false)
            {
                lane.wrong = Some(error.to_string());
            }
            bar.inc(1);
        };
        if round % 2 == 0 {
            runners.iter_mut().for_each(&mut take);
        } else {
            runners.iter_mut().rev().for_each(&mut take);
        }
    }
    Ok(())
}

/// Counts allocations in processes of their own.
fn count(lanes: &mut [Lane], script: Script, blocks: usize, port: u16) -> Result<()> {
    for lane in lanes.iter_mut().filter(|lane| lane.wrong.is_none()) {
        let mut process = Process::client(lane.client, true, port)?;
        let warm = lane.read(&mut process, script, 1);
        match warm.and_then(|_| lane.read(&mut process, script, blocks)) {
            Ok([_, calls]) => lane.allocations.push(calls),
            Err(error) => lane.wrong = Some(error.to_string()),
        }
    }
    Ok(())
}

impl Lane {
    /// CPU microseconds and allocations an event of one response, which must be right.
    fn read(&self, process: &mut Process, script: Script, blocks: usize) -> Result<[f64; 2]> {
        let answer = process.ask(&format!("read {}", path(script, blocks)))?;
        let [events, data, bytes, cpu, calls] = answer[..] else { return Err("no figures".into()) };
        let sent = script.events() * blocks;
        let right = match self.client.role {
            Role::Floor => [0, 0, script.bytes() * blocks],
            Role::Own | Role::OwnLent | Role::Peer => [sent, script.data() * blocks, 0],
        };
        if [events, data, bytes] != right.map(|count| count as u64) {
            let name = script.name;
            return Err(
                format!("{name}: {events} events, {data} bytes instead of {right:?}").into()
            );
        }
        Ok([cpu as f64 / 1e3 / sent as f64, calls as f64 / sent as f64])
    }

    /// What idle streams hold, in a process of their own.
    fn hold(&mut self, streams: usize, port: u16) -> Result<()> {
        if self.wrong.is_some() {
            return Ok(());
        }
        let mut process = Process::client(self.client, false, port)?;
        let warm_up = path(crate::script::ALL[0], 1);
        let answer = process
            .ask(&format!("read {warm_up}"))
            .and_then(|_| process.ask(&format!("hold {streams} /idle/0")));
        match (answer.as_deref(), self.memory.last_mut()) {
            (Ok(&[base, full]), Some((_, rounds))) => {
                rounds.push(full.saturating_sub(base) as f64 / streams as f64);
            }
            (answer, _) => self.wrong = Some(format!("{streams} streams: {answer:?}")),
        }
        Ok(())
    }

    /// CPU microseconds an event: the median of the rounds.
    pub fn cpu(&self, script: &str) -> Option<f64> {
        median(self.rounds(script)?.to_vec())
    }

    fn rounds(&self, script: &str) -> Option<&[f64]> {
        let found = self.cpu.iter().find(|(name, _)| *name == script);
        found.map(|(_, rounds)| rounds.as_slice())
    }

    /// A script's CPU time ÷ another client's: the median of the rounds' ratios.
    pub fn ratio(&self, other: &Self, script: &str) -> Option<f64> {
        self.pairs(other, script, |own, other| own / other)
    }

    /// A script's CPU time above another client's: the median of the rounds' differences.
    pub fn above(&self, other: &Self, script: &str) -> Option<f64> {
        self.pairs(other, script, |own, other| own - other)
    }

    fn pairs(&self, other: &Self, script: &str, of: impl Fn(f64, f64) -> f64) -> Option<f64> {
        let pairs = self.rounds(script)?.iter().zip(other.rounds(script)?);
        median(pairs.map(|(own, other)| of(*own, *other)).collect())
    }

    /// KiB a stream, the median.
    pub fn memory(&self, streams: usize) -> Option<f64> {
        let found = self.memory.iter().find(|(count, _)| *count == streams);
        median(found?.1.clone())
    }

    /// Of the paced stream, medians of the rounds: the median lag, the 99th percentile.
    pub fn lags(&self) -> Option<[f64; 2]> {
        let column = |at: usize| median(self.paced.iter().map(|round| round[at]).collect());
        Some([column(0)?, column(1)?])
    }

    /// The paced stream's CPU time ÷ another client's.
    pub fn paced_ratio(&self, other: &Self) -> Option<f64> {
        let pairs = self.paced.iter().zip(&other.paced);
        median(pairs.map(|(own, other)| own[2] / other[2]).collect())
    }
}

/// The median; of nothing there is none.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

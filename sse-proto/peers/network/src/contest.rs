//! Everybody's figures: first whether they are right, then rounds in turn, and what the undisturbed ones say.

use indicatif::ProgressBar;

use crate::process::{Process, Result};
use crate::roster::{Client, Role};
use crate::script::Script;
use crate::server::path;

/// The scripts whose allocations are counted.
pub const COUNTED: [&str; 2] = ["llm-1", "wiki-1"];

/// A read whose allocations are counted is so many times as long as one that is timed: a connection has some of its own.
const COUNTED_LENGTH: usize = 8;

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Rounds through all scripts.
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
    /// Allocations an event of those of the scripts that are [`COUNTED`], by their name.
    pub allocations: Vec<(&'static str, f64)>,
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
    /// The names of the scripts that were asked for.
    pub scripts: Vec<&'static str>,
    /// How much was asked for.
    pub effort: Effort,
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
        let mut lanes: Vec<Lane> = clients.iter().copied().map(Lane::new).collect();
        let length = |script: Script| (script.blocks / effort.share).max(1);
        let mut runners = Runners::start(&mut lanes, port)?;
        for &script in scripts {
            runners.each(|lane, process| {
                lane.cpu.push((script.name, Vec::new()));
                lane.read(process, script, length(script)).map(drop)
            });
        }
        for _ in 0..effort.rounds {
            for (at, &script) in scripts.iter().enumerate() {
                bar.set_message(script.name);
                runners.in_turn(bar, |lane, process| {
                    let [cpu, _] = lane.read(process, script, length(script))?;
                    lane.cpu[at].1.push(cpu);
                    Ok(())
                });
            }
            runners.turn_back();
        }
        bar.set_message("paced");
        if effort.paced_rounds > 0 {
            runners.each(|_, process| pace(process, effort.paced_events.div_ceil(5)).map(drop));
        }
        for _ in 0..effort.paced_rounds {
            runners.in_turn(bar, |lane, process| {
                lane.paced.push(pace(process, effort.paced_events)?);
                Ok(())
            });
            runners.turn_back();
        }
        drop(runners);
        for &script in scripts.iter().filter(|script| COUNTED.contains(&script.name)) {
            count(&mut lanes, script, COUNTED_LENGTH * length(script), port)?;
        }
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
        lanes.iter_mut().for_each(|lane| lane.keep_complete(effort));
        let scripts = scripts.iter().map(|script| script.name).collect();
        Ok(Self { lanes, scripts, effort: effort.clone() })
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

    /// The peers of the same family.
    pub fn peers(&self, of: &Lane) -> impl Iterator<Item = &Lane> {
        let family = of.client.family;
        let peers = self.lanes.iter().filter(|lane| lane.client.role == Role::Peer);
        peers.filter(move |lane| lane.client.family == family)
    }

    /// The cheapest right one of them on a script.
    pub fn best_peer(&self, of: &Lane, script: &str) -> Option<&Lane> {
        let timed = self.peers(of).filter_map(|lane| Some((lane.cpu(script)?, lane)));
        timed.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, lane)| lane)
    }
}

/// Everybody's process.
struct Runners<'a>(Vec<(&'a mut Lane, Process)>);

impl<'a> Runners<'a> {
    fn start(lanes: &'a mut [Lane], port: u16) -> Result<Self> {
        let start = |lane: &'a mut Lane| {
            let process = Process::client(lane.client, false, port)?;
            Ok((lane, process))
        };
        lanes.iter_mut().map(start).collect::<Result<_>>().map(Self)
    }

    /// Gives a turn to everybody who is right so far.
    fn each(&mut self, mut turn: impl FnMut(&mut Lane, &mut Process) -> Result<()>) {
        for (lane, process) in self.0.iter_mut().filter(|(lane, _)| lane.wrong.is_none()) {
            lane.wrong = turn(lane, process).err().map(|error| error.to_string());
        }
    }

    /// The same, and says so.
    fn in_turn(
        &mut self,
        bar: &ProgressBar,
        turn: impl FnMut(&mut Lane, &mut Process) -> Result<()>,
    ) {
        self.each(turn);
        bar.inc(self.0.len() as u64);
    }

    /// The next round goes the other way, so that nobody always runs behind the same neighbour.
    fn turn_back(&mut self) {
        self.0.reverse();
    }
}

/// Reads a paced stream: its median lag, the 99th percentile, and the CPU time an event, in microseconds.
fn pace(process: &mut Process, events: usize) -> Result<[f64; 3]> {
    let answer = process.ask(&format!("lag /paced/{events}"))?;
    let [count, cpu, median, late] = answer[..] else { return Err("no lag".into()) };
    if count != events as u64 {
        return Err(format!("{count} of {events} paced events").into());
    }
    Ok([median as f64 / 1e3, late as f64 / 1e3, cpu as f64 / 1e3 / events as f64])
}

/// Counts allocations in processes of their own.
fn count(lanes: &mut [Lane], script: Script, blocks: usize, port: u16) -> Result<()> {
    for lane in lanes.iter_mut().filter(|lane| lane.wrong.is_none()) {
        let mut process = Process::client(lane.client, true, port)?;
        let warm = lane.read(&mut process, script, 1);
        match warm.and_then(|_| lane.read(&mut process, script, blocks)) {
            Ok([_, calls]) => lane.allocations.push((script.name, calls)),
            Err(error) => lane.wrong = Some(error.to_string()),
        }
    }
    Ok(())
}

impl Lane {
    /// A client of which nothing is known yet.
    pub const fn new(client: Client) -> Self {
        Self {
            client,
            cpu: Vec::new(),
            allocations: Vec::new(),
            memory: Vec::new(),
            paced: Vec::new(),
            wrong: None,
        }
    }

    /// Drops what has fewer rounds than was asked for, where it fell out: few are no figure.
    fn keep_complete(&mut self, effort: &Effort) {
        self.cpu.retain(|(_, rounds)| rounds.len() == effort.rounds);
        self.memory.retain(|(count, rounds)| effort.streams.contains(&(*count, rounds.len())));
        if self.paced.len() < effort.paced_rounds {
            self.paced.clear();
        }
    }

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

    /// CPU microseconds an event.
    pub fn cpu(&self, script: &str) -> Option<f64> {
        let (_, rounds) = self.cpu.iter().find(|(name, _)| *name == script)?;
        undisturbed(rounds.clone())
    }

    /// A script's CPU time ÷ another client's.
    pub fn ratio(&self, other: &Self, script: &str) -> Option<f64> {
        Some(self.cpu(script)? / other.cpu(script)?)
    }

    /// A script's CPU time above another client's.
    pub fn above(&self, other: &Self, script: &str) -> Option<f64> {
        Some(self.cpu(script)? - other.cpu(script)?)
    }

    /// Allocations an event of a script.
    pub fn allocations(&self, script: &str) -> Option<f64> {
        let (_, calls) = self.allocations.iter().find(|(name, _)| *name == script)?;
        Some(*calls)
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
        let cpu = |lane: &Self| undisturbed(lane.paced.iter().map(|round| round[2]).collect());
        Some(cpu(self)? / cpu(other)?)
    }
}

/// The lowest decile: whoever else uses the machine makes a run dearer, never cheaper.
fn undisturbed(values: Vec<f64>) -> Option<f64> {
    quantile(values, 10)
}

/// The median; of nothing there is none.
fn median(values: Vec<f64>) -> Option<f64> {
    quantile(values, 50)
}

fn quantile(mut values: Vec<f64>, percent: usize) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() * percent / 100).copied()
}

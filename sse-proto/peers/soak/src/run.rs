//! A run: starts the processes, looks at them every second, and ends them.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::thread::sleep;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Options;
use crate::ledger::Tally;
use crate::network::Deeds;
use crate::process::Process;
use crate::usage::{Usage, sockets};

/// How often the processes are looked at.
const TICK: Duration = Duration::from_secs(1);

/// How often a line is printed where no terminal shows the status.
const LINE: u64 = 10;

/// How long sockets may stay open after the clients have ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The adapters, in the order of everything that is kept for each of them.
pub(crate) const ADAPTERS: [&str; 2] = ["sse-tokio", "sse-async-std"];

/// All that was seen.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) samples: Vec<Sample>,
    /// After the last client was gone.
    pub(crate) tallies: [Tally; 2],
    pub(crate) ends: [End; 2],
    /// After all clients were gone.
    pub(crate) deeds: Deeds,
}

/// What was seen at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// Seconds since the start.
    pub(crate) at: f64,
    pub(crate) tallies: [Tally; 2],
    pub(crate) usages: [Usage; 2],
    pub(crate) network: Usage,
}

/// How a process of clients ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    /// Whether all clients ended in time.
    pub(crate) ended: bool,
    /// Before the first client was there, and after the last one was gone.
    pub(crate) before: Held,
    pub(crate) after: Held,
}

/// What a process holds that it should give back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) sockets: u64,
    /// Bytes that are allocated.
    pub(crate) heap: u64,
}

/// Runs the clients for the time that is asked for.
pub(crate) fn run(options: &Options) -> Result<Run, Box<dyn Error>> {
    let Options { clients, pace, seed, .. } = options;
    let args = |name: &str, rest: &[String]| [&[name.to_owned()], rest].concat();
    let network = [*clients, u64::try_from(pace.as_millis())?, *seed].map(|n| n.to_string());
    let mut network = Process::start(&args("network", &network))?;
    let half = clients / 2;
    let crowd = |adapter: &str, first: u64, count: u64| {
        let url = network.greeting.clone();
        Process::start(&args(
            "clients",
            &[adapter.to_owned(), url, first.to_string(), count.to_string()],
        ))
    };
    let mut crowds = [crowd("tokio", 0, half)?, crowd("async-std", half, clients - half)?];
    let mut ends = [End::default(); 2];
    for (crowd, end) in crowds.iter_mut().zip(&mut ends) {
        let heap = crowd.ask("tally")?.parse::<Tally>()?.heap;
        end.before = Held { sockets: sockets(crowd.id())?, heap };
        expect(crowd.ask("start")?, "started")?;
    }
    let samples = watch(options.duration, &mut crowds, &network)?;
    let mut tallies = [Tally::default(); 2];
    for (at, crowd) in crowds.iter_mut().enumerate() {
        ends[at].ended = crowd.ask("stop")? == "ended";
        let sockets = wait_for_sockets(crowd.id(), ends[at].before.sockets)?;
        tallies[at] = crowd.ask("tally")?.parse()?;
        ends[at].after = Held { sockets, heap: tallies[at].heap };
    }
    let deeds = network.ask("stop")?.parse()?;
    Ok(Run { samples, tallies, ends, deeds })
}

/// Looks at the processes every second until the time is over.
fn watch(
    duration: Duration,
    crowds: &mut [Process; 2],
    network: &Process,
) -> Result<Vec<Sample>, Box<dyn Error>> {
    let status = Status::new(duration);
    let started = Instant::now();
    let mut samples = vec![];
    let mut before = Sample::default();
    let mut next = TICK;
    while next <= duration {
        sleep(next.saturating_sub(started.elapsed()));
        next += TICK;
        let mut sample = Sample { network: Usage::of(network.id())?, ..Sample::default() };
        for (at, crowd) in crowds.iter_mut().enumerate() {
            sample.tallies[at] = crowd.ask("tally")?.parse()?;
            sample.usages[at] = Usage::of(crowd.id())?;
        }
        sample.at = started.elapsed().as_secs_f64();
        status.show(&sample, &before);
        samples.push(sample);
        before = sample;
    }
    status.clear();
    Ok(samples)
}

/// Waits until no more sockets are open than before; gives how many are.
fn wait_for_sockets(process: u32, before: u64) -> io::Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let open = sockets(process)?;
        if open <= before || Instant::now() > deadline {
            return Ok(open);
        }
        sleep(Duration::from_millis(20));
    }
}

fn expect(answer: String, right: &str) -> Result<(), String> {
    if answer == right { Ok(()) } else { Err(format!("a process answers {answer:?}")) }
}

/// The live status, or a line every now and then where nobody is watching.
struct Status {
    duration: Duration,
    bar: Option<ProgressBar>,
}

impl Status {
    fn new(duration: Duration) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix}\n  {msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { duration, bar }
    }

    fn show(&self, sample: &Sample, before: &Sample) {
        let seconds = sample.at.round() as u64;
        if self.bar.is_none() && !seconds.is_multiple_of(LINE) {
            return;
        }
        let [passed, whole] =
            [Duration::from_secs(seconds), self.duration].map(humantime::format_duration);
        let flow = format!("{passed} of {whole}: {}", sample.flow(before));
        let state = sample.state();
        match &self.bar {
            Some(bar) => {
                bar.set_prefix(flow);
                bar.set_message(state);
            }
            None => eprintln!("{flow}; {state}"),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Sample {
    /// A sum over both adapters.
    pub(crate) fn sum(&self, of: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies.iter().map(of).sum()
    }

    /// What came, in all and since the sample before.
    fn flow(&self, before: &Self) -> String {
        let rate =
            |of: fn(&Tally) -> u64| (self.sum(of) - before.sum(of)) as f64 / (self.at - before.at);
        format!(
            "{} events ({:.0}/s), {} reconnections ({:.0}/s)",
            self.sum(|tally| tally.events),
            rate(|tally| tally.events),
            self.sum(Tally::reconnections),
            rate(Tally::reconnections),
        )
    }

    /// What is wrong, and what the clients hold.
    fn state(&self) -> String {
        let [tokio, async_std] = self.usages;
        format!(
            "{} lost, {} duplicated; {:.1} + {:.1} MiB, {} + {} sockets",
            self.sum(|tally| tally.lost),
            self.sum(|tally| tally.duplicated),
            mib(tokio.rss),
            mib(async_std.rss),
            tokio.sockets,
            async_std.sockets,
        )
    }
}

/// KiB in MiB.
pub(crate) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

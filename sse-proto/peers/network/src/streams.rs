//! Thousands of streams at once, each with heartbeats: none may be lost, and all sockets must be gone soon after the drop.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::CLOSING;
use crate::process::{Process, Result};
use crate::roster::{self, Client, Role};
use crate::server::open_streams;

/// A heartbeat comes so often on each stream.
const PERIOD: Duration = Duration::from_secs(3);

/// How one adapter did.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Which.
    pub client: Client,
    /// How many streams.
    pub count: usize,
    /// For how long, after all were open.
    pub seconds: u64,
    /// Responses that were accepted.
    pub opened: u64,
    /// Connections that were lost.
    pub lost: u64,
    /// Heartbeats of the stream that got the fewest.
    pub fewest: u64,
    /// CPU milliseconds a second.
    pub load: f64,
    /// KiB a stream above the base.
    pub memory: f64,
    /// How long after the drop the last socket was closed, if it was.
    pub closed_in: Option<Duration>,
    /// What should not be so.
    pub wrong: Vec<String>,
}

impl Streams {
    /// Opens streams, reads them for a while, drops them.
    ///
    /// # Errors
    ///
    /// If the client fails altogether.
    pub fn run(client: Client, count: usize, seconds: u64, port: u16) -> Result<Self> {
        let name = format!("{}-updates", client.name);
        let mut process = Process::named(client.family, &name, false, port)?;
        process.ask("hold 1 /idle/0")?;
        process.say("drop")?;
        process.next_line()?;
        closed_in(port)?;
        let answer =
            process.ask(&format!("watch {count} {seconds} /idle/{}", PERIOD.as_millis()))?;
        let [base, full, opened, lost, fewest, cpu] = answer[..] else {
            return Err("no figures".into());
        };
        let open = open_streams(port)?;
        process.say("drop")?;
        let closed_in = closed_in(port)?;
        process.next_line()?;

        let mut wrong = Vec::new();
        let mut must = |right: bool, what: String| {
            if !right {
                wrong.push(what);
            }
        };
        must(opened == count as u64, format!("{opened} opened"));
        must(lost == 0, format!("{lost} lost"));
        must(open == count, format!("the server has {open} open"));
        let least = (seconds / PERIOD.as_secs()).saturating_sub(1);
        must(fewest >= least, format!("a stream with {fewest} heartbeats instead of {least}"));
        must(closed_in.is_some(), format!("sockets open after {CLOSING:?}"));
        Ok(Self {
            client,
            count,
            seconds,
            opened,
            lost,
            fewest,
            load: cpu as f64 / seconds as f64,
            memory: full.saturating_sub(base) as f64 / count as f64,
            closed_in,
            wrong,
        })
    }
}

/// The adapters.
pub fn adapters() -> impl Iterator<Item = Client> {
    roster::ALL.into_iter().filter(|client| client.role == Role::Own)
}

/// Waits until the server has no stream open.
fn closed_in(port: u16) -> Result<Option<Duration>> {
    let start = Instant::now();
    while open_streams(port)? > 0 {
        if start.elapsed() > CLOSING {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(Some(start.elapsed()))
}

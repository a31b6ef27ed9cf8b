//! The process of server and proxy.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use fastrand::Rng;
use sse_testkit::{Cut, End, Framing, Replay, Reply, Server};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::proxy::{self, Faults};
use crate::{events, process, usage};

/// How many of a client's streams may end by the server's own doing; more than a client has in ten minutes.
const CUTS: usize = 256;

/// How long the last connections may take to close.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the network has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) connections: u64,
    pub(crate) requests: u64,
    pub(crate) refused: u64,
    pub(crate) closed: u64,
    pub(crate) reset: u64,
    pub(crate) stalled: u64,
    pub(crate) delays: u64,
    /// Connections that are open now, of the proxy and of the server.
    pub(crate) open: u64,
}

/// One line between processes.
impl fmt::Display for Deeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, requests, refused, closed, reset, stalled, delays, open } = self;
        write!(f, "{connections} {requests} {refused} {closed} {reset} {stalled} {delays} {open}")
    }
}

impl FromStr for Deeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [connections, requests, refused, closed, reset, stalled, delays, open] =
            process::numbers(text)?;
        Ok(Self { connections, requests, refused, closed, reset, stalled, delays, open })
    }
}

/// Serves until standard input ends; says the proxy's address first.
pub(crate) fn serve(clients: u64, pace: Duration, seed: u64) -> Result<(), Box<dyn Error>> {
    usage::raise_file_limit()?;
    let replays: Vec<Replay> = (0..clients).map(|client| replay(client, pace, seed)).collect();
    let server = Server::with(move |request| answer(&replays, request))?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}/stream", listener.local_addr()?);
    let faults = Arc::new(Faults::default());
    runtime.spawn(proxy::run(listener, server.addr(), seed, Arc::clone(&faults)));

    process::answer(&url, |question| match question {
        "tally" => Some(deeds(&server, &faults).to_string()),
        "stop" => {
            // Where it is in vain, the tally says how many are open.
            let _ = server.wait_until_closed(PATIENCE);
            Some(deeds(&server, &faults).to_string())
        }
        _ => None,
    })
}

/// A stream without an end, some of whose connections are ended by the server.
fn replay(client: u64, pace: Duration, seed: u64) -> Replay {
    let mut rng = Rng::with_seed(seed.wrapping_add(client));
    let cuts = (0..CUTS).map(|_| {
        let cut = match rng.u8(..4) {
            // Not at all.
            0..3 => return Cut::after(u64::MAX),
            _ => Cut::after(rng.u64(..200)),
        };
        match rng.u8(..4) {
            0 => cut.bytes(rng.usize(1..40)).end(End::Clean),
            1 => cut.bytes(rng.usize(1..40)).end(End::FinInChunk),
            2 => cut.end(End::BadChunk),
            _ => cut.end(End::Clean),
        }
    });
    let cuts: Vec<Cut> = cuts.collect();
    Replay::new(u64::MAX).event(move |n| events::lines(client, n)).pace(pace).cuts(cuts)
}

fn answer(replays: &[Replay], request: &sse_testkit::Request) -> Reply {
    let client = request.query("client").and_then(|client| client.parse::<usize>().ok());
    let Some((client, replay)) = client.and_then(|client| Some((client, replays.get(client)?)))
    else {
        return Reply::status(404);
    };
    replay.reply(request).framing(match client % 3 {
        0 => Framing::Chunked,
        1 => Framing::ChunkedWithExtension,
        _ => Framing::UntilClose,
    })
}

fn deeds(server: &Server, faults: &Faults) -> Deeds {
    let tally = server.tally();
    Deeds {
        connections: faults.connections.load(Relaxed),
        requests: tally.requests as u64,
        refused: faults.refused.load(Relaxed),
        closed: faults.closed.load(Relaxed),
        reset: faults.reset.load(Relaxed),
        stalled: faults.stalled.load(Relaxed),
        delays: faults.delays.load(Relaxed),
        open: faults.open.load(Relaxed) + tally.open as u64,
    }
}

//! A feed that is followed for months: the place is kept in a file, and counts when an event has been processed. The process
//! dies and starts again; nothing is lost, and nothing counts twice.
//!
//! `cargo run --example checkpoint`
//!
//! For the real service: its address, two or three times the interval of its heartbeat as the idle time, no short `base`, and
//! your store in place of the file. What an event changes and its id must be stored in
//! one step, in one transaction of a database say; stored apart, an event may count twice after a crash, but is never lost.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sse_testkit::{Cut, Replay, Server};
use sse_tokio::{Commit, Config, RequestBuilderExt, RetryPolicy};

/// What the program has made of the feed, and how far it is.
#[derive(Default, Deserialize, Serialize)]
struct State {
    sum: u64,
    last_event_id: String,
}

impl State {
    fn load(path: &Path) -> Result<Self, Box<dyn Error>> {
        match fs::read(path) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// All or nothing, as far as a rename is: a store for more than an example also syncs the file before.
    fn store(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        Ok(fs::rename(new, path)?)
    }
}

/// Follows the feed to its end, or dies in the middle of processing an event.
async fn run(url: &str, path: &Path, dies_at: Option<u64>) -> Result<(), Box<dyn Error>> {
    let mut state = State::load(path)?;
    println!("at {:?}, sum {}", state.last_event_id, state.sum);
    let config = Config::default()
        .retry(RetryPolicy::default().base(Duration::from_millis(20)))
        // A reconnection asks for what follows the last id that was committed.
        .commit(Commit::Manual)
        // A server that vanished behind a proxy is noticed by its missing heartbeats alone.
        .idle_timeout(Duration::from_secs(60))
        .last_event_id(state.last_event_id.as_str())?;
    let mut events = reqwest::Client::new().get(url).event_source_with(config);
    while let Some(event) = events.next().await {
        let event = match event {
            // One block over a limit; the stream goes on. To end here would be to meet it again after each start.
            Err(error) if error.is_event_too_large() => {
                println!("skipped: {error}");
                continue;
            }
            event => event?,
        };
        let number: u64 = event.data().parse()?;
        if dies_at == Some(number) {
            println!("dies while it processes {number}");
            return Ok(());
        }
        state.sum += number;
        events.commit(event.last_event_id());
        // What a request can carry, whatever ids the server makes up.
        state.last_event_id = events.snapshot().last_event_id;
        state.store(path)?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Connections break as well, in the middle of events.
    let cuts = (0..12).map(|n| Cut::after(2).bytes(n));
    let server = Server::start(Replay::new(20).cuts(cuts))?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state.json");

    for dies_at in [Some(1), Some(7), Some(8), Some(20), None] {
        run(&server.url("/feed"), &path, dies_at).await?;
    }
    let state = State::load(&path)?;
    println!("at {:?}, sum {}", state.last_event_id, state.sum);
    assert_eq!((state.sum, state.last_event_id.as_str()), ((1..=20).sum(), "20"));
    Ok(())
}

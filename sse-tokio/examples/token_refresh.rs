//! A token that expires while a stream is followed: 401, a fresh token, and on from where the stream was.
//!
//! `cargo run --example token_refresh`
//!
//! For the real service: its address, your way to a token in `Tokens::get`, and no short `base`.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use sse_testkit::{Cut, Replay, Reply, Server};
use sse_tokio::{Cause, Config, RetryPolicy};
use tokio::sync::Mutex;

/// The token at hand, for all streams of the program.
#[derive(Default)]
struct Tokens(Mutex<u32>);

impl Tokens {
    /// A token: the one at hand, unless that is the one that a stream was refused with. Others may have a new one already.
    async fn get(&self, refused: u32) -> Result<u32, std::io::Error> {
        let mut token = self.0.lock().await;
        if *token <= refused {
            // Here the authorization server is asked for one.
            *token += 1;
        }
        Ok(*token)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server()?;
    let url = server.url("/stream");
    let client = reqwest::Client::new();
    let tokens = Arc::new(Tokens::default());

    // 401 is worth another attempt here, since that one has a fresh token; but not for ever.
    let policy =
        RetryPolicy::default().also_statuses([401]).base(Duration::from_millis(50)).max_retries(5);
    // This stream's token, and the last one that it was refused with.
    let (used, mut refused) = (Arc::new(AtomicU32::new(0)), 0);
    let mut events = sse_tokio::from_factory(Config::default().retry(policy), move |attempt| {
        let (client, url, tokens) = (client.clone(), url.clone(), Arc::clone(&tokens));
        if attempt.last_loss == Some(Cause::Status(401)) {
            refused = used.load(Ordering::Relaxed);
        }
        let used = Arc::clone(&used);
        async move {
            let token = tokens.get(refused).await?;
            used.store(token, Ordering::Relaxed);
            Ok(client.get(url).bearer_auth(format!("token-{token}")))
        }
    });
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.extend(event?.last_event_id_as::<u64>());
    }

    assert_eq!(seen, Vec::from_iter(1..=9), "every event once, in order");
    for request in server.requests() {
        let header =
            |name| String::from_utf8_lossy(request.header(name).unwrap_or(b"-")).into_owned();
        let (token, id) = (header("authorization"), header("last-event-id"));
        println!("{token}, Last-Event-ID {id}: {}", request.answered().unwrap_or_default());
    }
    let answers: Vec<_> = server.requests().iter().map(|request| request.answered()).collect();
    assert_eq!(answers, [200, 401, 200, 401, 200, 204].map(Some));
    Ok(())
}

/// Serves nine events, three for each token.
fn server() -> std::io::Result<Server> {
    let replay = Replay::new(9).cuts([Cut::after(3), Cut::after(3), Cut::after(3)]);
    Server::with(move |request| {
        let id = request.last_event_id().unwrap_or(b"0");
        let valid: &[u8] = match id {
            b"0" => b"Bearer token-1",
            b"3" => b"Bearer token-2",
            _ => b"Bearer token-3",
        };
        match request.header("authorization") {
            Some(token) if token == valid => replay.reply(request),
            _ => Reply::status(401),
        }
    })
}

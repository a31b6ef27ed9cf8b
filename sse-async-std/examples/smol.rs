//! A stream over surf on smol, which shares async-std's reactor: sockets and timers need no runtime of their own.
//!
//! `cargo run --example smol`: a server on this machine breaks three connections, one of them within an event, and still each
//! event arrives once.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use smol::Timer;
use smol::future::or;
use sse_async_std::{ClientExt, Config, RetryPolicy, StreamClient, Update};
use sse_testkit::{Cut, End, Replay, Server};

const TOTAL: u64 = 20;

type Outcome = Result<(Vec<String>, u32), Box<dyn Error + Send + Sync>>;

/// All events of a stream, and how many connections were lost meanwhile.
async fn follow(url: String) -> Outcome {
    let client = surf::Client::with_http_client(StreamClient::new());
    // The server is near: no need for the waits that spare a busy one.
    let policy = RetryPolicy::default()
        .base(Duration::ZERO)
        .reconnection_time(Duration::from_millis(5))
        .max_retries(5);
    let mut source = client.event_source_with(client.get(url), Config::default().retry(policy));

    let (mut events, mut losses) = (Vec::new(), 0);
    let mut updates = source.updates();
    while let Some(update) = updates.next().await {
        match update? {
            Update::Event(event) => events.push(event.into_data()),
            Update::Lost(loss) => {
                println!("{loss}; again in {:?}", loss.lost.retry_in.unwrap_or_default());
                losses += 1;
            }
            _ => {}
        }
    }
    Ok((events, losses))
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Server::start(Replay::new(TOTAL).cuts([
        Cut::after(7).bytes(5).end(End::Reset),
        Cut::after(3).end(End::Fin),
        Cut::after(4).bytes(1).end(End::FinInChunk),
    ]))?;
    let (events, losses) = smol::block_on(or(
        // As a task on smol's own executor.
        smol::spawn(follow(server.url("/stream"))),
        async {
            Timer::after(Duration::from_secs(30)).await;
            Err("the stream does not end".into())
        },
    ))?;

    let expected: Vec<String> = (1..=TOTAL).map(|n| n.to_string()).collect();
    assert_eq!(events, expected, "each event once, in order");
    // The end of the fourth connection counts, too; the fifth request is told that there is nothing more.
    assert_eq!(losses, 4);
    println!("{TOTAL} events over {losses} connections, none lost, none twice");
    Ok(())
}

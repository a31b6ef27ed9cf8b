//! Many streams at once with one client, in one task: each gets its turn, even beside one that never pauses.
//!
//! `cargo run --example many`
//!
//! For real services: their addresses, and no short `base`. Where an event is much work, give each stream a task of its own with
//! `tokio::spawn`, and let a channel with few places bring the results together.
#![allow(clippy::print_stdout, reason = "an example")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use sse_testkit::{Cut, End, Replay, Reply, Script, Server};
use sse_tokio::{Config, RequestBuilderExt, RetryPolicy};

const CALM: usize = 50;
const EVENTS: u64 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server()?;
    // One client for all: it holds the TLS configuration, and connections that can be shared.
    let client = reqwest::Client::new();
    let config = Config::default().retry(RetryPolicy::default().base(Duration::from_millis(20)));
    let addresses = (0..CALM).map(|n| server.url(&format!("/calm?client={n}")));
    let addresses = addresses.chain([server.url("/flood")]);
    let mut all = select_all(addresses.enumerate().map(|(n, address)| {
        let events = client.get(address).event_source_with(config.clone());
        events.map(move |event| (n, event))
    }));

    let mut counts = BTreeMap::<usize, u64>::new();
    let mut complete = 0;
    let mut flood = 0;
    while complete < CALM {
        let (n, event) = all.next().await.ok_or("the flood never ends")?;
        let event = match event {
            Ok(event) => event,
            // It ends the one stream that it is about; the others go on.
            Err(error) => {
                println!("stream {n}: {error}");
                continue;
            }
        };
        if n == CALM {
            flood += 1;
            continue;
        }
        let count = counts.entry(n).or_default();
        *count += 1;
        assert_eq!(event.last_event_id_as(), Some(*count), "stream {n}, in order");
        complete += usize::from(*count == EVENTS);
    }
    println!("{CALM} streams brought {EVENTS} events each, beside a flood of {flood}");
    assert!(flood > 0);
    Ok(())
}

/// Streams that pause and break, and one that does neither.
fn server() -> std::io::Result<Server> {
    let calm = Replay::new(EVENTS).pace(Duration::from_millis(5)).cuts([Cut::after(9).bytes(4)]);
    let flood = Reply::stream().end(End::Endless(b"data: x\n\n".repeat(1000), Duration::ZERO));
    Server::start(Script::new().on("/calm", calm).on("/flood", flood))
}

//! A server of events with axum: `Encoder` writes the stream, `Last-Event-ID` says from where, comments keep it alive. A client
//! is broken off again and again, and misses nothing.
//!
//! `cargo run --example axum_server`
//!
//! For a real server: a keep-alive about every 15 seconds, and a log with an end: who comes with an id that it does not hold any
//! more needs to be told so, by an event of its own say.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::{BoxError, Router, routing::get};
use futures_util::{Stream, StreamExt, stream};
use sse_proto::{Encoder, Event};
use sse_tokio::{Config, RequestBuilderExt, RetryPolicy, Update};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

const KEEP_ALIVE: Duration = Duration::from_millis(20);
const TOTAL: usize = 12;

/// All events so far; who waits for more watches it.
type Log = Arc<watch::Sender<Vec<String>>>;

async fn events(State(log): State<Log>, headers: HeaderMap) -> impl IntoResponse {
    let id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let seen = id.and_then(|id| id.parse().ok()).unwrap_or(0);
    // Ends after a while, as behind a load balancer.
    let body = Body::from_stream(replay(&log, seen).take(6));
    ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")], body)
}

/// Events after the one that was seen last, and a comment whenever there is none for a while.
fn replay(log: &Log, seen: usize) -> impl Stream<Item = Result<Bytes, BoxError>> + use<> {
    let start = (log.subscribe(), seen, Encoder::new());
    stream::try_unfold(start, async |(mut log, mut seen, mut encoder)| {
        match timeout(KEEP_ALIVE, log.wait_for(|log| log.len() > seen)).await {
            Ok(log) => {
                let id = (seen + 1).to_string();
                encoder.event(&Event::builder().id(&id).data(&log?[seen]).build()?);
                seen += 1;
            }
            Err(_elapsed) => encoder.keep_alive(),
        }
        Ok(Some((encoder.take(), (log, seen, encoder))))
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = Log::new(watch::Sender::new(vec!["one".to_owned(), "two".to_owned()]));
    let app = Router::new().route("/events", get(events)).with_state(Arc::clone(&log));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });

    let config = Config::default().retry(RetryPolicy::default().base(Duration::from_millis(50)));
    let mut source = reqwest::Client::new().get(url).event_source_with(config);
    let (mut updates, mut seen) = (source.updates(), Vec::new());
    while seen.len() < TOTAL {
        match updates.next().await.ok_or("no end")?? {
            Update::Event(event) => {
                println!("{}: {:?}", event.last_event_id(), event.data());
                assert_eq!(event.last_event_id_as(), Some(seen.len() + 1));
                seen.push(event.into_data());
            }
            // The stream lives: say something, of more than one line.
            Update::Comment(_) => log.send_modify(|log| log.push(format!("line\n{}", log.len()))),
            Update::Lost(loss) => println!("{loss}"),
            _ => {}
        }
    }
    assert_eq!(seen, log.borrow()[..TOTAL], "every event once, in order, line ends included");
    let stats = updates.source().stats();
    println!("{} events over {} connections", stats.events, stats.opens);
    assert!(stats.opens > 2);
    Ok(())
}

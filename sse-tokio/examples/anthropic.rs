//! Tokens of a language model, Anthropic style: named events, `message_stop` at the end, `ping` between, `error` in mid-stream.
//!
//! `cargo run --example anthropic`
//!
//! For the real service: its address, the headers `x-api-key` and `anthropic-version`, and the events that you need.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use sse_testkit::{Reply, Server};
use sse_tokio::{Config, RequestBuilderExt, Sentinel};

#[derive(Deserialize)]
struct BlockDelta {
    delta: Delta,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Delta {
    TextDelta {
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Failure {
    error: ApiError,
}

#[derive(Deserialize)]
struct ApiError {
    message: String,
}

async fn ask(url: &str) -> Result<String, Box<dyn Error>> {
    // A body that ends before this event has lost something, and is an error.
    let config = Config::default()
        .sentinel(Sentinel::event_type("message_stop"))
        .idle_timeout(Duration::from_secs(60));
    let question =
        json!({ "model": "m", "stream": true, "messages": [{ "role": "user", "content": "Hi" }] });
    let request = reqwest::Client::new().post(url).header("x-api-key", "key").json(&question);
    let mut events = request.event_source_with(config);
    let mut answer = String::new();
    while let Some(event) = events.next().await {
        let event = event?;
        match event.event_type() {
            "content_block_delta" => match event.json::<BlockDelta>()?.delta {
                Delta::TextDelta { text } => answer.push_str(&text),
                Delta::Other => {}
            },
            "error" => return Err(event.json::<Failure>()?.error.message.into()),
            // `ping`, `message_start`, and what the service will think of next year.
            _ => {}
        }
    }
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n\
                 event: ping\ndata: {\"type\":\"ping\"}\n\n";
    let delta = |text: &str| {
        let data = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
        format!("event: content_block_delta\ndata: {data}\n\n")
    };
    let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let begun = || Reply::stream().chunk(start).chunk(delta("Hel"));
    let server =
        Server::start([begun().chunk(delta("lo")).chunk(stop), begun().chunk(error), begun()])?;

    for expected in ["Hello", "Overloaded", "the stream ended before its end mark"] {
        let outcome = ask(&server.url("/v1/messages")).await;
        let outcome = outcome.unwrap_or_else(|error| error.to_string());
        println!("{outcome}");
        assert_eq!(outcome, expected);
    }
    // A POST is never sent again unasked.
    assert_eq!(server.requests().len(), 3);
    Ok(())
}

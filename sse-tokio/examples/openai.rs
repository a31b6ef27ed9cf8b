//! Tokens of a language model, OpenAI style: a POST, deltas as typed JSON, `[DONE]`, and every way in which it fails.
//!
//! `cargo run --example openai`
//!
//! For the real service: its address, a key, the fields of its chunks that you need, and no short `base`.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use sse_testkit::{Reply, Server};
use sse_tokio::{Config, JsonStreamError, RequestBuilderExt, RetryPolicy, Sentinel};

/// What one event holds. An error in mid-stream comes on a 200.
#[derive(Deserialize)]
#[serde(untagged)]
enum Chunk {
    Error { error: ApiError },
    Choices { choices: Vec<Choice> },
}

#[derive(Deserialize)]
struct ApiError {
    message: String,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

async fn ask(url: &str, retry: RetryPolicy) -> Result<String, Box<dyn Error>> {
    let config = Config::default()
        .retry(retry)
        .sentinel(Sentinel::data("[DONE]"))
        .idle_timeout(Duration::from_secs(60))
        // A model may think for long before its answer begins.
        .connect_timeout(Duration::from_secs(120));
    let question = json!({ "stream": true, "messages": [{ "role": "user", "content": "Hi" }] });
    let request = reqwest::Client::new().post(url).bearer_auth("key").json(&question);
    let mut chunks = request.event_source_with(config).json::<Chunk>();
    let mut answer = String::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(Chunk::Choices { choices }) => {
                answer.extend(choices.into_iter().filter_map(|choice| choice.delta.content));
            }
            Ok(Chunk::Error { error }) => return Err(error.message.into()),
            Err(JsonStreamError::Stream(error)) => return Err(explain(error).await),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer)
}

/// An error of the service is JSON in the body of a response that was not accepted.
async fn explain(error: sse_tokio::Error) -> Box<dyn Error> {
    let why = error.to_string();
    let Some(response) = error.into_response() else { return why.into() };
    let wait = response.headers().get("retry-after").cloned();
    match response.into_reqwest().json().await {
        Ok(Chunk::Error { error }) => format!("{why}: {}, wait: {wait:?}", error.message).into(),
        _ => why.into(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = |t| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{t}\"}}}}]}}\n\n");
    let error = |text| json!({ "error": { "message": text } }).to_string();
    let start = Reply::stream().chunk(token("Hel"));
    let whole = start.clone().chunk(": busy\n\n").chunk(token("lo")).chunk("data: [DONE]\n\n");
    let failed = start.clone().chunk(format!("data: {}\n\n", error("overloaded")));
    let busy = Reply::status(429).header("retry-after", "1").chunk(error("busy"));
    let server = Server::start([whole.clone(), busy.clone(), failed, start, busy, whole])?;

    // A POST is sent once, so that nobody pays for two answers unasked; or until its answer begins, also where the connection
    // broke before, and the model may have worked already.
    let once = RetryPolicy::never;
    let patient = RetryPolicy::default().base(Duration::from_millis(50)).max_retries(3);
    let patient = patient.until_open(true);
    for (policy, expected) in [
        (once(), "Hello"),
        (once(), "the server answered with status 429: busy, wait: Some(\"1\")"),
        (once(), "overloaded"),
        (once(), "the stream ended before its end mark"),
        (patient, "Hello"),
    ] {
        let outcome = ask(&server.url("/"), policy).await.unwrap_or_else(|error| error.to_string());
        println!("{outcome}");
        assert_eq!(outcome, expected);
    }
    assert_eq!(server.requests().len(), 6);
    Ok(())
}

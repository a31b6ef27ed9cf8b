//! MCP over streamable HTTP: an answer is JSON, or a stream whose rest is asked for by GET; sessions end; nothing is pushed.
//!
//! `cargo run --example mcp`
//!
//! For a real server: its address, a client's `initialize` and `notifications/initialized`, `"jsonrpc": "2.0"` in each
//! message, requests with ids of their own, and no short `base`.
#![allow(clippy::print_stdout, reason = "an example")]

mod server;

use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sse_testkit::Server;
use sse_tokio::{Cause, Closed, Config, Permanent, Refusal, RequestBuilderExt, RetryPolicy};

#[derive(Clone)]
struct Session {
    client: Client,
    url: String,
    id: String,
}

impl Session {
    async fn open(url: &str) -> Result<Self, Box<dyn Error>> {
        let session = Self { client: Client::new(), url: url.to_owned(), id: String::new() };
        let request = session.client.post(url).json(&json!({ "id": 0, "method": "initialize" }));
        let response = request.send().await?.error_for_status()?;
        let id = response.headers().get("mcp-session-id").ok_or("no session")?.to_str()?;
        Ok(Self { id: id.to_owned(), ..session })
    }

    fn headers(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("accept", "application/json, text/event-stream")
            .header("mcp-session-id", &self.id)
            .header("mcp-protocol-version", "2025-11-25")
    }

    /// The answer to a request; `None` if the session is gone.
    async fn call(&self, method: &str) -> Result<Option<Value>, Box<dyn Error>> {
        let policy = RetryPolicy::default()
            .base(Duration::from_millis(50))
            .max_retries(5)
            // A server may end a stream whenever it likes, to be asked for the rest.
            .healthy_after(Duration::from_secs(1));
        let (session, body) = (self.clone(), json!({ "id": 1, "method": method }));
        // The first event gives only an id.
        let config = Config::default().retry(policy).skip_empty(true);
        let mut events = sse_tokio::from_factory(config, move |attempt| {
            // Never posted again once it may have been done: the rest of an answer is asked for by GET, with `Last-Event-ID`.
            let request = match attempt.last_loss {
                _ if attempt.number == 1 => Ok(session.client.post(&session.url).json(&body)),
                _ if !attempt.last_event_id.is_empty() => Ok(session.client.get(&session.url)),
                // A server that was too busy has done nothing.
                Some(Cause::Status(429 | 503)) => Ok(session.client.post(&session.url).json(&body)),
                Some(cause) => Err(Permanent::new(format!("{cause}, without an id")).into()),
                None => Err(Permanent::new("given up, without an id").into()),
            };
            std::future::ready(request.map(|request| session.headers(request)))
        });
        let not_a_stream = Some(Closed::Refused(Refusal::ContentType));
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => match event.json::<Value>()? {
                    answer if answer["id"] == 1 => return Ok(Some(answer)),
                    notification => println!("{}", notification["method"]),
                },
                Err(error) if error.status() == Some(404) => return Ok(None),
                Err(error) if error.closed_because() == not_a_stream => {
                    let response = error.into_response().ok_or("no response")?.into_reqwest();
                    return Ok(Some(response.json().await?));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err("the stream ended without an answer".into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let busy = AtomicBool::new(true);
    let server = Server::with(move |request| server::serve(&busy, request))?;
    let session = Session::open(&server.url("/mcp")).await?;
    for (method, result) in [("list", "JSON"), ("call", "a stream")] {
        let answer = session.call(method).await?.ok_or("the session is gone")?;
        println!("{method}: {answer}");
        assert_eq!(answer["result"], result);
    }
    // A session that is gone is opened anew.
    assert_eq!(session.call("forget").await?, None);
    let session = Session::open(&server.url("/mcp")).await?;
    // What a server has to say without being asked comes by GET, if it has anything to say.
    let mut pushed = session.headers(session.client.get(&session.url)).event_source();
    let refused = pushed.opened().await.err().ok_or("a stream")?;
    assert_eq!(refused.status(), Some(405));
    println!("nothing is pushed: {refused}");

    let asked = server.requests();
    let resumed = asked.iter().find(|request| request.last_event_id() == Some(b"a"));
    let resumed = resumed.ok_or("nothing was resumed")?;
    let calls = asked.iter().filter(|request| request.body().ends_with(b"\"call\"}")).count();
    assert_eq!(calls, 2, "sent again to a server that was busy, and no more");
    assert_eq!((resumed.method(), resumed.header("mcp-session-id")), ("GET", Some(&b"s"[..])));
    Ok(())
}

//! Follows an event stream, or shows how one is followed over connections that break.
//!
//! `cargo run --example tail` for the show, `cargo run --example tail -- --help` for the rest.

mod args;
mod demo;
mod follow;
mod print;

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, Method};
use sse_tokio::{EventSource, RequestBuilderExt, Response};

use args::Args;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    follow::run(source, read_body).await
}

fn source(args: &Args, url: &str) -> Result<EventSource, String> {
    let method = Method::from_bytes(args.method().as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Client::new().request(method, url);
    for (name, value) in &args.headers {
        request = request.header(name, value);
    }
    if let Some(body) = &args.data {
        request = request.body(body.clone());
    }
    Ok(request.event_source_with(args.config()?))
}

/// The beginning of an error's body, as far as it comes in time.
async fn read_body(response: Response) -> Vec<u8> {
    let mut response = response.into_reqwest();
    let mut body = Vec::new();
    let reading = async {
        while let (true, Ok(Some(chunk))) = (body.len() < follow::BODY, response.chunk().await) {
            body.extend_from_slice(&chunk);
        }
    };
    // What has come by then will do.
    let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
    body
}

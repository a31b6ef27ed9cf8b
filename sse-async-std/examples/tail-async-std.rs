//! Follows an event stream over surf and async-std, or shows how one is followed over connections that break.
//!
//! `cargo run --example tail-async-std` for the show, `cargo run --example tail-async-std -- --help` for the rest. All but
//! this file is shared with the example `tail` of `sse-tokio`.

#[path = "../../sse-tokio/examples/tail/args.rs"]
mod args;
#[path = "../../sse-tokio/examples/tail/demo.rs"]
mod demo;
#[path = "../../sse-tokio/examples/tail/follow.rs"]
mod follow;
#[path = "../../sse-tokio/examples/tail/print.rs"]
mod print;

use std::process::ExitCode;
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::ReadExt;
use sse_async_std::{ClientExt, EventSource, Response, StreamClient};
use surf::http::Method;
use surf::http::headers::{HeaderName, HeaderValue};
use surf::{Client, Request, Url};

use args::Args;

#[async_std::main]
async fn main() -> ExitCode {
    follow::run(source, read_body).await
}

fn source(args: &Args, url: &str) -> Result<EventSource, String> {
    let method: Method = args.method().parse().map_err(|error: surf::Error| error.to_string())?;
    let url = Url::parse(url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
    let mut request = Request::new(method, url);
    if let Some(body) = &args.data {
        request.body_string(body.clone());
        request.remove_header("content-type");
    }
    for (name, value) in &args.headers {
        let header = || -> surf::Result<_> {
            Ok((name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?))
        };
        let (name, value) = header().map_err(|error| format!("header {name:?}: {error}"))?;
        request.append_header(name, value);
    }
    let client = Client::with_http_client(StreamClient::new());
    Ok(client.event_source_with(request, args.config()?))
}

/// The beginning of an error's body, as far as it comes in time.
async fn read_body(response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut reading = response.into_surf().take(follow::BODY as u64);

    // What has come by then will do.
    let _ = timeout(Duration::from_secs(5), reading.read_to_end(&mut body)).await;
    body
}

//! The clients on tokio, one thread.

#[cfg(feature = "peers")]
mod peers;

use std::fmt::Display;
use std::future::Future;

use futures_util::StreamExt;
use sse_peers_network::client::{self, Count, Family, Reading};
use sse_peers_network::sink::Sink;
use sse_tokio::{Config, RequestBuilderExt, RetryPolicy};
use tokio::runtime::{Builder, Runtime};

/// Does what standard input says.
///
/// # Panics
///
/// If there is no runtime to be had.
pub fn run(count: Count) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let clients = Clients {
        runtime,
        reqwest: reqwest::Client::builder().no_proxy().build().expect("a client"),
        #[cfg(feature = "peers")]
        foreign: peers::Foreign::new(),
    };
    client::run(&clients, count);
}

struct Clients {
    runtime: Runtime,
    reqwest: reqwest::Client,
    #[cfg(feature = "peers")]
    foreign: peers::Foreign,
}

impl Family for Clients {
    fn read<S: Sink + 'static>(&self, client: &str, url: String, sink: S) -> Option<Reading<S>> {
        let request = self.reqwest.get(&url);
        Some(match client {
            "reqwest-raw" => Box::pin(raw(request, sink)),
            "sse-tokio" => Box::pin(sse_tokio(request, sink)),
            "sse-tokio-ref" => Box::pin(lent(request, sink)),
            "sse-tokio-updates" => Box::pin(updates(request, sink)),
            #[cfg(feature = "peers")]
            _ => return self.foreign.read(client, request, url, sink),
            #[cfg(not(feature = "peers"))]
            _ => return None,
        })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// The floor: the body is read and thrown away.
async fn raw<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    let mut response = request.send().await.map_err(text)?;
    while let Some(chunk) = response.chunk().await.map_err(text)? {
        sink.bytes(&chunk);
    }
    Ok(sink)
}

/// Ours as it comes, but for the end of the body, after which it would connect again.
async fn sse_tokio<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    let mut events = request.event_source_with(Config::default().retry(RetryPolicy::never()));
    while let Some(event) = events.next().await {
        sink.event(event.map_err(text)?.data().as_bytes());
    }
    Ok(sink)
}

/// The same, each event read where it lies.
async fn lent<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    let mut events = request.event_source_with(Config::default().retry(RetryPolicy::never()));
    while let Some(event) = events.next_ref().await {
        sink.event(event.map_err(text)?.data().as_bytes());
    }
    Ok(sink)
}

/// Everything that happens, losses too.
async fn updates<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    let mut events = request.event_source();
    let mut updates = events.updates();
    while let Some(update) = updates.next().await {
        match update.map_err(text)? {
            sse_tokio::Update::Opened => sink.opened(),
            sse_tokio::Update::Event(event) => sink.event(event.data().as_bytes()),
            sse_tokio::Update::Comment(_) => sink.comment(),
            _ => sink.lost(),
        }
    }
    Ok(sink)
}

fn text(error: impl Display) -> String {
    error.to_string()
}

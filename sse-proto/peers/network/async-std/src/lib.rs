//! The clients on surf and async-std, one executor thread.

#[cfg(feature = "peers")]
mod peers;

use std::fmt::Display;
use std::future::Future;

use futures_util::{AsyncReadExt as _, StreamExt};
use sse_async_std::{ClientExt, Config, RetryPolicy, StreamClient};
use sse_peers_network::client::{self, Count, Family, Reading};
use sse_peers_network::sink::Sink;

/// What a bare read takes at most, as much as from a socket.
const READ: usize = 16 * 1024;

/// Does what standard input says.
pub fn run(count: Count) {
    let clients = Clients {
        own: surf::Client::with_http_client(StreamClient::new()),
        #[cfg(feature = "peers")]
        foreign: peers::Foreign::default(),
    };
    client::run(&clients, count);
}

struct Clients {
    own: surf::Client,
    #[cfg(feature = "peers")]
    foreign: peers::Foreign,
}

impl Family for Clients {
    fn read<S: Sink + 'static>(&self, client: &str, url: String, sink: S) -> Option<Reading<S>> {
        Some(match client {
            "own-raw" => Box::pin(raw(self.own.clone(), url, sink)),
            "sse-async-std" => Box::pin(sse_async_std(self.own.clone(), url, sink)),
            "sse-async-std-ref" => Box::pin(lent(self.own.clone(), url, sink)),
            "sse-async-std-updates" => Box::pin(updates(self.own.clone(), url, sink)),
            #[cfg(feature = "peers")]
            _ => return self.foreign.read(client, url, sink),
            #[cfg(not(feature = "peers"))]
            _ => return None,
        })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }
}

/// A floor: the body is read and thrown away.
async fn raw<S: Sink>(client: surf::Client, url: String, mut sink: S) -> Result<S, String> {
    let mut response = client.get(url).await.map_err(text)?;
    let mut buf = vec![0; READ];
    loop {
        match response.read(&mut buf).await.map_err(text)? {
            0 => return Ok(sink),
            len => sink.bytes(&buf[..len]),
        }
    }
}

/// Ours as it comes, but for the end of the body, after which it would connect again.
async fn sse_async_std<S: Sink>(
    client: surf::Client,
    url: String,
    mut sink: S,
) -> Result<S, String> {
    let config = Config::default().retry(RetryPolicy::never());
    let mut events = client.event_source_with(client.get(url), config);
    while let Some(event) = events.next().await {
        sink.event(event.map_err(text)?.data().as_bytes());
    }
    Ok(sink)
}

/// The same, each event read where it lies.
async fn lent<S: Sink>(client: surf::Client, url: String, mut sink: S) -> Result<S, String> {
    let config = Config::default().retry(RetryPolicy::never());
    let mut events = client.event_source_with(client.get(url), config);
    while let Some(event) = events.next_ref().await {
        sink.event(event.map_err(text)?.data().as_bytes());
    }
    Ok(sink)
}

/// Everything that happens, losses too.
async fn updates<S: Sink>(client: surf::Client, url: String, mut sink: S) -> Result<S, String> {
    let mut events = client.event_source(client.get(url));
    let mut updates = events.updates();
    while let Some(update) = updates.next().await {
        match update.map_err(text)? {
            sse_async_std::Update::Opened => sink.opened(),
            sse_async_std::Update::Event(event) => sink.event(event.data().as_bytes()),
            sse_async_std::Update::Comment(_) => sink.comment(),
            _ => sink.lost(),
        }
    }
    Ok(sink)
}

fn text(error: impl Display) -> String {
    error.to_string()
}

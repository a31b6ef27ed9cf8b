//! What sse-async-std is compared to: two of surf's clients, read bare and with other crates.

use std::cell::OnceCell;

use async_sse::Event;
use futures_util::StreamExt;
use http_client::h1::H1Client;
use http_client::isahc::IsahcClient;
use sse_peers_network::client::Reading;
use sse_peers_network::sink::Sink;

use crate::{raw, text};

/// More than the most streams that are measured: with fewer, the pool lets a request wait for ever.
const CONNECTIONS: usize = 10_000;

/// Made when they are first used, since curl starts a thread.
#[derive(Default)]
pub(crate) struct Foreign {
    h1: OnceCell<surf::Client>,
    curl: OnceCell<surf::Client>,
}

impl Foreign {
    pub(crate) fn read<S: Sink + 'static>(
        &self,
        client: &str,
        url: String,
        sink: S,
    ) -> Option<Reading<S>> {
        let (http, name) =
            client.split_once('-').filter(|(http, _)| ["h1", "curl"].contains(http))?;
        let surf = match http {
            "h1" => self.h1.get_or_init(|| {
                let config = http_client::Config::new().set_max_connections_per_host(CONNECTIONS);
                let config = config.set_tcp_no_delay(true);
                surf::Client::with_http_client(H1Client::try_from(config).unwrap_or_default())
            }),
            _ => self.curl.get_or_init(|| surf::Client::with_http_client(IsahcClient::new())),
        };
        let surf = surf.clone();
        Some(match name {
            "raw" => Box::pin(raw(surf, url, sink)),
            "async-sse" => Box::pin(async_sse(surf, url, sink)),
            "surf-sse" => Box::pin(surf_sse(surf, url, sink)),
            _ => return None,
        })
    }
}

async fn async_sse<S: Sink>(client: surf::Client, url: String, mut sink: S) -> Result<S, String> {
    let response = client.get(url).await.map_err(text)?;
    let mut events = async_sse::decode(response);
    while let Some(event) = events.next().await {
        if let Event::Message(message) = event.map_err(text)? {
            sink.event(message.data());
        }
    }
    Ok(sink)
}

/// It connects again and again, so the first end is taken for the last.
async fn surf_sse<S: Sink>(client: surf::Client, url: String, mut sink: S) -> Result<S, String> {
    let url = url.parse().map_err(text)?;
    let mut events = surf_sse::EventSource::with_client(client, url);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => sink.event(event.data.as_bytes()),
            Err(surf_sse::Error::Retry) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(sink)
}

//! What sse-tokio is compared to. Each is told not to connect again after the end, in its own way.

use eventsource_client::{Client as _, ReconnectOptions, SSE};
use eventsource_stream::Eventsource as _;
use eventsrc_client::replayable::{EventSourceExt as _, NeverRetry};
use futures_util::StreamExt;
use launchdarkly_sdk_transport::HyperTransport;
use reqwest_eventsource::RequestBuilderExt as _;
use sse_peers_network::client::Reading;
use sse_peers_network::sink::Sink;

use crate::text;

/// The HTTP clients that only they use.
pub(crate) struct Foreign {
    reqwest012: reqwest012::Client,
    hyper: HyperTransport,
}

impl Foreign {
    /// # Panics
    ///
    /// If there is no client to be had.
    pub(crate) fn new() -> Self {
        Self {
            reqwest012: reqwest012::Client::builder().no_proxy().build().expect("a client"),
            hyper: HyperTransport::new().expect("a client"),
        }
    }

    pub(crate) fn read<S: Sink + 'static>(
        &self,
        client: &str,
        request: reqwest::RequestBuilder,
        url: String,
        sink: S,
    ) -> Option<Reading<S>> {
        let request012 = self.reqwest012.get(&url);
        Some(match client {
            "reqwest012-raw" => Box::pin(raw(request012, sink)),
            "reqwest-eventsource" => Box::pin(reqwest_eventsource(request012, sink)),
            "eventsource-stream" => Box::pin(eventsource_stream(request, sink)),
            "sseer" => Box::pin(sseer(request, sink)),
            "eventsrc-client" => Box::pin(eventsrc_client(request, sink)),
            "reqwest-sse" => Box::pin(reqwest_sse(request, sink)),
            "eventsource-client" => Box::pin(eventsource_client(self.hyper.clone(), url, sink)),
            _ => return None,
        })
    }
}

/// The floor of reqwest-eventsource, which is on the release before.
async fn raw<S: Sink>(request: reqwest012::RequestBuilder, mut sink: S) -> Result<S, String> {
    let mut response = request.send().await.map_err(text)?;
    while let Some(chunk) = response.chunk().await.map_err(text)? {
        sink.bytes(&chunk);
    }
    Ok(sink)
}

async fn reqwest_eventsource<S: Sink>(
    request: reqwest012::RequestBuilder,
    mut sink: S,
) -> Result<S, String> {
    use reqwest_eventsource::{Error, Event, retry::Never};
    let mut events = request.eventsource().map_err(text)?;
    events.set_retry_policy(Box::new(Never));
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Message(event)) => sink.event(event.data.as_bytes()),
            Ok(Event::Open) => {}
            Err(Error::StreamEnded) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(sink)
}

async fn eventsource_stream<S: Sink>(
    request: reqwest::RequestBuilder,
    mut sink: S,
) -> Result<S, String> {
    let response = request.send().await.map_err(text)?;
    let mut events = response.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        sink.event(event.map_err(text)?.data.as_bytes());
    }
    Ok(sink)
}

async fn sseer<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    use sseer::reqwest::{EventSource, StreamEvent};
    let never = sseer::retry::Never;
    let mut events = Box::pin(EventSource::new_with_retry(request, never).map_err(text)?);
    while let Some(event) = events.next().await {
        match event {
            Ok(StreamEvent::Event(event)) => sink.event(event.data.as_bytes()),
            Ok(_) => {}
            Err(error) if error.is_stream_ended() => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(sink)
}

async fn eventsrc_client<S: Sink>(
    request: reqwest::RequestBuilder,
    mut sink: S,
) -> Result<S, String> {
    let mut events = request.event_source().map_err(text)?.with_retry_policy(NeverRetry);
    while let Some(event) = events.next().await {
        sink.event(event.map_err(text)?.data().as_bytes());
    }
    Ok(sink)
}

async fn reqwest_sse<S: Sink>(request: reqwest::RequestBuilder, mut sink: S) -> Result<S, String> {
    use reqwest_sse::EventSource as _;
    let response = request.send().await.map_err(text)?;
    let mut events = response.events().await.map_err(text)?;
    while let Some(event) = events.next().await {
        sink.event(event.map_err(text)?.data.as_bytes());
    }
    Ok(sink)
}

async fn eventsource_client<S: Sink>(
    hyper: HyperTransport,
    url: String,
    mut sink: S,
) -> Result<S, String> {
    let client = eventsource_client::ClientBuilder::for_url(&url)
        .map_err(text)?
        .reconnect(ReconnectOptions::reconnect(false).retry_initial(false).build())
        .build_with_transport(hyper);
    let mut events = client.stream();
    while let Some(event) = events.next().await {
        match event {
            Ok(SSE::Event(event)) => sink.event(event.data.as_bytes()),
            Ok(_) => {}
            Err(eventsource_client::Error::Eof) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(sink)
}

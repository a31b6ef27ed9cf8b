//! Where a source comes from: a request, an address, or a factory of requests.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::{HeaderMap, HeaderValue};
use sse_proto::Redirect;
use surf::http::Method;
use surf::{Client, Request, Url};

use crate::transport::{Factory, Start};
use crate::{
    Attempt, Config, EventSource, RawHeaders, StreamClient, Transport, TransportError, redirect,
};

const LAST_EVENT_ID: &str = "last-event-id";

/// Makes a client's request an [`EventSource`].
pub trait ClientExt {
    /// Events of this request, with the default [`Config`].
    ///
    /// Nothing is sent before the source is polled. Without a policy of your own, only a request whose method is safe or
    /// idempotent is sent again; a body of unknown length never is.
    fn event_source(&self, request: impl Into<Request>) -> EventSource {
        self.event_source_with(request, Config::default())
    }

    /// Events of this request, with a configuration.
    fn event_source_with(&self, request: impl Into<Request>, config: Config) -> EventSource;
}

impl ClientExt for Client {
    fn event_source_with(&self, request: impl Into<Request>, mut config: Config) -> EventSource {
        let mut request = request.into();
        // What the user set by hand is the first id, and only the first.
        if let Some(id) = request.remove_header(LAST_EVENT_ID) {
            config.last_event_id = id.last().as_str().to_owned();
        }
        let config = config.for_request(request.method().as_ref(), request.len().is_some());
        EventSource::new(Transport::new(template(self.clone(), request)), config)
    }
}

/// Events of an address, with a client of its own and the default [`Config`].
pub fn get(url: impl AsRef<str>) -> EventSource {
    get_with(url, Config::default())
}

/// Events of an address, with a client of its own. An address that is none is the source's first and last item, an `Err`
/// with `is_invalid_request()`.
pub fn get_with(url: impl AsRef<str>, config: Config) -> EventSource {
    match Url::parse(url.as_ref()) {
        Ok(url) => Client::with_http_client(StreamClient::new())
            .event_source_with(Request::new(Method::Get, url), config),
        Err(error) => {
            let factory = move |_| Start::failed(TransportError::invalid(error));
            EventSource::new(Transport::new(Box::new(factory)), config)
        }
    }
}

/// Events of requests that are made anew for each attempt: with a fresh token, another query, even another method.
///
/// The factory sees the [`Attempt`]: its number, its last event ID, why the connection before was lost. `Last-Event-ID` is
/// added to what it gives, unless it set that header itself. An error of its own is a loss like any other. Without a policy of
/// your own every request is retried, since whoever makes requests anew has thought of that.
///
/// ```no_run
/// # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
/// use sse_async_std::{Config, RetryPolicy, StreamClient};
///
/// let client = surf::Client::with_http_client(StreamClient::new());
/// // 401 is worth another attempt here, since that one has a fresh token.
/// let policy = RetryPolicy::default().statuses(vec![401, 429, 503]);
/// let events = sse_async_std::from_factory(Config::default().retry(policy), move |_attempt| {
///     let client = client.clone();
///     async move {
///         let token = format!("Bearer {}", fetch_token().await?);
///         let request = client.get("https://example.com/stream").header("authorization", token);
///         Ok((client.clone(), request.build()))
///     }
/// });
/// ```
pub fn from_factory<F, R>(mut config: Config, mut factory: F) -> EventSource
where
    F: FnMut(Attempt) -> R + Send + 'static,
    R: Future<Output = Result<(Client, Request), Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    config.retry.get_or_insert_default();
    let factory = move |attempt: Attempt| {
        let id = attempt.last_event_id.clone();
        let request = factory(attempt);
        Start::new(async move {
            let (client, mut request) = request.await.map_err(TransportError::factory)?;
            let raw = complete(&mut request, &id);
            redirect::send(client, request, raw).await
        })
    };
    EventSource::new(Transport::new(Box::new(factory)), config)
}

/// A request that is sent again and again, or once if nobody knows how long its body is.
fn template(client: Client, mut request: Request) -> Factory {
    let has_body = request.is_empty() != Some(true);
    let body = redirect::keep_type(&mut request, Request::take_body);
    let body = Arc::new(Mutex::new(has_body.then_some(body)));
    Box::new(move |attempt| {
        let (client, mut request, shared) = (client.clone(), request.clone(), Arc::clone(&body));
        if let Some(address) = attempt.address.and_then(|address| Url::parse(&address).ok()) {
            request = redirect::follow(request, Redirect::Repeat, address);
        }
        let raw = complete(&mut request, &attempt.last_event_id);
        Start::new(async move {
            if has_body {
                let body = next_body(&shared).await?;
                redirect::keep_type(&mut request, |request| request.set_body(body));
            }
            redirect::send(client, request, raw).await
        })
    })
}

/// The body for this attempt; one of known length stays for the next.
async fn next_body(shared: &Mutex<Option<surf::Body>>) -> Result<surf::Body, TransportError> {
    let take = || shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    let body = take().ok_or_else(TransportError::gone)?;
    if body.is_empty().is_none() {
        return Ok(body);
    }
    let bytes = body.into_bytes().await?;
    let again = surf::Body::from_bytes(bytes.clone());
    *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(again);
    Ok(surf::Body::from_bytes(bytes))
}

/// Adds what an event stream asks for, where the user did not say otherwise; gives what surf cannot hold.
fn complete(request: &mut Request, last_event_id: &str) -> RawHeaders {
    for (name, value) in [
        ("accept", "text/event-stream"),
        ("accept-encoding", "identity"),
        ("cache-control", "no-cache"),
    ] {
        if request.header(name).is_none() {
            request.insert_header(name, value);
        }
    }
    let mut raw = HeaderMap::new();
    if last_event_id.is_empty() || request.header(LAST_EVENT_ID).is_some() {
        return RawHeaders(raw);
    }
    if last_event_id.is_ascii() {
        request.insert_header(LAST_EVENT_ID, last_event_id);
    } else if let Ok(value) = HeaderValue::from_bytes(last_event_id.as_bytes()) {
        raw.insert(LAST_EVENT_ID, value);
    }
    RawHeaders(raw)
}

//! Where a source comes from: a request, an address, or a factory of requests.

use std::future::Future;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, HeaderName, HeaderValue};
use reqwest::{Client, IntoUrl, Request, RequestBuilder, Url};
use sse_proto::Redirect;

use crate::transport::{Factory, Start, TransportError};
use crate::{Attempt, Config, EventSource, Transport};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Makes a request an [`EventSource`].
pub trait RequestBuilderExt: Sized {
    /// Events of this request, with the default [`Config`].
    ///
    /// Nothing is sent before the source is polled. A request that could not be built is the source's first and last item,
    /// an `Err` with `is_invalid_request()`. Without a policy of your own, only a request whose method is safe or idempotent is
    /// sent again; a body that cannot be cloned never is.
    fn event_source(self) -> EventSource {
        self.event_source_with(Config::default())
    }

    /// Events of this request, with a configuration.
    fn event_source_with(self, config: Config) -> EventSource;
}

impl RequestBuilderExt for RequestBuilder {
    fn event_source_with(self, mut config: Config) -> EventSource {
        let (client, request) = self.build_split();
        let mut request = match request {
            Ok(request) => request,
            Err(error) => return invalid(TransportError::request(error), config),
        };
        // What the user set by hand is the first id, and only the first.
        let id = request.headers_mut().remove(LAST_EVENT_ID);
        if let Some(id) = id.as_ref().and_then(|id| std::str::from_utf8(id.as_bytes()).ok()) {
            config.last_event_id = id.to_owned();
        }
        let replayable = request.try_clone().is_some();
        let config = config.for_request(request.method().as_str(), replayable);
        EventSource::new(Transport::new(template(client, request)), config)
    }
}

/// A source whose only item is the error.
fn invalid(error: TransportError, config: Config) -> EventSource {
    let mut error = Some(error);
    let factory = move |_| error.take().map_or_else(Start::gone, Start::failed);
    EventSource::new(Transport::new(Box::new(factory)), config)
}

/// Events of an address, with a client of its own and the default [`Config`].
///
/// Programs that follow more than one stream share a client: `client.get(url).event_source()`.
pub fn get(url: impl IntoUrl) -> EventSource {
    get_with(url, Config::default())
}

/// Events of an address, with a client of its own.
pub fn get_with(url: impl IntoUrl, config: Config) -> EventSource {
    // A `Referer` would tell one origin the other's query, tokens and all.
    match Client::builder().referer(false).build() {
        Ok(client) => client.get(url).event_source_with(config),
        Err(error) => invalid(TransportError::request(error), config),
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
/// use sse_tokio::{Config, RetryPolicy};
///
/// let client = reqwest::Client::new();
/// // 401 is worth another attempt here, since that one has a fresh token.
/// let policy = RetryPolicy::default().statuses(vec![401, 429, 503]);
/// let events = sse_tokio::from_factory(Config::default().retry(policy), move |_attempt| {
///     let client = client.clone();
///     async move { Ok(client.get("https://example.com/stream").bearer_auth(fetch_token().await?)) }
/// });
/// ```
pub fn from_factory<F, R>(mut config: Config, mut factory: F) -> EventSource
where
    F: FnMut(Attempt) -> R + Send + 'static,
    R: Future<Output = Result<RequestBuilder, Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static,
{
    config.retry.get_or_insert_default();
    let factory = move |attempt: Attempt| {
        let id = attempt.last_event_id.clone();
        let request = factory(attempt);
        Start::new(async move {
            let (client, request) = request.await.map_err(TransportError::factory)?.build_split();
            let mut request = request.map_err(TransportError::request)?;
            complete(&mut request, &id)?;
            client.execute(request).await.map_err(TransportError::send)
        })
    };
    EventSource::new(Transport::new(Box::new(factory)), config)
}

/// A request that is sent again and again, or once if its body cannot be cloned.
fn template(client: Client, request: Request) -> Factory {
    let mut original = Some(request);
    Box::new(move |attempt| {
        let clone = original.as_ref().and_then(Request::try_clone);
        let Some(mut request) = clone.or_else(|| original.take()) else { return Start::gone() };
        if let Some(address) = attempt.address.and_then(|address| address.parse().ok()) {
            redirect(&mut request, address);
        }
        if let Err(error) = complete(&mut request, &attempt.last_event_id) {
            return Start::failed(error);
        }
        let client = client.clone();
        Start::new(async move { client.execute(request).await.map_err(TransportError::send) })
    })
}

/// Goes where a redirect ended before, without what could be a credential if that is another origin.
fn redirect(request: &mut Request, address: Url) {
    if address.origin() != request.url().origin() {
        let names: Vec<_> = request.headers().keys().cloned().collect();
        for name in names.iter().filter(|name| !Redirect::crosses_origins(name.as_str())) {
            request.headers_mut().remove(name);
        }
    }
    *request.url_mut() = address;
}

/// Adds what an event stream asks for, where the user did not say otherwise.
fn complete(request: &mut Request, last_event_id: &str) -> Result<(), TransportError> {
    if !matches!(request.url().scheme(), "http" | "https") {
        return Err(TransportError::scheme());
    }
    let headers = request.headers_mut();
    let mut add = |name, value| {
        headers.entry(name).or_insert(value);
    };
    add(ACCEPT, HeaderValue::from_static("text/event-stream"));
    add(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    add(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if !last_event_id.is_empty()
        && let Ok(value) = HeaderValue::from_bytes(last_event_id.as_bytes())
    {
        add(LAST_EVENT_ID, value);
    }
    Ok(())
}

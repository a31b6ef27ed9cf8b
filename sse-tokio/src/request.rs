//! Where a source comes from: a request, an address, or a factory of requests.

use std::error::Error as _;
use std::future::Future;
use std::iter::successors;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, IntoUrl, Request, RequestBuilder, Url};
use sse_proto::Redirect;
use sse_proto::client::Requests;

use crate::{Attempt, Config, EventSource, Response, TransportError};

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
    fn event_source_with(self, config: Config) -> EventSource {
        let (client, request) = self.build_split();
        let mut request = match request {
            Ok(request) => request,
            Err(error) => return invalid(error, config),
        };
        let id = request.headers_mut().remove("last-event-id");
        let id = id.as_ref().map(HeaderValue::as_bytes);
        let replayable = request.try_clone().is_some();
        let config = config.for_request(request.method().as_str(), replayable, id);
        let request = Self::from_parts(client, request);
        EventSource::from_requests(Requests::repeat(request, Self::try_clone, send), config)
    }
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
    let builder = Client::builder().referer(false);
    // What the stream may hold unread is used up before h2 takes its small frames, of eight bytes or more, for an attack.
    #[cfg(feature = "http2")]
    let builder = builder
        .http2_initial_stream_window_size(128 * 1024)
        .http2_initial_connection_window_size(8 * 1024 * 1024);
    match builder.build() {
        Ok(client) => client.get(url).event_source_with(config),
        Err(error) => invalid(error, config),
    }
}

/// Events of requests that are made anew for each attempt: with a fresh token, another query, even another method.
///
/// The factory sees the [`Attempt`]: its number, its last event ID, why the connection before was lost. `Last-Event-ID` is
/// added to what it gives, unless it set that header itself. An error of its own is a loss like any other, unless it
/// is a [`Permanent`](crate::Permanent) one. Without a policy of your own every request is retried, a POST
/// too, also when its answer had begun: a model's answer then starts anew, a tool may run twice. For a model set
/// [`RetryPolicy::until_open`](crate::RetryPolicy::until_open). Where a call must not be done twice at all, give a `Permanent` unless
/// `attempt.number` is 1 or `attempt.last_loss` a status that did nothing, as in the recipe `mcp`.
///
/// ```no_run
/// # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
/// use sse_tokio::{Config, RetryPolicy};
///
/// let client = reqwest::Client::new();
/// // 401 is worth another attempt here, since that one has a fresh token.
/// let policy = RetryPolicy::default().also_statuses([401]).max_retries(5);
/// let events = sse_tokio::from_factory(Config::default().retry(policy), move |_attempt| {
///     let client = client.clone();
///     async move { Ok(client.get("https://example.com/stream").bearer_auth(fetch_token().await?)) }
/// });
/// ```
pub fn from_factory<F, R>(config: Config, factory: F) -> EventSource
where
    F: FnMut(Attempt) -> R + Send + 'static,
    R: Future<Output = Result<RequestBuilder, Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static,
{
    EventSource::from_requests(Requests::from_factory(factory, send), config.for_factory())
}

/// A source whose only item is the error.
fn invalid(error: reqwest::Error, config: Config) -> EventSource {
    EventSource::failing(TransportError::request(error.without_url()), config)
}

async fn send(request: RequestBuilder, attempt: Attempt) -> Result<Response, TransportError> {
    let (client, request) = request.build_split();
    let mut request = request.map_err(|error| TransportError::request(error.without_url()))?;
    if let Some(address) = attempt.address.as_ref().and_then(|address| address.parse().ok()) {
        redirect(&mut request, address);
    }
    TransportError::check_scheme(request.url().scheme())?;
    for (name, value) in attempt.headers() {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            request.headers_mut().entry(name).or_insert(value);
        }
    }
    let address = request.url().clone();
    match client.execute(request).await {
        Ok(response) => Ok(response.into()),
        Err(error) if is_refused(&error, &address) => {
            Err(TransportError::request(error.without_url()))
        }
        Err(error) => Err(TransportError::send(error.without_url())),
    }
}

/// Whether reqwest would never send this request; an address that a redirect named is not the user's.
fn is_refused(error: &reqwest::Error, address: &Url) -> bool {
    // That the client was built without TLS only the words of its connector tell.
    let mut causes = successors(error.source(), |&error| error.source());
    let mut lacks_tls = || causes.any(|it| it.to_string().contains("scheme is not http"));
    error.url().is_none_or(|url| url == address)
        && (error.is_builder() || address.scheme() == "https" && lacks_tls())
}

/// Goes where a redirect ended before.
fn redirect(request: &mut Request, address: Url) {
    let same_origin = address.origin() == request.url().origin();
    *request.url_mut() = address;
    let headers = request.headers_mut();
    let stays = |name: &HeaderName| Redirect::Repeat.keeps(name.as_str(), same_origin);
    let gone: Vec<_> = headers.keys().filter(|name| !stays(name)).cloned().collect();
    for name in gone {
        headers.remove(name);
    }
}

//! Where a source comes from: a request, an address, or a factory of requests.

use std::error::Error as StdError;
use std::future::Future;

use sse_proto::client::Requests;
use surf::http::Method;
use surf::{Client, Request, Url};

use crate::exchange::Exchange;
use crate::{Attempt, Config, EventSource, StreamClient, TransportError, http::invalid};

/// Makes a client's request an [`EventSource`].
pub trait ClientExt {
    /// Events of this request, with the default [`Config`]. The client should be one on [`StreamClient`]:
    /// [which client](crate#which-client) has what others break, such as curl, which reports no response before its first byte.
    ///
    /// Nothing is sent before the source is polled. Without a policy of your own, only a request whose method is safe or
    /// idempotent is sent again; a body of unknown length never is. A `Last-Event-ID` of the request is the first one, and later
    /// attempts carry what came since.
    ///
    /// Of the request's extensions only [`RawHeaders`](crate::RawHeaders) go along, since surf's cannot be copied. If a middleware
    /// needs others, make the requests by [`from_factory`].
    fn event_source(&self, request: impl Into<Request>) -> EventSource {
        self.event_source_with(request, Config::default())
    }

    /// Events of this request, with a configuration.
    fn event_source_with(&self, request: impl Into<Request>, config: Config) -> EventSource;
}

impl ClientExt for Client {
    fn event_source_with(&self, request: impl Into<Request>, config: Config) -> EventSource {
        let mut exchange = Exchange::new(self.clone(), request.into());
        let config = exchange.configure(config);
        let again = |it: &Exchange| it.replayable.then(|| it.clone());
        EventSource::from_requests(Requests::repeat(exchange, again, Exchange::send), config)
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
        Err(error) => EventSource::failing(TransportError::request(invalid(error)), config),
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
/// use sse_async_std::{Config, RetryPolicy, StreamClient};
///
/// let client = surf::Client::with_http_client(StreamClient::new());
/// // 401 is worth another attempt here, since that one has a fresh token.
/// let policy = RetryPolicy::default().also_statuses([401]).max_retries(5);
/// let events = sse_async_std::from_factory(Config::default().retry(policy), move |_attempt| {
///     let client = client.clone();
///     async move {
///         let token = format!("Bearer {}", fetch_token().await?);
///         let request = client.get("https://example.com/stream").header("authorization", token);
///         Ok((client.clone(), request.build()))
///     }
/// });
/// ```
pub fn from_factory<F, R>(config: Config, factory: F) -> EventSource
where
    F: FnMut(Attempt) -> R + Send + 'static,
    R: Future<Output = Result<(Client, Request), Box<dyn StdError + Send + Sync>>> + Send + 'static,
{
    let send = |(client, request), attempt| Exchange::new(client, request).send(attempt);
    EventSource::from_requests(Requests::from_factory(factory, send), config.for_factory())
}

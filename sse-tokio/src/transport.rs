//! reqwest and tokio as the core's [`Transport`](sse_proto::client::Transport).

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use sse_proto::{Instant, ResponseHead};
use tokio::time::{self, Sleep};

use crate::{Attempt, Response};

/// Makes and sends the request of an attempt.
pub(crate) type Factory = Box<dyn FnMut(Attempt) -> Start + Send>;

/// Requests through reqwest, time through tokio.
pub struct Transport {
    factory: Factory,
    origin: time::Instant,
    /// Made when the first deadline is set, since that needs the runtime.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Transport {
    pub(crate) fn new(factory: Factory) -> Self {
        Self { factory, origin: time::Instant::now(), timer: None }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl sse_proto::client::Transport for Transport {
    type Response = Response;
    type Error = TransportError;
    type Start = Start;

    fn start(&mut self, attempt: Attempt) -> Start {
        (self.factory)(attempt)
    }

    fn head(response: &Response) -> ResponseHead<'_> {
        let headers = response.headers();
        ResponseHead::from_headers(response.status().as_u16(), |name| {
            headers.get_all(name).iter().next_back().map(|value| value.as_bytes())
        })
        .redirected_to(response.url().as_str())
    }

    fn poll_chunk(
        &mut self,
        response: &mut Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        response.poll_chunk(cx).map_err(TransportError::send)
    }

    fn is_invalid_request(error: &TransportError) -> bool {
        matches!(error.0, Kind::Request(_) | Kind::Scheme)
    }

    fn now(&self) -> Instant {
        Instant::from_origin(time::Instant::now().saturating_duration_since(self.origin))
    }

    fn arm_timer(&mut self, deadline: Instant) {
        // The end of time is further than tokio's timer reaches: never is near enough to a year.
        let wait = deadline.saturating_since(self.now()).min(time::Duration::from_secs(31_536_000));
        let deadline = time::Instant::now() + wait;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(deadline),
            none => *none = Some(Box::pin(time::sleep_until(deadline))),
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn seed(&self) -> u64 {
        RandomState::new().hash_one(0)
    }
}

/// A request on its way. Dropping it closes its connection.
pub struct Start(Pin<Box<dyn Future<Output = Result<reqwest::Response, TransportError>> + Send>>);

impl Start {
    pub(crate) fn new(
        future: impl Future<Output = Result<reqwest::Response, TransportError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(future))
    }

    pub(crate) fn failed(error: TransportError) -> Self {
        Self::new(std::future::ready(Err(error)))
    }

    /// A request that could be sent only once, and was.
    pub(crate) fn gone() -> Self {
        Self::failed(TransportError(Kind::Gone))
    }
}

impl Future for Start {
    type Output = Result<Response, TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(self.0.as_mut().poll(cx)).map(Response::new))
    }
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").finish_non_exhaustive()
    }
}

/// Why a request could not be made or sent, or why its body failed. It never shows an address, which may hold a token.
#[derive(Debug)]
pub struct TransportError(Kind);

#[derive(Debug)]
enum Kind {
    Request(reqwest::Error),
    Send(reqwest::Error),
    Factory(Box<dyn std::error::Error + Send + Sync>),
    Scheme,
    Gone,
}

impl TransportError {
    pub(crate) fn request(error: reqwest::Error) -> Self {
        Self(Kind::Request(error.without_url()))
    }

    pub(crate) fn scheme() -> Self {
        Self(Kind::Scheme)
    }

    pub(crate) fn send(error: reqwest::Error) -> Self {
        Self(Kind::Send(error.without_url()))
    }

    pub(crate) fn factory(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self(Kind::Factory(error))
    }

    /// reqwest's error, where it is one.
    pub fn as_reqwest(&self) -> Option<&reqwest::Error> {
        match &self.0 {
            Kind::Request(error) | Kind::Send(error) => Some(error),
            Kind::Factory(_) | Kind::Scheme | Kind::Gone => None,
        }
    }

    /// Whether no connection came about.
    pub fn is_connect(&self) -> bool {
        self.as_reqwest().is_some_and(reqwest::Error::is_connect)
    }

    /// Whether the request could not be made: by the factory, or for what it was made of.
    pub fn is_request(&self) -> bool {
        matches!(self.0, Kind::Request(_) | Kind::Scheme | Kind::Factory(_))
    }
}

impl TransportError {
    fn inner(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Request(error) | Kind::Send(error) => Some(error),
            Kind::Factory(error) => Some(error.as_ref()),
            Kind::Scheme | Kind::Gone => None,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inner() {
            Some(error) => fmt::Display::fmt(error, f),
            None if matches!(self.0, Kind::Scheme) => {
                f.write_str("the address is neither http nor https")
            }
            None => f.write_str("the request's body could be sent only once"),
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner().and_then(std::error::Error::source)
    }
}

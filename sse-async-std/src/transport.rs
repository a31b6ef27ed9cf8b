//! surf and async-std as the core's [`Transport`](sse_proto::client::Transport).

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time;

use async_io::Timer;
use bytes::Bytes;
use sse_proto::{Instant, ResponseHead};

use crate::{Attempt, Response};

/// Makes and sends the request of an attempt.
pub(crate) type Factory = Box<dyn FnMut(Attempt) -> Start + Send>;

/// Requests through surf, time through async-std's reactor.
pub struct Transport {
    factory: Factory,
    origin: time::Instant,
    timer: Timer,
}

impl Transport {
    pub(crate) fn new(factory: Factory) -> Self {
        Self { factory, origin: time::Instant::now(), timer: Timer::never() }
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
        let head = ResponseHead::from_headers(response.status(), |name| match name {
            // Clients that are not ours may have undone what they still show.
            "content-encoding" if !response.is_raw() => None,
            name => response.header(name),
        });
        head.redirected_to(response.url().as_str())
    }

    fn poll_chunk(
        &mut self,
        response: &mut Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        response.poll_chunk(cx).map_err(TransportError::from)
    }

    fn is_invalid_request(error: &TransportError) -> bool {
        match &error.0 {
            Kind::Invalid(_) => true,
            // What our HTTP client refuses before it sends anything.
            Kind::Io(error) => {
                let refused = [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];
                error.raw_os_error().is_none() && refused.contains(&error.kind())
            }
            Kind::Other(_) | Kind::Factory(_) | Kind::Gone => false,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    fn arm_timer(&mut self, deadline: Instant) {
        match self.origin.checked_add(deadline.since_origin()) {
            Some(deadline) => self.timer.set_at(deadline),
            None => self.timer = Timer::never(),
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.timer).poll(cx).map(|_| ())
    }

    fn seed(&self) -> u64 {
        RandomState::new().hash_one(0)
    }
}

/// A request on its way. Dropping it closes its connection.
pub struct Start(Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send>>);

impl Start {
    pub(crate) fn new(
        future: impl Future<Output = Result<Response, TransportError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(future))
    }

    pub(crate) fn failed(error: TransportError) -> Self {
        Self::new(std::future::ready(Err(error)))
    }
}

impl Future for Start {
    type Output = Result<Response, TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
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
    Invalid(surf::http::url::ParseError),
    Io(io::Error),
    /// What a foreign client says.
    Other(String),
    Factory(Box<dyn std::error::Error + Send + Sync>),
    Gone,
}

impl TransportError {
    pub(crate) fn invalid(error: surf::http::url::ParseError) -> Self {
        Self(Kind::Invalid(error))
    }

    pub(crate) fn factory(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self(Kind::Factory(error))
    }

    /// A body that could be sent only once, and was.
    pub(crate) fn gone() -> Self {
        Self(Kind::Gone)
    }

    /// The error of the network, where it is one.
    pub fn as_io(&self) -> Option<&io::Error> {
        match &self.0 {
            Kind::Io(error) => Some(error),
            Kind::Invalid(_) | Kind::Other(_) | Kind::Factory(_) | Kind::Gone => None,
        }
    }

    /// Whether the request could not be made: by the factory, or for its address.
    pub fn is_request(&self) -> bool {
        matches!(self.0, Kind::Invalid(_) | Kind::Factory(_))
    }

    fn inner(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Invalid(error) => Some(error),
            Kind::Io(error) => Some(error),
            Kind::Factory(error) => Some(error.as_ref()),
            Kind::Other(_) | Kind::Gone => None,
        }
    }
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        Self(Kind::Io(error))
    }
}

impl From<surf::Error> for TransportError {
    fn from(error: surf::Error) -> Self {
        Self(match error.downcast::<io::Error>() {
            Ok(error) => Kind::Io(error),
            Err(error) => Kind::Other(error.to_string()),
        })
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.inner()) {
            (_, Some(error)) => fmt::Display::fmt(error, f),
            (Kind::Other(text), _) => f.write_str(text),
            _ => f.write_str("the request's body could be sent only once"),
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner().and_then(std::error::Error::source)
    }
}

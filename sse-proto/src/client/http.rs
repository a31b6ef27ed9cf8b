//! The transport that an HTTP client and a runtime make together.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use super::update::write_causes;
use super::{Error, EventSource, Requests, Sending, Transport, TransportError};
use crate::{Attempt, Config, Instant, ResponseHead};

/// A response of an HTTP client: its head, and its body as far as it is not read.
pub trait Response: Unpin + Send + 'static {
    /// The HTTP client's own error.
    type Error: std::error::Error + Unpin + Send + 'static;

    /// See [`Transport::head`].
    fn head(&self) -> ResponseHead<'_>;

    /// See [`Transport::poll_chunk`].
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>>;
}

/// A runtime's clock, and one timer on it.
pub trait Clock: Unpin {
    /// See [`Transport::now`].
    fn now(&self) -> Instant;

    /// See [`Transport::arm_timer`].
    fn arm_timer(&mut self, deadline: Instant);

    /// See [`Transport::disarm_timer`].
    fn disarm_timer(&mut self) {}

    /// See [`Transport::poll_timer`].
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Requests through an HTTP client, time through a runtime.
pub struct HttpTransport<R: Response, C> {
    requests: Requests<R, R::Error>,
    clock: C,
}

impl<R: Response, C: Clock> HttpTransport<R, C> {
    /// A transport that makes these requests, by this clock.
    pub const fn new(requests: Requests<R, R::Error>, clock: C) -> Self {
        Self { requests, clock }
    }
}

impl<R: Response, C: Clock> Transport for HttpTransport<R, C> {
    type Response = R;
    type Error = TransportError<R::Error>;
    type Start = Sending<R, R::Error>;

    fn start(&mut self, attempt: Attempt) -> Self::Start {
        self.requests.start(attempt)
    }

    fn head(response: &R) -> ResponseHead<'_> {
        response.head()
    }

    fn poll_chunk(
        &mut self,
        response: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        response.poll_chunk(cx).map_err(TransportError::send)
    }

    fn is_invalid_request(error: &Self::Error) -> bool {
        error.is_permanent()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.clock.arm_timer(deadline);
    }

    fn disarm_timer(&mut self) {
        self.clock.disarm_timer();
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll_timer(cx)
    }
}

impl<R: Response, C> fmt::Debug for HttpTransport<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl<R: Response, C: Clock + Default> EventSource<HttpTransport<R, C>> {
    /// A source that makes these requests, by a clock of its own.
    pub fn from_requests(requests: Requests<R, R::Error>, config: Config) -> Self {
        Self::new(HttpTransport::new(requests, C::default()), config)
    }

    /// A source whose only item is this error, since there can be no request.
    pub fn failing(error: TransportError<R::Error>, config: Config) -> Self {
        Self::from_requests(Requests::failing(error), config)
    }
}

/// How long an explanation waits for what a server says.
const EXPLAINING: Duration = Duration::from_secs(5);

impl<R: Response, C: Clock + Default> Error<HttpTransport<R, C>> {
    /// All that is known about it, as text: the error, its causes, and of a response that was not accepted up to `limit` bytes of the
    /// body, where servers say what is wrong.
    ///
    /// What has come after 5 s has to do, or before the body fails; one that is compressed is left out. What is no UTF-8, and control
    /// characters but line ends and tabs, become U+FFFD.
    pub async fn explain(self, limit: usize) -> String {
        let mut text = self.to_string();
        // A `String` takes everything.
        let _ = write_causes(&mut text, self.transport_error());
        let response = self.into_response().filter(|response| !response.head().is_encoded());
        let Some(mut response) = response else { return text };
        let mut clock = C::default();
        clock.arm_timer(clock.now() + EXPLAINING);
        let mut next = |cx: &mut Context<'_>| match response.poll_chunk(cx) {
            Poll::Pending => clock.poll_timer(cx).map(|()| None),
            chunk => chunk.map(|chunk| chunk?.ok()),
        };
        let mut body = Vec::new();
        while body.len() < limit
            && let Some(chunk) = poll_fn(&mut next).await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
        }
        if !body.is_empty() {
            let unfit = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            let body = String::from_utf8_lossy(&body).replace(unfit, "\u{FFFD}");
            text = format!("{text}: {body}");
        }
        text
    }
}

//! reqwest and tokio as the core's [`Transport`](sse_proto::client::Transport).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use sse_proto::{Instant, ResponseHead, client};
use tokio::time::{self, Sleep};

use crate::{Attempt, Response, TransportError};

pub(crate) type Requests = client::Requests<Response, reqwest::Error>;

/// Requests through reqwest, time through tokio.
#[derive(Debug)]
pub struct Transport {
    requests: Requests,
    origin: time::Instant,
    /// Made when the first deadline is set, since that needs the runtime.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Transport {
    pub(crate) fn new(requests: Requests) -> Self {
        Self { requests, origin: time::Instant::now(), timer: None }
    }
}

impl client::Transport for Transport {
    type Response = Response;
    type Error = TransportError;
    type Start = client::Sending<Response, reqwest::Error>;

    fn start(&mut self, attempt: Attempt) -> Self::Start {
        self.requests.start(attempt)
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
        Pin::new(response.inner.body_mut()).poll_next(cx).map_err(TransportError::send)
    }

    fn is_invalid_request(error: &TransportError) -> bool {
        error.is_permanent()
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
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
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }
}

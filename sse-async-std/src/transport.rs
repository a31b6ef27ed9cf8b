//! surf and async-std as the core's [`Transport`](sse_proto::client::Transport).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time;

use async_io::Timer;
use bytes::Bytes;
use futures_core::Stream;
use sse_proto::{Instant, ResponseHead, client};

use crate::{Attempt, Response, TransportError};

pub(crate) type Requests = client::Requests<Response, io::Error>;

/// Requests through surf, time through async-std's reactor.
#[derive(Debug)]
pub struct Transport {
    requests: Requests,
    origin: time::Instant,
    timer: Timer,
}

impl Transport {
    pub(crate) fn new(requests: Requests) -> Self {
        Self { requests, origin: time::Instant::now(), timer: Timer::never() }
    }
}

impl client::Transport for Transport {
    type Response = Response;
    type Error = TransportError;
    type Start = client::Sending<Response, io::Error>;

    fn start(&mut self, attempt: Attempt) -> Self::Start {
        self.requests.start(attempt)
    }

    fn head(response: &Response) -> ResponseHead<'_> {
        let head = ResponseHead::from_headers(response.status(), |name| match name {
            // Clients that are not ours may have undone what they still show.
            "content-encoding" if response.raw().is_none() => None,
            name => response.header(name),
        });
        head.redirected_to(response.url().as_str())
    }

    fn poll_chunk(
        &mut self,
        response: &mut Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        Pin::new(&mut response.body).poll_next(cx).map_err(TransportError::send)
    }

    fn is_invalid_request(error: &TransportError) -> bool {
        error.is_permanent()
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
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}

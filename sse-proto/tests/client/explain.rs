//! What an error says of the response that it holds.

use std::io;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use sse_proto::client::{Clock, EventSource, HttpTransport, Requests, Response, TransportError};
use sse_proto::{Instant, ResponseHead};

use super::SECOND;
use super::ends::one_shot;

/// A response with this status and the body in pieces, after which comes an error; an empty piece never comes.
struct Refused(u16, Vec<&'static [u8]>);

impl Response for Refused {
    type Error = io::Error;

    fn head(&self) -> ResponseHead<'_> {
        let head = ResponseHead::new(self.0).content_type(b"text/plain");
        if self.0 == 406 { head.content_encoding(b"gzip") } else { head }
    }

    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.1.is_empty() {
            return Poll::Ready(Some(Err(io::Error::other("cut"))));
        }
        if self.1[0].is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Bytes::from_static(self.1.remove(0)))))
    }
}

/// A clock by which five seconds are over at once, and no longer time.
#[derive(Default)]
struct Hasty(Option<Instant>);

impl Clock for Hasty {
    fn now(&self) -> Instant {
        Instant::ORIGIN
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.0 = Some(deadline);
    }

    fn poll_timer(&mut self, _: &mut Context<'_>) -> Poll<()> {
        match self.0 {
            Some(deadline) if deadline <= Instant::ORIGIN + SECOND * 5 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

type Source = EventSource<HttpTransport<Refused, Hasty>>;

fn explain(requests: Requests<Refused, io::Error>, limit: usize) -> String {
    let mut source = Source::from_requests(requests, one_shot());
    let mut next = Box::pin(source.next());
    match next.as_mut().poll_unpin(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Err(error))) => error.explain(limit).now_or_never().expect("at once"),
        other => panic!("{other:?}"),
    }
}

fn answer(status: u16, body: &'static [&'static [u8]]) -> Requests<Refused, io::Error> {
    let response = std::future::ready(Ok(Refused(status, body.to_vec())));
    let mut responses = vec![response];
    Requests::from_factory(
        move |_| std::future::ready(Ok(responses.remove(0))),
        |response, _| response,
    )
}

#[test]
fn an_error_is_explained_by_the_body_of_its_response() {
    let refused = "the server answered with status 401: ";
    assert_eq!(explain(answer(401, &[b"no ", b"token"]), 100), format!("{refused}no token"));
    assert_eq!(explain(answer(401, &[b"no ", b"token"]), 5), format!("{refused}no to"));
    assert_eq!(explain(answer(401, &[b"no \xFF"]), 100), format!("{refused}no \u{FFFD}"));
    let red = format!("{refused}\u{FFFD}[31m\nred");
    assert_eq!(explain(answer(401, &[b"\x1B[31m\nred"]), 100), red);
    assert_eq!(explain(answer(401, &[]), 100), "the server answered with status 401");
    assert_eq!(explain(answer(401, &[b"slow", b""]), 100), format!("{refused}slow"));
    assert_eq!(explain(answer(406, &[b"zip"]), 100), "the server answered with status 406");
    let kind = "the response is no event stream: its content type is not accepted: ";
    assert_eq!(explain(answer(200, &[b"log in"]), 100), format!("{kind}log in"));
}

#[test]
fn an_error_without_a_response_is_explained_by_its_causes() {
    let error = io::Error::new(io::ErrorKind::InvalidInput, Outer(io::Error::other("its cause")));
    let requests = Requests::failing(TransportError::request(error));
    assert_eq!(explain(requests, 100), "the request could not be made: no address: its cause");
}

/// An error with a cause.
#[derive(Debug)]
struct Outer(io::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no address")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

//! An adapter of your own: hyper's client and tokio's clock as a `Transport`, and every word of `EventSource` is yours.
//!
//! `cargo run --example third_adapter`
//!
//! It needs of this project only `sse-proto` with the feature `client`. For your HTTP client and runtime: the same items;
//! `sse-testkit` has the list of scenarios that an adapter should pass.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use http_body_util::Empty;
use hyper::body::{Body, Bytes, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use sse_proto::client::{EventSource, Transport};
use sse_proto::{Attempt, Config, Instant, ResponseHead, RetryPolicy};
use sse_testkit::{Cut, Replay, Server};
use tokio::time::{self, Sleep};

struct Hyper {
    client: Client<HttpConnector, Empty<Bytes>>,
    uri: Uri,
    origin: time::Instant,
    timer: Pin<Box<Sleep>>,
}

impl Transport for Hyper {
    type Response = Response<Incoming>;
    type Error = io::Error;
    type Start = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn start(&mut self, attempt: Attempt) -> Self::Start {
        let mut request = Request::get(&self.uri);
        for (name, value) in attempt.headers() {
            request = request.header(name, value.as_bytes());
        }
        let response = request.body(Empty::new()).map(|request| self.client.request(request));
        Box::pin(async { response.map_err(io::Error::other)?.await.map_err(io::Error::other) })
    }

    fn head(response: &Self::Response) -> ResponseHead<'_> {
        ResponseHead::from_headers(response.status().as_u16(), |name| {
            response.headers().get_all(name).iter().next_back().map(|value| value.as_bytes())
        })
    }

    fn poll_chunk(
        &mut self,
        response: &mut Self::Response,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let frame = Pin::new(response.body_mut()).poll_frame(cx);
        frame.map_ok(|frame| frame.into_data().unwrap_or_default()).map_err(io::Error::other)
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    fn arm_timer(&mut self, deadline: Instant) {
        // Never is a year from now.
        let wait = deadline.saturating_since(self.now()).min(Duration::from_secs(31_536_000));
        self.timer.as_mut().reset(time::Instant::now() + wait);
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.as_mut().poll(cx)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(Replay::new(9).cuts([Cut::after(3).bytes(9), Cut::after(0)]))?;
    let config = Config::default().retry(RetryPolicy::default().base(Duration::from_millis(50)));
    let transport = Hyper {
        client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http(),
        uri: server.url("/stream").parse()?,
        origin: time::Instant::now(),
        timer: Box::pin(time::sleep(Duration::ZERO)),
    };
    let (mut events, mut seen) = (EventSource::new(transport, config), Vec::new());
    while let Some(event) = events.next().await {
        seen.extend(event?.last_event_id_as::<u32>());
    }
    println!("{seen:?} over {} connections", events.stats().opens);
    assert_eq!(seen, Vec::from_iter(1..=9), "every event once, in order");
    Ok(())
}

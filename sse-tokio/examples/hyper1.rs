//! The core over hyper 1 directly: one response, no reconnection. `EventStream` takes the body of any version of any HTTP client.
//!
//! `cargo run --example hyper1`
//!
//! It needs of this project only `sse-proto` with the feature `stream`. For a real service: its address, and TLS.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use futures_util::StreamExt;
use http_body_util::{BodyDataStream, Empty};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use sse_proto::stream::EventStream;
use sse_testkit::{Reply, Server};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start([Reply::stream()
        .chunk("event: token\nid: 1\ndata: Hel")
        .chunk("lo\n\n: a comment\n\ndata: two\r\ndata: lines\r\n\r\n")])?;

    let socket = TcpStream::connect(server.addr()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    // It does the reading and writing, and ends with the response.
    let connection = tokio::spawn(connection);
    let request = Request::get("/stream")
        .header("host", server.addr().to_string())
        .header("accept", "text/event-stream")
        .body(Empty::<&[u8]>::new())?;
    let response = sender.send_request(request).await?;
    // A stream of one response checks nothing: that is up to whoever has the head.
    let content_type = response.headers().get("content-type").and_then(|it| it.to_str().ok());
    let essence = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    if response.status() != StatusCode::OK || !essence.eq_ignore_ascii_case("text/event-stream") {
        return Err(format!("no event stream: {}", response.status()).into());
    }

    let mut events = EventStream::new(BodyDataStream::new(response.into_body()));
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        let event = event?;
        println!("{} {}: {:?}", event.last_event_id(), event.event_type(), event.data());
        seen.push(event.into_data());
    }
    assert_eq!(seen, ["Hello", "two\nlines"]);
    assert_eq!(events.last_event_id(), "1");
    drop(sender);
    connection.await??;
    Ok(())
}

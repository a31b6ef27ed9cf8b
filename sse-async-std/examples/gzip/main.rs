//! A compressed stream: `sse-async-std` leaves compression to a middleware, and this is one.
//!
//! `cargo run -p sse-async-std --example gzip`. A server in the same process flushes behind each event, and says no more until the
//! client has it.

mod gunzip;

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use gunzip::Gunzip;
use sse_async_std::{ClientExt, StreamClient};
use sse_testkit::{End, Reply, Server};

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(
        Reply::stream()
            .header("content-encoding", "gzip")
            .chunk(compressed("data: Hello\n\n")?)
            .end(End::Silence),
    )?;

    let client = surf::Client::with_http_client(StreamClient::new()).with(Gunzip);
    let request = client.get(server.url("/events")).header("accept-encoding", "gzip");
    let mut events = client.event_source(request);

    let event = async_std::future::timeout(Duration::from_secs(20), events.next()).await?;
    let event = event.ok_or("no event")??;
    writeln!(std::io::stdout(), "{}", event.data())?;
    assert_eq!(event.data(), "Hello");
    assert_eq!(server.requests()[0].header("accept-encoding"), Some(&b"gzip"[..]));
    Ok(())
}

/// With a sync flush behind it.
fn compressed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.flush()?;
    Ok(std::mem::take(encoder.get_mut()))
}

//! Ways to leave a stream, each of which closes its connection at once; and a reader that is too slow, for whom nothing is
//! buffered: its server has to wait.
//!
//! `cargo run --example cancel`
//!
//! For the real service: its address, and your own reasons to leave.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use sse_testkit::{End, Reply, Script, Server};
use sse_tokio::RequestBuilderExt;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sent = Arc::new(AtomicU64::new(0));
    let server = server(&sent)?;
    let client = reqwest::Client::new();
    let quiet = || client.get(server.url("/quiet")).event_source();
    let closed = |count| {
        timeout(Duration::from_secs(10), server.until(move |tally| tally.closed_by_peer == count))
    };

    // A future of the stream is dropped whenever another branch is faster; no event is lost by it.
    let mut events = quiet();
    let (mut seen, mut ticks) = (0, 0);
    while ticks < 3 {
        tokio::select! {
            // `next()` or, as here, `next_ref()`.
            event = events.next_ref() => seen += u32::from(event.ok_or("no end")?.is_ok()),
            () = sleep(Duration::from_millis(20)) => ticks += 1,
        }
    }
    drop(events);
    closed(1).await?;
    println!("dropped after {seen} event: the server saw it");
    assert_eq!(seen, 1);

    // From another task: a handle closes the stream, which ends without an error.
    let mut events = quiet();
    let handle = events.handle();
    let (seen, mut first) = watch::channel(0);
    let reader = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            event?;
            seen.send_modify(|seen| *seen += 1);
        }
        Ok::<_, sse_tokio::Error>(())
    });
    first.wait_for(|&seen| seen == 1).await?;
    handle.close();
    reader.await??;
    assert_eq!(*first.borrow(), 1);
    closed(2).await?;
    println!("closed by its handle: the server saw it");

    // A task that is aborted drops its stream.
    let mut events = quiet();
    let reader = tokio::spawn(async move { while events.next().await.is_some() {} });
    timeout(Duration::from_secs(10), server.until(|tally| tally.requests == 3)).await?;
    reader.abort();
    closed(3).await?;
    println!("aborted with its task: the server saw it");

    // Nobody reads: the sockets fill up, and the server stops.
    let mut events = client.get(server.url("/flood")).event_source();
    let first = events.next().await.ok_or("no end")??;
    assert_eq!(first.last_event_id_as(), Some(0_u64));
    let mut before = u64::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        sleep(Duration::from_millis(100)).await;
    }
    println!(
        "a slow reader: the server waits after {before} KiB, most of it in the system's sockets"
    );
    assert!(before < 32 * 1024, "{before} KiB are on the way");
    for number in 1..before + 1024 {
        let event = events.next().await.ok_or("no end")??;
        assert_eq!(event.last_event_id_as(), Some(number));
    }
    println!("and goes on when it is read");
    assert!(sent.load(Ordering::Relaxed) > before);
    Ok(())
}

fn server(sent: &Arc<AtomicU64>) -> std::io::Result<Server> {
    let sent = Arc::clone(sent);
    let data = "x".repeat(1000);
    let flood = Reply::stream().generate(Duration::ZERO, move |n| {
        sent.fetch_add(1, Ordering::Relaxed);
        Some(format!("id: {n}\ndata: {data}\n\n").into_bytes())
    });
    let quiet = Script::with(|_| Reply::stream().chunk("data: hello\n\n").end(End::Silence));
    Server::start(Script::new().on("/quiet", quiet).on("/flood", flood))
}

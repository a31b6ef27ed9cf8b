//! How to test a program that follows event streams: against a scripted server with faults, in virtual time, and with no
//! network at all.
//!
//! `cargo run --example user_tests`, or as tests: `cargo test --example user_tests`
//!
//! For your program: its functions in place of `total`; take a source or any stream of events where you can, and
//! every one of these ways is open to you.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use sse_proto::stream::EventStream;
use sse_testkit::{End, Reply, Server};
use sse_tokio::{Config, Event, RequestBuilderExt, RetryPolicy};
use tokio::time::{Instant, pause};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Code under test: adds up what comes.
async fn total<E>(mut events: impl Stream<Item = Result<Event, E>> + Unpin) -> Outcome<u64>
where
    E: Error + 'static,
{
    let mut total = 0;
    while let Some(event) = events.next().await {
        total += event?.data().parse::<u64>()?;
    }
    Ok(total)
}

/// No network: bytes, cut where it hurts.
async fn bytes_in_pieces() -> Outcome<()> {
    let pieces = ["data: 1\n\nda", "ta: 2\r", "\n\r\ndata: cut off"];
    let body = stream::iter(pieces.map(Ok::<_, std::io::Error>));
    assert_eq!(total(EventStream::new(body)).await?, 3);
    Ok(())
}

/// A server that does what servers do: it breaks off, is busy, and ends.
async fn broken_connections() -> Outcome<()> {
    let server = Server::start([
        Reply::stream().chunk("id: 1\ndata: 1\n\ndata: lo").end(End::Reset),
        Reply::status(503),
        Reply::stream().chunk("id: 2\ndata: 2\n\n").trickle(),
        Reply::status(204),
    ])?;
    let config = Config::default().retry(RetryPolicy::default().base(Duration::from_millis(5)));
    let client = reqwest::Client::new();
    assert_eq!(total(client.get(server.url("/")).event_source_with(config)).await?, 3);

    // The server remembers what it was asked.
    let asked = server.requests();
    let ids: Vec<_> = asked.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, Some(&b"1"[..]), Some(b"1"), Some(b"2")]);
    Ok(())
}

/// A day without network, in no time: tokio's clock leaps to the next timer when there is nothing else to do. That is only
/// right where no socket is waited for, so here no request comes about.
async fn a_day_without_network() -> Outcome<()> {
    pause();
    let day = Duration::from_secs(24 * 60 * 60);
    let policy = RetryPolicy::default().cap(Duration::from_secs(600)).max_elapsed(day);
    let (began, config) = (Instant::now(), Config::default().retry(policy));
    let source = sse_tokio::from_factory(config, async |_| Err("the cable is out".into()));
    let attempts = source.handle();
    let error = total(source).await.err().ok_or("no error")?;
    println!("{} attempts in {:?}: {error}", attempts.stats().attempts, began.elapsed());
    assert!((day / 2..=day).contains(&began.elapsed()));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    bytes_in_pieces().await?;
    broken_connections().await?;
    a_day_without_network().await
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn pieces_are_put_together() -> super::Outcome<()> {
        super::bytes_in_pieces().await
    }

    #[tokio::test]
    async fn no_number_is_lost_or_comes_twice() -> super::Outcome<()> {
        super::broken_connections().await
    }

    #[tokio::test]
    async fn an_outage_ends_after_a_day() -> super::Outcome<()> {
        super::a_day_without_network().await
    }
}

//! Many streams of one client over HTTP/2.

mod support;

use std::error::Error;
use std::time::Duration;

use sse_testkit::scenario::{Client, Front, crowd_over_http2, quick};
use sse_testkit::{End, Reply, Server};
use sse_tokio::{Cause, EventSource, Loss, RequestBuilderExt, Update};
use support::{PATIENCE, Tokio, http, next};
use tokio::time;

/// So long does one that is in a hurry wait.
const LIMIT: Duration = Duration::from_millis(50);

async fn lost(source: &mut EventSource) -> Option<Loss> {
    match next(&mut source.updates()).await {
        Some(Ok(Update::Lost(loss))) => Some(loss),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stream_over_the_limit_waits_until_another_ends() -> Result<(), Box<dyn Error>> {
    let server = Server::with(|_| Reply::stream().chunk("data: a\n\n").end(End::Silence))?;
    let front = Front::http2(&server, 2)?;
    let client = http(Some(front.authority()));
    let source = |config| client.get(front.url("/stream")).event_source_with(config);
    let mut open = vec![source(quick()), source(quick())];
    for source in &mut open {
        assert_eq!(next(source).await.ok_or("an event")??.data(), "a");
    }

    let mut patient = source(quick());
    let mut hasty = source(quick().connect_timeout(Some(LIMIT)));
    for _ in 0..2 {
        // The patient one asks first.
        let loss = tokio::select! {
            biased;
            opened = patient.opened() => panic!("{opened:?}"),
            loss = lost(&mut hasty) => loss.ok_or("a loss")?,
        };
        assert_eq!(loss.lost.cause, Cause::ConnectTimeout(LIMIT));
    }
    assert_eq!((server.tally().requests, front.tally().accepted), (2, 1));

    open.pop();
    assert_eq!(next(&mut patient).await.ok_or("an event")??.data(), "a");
    drop(patient);
    assert_eq!(next(&mut hasty).await.ok_or("an event")??.data(), "a");
    drop((open, hasty));
    time::timeout(PATIENCE, server.until(|tally| tally.open == 0)).await?;
    assert_eq!(front.tally().accepted, 1);
    Ok(())
}

#[test]
fn a_thousand_streams_over_one_connection() {
    let client = Tokio::one_client();
    let crowd = crowd_over_http2(&client, 1_000);
    let crowd = client.block_on(async { time::timeout(PATIENCE, crowd).await });
    let front = crowd.expect("in time").expect("what each had to get");
    assert_eq!(front.tally().accepted, 1);
    // The connection is kept for other requests as long as the client is there.
    drop(client);
    let runtime = Tokio::default();
    let closed = runtime
        .block_on(async { time::timeout(PATIENCE, front.until(|tally| tally.open == 0)).await });
    assert!(closed.is_ok());
}

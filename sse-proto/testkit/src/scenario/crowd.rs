//! Many streams at once in one process.

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::Stream;
use futures_util::future::try_join_all;
use sse_proto::Config;
use sse_proto::client::{EventSource, Transport};

use crate::scenario::build::steady;
use crate::scenario::{Ask, Client, View};
use crate::{End, Reply, Server};

/// Follows so many streams at once: all are open at the same time, then all are restarted and go on from the event that
/// they had. To be called where futures run.
///
/// Each stream has a client number in its query.
///
/// # Errors
///
/// What went wrong with the first stream with which something did.
pub async fn crowd<C: Client>(client: &C, streams: usize) -> Result<(), String> {
    let server = Server::with(|request| match request.last_event_id() {
        None => Reply::stream().chunk("id: 1\ndata: 1\n\n").end(End::Silence),
        Some(b"1") => {
            Reply::stream().chunk("data: 2\n\n").chunk("id: 3\ndata: 3\n\n").keep_alive(false)
        }
        Some(_) => Reply::status(204).keep_alive(false),
    });
    let server = server.map_err(|error| error.to_string())?;
    let mut sources: Vec<_> = (0..streams)
        .map(|n| {
            client.source(&Ask {
                url: server.url(&format!("/stream?client={n}")),
                method: "GET".to_owned(),
                headers: Vec::new(),
                body: None,
                config: Config::default().retry(steady()),
                view: View::Events,
                anew: false,
                trust: None,
            })
        })
        .collect();
    try_join_all(sources.iter_mut().map(|source| expect(source, Some("1")))).await?;
    let open = server.open_connections();
    if open != streams {
        return Err(format!("{open} connections are open"));
    }
    sources.iter_mut().for_each(EventSource::restart);
    try_join_all(sources.iter_mut().map(async |source| {
        expect(source, Some("2")).await?;
        expect(source, Some("3")).await?;
        expect(source, None).await
    }))
    .await?;
    server.until(|tally| tally.open == 0).await;
    match server.tally().requests {
        requests if requests == 3 * streams => Ok(()),
        requests => Err(format!("{requests} requests")),
    }
}

async fn expect<T: Transport>(
    source: &mut EventSource<T>,
    data: Option<&str>,
) -> Result<(), String> {
    match poll_fn(|cx| Pin::new(&mut *source).poll_next(cx)).await {
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(event)) if Some(event.data()) == data => Ok(()),
        None if data.is_none() => Ok(()),
        other => Err(format!("{other:?} instead of {data:?}")),
    }
}

//! Many streams at once in one process.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use futures_util::Stream;
use futures_util::future::try_join_all;
use sse_proto::client::{EventSource, Transport};

#[cfg(feature = "http2")]
use crate::scenario::Front;
use crate::scenario::{Ask, Client, View, quick};
use crate::{End, Reply, Server};

/// Follows so many streams at once: all are open at the same time, then all are restarted and go on from the event that
/// they had, then their connections end, and when they have gone on from there all are dropped. To be called where futures
/// run.
///
/// Each stream has a client number in its query. What does not come is waited for without a time limit: put it into the runtime's
/// `timeout`.
///
/// # Errors
///
/// What went wrong with the first stream with which something did.
pub async fn crowd<C: Client>(client: &C, streams: usize) -> Result<(), String> {
    let server = serve().map_err(|error| error.to_string())?;
    let sources = (0..streams).map(|n| client.source(&ask(server.url(&target(n)))));
    follow(&server, sources.collect()).await
}

/// As [`crowd`], over HTTP/2. It gives back what was before the server, which tells how many connections there were, and
/// whether they are closed.
///
/// The first stream opens before the others ask, so that they find its connection.
///
/// # Errors
///
/// As [`crowd`].
#[cfg(feature = "http2")]
pub async fn crowd_over_http2<C: Client>(client: &C, streams: usize) -> Result<Front, String> {
    let server = serve().map_err(|error| error.to_string())?;
    let most_streams = u32::try_from(streams).unwrap_or(u32::MAX);
    let front = Front::http2(&server, most_streams).map_err(|error| error.to_string())?;
    let sources = (0..streams).map(|n| {
        let trust = Some(front.authority().to_vec());
        client.source(&Ask { trust, ..ask(front.url(&target(n))) })
    });
    follow(&server, sources.collect()).await?;
    Ok(front)
}

fn serve() -> io::Result<Server> {
    Server::with(|request| match request.last_event_id() {
        None => Reply::stream().chunk("id: 1\ndata: 1\n\n").end(End::Silence),
        Some(b"1") => {
            Reply::stream().chunk("data: 2\n\n").chunk("id: 3\ndata: 3\n\n").keep_alive(false)
        }
        Some(_) => Reply::stream().chunk("data: 4\n\n").end(End::Silence),
    })
}

fn target(stream: usize) -> String {
    format!("/stream?client={stream}")
}

fn ask(url: String) -> Ask {
    Ask {
        url,
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: None,
        config: quick(),
        view: View::Events,
        anew: false,
        trust: None,
    }
}

async fn follow<T: Transport>(
    server: &Server,
    mut sources: Vec<EventSource<T>>,
) -> Result<(), String> {
    let streams = sources.len();
    let (first, others) = sources.split_at_mut(1.min(streams));
    for sources in [first, others] {
        try_join_all(sources.iter_mut().map(|source| expect(source, "1"))).await?;
    }
    let open = server.open_connections();
    if open != streams {
        return Err(format!("{open} connections are open"));
    }
    sources.iter_mut().for_each(EventSource::restart);
    try_join_all(sources.iter_mut().map(async |source| {
        expect(source, "2").await?;
        expect(source, "3").await?;
        expect(source, "4").await
    }))
    .await?;
    // Those before may still be closing.
    server.until(move |tally| tally.open == streams).await;
    drop(sources);
    server.until(|tally| tally.open == 0).await;
    match server.tally().requests {
        requests if requests == 3 * streams => Ok(()),
        requests => Err(format!("{requests} requests")),
    }
}

async fn expect<T: Transport>(source: &mut EventSource<T>, data: &str) -> Result<(), String> {
    match poll_fn(|cx| Pin::new(&mut *source).poll_next(cx)).await {
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(event)) if event.data() == data => Ok(()),
        other => Err(format!("{other:?} instead of {data:?}")),
    }
}

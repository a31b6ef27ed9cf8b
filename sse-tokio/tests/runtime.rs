//! What the list of scenarios does not tell: runtimes, tasks, cancellation, a thousand streams.

mod support;

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use sse_testkit::scenario::{Client, crowd, quick};
use sse_testkit::{Cut, End, Replay, Reply, Server};
use sse_tokio::{
    Cause, Closed, Config, Error, Event, EventSource, Handle, Permanent, RequestBuilderExt,
    ResponseExt, RetryPolicy, Update,
};
use support::{PATIENCE, Tokio, http, next};
use tokio::sync::Notify;
use tokio::time::{self, Instant};

/// Long after the next attempt was due.
const QUIET: Duration = Duration::from_millis(100);

fn source(server: &Server) -> EventSource {
    http(None).get(server.url("/stream?token=secret")).event_source_with(quick())
}

/// Events in small numbers over connections that break.
fn replay() -> io::Result<Server> {
    let cuts = (0..10).map(|n| Cut::after(3).bytes(n).end(End::Fin));
    Server::start(Replay::new(40).cuts(cuts).pace(Duration::from_millis(1)))
}

fn numbers() -> Vec<String> {
    (1..=40).map(|n: u32| n.to_string()).collect()
}

async fn collect(mut source: EventSource) -> Vec<String> {
    let mut data = Vec::new();
    while let Some(event) = next(&mut source).await {
        data.push(event.expect("an event").into_data());
    }
    data
}

#[test]
fn types_fit_everywhere() {
    fn moves<T: Send + Unpin + 'static>() {}
    fn shared<T: Send + Sync + Clone + 'static>() {}
    moves::<EventSource>();
    moves::<Update>();
    moves::<Error>();
    moves::<sse_tokio::EventStream>();
    shared::<Handle>();
    shared::<Config>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_goes_from_task_to_task() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    while data.len() < 40 {
        // Each event on a task of its own.
        let task = tokio::spawn(async move { (next(&mut source).await, source) });
        let (event, back) = task.await?;
        source = back;
        data.push(event.expect("an event").expect("an event").into_data());
    }
    assert_eq!(data, numbers());
    Ok(())
}

/// Whether the first one is gone or only stands still.
#[test]
fn a_source_goes_from_runtime_to_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    for is_gone in [true, false] {
        let policy = RetryPolicy::default().base(Duration::ZERO).max_retries(Some(2));
        let policy = policy.reconnection_time(Duration::from_millis(100));
        let config = Config::default().retry(policy);
        let mut source =
            sse_tokio::from_factory(config, |_| std::future::ready(Err("not now".into())));
        let first = runtime().expect("a runtime");
        first.block_on(async { assert!(source.next().now_or_never().is_none()) });
        let first = Some(first).filter(|_| !is_gone);
        let item = runtime().expect("a runtime").block_on(async { next(&mut source).await });
        assert!(item.expect("an item").unwrap_err().is_lost());
        drop(first);
    }
}

#[tokio::test]
async fn a_source_is_made_on_one_task_and_spawned_on_another() -> io::Result<()> {
    let server = replay()?;
    assert_eq!(tokio::spawn(collect(source(&server))).await?, numbers());
    Ok(())
}

#[test]
fn a_source_is_made_where_no_runtime_is() -> io::Result<()> {
    let server = replay()?;
    let source = source(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    assert_eq!(runtime.block_on(collect(source)), numbers());
    Ok(())
}

#[tokio::test]
async fn select_loses_nothing() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    let mut cancelled = 0;
    loop {
        // Mostly the second branch wins, and the first one's future is dropped.
        tokio::select! {
            biased;
            event = source.next() => match event {
                Some(event) => data.push(event.expect("an event").into_data()),
                None => break,
            },
            () = tokio::task::yield_now() => cancelled += 1,
        }
    }
    assert_eq!(data, numbers());
    assert!(cancelled > 40, "cancelled {cancelled} times");
    Ok(())
}

#[tokio::test]
async fn a_poll_now_and_then_loses_nothing() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    loop {
        // The updates are made anew for each poll, and opening is waited for in between.
        let _ = source.opened().now_or_never();
        if let Some(update) = source.updates().next().now_or_never() {
            match update {
                Some(Ok(Update::Event(event))) => data.push(event.into_data()),
                Some(other) => drop(other.expect("an update")),
                None => break,
            }
        } else {
            time::sleep(Duration::from_micros(200)).await;
        }
    }
    assert_eq!(data, numbers());
    Ok(())
}

/// Whatever the HTTP client's own task has had no time to read is there all the same.
#[tokio::test]
async fn a_busy_thread_is_not_taken_for_a_silent_server() -> io::Result<()> {
    let silence = Duration::from_secs(2);
    for head_first in [true, false] {
        let (go_on, gate) = mpsc::channel();
        let (reached, gate) = (Arc::new(Notify::new()), Mutex::new(gate));
        let wait = Arc::new({
            let reached = Arc::clone(&reached);
            move || {
                reached.notify_one();
                gate.lock().unwrap().recv_timeout(PATIENCE).expect("to go on");
            }
        });
        let server = Server::with(move |_| {
            let wait = Arc::clone(&wait);
            if !head_first {
                wait();
            }
            Reply::stream().chunk("data: 0\n\n").generate(Duration::ZERO, move |n| {
                if head_first && n == 0 {
                    wait();
                }
                (n < 3).then(|| format!("data: {}\n\n", n + 1).into_bytes())
            })
        })?;
        let config = match head_first {
            true => quick().idle_timeout(Some(silence)),
            false => quick().connect_timeout(Some(silence)),
        };
        let request = http(None).get(server.url("/stream"));
        let mut source = request.event_source_with(config);
        let mut data = Vec::new();
        if head_first {
            data.extend(next(&mut source).await);
        }
        tokio::select! {
            biased;
            item = source.next() => panic!("{item:?}"),
            () = reached.notified() => {}
        }
        // The thread is busy until all was sent, and until long after the deadline.
        go_on.send(()).expect("a server");
        server.wait_until(PATIENCE, |tally| tally.ended == 1).expect("an answer");
        std::thread::sleep(silence + Duration::from_millis(500));
        while data.len() < 4 {
            data.extend(next(&mut source).await);
        }
        let data: Vec<_> = data.into_iter().map(|it| it.map(Event::into_data)).collect();
        assert!(matches!(&data[..], [Ok(a), .., Ok(b)] if a == "0" && b == "3"), "{data:?}");
        assert_eq!((source.stats().losses, server.requests().len()), (0, 1), "{head_first}");
    }
    Ok(())
}

/// The only item of a source, and that it is the request's own fault.
async fn assert_invalid(request: reqwest::RequestBuilder) {
    let mut source = request.event_source_with(quick());
    let item = next(&mut source).await;
    let error = item.expect("an item").unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert!(next(&mut source).await.is_none());
}

#[tokio::test]
async fn what_reqwest_itself_refuses_is_not_tried_again() {
    let https_only = reqwest::Client::builder().no_proxy().https_only(true).build();
    assert_invalid(https_only.expect("a client").get("http://127.0.0.1:9/")).await;
    assert_invalid(http(None).get(format!("http://127.0.0.1:9/{}", "a".repeat(70_000)))).await;
}

/// What the documentation says of reqwest's default; the scenarios are played with a client that takes more.
#[tokio::test]
async fn a_head_of_more_than_a_hundred_headers_is_a_loss_by_default() -> io::Result<()> {
    let many = (0..101).fold(Reply::stream(), |reply, n| reply.header(format!("x-{n}"), "1"));
    let server = Server::start(many.chunk("data: a\n\n"))?;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let config = Config::default().retry(RetryPolicy::never());
    let mut source = client.get(server.url("/")).event_source_with(config);
    let item = next(&mut source).await;
    let error = item.expect("an item").unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_factory_may_say_that_it_is_over() {
    let config = Config::default().retry(RetryPolicy::default().base(Duration::ZERO));
    let mut source = sse_tokio::from_factory(config, |attempt| {
        std::future::ready(Err(match attempt.number {
            1 => "not now".into(),
            _ => Permanent::new("log in again").into(),
        }))
    });
    let item = next(&mut source).await;
    let error = item.expect("an item").unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert_eq!(error.transport_error().map(ToString::to_string).as_deref(), Some("log in again"));
    assert_eq!(source.stats().losses, 1);
    assert!(next(&mut source).await.is_none());
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
#[tokio::test]
async fn https_without_tls_is_refused() {
    assert_invalid(http(None).get("https://127.0.0.1:9/")).await;
}

#[tokio::test]
async fn nothing_is_left_of_a_source_that_was_dropped() -> io::Result<()> {
    let replies = [
        Reply::stream().chunk("data: a\n\n").end(End::Silence),
        Reply::stream().chunk("data: never\n\n"),
    ];
    let server = Server::start(replies)?;
    let mut source = source(&server);
    assert!(next(&mut source).await.is_some());
    drop(source);
    let closed = server.until(|tally| tally.closed_by_peer == 1);
    time::timeout(PATIENCE, closed).await?;
    let again = server.until(|tally| tally.requests > 1);
    assert!(time::timeout(QUIET, again).await.is_err(), "a second request");

    let metrics = tokio::runtime::Handle::current().metrics();
    let all_gone = async {
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    time::timeout(PATIENCE, all_gone).await?;
    Ok(())
}

#[tokio::test]
async fn no_attempt_is_made_for_a_source_that_is_dropped_while_it_waits() -> io::Result<()> {
    let server = Server::start([Reply::stream().keep_alive(false), Reply::stream()])?;
    let mut source = source(&server);
    let mut updates = source.updates();
    assert!(matches!(next(&mut updates).await, Some(Ok(Update::Opened))));
    assert!(matches!(next(&mut updates).await, Some(Ok(Update::Lost(_)))));
    drop(source);
    let again = server.until(|tally| tally.requests > 1);
    assert!(time::timeout(QUIET, again).await.is_err(), "a second request");
    time::timeout(PATIENCE, server.until(|tally| tally.open == 0)).await?;
    Ok(())
}

/// In the runtime's own time, which leaps.
#[tokio::test(start_paused = true)]
async fn waits_are_waited_by_the_runtime_s_clock() {
    let policy = RetryPolicy::default()
        .base(Duration::from_secs(60))
        .cap(Duration::from_secs(3600))
        .jitter(0.0)
        .max_retries(Some(8));
    let mut source = sse_tokio::from_factory(Config::default().retry(policy), async |_| {
        Err("no token today".into())
    });
    let began = Instant::now();
    let mut waits = Duration::ZERO;
    let mut updates = source.updates();
    let end = loop {
        match updates.next().await.expect("an end") {
            Ok(Update::Lost(loss)) => {
                assert_eq!(loss.to_string(), "the connection failed: no token today");
                waits += loss.lost.retry_in.expect("a wait");
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    // 1, 2, 4, … 32, then twice the cap of an hour.
    assert_eq!(waits, Duration::from_secs(60 * (63 + 60 + 60)));
    let elapsed = began.elapsed();
    assert!(elapsed >= waits && elapsed < waits + Duration::from_secs(1), "took {elapsed:?}");
    assert!(matches!(end.closed_because(), Some(Closed::Lost { cause: Cause::Transport, .. })));
}

#[tokio::test]
async fn one_response_is_a_stream_of_events() -> Result<(), Box<dyn std::error::Error>> {
    let body = "id: 1\ndata: a\n\n: no event\n\ndata: b\n\ndata: cut";
    let server = Server::start([
        Reply::status(201).content_type("text/plain").chunk(body),
        Reply::stream().chunk(body).end(End::Fin),
    ])?;
    let response = http(None).get(server.url("/")).send().await?;
    let events: Vec<_> =
        response.event_stream().map(|event| event.unwrap().into_data()).collect().await;
    assert_eq!(events, ["a", "b"]);

    let response = http(None).get(server.url("/")).send().await?;
    let mut events = response.event_stream();
    assert_eq!(next(&mut events).await.ok_or("an event")??.data(), "a");
    assert_eq!(next(&mut events).await.ok_or("an event")??.last_event_id(), "1");
    assert!(next(&mut events).await.ok_or("an error")?.is_err());
    assert!(next(&mut events).await.is_none());
    Ok(())
}

#[tokio::test]
async fn a_body_that_cannot_be_cloned_is_sent_once() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start([
        Reply::stream().chunk("data: a\n\n").end(End::Reset),
        Reply::stream().chunk("data: never\n\n"),
    ])?;
    let pieces = [Ok::<_, io::Error>("pie"), Ok("ces")];
    let body = reqwest::Body::wrap(Pieces(pieces.into_iter().collect()));
    let mut source = http(None).put(server.url("/")).body(body).event_source_with(quick());
    assert_eq!(next(&mut source).await.ok_or("an event")??.data(), "a");
    let error = next(&mut source).await.ok_or("an error")?.unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    assert!(next(&mut source).await.is_none());
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].body()), (1, &b"pieces"[..]));
    Ok(())
}

#[test]
fn a_thousand_streams_at_once() {
    let client = Tokio::one_client();
    let outcome = client.block_on(async { time::timeout(PATIENCE, crowd(&client, 1_000)).await });
    assert_eq!(outcome, Ok(Ok(())));
}

/// A body in pieces.
struct Pieces(std::collections::VecDeque<io::Result<&'static str>>);

impl http_body::Body for Pieces {
    type Data = bytes::Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<http_body::Frame<bytes::Bytes>>>> {
        let piece = self.0.pop_front();
        std::task::Poll::Ready(
            piece.map(|piece| piece.map(|text| http_body::Frame::data(text.into()))),
        )
    }
}

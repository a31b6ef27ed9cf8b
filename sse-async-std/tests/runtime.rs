//! What the list of scenarios does not tell: tasks, executors, cancellation, a thousand streams.

mod support;

use std::collections::VecDeque;
use std::env;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::thread::{self, Thread};
use std::time::Duration;

use async_std::future::timeout;
use async_std::task;
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use sse_async_std::{
    ClientExt, Config, Error, EventSource, Handle, RawHeaders, ResponseExt, Update,
};
use sse_testkit::scenario::{crowd, quick};
use sse_testkit::{Cut, End, Port, Replay, Reply, Server};
use support::{AsyncStd, http};
use surf::http::Method;
use surf::middleware::{Middleware, Next};
use surf::{Body, Client, Request, StatusCode, Url};

const PATIENCE: Duration = Duration::from_secs(20);

/// Long after the next attempt was due.
const QUIET: Duration = Duration::from_millis(100);

fn request(server: &Server, method: Method) -> Request {
    Request::new(method, Url::parse(&server.url("/stream?token=secret")).expect("a URL"))
}

fn source(server: &Server) -> EventSource {
    http(None).event_source_with(request(server, Method::Get), quick())
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
    while let Some(event) = source.next().await {
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
    moves::<sse_async_std::EventStream>();
    shared::<Handle>();
    shared::<Config>();
}

#[async_std::test]
async fn a_source_goes_from_task_to_task() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    while data.len() < 40 {
        // Each event on a task of its own.
        let (event, back) = task::spawn(async move { (source.next().await, source) }).await;
        source = back;
        data.push(event.expect("an event").expect("an event").into_data());
    }
    assert_eq!(data, numbers());
    Ok(())
}

#[async_std::test]
async fn a_source_is_made_on_one_task_and_spawned_on_another() -> io::Result<()> {
    let server = replay()?;
    assert_eq!(task::spawn(collect(source(&server))).await, numbers());
    Ok(())
}

/// Timers and sockets have a thread of their own, which needs no executor.
#[test]
fn any_executor_will_do() -> io::Result<()> {
    let server = replay()?;
    assert_eq!(block_on(collect(source(&server))), numbers());
    Ok(())
}

#[async_std::test]
async fn select_loses_nothing() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    let mut cancelled = 0;
    loop {
        // Mostly the second future wins, and the first one is dropped.
        match select(source.next(), pin!(task::yield_now())).await {
            Either::Left((Some(event), _)) => data.push(event.expect("an event").into_data()),
            Either::Left((None, _)) => break,
            Either::Right(_) => cancelled += 1,
        }
    }
    assert_eq!(data, numbers());
    assert!(cancelled > 40, "cancelled {cancelled} times");
    Ok(())
}

#[async_std::test]
async fn a_poll_now_and_then_loses_nothing() -> io::Result<()> {
    let server = replay()?;
    let mut source = source(&server);
    let mut data = Vec::new();
    loop {
        // The updates are made anew for each poll.
        if let Some(update) = source.updates().next().now_or_never() {
            match update {
                Some(Ok(Update::Event(event))) => data.push(event.into_data()),
                Some(other) => drop(other.expect("an update")),
                None => break,
            }
        } else {
            task::sleep(Duration::from_micros(200)).await;
        }
    }
    assert_eq!(data, numbers());
    Ok(())
}

#[async_std::test]
async fn nothing_is_left_of_a_source_that_was_dropped() -> io::Result<()> {
    let replies = [
        Reply::stream().chunk("data: a\n\n").end(End::Silence),
        Reply::stream().chunk("data: never\n\n"),
    ];
    let server = Server::start(replies)?;
    let mut source = source(&server);
    assert!(source.next().await.is_some());
    drop(source);
    let closed = server.until(|tally| tally.closed_by_peer == 1);
    timeout(PATIENCE, closed).await.expect("closed in time");
    let again = server.until(|tally| tally.requests > 1);
    assert!(timeout(QUIET, again).await.is_err(), "a second request");
    Ok(())
}

#[async_std::test]
async fn no_attempt_is_made_for_a_source_that_is_dropped_while_it_waits() -> io::Result<()> {
    let server = Server::start([Reply::stream(), Reply::stream()])?;
    let mut source = source(&server);
    let mut updates = source.updates();
    assert!(matches!(updates.next().await, Some(Ok(Update::Opened))));
    assert!(matches!(updates.next().await, Some(Ok(Update::Lost(_)))));
    drop(source);
    let again = server.until(|tally| tally.requests > 1);
    assert!(timeout(QUIET, again).await.is_err(), "a second request");
    timeout(PATIENCE, server.until(|tally| tally.open == 0)).await.expect("it is closed");
    Ok(())
}

#[async_std::test]
async fn one_response_is_a_stream_of_events() -> Result<(), Box<dyn std::error::Error>> {
    let body = "id: 1\ndata: a\n\n: no event\n\ndata: b\n\ndata: cut";
    let server = Server::start([
        Reply::status(201).content_type("text/plain").chunk(body),
        Reply::stream().chunk(body).end(End::Fin),
    ])?;
    let client = http(None);
    let response = client.send(request(&server, Method::Get)).await?;
    let events: Vec<_> =
        response.event_stream().map(|event| event.unwrap().into_data()).collect().await;
    assert_eq!(events, ["a", "b"]);

    let response = client.send(request(&server, Method::Get)).await?;
    let mut events = response.event_stream();
    assert_eq!(events.next().await.ok_or("an event")??.data(), "a");
    assert_eq!(events.next().await.ok_or("an event")??.last_event_id(), "1");
    assert!(events.next().await.ok_or("an error")?.is_err());
    assert!(events.next().await.is_none());
    Ok(())
}

#[async_std::test]
async fn a_body_of_unknown_length_is_sent_once() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start([
        Reply::stream().chunk("data: a\n\n").end(End::Reset),
        Reply::stream().chunk("data: never\n\n"),
    ])?;
    let mut request = request(&server, Method::Put);
    request.set_body(Body::from_reader(async_std::io::Cursor::new("pieces"), None));
    let mut source = http(None).event_source_with(request, quick());
    assert_eq!(source.next().await.ok_or("an event")??.data(), "a");
    let error = source.next().await.ok_or("an error")?.unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    assert!(source.next().await.is_none());
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].body()), (1, &b"pieces"[..]));
    Ok(())
}

/// Gives its bytes one by one, a pause before each.
struct Slow(VecDeque<u8>, Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>);

impl async_std::io::Read for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let pause = self.1.get_or_insert_with(|| Box::pin(task::sleep(Duration::from_millis(40))));
        ready!(pause.as_mut().poll(cx));
        self.1 = None;
        let byte = self.0.pop_front();
        buf[..byte.iter().len()].copy_from_slice(byte.as_slice());
        Poll::Ready(Ok(byte.iter().len()))
    }
}

#[async_std::test]
async fn a_body_shorter_than_its_length_is_not_sent() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start(Reply::stream())?;
    let mut request = request(&server, Method::Put);
    request.set_body(Body::from_reader(async_std::io::Cursor::new("abc"), Some(5)));
    let mut source = http(None).event_source_with(request, quick());
    let error = timeout(PATIENCE, source.next()).await?.ok_or("an error")?.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert_eq!(server.requests().len(), 0);
    Ok(())
}

#[async_std::test]
async fn attempts_that_are_given_up_do_not_use_up_a_body_of_known_length()
-> Result<(), Box<dyn std::error::Error>> {
    let server = Server::with(|_| Reply::stream().chunk("data: a\n\n"))?;
    let mut request = request(&server, Method::Put);
    let body = async_std::io::BufReader::with_capacity(1, Slow(b"pieces".to_vec().into(), None));
    request.set_body(Body::from_reader(body, Some(6)));
    let config = quick().connect_timeout(Some(Duration::from_millis(100)));
    let mut source = http(None).event_source_with(request, config);
    assert_eq!(timeout(PATIENCE, source.next()).await?.ok_or("an event")??.data(), "a");
    assert!(source.stats().losses > 0, "{:?}", source.stats());
    assert_eq!(server.requests()[0].body(), b"pieces");
    Ok(())
}

#[async_std::test]
async fn an_id_that_surf_cannot_hold_is_the_first_and_only_that()
-> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start([
        Reply::stream().chunk("id: 5\ndata: a\n\n"),
        Reply::stream().chunk("id: 6\ndata: b\n\n"),
        Reply::status(204),
    ])?;
    let mut request = request(&server, Method::Get);
    request.insert_header("last-event-id", "0");
    let name = hyper::header::HeaderName::from_static("last-event-id");
    let value = hyper::header::HeaderValue::from_bytes("№ 7".as_bytes()).expect("a value");
    request.set_ext(RawHeaders([(name, value)].into_iter().collect()));
    let source = http(None).event_source_with(request, quick());
    assert_eq!(timeout(PATIENCE, collect(source)).await?, ["a", "b"]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [Some("№ 7".as_bytes()), Some(b"5"), Some(b"6")]);
    Ok(())
}

/// Undoes a coding, and names the media type anew.
struct Undoes;

#[surf::utils::async_trait]
impl Middleware for Undoes {
    async fn handle(&self, request: Request, client: Client, next: Next<'_>) -> surf::Result {
        let mut whole = next.run(request, client).await?;
        let response: &mut surf::http::Response = whole.as_mut();
        if response.remove_header("content-encoding").is_some() {
            let body = response.body_string().await?.to_lowercase();
            response.set_body(body);
        }
        response.insert_header("content-type", "text/event-stream");
        response.set_status(StatusCode::Ok);
        Ok(whole)
    }
}

#[async_std::test]
async fn what_a_middleware_makes_of_a_response_counts() -> Result<(), Box<dyn std::error::Error>> {
    let events = "data: a\n\n";
    for reply in [
        Reply::stream().header("content-encoding", "capitals").chunk(events.to_uppercase()),
        Reply::status(200).header("content-type", "application/octet-stream").chunk(events),
        Reply::status(203).header("content-type", "text/event-stream").chunk(events),
        Reply::status(520).header("content-type", "text/event-stream").chunk(events),
    ] {
        let server = Server::start([reply.clone(), reply])?;
        let mut plain = http(None).event_source_with(request(&server, Method::Get), quick());
        let error = timeout(PATIENCE, plain.next()).await?.ok_or("an error")?.unwrap_err();
        assert!(error.response().is_some(), "refused: {error:?}");
        let client = http(None).with(Undoes);
        let mut source = client.event_source_with(request(&server, Method::Get), quick());
        let event = timeout(PATIENCE, source.next()).await?.ok_or("an event")??;
        assert_eq!(event.data(), "a");
    }
    Ok(())
}

#[test]
fn a_thousand_streams_at_once() {
    let client = AsyncStd::one_client();
    let outcome = task::block_on(timeout(PATIENCE, crowd(&client, 1_000)));
    assert_eq!(outcome.expect("in time"), Ok(()));
}

/// The smallest executor.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn headers_that_surf_cannot_hold_go_with_each_attempt() {
    let server = replay().expect("a server");
    let mut request = request(&server, Method::Get);
    let value = "schlüssel".as_bytes();
    let name = hyper::header::HeaderName::from_static("x-key");
    let value = hyper::header::HeaderValue::from_bytes(value).expect("a value");
    request.set_ext(RawHeaders([(name, value)].into_iter().collect()));
    let source = http(None).event_source_with(request, quick());
    assert_eq!(task::block_on(timeout(PATIENCE, collect(source))).expect("in time"), numbers());
    let requests = server.requests();
    assert!(requests.len() > 5);
    for request in requests {
        assert_eq!(request.header("x-key"), Some("schlüssel".as_bytes()));
    }
}

/// Runs itself once more, where the environment names a proxy that is gone.
#[test]
fn a_proxy_that_the_environment_names_is_not_used() -> io::Result<()> {
    const NAMES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    if NAMES.iter().all(|name| env::var_os(name).is_some()) {
        let server = replay()?;
        assert_eq!(task::block_on(collect(source(&server))), numbers());
        return Ok(());
    }
    let port = Port::reserve()?;
    let mut again = Command::new(env::current_exe()?);
    again.args(["--exact", "a_proxy_that_the_environment_names_is_not_used"]);
    again.envs(NAMES.map(|name| (name, port.url(""))));
    let output = again.env_remove("no_proxy").env_remove("NO_PROXY").output()?;
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
    Ok(())
}

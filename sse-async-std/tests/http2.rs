//! `StreamClient` over HTTP/2, against a real server that a script steers.

#[path = "support/response.rs"]
mod response;
mod support;

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_std::channel::{Receiver, unbounded};
use async_std::future::timeout;
use async_std::io::Cursor;
use async_std::net::{TcpListener, TcpStream};
use async_std::task::{self, JoinHandle};
use bytes::Bytes;
use futures_rustls::TlsAcceptor;
use futures_rustls::pki_types::PrivatePkcs8KeyDer;
use futures_rustls::rustls::ServerConfig;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::server::TlsStream;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use hyper::header::{HeaderMap, HeaderValue};
use response::{PATIENCE, SOON, body, cause, chunk};
use sse_async_std::{ClientExt, RawHead, RawHeaders, StreamClient};
use sse_testkit::scenario::{Front, crowd_over_http2};
use sse_testkit::{End, Reply, Server};
use support::{AsyncStd, http};
use surf::http::{Method, Version};
use surf::{Body, Client, Request, Response, Url};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};

type Http2 = Connection<Compat<TlsStream<TcpStream>>, Bytes>;
type Asked = (hyper::Request<RecvStream>, SendResponse<Bytes>);

/// A peer of one connection, the client that trusts it, and its address, which holds a secret that no error may show.
async fn peer<F, R>(script: F) -> (Client, Url, JoinHandle<R>)
where
    F: FnOnce(Http2) -> Pin<Box<dyn Future<Output = R> + Send>> + Send + 'static,
    R: Send + 'static,
{
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
        script(h2::server::handshake(stream.compat()).await.unwrap()).await
    });
    let client = StreamClient::new().add_root_certificates(pair.cert.der()).unwrap();
    let url = Url::parse(&format!("https://localhost:{port}/events?token=secret")).unwrap();
    (Client::with_http_client(client), url, server)
}

/// The request, and the connection driven on in a task until its end.
async fn asked(mut connection: Http2) -> (Asked, JoinHandle<Result<(), h2::Error>>) {
    let asked = connection.accept().await.unwrap().unwrap();
    (asked, task::spawn(poll_fn(move |cx| connection.poll_closed(cx))))
}

fn ok() -> hyper::Response<()> {
    hyper::Response::new(())
}

async fn request_body(body: &mut RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.extend_from_slice(&piece);
    }
    all
}

async fn within<R>(future: impl Future<Output = R>) -> R {
    timeout(PATIENCE, future).await.expect("in time")
}

async fn get(client: &Client, url: &Url) -> Response {
    within(client.send(Request::new(Method::Get, url.clone()))).await.unwrap()
}

/// A peer that answers, and then sends what comes through the channel.
async fn streams(pieces: Receiver<&'static str>) -> (Client, Url, JoinHandle<()>) {
    peer(|connection| {
        Box::pin(async move {
            let ((_, mut respond), driver) = asked(connection).await;
            let mut head = ok();
            head.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
            let mut stream = respond.send_response(head, false).unwrap();
            while let Ok(piece) = pieces.recv().await {
                stream.send_data(piece.into(), false).unwrap();
            }
            // Fails where the client has gone.
            let _ = stream.send_data(Bytes::new(), true);
            drop((stream, respond));
            let _ = driver.await;
        })
    })
    .await
}

#[async_std::test]
async fn head_and_chunks_come_as_they_are_written() {
    let (sender, pieces) = unbounded();
    let (client, url, server) = streams(pieces).await;
    let mut response = get(&client, &url).await;
    assert_eq!(response.version(), Some(Version::Http2_0));
    assert_eq!((response.status(), response.len()), (surf::StatusCode::Ok, None));
    for piece in ["first", "second"] {
        assert!(timeout(Duration::from_millis(20), chunk(&mut response)).await.is_err());
        sender.send(piece).await.unwrap();
        assert_eq!(within(chunk(&mut response)).await.unwrap(), piece.as_bytes());
    }
    drop(sender);
    assert_eq!(body(&mut response).await.unwrap(), b"");
    // At the body's end the connection is closed, though the response is still there.
    within(server).await;
    assert_eq!(body(&mut response).await.unwrap(), b"");
}

#[async_std::test]
async fn a_request_says_what_it_would_over_http_1() {
    let (client, url, server) = peer(|connection| {
        Box::pin(async move {
            let ((request, mut respond), driver) = asked(connection).await;
            let mut head = hyper::Response::new(());
            *head.status_mut() = hyper::StatusCode::from_u16(520).unwrap();
            head.headers_mut().insert("x-utf8", HeaderValue::from_bytes("№ 7".as_bytes()).unwrap());
            head.headers_mut().insert("x-long", "v".repeat(60_000).parse().unwrap());
            respond.send_response(head, true).unwrap();
            drop(respond);
            let request = request.into_parts().0;
            let _ = driver.await;
            request
        })
    })
    .await;
    let mut request = Request::new(Method::Get, url.clone());
    request.insert_header("x-two", "a");
    request.append_header("x-two", "b");
    let mut raw = HeaderMap::new();
    raw.insert("last-event-id", HeaderValue::from_bytes("№ 7".as_bytes()).unwrap());
    request.set_ext(RawHeaders(raw));
    let mut response = within(client.send(request)).await.unwrap();
    assert_eq!(response.status(), 500);
    let head: &RawHead = response.ext().unwrap();
    assert_eq!(head.status, 520);
    assert_eq!(head.headers["x-utf8"].as_bytes(), "№ 7".as_bytes());
    assert_eq!(head.headers["x-long"].len(), 60_000);
    assert_eq!(body(&mut response).await.unwrap(), b"");

    let head = within(server).await;
    assert_eq!((head.method.as_str(), head.uri.to_string()), ("GET", url.to_string()));
    assert_eq!(head.headers["last-event-id"].as_bytes(), "№ 7".as_bytes());
    assert_eq!(head.headers.get_all("x-two").iter().count(), 2);
    assert_eq!(head.headers.len(), 3, "{:?}", head.headers);
}

#[async_std::test]
async fn bodies_of_requests_arrive_whole() {
    let large: Vec<u8> = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    for (body, len, expected) in [
        (Body::from("abc"), Some("3"), b"abc".to_vec()),
        (Body::from_reader(Cursor::new("abc"), None), None, b"abc".to_vec()),
        (Body::from_reader(Cursor::new("abcdef"), Some(3)), Some("3"), b"abc".to_vec()),
        (Body::empty(), Some("0"), Vec::new()),
        (Body::from(large.clone()), Some("300000"), large),
    ] {
        let (client, url, server) = peer(|connection| {
            Box::pin(async move {
                let ((request, mut respond), driver) = asked(connection).await;
                let (head, mut body) = request.into_parts();
                // Answered before the body has been read, as a server may.
                let mut stream = respond.send_response(ok(), false).unwrap();
                let body = request_body(&mut body).await;
                stream.send_data("thanks".into(), true).unwrap();
                drop((stream, respond));
                let _ = driver.await;
                (head.headers.get("content-length").cloned(), body)
            })
        })
        .await;
        let mut request = Request::new(Method::Post, url);
        request.set_body(body);
        let mut response = within(client.send(request)).await.unwrap();
        assert_eq!(self::body(&mut response).await.unwrap(), b"thanks");
        let (announced, arrived) = within(server).await;
        assert_eq!(announced.as_ref().map(|len| len.to_str().unwrap()), len);
        assert!(arrived == expected, "{} bytes", arrived.len());
    }
}

#[async_std::test]
async fn trailers_are_left_out() {
    let (client, url, server) = peer(|connection| {
        Box::pin(async move {
            let ((_, mut respond), driver) = asked(connection).await;
            let mut stream = respond.send_response(ok(), false).unwrap();
            stream.send_data("data".into(), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-trailer", "1".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
            let _ = driver.await;
        })
    })
    .await;
    let mut response = get(&client, &url).await;
    assert_eq!(body(&mut response).await.unwrap(), b"data");
    assert!(response.header("x-trailer").is_none());
    within(server).await;
}

/// Waits for the stream's reset and the connection's end; says when that was.
async fn end(mut stream: SendStream<Bytes>, driver: JoinHandle<Result<(), h2::Error>>) -> Instant {
    let reset = poll_fn(|cx| stream.poll_reset(cx)).await;
    assert_eq!(reset.expect("a reset, not only an end"), Reason::CANCEL);
    let _ = driver.await;
    Instant::now()
}

#[async_std::test]
async fn dropping_a_response_resets_the_stream_and_closes_the_socket() {
    for idle in [true, false] {
        let (client, url, server) = peer(move |connection| {
            Box::pin(async move {
                let ((_, mut respond), driver) = asked(connection).await;
                let mut stream = respond.send_response(ok(), false).unwrap();
                if !idle {
                    stream.send_data("data".into(), false).unwrap();
                }
                end(stream, driver).await
            })
        })
        .await;
        let mut response = get(&client, &url).await;
        if !idle {
            within(chunk(&mut response)).await.unwrap();
        }
        assert!(timeout(Duration::from_millis(20), chunk(&mut response)).await.is_err());
        let dropped = Instant::now();
        drop(response);
        let after = within(server).await - dropped;
        assert!(after < SOON, "{after:?}");
    }
}

#[async_std::test]
async fn dropping_a_request_under_way_closes_the_socket() {
    let (arrived, head) = unbounded();
    let (client, url, server) = peer(|connection| {
        Box::pin(async move {
            let (_asked, driver) = asked(connection).await;
            arrived.send(()).await.unwrap();
            let _ = driver.await;
            Instant::now()
        })
    })
    .await;
    let send = client.send(Request::new(Method::Get, url));
    let Either::Right((_, send)) = within(select(Box::pin(send), Box::pin(head.recv()))).await
    else {
        panic!("a response");
    };
    let dropped = Instant::now();
    drop(send);
    let after = within(server).await - dropped;
    assert!(after < SOON, "{after:?}");
}

#[async_std::test]
async fn a_reset_or_cut_in_the_body_is_an_error_and_stays_one() {
    for cut in [false, true] {
        let (go, wait) = unbounded::<()>();
        let (client, url, server) = peer(move |connection| {
            Box::pin(async move {
                let ((_, mut respond), driver) = asked(connection).await;
                let mut stream = respond.send_response(ok(), false).unwrap();
                stream.send_data("data".into(), false).unwrap();
                wait.recv().await.unwrap();
                if cut {
                    driver.cancel().await;
                } else {
                    stream.send_reset(Reason::INTERNAL_ERROR);
                    let _ = driver.await;
                }
            })
        })
        .await;
        let mut response = get(&client, &url).await;
        assert_eq!(within(chunk(&mut response)).await.unwrap(), b"data");
        go.send(()).await.unwrap();
        let (error, _) = body(&mut response).await.unwrap_err();
        assert_ne!(error.kind(), ErrorKind::InvalidInput);
        let (again, _) = body(&mut response).await.unwrap_err();
        assert_eq!(error.kind(), again.kind());
        // The socket is closed with the error, the response still being there.
        within(server).await;
    }
}

#[async_std::test]
async fn a_graceful_goaway_lets_the_stream_go_on() {
    let (client, url, server) = peer(|mut connection| {
        Box::pin(async move {
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            let mut stream = respond.send_response(ok(), false).unwrap();
            connection.graceful_shutdown();
            let driver = task::spawn(async move {
                // Nobody may ask again.
                assert!(connection.accept().await.is_none_or(|asked| asked.is_err()));
            });
            for _ in 0..5 {
                task::sleep(Duration::from_millis(20)).await;
                stream.send_data("data".into(), false).unwrap();
            }
            stream.send_data(Bytes::new(), true).unwrap();
            drop((stream, respond));
            driver.await;
        })
    })
    .await;
    let mut response = get(&client, &url).await;
    assert_eq!(body(&mut response).await.unwrap(), b"datadatadatadatadata");
    within(server).await;
}

#[async_std::test]
async fn a_stream_that_is_refused_is_an_error_of_the_peer() {
    let (client, url, server) = peer(|connection| {
        Box::pin(async move {
            let ((_, mut respond), driver) = asked(connection).await;
            respond.send_reset(Reason::REFUSED_STREAM);
            let _ = driver.await;
        })
    })
    .await;
    let error = within(client.send(Request::new(Method::Get, url))).await.unwrap_err();
    assert_ne!(cause(&error).kind(), ErrorKind::InvalidInput);
    within(server).await;
}

#[async_std::test]
async fn faulty_requests_fail() {
    let serve = || {
        peer(|mut connection| {
            Box::pin(async move { while let Some(Ok(_)) = connection.accept().await {} })
        })
    };
    let (client, url, _server) = serve().await;
    let mut short = Request::new(Method::Post, url);
    short.set_body(Body::from_reader(Cursor::new("abc"), Some(5)));
    let error = within(client.send(short)).await.unwrap_err();
    // hyper resets the stream, and keeps the reason to itself.
    assert_eq!(cause(&error).kind(), ErrorKind::Other);

    let (client, url, _server) = serve().await;
    let mut hostile = Request::new(Method::Get, url);
    hostile.insert_header("host", "a b");
    let error = within(client.send(hostile)).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);
}

#[async_std::test]
async fn a_peer_cannot_fill_the_memory_of_one_that_does_not_read() {
    let (client, url, server) = peer(|connection| {
        Box::pin(async move {
            let ((_, mut respond), driver) = asked(connection).await;
            let mut stream = respond.send_response(ok(), false).unwrap();
            let mut sent = 0;
            loop {
                stream.reserve_capacity(1 << 20);
                // For what it may send a peer waits long, for what it must not be allowed to send a moment.
                let limit = if sent < 128 * 1024 { PATIENCE } else { Duration::from_millis(50) };
                let room = timeout(limit, poll_fn(|cx| stream.poll_capacity(cx))).await;
                let Ok(Some(Ok(room))) = room else { break };
                sent += room;
                stream.send_data(vec![b'x'; room].into(), false).unwrap();
            }
            driver.cancel().await;
            sent
        })
    })
    .await;
    let response = get(&client, &url).await;
    assert_eq!(within(server).await, 128 * 1024);
    drop(response);
}

#[async_std::test]
async fn small_frames_may_wait_for_their_reader() {
    const EVENT: &str = "data: a token\n\n";
    const COUNT: usize = 20_000;
    let (sender, pieces) = unbounded();
    let (client, url, server) = streams(pieces).await;
    for _ in 0..COUNT {
        sender.send(EVENT).await.unwrap();
    }
    drop(sender);
    let mut response = get(&client, &url).await;
    assert_eq!(body(&mut response).await.unwrap().len(), COUNT * EVENT.len());
    within(server).await;
}

#[async_std::test]
async fn events_come_over_http_2() {
    let (sender, pieces) = unbounded();
    let (client, url, server) = streams(pieces).await;
    let mut events = client.event_source(Request::new(Method::Get, url));
    for piece in ["id: 1\ndata: a\n", "\ndata: b\n\n"] {
        sender.send(piece).await.unwrap();
    }
    for data in ["a", "b"] {
        let event = within(events.next()).await.unwrap().unwrap();
        assert_eq!((event.data(), event.last_event_id()), (data, "1"));
    }
    drop((events, sender));
    within(server).await;
}

/// Each stream has a connection of its own, so what a server allows on one keeps none waiting.
#[async_std::test]
async fn streams_over_the_limit_of_a_connection_open_too() {
    let server = Server::with(|_| Reply::stream().chunk("data: a\n\n").end(End::Silence)).unwrap();
    let front = Front::http2(&server, 1).unwrap();
    let client = http(Some(front.authority()));
    let mut streams = Vec::new();
    for _ in 0..3 {
        let url = Url::parse(&front.url("/stream")).unwrap();
        let mut events = client.event_source(Request::new(Method::Get, url));
        assert_eq!(within(events.next()).await.unwrap().unwrap().data(), "a");
        streams.push(events);
    }
    assert_eq!((front.tally().accepted, front.tally().open), (3, 3));
    drop(streams);
    within(server.until(|tally| tally.open == 0)).await;
    within(front.until(|tally| tally.open == 0)).await;
}

/// No thousand, whose 3,000 handshakes, both sides of each, take a quarter of a minute without optimization.
#[test]
fn two_hundred_streams_over_a_connection_each() {
    let client = AsyncStd::one_client();
    let crowd = task::block_on(timeout(6 * PATIENCE, crowd_over_http2(&client, 200)));
    let front = crowd.expect("in time").expect("what each had to get");
    assert_eq!(front.tally().accepted, 600);
    task::block_on(within(front.until(|tally| tally.open == 0)));
}

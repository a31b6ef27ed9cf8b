//! `StreamClient` against scripted peers on real loopback sockets.

#[path = "support/response.rs"]
mod response;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_std::future::timeout;
use async_std::io::{Cursor, ReadExt as _};
use async_std::task;
use hyper::header::{HeaderMap, HeaderValue};
use response::{PATIENCE, SOON, body, cause, chunk};
use sse_async_std::{RawHead, RawHeaders, StreamClient};
use sse_testkit::Port;
use surf::http::Method;
use surf::{Body, HttpClient as _, Request, Response, Url};

// -- peers ---------------------------------------------------------------------------------------

/// Takes one connection and hands it to the script. The URL carries a secret that no error may show.
fn peer<T: Send + 'static>(
    script: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    peer_at("127.0.0.1", script)
}

fn peer_at<T: Send + 'static>(
    host: &str,
    script: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let url = format!("http://{}/events?token=secret", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        script(stream)
    });
    (url, thread)
}

fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "the request is cut short");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Answers these bytes and closes, in good order.
fn answers(bytes: impl Into<Vec<u8>>) -> (String, JoinHandle<String>) {
    let bytes = bytes.into();
    peer(move |mut stream| {
        let head = read_head(&mut stream);
        stream.write_all(&bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Until the client has closed too, so that nothing is reset.
        let _ = stream.read_to_end(&mut Vec::new());
        head
    })
}

/// Waits for the other side to close and says when that was.
fn closed_at(stream: &mut TcpStream) -> Instant {
    match stream.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => panic!("the client sent more"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    Instant::now()
}

/// Closes with a reset: the kernel sends one when received bytes were not read.
fn reset(stream: TcpStream) {
    stream.peek(&mut [0]).unwrap();
    drop(stream);
}

// -- clients -------------------------------------------------------------------------------------

fn request(url: &str) -> Request {
    Request::new(Method::Get, Url::parse(url).unwrap())
}

async fn send_with(client: StreamClient, request: Request) -> surf::Result {
    let client = surf::Client::with_http_client(client);
    timeout(PATIENCE, client.send(request)).await.expect("no answer in time")
}

async fn send(request: Request) -> surf::Result {
    send_with(StreamClient::new(), request).await
}

async fn get(url: &str) -> Response {
    send(request(url)).await.unwrap()
}

fn raw(response: &Response) -> &RawHead {
    response.ext().expect("a RawHead")
}

// -- responses -----------------------------------------------------------------------------------

#[async_std::test]
async fn every_framing_gives_the_same_body() {
    let cases = [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ndata\r\n3\r\n: 1\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;a=b\r\ndata\r\n3 ; c=\"d\"\r\n: 1\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\ndata: 1\r\n0\r\nx-trailer: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\ndata: 1",
        "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\ndata: 1",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: 1",
        "HTTP/1.1 200 OK\r\n\r\ndata: 1",
        "HTTP/1.0 200 OK\r\n\r\ndata: 1",
        "HTTP/1.0 200 OK\r\ncontent-length: 7\r\n\r\ndata: 1",
        "HTTP/1.1 200\r\n\r\ndata: 1",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\ndata: 1",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\ndata: 1",
    ];
    for case in cases {
        let (url, server) = answers(case);
        let mut response = get(&url).await;
        assert_eq!(response.status(), 200, "{case:?}");
        assert_eq!(body(&mut response).await.unwrap(), b"data: 1", "{case:?}");
        assert_eq!(body(&mut response).await.unwrap(), b"", "{case:?}");
        assert!(response.header("content-type").is_none());
        drop(response);
        server.join().unwrap();
    }
}

#[async_std::test]
async fn a_peer_that_does_not_wait_for_the_request_is_heard() {
    let (url, server) = peer(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nearly").unwrap();
        read_head(&mut stream)
    });
    let mut response = get(&url).await;
    assert_eq!(body(&mut response).await.unwrap(), b"early");
    server.join().unwrap();
}

#[async_std::test]
async fn responses_without_a_body_end_at_once() {
    for (method, answer) in [
        (Method::Get, "HTTP/1.1 204 No Content\r\n\r\n"),
        (Method::Get, "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n"),
        (Method::Get, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        (Method::Get, "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
        (Method::Head, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
    ] {
        let (url, server) = peer(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
            closed_at(&mut stream);
        });
        let mut response = send(Request::new(method, Url::parse(&url).unwrap())).await.unwrap();
        assert_eq!(body(&mut response).await.unwrap(), b"", "{answer:?}");
        drop(response);
        server.join().unwrap();
    }
}

#[async_std::test]
async fn head_and_chunks_come_as_they_are_written() {
    let (go, wait) = mpsc::channel::<()>();
    let (url, server) = peer(move |mut stream| {
        read_head(&mut stream);
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            )
            .unwrap();
        for chunk in ["5\r\nfirst\r\n", "6\r\nsecond\r\n", "0\r\n\r\n"] {
            wait.recv().unwrap();
            stream.write_all(chunk.as_bytes()).unwrap();
        }
        closed_at(&mut stream)
    });
    let mut response = get(&url).await;
    assert_eq!(response.header("content-type").unwrap().as_str(), "text/event-stream");
    assert_eq!(response.len(), None);
    for expected in [&b"first"[..], b"second", b""] {
        assert!(timeout(Duration::from_millis(20), chunk(&mut response)).await.is_err());
        go.send(()).unwrap();
        let chunk = timeout(PATIENCE, chunk(&mut response)).await.unwrap().unwrap();
        assert_eq!(chunk, expected);
    }
    // At the body's end the connection is closed, though the response is still there.
    server.join().unwrap();
    drop(response);
}

#[async_std::test]
async fn large_heads_are_read_and_huge_ones_refused() {
    fn head(headers: usize, len: usize) -> String {
        let mut head = "HTTP/1.1 200 OK\r\n".to_owned();
        for index in 0..headers {
            write!(head, "x-{index}: {}\r\n", "v".repeat(len)).unwrap();
        }
        head + "\r\ndata"
    }
    for (headers, len) in [(30, 3000), (1, 100_000), (256, 300)] {
        let (url, server) = answers(head(headers, len));
        let mut response = get(&url).await;
        assert_eq!(raw(&response).headers.len(), headers);
        assert_eq!(response.header("x-0").unwrap().as_str().len(), len);
        assert_eq!(body(&mut response).await.unwrap(), b"data");
        drop(response);
        server.join().unwrap();
    }
    for (headers, len) in [(257, 1), (2, 100_000)] {
        let head = head(headers, len);
        let (url, server) = peer(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.read(&mut [0]);
        });
        let error = send(request(&url)).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ErrorKind::InvalidData);
        server.join().unwrap();
    }
}

#[async_std::test]
async fn the_real_head_is_kept_where_surf_cannot_hold_it() {
    let (url, server) = answers(
        b"HTTP/1.1 200 OK\r\nX-Plain: a\r\nX-Plain: b\r\nX-Utf8: \xe2\x84\x96 7\r\nX-Latin1: caf\xe9\r\n\
          Location: /\xc3\xa9\r\n\r\n"
            .to_vec(),
    );
    let response = get(&url).await;
    assert_eq!(response.header("x-plain").unwrap().iter().count(), 2);
    assert!(response.header("x-utf8").is_none() && response.header("x-latin1").is_none());
    let head = raw(&response);
    assert_eq!(head.status, 200);
    assert_eq!(head.headers["x-utf8"].as_bytes(), "№ 7".as_bytes());
    assert_eq!(head.headers["x-latin1"].as_bytes(), b"caf\xe9");
    assert_eq!(head.headers["location"].as_bytes(), "/é".as_bytes());
    assert_eq!(head.headers.get_all("x-plain").iter().count(), 2);
    drop(response);
    server.join().unwrap();
}

#[async_std::test]
async fn unknown_statuses_count_as_the_first_of_their_class() {
    for (real, shown) in [
        (200, 200),
        (429, 429),
        (299, 200),
        (399, 300),
        (499, 400),
        (520, 500),
        (599, 500),
        (600, 500),
        (999, 500),
    ] {
        let (url, server) = answers(format!("HTTP/1.1 {real} Whatever\r\n\r\nbody"));
        let mut response = get(&url).await;
        assert_eq!(response.status(), shown, "{real}");
        assert_eq!(raw(&response).status, real);
        assert_eq!(body(&mut response).await.unwrap(), b"body");
        drop(response);
        server.join().unwrap();
    }
}

// -- failures ------------------------------------------------------------------------------------

#[async_std::test]
async fn a_cut_body_is_not_a_clean_end() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (answer, kind, got) in [
        (format!("{chunked}a\r\nhalf"), ErrorKind::UnexpectedEof, "half"),
        (format!("{chunked}4\r\ndata\r\n"), ErrorKind::UnexpectedEof, "data"),
        (format!("{chunked}4\r\ndata\r\n0\r\n"), ErrorKind::UnexpectedEof, "data"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ndata".into(),
            ErrorKind::UnexpectedEof,
            "data",
        ),
        (format!("{chunked}4\r\ndata\r\nnonsense\r\n"), ErrorKind::InvalidData, "data"),
    ] {
        let (url, server) = answers(answer.clone());
        let mut response = get(&url).await;
        let (error, bytes) = body(&mut response).await.unwrap_err();
        assert_eq!((error.kind(), bytes), (kind, got.into()), "{answer:?}: {error}");
        let (again, _) = body(&mut response).await.unwrap_err();
        assert_eq!(again.kind(), kind);
        // The socket is closed with the error, the response still being there.
        server.join().unwrap();
        drop(response);
    }
}

#[async_std::test]
async fn a_reset_in_the_body_is_a_reset() {
    let (go, wait) = mpsc::channel::<()>();
    let (url, server) = peer(move |mut stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ndata\r\n")
            .unwrap();
        wait.recv().unwrap();
        reset(stream);
    });
    let mut response = get(&url).await;
    let mut bytes = [0; 4];
    response.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"data");
    go.send(()).unwrap();
    let (error, _) = body(&mut response).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(error.raw_os_error().is_some(), "the system's own error: {error:?}");
    server.join().unwrap();
}

#[async_std::test]
async fn failures_before_the_head_keep_their_kind() {
    let (url, server) = peer(reset);
    let error = send(request(&url)).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::ConnectionReset);
    server.join().unwrap();

    for (answer, kind) in [
        ("", ErrorKind::UnexpectedEof),
        ("HTTP/1.1 200 OK\r\ncontent-ty", ErrorKind::UnexpectedEof),
        ("SSH-2.0-OpenSSH_9.9\r\n", ErrorKind::InvalidData),
        ("HTTP/1.1 2000 OK\r\n\r\n", ErrorKind::InvalidData),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", ErrorKind::InvalidData),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", ErrorKind::InvalidData),
    ] {
        let (url, server) = answers(answer);
        let error = send(request(&url)).await.unwrap_err();
        assert_eq!(cause(&error).kind(), kind, "{answer:?}: {error:?}");
        server.join().unwrap();
    }

    let port = Port::reserve().unwrap();
    let error = send(request(&port.url("/?token=secret"))).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::ConnectionRefused);
    assert!(cause(&error).raw_os_error().is_some());

    // `.invalid` never resolves: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    let error = send(request("http://host.invalid/?token=secret")).await.unwrap_err();
    assert_ne!(cause(&error).kind(), ErrorKind::InvalidInput);
    assert!(!error.to_string().contains("host.invalid"), "{error}");
}

// -- requests ------------------------------------------------------------------------------------

#[async_std::test]
async fn a_get_sends_its_target_and_host_and_nothing_else() {
    let (url, server) = answers("HTTP/1.1 204 No Content\r\n\r\n");
    let mut url = Url::parse(&url).unwrap();
    let host = format!("127.0.0.1:{}", url.port().unwrap());
    url.set_path("/a b/é");
    url.set_query(Some("q={1}|'&r=%00"));
    url.set_fragment(Some("fragment"));
    url.set_username("user").unwrap();
    url.set_password(Some("password")).unwrap();
    drop(send(Request::new(Method::Get, url)).await.unwrap());
    assert_eq!(
        server.join().unwrap(),
        format!("GET /a%20b/%C3%A9?q={{1}}|%27&r=%00 HTTP/1.1\r\nhost: {host}\r\n\r\n"),
    );
}

#[async_std::test]
async fn an_ipv6_host_is_bracketed() {
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let (url, server) = peer_at("::1", |mut stream| {
        let head = read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        head
    });
    drop(get(&url).await);
    let port = Url::parse(&url).unwrap().port().unwrap();
    let expected = format!("GET /events?token=secret HTTP/1.1\r\nhost: [::1]:{port}\r\n\r\n");
    assert_eq!(server.join().unwrap(), expected);
}

#[async_std::test]
async fn headers_are_sent_as_they_are() {
    let (url, server) = answers("HTTP/1.1 204 No Content\r\n\r\n");
    let mut request = request(&url);
    request.insert_header("host", "virtual.example");
    request.append_header("x-two", "a,\tb");
    request.append_header("x-two", "\"c\"");
    request.insert_header("last-event-id", "plain");
    let mut extra = HeaderMap::new();
    extra.insert("last-event-id", HeaderValue::from_bytes("№ 7".as_bytes()).unwrap());
    request.set_ext(RawHeaders(extra));
    drop(send(request).await.unwrap());

    let head = server.join().unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    assert_eq!(first, "GET /events?token=secret HTTP/1.1");
    let mut lines: Vec<_> = rest.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], "host: virtual.example");
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["host: virtual.example", "last-event-id: № 7", "x-two: \"c\"", "x-two: a,\tb"]
    );
}

#[async_std::test]
async fn what_would_break_the_head_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/?token=secret", listener.local_addr().unwrap());
    for value in ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b", "a\x1b[m", "a\x7f"] {
        let mut request = request(&url);
        request.insert_header("x-good", value);
        let error = send(request).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput, "{value:?}");
        assert_eq!(error.to_string(), "the value of header `x-good` holds a control character");
    }
    for name in ["x evil", "x:evil", "x\r\nevil", "", "x\0"] {
        let mut request = request(&url);
        request.insert_header(name, "a");
        let error = send(request).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput, "{name:?}");
    }
    let connect = Request::new(Method::Connect, Url::parse(&url).unwrap());
    let error = send(connect).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);
    let error = send(request("ftp://127.0.0.1/?token=secret")).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);
    let too_long = format!("{url}{}", "x".repeat(70_000));
    let error = send(request(&too_long)).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);

    let accepted = listener.accept().map(drop).unwrap_err();
    assert_eq!(accepted.kind(), ErrorKind::WouldBlock, "something was sent");
}

#[async_std::test]
async fn bodies_are_framed_by_what_is_known_of_them() {
    fn unsized_body(text: &'static str) -> Body {
        Body::from_reader(Cursor::new(text), None)
    }
    let length = |len| format!("content-length: {len}\r\n");
    let chunked = "transfer-encoding: chunked\r\n".to_owned();
    for (method, body, header, wire) in [
        (Method::Post, Body::from("{\"a\":1}"), length(7), "{\"a\":1}"),
        (Method::Post, unsized_body("abc"), chunked.clone(), "3\r\nabc\r\n0\r\n\r\n"),
        (Method::Post, Body::empty(), length(0), ""),
        (Method::Put, Body::empty(), length(0), ""),
        (Method::Get, Body::from("abc"), length(3), "abc"),
        (Method::Get, unsized_body("abc"), chunked.clone(), "3\r\nabc\r\n0\r\n\r\n"),
        (Method::Delete, Body::empty(), String::new(), ""),
        (Method::Post, Body::from_reader(Cursor::new("abcdef"), Some(3)), length(3), "abc"),
    ] {
        let (url, server) = peer(move |mut stream| {
            let head = read_head(&mut stream);
            let mut bytes = vec![0; wire.len()];
            stream.read_exact(&mut bytes).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the client sent more");
            (head, String::from_utf8(bytes).unwrap())
        });
        let mut request = Request::new(method, Url::parse(&url).unwrap());
        let typed = body.is_empty() != Some(true);
        if typed {
            request.set_body(body);
        }
        drop(send(request).await.unwrap());
        let (head, bytes) = server.join().unwrap();
        assert_eq!(bytes, wire);
        assert_eq!(head.contains("content-type: "), typed, "{head}");
        let framing: String = head
            .split_inclusive("\r\n")
            .filter(|line| line.starts_with("content-length") || line.starts_with("transfer"))
            .collect();
        assert_eq!(framing, header, "{method} {head}");
    }
}

#[async_std::test]
async fn a_large_body_arrives_whole() {
    let sent: Vec<u8> = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    let expected = sent.clone();
    let (url, server) = peer(move |mut stream| {
        read_head(&mut stream);
        let mut bytes = vec![0; expected.len()];
        stream.read_exact(&mut bytes).unwrap();
        assert!(bytes == expected);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let mut request = Request::new(Method::Post, Url::parse(&url).unwrap());
    request.set_body(sent.clone());
    let mut response = send(request).await.unwrap();
    assert!(body(&mut response).await.unwrap() == sent);
    server.join().unwrap();
}

#[async_std::test]
async fn a_response_that_comes_before_the_end_of_the_request_does_not_cut_it() {
    // More than sockets have room for.
    const LEN: usize = 32 << 20;
    let (url, server) = peer(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        stream.write_all(b"6\r\nfirst\n\r\n").unwrap();
        let sent = io::copy(&mut (&stream).take(LEN as u64), &mut io::sink()).unwrap();
        stream.write_all(b"7\r\n\nsecond\r\n0\r\n\r\n").unwrap();
        sent
    });
    let mut request = Request::new(Method::Post, Url::parse(&url).unwrap());
    request.set_body(vec![0; LEN]);
    let mut response = send(request).await.unwrap();
    assert_eq!(body(&mut response).await.unwrap(), b"first\n\nsecond");
    assert_eq!(server.join().unwrap(), LEN as u64);
}

#[async_std::test]
async fn a_body_shorter_than_announced_is_the_requests_own_fault() {
    let (url, server) = peer(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let mut request = Request::new(Method::Post, Url::parse(&url).unwrap());
    request.set_body(Body::from_reader(Cursor::new("abc"), Some(5)));
    let error = send(request).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);
    server.join().unwrap();
}

// -- dropping, timeouts, many --------------------------------------------------------------------

#[async_std::test]
async fn dropping_an_idle_response_closes_the_socket() {
    for framing in ["transfer-encoding: chunked", "content-length: 9", "connection: close"] {
        let (url, server) = peer(move |mut stream| {
            read_head(&mut stream);
            write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").unwrap();
            closed_at(&mut stream)
        });
        let mut response = get(&url).await;
        assert!(timeout(Duration::from_millis(20), chunk(&mut response)).await.is_err());
        let dropped = Instant::now();
        drop(response);
        let after = server.join().unwrap() - dropped;
        assert!(after < SOON, "{after:?}");
    }
}

#[async_std::test]
async fn the_end_of_a_body_closes_the_socket() {
    for answer in
        ["content-length: 3\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
    {
        let (url, server) = peer(move |mut stream| {
            read_head(&mut stream);
            write!(stream, "HTTP/1.1 200 OK\r\n{answer}").unwrap();
            closed_at(&mut stream);
        });
        let mut response = get(&url).await;
        assert_eq!(body(&mut response).await.unwrap(), b"abc");
        // While the response is still here.
        task::spawn_blocking(|| server.join().unwrap()).await;
        drop(response);
    }
}

#[async_std::test]
async fn dropping_a_request_under_way_closes_the_socket() {
    let (arrived, head) = mpsc::channel();
    let (url, server) = peer(move |mut stream| {
        arrived.send(read_head(&mut stream)).unwrap();
        closed_at(&mut stream)
    });
    let send = task::spawn(async move { send(request(&url)).await.map(drop) });
    head.recv_timeout(PATIENCE).unwrap();
    let dropped = Instant::now();
    assert!(send.cancel().await.is_none());
    let after = server.join().unwrap() - dropped;
    assert!(after < SOON, "{after:?}");
}

#[cfg(target_os = "linux")]
#[async_std::test]
async fn a_peer_that_vanishes_is_probed() {
    let (asked, ask) = mpsc::channel();
    let (url, server) = peer(move |mut stream| {
        read_head(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").unwrap();
        let ends = [stream.peer_addr().unwrap(), stream.local_addr().unwrap()];
        asked.send(ends.map(|end| format!(":{:04X}", end.port()))).unwrap();
        closed_at(&mut stream)
    });
    let response = get(&url).await;
    let [local, remote] = ask.recv_timeout(PATIENCE).unwrap();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let is_ours = |row: &Vec<&str>| row[1].ends_with(&local) && row[2].ends_with(&remote);
    let ours = rows.find(is_ours).expect("our end of the connection");
    // The kind of timer that runs: 02 is keep-alive.
    assert!(ours[5].starts_with("02:"), "{ours:?}");
    drop(response);
    server.join().unwrap();
}

#[async_std::test]
async fn the_timeouts_end_before_the_body() {
    let (url, server) = peer(|mut stream| {
        read_head(&mut stream);
        closed_at(&mut stream);
    });
    let limited = |limit| {
        let mut client = StreamClient::new();
        assert_eq!(client.config().timeout, None);
        client.set_config(client.config().clone().set_timeout(Some(limit))).unwrap();
        assert_eq!(client.config().timeout, Some(limit));
        client
    };
    let client = limited(Duration::from_secs(1));
    let error = send_with(client, request(&url)).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::TimedOut);
    server.join().unwrap();

    // Enough for the head, however busy the machine is.
    let limit = Duration::from_millis(1500);
    let (url, server) = peer(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        thread::sleep(limit + Duration::from_millis(200));
        stream.write_all(b"late").unwrap();
    });
    let mut response = send_with(limited(limit), request(&url)).await.unwrap();
    assert_eq!(body(&mut response).await.unwrap(), b"late");
    server.join().unwrap();
}

#[async_std::test]
async fn many_streams_run_side_by_side() {
    const MANY: usize = 200;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut streams = Vec::new();
        for _ in 0..MANY {
            let (mut stream, _) = listener.accept().unwrap();
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            streams.push(stream);
        }
        // Only now that all are open.
        for mut stream in streams {
            stream.write_all(b"data").unwrap();
        }
    });
    let client = surf::Client::with_http_client(StreamClient::new());
    let readers: Vec<_> = (0..MANY)
        .map(|_| {
            let (client, request) = (client.clone(), request(&url));
            task::spawn(
                async move { body(&mut client.send(request).await.unwrap()).await.unwrap() },
            )
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await, b"data");
    }
    server.join().unwrap();
}

#[test]
fn the_client_shows_no_secrets_and_fits_everywhere_surf_takes_one() {
    fn check<T: Clone + Default + Send + Sync + Unpin + 'static>(_: &T) {}
    let client = StreamClient::new().connect_timeout(SOON);
    check(&client);
    assert!(format!("{client:?}").starts_with("StreamClient { config: Config {"));
    let config = surf::Config::new().set_http_client(client);
    let _: surf::Client = config.try_into().unwrap();
}

#[test]
fn the_future_of_a_request_is_small() {
    let client = StreamClient::new();
    let send = client.send(request("http://localhost/").into());
    let len = size_of_val(&*send);
    assert!(len <= 4096, "{len} bytes, which each open stream has had to find room for");
}

#[cfg(not(feature = "rustls"))]
#[async_std::test]
async fn https_without_tls_is_refused() {
    let error = send(request("https://localhost/?token=secret")).await.unwrap_err();
    assert_eq!(cause(&error).kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "an https URL needs the feature `rustls`");
}

// -- TLS -----------------------------------------------------------------------------------------

#[cfg(feature = "rustls")]
mod tls {
    use std::sync::Arc;

    use futures_rustls::pki_types::PrivatePkcs8KeyDer;
    use futures_rustls::rustls::crypto::ring;
    use futures_rustls::rustls::{
        CertificateError, ClientConfig, Error as TlsError, RootCertStore, ServerConfig,
        ServerConnection, StreamOwned,
    };
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new([]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
        }

        fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            let key = KeyPair::generate().unwrap();
            let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &self.0).unwrap();
            let key = PrivatePkcs8KeyDer::from(key.serialize_der());
            let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![leaf.der().clone()], key.into())
                .unwrap();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            if cfg!(not(feature = "http2")) {
                // Nobody may fall for it.
                config.alpn_protocols.insert(0, b"h2".to_vec());
            }
            Arc::new(config)
        }
    }

    type Negotiated = io::Result<(Option<String>, Option<Vec<u8>>)>;

    /// Answers over TLS; says what the client asked for, or why the handshake failed.
    fn secure_peer(host: &str, config: Arc<ServerConfig>) -> (String, JoinHandle<Negotiated>) {
        let (url, server) = peer(|stream| {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            while stream.conn.is_handshaking() {
                stream.conn.complete_io(&mut stream.sock)?;
            }
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nsecure")?;
            stream.conn.send_close_notify();
            stream.flush()?;
            let name = stream.conn.server_name().map(str::to_owned);
            Ok((name, stream.conn.alpn_protocol().map(<[u8]>::to_vec)))
        });
        (url.replace("http:", "https:").replace("127.0.0.1", host), server)
    }

    #[async_std::test]
    async fn an_unknown_issuer_is_told_clearly() {
        let (url, server) = secure_peer("localhost", Authority::new().server(&["localhost"]));
        let error = send(request(&url)).await.unwrap_err();
        let error = cause(&error);
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "invalid peer certificate: UnknownIssuer");
        let inner = error.get_ref().unwrap().downcast_ref::<TlsError>().unwrap();
        assert_eq!(*inner, TlsError::InvalidCertificate(CertificateError::UnknownIssuer));
        assert!(server.join().unwrap().is_err());
    }

    /// Where the platform's certificates come from variables of the environment, in a process of its own.
    #[cfg(target_os = "linux")]
    #[test]
    fn without_any_root_no_request_can_be_made() {
        const ALONE: &str = "SSE_TEST_WITHOUT_ROOTS";
        if std::env::var_os(ALONE).is_none() {
            let test = "tls::without_any_root_no_request_can_be_made";
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            alone.args([test, "--exact"]).env(ALONE, "");
            alone.env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR");
            let output = alone.output().unwrap();
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
            return;
        }
        let error = async_std::task::block_on(send(request("https://localhost:1/?token=secret")));
        assert_eq!(cause(&error.unwrap_err()).kind(), ErrorKind::InvalidInput);
    }

    #[async_std::test]
    async fn an_added_root_is_trusted_for_its_names_alone() {
        let authority = Authority::new();
        let client = || StreamClient::new().add_root_certificates(authority.0.pem().as_bytes());
        for (host, name) in [("localhost", Some("localhost".to_owned())), ("127.0.0.1", None)] {
            let (url, server) = secure_peer(host, authority.server(&["localhost", "127.0.0.1"]));
            let mut response = send_with(client().unwrap(), request(&url)).await.unwrap();
            assert_eq!(body(&mut response).await.unwrap(), b"secure");
            let (sni, alpn) = server.join().unwrap().unwrap();
            assert_eq!((sni, alpn.unwrap()), (name, b"http/1.1".to_vec()));
        }

        let (url, server) = secure_peer("localhost", authority.server(&["example.com"]));
        let error = send_with(client().unwrap(), request(&url)).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ErrorKind::InvalidData);
        assert!(server.join().unwrap().is_err());

        let der = StreamClient::new().add_root_certificates(authority.0.der()).unwrap();
        let (url, server) = secure_peer("localhost", authority.server(&["localhost"]));
        let mut response = send_with(der, request(&url)).await.unwrap();
        assert_eq!(body(&mut response).await.unwrap(), b"secure");
        server.join().unwrap().unwrap();
    }

    #[async_std::test]
    async fn the_danger_switch_takes_any_certificate() {
        let (url, server) = secure_peer("localhost", Authority::new().server(&["example.com"]));
        let client = StreamClient::new().danger_accept_invalid_certs(true);
        let mut response = send_with(client, request(&url)).await.unwrap();
        assert_eq!(body(&mut response).await.unwrap(), b"secure");
        server.join().unwrap().unwrap();
    }

    #[async_std::test]
    async fn an_own_configuration_replaces_the_rest_but_the_protocol() {
        let authority = Authority::new();
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (url, server) = secure_peer("localhost", authority.server(&["localhost"]));
        let client = StreamClient::new().rustls_config(Arc::new(config));
        let mut response = send_with(client, request(&url)).await.unwrap();
        assert_eq!(body(&mut response).await.unwrap(), b"secure");
        assert_eq!(server.join().unwrap().unwrap().1.unwrap(), b"http/1.1");
    }

    #[test]
    fn malformed_roots_are_refused_when_they_are_added() {
        let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut = &Authority::new().0.pem()[..200];
        let half = Authority::new().0.pem() + torn;
        for bytes in ["", "nothing here", "\x30\x00", torn, cut, &half] {
            let error = StreamClient::new().add_root_certificates(bytes.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[async_std::test]
    async fn the_last_word_on_tls_counts() {
        let authority = Authority::new();
        let untrusting = StreamClient::new();
        let trusting = untrusting.clone().danger_accept_invalid_certs(true);
        for (client, trusts) in [
            (trusting.clone(), true),
            // Although it is used already, and shares its configuration with the first.
            (trusting.clone().danger_accept_invalid_certs(false), false),
            (untrusting.clone(), false),
            (untrusting.add_root_certificates(authority.0.der()).unwrap(), true),
        ] {
            let (url, server) = secure_peer("localhost", authority.server(&["localhost"]));
            assert_eq!(send_with(client, request(&url)).await.is_ok(), trusts);
            drop(server.join().unwrap());
        }
    }

    #[async_std::test]
    async fn the_connect_timeout_covers_the_handshake() {
        // Connects by itself, and never answers the client's hello.
        let peer = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/?token=secret", peer.local_addr().unwrap());
        // Which spares it the platform's certificates: they may take longer than that to load.
        let client = StreamClient::new()
            .connect_timeout(Duration::from_millis(50))
            .danger_accept_invalid_certs(true);
        let error = send_with(client, request(&url)).await.unwrap_err();
        assert_eq!(cause(&error).kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "connecting timed out");
    }

    #[async_std::test]
    async fn a_connection_cut_without_notice_is_not_a_clean_end() {
        let authority = Authority::new();
        let config = authority.server(&["localhost"]);
        let (url, server) = peer(|stream| {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").unwrap();
            stream.flush().unwrap();
            stream.sock.shutdown(Shutdown::Write).unwrap();
            let _ = stream.sock.read_to_end(&mut Vec::new());
        });
        let client = StreamClient::new().add_root_certificates(authority.0.der()).unwrap();
        let url = url.replace("http:", "https:").replace("127.0.0.1", "localhost");
        let mut response = send_with(client, request(&url)).await.unwrap();
        let (error, bytes) = body(&mut response).await.unwrap_err();
        assert_eq!((error.kind(), bytes), (ErrorKind::UnexpectedEof, b"half".to_vec()));
        drop(response);
        server.join().unwrap();
    }
}

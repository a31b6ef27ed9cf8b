//! What is recorded of a request, and which reply it gets.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use sse_testkit::{Reply, Request, Script, Server};
use support::{Client, PATIENCE, request};

fn recorded(bytes: &[u8]) -> Request {
    let server = Server::start([]).unwrap();
    let mut client = Client::connect(&server);
    client.send(bytes);
    client.read_until("HTTP/1.1 204 No Content\r\n\r\n");
    server.requests().remove(0)
}

#[test]
fn headers_are_recorded_as_sent() {
    let head = b"GET /a/b?x&client=c%20&y=1 HTTP/1.1\r\nHost:test\r\nX-B: 1\r\nx-a: \xff\xc3\xa9 \x01\t\r\n\
        LAST-Event-ID:  \xe4\xbd\xa0  \r\nX-b: 2\r\nempty:\r\n\r\n";
    let request = recorded(head);
    let expected: [(&[u8], &[u8]); 6] = [
        (b"Host", b"test"),
        (b"X-B", b"1"),
        (b"x-a", b"\xff\xc3\xa9 \x01"),
        (b"LAST-Event-ID", "你".as_bytes()),
        (b"X-b", b"2"),
        (b"empty", b""),
    ];
    let expected = expected.map(|(name, value)| (name.to_vec(), value.to_vec()));
    assert_eq!(request.headers(), expected);
    assert_eq!(request.raw_head(), head);
    assert_eq!(request.header("x-b"), Some(&b"1"[..]));
    assert_eq!(request.header_count("X-B"), 2);
    assert_eq!(request.header("Empty"), Some(&b""[..]));
    assert_eq!(request.header("none"), None);
    assert_eq!(request.last_event_id(), Some("你".as_bytes()));
    assert_eq!((request.method(), request.version()), ("GET", "HTTP/1.1"));
    assert_eq!((request.path(), request.target()), ("/a/b", "/a/b?x&client=c%20&y=1"));
    assert_eq!((request.query("client"), request.query("x")), (Some("c%20"), Some("")));
    assert_eq!(request.query("z"), None);
    assert_eq!(request.answered(), Some(204));
    assert!(format!("{request:?}").contains(r"x-a: \xff\xc3\xa9 \x01\t\r\n"));
}

#[test]
fn bodies_are_recorded_without_their_framing() {
    let request = recorded(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\na\r\n\xff\0");
    assert_eq!((request.method(), request.body()), ("POST", &b"a\r\n\xff\0"[..]));
    let request = recorded(
        b"PUT / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n\
        3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n",
    );
    assert_eq!((request.method(), request.body()), ("PUT", &b"abc0123456789"[..]));
    let body = vec![b'x'; 3_000_000];
    let head = b"POST / HTTP/1.1\r\ncontent-length: 3000000\r\n\r\n";
    assert_eq!(recorded(&[&head[..], &body].concat()).body(), body);
}

#[test]
fn an_id_of_300_000_bytes_is_read_whole() {
    let id = "k".repeat(300_000);
    let request = recorded(request("/", &format!("Last-Event-ID: {id}\r\n")).as_bytes());
    assert_eq!(request.last_event_id(), Some(id.as_bytes()));
}

#[test]
fn a_request_that_comes_in_pieces_is_read() {
    let server = Server::start([]).unwrap();
    let mut client = Client::connect(&server);
    for byte in request("/slow", "content-length: 2\r\n").bytes().chain(*b"ok") {
        client.send([byte]);
    }
    let requests = server.wait_for_requests(1, PATIENCE).unwrap();
    assert_eq!((requests[0].path(), requests[0].body()), ("/slow", &b"ok"[..]));
}

#[test]
fn what_is_no_request_is_refused_and_not_recorded() {
    let cases: [(&[u8], &str); 6] = [
        (b"hello\r\n", "400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n", "400"),
        (b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", "413"),
        (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", "400"),
        (&[b'x'; 1024 * 1024 + 1], "431"),
    ];
    let server = Server::start([]).unwrap();
    for (bytes, status) in cases {
        let mut client = Client::connect(&server);
        client.send(bytes);
        let answer = client.read_until("connection: close\r\n");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}");
    }
    assert_eq!(server.wait_until_closed(PATIENCE).unwrap().requests, 0);
}

#[test]
fn lists_are_used_in_order_and_then_204() {
    let server = Server::start([Reply::status(201), Reply::status(202)]).unwrap();
    for status in [201, 202, 204, 204] {
        let head = Client::get(&server, "/any", "").read_until("\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head:?}");
    }
    let answered: Vec<_> = server.requests().iter().filter_map(Request::answered).collect();
    assert_eq!(answered, [201, 202, 204, 204]);
}

#[test]
fn paths_have_scripts_of_their_own() {
    let script = Script::from([Reply::status(200)])
        .on("/a", [Reply::status(201)])
        .on("/b", Script::with(|request| Reply::status(200).chunk(request.body())))
        .on("/c", Script::new());
    let server = Server::start(script).unwrap();
    let answers = [("/a?q", 201), ("/c", 204), ("/else", 200), ("/a", 204), ("/else", 204)];
    for (target, status) in answers {
        let head = Client::get(&server, target, "").read_until("\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {head:?}");
    }
    let mut client = Client::connect(&server);
    client.send("POST /b HTTP/1.1\r\nconnection: close\r\ncontent-length: 4\r\n\r\necho");
    assert_eq!(client.body(), "echo");
}

#[test]
fn an_answer_s_times_are_recorded_in_order() {
    let server = Server::start([Reply::stream().chunk("a")]).unwrap();
    Client::get(&server, "/", "connection: close\r\n").read_all();
    server.wait_until(PATIENCE, |tally| tally.ended == 1).unwrap();
    let request = server.requests().remove(0);
    assert!(request.ended().unwrap() >= request.arrived());
}

//! Connections that come and go, and the end of a server.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sse_testkit::{End, Port, Reply, Server};
use support::{Client, PATIENCE};

const HOUR: Duration = Duration::from_secs(3600);

const PAUSE: Duration = Duration::from_millis(20);

/// It is milliseconds; a busy machine may need longer.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn a_peer_that_leaves_is_noticed_whatever_the_server_does() {
    let endless = |every| Reply::stream().end(End::Endless(vec![b'x'; 50_000], every));
    let replies = [
        Reply::silent(),
        Reply::stream().delay_head(HOUR),
        Reply::stream().delay_body(HOUR),
        Reply::stream().pause(HOUR).chunk("never"),
        Reply::stream().pause(Duration::MAX),
        Reply::stream().end(End::Silence),
        endless(HOUR),
        endless(Duration::from_millis(1)),
        endless(Duration::ZERO),
        Reply::status(204),
    ];
    let server = Server::start(replies.to_vec()).unwrap();
    for count in 1..=replies.len() {
        let client = Client::get(&server, "/", "");
        server.wait_for_requests(count, PATIENCE).unwrap();
        drop(client);
        server.wait_for_peer_close(count, PATIENCE).unwrap();
    }
    let tally = server.tally();
    assert_eq!((tally.accepted, tally.open, tally.ended), (10, 0, 10));
}

#[test]
fn a_close_of_the_server_is_not_the_peer_s() {
    let replies = [Reply::close_at_once(), Reply::reset_at_once(), Reply::raw("x")];
    let server = Server::start(replies).unwrap();
    for _ in 0..3 {
        Client::get(&server, "/", "").read_all();
    }
    let tally = server.wait_until_closed(PATIENCE).unwrap();
    assert_eq!((tally.accepted, tally.closed_by_peer), (3, 0));
}

#[test]
fn an_answer_has_begun_when_its_first_bytes_are_there() {
    let half = Reply::half_head().end(End::Silence);
    let server = Server::start([Reply::silent(), half, Reply::status(204)]).unwrap();
    let _silent = Client::get(&server, "/", "");
    server.wait_for_requests(1, PATIENCE).unwrap();
    let mut client = Client::get(&server, "/", "");
    server.wait_until(PATIENCE, |tally| tally.begun == 1).unwrap();
    assert_eq!(client.read_now(), "HTTP/1.1 200 OK\r\ncontent-ty");
    Client::get(&server, "/", "").read_all();
    assert_eq!((server.tally().requests, server.tally().begun), (3, 2));
}

#[test]
fn what_does_not_come_is_a_time_out_that_says_so() {
    let server = Server::start([]).unwrap();
    let client = Client::get(&server, "/", "");
    server.wait_for_requests(1, PATIENCE).unwrap();
    let error = server.wait_for_requests(2, Duration::from_millis(5)).unwrap_err();
    assert_eq!((error.tally().requests, error.tally().open), (1, 1));
    assert!(error.to_string().starts_with("waited 5ms in vain, having seen Tally { requests: 1,"));
    assert!(server.wait_until_closed(Duration::ZERO).is_err());
    assert!(server.wait_for_peer_close(1, Duration::ZERO).is_err());
    drop(client);
}

#[test]
fn dropping_the_server_ends_every_connection_at_once() {
    let endless = End::Endless(vec![b'x'; 100_000], Duration::ZERO);
    let silent = Server::start([]).unwrap();
    let replies = [
        Reply::silent(),
        Reply::stream().delay_head(HOUR),
        Reply::stream().pause(HOUR),
        Reply::stream().end(End::Silence),
        // Nobody reads this one, so the server blocks in a write.
        Reply::stream().end(endless),
        Reply::tunnel(silent.addr()),
        Reply::status(204),
    ];
    let count = replies.len();
    let server = Server::start(replies).unwrap();
    let mut clients = Vec::from_iter((0..count).map(|_| Client::get(&server, "/", "")));
    server.wait_for_requests(count, PATIENCE).unwrap();
    // Two more: one that says nothing, and one that stops in the middle of a request.
    clients.extend([Client::connect(&server), Client::connect(&server)]);
    clients.last_mut().unwrap().send("GET / HT");
    server.wait_until(PATIENCE, |tally| tally.open == count + 2).unwrap();

    let addr = server.addr();
    let started = Instant::now();
    drop(server);
    assert!(started.elapsed() < AT_ONCE, "took {:?}", started.elapsed());
    assert!(TcpStream::connect(addr).is_err());
    for mut client in clients {
        client.read_all();
    }
}

#[test]
fn a_server_that_nobody_called_can_be_dropped() {
    let started = Instant::now();
    for _ in 0..20 {
        drop(Server::start([]).unwrap());
    }
    assert!(started.elapsed() < AT_ONCE, "took {:?}", started.elapsed());
}

#[test]
fn an_outage_can_be_played() {
    let port = Port::reserve().unwrap();
    let (addr, url) = (port.addr(), port.url("/x"));
    assert!(TcpStream::connect(addr).is_err());
    let mut server = port.serve([Reply::stream().end(End::Silence)]).unwrap();
    for _ in 0..3 {
        assert_eq!((server.addr(), server.url("/x")), (addr, url.clone()));
        let mut client = Client::get(&server, "/", "");
        client.read_until("\r\n\r\n");
        let port = server.stop().unwrap();
        assert_eq!(client.read_all().1, None);
        assert!(TcpStream::connect(addr).is_err());
        server = port.serve([Reply::stream().end(End::Silence)]).unwrap();
    }
}

#[test]
fn a_hundred_connections_are_served_at_once() {
    let server = Server::with(|request| {
        let id = request.query("client").unwrap_or_default();
        let reply = Reply::stream().chunk(format!("data: {id}\n\n"));
        reply.pause(Duration::from_millis(5)).end(End::Silence)
    })
    .unwrap();
    let clients = Vec::from_iter((0..100).map(|n| {
        let mut client = Client::get(&server, &format!("/?client={n}"), "");
        client.read_until(&format!("data: {n}\n\n"));
        client
    }));
    let tally = server.tally();
    assert_eq!((tally.requests, tally.open, tally.ended), (100, 100, 0));
    drop(clients);
    let tally = server.wait_for_peer_close(100, PATIENCE).unwrap();
    assert_eq!(tally.open, 0);
}

#[test]
fn a_closure_that_panics_breaks_its_connection_alone() {
    let server = Server::with(|request| {
        assert_ne!(request.path(), "/panic", "this panic belongs to the test");
        Reply::status(204)
    })
    .unwrap();
    let mut client = Client::get(&server, "/panic", "");
    assert_eq!(client.read_all(), (String::new(), None));
    Client::get(&server, "/", "").read_until("HTTP/1.1 204 No Content\r\n\r\n");
    server.wait_until_closed(PATIENCE).unwrap();
}

#[test]
fn a_tunnel_passes_all_on_until_either_end_leaves() {
    let endless = End::Endless(b"data: x\n\n".to_vec(), Duration::from_millis(1));
    let replies = [Reply::status(200).chunk("all"), Reply::stream().end(endless)];
    let server = Server::start(replies).unwrap();
    let addr = server.addr();
    let proxy = Server::with(move |_| Reply::tunnel(addr).delay_head(PAUSE)).unwrap();

    // The first request comes ahead of its turn.
    let mut client = Client::connect(&proxy);
    client.send("CONNECT events.invalid:80 HTTP/1.1\r\n\r\nGET /ahead HTTP/1.1\r\n\r\n");
    assert_eq!(client.read_until("\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
    assert!(client.read_until("all").starts_with("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n"));
    client.send("GET /second HTTP/1.1\r\n\r\n");
    client.read_until("data: x\n\n");
    assert_eq!(proxy.requests()[0].target(), "events.invalid:80");
    drop(client);
    proxy.wait_for_peer_close(1, PATIENCE).unwrap();
    server.wait_for_peer_close(1, PATIENCE).unwrap();

    let mut client = Client::connect(&proxy);
    client.send("CONNECT events.invalid:80 HTTP/1.1\r\n\r\n");
    client.read_until("\r\n\r\n");
    server.wait_until(PATIENCE, |tally| tally.accepted == 2).unwrap();
    drop(server);
    assert_eq!(client.read_all(), (String::new(), None));
    drop(client);
    let tally = proxy.wait_until_closed(PATIENCE).unwrap();
    assert_eq!((tally.accepted, tally.closed_by_peer), (2, 1));

    let mut client = Client::connect(&proxy);
    client.send("CONNECT events.invalid:80 HTTP/1.1\r\n\r\n");
    client.read_until("\r\n\r\n");
    assert_eq!(client.read_all(), (String::new(), None), "there is nobody");
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
    let started = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(started.elapsed() < PATIENCE);
        thread::park_timeout(PATIENCE);
    }
}

#[test]
fn a_future_waits_as_well() {
    let server = Server::start([Reply::silent()]).unwrap();
    let gone = server.until(|tally| tally.closed_by_peer == 1);
    let asked = server.until(|tally| tally.requests == 1);
    thread::scope(|scope| {
        scope.spawn(|| {
            let client = Client::get(&server, "/", "");
            assert_eq!(block_on(asked).open, 1);
            drop(client);
        });
        assert_eq!(block_on(gone).requests, 1);
    });
}

#[test]
fn what_is_waited_for_may_be_looked_up_at_the_server() {
    let server = Server::start([Reply::silent()]).unwrap();
    let _client = Client::get(&server, "/x", "");
    let asked = |path: &str| server.requests().iter().any(|request| request.path() == path);
    assert_eq!(server.wait_until(PATIENCE, |_| asked("/x")).unwrap().requests, 1);
    assert!(server.wait_until(Duration::from_millis(10), |_| asked("/y")).is_err());
}

#[test]
fn a_tunnel_to_nobody_who_reads_does_not_keep_the_server() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Server::start([Reply::tunnel(silent.local_addr().unwrap())]).unwrap();
    let mut client = TcpStream::connect(proxy.addr()).unwrap();
    client.write_all(b"CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n").unwrap();
    assert!(client.read(&mut [0; 99]).unwrap() > 0);
    // Until all that is between them is full.
    client.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while client.write(&[0; 1 << 16]).is_ok() {}
    let (dropped, is_dropped) = mpsc::channel();
    thread::spawn(move || {
        drop(proxy);
        dropped.send(()).unwrap();
    });
    is_dropped.recv_timeout(PATIENCE).expect("the server is gone");
}

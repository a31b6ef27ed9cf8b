//! Numbered events over connections that break.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use sse_testkit::{Cut, End, Replay, Reply, Server};
use support::{Client, dechunk, request};

fn stream(server: &Server, target: &str, id: &str) -> (String, Option<ErrorKind>) {
    let lines = format!("connection: close\r\nlast-event-id: {id}\r\n");
    let (read, error) = Client::get(server, target, &lines).read_all();
    let (_, body) = read.split_once("\r\n\r\n").unwrap();
    (dechunk(body).0, error)
}

#[test]
fn events_are_served_from_the_last_id_on() {
    let replay = Replay::new(3)
        .event(|n| format!("event: token\ndata: {}", n * 10))
        .retry(Duration::from_millis(50));
    let server = Server::start(replay).unwrap();
    let event = |n: u32| format!("id: {n}\nevent: token\ndata: {n}0\n\n");
    let retry = "retry: 50\n\n";
    let all = format!("{retry}{}{}{}", event(1), event(2), event(3));
    assert_eq!(stream(&server, "/", ""), (all.clone(), None));
    assert_eq!(stream(&server, "/", "0"), (all.clone(), None));
    assert_eq!(stream(&server, "/", "2"), (format!("{retry}{}", event(3)), None));
    let read = Client::get(&server, "/", "connection: close\r\n").body();
    assert_eq!(dechunk(&read), (all, "0\r\n\r\n"));
}

#[test]
fn what_cannot_be_served_has_a_status() {
    let server = Server::start(Replay::new(3)).unwrap();
    let cases = [
        ("last-event-id: 3\r\n", 204),
        ("last-event-id: 4\r\n", 204),
        ("last-event-id: x\r\n", 400),
        ("last-event-id: +1\r\n", 400),
        ("last-event-id: 99999999999999999999\r\n", 400),
        ("last-event-id: 1\r\nlast-event-id: 1\r\n", 400),
    ];
    for (lines, status) in cases {
        let head = Client::get(&server, "/", lines).read_until("\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{lines}: {head:?}");
    }
}

#[test]
fn cuts_break_blocks_in_their_middle() {
    let server = Server::start(
        Replay::new(6)
            .cuts([
                Cut::after(2).bytes(9),
                Cut::after(0).bytes(3).end(End::Fin),
                Cut::after(1).end(End::BadChunk),
                Cut::after(1).bytes(4).end(End::FinInChunk),
                Cut::after(2),
            ])
            .pace(Duration::from_millis(1))
            .last_end(End::Fin),
    )
    .unwrap();
    let reset = Some(ErrorKind::ConnectionReset);
    let expected = [
        ("", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndat", reset),
        ("2", "id:", None),
        ("2", "id: 3\ndata: 3\n\n", None),
        // The half block lies in a chunk that is not whole.
        ("3", "id: 4\ndata: 4\n\n", None),
        // Two events are left, so this connection's cut is not reached.
        ("4", "id: 5\ndata: 5\n\nid: 6\ndata: 6\n\n", None),
    ];
    for (id, body, error) in expected {
        assert_eq!(stream(&server, "/", id), (body.to_owned(), error), "after {id:?}");
    }
    // Nothing breaks beyond the cuts.
    let (body, error) = stream(&server, "/", "");
    assert_eq!((body.matches("data").count(), error), (6, None));
}

/// Resumes until 204, as a client of event streams does, and returns the ids of whole blocks.
fn follow(server: &Server, target: &str) -> Vec<u64> {
    let mut ids = Vec::<u64>::new();
    loop {
        let id = ids.last().map(u64::to_string).unwrap_or_default();
        let (body, _) = stream(server, target, &id);
        if body.is_empty() && server.requests().last().unwrap().answered() == Some(204) {
            return ids;
        }
        let (whole, _) = body.rsplit_once("\n\n").unwrap_or_default();
        let events = whole.split("\n\n").filter(|block| !block.is_empty());
        ids.extend(events.map(|block| {
            let line = block.lines().next().unwrap();
            line.strip_prefix("id: ").unwrap().parse::<u64>().unwrap()
        }));
    }
}

#[test]
fn a_client_that_resumes_gets_every_event_once() {
    let cuts = (0..40).map(|n| Cut::after(n % 4).bytes(n as usize % 15));
    let server = Server::start(Replay::new(50).cuts(cuts)).unwrap();
    assert_eq!(follow(&server, "/"), Vec::from_iter(1..=50));
    assert!(server.requests().len() > 20);
}

#[test]
fn clients_do_not_disturb_each_other() {
    let replay = Replay::new(4).cuts([Cut::after(1), Cut::after(2).end(End::Fin)]);
    let server = Server::start(replay).unwrap();
    thread::scope(|scope| {
        for client in 0..20 {
            let server = &server;
            scope.spawn(move || {
                let target = format!("/?client={client}");
                let counts = ["", "1", "3"].map(|id| {
                    let (body, _) = stream(server, &target, id);
                    body.matches("data").count()
                });
                assert_eq!(counts, [1, 2, 1]);
            });
        }
    });
    assert_eq!(server.requests().len(), 60);
}

#[test]
fn a_closure_can_wrap_a_replay() {
    let replay = Replay::new(2);
    let server = Server::with(move |request| match request.path() {
        "/stream" => replay.reply(request).trickle(),
        _ => Reply::status(404),
    })
    .unwrap();
    let mut client = Client::connect(&server);
    client.send(request("/", ""));
    client.read_until("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let (body, _) = stream(&server, "/stream", "1");
    assert_eq!(body, "id: 2\ndata: 2\n\n");
}

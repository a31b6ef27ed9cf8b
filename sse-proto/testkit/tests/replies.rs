//! Each framing and each end, byte by byte.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use sse_testkit::{End, Framing, Reply, Server};
use support::{Client, PATIENCE, dechunk, request};

/// What the client reads when it sends one request, and the error that ends it.
fn exchange(reply: Reply) -> (String, Option<ErrorKind>) {
    let server = Server::start([reply]).unwrap();
    Client::get(&server, "/", "").read_all()
}

/// The same for a reply that ends in a close.
fn closed(reply: Reply) -> String {
    let (read, error) = exchange(reply);
    assert_eq!(error, None, "after {read:?}");
    read
}

fn two_chunks() -> Reply {
    Reply::stream().chunk("data: a\n\n").chunk("data: bc\n\n").keep_alive(false)
}

const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

#[test]
fn each_piece_is_a_chunk() {
    let expected = "transfer-encoding: chunked\r\nconnection: close\r\n\r\n\
        9\r\ndata: a\n\n\r\na\r\ndata: bc\n\n\r\n0\r\n\r\n";
    assert_eq!(closed(two_chunks()), format!("{STREAM_HEAD}{expected}"));
}

#[test]
fn chunks_can_have_extensions() {
    let read = closed(two_chunks().framing(Framing::ChunkedWithExtension));
    let expected = "9;part=\"1;2\"\r\ndata: a\n\n\r\na;part=\"1;2\"\r\ndata: bc\n\n\r\n0\r\n\r\n";
    assert_eq!(read.split_once("\r\n\r\n").unwrap().1, expected);
}

#[test]
fn lengths_are_right_or_wrong_as_asked() {
    let framings = [
        (Framing::Length, 19),
        (Framing::LengthOffBy(50), 69),
        (Framing::LengthOffBy(-12), 7),
        (Framing::LengthOffBy(-99), 0),
    ];
    for (framing, length) in framings {
        let read = closed(two_chunks().framing(framing));
        let expected =
            format!("content-length: {length}\r\nconnection: close\r\n\r\ndata: a\n\ndata: bc\n\n");
        assert_eq!(read, format!("{STREAM_HEAD}{expected}"));
    }
    // A wrong length closes without being told to.
    closed(two_chunks().framing(Framing::LengthOffBy(50)).keep_alive(true));
}

#[test]
fn every_kind_of_piece_has_its_length() {
    let reply = Reply::status(200)
        .chunk("abc")
        .pause(Duration::from_millis(1))
        .repeat("xy", 3)
        .generate(Duration::ZERO, |n| (n < 3).then(|| n.to_string().into_bytes()))
        .keep_alive(false);
    assert!(closed(reply).ends_with("content-length: 12\r\nconnection: close\r\n\r\nabcxyxyxy012"));
}

#[test]
fn a_body_can_end_with_the_connection_alone() {
    let reply = two_chunks().framing(Framing::UntilClose).keep_alive(true);
    assert_eq!(closed(reply), format!("{STREAM_HEAD}\r\ndata: a\n\ndata: bc\n\n"));
}

#[test]
fn a_bare_reply_is_a_head_alone() {
    let bare = two_chunks().framing(Framing::Bare).header("Content-Length", "0").keep_alive(true);
    assert_eq!(closed(bare), format!("{STREAM_HEAD}Content-Length: 0\r\n\r\n"));
    let stop = Reply::status(204).keep_alive(false);
    assert_eq!(closed(stop), "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
}

#[test]
fn any_head_can_be_sent() {
    for (status, line) in [(0, "000 "), (99, "099 "), (520, "520 "), (999, "999 ")] {
        let read = closed(Reply::status(status).keep_alive(false));
        assert!(read.starts_with(&format!("HTTP/1.1 {line}\r\n")), "{read:?}");
    }
    let reply = Reply::stream()
        .before("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        .version("HTTP/1.0")
        .reason("Très bien")
        .header("X-Name", "ä")
        .header("x-name", "again")
        .content_type("TEXT/event-stream; charset=utf-8")
        .framing(Framing::UntilClose);
    let expected = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.0 200 Très bien\r\n\
        X-Name: ä\r\nx-name: again\r\ncontent-type: TEXT/event-stream; charset=utf-8\r\n\r\n";
    assert_eq!(closed(reply), expected);
}

#[test]
fn a_trickle_sends_each_byte_by_itself() {
    let reply = Reply::stream().chunk("ab").repeat("c", 2).trickle().keep_alive(false);
    assert!(closed(reply).ends_with("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nc\r\n0\r\n\r\n"));
}

#[test]
fn long_repetitions_are_whole() {
    let body = closed(Reply::status(200).chunk("id: ").repeat("key", 100_001).keep_alive(false));
    let body = body.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(body, format!("id: {}", "key".repeat(100_001)));
    let body = closed(Reply::stream().repeat("key", 100_001).repeat("", 5).keep_alive(false));
    let (payload, rest) = dechunk(body.split_once("\r\n\r\n").unwrap().1);
    assert_eq!((payload, rest), ("key".repeat(100_001), "0\r\n\r\n"));
}

#[test]
fn delays_and_pauses_last() {
    let (delay, pause) = (Duration::from_millis(30), Duration::from_millis(5));
    let reply = Reply::stream()
        .delay_head(delay)
        .delay_body(delay)
        .pause(pause)
        .generate(pause, |n| (n < 3).then(|| b"x".to_vec()))
        .keep_alive(false);
    let server = Server::start([reply]).unwrap();
    let started = Instant::now();
    let mut client = Client::get(&server, "/", "");
    client.read_until("\r\n\r\n");
    assert!(started.elapsed() >= delay);
    client.read_until("x");
    assert!(started.elapsed() >= 2 * delay + pause);
    client.read_all();
    assert!(started.elapsed() >= 2 * delay + 3 * pause);
}

#[test]
fn a_fin_leaves_the_last_chunk_out() {
    assert!(
        closed(two_chunks().end(End::Fin))
            .ends_with("\r\n\r\n9\r\ndata: a\n\n\r\na\r\ndata: bc\n\n\r\n")
    );
}

#[test]
fn a_fin_in_a_chunk_is_an_early_end() {
    let read = closed(two_chunks().end(End::FinInChunk));
    assert!(read.ends_with("9\r\ndata: a\n\n\r\n4a\r\ndata: bc\n\n"), "{read:?}");
    let read = closed(Reply::stream().repeat("x", 2).end(End::FinInChunk));
    assert!(read.ends_with("2\r\nxx\r\n40\r\n"), "{read:?}");
}

#[test]
fn a_bad_chunk_follows_the_body() {
    let read = closed(two_chunks().end(End::BadChunk));
    assert!(read.ends_with("a\r\ndata: bc\n\n\r\nno chunk size\r\n"), "{read:?}");
}

#[test]
fn a_reset_comes_after_all_that_was_sent() {
    let (read, error) = exchange(two_chunks().end(End::Reset));
    assert!(read.ends_with("a\r\ndata: bc\n\n\r\n"), "{read:?}");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn silence_and_repetition_last_until_the_peer_leaves() {
    let server = Server::start([
        two_chunks().end(End::Silence),
        two_chunks().end(End::Endless(b":\n".to_vec(), Duration::from_millis(2))),
    ])
    .unwrap();
    let mut silent = Client::get(&server, "/", "");
    silent.read_until("data: bc\n\n\r\n");
    let mut endless = Client::get(&server, "/", "");
    endless.read_until("data: bc\n\n\r\n2\r\n:\n\r\n2\r\n:\n\r\n2\r\n:\n\r\n");
    assert_eq!(server.open_connections(), 2);
    assert_eq!(server.tally().ended, 0);
    drop((silent, endless));
    let tally = server.wait_for_peer_close(2, PATIENCE).unwrap();
    assert_eq!((tally.open, tally.ended), (0, 2));
}

#[test]
fn some_replies_answer_nothing() {
    assert_eq!(exchange(Reply::reset_at_once()), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(closed(Reply::close_at_once()), "");
    assert_eq!(closed(Reply::half_head()), "HTTP/1.1 200 OK\r\ncontent-ty");
    assert_eq!(closed(Reply::raw("not HTTP").chunk("!").header("x", "y")), "not HTTP!");

    let server = Server::start([Reply::silent()]).unwrap();
    let mut client = Client::get(&server, "/", "");
    assert_eq!(server.wait_for_requests(1, PATIENCE).unwrap()[0].answered(), None);
    assert_eq!(server.open_connections(), 1);
    drop(server);
    assert_eq!(client.read_all(), (String::new(), None));
}

#[test]
fn a_clean_end_keeps_the_connection() {
    let server = Server::start([
        Reply::stream().chunk("a"),
        Reply::status(200).chunk("b"),
        Reply::status(204),
        Reply::stream().chunk("d"),
    ])
    .unwrap();
    let mut client = Client::connect(&server);
    // The second and third request are sent together.
    client.send(request("/1", ""));
    client.read_until("1\r\na\r\n0\r\n\r\n");
    client.send(request("/2", "") + &request("/3", ""));
    client.read_until("content-length: 1\r\n\r\nb");
    client.read_until("HTTP/1.1 204 No Content\r\n\r\n");
    client.send(request("/4", "Connection: Close\r\n"));
    assert!(client.read_all().0.ends_with("1\r\nd\r\n0\r\n\r\n"));
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.connection() == 0));
    assert_eq!(requests.len(), 4);
}

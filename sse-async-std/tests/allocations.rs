//! What the adapter allocates, poll by poll: surf's body is replaced, so that each chunk is known and no socket is involved.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use async_std::io::{BufRead, Read};
use futures_util::{Stream, StreamExt};
use sse_async_std::{Body, EventStream, ResponseExt};
use surf::http;

/// Gives these chunks, one for each poll that has the room.
struct Chunks(Vec<&'static [u8]>);

impl Read for Chunks {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let chunks = &mut self.get_mut().0;
        let Some(chunk) = chunks.last_mut() else { return Poll::Ready(Ok(0)) };
        let len = io::Read::read(chunk, buf)?;
        if chunk.is_empty() {
            chunks.pop();
        }
        Poll::Ready(Ok(len))
    }
}

impl BufRead for Chunks {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        panic!("a body is read into the thread's own buffer")
    }

    fn consume(self: Pin<&mut Self>, _amount: usize) {
        panic!("nothing was lent")
    }
}

/// A response of these chunks, on a thread that has read before.
fn response(mut chunks: Vec<&'static [u8]>) -> surf::Response {
    let other = http::Body::from("to have the thread's buffer");
    assert!(poll(&mut Body::from(surf::Response::from(http::Response::from(other)))).is_some());
    chunks.reverse();
    let mut response = http::Response::new(200);
    response.set_body(http::Body::from_reader(Chunks(chunks), None));
    response.into()
}

fn poll<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    match stream.poll_next_unpin(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(item) => item,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// Allocations of each of these polls, each of which gives an event that is dropped.
fn of_events(events: &mut EventStream, count: usize) -> Vec<u64> {
    let mut counts = Vec::with_capacity(count);
    for _ in 0..count {
        let info = measure(|| drop(poll(events).expect("an event").expect("no error")));
        counts.push(info.count_total);
    }
    counts
}

const EVENT: &[u8] = b"id: 7\ndata: {\"delta\":\"Hello\"}\n\n";

#[test]
fn an_event_in_a_chunk_of_its_own_is_one_allocation() {
    let mut events = response(vec![EVENT; 1001]).event_stream();
    // The first one makes the buffer.
    assert!(of_events(&mut events, 1)[0] <= 4);
    assert_eq!(of_events(&mut events, 1000), [1; 1000]);
}

#[test]
fn an_event_among_others_is_one_allocation() {
    let chunk: &[u8] = EVENT.repeat(10).leak();
    let mut events = response(vec![chunk; 101]).event_stream();
    of_events(&mut events, 10);
    assert_eq!(of_events(&mut events, 1000), [1; 1000]);
}

#[test]
fn a_large_chunk_costs_no_more_than_its_events() {
    let chunk: &[u8] = EVENT.repeat(500).leak();
    assert!(chunk.len() > 15_000);
    let mut events = response(vec![chunk; 11]).event_stream();
    of_events(&mut events, 500);
    for _ in 0..10 {
        assert_eq!(of_events(&mut events, 500), [1; 500]);
    }
}

/// Bytes that a body keeps, after it gave these chunks and they were dropped.
fn kept(chunks: Vec<&'static [u8]>) -> i64 {
    let mut body = Body::from(response(chunks));
    let info = measure(|| while poll(&mut body).is_some() {});
    info.bytes_current
}

#[test]
fn an_idle_body_keeps_a_small_buffer_whatever_came() {
    let of = |len: usize| -> &'static [u8] { vec![b'a'; len].leak() };
    assert!(kept(vec![of(4096)]) <= 4200);
    assert!(kept(vec![of(3000), of(4096), of(1), of(4096)]) <= 8300);
    assert!(kept(vec![of(100), of(1 << 20)]) <= 200);
    assert!(kept((0..2000).map(|n| of(n % 5000)).filter(|it| !it.is_empty()).collect()) <= 8300);
}

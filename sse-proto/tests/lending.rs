//! The events of one response, lent where they lie.
#![cfg(feature = "stream")]

use std::borrow::Cow;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sse_proto::stream::{EventStream, StreamError};
use sse_proto::{DecodeError, Decoded, Decoder, Event, Limits, Sentinel};

/// What streams are made of, in pieces that are cut anywhere.
const PIECES: [&str; 18] = [
    "data: {\"delta\":\"Hel\"}\n",
    "data: some more than sixty-four bytes, so that it is checked in blocks, and in more than one\n",
    "data: 豆腐は美味しい 😀\n",
    "data\n",
    "data: [DONE]\n",
    "event: stop\n",
    "event: delta\n",
    "id: 42\n",
    "id\n",
    ": ping\n",
    "retry: 5\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "x",
    "é",
];

/// A stream of these chunks.
fn events(
    chunks: &[Bytes],
    limit: usize,
    sentinel: Option<&Sentinel>,
) -> EventStream<impl Stream<Item = Result<Bytes, &'static str>> + Unpin> {
    let chunks: Vec<_> = chunks.iter().cloned().map(Ok).collect();
    let limits = Limits::default().event_bytes(limit);
    let events = EventStream::with_limits(stream::iter(chunks), limits);
    match sentinel {
        Some(sentinel) => events.with_sentinel(sentinel.clone()),
        None => events,
    }
}

/// What a decoder finds in all of it, up to an event that is the end.
fn found(input: &Bytes, limit: usize, is_end: impl Fn(&Event) -> bool) -> (Items, Option<Event>) {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(limit));
    decoder.push(input.clone());
    let mut items = Items::new();
    while let Some(found) = decoder.pull() {
        match found {
            Ok(Decoded::Event(event)) => {
                let event = event.into_owned();
                if is_end(&event) {
                    return (items, Some(event));
                }
                items.push(Ok(item(event)));
            }
            Ok(_) => {}
            Err(error) => items.push(Err(StreamError::Decode(error))),
        }
    }
    (items, None)
}

/// What comes in the end: a stream takes a rest in between where there is no event for long.
fn ready<T>(mut poll: impl FnMut() -> Option<T>) -> T {
    (0..10_000).find_map(|_| poll()).expect("all is there")
}

/// The next event that is lent, if there is one or an end, made one of its own.
fn lent<S, E>(events: &mut EventStream<S>) -> Option<Option<Result<Event, StreamError<E>>>>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let next = events.next_ref().now_or_never()?;
    Some(next.map(|event| event.map(|event| event.into_owned())))
}

type Items = Vec<Result<(Event, Option<String>), StreamError<&'static str>>>;

fn item(event: Event) -> (Event, Option<String>) {
    let own = event.id().map(str::to_owned);
    (event, own)
}

/// Lines of sentinels, and of what only looks like one.
const SENTINELS: [&[u8]; 15] = [
    b"data: [DONE]\n",
    b"data: [DONE] \n",
    b"data: [DONE\n",
    b"data: \xff\n",
    b"data: \xf0\x9f\x98\n",
    b"data: x\r\n",
    b"data: y\n",
    b"data\n",
    b"event: stop\n",
    b"event: message\n",
    b"event: \xff\n",
    b"event\n",
    b": ping\n",
    b"\n",
    b"\r",
];

type Make = fn(Cow<'static, str>) -> Sentinel;

/// Sentinels, and what the data or the type of the event is that is one.
const WANTED: [(Make, &str, &str); 10] = [
    (Sentinel::Data, "[DONE]", "[DONE]"),
    (Sentinel::Data, "\u{FFFD}", "\u{FFFD}"),
    (Sentinel::Data, "x\ny", "x\ny"),
    (Sentinel::Data, "x\r\ny", "x\ny"),
    (Sentinel::Data, "x\r\r\n", "x\n\n"),
    (Sentinel::Data, "", ""),
    (Sentinel::EventType, "stop", "stop"),
    (Sentinel::EventType, "message", "message"),
    (Sentinel::EventType, "", "message"),
    (Sentinel::EventType, "\u{FFFD}", "\u{FFFD}"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_lent_is_what_the_stream_gives(
        pieces in vec(select(&PIECES[..]), 0..30),
        chunk in 1..200_usize,
        lend in vec(any::<bool>(), 1..5),
    ) {
        let input = Bytes::from(pieces.concat());
        let chunks: Vec<Bytes> = input.chunks(chunk).map(|part| input.slice_ref(part)).collect();
        let (expected, _) = found(&input, 100, |_| false);

        let mut events = events(&chunks, 100, None);
        let mut read = Items::new();
        for &lend in lend.iter().cycle() {
            let next = ready(|| match lend {
                true => lent(&mut events),
                false => events.next().now_or_never(),
            });
            let Some(next) = next else { break };
            read.push(next.map(item));
        }
        prop_assert_eq!(read, expected);
        prop_assert!(lent(&mut events).expect("the end").is_none());
    }

    #[test]
    fn a_sentinel_is_found_however_it_comes(
        pieces in vec(select(&SENTINELS[..]), 0..30),
        chunk in 1..60_usize,
        (sentinel, given, text) in select(&WANTED[..]),
    ) {
        let sentinel = sentinel(given.into());
        let input = Bytes::from(pieces.concat());
        let chunks: Vec<Bytes> = input.chunks(chunk).map(|part| input.slice_ref(part)).collect();
        let of_type = matches!(sentinel, Sentinel::EventType(_));
        let (mut expected, end) = found(&input, usize::MAX, |event| {
            text == if of_type { event.event_type() } else { event.data() }
        });
        match end {
            Some(event) if of_type => expected.push(Ok(item(event))),
            Some(_) => {}
            None => expected.push(Err(StreamError::MissingSentinel)),
        }
        for lend in [false, true] {
            let mut events = events(&chunks, usize::MAX, Some(&sentinel));
            let mut read = Items::new();
            while let Some(next) = ready(|| match lend {
                true => lent(&mut events),
                false => events.next().now_or_never(),
            }) {
                read.push(next.map(item));
            }
            prop_assert_eq!(&read, &expected);
            prop_assert!(lent(&mut events).expect("the end").is_none());
        }
    }
}

#[test]
fn the_data_is_lent_for_as_long_as_the_stream_is_borrowed() {
    fn next_text<S>(events: &mut EventStream<S>) -> Option<&str>
    where
        S: Stream<Item = Result<Bytes, &'static str>> + Unpin,
    {
        let event = events.next_ref().now_or_never()??;
        Some(event.expect("no error").into_data())
    }
    let chunks = ["data: whole\n\ndata: c", "ut\n\n"].map(Bytes::from);
    let mut events = events(&chunks, usize::MAX, None);
    assert_eq!(next_text(&mut events), Some("whole"));
    assert_eq!(next_text(&mut events), Some("cut"));
    assert_eq!(next_text(&mut events), None);
}

#[test]
fn an_event_that_is_lent_allocates_nothing() {
    let chunk = Bytes::from("event: delta\nid: 42\ndata: {\"token\":\"x\"}\n\n: ping\n".repeat(50));
    let body = stream::iter((0..2).map(|_| Ok::<_, &str>(chunk.clone())));
    let mut events = EventStream::new(body);
    let mut read = |count: usize| {
        measure(|| {
            for _ in 0..count {
                let event = events.next_ref().now_or_never().flatten().expect("an event");
                assert_eq!(event.expect("no error").last_event_id(), "42");
            }
        })
    };
    read(1);
    assert_eq!(read(99), AllocationInfo::default());
}

#[test]
fn a_block_over_a_limit_is_an_error_that_ends_nothing() {
    let body = stream::iter([Ok::<_, &str>("data: 12345\n\ndata: 1\n\n"), Err("cut")]);
    let mut events = EventStream::with_limits(body, Limits::default().event_bytes(4));
    let too_large = DecodeError::EventTooLarge { limit: 4 };
    let next = events.next_ref().now_or_never().flatten();
    assert_eq!(next.expect("an error").err(), Some(StreamError::Decode(too_large)));
    let next = events.next_ref().now_or_never().flatten();
    assert_eq!(next.expect("an event").expect("no error").data(), "1");
    let next = events.next_ref().now_or_never().flatten();
    assert_eq!(next.expect("an error").err(), Some(StreamError::Body("cut")));
    assert!(events.next_ref().now_or_never().expect("the end").is_none());
}

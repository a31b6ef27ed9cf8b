//! Streams cut into chunks: the same however they are cut, and what the standard's steps give.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use futures_core::Stream;
use sse_proto::stream::{EventStream, StreamError};
use sse_proto::{Limits, Sentinel};

use super::chunking::{Way, byte_by_byte, decoder, run, run_queued};
use super::reference::{Item, Outcome, Settings, interpret};

/// Limits near the sizes that a fuzzer's inputs have, and none.
const LIMITS: [usize; 8] = [usize::MAX, 0, 1, 3, 7, 64, 300, 20_000];

/// A byte that is in no text. The first few of a stream stand for that many letters each, so that a short input can be a
/// stream that outgrows every buffer.
const LONG: u8 = 0xFE;
const LONG_LEN: usize = 8000;
const MOST_LONG: usize = 10;

/// How a stream is read: the seven bytes in front of it. Seven zeros are the plainest way.
#[derive(Debug, Arbitrary)]
struct Reading {
    event_bytes: u8,
    id_bytes: u8,
    flags: u8,
    /// Sizes of chunks, one after the other, again and again. Nothing but zeros is one chunk.
    sizes: [u8; 4],
}

impl Reading {
    fn settings(&self) -> Settings {
        let limit = |byte| LIMITS[usize::from(byte) % LIMITS.len()];
        Settings {
            event_bytes: limit(self.event_bytes),
            id_bytes: limit(self.id_bytes),
            report_comments: self.flags & 4 == 0,
        }
    }

    fn way(&self) -> Way {
        Way::ALL[usize::from(self.flags & 3)]
    }

    /// How often something is taken of a connection that is then given up.
    fn abandoned_after(&self) -> Option<u8> {
        (self.flags & 0x40 != 0).then_some(self.sizes[0] % 8)
    }

    fn is_queued(&self) -> bool {
        self.flags & 8 != 0
    }

    /// The last event ID that the stream begins with; the last one is long enough to be shared by owned events.
    fn last_event_id(&self) -> String {
        match self.flags >> 4 & 3 {
            0 | 1 => String::new(),
            2 => "7".to_owned(),
            _ => "é".repeat(200),
        }
    }

    /// Where the stream ends for good.
    fn sentinel(&self) -> Option<Sentinel> {
        match self.flags >> 6 {
            0 | 1 => None,
            2 => Some(Sentinel::Data("x".into())),
            _ => Some(Sentinel::EventType("message_stop".into())),
        }
    }

    fn pieces(&self, stream: &Bytes) -> Vec<Bytes> {
        if self.sizes == [0; 4] {
            return vec![stream.clone()];
        }
        let mut rest = stream.clone();
        let sizes = self.sizes.iter().cycle();
        let mut pieces = Vec::new();
        for &size in sizes {
            if rest.is_empty() {
                break;
            }
            pieces.push(rest.split_to(rest.len().min(size.into())));
        }
        pieces
    }
}

fn read(data: &[u8]) -> Option<(Reading, Bytes)> {
    let mut input = Unstructured::new(data);
    let reading = Reading::arbitrary(&mut input).ok()?;
    Some((reading, lengthen(input.take_rest())))
}

fn lengthen(input: &[u8]) -> Bytes {
    let mut parts = input.splitn(MOST_LONG + 1, |byte| *byte == LONG);
    let mut stream = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        stream.resize(stream.len() + LONG_LEN, b'x');
        stream.extend_from_slice(part);
    }
    stream.into()
}

/// Invariants 1 and 4: any way of cutting a stream gives the same items, errors and id, and nothing panics or hangs.
pub fn decoder_cuts(data: &[u8]) {
    let Some((reading, stream)) = read(data) else { return };
    let new = || decoder(reading.settings());
    let whole = run(&mut new(), [stream.clone()], Way::Pull);
    let pieces = reading.pieces(&stream);
    assert_eq!(run(&mut new(), pieces.clone(), reading.way()), whole, "in pieces");
    assert_eq!(run_queued(&mut new(), pieces.clone(), reading.way()), whole, "queued");
    assert_eq!(run(&mut new(), byte_by_byte(&stream), reading.way()), whole, "byte by byte");

    let settings = Settings { report_comments: false, ..reading.settings() };
    let mut silent = decoder(settings);
    silent.set_last_event_id(&reading.last_event_id());
    let silent = without_retries(run(&mut silent, [stream], Way::Pull));
    let expected = up_to(reading.sentinel(), silent);
    assert_eq!(stream_events(&reading, pieces), expected, "as a stream");
}

/// Invariant 2: what comes out is what `tests/support/reference.rs` says, on a second connection too,
/// and after one that was given up.
pub fn decoder_reference(data: &[u8]) {
    let Some((reading, stream)) = read(data) else { return };
    let mut decoder = decoder(reading.settings());
    let mut last_event_id = reading.last_event_id();
    decoder.set_last_event_id(&last_event_id);
    if let Some(steps) = reading.abandoned_after() {
        decoder.push(stream.clone());
        let taken = (0..steps).map_while(|_| decoder.advance()).count();
        assert!(taken <= stream.len());
        decoder.reset();
        decoder.last_event_id().clone_into(&mut last_event_id);
    }
    for connection in 1..=2 {
        let pieces = reading.pieces(&stream);
        let found = match reading.is_queued() {
            true => run_queued(&mut decoder, pieces, reading.way()),
            false => run(&mut decoder, pieces, reading.way()),
        };
        let expected = interpret(&stream, &last_event_id, reading.settings());
        assert_eq!(found, expected, "connection {connection}");
        last_event_id = found.last_event_id;
    }
}

/// A body that is always ready.
struct Body(std::vec::IntoIter<Bytes>);

impl Stream for Body {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// Whether the task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What comes out of a stream, and whether it says that its sentinel is missing.
fn stream_events(reading: &Reading, pieces: Vec<Bytes>) -> (Outcome, bool) {
    let Settings { event_bytes, id_bytes, .. } = reading.settings();
    let limits = Limits::default().event_bytes(event_bytes).id_bytes(id_bytes);
    let mut events = EventStream::with_limits(Body(pieces.into_iter()), limits);
    events.set_last_event_id(&reading.last_event_id());
    if let Some(sentinel) = reading.sentinel() {
        events = events.with_sentinel(sentinel);
    }
    let mut is_missing = false;
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut items = Vec::new();
    loop {
        let next = match items.len() % 2 {
            0 => Pin::new(&mut events).poll_next(&mut cx),
            _ => {
                let event = events.poll_next_ref(&mut cx);
                event.map(|event| event.map(|event| event.map(|event| event.into_owned())))
            }
        };
        match next {
            Poll::Ready(Some(Ok(event))) => items.push(Item::Event {
                event_type: event.event_type().to_owned(),
                data: event.data().to_owned(),
                last_event_id: event.last_event_id().to_owned(),
                own_id: event.id().map(str::to_owned),
            }),
            Poll::Ready(Some(Err(StreamError::Decode(error)))) => items.push(Item::Error(error)),
            Poll::Ready(Some(Err(StreamError::MissingSentinel))) => is_missing = true,
            Poll::Ready(Some(Err(error))) => panic!("no body fails: {error}"),
            Poll::Ready(None) => break,
            // The body never is: others have their turn.
            Poll::Pending => assert!(woken.0.swap(false, Ordering::Relaxed), "nobody will wake"),
        }
    }
    assert!(Pin::new(&mut events).poll_next(&mut cx) == Poll::Ready(None), "more after the end");
    assert!(matches!(events.poll_next_ref(&mut cx), Poll::Ready(None)), "more after the end");
    (Outcome { items, last_event_id: events.last_event_id().to_owned() }, is_missing)
}

/// What comes out up to the sentinel, and whether that is missing. By its type it comes out too, by its data it does not.
fn up_to(sentinel: Option<Sentinel>, mut outcome: Outcome) -> (Outcome, bool) {
    let Some(sentinel) = sentinel else { return (outcome, false) };
    let is_sentinel = |item: &Item| match (item, &sentinel) {
        (Item::Event { data, .. }, Sentinel::Data(end)) => data == end,
        (Item::Event { event_type, .. }, Sentinel::EventType(end)) => event_type == end,
        _ => false,
    };
    let Some(at) = outcome.items.iter().position(is_sentinel) else { return (outcome, true) };
    if let Item::Event { last_event_id, .. } = &outcome.items[at] {
        outcome.last_event_id.clone_from(last_event_id);
    }
    outcome.items.truncate(at + usize::from(matches!(sentinel, Sentinel::EventType(_))));
    (outcome, false)
}

fn without_retries(mut outcome: Outcome) -> Outcome {
    outcome.items.retain(|item| !matches!(item, Item::Retry(_)));
    outcome
}

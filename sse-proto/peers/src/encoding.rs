//! Encoders: sse-proto and sse-stream, the only one of the peers that has one.

use std::hint::black_box;
use std::time::Duration;

use sse_proto::{Decoded, Decoder, Encoder, Event};
use sse_stream::Sse;

use crate::candidate::proto;
use crate::corpus::Corpus;
use crate::feed::Feed;
use crate::sink::Digest;
use crate::timing::thread_time;

/// Corpora whose events are worth encoding: short, typed, tiny, with id, many lines, not ASCII.
pub const CORPORA: [char; 6] = ['a', 'b', 'c', 'd', 'e', 'h'];

/// Times of one corpus.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// The corpus.
    pub corpus: char,
    /// Bytes that are written.
    pub len: usize,
    /// sse-proto, everything taken out once 16 KiB are there.
    pub batch: Vec<Duration>,
    /// sse-proto, each event taken out by itself, as sse-stream has it.
    pub single: Vec<Duration>,
    /// sse-stream, which consumes its event.
    pub peer: Vec<Duration>,
}

impl Encoding {
    /// Checks that what is written says the same, then times.
    ///
    /// # Panics
    ///
    /// If either encoder writes something else than the events.
    pub fn run(corpus: &Corpus, rounds: usize) -> Self {
        let events = events(corpus);
        let mut body = Vec::new();
        let mut encoder = Encoder::new();
        single(&mut encoder, &events, |bytes| body.extend_from_slice(bytes));
        assert_same(corpus, std::mem::take(&mut body));
        peer(blocks(&events), |bytes| body.extend_from_slice(bytes));
        let len = body.len();
        assert_same(corpus, body);

        let mut times = Self {
            corpus: corpus.key,
            len,
            batch: Vec::new(),
            single: Vec::new(),
            peer: Vec::new(),
        };
        for _ in 0..rounds {
            times.batch.push(time(|| batch(&mut Encoder::new(), &events, read)));
            times.single.push(time(|| single(&mut Encoder::new(), &events, read)));
            let blocks = blocks(&events);
            times.peer.push(time(|| peer(blocks, read)));
        }
        times
    }
}

/// The CPU time of a call.
fn time(call: impl FnOnce()) -> Duration {
    let start = thread_time();
    call();
    thread_time().saturating_sub(start)
}

/// Stands for the socket.
fn read(bytes: &[u8]) {
    black_box(bytes);
}

/// The events of a corpus.
fn events(corpus: &Corpus) -> Vec<Event> {
    let mut decoder = Decoder::new();
    decoder.push(corpus.bytes.clone());
    let mut events = Vec::new();
    while let Some(result) = decoder.pull() {
        if let Ok(Decoded::Event(event)) = result {
            events.push(event.into_owned());
        }
    }
    events
}

/// The same events as sse-stream has them.
fn blocks(events: &[Event]) -> Vec<Sse> {
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let block = |event: &Event| Sse {
        event: optional(event.event_type()).filter(|text| text != "message"),
        data: Some(event.data().to_owned()),
        id: optional(event.last_event_id()),
        retry: None,
    };
    events.iter().map(block).collect()
}

/// sse-proto, taking out 16 KiB at a time.
fn batch(encoder: &mut Encoder, events: &[Event], mut write: impl FnMut(&[u8])) {
    let mut written = 0;
    for event in events {
        encoder.event(event);
        written += event.data().len();
        if written >= 16 * 1024 {
            write(&encoder.take());
            written = 0;
        }
    }
    write(&encoder.take());
}

/// sse-proto, taking out each event.
fn single(encoder: &mut Encoder, events: &[Event], mut write: impl FnMut(&[u8])) {
    for event in events {
        encoder.event(event);
        write(&encoder.take());
    }
}

/// sse-stream.
fn peer(blocks: Vec<Sse>, mut write: impl FnMut(&[u8])) {
    for block in blocks {
        if let Ok(bytes) = block.encode() {
            write(&bytes);
        }
    }
}

/// What was written must say what the corpus says.
fn assert_same(corpus: &Corpus, body: Vec<u8>) {
    let mut digest = Digest::default();
    proto::borrowed(Feed::new(&body.into(), 64 * 1024), &mut digest);
    assert_eq!(digest, corpus.truth, "corpus {}", corpus.key);
}

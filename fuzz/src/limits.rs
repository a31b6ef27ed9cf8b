//! Small limits under a flood: what a decoder gives out, and what it holds.

use allocation_counter::measure;
use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use sse_proto::{Decoded, Decoder, Limits};

use super::chunking::decoder;
use super::reference::{Item, Settings, interpret};

/// Bytes of the longest flood: some times more than what may be held.
const LONGEST: usize = 32 * 1024;
/// What a decoder may hold apart from text: its queue and the small change.
const CONSTANT: usize = 4 * 1024;

/// The eight bytes in front of the flood.
#[derive(Debug, Arbitrary)]
struct Flood {
    event_bytes: u16,
    id_bytes: u8,
    silent: bool,
    chunk: u8,
    /// How often all but the start comes.
    times: u16,
    /// Bytes of the start.
    start: u8,
}

impl Flood {
    fn settings(&self) -> Settings {
        Settings {
            event_bytes: usize::from(self.event_bytes % 1024),
            id_bytes: self.id_bytes.into(),
            report_comments: !self.silent,
        }
    }

    fn chunk_len(&self) -> usize {
        usize::from(self.chunk).max(1)
    }

    fn stream(&self, text: &[u8]) -> Vec<u8> {
        let (start, again) = text.split_at(text.len().min(self.start.into()));
        let most = LONGEST.checked_div(again.len()).unwrap_or(0);
        let times = usize::from(self.times).saturating_add(1).min(most);
        [start, &again.repeat(times)].concat()
    }

    /// Six texts (data, type, three ids, a comment), each of which may have grown by a chunk of invalid bytes
    /// before it was found to be too long.
    fn most_held(&self) -> usize {
        let Settings { event_bytes, id_bytes, .. } = self.settings();
        2 * event_bytes.max(id_bytes) + 4 * id_bytes + 6 * 3 * self.chunk_len() + CONSTANT
    }
}

/// How many of each kind came out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    events: usize,
    comments: usize,
    retries: usize,
    errors: usize,
}

/// Invariants 4 and 5: the limits hold for all that comes out and for what is held, and cost nothing but their block.
pub fn decoder_limits(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(flood) = Flood::arbitrary(&mut input) else { return };
    let stream = flood.stream(input.take_rest());
    let mut tally = Tally::default();
    let mut held = 0;
    let mut decoder = decoder(flood.settings());
    for chunk in stream.chunks(flood.chunk_len()) {
        let info = measure(|| {
            decoder.push(Bytes::copy_from_slice(chunk));
            read(&mut decoder, &mut tally);
        });
        let before = usize::try_from(held).unwrap_or_default();
        let peak = before + usize::try_from(info.bytes_max).unwrap_or(usize::MAX);
        assert!(peak <= 2 * flood.most_held(), "{peak} bytes at the peak: {flood:?}");
        held += info.bytes_current;
        assert!(held <= flood.most_held() as i64, "{held} bytes held: {flood:?}");
    }

    let expected = interpret(&stream, "", flood.settings());
    assert_eq!(tally, count(&expected.items), "{flood:?}");
    assert_eq!(decoder.last_event_id(), expected.last_event_id);
    still_works(&mut decoder);
}

fn read(decoder: &mut Decoder, tally: &mut Tally) {
    let Limits { event_bytes, id_bytes, .. } = decoder.limits();
    let longest = event_bytes.max(id_bytes);
    while let Some(result) = decoder.pull() {
        match result {
            Ok(Decoded::Event(event)) => {
                tally.events += 1;
                assert!(event.data().len() <= event_bytes, "{event:?}");
                assert!(event.event_type().len() <= longest.max("message".len()), "{event:?}");
                assert!(event.last_event_id().len() <= id_bytes, "{event:?}");
            }
            Ok(Decoded::Comment(comment)) => {
                tally.comments += 1;
                assert!(comment.as_bytes().len() <= longest, "{comment:?}");
            }
            Ok(Decoded::Retry(_)) => tally.retries += 1,
            Ok(other) => panic!("a new kind: {other:?}"),
            Err(_) => tally.errors += 1,
        }
    }
    assert!(decoder.last_event_id().len() <= id_bytes);
    assert!(decoder.last_sendable_id().len() <= id_bytes);
}

fn count(items: &[Item]) -> Tally {
    let mut tally = Tally::default();
    for item in items {
        match item {
            Item::Event { .. } => tally.events += 1,
            Item::Comment(_) => tally.comments += 1,
            Item::Retry(_) => tally.retries += 1,
            Item::Error(_) => tally.errors += 1,
        }
    }
    tally
}

/// After whatever came, a blank line and a small event bring the event; with the smallest limits, an empty one.
fn still_works(decoder: &mut Decoder) {
    decoder.push("\n\n");
    while decoder.advance().is_some() {}
    decoder.push("data\n\n");
    let Some(Ok(Decoded::Event(event))) = decoder.pull() else { panic!("no event") };
    assert_eq!((event.event_type(), event.data(), event.id()), ("message", "", None));
}

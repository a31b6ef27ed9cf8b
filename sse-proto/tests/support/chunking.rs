//! Ways of cutting a stream into chunks, and of reading a decoder that is fed with them.

use bytes::Bytes;
use sse_proto::{Decoded, Decoder, Event, EventRef, Found, Limits};

use super::reference::{Item, Outcome, Settings};

/// How what a decoder found is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Pull,
    PullOwned,
    Advance,
    AdvanceOwned,
}

impl Way {
    pub(crate) const ALL: [Self; 4] =
        [Self::Pull, Self::PullOwned, Self::Advance, Self::AdvanceOwned];

    fn takes_owned_events(self) -> bool {
        matches!(self, Self::PullOwned | Self::AdvanceOwned)
    }
}

pub(crate) fn decoder(settings: Settings) -> Decoder {
    let limits = Limits::default().event_bytes(settings.event_bytes).id_bytes(settings.id_bytes);
    let mut decoder = Decoder::with_limits(limits);
    decoder.set_report_comments(settings.report_comments);
    decoder
}

/// The bytes between the cuts, which are sorted; equal cuts make empty chunks.
pub(crate) fn cut(input: &Bytes, cuts: &[usize]) -> Vec<Bytes> {
    let mut chunks = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for &end in cuts {
        chunks.push(input.slice(start..end));
        start = end;
    }
    chunks.push(input.slice(start..));
    chunks
}

pub(crate) fn byte_by_byte(input: &Bytes) -> impl Iterator<Item = Bytes> {
    (0..input.len()).map(|at| input.slice(at..=at))
}

pub(crate) fn split_in_two(input: &Bytes, at: usize) -> [Bytes; 2] {
    [input.slice(..at), input.slice(at..)]
}

/// Reads after each chunk until there is nothing more, then ends the stream.
pub(crate) fn run(
    decoder: &mut Decoder,
    chunks: impl IntoIterator<Item = Bytes>,
    way: Way,
) -> Outcome {
    let mut items = Vec::new();
    for chunk in chunks {
        let len = chunk.len();
        decoder.push(chunk);
        items.extend(drain(decoder, len, way));
    }
    end(decoder, items)
}

/// Queues all chunks before the first read.
pub(crate) fn run_queued(
    decoder: &mut Decoder,
    chunks: impl IntoIterator<Item = Bytes>,
    way: Way,
) -> Outcome {
    let mut len = 0;
    for chunk in chunks {
        len += chunk.len();
        decoder.push(chunk);
    }
    let items = drain(decoder, len, way);
    end(decoder, items)
}

fn end(decoder: &mut Decoder, items: Vec<Item>) -> Outcome {
    decoder.finish();
    assert!(decoder.pull().is_none(), "something came out after the end");
    Outcome { items, last_event_id: decoder.last_event_id().to_owned() }
}

/// Reads until there is nothing more of the `len` bytes just pushed, and checks that it stays so.
pub(crate) fn drain(decoder: &mut Decoder, len: usize, way: Way) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(item) = next(decoder, way) {
        if let Item::Event { last_event_id, .. } = &item {
            assert_eq!(decoder.last_event_id(), last_event_id, "the id of the event just read");
        }
        items.push(item);
        assert!(items.len() <= len, "more came out than went in: {items:?}");
    }
    assert!(decoder.pull().is_none(), "pull after None");
    assert!(decoder.advance().is_none(), "advance after None");
    items
}

fn next(decoder: &mut Decoder, way: Way) -> Option<Item> {
    let owned = way.takes_owned_events();
    match way {
        Way::Pull | Way::PullOwned => Some(match decoder.pull()? {
            Ok(Decoded::Event(event)) => event_item(event, owned),
            Ok(Decoded::Comment(comment)) => Item::Comment(comment.text().into_owned()),
            Ok(Decoded::Retry(time)) => Item::Retry(time),
            Ok(other) => panic!("a new kind: {other:?}"),
            Err(error) => Item::Error(error),
        }),
        Way::Advance | Way::AdvanceOwned => Some(match decoder.advance()? {
            Ok(Found::Event) => event_item(decoder.event().expect("an event was found"), owned),
            Ok(Found::Comment) => {
                let comment = decoder.comment().expect("a comment was found");
                Item::Comment(String::from_utf8_lossy(comment.as_bytes()).into_owned())
            }
            Ok(Found::Retry(time)) => Item::Retry(time),
            Ok(other) => panic!("a new kind: {other:?}"),
            Err(error) => Item::Error(error),
        }),
    }
}

fn event_item(event: EventRef<'_>, owned: bool) -> Item {
    if owned {
        return owned_event_item(event.into_owned());
    }
    Item::Event {
        event_type: event.event_type().to_owned(),
        data: event.data().to_owned(),
        last_event_id: event.last_event_id().to_owned(),
        own_id: event.id().map(str::to_owned),
    }
}

fn owned_event_item(event: Event) -> Item {
    let event_type = event.event_type().to_owned();
    let last_event_id = event.last_event_id().to_owned();
    let own_id = event.id().map(str::to_owned);
    let text = event.data().to_owned();
    let data = event.into_data();
    assert_eq!(data, text, "data() and into_data()");
    Item::Event { event_type, data, last_event_id, own_id }
}

//! What the wire means, rule by rule: each test is named after the behaviour, and most run their stream in every cut.

use bytes::Bytes;
use sse_proto::Decoder;
use support::chunking::{Way, byte_by_byte, decoder, drain, run, run_queued, split_in_two};
use support::reference::{Item, Outcome, Settings, interpret};

mod encoder;
mod events;
mod fields;
mod ids;
mod limits;
mod lines;
mod retries;
#[path = "../support/mod.rs"]
mod support;
mod text;

const NOTHING: [&str; 0] = [];

/// What comes out of a stream, a line for each thing: see [`line`].
fn log(input: impl AsRef<[u8]>) -> Vec<String> {
    log_within(Settings::UNLIMITED, input)
}

fn log_within(settings: Settings, input: impl AsRef<[u8]>) -> Vec<String> {
    outcome(settings, input).items.iter().map(line).collect()
}

fn last_event_id(input: impl AsRef<[u8]>) -> String {
    outcome(Settings::UNLIMITED, input).last_event_id
}

/// Cuts the stream into its bytes and at every place in two; each must give what the standard's
/// steps give.
fn outcome(settings: Settings, input: impl AsRef<[u8]>) -> Outcome {
    let input = Bytes::copy_from_slice(input.as_ref());
    let decoder = || decoder(settings);
    let whole = run(&mut decoder(), [input.clone()], Way::Pull);
    assert_eq!(whole, interpret(&input, "", settings), "the standard's steps");
    for way in Way::ALL {
        assert_eq!(run(&mut decoder(), byte_by_byte(&input), way), whole, "{way:?}");
        assert_eq!(run_queued(&mut decoder(), byte_by_byte(&input), way), whole, "{way:?}");
    }
    for at in 0..=input.len() {
        let halves = split_in_two(&input, at);
        assert_eq!(run(&mut decoder(), halves, Way::Pull), whole, "split at {at}");
    }
    whole
}

/// What comes out at once when a chunk is pushed.
fn push(decoder: &mut Decoder, chunk: &'static [u8]) -> Vec<String> {
    decoder.push(chunk);
    drain(decoder, chunk.len(), Way::Pull).iter().map(line).collect()
}

/// `type: data`, or `type#id: data` where there is an id; `:comment`; `retry ms`; an error's name.
fn line(item: &Item) -> String {
    match item {
        Item::Event { event_type, data, last_event_id, .. } if last_event_id.is_empty() => {
            format!("{event_type}: {data}")
        }
        Item::Event { event_type, data, last_event_id, .. } => {
            format!("{event_type}#{last_event_id}: {data}")
        }
        Item::Comment(text) => format!(":{text}"),
        Item::Retry(time) => format!("retry {}", time.as_millis()),
        Item::Error(error) => format!("{error:?}"),
    }
}

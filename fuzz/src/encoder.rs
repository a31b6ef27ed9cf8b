//! What an encoder writes: a decoder reads the same, and no text can say more than it should.

use std::time::Duration;

use bytes::Bytes;
use sse_proto::{BuildError, Decoder, Encoder};

use super::calls::{Call, expected, normalised, perform};
use super::chunking::{Way, byte_by_byte, run};
use super::reference::{Item, Settings, interpret};

/// An input is a row of records with 0xFF between them, which is in no text: a letter and what belongs to it. `t` and
/// `i` set the type and the id of the event that the next `d` sends with its data.
fn calls(input: &[u8]) -> Vec<Call> {
    let (mut event_type, mut id) = (String::new(), None);
    let mut calls = Vec::new();
    for record in input.split(|byte| *byte == 0xFF) {
        let Some((kind, text)) = record.split_first() else { continue };
        let text = String::from_utf8_lossy(text).into_owned();
        calls.push(match kind {
            b't' => {
                event_type = text;
                continue;
            }
            b'i' => {
                id = Some(text);
                continue;
            }
            b'c' => Call::Comment(text),
            b'k' => Call::KeepAlive,
            b'r' => {
                Call::Retry(Duration::from_millis(text.bytes().fold(0, |millis, byte| {
                    u64::wrapping_mul(millis, 10).wrapping_add(byte.into())
                })))
            }
            _ => {
                let event_type = std::mem::take(&mut event_type);
                Call::Event { event_type, data: text, id: id.take() }
            }
        });
    }
    calls
}

/// Invariant 7: what was encoded is decoded and nothing else, and a decoded stream can be passed on.
pub fn encoder_roundtrip(input: &[u8]) {
    let mut encoder = Encoder::new();
    let mut last_event_id = String::new();
    let (mut stream, mut items) = (Vec::new(), Vec::new());
    for call in calls(input) {
        if perform(&mut encoder, &call).is_ok() {
            items.extend(expected(&call, &mut last_event_id));
        }
        if matches!(call, Call::KeepAlive) {
            stream.extend_from_slice(&encoder.take());
        }
    }
    stream.extend_from_slice(&encoder.take());
    let stream = Bytes::from(stream);
    let found = run(&mut Decoder::new(), [stream.clone()], Way::Pull);
    assert_eq!(found.items, items);
    assert_eq!(found.last_event_id, last_event_id);
    assert_eq!(run(&mut Decoder::new(), byte_by_byte(&stream), Way::AdvanceOwned), found);
    assert_eq!(interpret(&stream, "", Settings::UNLIMITED), found);

    pass_on(&stream);
    pass_on(&Bytes::copy_from_slice(input));
}

/// Every event of a stream goes through an encoder to another reader.
fn pass_on(stream: &Bytes) {
    let mut reader = Decoder::new();
    reader.push(stream.clone());
    let (mut relay, mut sent) = (Encoder::new(), Vec::new());
    while let Some(step) = reader.advance() {
        step.expect("far within the limits");
        if let Some(event) = reader.event() {
            let event = event.into_owned();
            relay.event(&event);
            sent.push(event);
        }
    }
    let found = run(&mut Decoder::new(), [relay.take()], Way::PullOwned);
    assert_eq!(found.items.len(), sent.len());
    let mut last_event_id = String::new();
    for (item, event) in found.items.iter().zip(&sent) {
        // An empty id that is inherited cannot be told from none: whoever reads keeps what it has.
        if event.id().is_some() || !event.last_event_id().is_empty() {
            event.last_event_id().clone_into(&mut last_event_id);
        }
        let Item::Event { event_type, data, last_event_id: id, .. } = item else {
            panic!("no event: {item:?}");
        };
        assert_eq!(event_type, event.event_type());
        assert_eq!(data, event.data());
        assert_eq!(*id, last_event_id);
    }
}

/// Invariant 7: whatever text goes in, the lines that come out are those of the one thing that was called for.
pub fn encoder_injection(input: &[u8]) {
    let mut encoder = Encoder::new();
    let mut last_event_id = String::new();
    for call in calls(input) {
        let built = perform(&mut encoder, &call);
        let bytes = encoder.take();
        if let Call::Event { event_type, id, .. } = &call {
            assert_eq!(built, verdict(event_type, id.as_deref()), "{call:?}");
        }
        if built.is_err() {
            assert!(bytes.is_empty(), "written: {bytes:?}");
            continue;
        }
        check_lines(&call, std::str::from_utf8(&bytes).expect("text in, text out"));
        let items = expected(&call, &mut last_event_id);
        let found = interpret(&bytes, "", Settings::UNLIMITED).items;
        assert_eq!(without_ids(found), without_ids(items), "{call:?}");
    }
}

fn verdict(event_type: &str, id: Option<&str>) -> Result<(), BuildError> {
    let id = id.unwrap_or_default();
    match () {
        () if event_type.contains(['\r', '\n']) => Err(BuildError::EventTypeHasLineEnd),
        () if id.contains(['\r', '\n']) => Err(BuildError::IdHasLineEnd),
        () if id.contains('\0') => Err(BuildError::IdHasNul),
        () => Ok(()),
    }
}

/// Line by line, and without a decoder: there is one block, and each line is of a kind that the call may write.
fn check_lines(call: &Call, text: &str) {
    assert!(!text.contains('\r'), "{text:?}");
    let block = text.strip_suffix("\n\n").expect("a block ends in a blank line");
    let lines: Vec<_> = block.split('\n').collect();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    let allowed = match call {
        Call::Event { event_type, data, id } => {
            let named = !event_type.is_empty() && event_type != "message";
            assert_eq!(count("event: "), usize::from(named), "{text:?}");
            assert_eq!(count("id: "), usize::from(id.is_some()), "{text:?}");
            assert_eq!(count("data: "), normalised(data).split('\n').count(), "{text:?}");
            count("event: ") + count("id: ") + count("data: ")
        }
        Call::Comment(comment) => {
            assert_eq!(lines.len(), normalised(comment).split('\n').count(), "{text:?}");
            count(": ")
        }
        Call::Retry(_) => {
            let digits = lines[0].strip_prefix("retry: ").expect("a retry field");
            usize::from(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Call::KeepAlive => usize::from(block == ":"),
    };
    assert_eq!(allowed, lines.len(), "{text:?}");
}

/// Each call is read as a stream of its own, which inherits no id.
fn without_ids(mut items: Vec<Item>) -> Vec<Item> {
    for item in &mut items {
        if let Item::Event { last_event_id, own_id: None, .. } = item {
            last_event_id.clear();
        }
    }
    items
}

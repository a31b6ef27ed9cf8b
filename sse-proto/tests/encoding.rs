//! What an encoder writes: a decoder reads the same, and no text can say more than it should.

mod support;

use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use sse_proto::{Decoder, Encoder, Event};
use support::calls::{Call, build, expected, perform};
use support::chunking::{Way, run};
use support::reference::{Item, Settings, interpret};

/// Fragments of text that would be fields, ends of lines and blocks, or marks, if they could.
const FRAGMENTS: [&str; 24] = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\r",
    "data: forged",
    "data",
    "id: forged",
    "id",
    "event: forged",
    "retry: 1",
    ": forged",
    ":",
    " ",
    "  ",
    "\u{feff}",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{b}",
    "豆",
    "😀",
    "x",
    "",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(select(&FRAGMENTS[..]), 0..8).prop_map(|fragments| fragments.concat()),
        1 => any::<String>(),
    ]
}

/// Text that may stand in an event type.
fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\r', '\n'], ""))
}

fn id() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(line().prop_map(|line| line.replace('\0', "")))
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => (line(), text(), id())
            .prop_map(|(event_type, data, id)| Call::Event { event_type, data, id }),
        1 => text().prop_map(Call::Comment),
        1 => any::<u64>().prop_map(|millis| Call::Retry(Duration::from_millis(millis))),
        1 => Just(Call::KeepAlive),
    ]
}

fn decode(stream: Bytes) -> Vec<Item> {
    run(&mut Decoder::new(), [stream], Way::Pull).items
}

fn config() -> Config {
    Config { cases: 1000, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_was_encoded_is_decoded_and_nothing_else(calls in vec(call(), 0..12)) {
        let mut encoder = Encoder::new();
        let mut last_event_id = String::new();
        let mut items = Vec::new();
        for call in &calls {
            perform(&mut encoder, call).expect("the text was cleaned");
            items.extend(expected(call, &mut last_event_id));
        }
        let stream = encoder.take();
        prop_assert_eq!(&decode(stream.clone()), &items);
        prop_assert_eq!(interpret(&stream, "", Settings::UNLIMITED).items, items);
    }

    #[test]
    fn what_is_taken_in_pieces_is_one_stream(calls in vec(call(), 0..8)) {
        let (mut whole, mut pieces) = (Encoder::new(), Encoder::new());
        let mut taken = Vec::new();
        for call in &calls {
            perform(&mut whole, call).expect("the text was cleaned");
            perform(&mut pieces, call).expect("the text was cleaned");
            taken.extend_from_slice(&pieces.take());
        }
        prop_assert_eq!(whole.take(), taken);
        prop_assert!(whole.take().is_empty());
    }

    #[test]
    fn a_decoded_stream_can_be_passed_on(
        blocks in vec((line(), text(), id(), any::<bool>()), 0..8),
        resumed in "[a-z]{0,4}", shared in any::<bool>(),
    ) {
        let mut first = Encoder::new();
        for (event_type, data, id, _) in &blocks {
            // An empty id would be indistinguishable from none for an event that inherits it.
            let id = id.as_deref().filter(|id| !id.is_empty());
            first.event(&build(event_type, data, id).expect("the text was cleaned"));
        }
        let resumed = if shared { resumed.repeat(100) } else { resumed };
        let mut reader = Decoder::new();
        reader.set_last_event_id(&resumed);
        let events = owned_events(&mut reader, first.take());

        // Whatever the relay leaves out, the others keep their ids.
        let mut relay = Encoder::new();
        let kept = |at: &usize| blocks[*at].3;
        let kept: Vec<_> = (0..events.len()).filter(kept).map(|at| events[at].clone()).collect();
        kept.iter().for_each(|event| relay.event(event));
        prop_assert_eq!(owned_events(&mut Decoder::new(), relay.take()), kept);
    }

    #[test]
    fn a_builder_refuses_what_would_start_a_field(event_type in text(), id in text()) {
        let has_end = |text: &str| text.contains(['\r', '\n']);
        let valid = !has_end(&event_type) && !has_end(&id) && !id.contains('\0');
        let built = build(&event_type, "", Some(&id));
        prop_assert_eq!(built.is_ok(), valid);
        if let Ok(event) = built {
            let shown = if event_type.is_empty() { "message" } else { &event_type };
            prop_assert_eq!(event.event_type(), shown);
            prop_assert_eq!(event.id(), Some(&*id));
            prop_assert_eq!(event.last_event_id(), id);
        }
    }
}

fn owned_events(decoder: &mut Decoder, stream: Bytes) -> Vec<Event> {
    decoder.push(stream);
    let mut events = Vec::new();
    while let Some(step) = decoder.advance() {
        step.expect("within the limits");
        events.push(decoder.event().expect("nothing but events").into_owned());
    }
    events
}

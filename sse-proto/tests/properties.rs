//! Properties of decoder and encoder over arbitrary streams, cut anywhere.

mod support;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use sse_proto::{Decoder, Found};
use support::chunking::{Way, byte_by_byte, cut, decoder, drain, run, run_queued};
use support::reference::{Item, Settings, interpret};

/// What streams are made of, and what only looks like it.
const PIECES: [&[u8]; 66] = [
    b"data",
    b"data:",
    b"data: ",
    b"data:  ",
    b"dat",
    b"a: ",
    b"datas: ",
    b"Data: ",
    b" data: ",
    b"event",
    b"event:",
    b"event: ",
    b"event: message",
    b"eventx: ",
    b"id",
    b"id:",
    b"id: ",
    b"id: 7",
    b"i",
    b"retry",
    b"retry:",
    b"retry: ",
    b"retry: 1500",
    b"retry: 18446744073709551616",
    b"retry: +5",
    b"comment: ",
    b": long comment\n",
    b"data: long data\n",
    b"event: long type\n",
    b"id: long id\n",
    b"0",
    b"5",
    b"12345678901234567890",
    b":",
    b": ",
    b"::",
    b" ",
    b"  ",
    b"\t",
    b"x",
    b"unknown: y",
    b"\n",
    b"\n",
    b"\n",
    b"\n\n",
    b"\n\n",
    b"\r",
    b"\r",
    b"\r\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\r",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xbf",
    b"\xff",
    b"\xc3",
    b"\xe8\xb1",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    "é".as_bytes(),
    "豆".as_bytes(),
    "😀".as_bytes(),
    "\u{feff}5".as_bytes(),
];

/// Limits near the sizes that the pieces have, and none.
const LIMITS: [usize; 7] = [0, 1, 2, 3, 7, 64, usize::MAX];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        40 => select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        2 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => (select(&PIECES[..]), 1..80_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

/// A stream that looks like one.
fn shaped() -> impl Strategy<Value = Bytes> {
    vec(piece(), 0..48).prop_map(|pieces| pieces.concat().into())
}

fn stream() -> impl Strategy<Value = Bytes> {
    prop_oneof![8 => shaped(), 1 => vec(any::<u8>(), 0..200).prop_map(Bytes::from)]
}

fn settings() -> impl Strategy<Value = Settings> {
    (select(&LIMITS[..]), select(&LIMITS[..]), any::<bool>()).prop_map(
        |(event_bytes, id_bytes, report_comments)| Settings {
            event_bytes,
            id_bytes,
            report_comments,
        },
    )
}

fn way() -> impl Strategy<Value = Way> {
    select(&Way::ALL[..])
}

/// Cuts in order, some of them at the same place, so that there are empty chunks too.
fn cuts_of(input: &Bytes, cuts: &[Index]) -> Vec<usize> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    cuts.sort_unstable();
    cuts
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..8)
}

fn config() -> Config {
    // A failure prints its smallest input; it belongs into `wire.rs`, under a name.
    Config { cases: 4000, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_decoder_does_what_the_standard_says(
        input in stream(), cuts in cuts(), way in way(), queued in any::<bool>(),
    ) {
        let chunks = cut(&input, &cuts_of(&input, &cuts));
        let mut decoder = decoder(Settings::UNLIMITED);
        let found = match queued {
            true => run_queued(&mut decoder, chunks, way),
            false => run(&mut decoder, chunks, way),
        };
        prop_assert_eq!(found, interpret(&input, "", Settings::UNLIMITED));
    }

    #[test]
    fn limits_are_exact_however_a_stream_is_cut(
        input in stream(), settings in settings(), cuts in cuts(), way in way(),
    ) {
        let expected = interpret(&input, "", settings);
        prop_assert_eq!(&run(&mut decoder(settings), [input.clone()], way), &expected);
        let chunks = cut(&input, &cuts_of(&input, &cuts));
        prop_assert_eq!(&run(&mut decoder(settings), chunks, way), &expected);
        let chunks = byte_by_byte(&input);
        prop_assert_eq!(&run(&mut decoder(settings), chunks, way), &expected);
    }

    #[test]
    fn what_is_not_taken_is_passed_over(
        input in stream(), settings in settings(), cuts in cuts(), taken in vec(any::<bool>(), 8),
    ) {
        let expected = interpret(&input, "", settings);
        let mut decoder = decoder(settings);
        let mut found = Vec::new();
        for chunk in cut(&input, &cuts_of(&input, &cuts)) {
            decoder.push(chunk);
            while let Some(step) = decoder.advance() {
                if taken[found.len() % taken.len()] {
                    let is_event = step == Ok(Found::Event);
                    prop_assert_eq!(decoder.event().is_some(), is_event);
                    prop_assert_eq!(decoder.comment().is_some(), step == Ok(Found::Comment));
                }
                found.push(step);
                prop_assert!(found.len() <= input.len(), "more came out than went in");
            }
            prop_assert!(decoder.event().is_none() && decoder.comment().is_none());
        }
        let expected_steps: Vec<_> = expected.items.iter().map(step_of).collect();
        prop_assert_eq!(found, expected_steps);
        prop_assert_eq!(decoder.last_event_id(), expected.last_event_id);
    }

    #[test]
    fn the_end_of_a_stream_drops_an_unfinished_block_and_its_id(
        input in stream(), settings in settings(), fields in 1..16_u8,
    ) {
        let mut block = Vec::new();
        let lines = ["data: lost\n", "event: lost\n", "id: lost\n", "data: lost"];
        for (at, line) in lines.into_iter().enumerate() {
            if fields & (1 << at) != 0 {
                block.extend_from_slice(line.as_bytes());
            }
        }
        let settings = Settings { report_comments: false, ..settings };
        let before = Bytes::from([&input[..], b"\n\n"].concat());
        let expected = interpret(&before, "", settings);

        let mut decoder = decoder(settings);
        decoder.push(before.clone());
        let items = drain(&mut decoder, before.len(), Way::Pull);
        decoder.push(block);
        while let Some(step) = decoder.advance() {
            prop_assert!(step.is_err(), "{step:?} of an unfinished block");
        }
        prop_assert!(decoder.finish(), "a block was cut off");
        prop_assert_eq!(decoder.last_event_id(), &expected.last_event_id);
        prop_assert_eq!(items, expected.items);
    }

    #[test]
    fn a_new_connection_keeps_the_last_event_id_and_nothing_else(
        first in stream(), second in stream(), settings in settings(),
        read in any::<bool>(), way in way(),
    ) {
        let mut decoder = decoder(settings);
        decoder.push(first.clone());
        let mut kept = String::new();
        if read {
            drain(&mut decoder, first.len(), way);
            kept = interpret(&first, "", settings).last_event_id;
        }
        decoder.reset();
        prop_assert_eq!(decoder.last_event_id(), &kept);
        let found = run(&mut decoder, [second.clone()], way);
        prop_assert_eq!(found, interpret(&second, &kept, settings));
    }

    #[test]
    fn a_given_last_event_id_is_inherited(
        input in stream(), id in "[^\r\n\0]{0,600}", cuts in cuts(), way in way(),
    ) {
        let mut decoder = Decoder::new();
        decoder.set_last_event_id(&id);
        let chunks = cut(&input, &cuts_of(&input, &cuts));
        prop_assert_eq!(
            run(&mut decoder, chunks, way),
            interpret(&input, &id, Settings::UNLIMITED)
        );
    }

    #[test]
    fn long_ids_are_inherited_whole_one_after_another(
        lens in vec(100..2000_usize, 1..4), events in 1..5_usize, cuts in cuts(), way in way(),
    ) {
        let ids: Vec<_> = lens.iter().zip(["é", "豆", "x"]).map(|(len, c)| c.repeat(*len)).collect();
        let events = "data: x\n\n".repeat(events);
        let mut decoder = Decoder::new();

        let blocks = ids.iter().map(|id| format!("id: {id}\n\n{events}"));
        let input = Bytes::from(blocks.collect::<String>());
        let found = run(&mut decoder, cut(&input, &cuts_of(&input, &cuts)), way);
        prop_assert_eq!(found, interpret(&input, "", Settings::UNLIMITED));

        // The same where the ids are given from outside.
        for id in &ids {
            decoder.set_last_event_id(id);
            let input = Bytes::from(events.clone());
            let found = run(&mut decoder, [input.clone()], way);
            prop_assert_eq!(found, interpret(&input, id, Settings::UNLIMITED));
        }
    }
}

fn step_of(item: &Item) -> Result<Found, sse_proto::DecodeError> {
    match item {
        Item::Event { .. } => Ok(Found::Event),
        Item::Comment(_) => Ok(Found::Comment),
        Item::Retry(time) => Ok(Found::Retry(*time)),
        Item::Error(error) => Err(*error),
    }
}

//! The last event ID: inherited, reset, kept.

use sse_proto::{Decoder, Found};

use super::{Item, NOTHING, Settings, last_event_id, line, log, outcome, push};

#[test]
fn an_event_without_an_id_inherits_the_last() {
    let found = outcome(Settings::UNLIMITED, "id: 1\ndata: x\n\ndata: y\n\n");
    assert_eq!(found.items.iter().map(line).collect::<Vec<_>>(), ["message#1: x", "message#1: y"]);
    let own = |item: &Item| match item {
        Item::Event { own_id, .. } => own_id.clone(),
        _ => None,
    };
    assert_eq!(found.items.iter().map(own).collect::<Vec<_>>(), [Some("1".to_owned()), None]);
    assert_eq!(found.last_event_id, "1");
}

#[test]
fn an_id_in_a_block_without_data_counts() {
    assert_eq!(log("id: 1\n\ndata: x\n\n"), ["message#1: x"]);
    assert_eq!(last_event_id("data: x\n\nid: 2\n\n"), "2");
}

#[test]
fn an_id_counts_only_when_its_block_ends() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"id: 1\ndata: x\n"), NOTHING);
    assert_eq!(decoder.last_event_id(), "");
    assert_eq!(push(&mut decoder, b"\n"), ["message#1: x"]);
    assert_eq!(decoder.last_event_id(), "1");
}

#[test]
fn an_empty_id_resets() {
    for empty in ["id", "id:", "id: "] {
        let input = format!("id: 1\ndata: x\n\n{empty}\ndata: y\n\n");
        assert_eq!(log(&input), ["message#1: x", "message: y"], "{empty:?}");
        assert_eq!(last_event_id(&input), "");
    }
}

#[test]
fn an_id_with_a_nul_is_ignored() {
    assert_eq!(
        log("id: 1\nid: 2\x003\ndata: x\n\nid: \0\ndata: y\n\n"),
        ["message#1: x", "message#1: y"]
    );
}

#[test]
fn the_last_id_of_a_block_wins() {
    assert_eq!(log("id: 1\ndata: x\nid: 2\n\n"), ["message#2: x"]);
    assert_eq!(log("id: 1\ndata: x\nid\n\n"), ["message: x"]);
}

#[test]
fn an_id_that_the_request_carried_is_inherited() {
    let mut decoder = Decoder::new();
    decoder.set_last_event_id("40");
    assert_eq!(
        push(&mut decoder, b"data: x\n\nid: 41\ndata: y\n\n"),
        ["message#40: x", "message#41: y"]
    );
    decoder.set_last_event_id("");
    assert_eq!(push(&mut decoder, b"data: z\n\n"), ["message: z"]);
}

#[test]
fn an_id_from_outside_is_not_the_blocks_own() {
    let mut decoder = Decoder::new();
    decoder.push("id: 9\ndata: x\n\n");
    assert_eq!(decoder.advance(), Some(Ok(sse_proto::Found::Event)));
    decoder.set_last_event_id("5");
    let event = decoder.event().expect("the event");
    assert_eq!((event.last_event_id(), event.id()), ("5", None));
}

#[test]
fn the_last_event_id_outlives_several_connections_without_an_id() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"id: 1\ndata: x\n\n"), ["message#1: x"]);
    for _ in 0..3 {
        assert!(!decoder.finish());
        decoder.reset();
        assert_eq!(push(&mut decoder, b"data: y\n\n"), ["message#1: y"]);
    }
    assert_eq!(decoder.last_event_id(), "1");
}

#[test]
fn an_id_that_no_header_can_carry_stays_on_its_events_and_the_one_before_is_sent() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"id: 1\ndata: x\n\n"), ["message#1: x"]);
    for id in ["2\x1f", "3\x7f"] {
        decoder.push(format!("id: {id}\ndata: y\n\n"));
        assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
        assert!(decoder.event().is_some_and(|event| event.last_event_id() == id));
        assert_eq!(decoder.last_event_id(), id);
        assert_eq!(decoder.last_sendable_id(), "1");
    }
    assert_eq!(push(&mut decoder, "id: é\t4\ndata: z\n\n".as_bytes()), ["message#é\t4: z"]);
    assert_eq!(decoder.last_sendable_id(), "é\t4");
    assert_eq!(push(&mut decoder, b"id: 5\x01\n\nid\n\n"), NOTHING);
    assert_eq!(decoder.last_sendable_id(), "");
}

#[test]
fn an_id_that_is_no_number_is_none() {
    let cases = [
        ("", None),
        ("id: 7\n", Some(7)),
        ("id: 18446744073709551615\n", Some(u64::MAX)),
        ("id: 18446744073709551616\n", None),
        ("id: -1\n", None),
        ("id: 1a\n", None),
        ("id:  1\n", None),
        ("id\n", None),
    ];
    for (id, number) in cases {
        let mut decoder = Decoder::new();
        decoder.push(format!("id: 5\ndata: x\n\nid\n\n{id}data: x\n\n"));
        let mut next = || match decoder.pull() {
            Some(Ok(sse_proto::Decoded::Event(event))) => {
                let borrowed = event.last_event_id_as::<u64>();
                assert_eq!(event.into_owned().last_event_id_as::<u64>(), borrowed);
                borrowed
            }
            other => panic!("no event: {other:?}"),
        };
        assert_eq!((next(), next()), (Some(5), number), "{id:?}");
    }
}

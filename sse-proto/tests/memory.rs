//! What is allocated: nothing for a borrowed event, once for an owned one, and never more than the limits allow.

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use sse_proto::{Decoded, Decoder, Event, Found, Limits, Session};

const KIB: usize = 1024;
const LIMIT: usize = 1024 * KIB;
const CHUNK: usize = 4 * KIB;
/// The default limit of ids, event types and comments.
const SHORT: usize = 64 * KIB;
/// What a decoder may hold besides the limit and one chunk.
const SOME_KIB: usize = 64 * KIB;

/// Allocations of a decoder over its life, step by step.
#[derive(Default)]
struct Meter {
    held: i64,
    /// The most that was held after a step.
    most_held: i64,
    /// The most that was held within a step, where a buffer that grows counts twice.
    peak: i64,
}

impl Meter {
    /// The step must keep what it makes, or drop it itself.
    fn step(&mut self, step: impl FnOnce()) -> AllocationInfo {
        let info = measure(step);
        let within = i64::try_from(info.bytes_max).expect("not that many bytes");
        self.peak = self.peak.max(self.held + within);
        self.held += info.bytes_current;
        self.most_held = self.most_held.max(self.held);
        info
    }

    #[track_caller]
    fn assert_never_more_than(&self, bytes: usize) {
        let bytes = i64::try_from(bytes).expect("not that many bytes");
        assert!(self.most_held <= bytes, "{} bytes held, {bytes} allowed", self.most_held);
        assert!(self.peak <= 2 * bytes, "{} bytes at the peak", self.peak);
    }

    #[track_caller]
    fn assert_now_at_most(&self, bytes: usize) {
        let bytes = i64::try_from(bytes).expect("not that many bytes");
        assert!(self.held <= bytes, "{} bytes held, {bytes} allowed", self.held);
    }
}

/// Feeds a stream in chunks, and passes over what comes out. Says how many errors there were.
fn flood(decoder: &mut Decoder, meter: &mut Meter, stream: impl Iterator<Item = u8>) -> usize {
    let mut errors = 0;
    let mut stream = stream.peekable();
    while stream.peek().is_some() {
        let chunk: Vec<u8> = stream.by_ref().take(CHUNK).collect();
        meter.step(|| {
            decoder.push(Bytes::copy_from_slice(&chunk));
            while let Some(step) = decoder.advance() {
                errors += usize::from(step.is_err());
                if step == Ok(Found::Event) {
                    assert!(decoder.event().is_some_and(|event| event.data().len() <= LIMIT));
                }
            }
        });
    }
    errors
}

fn decoder() -> Decoder {
    Decoder::with_limits(Limits::default().event_bytes(LIMIT))
}

/// `start`, then `again` until there are 4 MiB of it.
fn endless<'a>(start: &'a [u8], again: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
    start.iter().chain(again.iter().cycle().take(4 * LIMIT)).copied()
}

#[track_caller]
fn assert_bounded(start: &[u8], again: &[u8], errors: usize) {
    let (mut decoder, mut meter) = (decoder(), Meter::default());
    assert_eq!(flood(&mut decoder, &mut meter, endless(start, again)), errors);
    meter.assert_never_more_than(LIMIT + CHUNK + SOME_KIB);
    meter.step(|| decoder.reset());
    meter.assert_now_at_most(SOME_KIB);
}

/// A program holds thousands of idle streams, each with a session.
#[cfg(target_pointer_width = "64")]
#[test]
fn a_session_takes_about_a_kib() {
    let sizes = [size_of::<Decoder>(), size_of::<Session>()];
    assert!(sizes[0] <= 400 && sizes[1] <= 1080, "{sizes:?} bytes");
}

#[test]
fn an_endless_line_is_bounded() {
    assert_bounded(b"data: ", b"x", 1);
    assert_bounded(b"event: ", b"x", 1);
    assert_bounded(b"id: ", b"x", 1);
    assert_bounded(b": ", b"x", 1);
}

#[test]
fn what_nobody_reads_is_not_stored() {
    let nothing = |start: &[u8], again: &[u8]| {
        let (mut decoder, mut meter) = (decoder(), Meter::default());
        decoder.set_report_comments(false);
        assert_eq!(flood(&mut decoder, &mut meter, endless(start, again)), 0);
        meter.assert_never_more_than(2 * CHUNK);
    };
    nothing(b"x", b"x");
    nothing(b"unknown: ", b"x");
    nothing(b"retry: ", b"0");
    nothing(b": ", b"x");
    nothing(b"", b"\r");
    nothing(b"", b"\n");
}

#[test]
fn invalid_utf_8_is_bounded_though_it_grows() {
    assert_bounded(b"data: ", b"\xff", 1);
    assert_bounded(b"data: ", b"\xf0\x9f\x98", 1);
    assert_bounded(b"event: ", b"\xff", 1);
    assert_bounded(b"id: ", b"\xff", 1);
    assert_bounded(b"", b"data: \xff\n", 1);
}

#[test]
fn a_flood_of_lines_is_bounded() {
    assert_bounded(b"", b"data\n", 0);
    assert_bounded(b"", b"data:\r\n", 0);
    assert_bounded(b"", b"data: xxx\n", 1);
    assert_bounded(b"", b"event: x\nid: y\n", 0);
    assert_bounded(b"data: x\n", b":\n", 0);
    assert_bounded(b"", b"retry: 5\n", 0);
}

#[test]
fn a_million_empty_data_lines_are_a_megabyte() {
    let (mut decoder, mut meter) = (decoder(), Meter::default());
    let lines = b"data\n".iter().copied().cycle().take(5_000_000);
    assert_eq!(flood(&mut decoder, &mut meter, lines), 0);
    meter.assert_never_more_than(LIMIT + CHUNK + SOME_KIB);
    decoder.push("\n");
    let Some(Ok(Decoded::Event(event))) = decoder.pull() else { panic!("an event") };
    assert_eq!(event.data(), "\n".repeat(999_999));
}

#[test]
fn block_after_block_is_bounded() {
    let sizes = [1, CHUNK, LIMIT / 2, LIMIT - 1, LIMIT, LIMIT + 1];
    for size in sizes {
        let block = ["data: ", &"x".repeat(size), "\n\n"].concat();
        let blocks = block.repeat(4);
        let (mut decoder, mut meter) = (decoder(), Meter::default());
        let errors = flood(&mut decoder, &mut meter, blocks.bytes());
        assert_eq!(errors, if size > LIMIT { 4 } else { 0 });
        meter.assert_never_more_than(LIMIT + CHUNK + SOME_KIB);
    }
}

#[test]
fn tiny_events_after_a_long_id_are_bounded() {
    let start = format!("id: {}\n\n", "7".repeat(60 * KIB));
    assert_bounded(start.as_bytes(), b"data: x\n\n", 0);
}

#[test]
fn every_buffer_full_at_once_is_the_sum_of_the_limits() {
    let short = |first: char| first.to_string().repeat(SHORT);
    // A last event ID that no header can carry, and the one before, which can be sent.
    let id = format!("id: {}\n\nid: \x01{}\n\n", short('1'), &short('2')[1..]);
    let block = format!("id: {}\nevent: {}\n", short('3'), short('e'));
    let data = format!("data: {}\n", "x".repeat(LIMIT));
    for unfinished in ["id: ", ": "] {
        let stream = [&id, &block, &data, unfinished, &short('4')].concat();
        let (mut decoder, mut meter) = (decoder(), Meter::default());
        assert_eq!(flood(&mut decoder, &mut meter, stream.bytes()), 0);
        // Three finished ids, an event type, and the line at the end.
        meter.assert_never_more_than(LIMIT + 5 * SHORT + CHUNK + SOME_KIB);
    }
}

#[test]
fn a_large_event_gives_its_buffer_back() {
    let event = ["data: ", &"x".repeat(LIMIT - KIB), "\n\n"].concat();
    let (mut decoder, mut meter) = (decoder(), Meter::default());
    flood(&mut decoder, &mut meter, event.bytes());
    meter.assert_now_at_most(SOME_KIB);
}

#[test]
fn a_large_owned_event_is_held_once() {
    let (mut decoder, mut meter) = (decoder(), Meter::default());
    let event = ["event: e\nid: 7\ndata: ", &"x".repeat(LIMIT / 2), "\n\n"].concat();
    let (first, last) = event.split_at(event.len() - 1);
    flood(&mut decoder, &mut meter, first.bytes());
    let mut owned = None;
    meter.step(|| {
        decoder.push(Bytes::copy_from_slice(last.as_bytes()));
        owned = next_event(&mut decoder);
        assert!(decoder.advance().is_none());
    });
    meter.assert_now_at_most(LIMIT / 2 + SOME_KIB);
    assert_eq!(owned.map(|event| event.into_data().len()), Some(LIMIT / 2));
}

#[test]
fn an_owned_event_keeps_no_chunk() {
    let (mut decoder, mut meter) = (Decoder::new(), Meter::default());
    let chunk = ["data: token\n\n:", &"x".repeat(16 * KIB), "\n"].concat();
    let mut owned = None;
    meter.step(|| {
        decoder.push(Bytes::copy_from_slice(chunk.as_bytes()));
        owned = next_event(&mut decoder);
        while decoder.advance().is_some() {}
    });
    meter.assert_now_at_most(64);
    assert_eq!(owned.map(Event::into_data).as_deref(), Some("token"));
}

#[test]
fn a_borrowed_event_in_one_chunk_allocates_nothing() {
    let block =
        "event: delta\nid: 42\ndata: {\"token\": \"x\"}\n\n: ping\nretry: 5\ndata: é\r\n\r\n";
    let chunk = Bytes::from(block.repeat(50));
    let mut decoder = Decoder::new();
    let mut read = || {
        let chunk = chunk.clone();
        let mut events = 0;
        let info = measure(|| {
            decoder.push(chunk);
            while let Some(found) = decoder.pull() {
                if let Ok(Decoded::Event(event)) = found {
                    events += usize::from(event.last_event_id() == "42");
                }
            }
        });
        assert_eq!(events, 100);
        info
    };
    read();
    assert_eq!(read(), AllocationInfo::default());
}

#[test]
fn an_owned_event_is_one_allocation_of_exactly_its_text() {
    let data = "x".repeat(100);
    let cases = [
        (format!("event: delta\nid: 42\ndata: {data}\n\n"), 5 + 2 + 100),
        (format!("id: 42\ndata: {data}\n\n"), 2 + 100),
        (format!("event: delta\ndata: {data}\n\n"), 5 + 100),
        (format!("data: {data}\n\n"), 100),
        (format!("event: message\ndata: {data}\n\n"), 100),
        (format!("event: e\ndata: {data}\ndata: {data}\n\n"), 1 + 201),
        (format!("id: {data}\n\ndata: {data}\n\n"), 100 + 100),
        ("data: \u{fffd}\n\n".to_owned(), 3),
    ];
    for (stream, bytes) in cases {
        let mut decoder = Decoder::new();
        // The second time, the decoder's own buffers are warm.
        for _ in 0..2 {
            decoder.set_last_event_id("");
            decoder.push(stream.clone());
            let mut owned = None;
            assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
            let event = decoder.event().expect("an event was found");
            let info = measure(|| owned = Some(event.into_owned()));
            let one = AllocationInfo {
                count_total: 1,
                count_current: 1,
                count_max: 1,
                bytes_total: bytes,
                bytes_current: bytes.cast_signed(),
                bytes_max: bytes,
            };
            assert_eq!(info, one, "{stream:?}");
            assert!(decoder.advance().is_none());
        }
    }
}

#[test]
fn the_data_is_taken_out_without_a_copy() {
    let mut event = Some(Event::new("Hello"));
    let mut data = String::new();
    let info = measure(|| data = event.take().expect("an event").into_data());
    assert_eq!((info.count_total, data.as_str()), (0, "Hello"));
}

#[test]
fn a_long_inherited_id_is_shared_by_owned_events() {
    const EVENTS: usize = 10_000;
    let id = "7".repeat(60 * KIB);
    let stream = Bytes::from(format!("id: {id}\n\n{}", "data: x\n\n".repeat(EVENTS)));
    let mut decoder = Decoder::new();
    let mut events = Vec::with_capacity(EVENTS);
    let info = measure(|| {
        decoder.push(stream);
        events.extend(std::iter::from_fn(|| next_event(&mut decoder)));
    });
    assert_eq!(events.len(), EVENTS);
    assert!(events.iter().all(|event| event.last_event_id() == id && event.id().is_none()));
    let bytes = usize::try_from(info.bytes_total).expect("not that many bytes");
    // What an event knows of the id that it shares takes some words.
    let most = 4 * id.len() + 64 * EVENTS;
    assert!(bytes < most, "{bytes} bytes for {EVENTS} events");
}

fn next_event(decoder: &mut Decoder) -> Option<Event> {
    loop {
        if decoder.advance()?.expect("within the limits") == Found::Event {
            return decoder.event().map(sse_proto::EventRef::into_owned);
        }
    }
}

/// A type at the chunk's end, then its long line whole in the next one: it has to be copied, and given back.
#[test]
fn a_long_line_behind_a_cut_block_is_given_back() {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(24 * LIMIT));
    let mut meter = Meter::default();
    let line = [b"data: ".as_slice(), &vec![b'x'; 4 * LIMIT], b"\n\n"].concat();
    let line = Bytes::from(line);
    meter.step(|| decoder.push("event: a\n"));
    assert_eq!(decoder.advance(), None);
    meter.step(|| {
        decoder.push(line.clone());
        assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
        assert_eq!(decoder.event().map(|event| event.data().len()), Some(4 * LIMIT));
        assert_eq!(decoder.advance(), None);
    });
    meter.assert_now_at_most(SOME_KIB);
}

#[test]
fn what_lies_between_data_lines_takes_no_room() {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(64 * KIB));
    let mut meter = Meter::default();
    let (x, y) = ("x".repeat(17 * KIB), "y".repeat(LIMIT));
    let chunk = Bytes::from(format!("data: {x}\nunknown: {y}\ndata: z\n"));
    meter.step(|| {
        decoder.push(chunk.clone());
        assert_eq!(decoder.advance(), None);
    });
    meter.assert_now_at_most(64 * KIB);
    decoder.push("\n");
    assert_eq!(next_event(&mut decoder).map(|event| event.data() == format!("{x}\nz")), Some(true));
}

/// Invalid bytes grow by two thirds as they become text; they are not held twice.
#[test]
fn a_long_line_of_invalid_text_is_held_once() {
    let mut decoder = Decoder::with_limits(Limits::default().event_bytes(16 * LIMIT));
    let mut meter = Meter::default();
    let line = Bytes::from([b"data: ".as_slice(), &vec![0xFF; 5 * LIMIT], b"\n\n"].concat());
    meter.step(|| {
        decoder.push(line.clone());
        assert_eq!(decoder.advance(), Some(Ok(Found::Event)));
        assert_eq!(decoder.event().map(|event| event.data().len()), Some(15 * LIMIT));
    });
    meter.assert_never_more_than(16 * LIMIT + SOME_KIB);
}

#[test]
fn what_is_over_a_limit_is_neither_copied_nor_grown_byte_by_byte() {
    let lines = [
        (b"id: ".as_slice(), b"\xFF".as_slice(), SHORT),
        (b"event: ", b"\xFF", SHORT),
        (b"data: ", b"\xFF", LIMIT),
        (b"data: ", b"\xFF", 4 * LIMIT),
        (b"data: ", b"x", 4 * LIMIT),
    ];
    for (name, byte, len) in lines {
        let chunk = Bytes::from([name, &byte.repeat(len), b"\n\n"].concat());
        let mut decoder = Decoder::with_limits(Limits::default().event_bytes(LIMIT));
        let info = measure(|| {
            decoder.push(chunk.clone());
            assert!(matches!(decoder.advance(), Some(Err(_))));
        });
        let shown = (name.escape_ascii().to_string(), byte, len, info.count_total);
        assert!(info.count_total < 100, "{shown:?}");
        assert!(info.bytes_max < (2 * len.min(LIMIT) + SOME_KIB) as u64, "{shown:?}: {info:?}");
    }
}

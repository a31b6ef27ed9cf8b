//! The floor, and the decoders that take bytes or a stream of them.

use std::hint::black_box;
use std::num::NonZeroUsize;

use crate::feed::{Feed, drain};
use crate::sink::Sink;

/// The type of an event that names none.
const MESSAGE: &str = "message";

/// One search for LF over every chunk. Finds each, for the iterator's `count` would be another algorithm.
#[inline(never)]
pub fn memchr(feed: Feed) {
    for chunk in feed {
        let mut sum = 0_usize;
        for end in memchr::memchr_iter(b'\n', &chunk) {
            sum = sum.wrapping_add(end);
        }
        black_box(sum);
    }
}

/// `EventStream` over a stream.
#[inline(never)]
pub fn eventsource_stream<S: Sink>(feed: Feed, sink: &mut S) {
    drain(eventsource_stream::EventStream::new(feed), |result| match result {
        Ok(event) => sink.event(&event.event, &event.data, &event.id),
        Err(_) => sink.failure(),
    });
}

/// `SseDecoder`, without a stream around it. Its limit of 512 KiB is raised for the long line.
#[inline(never)]
pub fn sse_core<S: Sink>(feed: Feed, sink: &mut S) {
    const LIMIT: NonZeroUsize = NonZeroUsize::new(32 << 20).unwrap();
    let mut decoder = sse_core::SseDecoder::with_limit(LIMIT);
    for mut chunk in feed {
        while let Some(result) = decoder.next(&mut chunk) {
            match result {
                Ok(sse_core::SseEvent::Message(event)) => {
                    let id = event.last_event_id.as_deref().unwrap_or_default();
                    sink.event(&event.event, &event.data, id);
                }
                Ok(sse_core::SseEvent::Retry(_)) => {}
                Err(_) => sink.failure(),
            }
        }
    }
}

/// `SseByteStream` over a stream, which its documentation recommends for bytes. It gives blocks, not events, so this
/// leaves the last event ID out: in the corpora either every event has an id or none.
#[inline(never)]
pub fn sse_stream<S: Sink>(feed: Feed, sink: &mut S) {
    drain(sse_stream::SseByteStream::new(feed), |result| match result {
        Ok(block) => {
            if let Some(data) = &block.data {
                let event_type = block.event.as_deref().unwrap_or(MESSAGE);
                sink.event(event_type, data, block.id.as_deref().unwrap_or_default());
            }
        }
        Err(_) => sink.failure(),
    });
}

/// `EventStream` over a stream.
#[inline(never)]
pub fn sseer<S: Sink>(feed: Feed, sink: &mut S) {
    drain(sseer::EventStream::new(feed), |result| match result {
        Ok(event) => sink.event(&event.event, &event.data, &event.id),
        Err(_) => sink.failure(),
    });
}

/// `SseParser`, without a stream around it.
#[inline(never)]
pub fn sse_parse<S: Sink>(feed: Feed, sink: &mut S) {
    let mut parser = sse_parse::SseParser::new();
    for chunk in feed {
        parser.feed(&chunk);
        while let Some(event) = parser.next_event() {
            sink.event(&event.event, &event.data, &event.id);
        }
    }
}

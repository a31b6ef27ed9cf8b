//! sse-proto.

use sse_proto::{Decoded, Decoder};

use crate::feed::Feed;
use crate::sink::Sink;

/// A new decoder, events read where they lie.
#[inline(never)]
pub fn borrowed<S: Sink>(feed: Feed, sink: &mut S) {
    drain_borrowed(&mut Decoder::new(), feed, sink);
}

/// A new decoder, each event made an `Event`.
#[inline(never)]
pub fn owned<S: Sink>(feed: Feed, sink: &mut S) {
    drain_owned(&mut Decoder::new(), feed, sink);
}

/// Reads events where they lie.
#[inline]
pub fn drain_borrowed<S: Sink>(decoder: &mut Decoder, feed: Feed, sink: &mut S) {
    for chunk in feed {
        decoder.push(chunk);
        while let Some(result) = decoder.pull() {
            match result {
                Ok(Decoded::Event(event)) => {
                    sink.event(event.event_type(), event.data(), event.last_event_id());
                }
                Ok(Decoded::Comment(comment)) => sink.comment(comment.as_bytes()),
                Ok(_) => {}
                Err(_) => sink.failure(),
            }
        }
    }
}

/// Makes an `Event` of each.
#[inline]
pub fn drain_owned<S: Sink>(decoder: &mut Decoder, feed: Feed, sink: &mut S) {
    for chunk in feed {
        decoder.push(chunk);
        while let Some(result) = decoder.pull() {
            match result {
                Ok(Decoded::Event(event)) => {
                    let event = event.into_owned();
                    sink.event(event.event_type(), event.data(), event.last_event_id());
                }
                Ok(Decoded::Comment(comment)) => sink.comment(comment.as_bytes()),
                Ok(_) => {}
                Err(_) => sink.failure(),
            }
        }
    }
}

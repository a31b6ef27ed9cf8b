//! What reads the events that a candidate gives.

use std::hint::black_box;

/// Reads events, of which every candidate must show type, data and id.
pub trait Sink {
    /// An event; the type of one that names none is `message`, the id is the last event ID.
    fn event(&mut self, event_type: &str, data: &str, id: &str);
    /// A comment, from the candidates that report them.
    fn comment(&mut self, text: &[u8]);
    /// An error that should not have come.
    fn failure(&mut self);
}

/// Counts, and keeps the optimizer from dropping what nobody reads: the sink of everything that is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events.
    pub events: u64,
    /// Bytes of data.
    pub data: u64,
    /// Comments.
    pub comments: u64,
    /// Errors.
    pub failures: u64,
}

impl Sink for Tally {
    #[inline]
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        self.events += 1;
        self.data += black_box(data).len() as u64;
        black_box(event_type);
        black_box(id);
    }

    #[inline]
    fn comment(&mut self, text: &[u8]) {
        self.comments += 1;
        black_box(text);
    }

    fn failure(&mut self) {
        self.failures += 1;
    }
}

/// Counts and hashes: tells whether the events are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// What a [`Tally`] of the same events has.
    pub tally: Tally,
    /// FNV-1a of type, data and id of every event, each followed by a byte that is not UTF-8.
    pub hash: u64,
}

impl Digest {
    /// FNV-1a, 64 bits.
    fn hash(&mut self, text: &str) {
        for byte in text.bytes().chain([0xFF]) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self { tally: Tally::default(), hash: 0xCBF2_9CE4_8422_2325 }
    }
}

impl Sink for Digest {
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        self.tally.event(event_type, data, id);
        for text in [event_type, data, id] {
            self.hash(text);
        }
    }

    fn comment(&mut self, text: &[u8]) {
        self.tally.comment(text);
    }

    fn failure(&mut self) {
        self.tally.failure();
    }
}

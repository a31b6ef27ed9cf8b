//! Events lent by a source that owns them.

use super::{Data, Event, EventRef, IdRef, LastId, Repr};

/// An event and what a borrowed one needs beside it.
#[derive(Debug)]
pub(crate) struct Lent {
    event: Event,
    last: LastId,
}

impl Lent {
    pub(crate) fn set(&mut self, event: Event) {
        let shared = match &event.0 {
            Repr::Rare(rare) => rare.shared_id.clone(),
            Repr::Plain { .. } => None,
        };
        self.last = LastId { own: event.id().is_some(), shared };
        self.event = event;
    }

    pub(crate) fn event(&mut self) -> EventRef<'_> {
        let (text, data, event_type) = self.event.parts();
        let id = IdRef { text: self.event.last_event_id(), last: &mut self.last };
        EventRef { event_type: &text[data..event_type], data: Data::Borrowed(&text[..data]), id }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Default for Lent {
    fn default() -> Self {
        Self { event: Event::new(""), last: LastId::default() }
    }
}

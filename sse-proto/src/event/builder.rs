//! Events that are made, not received.

use core::fmt;

use super::{Event, concat, debug, stored_type};
use crate::BuildError;

/// An [`Event`] in the making: the one place where text is checked, so that every event can be encoded.
#[derive(Clone, Copy, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct EventBuilder<'a> {
    event_type: &'a str,
    data: &'a str,
    id: Option<&'a str>,
}

impl<'a> EventBuilder<'a> {
    /// Sets the event type; `""`, the default, means `message`.
    pub const fn event_type(mut self, event_type: &'a str) -> Self {
        self.event_type = event_type;
        self
    }

    /// Sets the data, empty by default. Any text will do: CR, LF and CRLF arrive as LF.
    pub const fn data(mut self, data: &'a str) -> Self {
        self.data = data;
        self
    }

    /// Sets the id; `""` makes clients forget their last event ID. Without it they keep the one they have.
    pub const fn id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    /// Checks the text and makes the event.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the event type contains a line end, or the id a line end or a NUL.
    pub fn build(self) -> Result<Event, BuildError> {
        let id = self.id.unwrap_or_default();
        if has_line_end(self.event_type) {
            return Err(BuildError::EventTypeHasLineEnd);
        }
        if has_line_end(id) {
            return Err(BuildError::IdHasLineEnd);
        }
        if id.contains('\0') {
            return Err(BuildError::IdHasNul);
        }
        let event_type = stored_type(self.event_type);
        let text = concat(self.data, event_type, id);
        let lens = (self.data.len(), event_type.len());
        Ok(Event::of_text(text, lens, self.id.is_some(), None))
    }
}

impl fmt::Debug for EventBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "EventBuilder", self.event_type, self.data, self.id.unwrap_or_default())
    }
}

fn has_line_end(text: &str) -> bool {
    memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_some()
}

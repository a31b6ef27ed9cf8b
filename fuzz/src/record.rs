//! What went over the wire of a client, and whether what came out is that.

use std::cell::{Cell, RefCell};

use sse_proto::{Attempt, DecodeError, Event};

use super::reference::{Item, Outcome, Settings, interpret};

/// The connection at hand, and how many there were.
#[derive(Default)]
pub(super) struct Record {
    attempt: RefCell<Attempt>,
    body: RefCell<Vec<u8>>,
    /// Events and errors that came out of it.
    items: Cell<usize>,
    /// The user restarted or closed: what is not read yet may be dropped.
    interrupted: Cell<bool>,
    /// The id that the user set last since the request.
    set_id: Cell<Option<&'static str>>,
    pub(super) manual: Cell<bool>,
    pub(super) event_bytes: Cell<usize>,
}

impl Record {
    /// Everything of the connection before must have come out, and its last id comes back.
    pub(super) fn start(&self, attempt: Attempt) {
        let number = self.attempt.borrow().number;
        assert_eq!(attempt.number, number + 1, "attempts are counted");
        if !self.interrupted.take() {
            let before = self.check_complete();
            let is_set = self.set_id.get().is_some_and(|id| attempt.last_event_id == id);
            if !self.manual.get() && !is_set {
                assert_eq!(attempt.last_event_id, before.last_event_id);
            }
        }
        self.set_id.set(None);
        self.attempt.replace(attempt);
        self.body.borrow_mut().clear();
        self.items.set(0);
    }

    pub(super) fn chunk(&self, chunk: &str) {
        self.body.borrow_mut().extend_from_slice(chunk.as_bytes());
    }

    pub(super) fn body_len(&self) -> usize {
        self.body.borrow().len()
    }

    pub(super) fn interrupt(&self) {
        self.interrupted.set(true);
    }

    pub(super) fn set_id(&self, id: &'static str) {
        self.set_id.set(Some(id));
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    pub(super) fn attempts(&self) -> u64 {
        self.attempt.borrow().number
    }

    /// The next event of the connection at hand, and no other.
    pub(super) fn event(&self, event: &Event) {
        let item = Item::Event {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            last_event_id: event.last_event_id().to_owned(),
            own_id: event.id().map(str::to_owned),
        };
        self.item(&item);
    }

    /// A block was skipped.
    pub(super) fn error(&self, error: DecodeError) {
        self.item(&Item::Error(error));
    }

    fn item(&self, item: &Item) {
        let number = self.items.replace(self.items.get() + 1);
        let mut expected = self.expected().items.into_iter().nth(number);
        if let (Some(Item::Event { last_event_id, own_id: None, .. }), Some(id)) =
            (&mut expected, self.set_id.get())
            && matches!(item, Item::Event { last_event_id, .. } if last_event_id == id)
        {
            // Whether a block without an event has changed it since, the record does not know.
            id.clone_into(last_event_id);
        }
        assert_eq!(Some(item), expected.as_ref(), "number {number}");
    }

    pub(super) fn check_complete(&self) -> Outcome {
        let expected = self.expected();
        assert_eq!(self.items.get(), expected.items.len(), "what came out of {expected:?}");
        expected
    }

    fn expected(&self) -> Outcome {
        let attempt = self.attempt.borrow();
        let body = self.body.borrow();
        let event_bytes = self.event_bytes.get();
        let settings = Settings { event_bytes, report_comments: false, ..Settings::UNLIMITED };
        let mut outcome = interpret(&body, &attempt.last_event_id, settings);
        outcome.items.retain(|item| !matches!(item, Item::Retry(_)));
        outcome
    }
}

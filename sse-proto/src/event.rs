//! Events and comments: borrowed from the decoder, or owned.

mod builder;
#[cfg(feature = "client")]
mod lent;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::{boxed::Box, sync::Arc};
use core::fmt;
use core::str::FromStr;

use crate::assemble::LastId;
pub use builder::EventBuilder;
#[cfg(feature = "client")]
pub(crate) use lent::Lent;

/// The type of an event that names none.
pub(crate) const MESSAGE: &str = "message";

/// Inherited ids up to this length are copied into an owned event; longer ones are shared, so that a peer cannot
/// multiply one long id by many tiny events.
const LONGEST_COPIED_ID: usize = 256;

/// A gathered event of at least this size gives its buffer away instead of copying it.
const SMALLEST_HANDED_OVER: usize = 64 * 1024;

/// An event that still lies where it arrived.
///
/// Nothing was allocated or copied for it if it lay in one chunk and has one data line. Its accessors are those of
/// [`Event`], as is what `Debug` shows.
#[repr(C)] // Data first: the head of a `Result` is not moved in wide pieces, which would stall on fields that were just stored
pub struct EventRef<'a> {
    pub(crate) data: Data<'a>,
    pub(crate) event_type: &'a str,
    pub(crate) id: IdRef<'a>,
}

/// Where the data of an [`EventRef`] lies.
pub(crate) enum Data<'a> {
    Borrowed(&'a str),
    /// In the decoder's buffer for large data, which the event may take along.
    Gathered(&'a mut String),
}

/// The last event ID at an [`EventRef`], and where later owned events share it.
pub(crate) struct IdRef<'a> {
    pub(crate) text: &'a str,
    pub(crate) last: &'a mut LastId,
}

impl<'a> EventRef<'a> {
    /// The event type, `"message"` when the block named none.
    pub fn event_type(&self) -> &str {
        if self.event_type.is_empty() { MESSAGE } else { self.event_type }
    }

    /// The data, its lines joined by LF.
    pub fn data(&self) -> &str {
        match &self.data {
            Data::Borrowed(text) => text,
            Data::Gathered(text) => text,
        }
    }

    /// The last event ID when this event was dispatched: its own or an inherited one, `""` when there is none.
    pub fn last_event_id(&self) -> &str {
        self.id.text
    }

    /// The last event ID as a number; see [`Event::last_event_id_as`].
    pub fn last_event_id_as<T: FromStr>(&self) -> Option<T> {
        let id = Some(self.last_event_id()).filter(|id| !id.is_empty());
        id?.parse().ok()
    }

    /// The id that this event's own block set, `Some("")` if it reset the id, `None` if the id is inherited.
    pub fn id(&self) -> Option<&str> {
        self.id.last.own.then_some(self.id.text)
    }

    /// The data for as long as it is lent.
    pub fn into_data(self) -> &'a str {
        match self.data {
            Data::Borrowed(text) => text,
            Data::Gathered(text) => text,
        }
    }

    /// The event as a value of its own.
    ///
    /// Makes one allocation of exactly the text's size and pins no chunk. A large event that was gathered from
    /// several lines or chunks takes the decoder's buffer along instead, and an inherited id of more than 256 bytes is
    /// shared with other events, not copied, for which the event has a second, small allocation.
    #[inline(always)] // So that its fields are put where the event is wanted: to move them there costs more than to find an event
    pub fn into_owned(self) -> Event {
        let own_id = self.id.last.own;
        match self.data {
            Data::Borrowed(data) if self.event_type.is_empty() && self.id.text.is_empty() => {
                Event::with_data(data, own_id)
            }
            Data::Borrowed(data) => Event::of(data, self.event_type, self.id),
            Data::Gathered(data) => Event::gathered(data, self.event_type, self.id),
        }
    }
}

impl<'a> IdRef<'a> {
    /// The part of the id that an owned event copies, and the part that it shares; one of them is empty.
    fn split(&mut self) -> (&'a str, Option<Arc<str>>) {
        if self.last.own || self.text.len() <= LONGEST_COPIED_ID {
            return (self.text, None);
        }
        let shared = self.last.shared.get_or_insert_with(|| Arc::from(self.text));
        ("", Some(Arc::clone(shared)))
    }
}

/// What an owned event holds of its type: the default takes no room.
#[inline]
fn stored_type(event_type: &str) -> &str {
    if event_type == MESSAGE { "" } else { event_type }
}

fn concat(data: &str, event_type: &str, id: &str) -> Box<str> {
    let mut text = String::with_capacity(data.len() + event_type.len() + id.len());
    text.push_str(data);
    text.push_str(event_type);
    text.push_str(id);
    text.into_boxed_str()
}

impl fmt::Debug for EventRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "EventRef", self.event_type(), self.data(), self.last_event_id())
    }
}

/// An event with its own text.
///
/// Data, event type and id share one allocation. Two events are equal if their type, data and last event ID are. `Debug` shows
/// the type, and of data and id only how long they are, so that no payload gets into a log by itself: print what you want to
/// see.
#[derive(Clone)]
pub struct Event(Repr);

/// Three words, since items of a stream are moved from hand to hand and each word costs.
#[derive(Clone)]
enum Repr {
    Plain {
        /// Data, event type and id, one behind the other.
        text: Box<str>,
        lens: Lens,
    },
    Rare(Box<Rare>),
}

/// How long data and event type are, and whether the block set an id: in one word, since a word that was stored in parts is slow
/// to be read as a whole.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lens(u64);

/// An event that shares its id, or that is too long for [`Lens`].
#[derive(Clone)]
pub(crate) struct Rare {
    text: Box<str>,
    data_len: usize,
    type_len: usize,
    own_id: bool,
    /// In place of the id in `text`.
    shared_id: Option<Arc<str>>,
}

impl Rare {
    // Both apart, so that a plain event stays in registers where it is looked at.

    #[cold]
    #[inline(never)]
    fn parts(&self) -> (&str, usize, usize) {
        (&self.text, self.data_len, self.data_len + self.type_len)
    }

    #[cold]
    #[inline(never)]
    fn id(&self) -> &str {
        self.shared_id.as_deref().unwrap_or(&self.text[self.data_len + self.type_len..])
    }
}

impl Lens {
    const TYPE_BITS: u32 = 31;

    /// If they fit.
    #[inline(always)]
    fn new(data_len: usize, type_len: usize, own_id: bool) -> Option<Self> {
        let (data, kind) = (data_len as u64, type_len as u64);
        let fit = data >> 32 == 0 && kind >> Self::TYPE_BITS == 0;
        fit.then_some(Self(data << 32 | kind << 1 | u64::from(own_id)))
    }

    const fn data(self) -> usize {
        (self.0 >> 32) as usize
    }

    const fn event_type(self) -> usize {
        (self.0 as u32 >> 1) as usize
    }

    const fn own_id(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Event {
    /// An event of type `message` without an id.
    pub fn new(data: &str) -> Self {
        Self::with_data(data, false)
    }

    /// Of data, event type and id, one behind the other.
    #[inline(always)]
    fn of_text(
        text: Box<str>,
        (data_len, type_len): (usize, usize),
        own_id: bool,
        shared_id: Option<Arc<str>>,
    ) -> Self {
        match Lens::new(data_len, type_len, own_id) {
            Some(lens) if shared_id.is_none() => Self(Repr::Plain { text, lens }),
            _ => Self::rare(Rare { text, data_len, type_len, own_id, shared_id }),
        }
    }

    #[cold]
    fn rare(event: Rare) -> Self {
        Self(Repr::Rare(Box::new(event)))
    }

    #[inline(always)]
    pub(crate) fn with_data(data: &str, own_id: bool) -> Self {
        Self::of_text(Box::from(data), (data.len(), 0), own_id, None)
    }

    #[inline(always)]
    pub(crate) fn of(data: &str, event_type: &str, mut id: IdRef<'_>) -> Self {
        let event_type = stored_type(event_type);
        let own_id = id.last.own;
        let (copied_id, shared_id) = id.split();
        let text = concat(data, event_type, copied_id);
        Self::of_text(text, (data.len(), event_type.len()), own_id, shared_id)
    }

    /// Of data that may be taken along.
    #[inline(never)]
    fn gathered(data: &mut String, event_type: &str, mut id: IdRef<'_>) -> Self {
        if data.len() < SMALLEST_HANDED_OVER {
            return Self::of(data, event_type, id);
        }
        let event_type = stored_type(event_type);
        let own_id = id.last.own;
        let (copied_id, shared_id) = id.split();
        let mut text = core::mem::take(data);
        let lens = (text.len(), event_type.len());
        text.reserve_exact(event_type.len() + copied_id.len());
        text.push_str(event_type);
        text.push_str(copied_id);
        Self::of_text(text.into_boxed_str(), lens, own_id, shared_id)
    }

    /// What [`into_plain`](Self::into_plain) gave.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) const fn plain(text: Box<str>, lens: Lens) -> Self {
        Self(Repr::Plain { text, lens })
    }

    /// The same of a rare one.
    #[cfg(feature = "client")]
    pub(crate) const fn of_rare(event: Box<Rare>) -> Self {
        Self(Repr::Rare(event))
    }

    /// Its parts, unless it is a rare one.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) fn into_plain(self) -> Result<(Box<str>, Lens), Box<Rare>> {
        match self.0 {
            Repr::Plain { text, lens } => Ok((text, lens)),
            Repr::Rare(rare) => Err(rare),
        }
    }

    /// The text, and where data and event type end.
    #[inline]
    fn parts(&self) -> (&str, usize, usize) {
        match &self.0 {
            Repr::Plain { text, lens } => (text, lens.data(), lens.data() + lens.event_type()),
            Repr::Rare(rare) => rare.parts(),
        }
    }

    /// Starts an event for the [`Encoder`](crate::Encoder), or for a test.
    ///
    /// ```
    /// use sse_proto::Event;
    ///
    /// let event = Event::builder().event_type("token").id("7").data("Hello").build()?;
    /// assert_eq!(event.event_type(), "token");
    ///
    /// assert!(Event::builder().id("7\ndata: forged").build().is_err());
    /// # Ok::<(), sse_proto::BuildError>(())
    /// ```
    pub fn builder<'a>() -> EventBuilder<'a> {
        EventBuilder::default()
    }

    /// The data's text, taken out without a copy.
    pub fn into_data(self) -> String {
        let (_, len, _) = self.parts();
        let mut text = match self.0 {
            Repr::Plain { text, .. } => text.into_string(),
            Repr::Rare(rare) => rare.text.into_string(),
        };
        text.truncate(len);
        text
    }

    /// The event type, `"message"` when the block named none.
    pub fn event_type(&self) -> &str {
        let (text, from, to) = self.parts();
        if from == to { MESSAGE } else { &text[from..to] }
    }

    /// The data, its lines joined by LF.
    pub fn data(&self) -> &str {
        let (text, len, _) = self.parts();
        &text[..len]
    }

    /// The last event ID when this event was dispatched: its own or an inherited one, `""` when there is none.
    pub fn last_event_id(&self) -> &str {
        match &self.0 {
            Repr::Rare(rare) => rare.id(),
            Repr::Plain { text, lens } => &text[lens.data() + lens.event_type()..],
        }
    }

    /// The last event ID as a number, or as whatever else its text stands for; `None`, not 0, when there is none or it is no
    /// `T`.
    ///
    /// A view to count with: what goes back to a server is the text, since `007` and `7` are different ids.
    ///
    /// ```
    /// use sse_proto::Event;
    ///
    /// let event = Event::builder().id("42").build()?;
    /// assert_eq!(event.last_event_id_as::<u64>(), Some(42));
    /// assert_eq!(Event::new("no id").last_event_id_as::<u64>(), None);
    /// assert_eq!(Event::new("no id").last_event_id_as::<String>(), None);
    /// # Ok::<(), sse_proto::BuildError>(())
    /// ```
    pub fn last_event_id_as<T: FromStr>(&self) -> Option<T> {
        let id = Some(self.last_event_id()).filter(|id| !id.is_empty());
        id?.parse().ok()
    }

    /// The id that this event's own block set, `Some("")` if it reset the id, `None` if the id is inherited.
    pub fn id(&self) -> Option<&str> {
        let own = match &self.0 {
            Repr::Plain { lens, .. } => lens.own_id(),
            Repr::Rare(rare) => rare.own_id,
        };
        own.then(|| self.last_event_id())
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.data() == other.data()
            && self.event_type() == other.event_type()
            && self.last_event_id() == other.last_event_id()
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "Event", self.event_type(), self.data(), self.last_event_id())
    }
}

/// Logs are full of what `Debug` shows, so it shows of the text only the type, and how long the rest is.
fn debug(f: &mut fmt::Formatter<'_>, name: &str, kind: &str, data: &str, id: &str) -> fmt::Result {
    f.debug_struct(name)
        .field("event_type", &kind)
        .field("data", &Len(data.len()))
        .field("last_event_id", &Len(id.len()))
        .finish()
}

/// Shown in place of a text.
pub(crate) struct Len(pub(crate) usize);

impl fmt::Debug for Len {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

/// A comment line, reported as soon as it ended. Servers send them as heartbeats.
#[derive(Clone, Copy)]
pub struct CommentRef<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> CommentRef<'a> {
    /// The text behind the colon and the one space that may follow it.
    ///
    /// Only this call checks the text, so comments that nobody reads cost next to nothing. It allocates only if the
    /// text is not valid UTF-8; then every invalid sequence has become U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        match simdutf8::basic::from_utf8(self.bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(self.bytes),
        }
    }

    /// The same as it arrived.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl fmt::Debug for CommentRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommentRef").field(&Len(self.bytes.len())).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_event_is_three_words() {
        assert_eq!(size_of::<Event>(), 24);
    }

    #[test]
    fn lens_hold_what_fits() {
        for (data_len, type_len) in [(0, 0), (0, u32::MAX as usize >> 1), (u32::MAX as usize, 0)] {
            for own_id in [false, true] {
                let lens = Lens::new(data_len, type_len, own_id);
                let held = lens.map(|lens| (lens.data(), lens.event_type(), lens.own_id()));
                assert_eq!(held, Some((data_len, type_len, own_id)));
            }
        }
        assert!(Lens::new(0, 1 << Lens::TYPE_BITS, false).is_none());
        #[cfg(target_pointer_width = "64")]
        assert!(Lens::new(1 << 32, 0, false).is_none());
    }

    #[test]
    fn a_rare_event_is_like_any_other() {
        for shared_id in [None, Some(Arc::from("42"))] {
            let text = if shared_id.is_none() { "Hellotoken42" } else { "Hellotoken" };
            let rare =
                Rare { text: text.into(), data_len: 5, type_len: 5, own_id: true, shared_id };
            let rare = Event::rare(rare);
            let plain = Event::builder().data("Hello").event_type("token").id("42").build();
            assert_eq!(plain.as_ref(), Ok(&rare));
            assert_eq!((rare.id(), rare.clone().into_data()), (Some("42"), "Hello".to_owned()));
        }
    }
}

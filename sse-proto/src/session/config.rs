//! All that a session may be told.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::event::MESSAGE;
use crate::{Decoder, EventRef, Limits, RetryPolicy, Snapshot, backoff};

/// All that a [`Session`](crate::Session) may be told. Every field has a setter of the same name; where `None` means off, it takes
/// the bare value, too.
///
/// ```
/// use core::time::Duration;
/// use sse_proto::{Config, RetryPolicy, Sentinel};
///
/// let config = Config::default()
///     .retry(RetryPolicy::default().max_retries(5))
///     .idle_timeout(Duration::from_secs(45))
///     .sentinel(Sentinel::data("[DONE]"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// When to reconnect; `None`, the default, stands for [`RetryPolicy::default`].
    ///
    /// The adapters' requests settle it by [`for_request`](Self::for_request): where it is `None`, a method that is neither safe
    /// nor idempotent has [`RetryPolicy::never`], so that a POST is never silently sent twice. A session that you make yourself
    /// knows no method: call it, too.
    pub retry: Option<RetryPolicy>,
    /// What a block may hold.
    pub limits: Limits,
    /// From the request to the response head; 30 s. What a factory of requests takes is a part of it, and what a server
    /// thinks before its head: raise it for a language model that answers late.
    pub connect_timeout: Option<Duration>,
    /// From the response head to the first byte of the body; none. Until that byte it takes the place of
    /// [`idle_timeout`](Self::idle_timeout).
    pub first_byte_timeout: Option<Duration>,
    /// From byte to byte, comments and parts of lines included; none, since a quiet stream is legal. Set it to two or
    /// three times the interval of the server's heartbeat.
    pub idle_timeout: Option<Duration>,
    /// Silence after which a stream is reported as late, once until the next byte; none.
    pub late_after: Option<Duration>,
    /// Media types that open the stream, such as `["text/event-stream", "text/plain"]`; `text/event-stream`.
    pub accept: Cow<'static, [Cow<'static, str>]>,
    /// What ends the stream for good, as LLM servers say it; none.
    pub sentinel: Option<Sentinel>,
    /// Which id a reconnection carries; [`Commit::Auto`].
    pub commit: Commit,
    /// Where a reconnection goes after a redirect; [`ReconnectTo::Original`].
    pub reconnect_to: ReconnectTo,
    /// Whether events with empty data are dropped; false. The standard dispatches them, and MCP begins streams with one, which is
    /// no JSON.
    pub skip_empty: bool,
    /// Whether comments are reported; false. Those that are not are discarded unstored. An adapter's `updates()` reports them in any
    /// case.
    pub comments: bool,
    /// The id that the first request carries; none.
    pub last_event_id: String,
    /// What the server's last `retry` field said, if there was one before; none.
    pub reconnection_time: Option<Duration>,
}

impl Config {
    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets [`limits`](Self::limits).
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// Sets [`first_byte_timeout`](Self::first_byte_timeout).
    #[must_use]
    pub fn first_byte_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.first_byte_timeout = timeout.into();
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// Sets [`late_after`](Self::late_after).
    #[must_use]
    pub fn late_after(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.late_after = silence.into();
        self
    }

    /// Sets [`accept`](Self::accept).
    #[must_use]
    pub fn accept(mut self, media_types: impl IntoIterator<Item: Into<Cow<'static, str>>>) -> Self {
        self.accept = media_types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`sentinel`](Self::sentinel).
    #[must_use]
    pub fn sentinel(mut self, sentinel: impl Into<Option<Sentinel>>) -> Self {
        self.sentinel = sentinel.into();
        self
    }

    /// Sets [`commit`](Self::commit).
    #[must_use]
    pub fn commit(mut self, commit: Commit) -> Self {
        self.commit = commit;
        self
    }

    /// Sets [`reconnect_to`](Self::reconnect_to).
    #[must_use]
    pub fn reconnect_to(mut self, address: ReconnectTo) -> Self {
        self.reconnect_to = address;
        self
    }

    /// Sets [`skip_empty`](Self::skip_empty).
    #[must_use]
    pub fn skip_empty(mut self, skip: bool) -> Self {
        self.skip_empty = skip;
        self
    }

    /// Sets [`comments`](Self::comments).
    #[must_use]
    pub fn comments(mut self, report: bool) -> Self {
        self.comments = report;
        self
    }

    /// Sets [`reconnection_time`](Self::reconnection_time).
    #[must_use]
    pub fn reconnection_time(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.reconnection_time = time.into();
        self
    }

    /// Sets [`last_event_id`](Self::last_event_id); `""` is none.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if no request header can carry the id.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Result<Self, InvalidId> {
        let id = id.into();
        check_id(&id)?;
        self.last_event_id = id;
        Ok(self)
    }

    /// The same, as it is for requests with this method: settles what depends on it, for adapters.
    ///
    /// Without a policy, only a safe or idempotent method is retried. A request whose body can be sent only once never is. And
    /// only a GET goes where a redirect ended before; any other method may have been changed by that redirect. What the user
    /// set as `Last-Event-ID` by hand is the first id, whatever the configuration has, and only that: an adapter takes it out of the
    /// request and gives it here. One that is not UTF-8 counts as none.
    #[must_use]
    pub fn for_request(
        mut self,
        method: &str,
        replayable: bool,
        last_event_id: Option<&[u8]>,
    ) -> Self {
        if let Some(id) = last_event_id.and_then(|id| core::str::from_utf8(id).ok()) {
            id.clone_into(&mut self.last_event_id);
        }
        let policy = match self.retry.take() {
            _ if !replayable => RetryPolicy::never(),
            Some(policy) => policy,
            None if crate::is_repeatable(method) => RetryPolicy::default(),
            None => RetryPolicy::never(),
        };
        if method != "GET" {
            self.reconnect_to = ReconnectTo::Original;
        }
        self.retry(policy)
    }

    /// Takes up what a [`Snapshot`] put away, perhaps in another process: its id, in the place of any other but a `Last-Event-ID` on
    /// the request itself, and what the server said of the wait.
    ///
    /// An id that no header can carry does not come from a snapshot, and counts as none: without one events come again, with
    /// another some might never come.
    #[must_use]
    pub fn resume(mut self, snapshot: &Snapshot) -> Self {
        let id = snapshot.last_event_id.as_str();
        self.last_event_id = if check_id(id).is_ok() { id.to_owned() } else { String::new() };
        self.reconnection_time = snapshot.reconnection_time;
        self
    }

    /// The same, as it is for requests that a user's code makes anew: without a policy every one is retried, since whoever
    /// makes requests anew has thought of that.
    #[must_use]
    pub fn for_factory(mut self) -> Self {
        self.retry.get_or_insert_default();
        self
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> &RetryPolicy {
        self.retry.as_ref().unwrap_or(&backoff::DEFAULT)
    }
}

/// Shows whether there is an id, but not which: it may be a secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .field("connect_timeout", &self.connect_timeout)
            .field("first_byte_timeout", &self.first_byte_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("late_after", &self.late_after)
            .field("accept", &self.accept)
            .field("sentinel", &self.sentinel)
            .field("commit", &self.commit)
            .field("reconnect_to", &self.reconnect_to)
            .field("skip_empty", &self.skip_empty)
            .field("comments", &self.comments)
            .field("has_last_event_id", &!self.last_event_id.is_empty())
            .field("reconnection_time", &self.reconnection_time)
            .finish()
    }
}

impl Default for Config {
    fn default() -> Self {
        const EVENT_STREAM: &[Cow<'static, str>] = &[Cow::Borrowed("text/event-stream")];
        Self {
            retry: None,
            limits: Limits::default(),
            connect_timeout: Some(Duration::from_secs(30)),
            first_byte_timeout: None,
            idle_timeout: None,
            late_after: None,
            accept: Cow::Borrowed(EVENT_STREAM),
            sentinel: None,
            commit: Commit::Auto,
            reconnect_to: ReconnectTo::Original,
            skip_empty: false,
            comments: false,
            last_event_id: String::new(),
            reconnection_time: None,
        }
    }
}

/// What ends a stream cleanly and for good. A body that ends without it has lost something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sentinel {
    /// An event with exactly this data, such as `[DONE]`. It says nothing else and is not delivered. Every line end is as good
    /// as another.
    Data(Cow<'static, str>),
    /// An event of this type, such as `message_stop` or `response.completed`. It is delivered, as the last one; the connection of an
    /// adapter's source closes at the poll after it.
    EventType(Cow<'static, str>),
}

impl Sentinel {
    /// An event with exactly this data; see [`Data`](Self::Data).
    pub fn data(data: impl Into<Cow<'static, str>>) -> Self {
        Self::Data(data.into())
    }

    /// An event of this type; see [`EventType`](Self::EventType).
    pub fn event_type(name: impl Into<Cow<'static, str>>) -> Self {
        Self::EventType(name.into())
    }

    /// Whether the event that was found may be it, by length: text is never shorter than the bytes that it is made of.
    #[inline]
    pub(crate) fn may_be(&self, decoder: &Decoder) -> bool {
        match self {
            Self::Data(data) => decoder.found_len() <= data.len(),
            Self::EventType(name) => {
                let name = if name.is_empty() { MESSAGE } else { name };
                match decoder.found_type_len() {
                    0 => name == MESSAGE,
                    len => len <= name.len(),
                }
            }
        }
    }

    pub(crate) fn is(&self, event: &EventRef<'_>) -> bool {
        match self {
            // Data has no line end but LF.
            Self::Data(data) if data.contains('\r') => {
                event.data() == data.replace("\r\n", "\n").replace('\r', "\n")
            }
            Self::Data(data) => event.data() == data,
            Self::EventType(name) if name.is_empty() => event.event_type() == MESSAGE,
            Self::EventType(name) => event.event_type() == name,
        }
    }
}

/// Which id a reconnection carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// That of the last block that came out.
    #[default]
    Auto,
    /// The last one that the user committed after processing: a crash loses nothing, events after it come again.
    Manual,
}

/// Where a reconnection goes after a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReconnectTo {
    /// The address that the user gave.
    #[default]
    Original,
    /// Where the redirect ended, as the standard has it. Only for GET, and to another origin only with those of the request's
    /// headers that [`Redirect::crosses_origins`](crate::Redirect::crosses_origins) lets pass.
    Redirected,
}

/// An id that no request header can carry: it has a control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id contains a control character, which no Last-Event-ID header can carry")
    }
}

impl core::error::Error for InvalidId {}

pub(crate) fn check_id(id: &str) -> Result<(), InvalidId> {
    if crate::field::is_header_value(id.as_bytes()) { Ok(()) } else { Err(InvalidId) }
}

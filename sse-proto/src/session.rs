//! The life of an event stream: what happened to a connection goes in, what to do next comes out.

mod config;
mod machine;
mod output;

use alloc::borrow::ToOwned;
use alloc::string::String;
use bytes::Bytes;
use core::fmt;
use core::time::Duration;

pub use config::{Commit, Config, InvalidId, ReconnectTo, Sentinel};
pub use output::{
    Attempt, Cause, Closed, GiveUp, Lost, Output, ReadyState, Refusal, Snapshot, Stats,
};

use crate::backoff::Losses;
use crate::response::{ResponseHead, Verdict};
use crate::{DecodeError, Decoder, Found, Instant};
#[cfg(feature = "client")]
pub(crate) use machine::Next;
use machine::{Input, State};

/// The life of an event stream as a machine without socket and clock (WHATWG HTML,
/// [section 9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)).
///
/// # The driving rule
///
/// After each `handle_*` call [`poll_output`](Self::poll_output) until it says [`Output::Wait`] or [`Output::Closed`]; then
/// wait for bytes or for the deadline, whichever comes first, and if both are there, take the bytes. A driver does not read
/// ahead, time anything by itself, retry by itself, or look inside an event. A request has the [headers](Attempt::headers) of its
/// [`Attempt`], and goes to its [address](Attempt::address) where there is one. Since the next chunk is read only after a
/// full drain, back-pressure needs no further care.
///
/// ```
/// use core::time::Duration;
/// # use sse_proto::Attempt;
/// use sse_proto::{Config, Instant, Output, ResponseHead, Session};
/// # struct Network { reads: usize }
/// # enum Read { Chunk(&'static str), End, TimedOut }
/// # impl Network {
/// #     fn connect(&mut self, _attempt: &Attempt) -> ResponseHead<'static> {
/// #         let status = if self.reads == 0 { 200 } else { 204 };
/// #         ResponseHead::new(status).content_type(b"text/event-stream")
/// #     }
/// #     fn read(&mut self, _deadline: Option<Instant>) -> Read {
/// #         self.reads += 1;
/// #         match self.reads { 1 => Read::Chunk("data: Hello\n\n"), 2 => Read::End, _ => Read::TimedOut }
/// #     }
/// #     fn disconnect(&mut self) {}
/// #     fn now(&self) -> Instant { Instant::from_origin(Duration::from_secs(self.reads as u64)) }
/// # }
/// # let mut network = Network { reads: 0 };
/// # let mut events = 0;
///
/// let mut session = Session::new(Config::default(), 42, network.now());
/// loop {
///     match session.poll_output() {
///         Output::Connect(attempt) => {
///             let head = network.connect(&attempt);
///             session.handle_response(network.now(), head);
///         }
///         Output::Event(event) => {
///             println!("{}", event.data());
/// #           events += 1;
///         }
///         Output::Lost(lost) => {
///             network.disconnect();
///             eprintln!("{}, next attempt in {:?}", lost.cause, lost.retry_in);
///         }
///         Output::Wait(deadline) => match network.read(deadline) {
///             Read::Chunk(chunk) => session.handle_chunk(network.now(), chunk),
///             Read::End => session.handle_eof(network.now()),
///             Read::TimedOut => session.handle_timeout(network.now()),
///         },
///         Output::Closed(why) => break println!("{why}"),
///         _ => {}
///     }
/// }
/// # assert_eq!(events, 1);
/// ```
///
/// # States
///
/// [`ready_state`](Self::ready_state) calls all but `Open` and `Closed` *connecting*, as the standard does.
///
/// | from | to | on |
/// |---|---|---|
/// | start | `Due` | |
/// | `Due` | `Connecting` | [`poll_output`](Self::poll_output) gives `Connect` |
/// | `Connecting` | `Open` | a response that is accepted |
/// | `Connecting` | `Waiting` | an error, a time-out, a status that is retried |
/// | `Open` | `Waiting` | the end of the body, an error, a time-out; what came before is drained first |
/// | `Waiting` | `Due` | the deadline |
/// | `Connecting` | `Closed` | 204, another status, another content type, a request that cannot be made |
/// | `Open` | `Closed` | the sentinel, the clean end of a one-shot body |
/// | `Connecting`, `Open` | `Closed` | in place of `Waiting`, where no further attempt is allowed |
/// | `Connecting`, `Open`, `Waiting` | `Due` | [`restart`](Self::restart) |
/// | any | `Closed` | [`close`](Self::close) |
///
/// Inputs that do not fit the state, such as a chunk after `restart()`, are ignored.
pub struct Session {
    config: Config,
    decoder: Decoder,
    losses: Losses,
    state: State,
    /// The last time that the driver told.
    now: Instant,
    /// How the connection ended; what it brought before is drained first.
    ending: Option<Cause>,
    opened: bool,
    late: bool,
    /// A comment or an error that was found and not told yet.
    found: Option<Result<Found, DecodeError>>,
    /// `last_loss` is still to be told, with the wait that follows it.
    lost: Option<Option<Duration>>,
    last_loss: Option<Cause>,
    /// What the user committed, under [`Commit::Manual`].
    committed: String,
    /// Where a redirect ended, under [`ReconnectTo::Redirected`].
    address: Option<String>,
    stats: Stats,
}

impl Session {
    /// A session that wants to connect at once. Give each one a `seed` of its own: it decides the random part of the waits.
    ///
    /// For another request than GET see [`Config::for_request`], without which a POST is sent again.
    pub fn new(config: Config, seed: u64, now: Instant) -> Self {
        let mut decoder = Decoder::with_limits(config.limits);
        decoder.set_report_comments(config.comments);
        decoder.set_last_event_id(&config.last_event_id);
        let mut losses = Losses::new(config.policy(), seed);
        losses.server_time = config.reconnection_time;
        Self {
            committed: decoder.last_sendable_id().to_owned(),
            losses,
            config,
            decoder,
            state: State::Due,
            now,
            ending: None,
            opened: false,
            late: false,
            found: None,
            lost: None,
            last_loss: None,
            address: None,
            stats: Stats::default(),
        }
    }

    /// Takes up what [`snapshot`](Self::snapshot) put away, perhaps in another process. The snapshot's id takes the place
    /// of the configuration's.
    pub fn resume(config: Config, seed: u64, now: Instant, snapshot: &Snapshot) -> Self {
        Self::new(config.resume(snapshot), seed, now)
    }

    /// The request of an [`Output::Connect`] goes out now, which is when the time for its response begins.
    ///
    /// Only needed where time may have passed since the last input: before the first request, and after
    /// [`restart`](Self::restart), which knows no time.
    pub fn handle_request(&mut self, now: Instant) {
        self.step(now, Input::Request);
    }

    /// The response head came.
    pub fn handle_response(&mut self, now: Instant, head: ResponseHead<'_>) {
        let verdict = head.verdict(&self.config);
        if let (State::Connecting { .. }, Verdict::Open) = (self.state, verdict)
            && let (ReconnectTo::Redirected, Some(to)) =
                (self.config.reconnect_to, head.redirected_to)
        {
            self.address = Some(to.to_owned());
        }
        self.step(now, Input::Response(verdict));
    }

    /// Bytes of the body came. An empty chunk is nothing.
    pub fn handle_chunk(&mut self, now: Instant, chunk: impl Into<Bytes>) {
        self.receive(now, chunk.into());
    }

    /// Bytes of the body came; [`note_life`](Self::note_life) will say when.
    #[cfg(feature = "client")]
    pub(crate) fn handle_untimed_chunk(&mut self, chunk: Bytes) {
        self.receive(self.now, chunk);
    }

    /// The body ended cleanly.
    pub fn handle_eof(&mut self, now: Instant) {
        let cause = match self.config.sentinel {
            Some(_) => Cause::MissingSentinel,
            None => Cause::EndOfStream,
        };
        self.step(now, Input::Ended(cause));
    }

    /// The request could not be made or sent, or the connection failed. The driver keeps the error itself.
    pub fn handle_error(&mut self, now: Instant) {
        self.step(now, Input::Ended(Cause::Transport));
    }

    /// The request cannot be made, now or later: an address that is none, say. The session is over.
    pub fn handle_invalid_request(&mut self, now: Instant) {
        self.step(now, Input::InvalidRequest);
    }

    /// Time has passed. Harmless when no deadline has been reached.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.step(now, Input::Timeout);
    }

    /// Reconnects now, without a loss and without a wait. What was not drained is dropped; the next connection asks for it
    /// again. Nothing happens after the end.
    pub fn restart(&mut self) {
        self.step(self.now, Input::Restart);
    }

    /// Ends the session; nothing but [`Output::Closed`] comes out any more.
    pub fn close(&mut self) {
        self.step(self.now, Input::Close);
    }

    /// The events up to this id are processed: under [`Commit::Manual`] a reconnection carries it. `""` resets it. An id
    /// that no header can carry leaves the one before in place.
    pub fn commit(&mut self, id: &str) {
        if config::check_id(id).is_ok() {
            id.clone_into(&mut self.committed);
        }
    }

    /// Sets the last event ID from outside: for events without an id of their own from now on, and for the next request.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if no request header can carry the id. Then nothing has changed.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), InvalidId> {
        config::check_id(id)?;
        self.decoder.set_last_event_id(id);
        self.commit(id);
        Ok(())
    }

    /// Whether comments are reported from now on, as [`Config::comments`] says it for the beginning.
    pub fn set_report_comments(&mut self, report: bool) {
        self.decoder.set_report_comments(report);
    }

    /// The last event ID: that of the last block that came out.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// What is needed to go on later, elsewhere: the id that the next request would carry, and the reconnection time.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            last_event_id: self.next_id().to_owned(),
            reconnection_time: self.losses.server_time,
        }
    }

    /// The standard's `readyState`.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Due | State::Connecting { .. } | State::Waiting { .. } => ReadyState::Connecting,
            State::Open(_) => ReadyState::Open,
            State::Closed(_) => ReadyState::Closed,
        }
    }

    /// Why the session is over, once it is.
    pub fn closed(&self) -> Option<Closed> {
        match self.state {
            State::Closed(why) => Some(why),
            _ => None,
        }
    }

    /// What was counted since the session began.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// What the session was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The next thing that came out, or the next duty; see the driving rule above.
    #[inline]
    pub fn poll_output(&mut self) -> Output<'_> {
        if let Some(lost) = self.take_lost() {
            return Output::Lost(lost);
        }
        match self.state {
            State::Closed(why) => {
                // What stands behind a sentinel.
                self.decoder.finish();
                Output::Closed(why)
            }
            State::Due => Output::Connect(self.connect()),
            State::Connecting { .. } | State::Waiting { .. } => Output::Wait(self.deadline()),
            State::Open(_) => self.poll_open(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

//! A script that serves numbered events from `Last-Event-ID` on, over connections that break.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{End, Reply, Request};

/// Where a connection of a [`Replay`] breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    after: u64,
    bytes: usize,
    end: End,
}

impl Cut {
    /// After so many events of this connection, by a reset.
    pub fn after(events: u64) -> Self {
        Self { after: events, bytes: 0, end: End::Reset }
    }

    /// And after so many bytes of the next event's block, so that it is cut in its middle.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// And in this way.
    #[must_use]
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// A stream of the events 1 to `total`, each with its number as id, which every client can resume.
///
/// A request is served from the event after its `Last-Event-ID`: from 1 when there is none or an
/// empty one; 204 when there is nothing after it; 400 when it is no number or comes twice. Clients
/// do not disturb each other: the connections of each, by the query parameter `client` of the
/// target, are counted for themselves (those without it together).
///
/// ```
/// use sse_testkit::{Cut, End, Replay, Server};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::start(
///     Replay::new(100)
///         .event(|n| format!("event: token\ndata: {n}\n"))
///         .cuts([Cut::after(3).bytes(5), Cut::after(0).end(End::Fin)]),
/// )?;
/// let url = server.url("/stream?client=a");
/// # drop((server, url));
/// # Ok(())
/// # }
/// ```
pub struct Replay {
    total: u64,
    event: Arc<dyn Fn(u64) -> String + Send + Sync>,
    cuts: Vec<Cut>,
    last_end: End,
    pace: Duration,
    retry: Option<Duration>,
    /// The number of streams that each client has had.
    streams: Mutex<HashMap<String, usize>>,
}

impl Replay {
    /// So many events, each with its number as data, over connections that do not break.
    pub fn new(total: u64) -> Self {
        Self {
            total,
            event: Arc::new(|n| format!("data: {n}\n")),
            cuts: Vec::new(),
            last_end: End::Clean,
            pace: Duration::ZERO,
            retry: None,
            streams: Mutex::default(),
        }
    }

    /// Sets the lines of the n-th event, without its id; the empty line is added.
    #[must_use]
    pub fn event<F>(mut self, event: F) -> Self
    where
        F: Fn(u64) -> String + Send + Sync + 'static,
    {
        self.event = Arc::new(event);
        self
    }

    /// Sets how a client's first, second, … stream breaks. A stream that reaches the last event
    /// before its cut, and every stream beyond the list, does not break.
    #[must_use]
    pub fn cuts(mut self, cuts: impl IntoIterator<Item = Cut>) -> Self {
        self.cuts = cuts.into_iter().collect();
        self
    }

    /// Sets what follows the last event; a clean end by default.
    #[must_use]
    pub fn last_end(mut self, end: End) -> Self {
        self.last_end = end;
        self
    }

    /// Sets the pause between one event and the next; none by default.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Starts each stream with a `retry` line, in milliseconds.
    #[must_use]
    pub fn retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// What a request gets. For a closure that does more, such as
    /// `move |request| replay.reply(request).trickle()`.
    pub fn reply(&self, request: &Request) -> Reply {
        let Some(seen) = last_seen(request) else { return Reply::status(400) };
        if seen >= self.total {
            return Reply::status(204);
        }
        let mut reply = Reply::stream();
        if let Some(retry) = self.retry {
            reply = reply.chunk(format!("retry: {}\n\n", retry.as_millis()));
        }
        let cut = self.next_cut(request).filter(|cut| cut.after < self.total - seen);
        let last = cut.as_ref().map_or(self.total, |cut| seen + cut.after);
        let event = Arc::clone(&self.event);
        reply = reply.generate(self.pace, move |sent| {
            let n = seen + sent + 1;
            (n <= last).then(|| block(&*event, n).into_bytes())
        });
        let Some(cut) = cut else { return reply.end(self.last_end.clone()) };
        if cut.bytes > 0 {
            let mut half = block(&*self.event, last + 1).into_bytes();
            half.truncate(cut.bytes);
            if cut.after > 0 {
                reply = reply.pause(self.pace);
            }
            reply = reply.chunk(half);
        }
        reply.end(cut.end)
    }

    fn next_cut(&self, request: &Request) -> Option<Cut> {
        let client = request.query("client").unwrap_or_default().to_owned();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(client).or_default();
        let number = *count;
        *count += 1;
        self.cuts.get(number).cloned()
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("total", &self.total)
            .field("cuts", &self.cuts)
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}

/// The number of the last event that the client has; `None` where its header makes no sense.
fn last_seen(request: &Request) -> Option<u64> {
    if request.header_count("last-event-id") > 1 {
        return None;
    }
    match request.last_event_id() {
        None | Some(b"") => Some(0),
        Some(id) if id.iter().all(u8::is_ascii_digit) => str::from_utf8(id).ok()?.parse().ok(),
        Some(_) => None,
    }
}

fn block(event: &dyn Fn(u64) -> String, n: u64) -> String {
    let lines = event(n);
    let end = if lines.is_empty() || lines.ends_with('\n') { "" } else { "\n" };
    format!("id: {n}\n{lines}{end}\n")
}

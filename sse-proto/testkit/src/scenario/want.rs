//! What must come out of a scenario, and the comparison with what did.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use sse_proto::{Cause, Closed, DecodeError};

use crate::Request;
use crate::scenario::log::short;
use crate::scenario::{Answer, End, Entry, Log};

/// Where every scenario's request goes. No error may show the query.
pub(crate) const TARGET: &str = "/stream?token=secret";

/// The wait of the scenarios' usual policy.
pub(crate) const WAIT: Duration = Duration::from_millis(5);

/// How soon a connection must be closed after its stream.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// An [`Entry`], as far as it is told beforehand.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    Opened,
    Event { event_type: String, data: String, id: String },
    Comment(String),
    Skipped(DecodeError),
    Late,
    Lost { cause: Option<Cause>, wait: RangeInclusive<Duration>, error: &'static str },
}

pub(crate) fn opened() -> Want {
    Want::Opened
}

pub(crate) fn event(data: impl Into<String>) -> Want {
    Want::Event { event_type: "message".into(), data: data.into(), id: String::new() }
}

pub(crate) fn comment(text: &str) -> Want {
    Want::Comment(text.into())
}

/// Lost, with the usual wait before the next attempt.
pub(crate) fn lost(cause: Cause) -> Want {
    Want::Lost { cause: Some(cause), wait: WAIT..=WAIT, error: "" }
}

pub(crate) fn ended() -> Want {
    lost(Cause::EndOfStream)
}

pub(crate) fn broken() -> Want {
    lost(Cause::Transport)
}

impl Want {
    pub(crate) fn of_type(mut self, name: &str) -> Self {
        if let Self::Event { event_type, .. } = &mut self {
            *event_type = name.into();
        }
        self
    }

    pub(crate) fn id(mut self, text: impl Into<String>) -> Self {
        if let Self::Event { id, .. } = &mut self {
            *id = text.into();
        }
        self
    }

    /// With exactly this wait.
    pub(crate) fn wait(self, exactly: Duration) -> Self {
        self.wait_within(exactly..=exactly)
    }

    pub(crate) fn wait_within(mut self, bounds: RangeInclusive<Duration>) -> Self {
        if let Self::Lost { wait, .. } = &mut self {
            *wait = bounds;
        }
        self
    }

    /// With an error of the transport that has this text in it, in any case.
    pub(crate) fn saying(mut self, text: &'static str) -> Self {
        if let Self::Lost { error, .. } = &mut self {
            *error = text;
        }
        self
    }

    fn fits(&self, entry: &Entry) -> bool {
        match (self, entry) {
            (Self::Opened, Entry::Opened) | (Self::Late, Entry::Late) => true,
            (Self::Comment(want), Entry::Comment(text)) => want == text,
            (Self::Skipped(want), Entry::Skipped(error)) => want == error,
            (
                Self::Event { event_type, data, id },
                Entry::Event { event_type: t, data: d, id: i },
            ) => (event_type, data, id) == (t, d, i),
            (Self::Lost { cause, wait, error }, Entry::Lost { cause: c, wait: w, error: e }) => {
                cause.is_none_or(|cause| cause == *c) && wait.contains(w) && says(e, error)
            }
            _ => false,
        }
    }
}

/// An [`End`], as far as it is told beforehand.
#[derive(Clone, Debug)]
pub(crate) struct WantEnd {
    pub(crate) why: Closed,
    pub(crate) answer: Option<Answer>,
    pub(crate) any_answer: bool,
    /// What the transport's error has in it.
    pub(crate) error: &'static str,
}

impl WantEnd {
    fn fits(&self, end: &End) -> bool {
        let answered = self.any_answer || self.answer == end.answer;
        self.why == end.why && answered && says(&end.error, self.error)
    }
}

fn says(error: &Option<String>, text: &str) -> bool {
    let text = text.to_lowercase();
    text.is_empty() || error.as_ref().is_some_and(|error| error.to_lowercase().contains(&text))
}

/// A [`Request`], as far as it is told beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    method: &'static str,
    target: String,
    /// The values that a header must have, in order.
    headers: Vec<(&'static str, Vec<Vec<u8>>)>,
    /// A header that must be there, with any value.
    some: Option<&'static str>,
    body: Vec<u8>,
    /// Time since the request before.
    gap: Duration,
    /// Where only its length is known.
    id_len: Option<usize>,
}

/// A plain GET request for the stream, without an id.
pub(crate) fn asked() -> Asked {
    let headers = [
        ("accept", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("accept-encoding", "identity"),
    ];
    let mut asked = Asked {
        method: "GET",
        target: TARGET.to_owned(),
        headers: Vec::new(),
        some: None,
        body: Vec::new(),
        gap: Duration::ZERO,
        id_len: None,
    };
    for (name, value) in headers {
        asked = asked.header(name, value);
    }
    asked.without("last-event-id").without("content-type").without("transfer-encoding")
}

impl Asked {
    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    pub(crate) fn header(self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers(name, [value])
    }

    pub(crate) fn headers<V: AsRef<[u8]>, const N: usize>(
        mut self,
        name: &'static str,
        values: [V; N],
    ) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, values.iter().map(|value| value.as_ref().to_vec()).collect()));
        self
    }

    pub(crate) fn some(mut self, name: &'static str) -> Self {
        self.some = Some(name);
        self
    }

    pub(crate) fn without(self, name: &'static str) -> Self {
        self.headers::<&str, 0>(name, [])
    }

    pub(crate) fn id(self, id: impl AsRef<[u8]>) -> Self {
        self.header("last-event-id", id)
    }

    #[cfg(feature = "vectors")]
    pub(crate) fn id_len(mut self, len: usize) -> Self {
        self.headers.retain(|(name, _)| *name != "last-event-id");
        self.id_len = Some(len);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Not sooner than so long after the request before.
    pub(crate) fn gap(mut self, gap: Duration) -> Self {
        self.gap = gap;
        self
    }

    /// Says everything that is wrong with it.
    fn check(&self, request: &Request, before: Option<&Request>) -> Vec<String> {
        let mut checks = vec![
            same("method", &request.method(), &self.method),
            same("target", &request.target(), &&self.target[..]),
            same("body", &escape(request.body()), &escape(&self.body)),
        ];
        checks.extend(self.headers.iter().map(|(name, values)| {
            let found: Vec<_> = request.named(name).map(escape).collect();
            let values: Vec<_> = values.iter().map(|value| escape(value)).collect();
            same(name, &found, &values)
        }));
        let names = ["host"].into_iter().chain(self.some);
        checks.extend(names.map(|name| same(name, &request.header_count(name), &1)));
        checks.extend(self.id_len.map(|len| {
            same("length of the id", &request.last_event_id().map(<[u8]>::len), &Some(len))
        }));
        let mut wrong: Vec<_> = checks.into_iter().filter_map(Result::err).collect();
        let gap = before.map(|before| request.arrived().duration_since(before.arrived()));
        wrong.extend(
            gap.filter(|gap| *gap < self.gap)
                .map(|gap| format!("only {gap:?} after the request before")),
        );
        wrong
    }
}

fn escape(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, want: &T) -> Result<(), String> {
    if found == want {
        return Ok(());
    }
    Err(format!("{what}: {} instead of {}", short(found), short(want)))
}

/// A look at everything, for what a list cannot tell.
pub(crate) type Look = Box<dyn Fn(&Log, &[Request]) -> Result<(), String> + Send>;

/// All that must come out.
pub(crate) struct Wanted {
    /// What must be seen; `None` where a [`Look`] says it.
    pub(crate) log: Option<Vec<Want>>,
    /// `None` where the user drops the stream.
    pub(crate) end: Option<WantEnd>,
    /// `None` where a [`Look`] says it.
    pub(crate) requests: Option<Vec<Asked>>,
    pub(crate) requests_there: Vec<Asked>,
    pub(crate) looks: Vec<Look>,
    /// The user does not let waits run to their end.
    pub(crate) cuts_waits: bool,
}

impl Wanted {
    /// Says everything that is wrong. `calls` are the times at which connections were asked for, where time is exact.
    pub(crate) fn check(
        &self,
        log: &Log,
        here: &[Request],
        there: &[Request],
        calls: Option<&[Duration]>,
    ) -> Vec<String> {
        let mut wrong = log.faults.clone();
        if let Some(want) = &self.log {
            wrong.extend(check_entries(want, log));
        }
        let end = log.end.as_ref().map(|(_, end)| end);
        if !matches!((&self.end, end), (None, None))
            && !self.end.as_ref().is_some_and(|want| end.is_some_and(|end| want.fits(end)))
        {
            wrong.push(format!(
                "the end is {}\n      instead of {}",
                short(&end),
                short(&self.end)
            ));
        }
        if let Some(want) = &self.requests {
            check_requests("", want, here, &mut wrong);
        }
        check_requests(" elsewhere", &self.requests_there, there, &mut wrong);
        wrong.extend(self.looks.iter().filter_map(|look| look(log, here).err()));
        wrong.extend(
            log.settled
                .filter(|took| *took > SOON)
                .map(|took| format!("the connection was closed only {took:?} after the stream")),
        );
        if !self.cuts_waits {
            wrong.extend(check_waits(log));
            wrong.extend(calls.and_then(|calls| check_calls(log, calls)));
        }
        wrong.extend(
            log.errors()
                .filter(|error| error.contains("secret"))
                .map(|error| format!("an error shows the address: {error}")),
        );
        wrong
    }
}

fn check_entries(want: &[Want], log: &Log) -> Option<String> {
    let different = want.iter().zip(&log.entries).position(|(want, (_, e))| !want.fits(e));
    if let Some(at) = different {
        let (found, want) = (&log.entries[at].1, &want[at]);
        let (found, want) = (short(found), short(want));
        return Some(format!("entry {} is {found}\n      instead of {want}", at + 1));
    }
    let (found, want_len) = (log.entries.len(), want.len());
    (found != want_len).then(|| match want.get(found) {
        Some(missing) => format!("{found} entries instead of {want_len}: no {}", short(missing)),
        None => {
            let more = short(&log.entries[want_len].1);
            format!("{found} entries instead of {want_len}: {more}")
        }
    })
}

fn check_requests(place: &str, want: &[Asked], found: &[Request], wrong: &mut Vec<String>) {
    if found.len() != want.len() {
        wrong.push(format!("{} requests{place} instead of {}", found.len(), want.len()));
    }
    let mut before = None;
    for (at, (want, request)) in want.iter().zip(found).enumerate() {
        let why = want.check(request, before);
        wrong.extend(why.into_iter().map(|why| format!("request {}{place}, {why}", at + 1)));
        before = Some(request);
    }
}

/// No attempt was made before the wait was over. What came before a loss was seen before its wait began, what came after it
/// was seen after its end; so however slow the machine is, this holds.
fn check_waits(log: &Log) -> Option<String> {
    let mut before = Duration::ZERO;
    let end = log.end.as_ref().map(|(at, _)| *at);
    for (n, (at, entry)) in log.entries.iter().enumerate() {
        let next = log.entries.get(n + 1).map(|(at, _)| *at).or(end);
        if let (Entry::Lost { wait, .. }, Some(next)) = (entry, next)
            && next.saturating_sub(before) < *wait
        {
            return Some(format!("entry {}: the wait of {wait:?} was not kept", n + 1));
        }
        before = *at;
    }
    None
}

/// Each attempt was made when the wait was over, not sooner and not later.
fn check_calls(log: &Log, calls: &[Duration]) -> Option<String> {
    let is_last = |n: usize| n + 1 == log.entries.len() && log.end.is_none();
    let mut losses = log.entries.iter().enumerate().filter_map(|(n, (at, entry))| match entry {
        Entry::Lost { wait, .. } if !is_last(n) => Some((n, at.saturating_add(*wait))),
        _ => None,
    });
    losses
        .find(|(_, due)| !calls.contains(due))
        .map(|(n, due)| format!("entry {}: no attempt at {due:?}, but at {}", n + 1, short(&calls)))
}

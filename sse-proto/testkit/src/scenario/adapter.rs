//! How a client is plugged in, and what it may do differently.

use crate::scenario::{Ask, Record};

/// A client under test.
///
/// Several scenarios run at once, each on a thread of its own.
pub trait Adapter: Send + Sync + 'static {
    /// Follows one stream to its end, and notes everything it sees as it sees it.
    ///
    /// All its connections are closed when it returns. Where [`Record::note`] gives
    /// [`Command::Leave`](crate::scenario::Command::Leave), it returns without an end.
    fn follow(&self, ask: &Ask, record: &Record);

    /// What it lacks, and why: scenarios with these tags are not run, which the [`Report`](crate::scenario::Report) says.
    /// Nothing by default.
    fn lacks(&self) -> &[(Tag, &'static str)] {
        &[]
    }

    /// What it does differently, for reasons that are not its own; nothing by default.
    fn quirks(&self) -> &[Quirk] {
        &[]
    }
}

/// What a scenario is about, its first tag above all, and what it needs of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tag {
    /// How a body is wrapped, and how it is cut into reads.
    Framing,
    /// How the decoder reads what comes.
    Decode,
    /// Connections that break, or do not come about.
    Loss,
    /// The last event ID.
    Id,
    /// Whether and when the next attempt is made.
    Retry,
    /// Heads, statuses and content types.
    Http,
    /// What the request has: method, headers, body.
    Request,
    /// Redirects.
    Redirect,
    /// Time-outs.
    Clock,
    /// The mark that ends a stream.
    Sentinel,
    /// What the user does between one thing that happens and the next, as a [`Command`](crate::scenario::Command).
    Steer,
    /// What the user does while the client waits, as [`Record::cues`] tells it or from another thread.
    Meanwhile,
    /// Requests that are made anew for each attempt.
    Anew,
    /// Connections that are kept for another request.
    KeepAlive,
    /// A server that replays events from the last event ID on.
    Replay,
    /// https.
    Tls,
    /// What a server does that means harm, or might as well. What such scenarios cost is in
    /// [`hostile`](crate::scenario::hostile).
    Hostile,
    /// HTTP/2, over TLS.
    Http2,
    /// Bodies that are compressed because the user asked for it.
    Compression,
}

/// What a client does differently because the HTTP client below it does. Each is named by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quirk {
    /// Headers that the user made up go along to another origin: the HTTP client knows the usual names of credentials,
    /// and no others (reqwest).
    CustomHeadersCross,
    /// Credentials that were taken from a request to another origin come back when that origin redirects within itself: each
    /// hop starts from the headers of the first (reqwest 0.13, by tower-http's `FollowRedirect`).
    CredentialsComeBack,
    /// A request that was redirected says from where in its `Referer`, query included, also to another origin (reqwest,
    /// unless its client was built with `referer(false)`).
    SendsReferer,
    /// A response head with more than 100 headers is an error (reqwest, unless its client was built with
    /// `http1_max_headers`).
    AtMost100Headers,
    /// A redirect to what is no URI is taken for the final answer, as if it had no `Location` (reqwest).
    BadLocationIsFinal,
}

//! Server-sent events over [surf] and [async-std].
//!
//! A stream of events that survives its connections: it reconnects with a growing, random wait, resumes by
//! `Last-Event-ID`, and neither loses an event nor gives one twice if the server gives each an id and replays from there.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use sse_async_std::{ClientExt, StreamClient};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = surf::Client::with_http_client(StreamClient::new());
//! let request = client.get("https://example.com/stream").header("authorization", "Bearer token");
//! let mut events = client.event_source(request);
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event_type(), event.data());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`ClientExt::event_source`]: from any request, so that headers, method and body are set the way you know. A request whose
//!   body has no known length is sent once.
//! - [`get`]: from an address.
//! - [`from_factory`]: the request is made anew for each attempt, asynchronously: a fresh token, another query, another method.
//! - [`ResponseExt::event_stream`]: from one response, without reconnection.
//!
//! An unreachable server is no error by default: the first connection is retried too, and for ever unless [`RetryPolicy`] limits it.
//! [`updates()`](sse_proto::client::EventSource::updates) gives the openings and the losses with their causes as well.
//!
//! Sent with each request unless it has them: `Accept: text/event-stream`, `Cache-Control: no-cache`, and
//! `Accept-Encoding: identity`, since compression delays events unless the server flushes it. Where it does, ask for `gzip` in the
//! request and undo it by a middleware: the [example `gzip`](https://docs.rs/crate/sse-async-std/latest/source/examples/gzip).
//!
//! # What ends a stream, and what is retried
//!
//! | happening | outcome |
//! |---|---|
//! | 200 and `text/event-stream` (case and parameters do not matter) | open |
//! | 204 | the end, no error |
//! | 429, 500, 502, 503, 504 | another attempt, after `Retry-After` if that is longer than the wait would be; where the policy allows none, an error that still holds the response |
//! | another status, another content type, a `Content-Encoding` that nobody undid | an error that still holds the response and its unread body |
//! | end of the body, reset, refused, DNS, TLS, time-out | another attempt, the first one too; of a one-shot request a clean end is the end, anything else an error |
//! | POST, PATCH and other methods that are not idempotent | sent once, unless you give a policy (`until_open`: retried until the answer begins) or a factory |
//! | the sentinel, where one is set | the end; a body that ends without it counts as a loss |
//! | `retry: N` | the least wait from now on, in milliseconds; above an hour it is an error that says so, as with `Retry-After` |
//! | limits of the policy, by count and by time | an error with the last cause |
//! | a block over a limit (32 MiB of data, 64 KiB of id) | that block alone is an error; its id does not count, and the stream goes on |
//! | `close()` | the end; nothing comes out afterwards |
//!
//! The wait before an attempt is `max(floor, retry, Retry-After) + uniform(0, min(cap, base · factorⁿ))`, by default 1 s, doubled
//! up to 30 s; after a connection that stayed open for ten seconds it starts small again. [`RetryPolicy`] sets all of that;
//! [`RetryPolicy::standard`] waits as browsers do, [`RetryPolicy::never`] is one shot.
//!
//! # Clocks, limits, ids
//!
//! - [`Config::connect_timeout`] is 30 s. [`Config::first_byte_timeout`], [`Config::idle_timeout`] and [`Config::late_after`] are off,
//!   since a quiet stream is legal; where the server sends a heartbeat, set the idle time to two or three times its interval.
//!   Without one, a server that vanished is noticed by the TCP probes that [`StreamClient`] asks for, in about a minute, but not behind a proxy.
//! - [`Limits`] are 32 MiB of data for an event and 64 KiB for its id and its type.
//! - [`snapshot()`](sse_proto::client::EventSource::snapshot) has the id that a reconnection carries. Store it, and give it to
//!   [`Config::resume`] at the next start. With [`Commit::Manual`] it is the id that you committed after processing, so
//!   that a crash loses nothing.
//! - Back-pressure: no chunk is read before the last one is used up; over HTTP/2 up to a window is read ahead. Dropping the stream closes its connection; a `next()` that
//!   is dropped loses nothing.
//!
//! # Redirects
//!
//! Redirects are followed here, at most ten, since surf does not and its middleware for it opens a stream twice. To another
//! origin go only the headers that say what is wanted, such as `Accept`, or describe a body that goes along, such as `Content-Type`;
//! every other one could be a credential.
//!
//! # Not for new code
//!
//! async-std is discontinued and surf unmaintained, so expect no fix for a flaw in them or in the old crates that they bring;
//! `deny.toml` in the repository lists the seven advisories that are accepted, with the reasons. This crate is for programs that
//! stand on surf already; for new code there is [`sse-tokio`](https://docs.rs/sse-tokio), whose names are the same but for
//! `RequestBuilderExt` in place of [`ClientExt`], and for what is reqwest's own, such as `into_reqwest` and `headers`.
//!
//! # Which client
//!
//! No backend that comes with surf is fit for event streams, so this crate brings [`StreamClient`]. Any other
//! [`surf::Client`] is accepted, at a price:
//!
//! | | `curl-client`, surf's default | `h1-client` | `hyper-client` |
//! |---|---|---|---|
//! | response head | only with the first byte of the body | at once | at once |
//! | body ended by close | works | **is empty, without an error** | works |
//! | dropped stream | **socket stays open** | closed, or back in the pool unread | closed |
//! | status 520 and the like | **panics** | error | **panics** |
//! | header values that are not ASCII | **panics** | panics or fails | fails |
//! | time-out | **of the whole stream** | of the head | of the head |
//! | `Last-Event-ID` that is not ASCII | not sent | not sent | not sent |
//! | proxy | as the environment says | none | none |
//! | compressed body | is decompressed, with events late | **is taken for an empty stream**, if you asked for it | as `h1-client` |
//! | other | | 50 connections, the next waits for ever | brings tokio 0.2 |
//!
//! [`StreamClient`] uses no proxy either, not even one that the environment names.
//!
//! # On smol
//!
//! It works on smol, which shares async-std's reactor: sockets and timers have a thread of their own, and no task of async-std's
//! runtime is needed but for what waits for the system, which is to resolve a name and to load certificates. The example
//! `smol` shows it; any other executor will do as well.
//!
//! # Features, and how many crates they bring
//!
//! | features | crates | |
//! |---|---|---|
//! | none | 152 | HTTP/1.1, no TLS; most of it is surf's own tree |
//! | `rustls` | 162 | TLS by rustls with ring, which needs a C compiler, and the platform's certificates; the default |
//! | `http2` | 172 | HTTP/2 where the server takes it, and `rustls` |
//! | `json` | 152 | `Event::json`, and `json()` on streams of events |
//! | `serde` | 152 | snapshots that can be stored |
//! | `tracing` | 154 | one line for each transition |
//!
//! This crate and the core are among them. Each line was counted, and is held, by
//! `cargo tree -p sse-async-std --no-default-features --features … --target x86_64-unknown-linux-gnu -e normal --prefix none --no-dedupe | sort -u | wc -l`.
//!
//! # Oldest Rust
//!
//! 1.89.
//!
//! [surf]: https://docs.rs/surf
//! [async-std]: https://docs.rs/async-std
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod clock;
mod exchange;
mod http;
mod request;
mod response;

pub use clock::Clock;
pub use http::{RawHead, RawHeaders, StreamClient};
pub use request::{ClientExt, from_factory, get, get_with};
pub use response::{Body, EventStream, Response, ResponseExt};

pub use sse_proto::{
    Attempt, Cause, Closed, Commit, Config, DecodeError, Event, EventRef, GiveUp, InvalidId,
    Limits, Lost, ReadyState, ReconnectTo, Refusal, RetryPolicy, Sentinel, Snapshot, Stats,
    client::{Handle, Permanent},
    stream::{NextRef, StreamError},
};
#[cfg(feature = "json")]
pub use sse_proto::{
    JsonError, JsonProblem,
    stream::{JsonStream, JsonStreamError},
};

/// A stream of events that survives its connections.
///
/// | method | |
/// |---|---|
/// | `next().await` | the next event; `Err` is terminal unless `is_event_too_large()`; `None` is the end |
/// | `next_ref().await` | the same, lent until the next is asked for: most events are neither allocated nor copied |
/// | `updates()`, `into_updates()` | a stream of everything: openings, events, comments, losses; lent, or to keep |
/// | `json::<T>()` | a stream of values, feature `json` |
/// | `opened().await` | the first response, or why there is none |
/// | `response()` | the response that is open, with its head |
/// | `handle()` | closes, restarts and watches the stream from another task |
/// | `close()`, `restart()`, `commit(id)`, `set_last_event_id(id)` | steer it |
/// | `last_event_id()`, `snapshot()`, `ready_state()`, `closed()`, `stats()` | look at it |
///
/// See [`sse_proto::client::EventSource`] for each.
pub type EventSource = sse_proto::client::EventSource<Transport>;

/// Requests through surf, time through async-std's reactor; see [`sse_proto::client::HttpTransport`].
pub type Transport = sse_proto::client::HttpTransport<Response, Clock>;

/// Why an [`EventSource`] ended, or that it skipped a block; see [`sse_proto::client::Error`].
pub type Error = sse_proto::client::Error<Transport>;

/// Why a request could not be made or sent, or why its body failed; see [`sse_proto::client::TransportError`].
///
/// What a client other than [`StreamClient`] says is the text of an error of kind [`Other`](std::io::ErrorKind::Other).
pub type TransportError = sse_proto::client::TransportError<std::io::Error>;

/// Something that happened to an [`EventSource`]; see [`sse_proto::client::Update`].
pub type Update = sse_proto::client::Update<Transport>;

/// Everything that happens to a source, which is lent; see [`sse_proto::client::Updates`].
pub type Updates<'a> = sse_proto::client::Updates<'a, Transport>;

/// Everything that happens to its source; see [`sse_proto::client::IntoUpdates`].
pub type IntoUpdates = sse_proto::client::IntoUpdates<Transport>;

/// A loss that will be retried; see [`sse_proto::client::Loss`].
pub type Loss = sse_proto::client::Loss<Transport>;

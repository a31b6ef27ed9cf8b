//! Server-sent events over [reqwest] and [tokio].
//!
//! A stream of events that survives its connections: it reconnects with a growing, random wait, resumes by
//! `Last-Event-ID`, and neither loses an event nor gives one twice if the server gives each an id and replays from there.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use sse_tokio::RequestBuilderExt;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = reqwest::Client::new();
//! let mut events = client.get("https://example.com/stream").bearer_auth("token").event_source();
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event_type(), event.data());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`RequestBuilderExt::event_source`]: from any request, so that headers, method, body, proxy and TLS are set the way you
//!   know. A request whose body cannot be cloned is sent once.
//! - [`get`]: from an address.
//! - [`from_factory`]: the request is made anew for each attempt, asynchronously: a fresh token, another query, another method.
//! - [`ResponseExt::event_stream`]: from one response, without reconnection.
//!
//! An unreachable server is no error by default: the first connection is retried too, and for ever unless [`RetryPolicy`] limits it.
//! [`updates()`](sse_proto::client::EventSource::updates) gives the openings and the losses with their causes as well.
//!
//! Sent with each request unless it has them: `Accept: text/event-stream`, `Cache-Control: no-cache`, and
//! `Accept-Encoding: identity`, since compression delays events unless the server flushes it. A client's default headers of
//! these names, and what its `.gzip(true)` asks for, are out of sight and give way: set such a header on the request.
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
//!   Without one, a server that vanished is noticed by the TCP probes that reqwest asks for, in about a minute, but not behind a proxy.
//!   Reqwest's own `timeout` is a total one and kills a healthy stream, which then counts as lost: leave it unset.
//! - [`Limits`] are 32 MiB of data for an event and 64 KiB for its id and its type.
//! - [`snapshot()`](sse_proto::client::EventSource::snapshot) has the id that a reconnection carries. Store it, and give it to
//!   [`Config::resume`] at the next start. With [`Commit::Manual`] it is the id that you committed after processing, so
//!   that a crash loses nothing.
//! - Back-pressure: no chunk is read before the last one is used up; over HTTP/2 up to a window is read ahead. Dropping the stream closes its connection; a `next()` that
//!   is dropped loses nothing.
//!
//! # Redirects
//!
//! reqwest follows redirects, ten at most, as its client's policy says. It keeps `Authorization` and cookies from an origin
//! that is not the last one, but not headers of your own making, such as `X-Api-Key`; of two redirects after one another the
//! second, within the other origin, carries `Authorization` and cookies again; and a `Referer` tells where the redirect came from, query included,
//! unless the client is built with `referer(false)`, as those of [`get`] are. Where that matters, build the client with
//! `redirect(Policy::none())`: a redirect is then an error that holds the response. A redirect to what is no address is taken for
//! the answer too.
//!
//! With [`ReconnectTo::Redirected`] what could be a credential is taken from the request where it begins at another origin.
//! Headers that the client itself adds to each request (`default_headers`) are out of reach there and go along: set credentials
//! on the request.
//!
//! A response head with more than 100 headers fails, as reqwest has it over HTTP/1.1; that is a loss. A client that takes more is
//! built with `http1_max_headers`.
//!
//! # Proxies
//!
//! Set on reqwest's client, or taken from the environment. Over http the proxy's answer is the answer: 407 is an error, 502 is
//! retried. Over https there is a tunnel, and whatever keeps it from opening, 407 included, is a loss.
//!
//! # Many streams over HTTP/2
//!
//! Streams of one client share a connection to a server once there is one; of those that start before, each shakes hands. Above
//! the number that the server allows on a connection (`SETTINGS_MAX_CONCURRENT_STREAMS`) they wait for another to end, in silence:
//! [`Config::connect_timeout`] covers that wait, and a request that it ended is still sent, and reset, when there is room. More
//! room is in a second client, or in `http1_only()`.
//!
//! They share its windows, too: by reqwest's defaults 2 MiB of a stream that is not read are kept for it, and at 5 MiB unread all
//! streams of the connection stand still. Where many small frames lie unread, h2 ends the connection (`ENHANCE_YOUR_CALM`): at
//! about 12,000 events of 50 bytes, of all streams together. Where readers may stop for long, build the client with
//! `http2_initial_stream_window_size(128 * 1024)` and `http2_initial_connection_window_size(8 * 1024 * 1024)`, as those of [`get`]
//! are, which does for seven that stand still at once; for more, raise the second. A head of more than 16 KiB is a loss there, unless the client has a larger `http2_max_header_list_size`.
//!
//! # Certificates
//!
//! reqwest checks them as the platform does. `reqwest::Client::builder()` trusts a server's own with `tls_certs_merge`; for a test
//! `tls_danger_accept_invalid_certs(true)` accepts any from anyone, who can then read and change everything. The name is meant to be
//! long.
//!
//! # Moving here
//!
//! [`moving`] has a page for each crate that people come from: its code, ours, and what behaves differently.
//!
//! # Features, and how many crates they bring
//!
//! | features | crates | |
//! |---|---|---|
//! | none | 75 | HTTP/1.1, no TLS |
//! | `rustls` | 88 | TLS by rustls with aws-lc-rs, which needs a C compiler |
//! | `rustls-no-provider` | 86 | the same; the program installs a crypto provider before the first client is built |
//! | `native-tls` | 88 | TLS by the system's library; on Linux that is OpenSSL |
//! | `http2` | 82 | HTTP/2 where the server offers it |
//! | `rustls,http2` | 95 | the default |
//! | `system-proxy` | 75 | the system's proxy settings; on Windows and macOS by further crates |
//! | `json` | 80 | `Event::json`, and `json()` on streams of events |
//! | `serde` | 78 | snapshots that can be stored |
//! | `tracing` | 75 | one line for each transition |
//!
//! This crate and the core are among them. Each line was counted, and is held, by
//! `cargo tree -p sse-tokio --no-default-features --features … --target x86_64-unknown-linux-gnu -e normal --prefix none --no-dedupe | sort -u | wc -l`.
//!
//! # Oldest Rust
//!
//! 1.89.
//!
//! [reqwest]: https://docs.rs/reqwest
//! [tokio]: https://docs.rs/tokio
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(doc)]
pub mod moving;
mod clock;
mod request;
mod response;

pub use clock::Clock;
pub use request::{RequestBuilderExt, from_factory, get, get_with};
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

/// Requests through reqwest, time through tokio; see [`sse_proto::client::HttpTransport`].
pub type Transport = sse_proto::client::HttpTransport<Response, Clock>;

/// Why an [`EventSource`] ended, or that it skipped a block; see [`sse_proto::client::Error`].
pub type Error = sse_proto::client::Error<Transport>;

/// Why a request could not be made or sent, or why its body failed; see [`sse_proto::client::TransportError`].
pub type TransportError = sse_proto::client::TransportError<reqwest::Error>;

/// Something that happened to an [`EventSource`]; see [`sse_proto::client::Update`].
pub type Update = sse_proto::client::Update<Transport>;

/// Everything that happens to a source, which is lent; see [`sse_proto::client::Updates`].
pub type Updates<'a> = sse_proto::client::Updates<'a, Transport>;

/// Everything that happens to its source; see [`sse_proto::client::IntoUpdates`].
pub type IntoUpdates = sse_proto::client::IntoUpdates<Transport>;

/// A loss that will be retried; see [`sse_proto::client::Loss`].
pub type Loss = sse_proto::client::Loss<Transport>;

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

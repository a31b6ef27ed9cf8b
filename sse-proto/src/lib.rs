//! `sse-proto` turns bytes into server-sent events, events into bytes, and what happened to a connection into the next thing
//! to do about it, without a socket, a clock, a thread or an executor. `sse-tokio` and `sse-async-std` put it on reqwest and on
//! surf: their streams reconnect, resume by `Last-Event-ID`, and lose nothing that the server sends again from there. All of it is
//! safe Rust, bounded in memory whatever a peer sends, and follows the
//! [WHATWG HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html).
//!
//! # What to take
//!
//! | you have | take |
//! |---|---|
//! | reqwest, or nothing yet | [`sse-tokio`](https://docs.rs/sse-tokio) |
//! | surf and async-std | [`sse-async-std`](https://docs.rs/sse-async-std); both are unmaintained, so not for new code |
//! | a stream of byte chunks from any HTTP client | [`stream::EventStream`], feature `stream` |
//! | another HTTP client or runtime, and want reconnection | [`client::EventSource`] over a [`client::Transport`] of yours, feature `client` |
//! | a socket and a loop: blocking, embedded, WASM | [`Session`] |
//! | bytes | [`Decoder`] |
//! | events to send | [`Encoder`] |
//! | tests of an SSE client | [`sse-testkit`](https://docs.rs/sse-testkit): a scripted server with faults |
//!
//! If you come from another crate, its names are beside ours in
//! [`sse_tokio::moving`](https://docs.rs/sse-tokio/latest/sse_tokio/moving/).
//!
//! # Decoding
//!
//! ```
//! use sse_proto::{Decoded, Decoder};
//!
//! let mut decoder = Decoder::new();
//! for chunk in ["event: token\ndata: Hel", "lo\n", "\n: ping\n"] {
//!     decoder.push(chunk);
//!     while let Some(result) = decoder.pull() {
//!         match result {
//!             Ok(Decoded::Event(event)) => println!("{}: {}", event.event_type(), event.data()),
//!             Ok(_) => {}
//!             Err(error) => eprintln!("skipped a block: {error}"),
//!         }
//!     }
//! }
//! ```
//!
//! # The loop
//!
//! A [`Session`] is told what happened, and says what to do. Between two waits the loop drains it; the next chunk is read only
//! then, so back-pressure needs no further care. Time and chance are arguments: the same seed and the same inputs give the same
//! outputs. The loop with a network that is filled in, and the states, are at [`Session`].
//!
//! ```
//! use std::io;
//!
//! use sse_proto::{Attempt, Config, Instant, Output, ResponseHead, Session};
//!
//! /// Your socket and your clock.
//! trait Network {
//!     /// Sends a GET with what `attempt.headers()` says, on a new connection, and reads the response head.
//!     fn request(&mut self, attempt: &Attempt) -> io::Result<()>;
//!     /// That head: `ResponseHead::new(status).content_type(value)`.
//!     fn head(&self) -> ResponseHead<'_>;
//!     /// Reads once; once without waiting where the deadline has passed. Without a connection it sleeps until then.
//!     fn read_until(&mut self, deadline: Option<Instant>) -> io::Result<Read>;
//!     /// Drops the connection.
//!     fn disconnect(&mut self);
//!     /// `Instant::from_origin(start.elapsed())`
//!     fn now(&self) -> Instant;
//! }
//!
//! enum Read { Chunk(Vec<u8>), End, TimedOut }
//!
//! fn follow(network: &mut impl Network, seed: u64) {
//!     let mut session = Session::new(Config::default(), seed, network.now());
//!     loop {
//!         match session.poll_output() {
//!             Output::Connect(attempt) => match network.request(&attempt) {
//!                 Ok(()) => session.handle_response(network.now(), network.head()),
//!                 Err(error) => {
//!                     eprintln!("{error}");
//!                     session.handle_error(network.now());
//!                 }
//!             },
//!             Output::Event(event) => println!("{}", event.data()),
//!             Output::Lost(lost) => {
//!                 network.disconnect();
//!                 eprintln!("{}; again in {:?}", lost.cause, lost.retry_in);
//!             }
//!             Output::Wait(deadline) => match network.read_until(deadline) {
//!                 Ok(Read::Chunk(chunk)) => session.handle_chunk(network.now(), chunk),
//!                 Ok(Read::End) => session.handle_eof(network.now()),
//!                 Ok(Read::TimedOut) => session.handle_timeout(network.now()),
//!                 Err(error) => {
//!                     eprintln!("{error}");
//!                     session.handle_error(network.now());
//!                 }
//!             },
//!             Output::Closed(why) => break println!("{why}"),
//!             _ => {}
//!         }
//!     }
//! }
//! ```
//!
//! # What ends a stream, and what is retried
//!
//! With [`RetryPolicy::default`], and for a POST if [`Config::for_request`] has seen the method, as it has in the adapters:
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
//! up to 30 s. After a connection that stayed open for ten seconds it starts small again; being accepted alone is not health.
//! [`RetryPolicy::standard`] is a browser's instead, and [`RetryPolicy`] tells where the default differs from it.
//!
//! # Clocks
//!
//! | clock | from, to | default | when it runs out |
//! |---|---|---|---|
//! | [`Config::connect_timeout`] | the request, the response head | 30 s | lost |
//! | [`Config::first_byte_timeout`] | the head, the first byte of the body | none | lost |
//! | [`Config::idle_timeout`] | byte, byte, comments included | none: a quiet stream is legal | lost |
//! | [`Config::late_after`] | byte, byte | none | told, once until the next byte |
//! | [`RetryPolicy::healthy_after`] | the head, the loss | 10 s | losses count from the start again |
//! | [`RetryPolicy::max_elapsed`] | the first loss in a row, the end of a wait | none | an error |
//! | [`RetryPolicy::max_server_wait`] | what the server asks for | 1 h | an error |
//!
//! There is no total time-out; one of the HTTP client's own would kill a healthy stream.
//!
//! # Limits
//!
//! A block may have 32 MiB of data, and 64 KiB of id and of event type ([`Limits`]). One that has more is skipped with a
//! [`DecodeError`], moves no id, and the next one comes as if nothing had happened. What nobody reads, such as unknown fields,
//! is discarded as it comes. A decoder holds the limit, one chunk and some KiB, whatever a peer sends.
//!
//! # Ids
//!
//! - A block moves the last event ID when it ends, with data or without; a block that the stream's end cuts off does not.
//! - An empty `id` resets it: the next request carries no `Last-Event-ID`. An `id` with a NUL is ignored.
//! - An id with a control character stays on its events, but no header can carry it: a reconnection sends the last id that can be
//!   sent. So some events may come twice; none is lost.
//! - With [`Commit::Manual`] a reconnection carries the last id that *you* committed after processing: at least once, over crashes
//!   too. [`Session::snapshot`] and [`Session::resume`] put a session away and take it up again.
//! - Exactly once needs a server that replays from the id, and a commit that is one transaction with what processing did.
//!
//! # Features
//!
//! | feature | brings | depends on |
//! |---|---|---|
//! | `std`, default | UTF-8 checks with AVX2, HTTP dates in `Retry-After` | httpdate |
//! | `stream` | [`stream::EventStream`] | futures-core |
//! | `client` | [`client::EventSource`], [`client::Transport`] | `std`, `stream` |
//! | `json` | `Event::json`, and `json()` on the streams of `stream` and `client` | serde, serde_json |
//! | `serde` | a [`Snapshot`] that can be stored | serde |
//! | `tracing` | one line for each transition of a client | `client`, tracing |
//!
//! Without any of them the core needs `alloc`, [bytes](https://docs.rs/bytes), [memchr](https://docs.rs/memchr),
//! [simdutf8](https://docs.rs/simdutf8) and [wide](https://docs.rs/wide).
//!
//! # Oldest Rust
//!
//! 1.89, for every crate of the workspace; a newer one is a minor version.
//!
// Where the feature is off, what is linked is elsewhere.
#![cfg_attr(not(feature = "stream"), doc = "[`stream::EventStream`]: https://docs.rs/sse-proto")]
#![cfg_attr(not(feature = "client"), doc = "[`client::EventSource`]: https://docs.rs/sse-proto")]
#![cfg_attr(not(feature = "client"), doc = "[`client::Transport`]: https://docs.rs/sse-proto")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// What a peer sends never panics: an exception needs the invariant that makes it impossible.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

extern crate alloc;

mod limits;
mod error;
mod time;
mod text;
mod event;
mod line;
mod field;
mod assemble;
mod decoder;
mod encoder;
#[cfg(feature = "json")]
mod json;
mod backoff;
mod response;
mod session;
#[cfg(feature = "stream")]
pub mod stream;
#[cfg(feature = "client")]
pub mod client;

pub use backoff::{Backoff, RetryPolicy};
pub use decoder::{Decoded, Decoder, Found};
pub use encoder::Encoder;
pub use error::{BuildError, DecodeError};
pub use event::{CommentRef, Event, EventBuilder, EventRef};
#[cfg(feature = "json")]
pub use json::{JsonError, JsonProblem};
pub use limits::Limits;
pub use response::{Redirect, ResponseHead, is_repeatable};
pub use session::{
    Attempt, Cause, Closed, Commit, Config, GiveUp, InvalidId, Lost, Output, ReadyState,
    ReconnectTo, Refusal, Sentinel, Session, Snapshot, Stats,
};
pub use time::Instant;

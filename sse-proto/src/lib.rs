//! `sse-proto` turns bytes into server-sent events, events into bytes, and what happened to a connection into the next thing
//! to do about it, without a socket, a clock, a thread or an executor. `sse-tokio` and `sse-async-std` put it on reqwest and on
//! surf: their streams reconnect, resume by `Last-Event-ID`, and lose nothing. All of it is safe Rust, bounded in memory whatever
//! a peer sends, and follows the [WHATWG HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html).
//!
//! # What to take
//!
//! | you have | take |
//! |---|---|
//! | reqwest, or nothing yet | `sse-tokio` |
//! | surf | `sse-async-std` |
//! | a stream of byte chunks from any HTTP client | `stream::EventStream`, feature `stream` |
//! | another HTTP client or runtime, and want reconnection | `client::EventSource` over a `client::Transport`, feature `client` |
//! | a socket and a loop: blocking, embedded, WASM | [`Session`] |
//! | bytes | [`Decoder`] |
//! | events to send | [`Encoder`] |
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
//! # A stream's life
//!
//! What ends a stream, and what is retried, with [`RetryPolicy::default`]:
//!
//! | happening | outcome |
//! |---|---|
//! | 200 and `text/event-stream` | open |
//! | 204 | the end, no error |
//! | 429, 500, 502, 503, 504 | another attempt, after `Retry-After` if that is longer |
//! | another status, another content type | an error that still holds the response and its unread body |
//! | end of the body, reset, refused, DNS, TLS, time-out | another attempt, the first one too; of a one-shot request a clean end is the end |
//! | POST, PATCH | sent once, unless you give a policy or a factory |
//! | a [`Sentinel`] such as `[DONE]` | the end; a body that ends without it is lost |
//! | limits of the policy | an error with the last cause |
//!
//! The wait before an attempt is `max(floor, retry, Retry-After) + uniform(0, min(cap, base · factorⁿ))`; after a connection that
//! stayed open for ten seconds it starts small again. [`Session`] has the loop that drives all this, and its states.
//!
//! # Features
//!
//! | feature | brings | depends on |
//! |---|---|---|
//! | `std`, default | UTF-8 checks with AVX2, HTTP dates in `Retry-After` | httpdate |
//! | `stream` | `stream::EventStream` | futures-core |
//! | `client` | `client::EventSource`, `client::Transport` | `std`, `stream` |
//! | `json` | `Event::json` | serde, serde_json |
//! | `serde` | snapshots that can be stored | serde |
//! | `tracing` | one line for each transition of a client | `client`, tracing |
//!
//! Without any of them the core needs `alloc`, [bytes](https://docs.rs/bytes), [memchr](https://docs.rs/memchr) and
//! [simdutf8](https://docs.rs/simdutf8). The oldest supported Rust is 1.88.
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

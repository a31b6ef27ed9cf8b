//! From [reqwest-eventsource](https://docs.rs/reqwest-eventsource) 0.6.0, which needs reqwest 0.12.
//!
//! ```text
//! let mut source = client.get(url).eventsource()?;
//! while let Some(event) = source.next().await {
//!     match event {
//!         Ok(Event::Open) => println!("open"),
//!         Ok(Event::Message(message)) => println!("{}: {}", message.event, message.data),
//!         Err(error) => {
//!             println!("{error}");
//!             source.close();
//!         }
//!     }
//! }
//! ```
//!
//! Here `next()` gives events alone, and what is retried is no error. A `close()` at each error, which there ends a stream at
//! its first loss, is no longer wanted:
//!
//! ```no_run
//! # async fn run(client: reqwest::Client, url: &str) -> Result<(), sse_tokio::Error> {
//! use futures_util::StreamExt;
//! use sse_tokio::RequestBuilderExt;
//!
//! let mut source = client.get(url).event_source();
//! while let Some(event) = source.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event_type(), event.data());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With openings and losses:
//!
//! ```no_run
//! # async fn run(client: reqwest::Client, url: &str) -> Result<(), sse_tokio::Error> {
//! use futures_util::StreamExt;
//! use sse_tokio::{RequestBuilderExt, Update};
//!
//! let mut source = client.get(url).event_source();
//! let mut updates = source.updates();
//! while let Some(update) = updates.next().await {
//!     match update? {
//!         Update::Opened => println!("open"),
//!         Update::Event(event) => println!("{}: {}", event.event_type(), event.data()),
//!         Update::Lost(loss) => println!("{loss}, next attempt in {:?}", loss.lost.retry_in),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Names
//!
//! | there | here |
//! |---|---|
//! | `EventSource::new(request)?`, `request.eventsource()?` | [`event_source()`](crate::RequestBuilderExt::event_source); a body that cannot be cloned is no error but makes the request one-shot |
//! | `EventSource::get(url)` | [`get`](crate::get) |
//! | `Event::Open`, `Event::Message` | [`Update::Opened`](sse_proto::client::Update::Opened), [`Update::Event`](sse_proto::client::Update::Event) |
//! | `message.event`, `.data`, `.id` | [`event_type()`](crate::Event::event_type), [`data()`](crate::Event::data), [`last_event_id()`](crate::Event::last_event_id) |
//! | `message.retry` | heeded, not shown |
//! | `source.close()`, `ready_state()`, `last_event_id()` | the same; from other tasks by a [`Handle`](crate::Handle) |
//! | `set_retry_policy(Box::new(ExponentialBackoff::new(start, factor, max_duration, max_retries)))` | [`Config::retry`](crate::Config::retry)`(`[`RetryPolicy`](crate::RetryPolicy)`::default().base(start).factor(factor).cap(max_duration).max_retries(max_retries))` |
//! | `retry::Constant::new(delay, max_retries)` | `RetryPolicy::default().base(Duration::ZERO).reconnection_time(delay).max_retries(max_retries)` |
//! | `retry::Never` | `RetryPolicy::never()` |
//! | a `RetryPolicy` of one's own, over the error | [`RetryPolicy::statuses`](crate::RetryPolicy::statuses), limits by count and time; a decision for each attempt in [`from_factory`](crate::from_factory) |
//! | `Error::InvalidStatusCode(status, response)`, `InvalidContentType(_, response)` | [`is_refused()`](sse_proto::client::Error::is_refused), [`status()`](sse_proto::client::Error::status), [`into_response()`](sse_proto::client::Error::into_response) |
//! | `Error::StreamEnded`, `Transport`, `Utf8`, `Parser` | losses: [`Update::Lost`](sse_proto::client::Update::Lost); invalid UTF-8 and unknown lines are no errors |
//!
//! # What behaves differently
//!
//! | | there | here |
//! |---|---|---|
//! | the third connection, after events without an id of their own | `Last-Event-ID` is empty | carries the last id |
//! | an id in a block without data | lost | moves the last event ID |
//! | 204 | an error | the end, no error |
//! | 429, 500, 502, 503, 504 | ends for good | retried, after `Retry-After` |
//! | a POST whose connection is lost | sent again | not, unless you give a policy (`until_open`: retried until the answer begins) or a factory |
//! | `max_retries` of 2 and more | never reached: the counter stands still | the limit |
//! | a 200 that closes at once | the wait starts anew, 300 ms | backs off like a refusal |
//! | wait without options | 300 ms, doubled up to 5 s, no jitter | random in 0 to 1 s, doubled up to 30 s |
//! | the server's `retry` | replaces the start; without data in its block it is lost | the least wait from when its line ends |
//! | an id that no header can carry | ends the stream | the last one that can be sent goes out |
//! | a byte order mark | panics | removed, at the beginning only |
//! | invalid UTF-8 | an error, and a reconnection | U+FFFD, as the standard has it |
//! | CR CR | the event comes with the next byte | the event comes |
//! | memory for one event | no limit | [`Limits`](crate::Limits) |
//! | request to head, silence | as long as the HTTP client allows | [`Config::connect_timeout`](crate::Config::connect_timeout), [`Config::idle_timeout`](crate::Config::idle_timeout) |
//!
//! Lacking here: WASM targets, which that crate compiles for.

//! From [eventsource-client](https://docs.rs/eventsource-client) 0.18.0, which asks for a transport of yours.
//!
//! ```text
//! let client = ClientBuilder::for_url("https://example.com/stream")?
//!     .header("Authorization", "Bearer token")?
//!     .reconnect(ReconnectOptions::reconnect(true).retry_initial(true).build())
//!     .build_with_transport(transport);
//! let mut stream = client.stream();
//! while let Some(event) = stream.try_next().await? {
//!     match event {
//!         SSE::Connected(details) => println!("{}", details.response().status()),
//!         SSE::Event(event) => println!("{}: {}", event.event_type, event.data),
//!         SSE::Comment(text) => println!(": {text}"),
//!     }
//! }
//! ```
//!
//! Here:
//!
//! ```no_run
//! # async fn run() -> Result<(), sse_tokio::Error> {
//! use futures_util::TryStreamExt;
//! use sse_tokio::{RequestBuilderExt, Update};
//!
//! let client = reqwest::Client::new();
//! let mut source = client.get("https://example.com/stream").bearer_auth("token").event_source();
//! let mut updates = source.updates();
//! while let Some(update) = updates.try_next().await? {
//!     match update {
//!         Update::Opened => println!("{:?}", updates.source().response().map(|r| r.status())),
//!         Update::Event(event) => println!("{}: {}", event.event_type(), event.data()),
//!         Update::Comment(text) => println!(": {text}"),
//!         Update::Lost(loss) => println!("{loss}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! There an `Err` may be about a loss that is retried, so `?` ends a stream that would have gone on; here an `Err` is the end,
//! unless [`is_event_too_large()`](sse_proto::client::Error::is_event_too_large).
//!
//! # Names
//!
//! | there | here |
//! |---|---|
//! | `for_url`, `method`, `body`, `header`, `basic_auth` | on reqwest's request |
//! | `dynamic_url(receiver)` | [`from_factory`](crate::from_factory): address, headers, method and body for each attempt |
//! | `last_event_id(id)` | [`Config::last_event_id`](crate::Config::last_event_id) |
//! | `redirect_limit(n)` | `reqwest::ClientBuilder::redirect` |
//! | `build_with_transport(transport)` | reqwest, or a [`Transport`](sse_proto::client::Transport) of yours with [`EventSource::new`](sse_proto::client::EventSource::new) |
//! | `ReconnectOptions::reconnect(false)` | [`RetryPolicy::never`](crate::RetryPolicy::never) |
//! | `retry_initial(true)`; it is off there | always, with a policy that retries |
//! | `delay`, 1 s; `backoff_factor`, 2; `delay_max`, 60 s | [`base`](crate::RetryPolicy::base), 1 s; [`factor`](crate::RetryPolicy::factor), 2; [`cap`](crate::RetryPolicy::cap), 30 s |
//! | `SSE::Connected(details)` | [`Update::Opened`](sse_proto::client::Update::Opened), and [`response()`](sse_proto::client::EventSource::response) |
//! | `event.id`, `Option` | [`id()`](crate::Event::id), that of its own block; [`last_event_id()`](crate::Event::last_event_id) |
//! | `Error::UnexpectedResponse(response, body)` | [`into_response()`](sse_proto::client::Error::into_response) |
//! | `Error::Eof` | [`Cause::EndOfStream`](crate::Cause::EndOfStream) of a loss |
//!
//! # What behaves differently
//!
//! | | there | here |
//! |---|---|---|
//! | the third connection, after events without an id of their own | carries no id | carries the last id |
//! | an id in a block without data | lost | moves the last event ID |
//! | 204 | reconnects for ever | the end, no error |
//! | any other status than 200 | retried, each of them | 429, 500, 502, 503, 504; the policy says which |
//! | content type | not checked | `text/event-stream`, or as [`Config::accept`](crate::Config::accept) says |
//! | `Retry-After` | not read | heeded |
//! | jitter | takes up to half off the wait, the server's too | is added to the least wait |
//! | healthy | open for 60 s | open for [`healthy_after`](crate::RetryPolicy::healthy_after), 10 s |
//! | redirects | 301 and 307 with an absolute address; all headers go along, to every host | by reqwest, ten; without credentials to another origin, but see [Redirects](crate#redirects) |
//! | a refused connection, while reconnecting | not told | [`Update::Lost`](sse_proto::client::Update::Lost), with cause and wait |
//! | invalid UTF-8 | fatal | U+FFFD |
//! | a block of unknown fields only | fatal | nothing |
//! | a field with the name `comment` | a comment | an unknown field |
//! | `retry: +5` | 5 ms | ignored: digits only |
//! | a POST whose connection is lost | sent again | not, unless you give a policy (`until_open`: retried until the answer begins) or a factory |
//! | memory for one event | no limit | [`Limits`](crate::Limits) |

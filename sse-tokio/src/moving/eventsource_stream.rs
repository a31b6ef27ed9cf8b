//! From [eventsource-stream](https://docs.rs/eventsource-stream) 0.2.3: one response, no reconnection.
//!
//! ```text
//! let mut events = client.get(url).send().await?.bytes_stream().eventsource();
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event, event.data);
//! }
//! ```
//!
//! Here, on a response:
//!
//! ```no_run
//! # async fn run(client: reqwest::Client, url: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::StreamExt;
//! use sse_tokio::ResponseExt;
//!
//! let mut events = client.get(url).send().await?.event_stream();
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     println!("{}: {}", event.event_type(), event.data());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! On any stream of chunks, whatever HTTP client they are from, `sse-proto` with the feature `stream` is enough:
//!
//! ```
//! # futures_util::future::FutureExt::now_or_never(async {
//! use futures_util::{StreamExt, stream};
//! use sse_proto::stream::EventStream;
//!
//! let chunks = stream::iter([Ok::<_, std::io::Error>("data: a"), Ok("\n\n")]);
//! let mut events = EventStream::new(chunks);
//! assert_eq!(events.next().await.unwrap()?.data(), "a");
//! # Ok::<(), sse_proto::stream::StreamError<std::io::Error>>(())
//! # }).unwrap().unwrap();
//! ```
//!
//! # Names
//!
//! | there | here |
//! |---|---|
//! | `stream.eventsource()` | [`EventStream::new(stream)`](sse_proto::stream::EventStream::new); a stream that is not `Unpin` goes into a `Box::pin` |
//! | chunks: `AsRef<[u8]>` | `Into<Bytes>`, so that none is copied |
//! | `event.event`, `.data`, `.id` | [`event_type()`](crate::Event::event_type), [`data()`](crate::Event::data), [`last_event_id()`](crate::Event::last_event_id) |
//! | `event.retry` | by [`Decoder::pull`](sse_proto::Decoder::pull), when its line ends; a stream of one response has no use for it |
//! | `set_last_event_id`, `last_event_id` | the same; an id with a line end or a NUL counts as none |
//! | `EventStreamError::Transport(error)` | [`StreamError::Body`](sse_proto::stream::StreamError::Body) |
//! | `EventStreamError::Utf8`, `Parser` | never |
//! | | [`StreamError::Decode`](sse_proto::stream::StreamError::Decode): one block over a limit; the stream goes on |
//!
//! # What behaves differently
//!
//! | | there | here |
//! |---|---|---|
//! | a byte order mark | panics | removed, at the beginning only |
//! | invalid UTF-8 | an error, and what was read with it is lost | U+FFFD |
//! | CR CR, and nothing after it yet | no event | the event |
//! | `retry: +5` | 5 ms | ignored: digits only |
//! | `retry` in a block without data | lost | [`Decoded::Retry`](sse_proto::Decoded::Retry) |
//! | 256 KiB of one line in chunks of 16 bytes | 3 s: each chunk is searched from the line's start | 3 ms at most: work is linear |
//! | memory for one event | no limit | [`Limits`](crate::Limits), 32 MiB |
//! | comments | not told | by [`Decoder::pull`](sse_proto::Decoder::pull) |
//! | reconnection | by another crate | [`event_source()`](crate::RequestBuilderExt::event_source) on the request instead |

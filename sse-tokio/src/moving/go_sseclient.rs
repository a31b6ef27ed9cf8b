//! From the Go package [`sseclient`](https://pkg.go.dev/git.sr.ht/~shulhan/pakakeh.go/lib/http/sseclient) of pakakeh.go.
//!
//! ```text
//! cl := sseclient.Client{Endpoint: "https://example.com:443/stream", Retry: time.Second}
//! err := cl.Connect(header)
//! for ev := range cl.C {
//!     fmt.Println(ev.Type, ev.Data, ev.IDInt())
//! }
//! ```
//!
//! Here:
//!
//! ```no_run
//! # async fn run(headers: reqwest::header::HeaderMap) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use futures_util::StreamExt;
//! use sse_tokio::{Config, RequestBuilderExt, RetryPolicy, Update};
//!
//! let second = Duration::from_secs(1);
//! let config = Config::default()
//!     .retry(RetryPolicy::default().base(Duration::ZERO).reconnection_time(second))
//!     .connect_timeout(10 * second)
//!     .idle_timeout(10 * second)
//!     .skip_empty(true);
//! let request = reqwest::Client::new().get("https://example.com/stream").headers(headers);
//! let mut source = request.event_source_with(config);
//! source.opened().await?;
//! let mut updates = source.updates();
//! while let Some(update) = updates.next().await {
//!     if let Update::Event(event) = update? {
//!         println!("{} {} {:?}", event.event_type(), event.data(), event.last_event_id_as::<i64>());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The example `from_go_sseclient` has every option, on one channel, against a server of its own.
//!
//! # Options
//!
//! | there | here |
//! |---|---|
//! | `Endpoint`, with its port | the request's address; the port may be left out |
//! | `LastEventID` | [`Config::last_event_id`](crate::Config::last_event_id), an error for an id that no header can carry |
//! | `Timeout`, 10 s for each read and write | [`Config::connect_timeout`](crate::Config::connect_timeout) and [`Config::idle_timeout`](crate::Config::idle_timeout); 30 s and none unless set |
//! | `Retry`, off at 0 | [`RetryPolicy::never`](crate::RetryPolicy::never); on by default here. A fixed wait is `base(Duration::ZERO).reconnection_time(wait)` |
//! | `Insecure` | `reqwest::ClientBuilder::tls_danger_accept_invalid_certs(true)`: anyone can then read and change the stream, so a test's own certificate is better added with `tls_certs_merge` |
//! | `Connect(header)`; Host, User-Agent and Accept are its own | headers of the request. Host, User-Agent and Accept may be set; unless they are, Host is the address's, Accept is `text/event-stream`, and there is no User-Agent |
//! | the error of `Connect` | [`opened().await`](sse_proto::client::EventSource::opened). With a policy that retries it waits until the first response is accepted; the first loss itself is the first of the `updates()` |
//! | `C`: open, message and error on one channel | [`updates()`](sse_proto::client::EventSource::updates); a task that sends them to a channel makes it one |
//! | `Event.Type`, `.Data`, `.ID` | [`event_type()`](crate::Event::event_type), [`data()`](crate::Event::data), [`last_event_id()`](crate::Event::last_event_id) |
//! | `IDInt()`, 0 where it is no number | [`last_event_id_as::<i64>()`](crate::Event::last_event_id_as), `None` where it is none |
//! | `Close()` | dropping the source, [`close()`](sse_proto::client::EventSource::close), or [`Handle::close`](crate::Handle::close) from elsewhere |
//! | events with empty data are dropped | [`Config::skip_empty`](crate::Config::skip_empty)`(true)`; the standard dispatches them |
//!
//! # What behaves differently
//!
//! | | there | here |
//! |---|---|---|
//! | an event that two reads cut | lost, or its parts taken for events | one event |
//! | a full channel | drops events: 1024 fit | waits, so that the server feels it |
//! | chunked responses | chunk sizes are read as lines of the stream | undone by the HTTP client |
//! | a content type with parameters | refused | open |
//! | 204 | an error | the end, no error |
//! | a status or a refusal while reconnecting | tried again without a word | told; retried or an error, as the policy says |
//! | wait | fixed; `retry` replaces it, and turns it on or off | grows, with jitter, unless set; `retry` is the least |
//! | an empty id | the next request may carry an old one | the next request carries none |
//! | an id with NUL | kept | ignored |
//! | a byte order mark | hides the first line | removed |
//! | invalid UTF-8 | left in | U+FFFD |
//! | memory for one event | what one read gives | [`Limits`](crate::Limits) |
//! | redirects | an error | followed by reqwest, ten |

//! A scripted server of event streams with faults, for tests of SSE clients.
//!
//! [`Server`] listens on 127.0.0.1, on a port of its own, speaks HTTP/1.1 from plain threads, and
//! answers as its [`Script`] says: a list of [`Reply`]s, a list for each path, a closure, or a
//! [`Replay`] that serves numbered events from `Last-Event-ID` on. A reply is written byte by byte
//! as it was asked for, however wrong that is, and breaks where its [`End`] says.
//! What clients sent is recorded as [`Request`]s, and [`Tally`] counts the connections, so that a
//! test can show that a client went away. Nothing here knows a runtime; any client can be tested.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::time::Duration;
//! use sse_testkit::{End, Reply, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! const PATIENCE: Duration = Duration::from_secs(10);
//!
//! // The first request gets two events, then a TCP reset; the second one is told to stop.
//! let server = Server::start([
//!     Reply::stream()
//!         .chunk("id: 1\ndata: a\n\n")
//!         .pause(Duration::from_millis(20))
//!         .chunk("id: 2\ndata: b\n\n")
//!         .end(End::Reset),
//!     Reply::status(204),
//! ])?;
//!
//! // The client under test; here it is a bare socket.
//! let mut client = TcpStream::connect(server.addr())?;
//! client.write_all(b"GET /stream HTTP/1.1\r\nhost: test\r\nLast-Event-ID: 0\r\n\r\n")?;
//! let mut answer = Vec::new();
//! let error = client.read_to_end(&mut answer).unwrap_err();
//! assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
//! assert!(answer.ends_with(b"\r\nid: 2\ndata: b\n\n\r\n"));
//!
//! let requests = server.wait_for_requests(1, PATIENCE)?;
//! assert_eq!(requests[0].path(), "/stream");
//! assert_eq!(requests[0].last_event_id(), Some(&b"0"[..]));
//! assert_eq!(requests[0].answered(), Some(200));
//!
//! // A client that is dropped closes its socket, and the server sees it.
//! drop(TcpStream::connect(server.addr())?);
//! server.wait_for_peer_close(1, PATIENCE)?;
//! server.wait_until_closed(PATIENCE)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | brings | depends on |
//! |---|---|---|
//! | none | the server | socket2 |
//! | `scenarios` | the module `scenario`: a list of what servers do and of what must come out of a client then | sse-proto |
//! | `client` | runs the list over any `sse_proto::client::Transport`, and the module `simulated`: the same scripts without sockets, in virtual time | `scenarios`, futures-util, tracing |
//! | `tls` | scenarios of https, and `scenario::Front` | `scenarios`, rcgen, rustls with ring |
//! | `http2` | scenarios of HTTP/2 | `tls`, hyper, tokio, tokio-rustls |
//! | `gzip` | scenarios of compressed bodies | `scenarios`, flate2 |
//! | `vectors` | scenarios from what was recorded from a browser | `scenarios`, base64, serde, serde_json |
//!
//! The oldest supported Rust is 1.89.
//!
//! # Waiting
//!
//! `wait_*` block the calling thread, for at most the patience given. In an async test that is only
//! right where the client runs on other threads; [`Server::until`] is the same as a future, for
//! every runtime, and takes its time limit from the runtime's own `timeout`.
//!
//! # Limits
//!
//! A peer that closes only its sending side counts as gone. `Expect: 100-continue` is not answered,
//! and a `HEAD` request gets the scripted body. A request's head may have 1 MiB, its body 64 MiB;
//! what is larger, or no HTTP request, is answered by a 4xx of the server's own and not recorded.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod reply;
mod request;
mod script;
mod replay;
mod tally;
mod stop;
mod connection;
mod read;
mod answer;
mod server;
mod port;
#[cfg(feature = "client")]
pub mod simulated;
#[cfg(feature = "scenarios")]
pub mod scenario;

pub use port::Port;
pub use replay::{Cut, Replay};
pub use reply::{End, Framing, Reply};
pub use request::Request;
pub use script::Script;
pub use server::Server;
pub use tally::{Tally, TimedOut};

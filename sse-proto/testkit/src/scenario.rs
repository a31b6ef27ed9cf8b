//! The scenarios that every client of event streams should pass: what a server does, what the client is told, and what must
//! come out.
//!
//! A client is plugged in by an [`Adapter`], which follows one stream and notes what it sees; one over
//! [`sse_proto::client::EventSource`] by a [`Client`], which is less work. [`run_all`] runs a list, each scenario with a
//! server of its own, and its [`Report`] says what was wrong. Two clients that pass the list give the same log for the same
//! script, but for their [`Quirk`]s. With the feature `client`, `run_simulated` runs it in virtual time, without sockets.
//!
//! ```
//! use sse_testkit::scenario::{Adapter, Ask, Record, Tag, run_all, scenarios};
//!
//! #[derive(Debug)]
//! struct Mine;
//!
//! impl Adapter for Mine {
//!     fn follow(&self, ask: &Ask, record: &Record) {
//!         // Follow the stream as `ask` says, note what comes in `record`, do what that says.
//! #       let _ = (ask, record);
//!     }
//!
//!     fn lacks(&self) -> &[(Tag, &'static str)] {
//!         &[(Tag::Tls, "built without TLS")]
//!     }
//! }
//!
//! # if false {
//! let report = run_all(Mine, scenarios());
//! assert!(report.is_success(), "{report}");
//! # }
//! ```
//!
//! No scenario needs luck: what must not happen too early is measured against a time before, and what must happen is
//! waited for, for [`Report::PATIENCE`] at most. Only that a connection is closed within a second of its stream, and that
//! a time-out of 1 s does not end a stream that has a byte every 50 ms, and is seen in time, needs a machine that is not overrun.

mod ask;
mod log;
mod place;
mod record;
mod want;
mod adapter;
mod build;
mod run;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod crowd;
#[cfg(feature = "client")]
mod simulated;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "vectors")]
pub mod processing;
mod list;
pub mod hostile;
#[cfg(feature = "client")]
pub mod secrets;

pub use adapter::{Adapter, Quirk, Tag};
pub use ask::{Ask, Command, View};
pub use build::{Scenario, quick};
#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use crowd::crowd;
#[cfg(all(feature = "client", feature = "http2"))]
pub use crowd::crowd_over_http2;
pub use list::scenarios;
pub use log::{Answer, End, Entry, Log};
pub use record::{Cue, Record};
pub use run::{Failure, Report, Skipped, run_all};
#[cfg(feature = "client")]
pub use simulated::run_simulated;
#[cfg(feature = "tls")]
pub use tls::Front;

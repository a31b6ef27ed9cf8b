//! Server-sent events without I/O.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

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
pub use limits::Limits;
pub use response::{Redirect, ResponseHead, is_repeatable};
pub use session::{
    Attempt, Cause, Closed, Commit, Config, GiveUp, InvalidId, Lost, Output, ReadyState,
    ReconnectTo, Refusal, Sentinel, Session, Snapshot, Stats,
};
pub use time::Instant;

//! The bodies of the fuzz targets: plain functions over bytes, which panic where something is wrong.
//!
//! A file in `fuzz_targets/` calls one of them. `sse-proto/tests/fuzz_replay.rs` includes this file by its path and calls
//! all of them, on stable and without libFuzzer, so none can rot unseen.

mod client;
mod decoder;
mod encoder;
mod limits;
mod network;
mod record;
mod response_head;
mod session;
mod watch;

#[path = "../../sse-proto/tests/support/calls.rs"]
mod calls;
#[allow(dead_code, reason = "the tests of sse-proto use more of the ways")]
#[path = "../../sse-proto/tests/support/chunking.rs"]
mod chunking;
#[path = "../../sse-proto/tests/support/reference.rs"]
mod reference;

pub use client::client_transport;
pub use decoder::{decoder_cuts, decoder_reference};
pub use encoder::{encoder_injection, encoder_roundtrip};
pub use limits::decoder_limits;
pub use response_head::response_head;
pub use session::session_operations;

/// A target's name, which is that of its folders of seeds and regressions, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("client_transport", client_transport),
    ("decoder_cuts", decoder_cuts),
    ("decoder_limits", decoder_limits),
    ("decoder_reference", decoder_reference),
    ("encoder_injection", encoder_injection),
    ("encoder_roundtrip", encoder_roundtrip),
    ("response_head", response_head),
    ("session_operations", session_operations),
];

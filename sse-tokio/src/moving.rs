//! Moving here from another crate: its code, ours, and what behaves differently. Only in the documentation.
//!
//! What is said of other crates holds for the version named: read in its source, or measured by feeding it bytes and a
//! scripted server. Their code is shown as it is written there; ours is compiled.

pub mod eventsource_client;
pub mod eventsource_stream;
pub mod go_sseclient;
pub mod reqwest_eventsource;

//! Moving here from another crate: its code, ours, and what behaves differently. Only in the documentation.
//!
//! What is said of other crates holds for the version named: read in its source, or measured by feeding it bytes and a
//! scripted server. Their code is shown as it is written there; ours is compiled.
//!
//! # Streams that are read as a browser reads them
//!
//! By kind, how many of the streams recorded from Chromium each decoder reads as the browser does (event types and data, whole and
//! byte by byte). `cargo run --manifest-path sse-proto/peers/Cargo.toml --bin vectors` counts them.
//!
//! | streams | sse-proto | sse-core 0.2.3 | sse-parse 0.1.0 | sse-stream 0.3.0 | sseer 0.3.1 | eventsource-client 0.18.0 | eventsource-stream 0.2.3 |
//! |---|--:|--:|--:|--:|--:|--:|--:|
//! | bom, 25 | 25 | 25 | 25 | 25 | 25 | 16 | 10 |
//! | comments, 12 | 12 | 12 | 12 | 12 | 12 | 11 | 10 |
//! | control-characters, 18 | 18 | 18 | 18 | 18 | 18 | 18 | 18 |
//! | data, 23 | 23 | 23 | 23 | 23 | 23 | 23 | 23 |
//! | end-of-stream, 15 | 15 | 15 | 15 | 15 | 15 | 15 | 13 |
//! | event-type, 26 | 26 | 26 | 26 | 23 | 25 | 25 | 25 |
//! | fields, 46 | 46 | 46 | 46 | 45 | 46 | 38 | 45 |
//! | id, 41 | 41 | 41 | 41 | 40 | 41 | 40 | 40 |
//! | line-ends, 27 | 27 | 27 | 27 | 27 | 27 | 27 | 20 |
//! | llm-streams, 13 | 13 | 13 | 13 | 13 | 13 | 13 | 13 |
//! | platform-facts, 19 | 19 | 19 | 19 | 19 | 19 | 17 | 18 |
//! | random, 156 | 156 | 156 | 156 | 71 | 83 | 64 | 53 |
//! | recentchange, 4 | 4 | 4 | 4 | 4 | 4 | 4 | 4 |
//! | retry, 44 | 44 | 44 | 44 | 44 | 44 | 44 | 44 |
//! | utf-8, 74 | 74 | 74 | 74 | 20 | 20 | 12 | 12 |
//! | all, 543 | 543 | 543 | 543 | 399 | 415 | 367 | 348 |

pub mod eventsource_client;
pub mod eventsource_stream;
pub mod go_sseclient;
pub mod reqwest_eventsource;

//! sse-proto side by side with the other Rust decoders of event streams, in one run over the same chunks.
//!
//! Four programs share this library: `sse-peers` (time), `instructions` (callgrind), `allocations` (a counting allocator)
//! and `vectors` (who reads what a browser reads). README.md tells how to run them. `terminal` draws pictures.
//!
//! # Why not gungraun
//!
//! gungraun, like iai-callgrind before it, needs a second program, `gungraun-runner`, in the library's very version,
//! installed by `cargo install`. A fresh machine with nothing but valgrind does not have it, and the numbers wanted
//! here are sums divided by an exact event count, which need no comparison between runs. So `instructions` starts
//! itself under valgrind and reads one line of what it says.

pub mod bars;
pub mod candidate;
pub mod check;
pub mod corpus;
pub mod encoding;
pub mod feed;
pub mod instructions;
pub mod machine;
pub mod report;
pub mod sink;
pub mod timing;

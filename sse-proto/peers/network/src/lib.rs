//! What reading an event stream costs over real HTTP/1.1: CPU time, allocations, memory of idle streams, latency.
//!
//! Three programs: `sse-peers-network` serves the streams in a process of its own, starts the clients and prints what they
//! say; the clients, on tokio and on async-std, are packages of their own, so that none carries the other's libraries.
//! README.md of the workspace tells how to run them.

pub mod bars;
pub mod chart;
pub mod client;
pub mod contest;
pub mod process;
pub mod report;
pub mod roster;
pub mod script;
pub mod server;
pub mod sink;
pub mod streams;

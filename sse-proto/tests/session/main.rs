//! A session, rule by rule: what happens to a connection, and what comes out of it. Time is virtual.

use sse_proto::{Config, RetryPolicy};

mod answers;
mod backoff;
mod clocks;
mod diagram;
mod driver;
mod ends;
mod ids;
mod losses;
mod operations;
mod redirects;
mod resuming;
mod settings;

/// The default, without chance: the n-th wait in a row is 1 s, 2 s, 4 s, ..., 30 s.
fn policy() -> RetryPolicy {
    RetryPolicy::default().jitter(0.0)
}

fn config() -> Config {
    Config::default().retry(policy())
}

/// No second attempt.
fn one_shot() -> Config {
    Config::default().retry(RetryPolicy::never())
}

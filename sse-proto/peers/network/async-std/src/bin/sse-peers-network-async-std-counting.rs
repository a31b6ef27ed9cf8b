//! A client on async-std under an allocator that counts, which costs time.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    sse_peers_network_async_std::run(|| {
        let stats = HEAP.stats();
        stats.allocations + stats.reallocations
    });
}

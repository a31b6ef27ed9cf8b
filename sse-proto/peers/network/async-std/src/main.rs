//! A client on async-std.

fn main() {
    sse_peers_network_async_std::run(|| 0);
}

//! A client on tokio.

fn main() {
    sse_peers_network_tokio::run(|| 0);
}

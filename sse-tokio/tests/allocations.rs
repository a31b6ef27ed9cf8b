//! What an idle stream holds, beside what the bare HTTP client does. All of it is on one thread, whose allocations are counted.

use std::future::Future;
use std::mem::size_of;

use allocation_counter::measure;
use futures_util::{FutureExt, StreamExt};
use sse_testkit::{End, Reply, Script, Server};
use sse_tokio::{EventSource, RequestBuilderExt};

const STREAMS: usize = 50;

/// Bytes for each of these, which are kept, with what their connections hold.
fn held<T, F: Future<Output = T>>(runtime: &tokio::runtime::Runtime, open: impl Fn() -> F) -> f64 {
    let mut streams = Vec::with_capacity(STREAMS);
    let info = measure(|| {
        runtime.block_on(async {
            for _ in 0..STREAMS {
                streams.push(open().await);
            }
        });
    });
    info.bytes_current as f64 / STREAMS as f64 + size_of::<T>() as f64
}

#[test]
fn an_idle_source_holds_less_than_a_bare_response() {
    let reply = || Reply::stream().chunk("id: 1\ndata: Hello\n\n").end(End::Silence);
    let server = Server::start(Script::with(move |_| reply())).expect("a server");
    let url = server.url("/stream");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");

    let bare = || async {
        let mut response = http.get(&url).send().await.expect("a response");
        assert!(response.chunk().await.expect("no error").is_some());
        assert!(response.chunk().now_or_never().is_none(), "nothing more comes");
        response
    };
    let source = || async {
        let mut source: EventSource = http.get(&url).event_source();
        assert_eq!(source.next().await.expect("an event").expect("no error").data(), "Hello");
        assert!(source.next().now_or_never().is_none(), "nothing more comes");
        source
    };
    // What is made once, for the client and the runtime.
    runtime.block_on(async { drop((bare().await, source().await)) });

    let (bare, source) = (held(&runtime, bare), held(&runtime, source));
    assert!(source <= 0.9 * bare, "{source} bytes beside {bare}");
}

//! Through a forward proxy, as the user's client says.

use std::iter::successors;
use std::time::Duration;

use futures_util::StreamExt;
use sse_testkit::{End, Reply, Server};
use sse_tokio::{Config, RequestBuilderExt, RetryPolicy};

#[tokio::test]
async fn a_stream_comes_through_a_proxy_and_reconnects_through_it()
-> Result<(), Box<dyn std::error::Error>> {
    let proxy = Server::start([
        Reply::stream().chunk("id: 1\ndata: a\n\n").end(End::Fin),
        Reply::stream().chunk("data: b\n\n"),
    ])?;
    let client = reqwest::Client::builder().proxy(reqwest::Proxy::http(proxy.url(""))?).build()?;
    let wait = Duration::from_millis(5);
    let policy = RetryPolicy::default().base(Duration::ZERO).reconnection_time(wait);
    // No name server knows it: the proxy would ask.
    let url = "http://events.invalid/stream?token=secret";
    let mut events = client.get(url).event_source_with(Config::default().retry(policy));
    assert_eq!(events.next().await.ok_or("an event")??.data(), "a");
    assert_eq!(events.next().await.ok_or("an event")??.data(), "b");
    assert!(events.next().await.is_none());

    let requests = proxy.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, Some(&b"1"[..]), Some(b"1")]);
    for request in &requests {
        assert_eq!(request.target(), url, "the whole address is in the request line");
        assert_eq!(request.header("host"), Some(&b"events.invalid"[..]));
        assert_eq!(request.header("accept"), Some(&b"text/event-stream"[..]));
    }
    Ok(())
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_a_loss() -> Result<(), Box<dyn std::error::Error>> {
    let port = sse_testkit::Port::reserve()?;
    let client = reqwest::Client::builder().proxy(reqwest::Proxy::http(port.url(""))?).build()?;
    let config = Config::default().retry(RetryPolicy::never());
    let mut events = client.get("http://events.invalid/stream").event_source_with(config);
    let error = events.next().await.ok_or("an error")?.unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    let transport = error.transport_error().ok_or("an error of the transport")?;
    let mut causes = successors(Some(transport as &dyn std::error::Error), |error| error.source());
    assert!(causes.any(|error| error.to_string().contains("refused")), "{error:?}");
    Ok(())
}

//! Through a proxy, as the user's client says: http is forwarded, https goes through a tunnel.

mod support;

use std::iter::successors;
use std::time::Duration;

use sse_testkit::scenario::quick;
use sse_testkit::{End, Reply, Server};
use sse_tokio::{Closed, Config, Refusal, RequestBuilderExt, RetryPolicy};
use support::{PATIENCE, next};

#[tokio::test]
async fn a_stream_comes_through_a_proxy_and_reconnects_through_it()
-> Result<(), Box<dyn std::error::Error>> {
    let proxy = Server::start([
        Reply::stream().chunk("id: 1\ndata: a\n\n").end(End::Fin),
        Reply::stream().chunk("data: b\n\n"),
    ])?;
    let client = reqwest::Client::builder().proxy(reqwest::Proxy::http(proxy.url(""))?).build()?;
    // No name server knows it: the proxy would ask.
    let url = "http://events.invalid/stream?token=secret";
    let mut events = client.get(url).event_source_with(quick());
    assert_eq!(next(&mut events).await.ok_or("an event")??.data(), "a");
    assert_eq!(next(&mut events).await.ok_or("an event")??.data(), "b");
    assert!(next(&mut events).await.is_none());

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
    let error = next(&mut events).await.ok_or("an error")?.unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    let transport = error.transport_error().ok_or("an error of the transport")?;
    let mut causes = successors(Some(transport as &dyn std::error::Error), |error| error.source());
    assert!(causes.any(|error| error.to_string().contains("refused")), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn what_a_proxy_answers_to_http_is_the_answer() -> Result<(), Box<dyn std::error::Error>> {
    let proxy = Server::start([Reply::status(502), Reply::status(407).chunk("who are you?")])?;
    let client = reqwest::Client::builder().proxy(reqwest::Proxy::http(proxy.url(""))?).build()?;
    let mut events = client.get("http://events.invalid/stream").event_source_with(quick());
    let error = next(&mut events).await.ok_or("an error")?.unwrap_err();
    assert_eq!(error.closed_because(), Some(Closed::Refused(Refusal::Status(407))));
    let response = error.into_response().ok_or("a response")?;
    assert_eq!(response.into_reqwest().text().await?, "who are you?");
    Ok(())
}

#[cfg(feature = "rustls")]
mod https {
    use std::error::Error;

    use sse_testkit::scenario::Front;
    use sse_tokio::{Cause, Loss, Update};
    use tokio::time;

    use super::*;

    type Outcome = Result<(), Box<dyn Error>>;

    /// No name server knows it: the proxy would ask.
    const URL: &str = "https://events.invalid/stream?token=secret";

    /// A client that goes by this proxy, and trusts this authority.
    fn client(proxy: &Server, authority: &[u8]) -> Result<reqwest::Client, Box<dyn Error>> {
        let proxy = reqwest::Proxy::https(proxy.url(""))?.basic_auth("me", "password");
        let authority = reqwest::Certificate::from_der(authority)?;
        Ok(reqwest::Client::builder().proxy(proxy).tls_certs_only([authority]).build()?)
    }

    async fn closed(server: &Server) -> Outcome {
        time::timeout(PATIENCE, server.until(|tally| tally.open == 0)).await?;
        Ok(())
    }

    /// The error with all its causes.
    fn told(loss: &Loss) -> String {
        let error = loss.error.as_ref().map(|error| error as &(dyn Error + 'static));
        successors(error, |&error| error.source()).map(|error| format!("{error}; ")).collect()
    }

    #[tokio::test]
    async fn a_stream_comes_through_a_tunnel_and_reconnects_through_another() -> Outcome {
        let server = Server::start([
            Reply::stream().chunk("id: 1\ndata: a\n\n").keep_alive(false),
            Reply::stream().chunk("data: b\n\n").end(End::Silence),
        ])?;
        let front = Front::new(&server)?;
        let addr = front.addr();
        let proxy = Server::with(move |_| Reply::tunnel(addr))?;
        let mut events = client(&proxy, front.authority())?.get(URL).event_source_with(quick());
        assert_eq!(next(&mut events).await.ok_or("an event")??.data(), "a");
        assert_eq!(next(&mut events).await.ok_or("an event")??.data(), "b");

        let requests = server.requests();
        let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
        assert_eq!(ids, [None, Some(&b"1"[..])]);
        for request in &requests {
            assert_eq!(request.target(), "/stream?token=secret");
            assert!(request.header("proxy-authorization").is_none(), "it is the proxy's");
        }
        let asked = proxy.requests();
        assert_eq!(asked.len(), 2);
        for request in &asked {
            assert_eq!((request.method(), request.target()), ("CONNECT", "events.invalid:443"));
            assert!(request.header("proxy-authorization").is_some());
        }

        drop(events);
        closed(&proxy).await?;
        closed(&server).await
    }

    #[cfg(feature = "http2")]
    #[tokio::test]
    async fn streams_of_http_2_share_a_tunnel() -> Outcome {
        let server = Server::with(|_| Reply::stream().chunk("data: a\n\n").end(End::Silence))?;
        let front = Front::http2(&server, 10)?;
        let addr = front.addr();
        let proxy = Server::with(move |_| Reply::tunnel(addr))?;
        let client = client(&proxy, front.authority())?;
        let mut streams: Vec<_> =
            (0..3).map(|_| client.get(URL).event_source_with(quick())).collect();
        for events in &mut streams {
            assert_eq!(next(events).await.ok_or("an event")??.data(), "a");
        }
        assert_eq!(proxy.tally().accepted, 1);
        drop(streams);
        closed(&server).await?;
        drop(client);
        closed(&proxy).await
    }

    #[tokio::test]
    async fn a_tunnel_that_is_refused_or_cut_is_a_loss() -> Outcome {
        let server = Server::start([Reply::stream().chunk("data: a\n\n").end(End::Silence)])?;
        let front = Front::new(&server)?;
        let refusals = [Reply::status(407), Reply::status(502), Reply::close_at_once()];
        let proxy = Server::start([refusals.to_vec(), vec![Reply::tunnel(front.addr())]].concat())?;
        let mut events = client(&proxy, front.authority())?.get(URL).event_source_with(quick());
        let mut updates = events.updates();
        for words in ["proxy authorization required", "tunnel error: unsuccessful", "end of file"] {
            match next(&mut updates).await {
                Some(Ok(Update::Lost(loss))) => {
                    assert_eq!(loss.lost.cause, Cause::Transport);
                    let told = told(&loss);
                    assert!(told.contains(words), "{told}");
                    let shown = format!("{told} {loss:?}");
                    let kept = ["secret", "password"].iter().all(|word| !shown.contains(word));
                    assert!(kept, "{shown}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(next(&mut updates).await, Some(Ok(Update::Opened))));
        assert!(matches!(next(&mut updates).await, Some(Ok(Update::Event(_)))));
        drop(proxy);
        assert!(matches!(next(&mut updates).await, Some(Ok(Update::Lost(_)))));
        drop(events);
        closed(&server).await
    }

    #[tokio::test]
    async fn a_proxy_that_does_not_answer_is_a_time_out_and_no_open_socket() -> Outcome {
        const LIMIT: Duration = Duration::from_millis(300);
        let server = Server::start([])?;
        let front = Front::new(&server)?;
        let proxy = Server::start([Reply::silent()])?;
        let config = Config::default().retry(RetryPolicy::never()).connect_timeout(Some(LIMIT));
        let mut events = client(&proxy, front.authority())?.get(URL).event_source_with(config);
        let error = next(&mut events).await.ok_or("an error")?.unwrap_err();
        assert!(error.is_lost(), "{error:?}");
        assert!(error.to_string().contains("300ms"), "{error}");
        closed(&proxy).await
    }
}

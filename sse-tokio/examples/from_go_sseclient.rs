//! Does what the Go client `sseclient` does, option by option, against a server of its own.
//!
//! `cargo run --example from_go_sseclient`. What behaves differently is told at `sse_tokio::moving::go_sseclient`.

use std::{error::Error as StdError, time::Duration};

use futures_util::StreamExt;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};
use sse_testkit::{End, Reply, Server};
use sse_tokio::{Config, Error, Handle, RequestBuilderExt, RetryPolicy, Update};
use tokio::sync::mpsc::{Receiver, channel};

type Channel = Receiver<Result<Update, Error>>;

struct Client {
    endpoint: String,
    last_event_id: String,
    timeout: Duration,
    /// `None` is off.
    retry: Option<Duration>,
    insecure: bool,
}

impl Client {
    fn new(endpoint: String) -> Self {
        let timeout = Duration::from_secs(10);
        Self { endpoint, last_event_id: String::new(), timeout, retry: None, insecure: false }
    }

    /// Everything that happens, on one channel; the error of the first handshake, at once.
    async fn connect(self, headers: HeaderMap) -> Result<(Channel, Handle), Box<dyn StdError>> {
        let policy = match self.retry {
            Some(wait) => RetryPolicy::default().base(Duration::ZERO).reconnection_time(wait),
            None => RetryPolicy::never(),
        };
        let config = Config::default()
            .retry(policy)
            .connect_timeout(self.timeout)
            .idle_timeout(self.timeout)
            .skip_empty(true)
            .last_event_id(self.last_event_id)?;
        let http = reqwest::Client::builder();
        #[cfg(feature = "rustls")]
        let http = http.tls_danger_accept_invalid_certs(self.insecure);
        let request = http.build()?.get(self.endpoint).headers(headers);
        let mut source = request.event_source_with(config);
        source.opened().await?;
        let handle = source.handle();
        let (sender, receiver) = channel(1024);
        tokio::spawn(async move {
            let _ = sender.send(Ok(Update::Opened)).await;
            // Where the channel is full this waits, so nothing is dropped.
            while let Some(update) = source.updates().next().await
                && sender.send(update).await.is_ok()
            {}
        });
        Ok((receiver, handle))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let absent = Server::start(Reply::status(404))?;
    let refused = Client::new(absent.url("/")).connect(HeaderMap::new()).await.err();
    assert_eq!(refused.map(|e| e.to_string()), Some("the server answered with status 404".into()));

    let server = Server::start([
        Reply::stream().chunk("id: 41\ndata: a\n\ndata:\n\nid: b\ndata: b\n\n").end(End::Reset),
        Reply::stream().chunk("id: 42\ndata: c\n\n").end(End::Silence),
    ])?;
    let mut client = Client::new(server.url("/stream?topic=news"));
    client.last_event_id = "40".into();
    client.retry = Some(Duration::from_millis(10));
    // Host, User-Agent and Accept may be set here too.
    let headers = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static("example"))]);
    let (mut updates, handle) = client.connect(headers).await?;

    let mut log = Vec::new();
    while let Some(update) = updates.recv().await {
        if log.len() == 5 {
            handle.close();
        }
        match update? {
            Update::Opened => log.push("open".to_owned()),
            Update::Event(event) => {
                log.push(format!("{} {:?}", event.data(), event.last_event_id_as::<i64>()));
            }
            Update::Lost(_) => log.push("lost".to_owned()),
            _ => {}
        }
    }
    assert_eq!(log, ["open", "a Some(41)", "b None", "lost", "open", "c Some(42)"]);
    let [first, second] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!(first.last_event_id(), Some(&b"40"[..]));
    assert_eq!(second.last_event_id(), Some(&b"b"[..]));
    assert_eq!(first.header("accept"), Some(&b"text/event-stream"[..]));
    assert_eq!(first.header("user-agent"), Some(&b"example"[..]));
    Ok(())
}

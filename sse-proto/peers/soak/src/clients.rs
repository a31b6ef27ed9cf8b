//! The process of one adapter's clients.

use std::error::Error;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use clap::ValueEnum;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use sse_proto::client::{EventSource, Handle, Transport, Update};
use sse_proto::{Config, RetryPolicy};

use crate::ledger::Ledger;
use crate::{process, usage};

/// How long all clients may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose clients these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Adapter {
    Tokio,
    AsyncStd,
}

/// A task of either runtime.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Follows the streams of these clients from the word `start` to the word `stop`.
pub(crate) fn serve(
    adapter: Adapter,
    url: &str,
    clients: Range<u64>,
) -> Result<(), Box<dyn Error>> {
    usage::raise_file_limit()?;
    match adapter {
        Adapter::Tokio => {
            use sse_tokio::RequestBuilderExt;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let make = || {
                // As a program would, all sources share one client, and its pool of connections.
                let client = reqwest::Client::builder().no_proxy().build()?;
                let get = |n| client.get(address(url, n)).event_source_with(config());
                Ok(clients.clone().map(get).collect())
            };
            drive(clients.clone(), make, |task| drop(runtime.spawn(task)))
        }
        Adapter::AsyncStd => {
            use sse_async_std::ClientExt;
            let make = || {
                let client = surf::Client::with_http_client(sse_async_std::StreamClient::new());
                let get = |n| client.event_source_with(client.get(address(url, n)), config());
                Ok(clients.clone().map(get).collect())
            };
            drive(clients.clone(), make, |task| drop(async_std::task::spawn(task)))
        }
    }
}

fn address(url: &str, client: u64) -> String {
    format!("{url}?client={client}")
}

/// Impatient, so that there are many connections.
fn config() -> Config {
    let (base, cap) = (Duration::from_millis(50), Duration::from_millis(500));
    Config::default()
        .retry(RetryPolicy::default().base(base).cap(cap))
        .connect_timeout(Some(Duration::from_secs(5)))
        .idle_timeout(Some(Duration::from_secs(2)))
}

/// Answers the process that watches.
fn drive<T: Transport + Send + 'static>(
    clients: Range<u64>,
    make: impl Fn() -> Result<Vec<EventSource<T>>, Box<dyn Error>>,
    spawn: impl Fn(Task),
) -> Result<(), Box<dyn Error>>
where
    T::Response: Send,
    T::Error: Send,
    T::Start: Send,
{
    let ledger = Arc::new(Ledger::new(clients));
    let mut crowd = None;
    let mut failed = None;
    process::answer("ready", |question| match question {
        "start" => match make() {
            Ok(sources) => {
                crowd = Some(Crowd::start(sources, &ledger, &spawn));
                Some("started".to_owned())
            }
            Err(error) => {
                failed = Some(error);
                None
            }
        },
        "tally" => Some(ledger.tally().to_string()),
        "stop" => {
            ledger.close();
            let ended = crowd.take().is_none_or(Crowd::stop);
            Some(if ended { "ended" } else { "hung" }.to_owned())
        }
        _ => None,
    })?;
    failed.map_or(Ok(()), Err)
}

/// Clients under way.
struct Crowd {
    ends: Vec<End>,
    /// Disconnected when the last task is gone.
    alive: Receiver<()>,
}

/// How a client is told to end: every other one is closed, the rest are dropped in whatever they do.
enum End {
    Close(Handle),
    Drop(AbortHandle),
}

impl Crowd {
    fn start<T: Transport + Send + 'static>(
        sources: Vec<EventSource<T>>,
        ledger: &Arc<Ledger>,
        spawn: impl Fn(Task),
    ) -> Self
    where
        T::Response: Send,
        T::Error: Send,
        T::Start: Send,
    {
        let (sender, alive) = mpsc::channel();
        let start = |(at, source): (usize, EventSource<T>)| {
            let handle = source.handle();
            let following = follow(source, at, Arc::clone(ledger), sender.clone());
            if at % 2 == 0 {
                spawn(Box::pin(following));
                return End::Close(handle);
            }
            let (abort, registration) = AbortHandle::new_pair();
            let following = Abortable::new(following, registration);
            spawn(Box::pin(async {
                let _ = following.await;
            }));
            End::Drop(abort)
        };
        Self { ends: sources.into_iter().enumerate().map(start).collect(), alive }
    }

    /// Ends all clients; false if they do not end in time.
    fn stop(self) -> bool {
        for end in &self.ends {
            match end {
                End::Close(handle) => handle.close(),
                End::Drop(abort) => abort.abort(),
            }
        }
        self.alive.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected)
    }
}

/// Follows one stream to its end.
async fn follow<T: Transport>(
    mut source: EventSource<T>,
    at: usize,
    ledger: Arc<Ledger>,
    _alive: Sender<()>,
) {
    let mut updates = source.updates();
    while let Some(update) = updates.next().await {
        match update {
            Ok(Update::Opened) => ledger.on_open(at),
            Ok(Update::Event(event)) => ledger.on_event(at, &event),
            Ok(Update::Lost(_)) => ledger.on_loss(at),
            Ok(_) => {}
            Err(error) => return ledger.on_end(at, || error.to_string()),
        }
    }
    ledger.on_end(at, || "the stream ended".to_owned());
}

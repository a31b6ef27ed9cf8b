//! The servers of a scenario, which may come and go while it runs.

use std::future::pending;
use std::io;
#[cfg(feature = "tls")]
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::scenario::build::AtFirst;
use crate::scenario::record::Cue;
use crate::{Port, Request, Script, Server, Tally};

/// Where a scenario takes place: an address, what is there at the moment, and the time.
pub(crate) trait Place: Send + Sync {
    /// The URL without a path.
    fn url(&self) -> &str;

    /// The time since it began.
    fn elapsed(&self) -> Duration;

    /// What is there at first.
    fn begin(&self, at_first: AtFirst, script: Script) -> io::Result<()>;

    fn up(&self, script: Script);

    fn down(&self);

    /// Ready when the server that is there now has seen that; never where there is none.
    fn until(&self, reached: fn(&Tally) -> bool) -> Cue;

    fn requests(&self) -> Vec<Request>;

    /// What is wrong when the client is done: connections that it has left open, trouble with the system.
    fn trouble(&self) -> Vec<String>;

    /// Where there are sockets, that of the server which is there.
    #[cfg(feature = "tls")]
    fn addr(&self) -> Option<SocketAddr> {
        None
    }

    /// When connections were asked for, where time is the place's own, so that each wait must be kept to the nanosecond.
    fn calls(&self) -> Option<Vec<Duration>> {
        None
    }
}

/// Long enough for the loopback to answer.
const UNANSWERED: Duration = Duration::from_millis(100);

/// How long a client that has returned may take to close its connections.
const CLOSED: Duration = Duration::from_secs(5);

/// A port of the loopback address.
#[derive(Debug)]
pub(crate) struct Loopback {
    url: String,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    port: Option<Port>,
    server: Option<Server>,
    /// What fills the queue of a port that nobody answers.
    waiting: Vec<TcpStream>,
    /// Of the servers that went away.
    before: Vec<Request>,
    trouble: Option<io::Error>,
}

impl Loopback {
    pub(crate) fn reserve() -> io::Result<Self> {
        let port = Port::reserve()?;
        let url = port.url("");
        let state = Mutex::new(State { port: Some(port), ..State::default() });
        Ok(Self { url, began: Instant::now(), state })
    }

    /// Fills the port's queue, so that whoever connects is not answered at all.
    fn clog(&self) -> io::Result<()> {
        // A system that still takes more than this has another idea of a queue.
        const MOST: usize = 100;
        let mut state = self.lock();
        let Some(port) = &state.port else { return Ok(()) };
        let addr = port.clog()?;
        while state.waiting.len() < MOST {
            match TcpStream::connect_timeout(&addr, UNANSWERED) {
                Ok(stream) => state.waiting.push(stream),
                Err(_) => return Ok(()),
            }
        }
        Err(io::Error::other("the port's queue has no end"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place for Loopback {
    fn url(&self) -> &str {
        &self.url
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn begin(&self, at_first: AtFirst, script: Script) -> io::Result<()> {
        match at_first {
            AtFirst::Served => self.up(script),
            AtFirst::Refused => {}
            AtFirst::Unanswered => self.clog()?,
        }
        Ok(())
    }

    fn up(&self, script: Script) {
        let mut state = self.lock();
        match state.port.take().map(|port| port.serve(script)) {
            Some(Ok(server)) => state.server = Some(server),
            Some(Err(error)) => state.trouble = Some(error),
            None => {}
        }
    }

    fn down(&self) {
        let mut state = self.lock();
        let Some(server) = state.server.take() else { return };
        state.before.extend(server.requests());
        match server.stop() {
            Ok(port) => state.port = Some(port),
            Err(error) => state.trouble = Some(error),
        }
    }

    fn until(&self, reached: fn(&Tally) -> bool) -> Cue {
        match &self.lock().server {
            Some(server) => {
                let reached = server.until(reached);
                Box::pin(async move {
                    reached.await;
                })
            }
            None => Box::pin(pending()),
        }
    }

    fn requests(&self) -> Vec<Request> {
        let state = self.lock();
        let now = state.server.as_ref().map(Server::requests).unwrap_or_default();
        state.before.iter().cloned().chain(now).collect()
    }

    fn trouble(&self) -> Vec<String> {
        let state = self.lock();
        let left = state.server.as_ref().and_then(|server| server.wait_until_closed(CLOSED).err());
        let left = left.map(|error| format!("a connection is left: {error}"));
        left.into_iter().chain(state.trouble.as_ref().map(ToString::to_string)).collect()
    }

    #[cfg(feature = "tls")]
    fn addr(&self) -> Option<SocketAddr> {
        self.lock().server.as_ref().map(Server::addr)
    }
}

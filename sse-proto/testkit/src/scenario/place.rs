//! The servers of a scenario, which may come and go while it runs.

use std::future::poll_fn;
use std::io;
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::scenario::record::Cue;
use crate::{Port, Request, Script, Server, Tally};

/// Long enough for the loopback to answer.
const UNANSWERED: Duration = Duration::from_millis(100);

/// A port, and what is there at the moment.
#[derive(Debug)]
pub(crate) struct Place {
    url: String,
    must_settle: bool,
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

impl Place {
    pub(crate) fn reserve(must_settle: bool) -> io::Result<Self> {
        let port = Port::reserve()?;
        let url = port.url("");
        let state = Mutex::new(State { port: Some(port), ..State::default() });
        Ok(Self { url, must_settle, state })
    }

    /// The URL without a path.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn must_settle(&self) -> bool {
        self.must_settle
    }

    /// Fills the port's queue, so that whoever connects is not answered at all.
    pub(crate) fn clog(&self) -> io::Result<()> {
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

    pub(crate) fn up(&self, script: Script) {
        let mut state = self.lock();
        match state.port.take().map(|port| port.serve(script)) {
            Some(Ok(server)) => state.server = Some(server),
            Some(Err(error)) => state.trouble = Some(error),
            None => {}
        }
    }

    pub(crate) fn down(&self) {
        let mut state = self.lock();
        let Some(server) = state.server.take() else { return };
        state.before.extend(server.requests());
        match server.stop() {
            Ok(port) => state.port = Some(port),
            Err(error) => state.trouble = Some(error),
        }
    }

    /// Ready when the server that is there now has seen that; never where there is none.
    pub(crate) fn until(&self, reached: fn(&Tally) -> bool) -> Cue {
        match &self.lock().server {
            Some(server) => {
                let reached = server.until(reached);
                Box::pin(async move {
                    reached.await;
                })
            }
            None => Box::pin(poll_fn(|_| Poll::Pending)),
        }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let state = self.lock();
        let now = state.server.as_ref().map(Server::requests).unwrap_or_default();
        state.before.iter().cloned().chain(now).collect()
    }

    /// Runs `f` with the server that is there.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&Server) -> R) -> Option<R> {
        self.lock().server.as_ref().map(f)
    }

    /// What went wrong with the system.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.lock().trouble.as_ref().map(ToString::to_string)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

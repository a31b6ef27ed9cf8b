//! Which reply a request gets.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::{Replay, Reply, Request};

/// Says which [`Reply`] each request gets. Beyond every list: 204.
///
/// A list of replies, in order, or a [`Replay`] is a script by itself; scripts nest by path.
///
/// ```
/// use sse_testkit::{Replay, Reply, Script, Server};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::start(
///     Script::new()
///         .on("/stream", [Reply::status(307).header("location", "/numbers")])
///         .on("/numbers", Replay::new(10))
///         .on("/echo", Script::with(|request| Reply::status(200).chunk(request.body()))),
/// )?;
/// # drop(server);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Script {
    routes: Vec<(String, Self)>,
    otherwise: Otherwise,
}

impl Script {
    /// A script without replies.
    pub fn new() -> Self {
        Self::default()
    }

    /// A script that asks a closure, on the thread of the connection.
    ///
    /// Where the closure panics, its connection is closed without an answer, and the request is not
    /// recorded. While it blocks, dropping the server waits for it.
    pub fn with<F>(reply: F) -> Self
    where
        F: Fn(&Request) -> Reply + Send + Sync + 'static,
    {
        Self { routes: Vec::new(), otherwise: Otherwise::Asked(Box::new(reply)) }
    }

    /// Gives a path, which is compared without the query, a script of its own. What the script had
    /// before stays for all other paths.
    #[must_use]
    pub fn on(mut self, path: impl Into<String>, script: impl Into<Self>) -> Self {
        self.routes.push((path.into(), script.into()));
        self
    }

    pub(crate) fn reply(&self, request: &Request) -> Reply {
        if let Some((_, script)) = self.routes.iter().find(|(path, _)| path == request.path()) {
            return script.reply(request);
        }
        match &self.otherwise {
            Otherwise::Listed(replies) => {
                let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
                replies.pop_front().unwrap_or_else(|| Reply::status(204))
            }
            Otherwise::Asked(reply) => reply(request),
        }
    }
}

impl From<Vec<Reply>> for Script {
    fn from(replies: Vec<Reply>) -> Self {
        let otherwise = Otherwise::Listed(Mutex::new(replies.into()));
        Self { routes: Vec::new(), otherwise }
    }
}

impl<const N: usize> From<[Reply; N]> for Script {
    fn from(replies: [Reply; N]) -> Self {
        Vec::from(replies).into()
    }
}

impl From<Reply> for Script {
    fn from(reply: Reply) -> Self {
        [reply].into()
    }
}

impl From<Replay> for Script {
    fn from(replay: Replay) -> Self {
        Self::with(move |request| replay.reply(request))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Script");
        debug.field("routes", &self.routes);
        match &self.otherwise {
            Otherwise::Listed(replies) => debug.field("replies", replies).finish(),
            Otherwise::Asked(_) => debug.finish_non_exhaustive(),
        }
    }
}

/// What a path without a route gets.
enum Otherwise {
    Listed(Mutex<VecDeque<Reply>>),
    Asked(Box<dyn Fn(&Request) -> Reply + Send + Sync>),
}

impl Default for Otherwise {
    fn default() -> Self {
        Self::Listed(Mutex::default())
    }
}

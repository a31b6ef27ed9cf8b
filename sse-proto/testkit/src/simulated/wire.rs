//! A connection of a simulated network: the client's end, and the server that follows its script.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::Network;
use crate::Script;
use crate::answer::{After, Step, Steps, steps};
use crate::connection::Gone;
use crate::read::{Input, Unread, read_request};
use crate::server::refusal;
use crate::tally::Record;

/// A server that runs.
pub(super) struct Site {
    script: Script,
    record: Arc<Record>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stopped: bool,
    /// Those who wait for it to say more.
    waiting: Vec<Waker>,
}

impl Site {
    pub(super) fn new(script: Script, record: Arc<Record>) -> Self {
        Self { script, record, state: Mutex::default() }
    }

    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn poll_stopped(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.stopped {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, as a client has it. Dropping it closes it.
///
/// The server works when it is read from, and has no limit for what is on its way; but its pauses count from when they began.
pub struct Wire {
    network: Network,
    site: Arc<Site>,
    number: usize,
    /// What was written and is no request yet.
    written: Vec<u8>,
    server: Server,
    /// Whether some of the answer was written.
    begun: bool,
    /// When the server does the next thing.
    due: Duration,
    /// Whoever reads while the server waits for a request.
    reader: Option<Waker>,
}

enum Server {
    /// For a request.
    Waits,
    /// To the request at this place.
    Answers(Steps, Option<usize>),
    /// Until the client leaves.
    IsSilent(Option<usize>),
    HasClosed,
    HasReset,
}

/// Bytes after which there are no more.
struct Written(Vec<u8>);

impl Input for Written {
    fn came(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    fn fill(&mut self) -> Result<(), Gone> {
        Err(Gone::Peer)
    }
}

impl Wire {
    pub(super) fn new(network: Network, site: Arc<Site>) -> Self {
        let number = site.record.tally().accepted;
        site.record.on_accept();
        let (written, server, due) = (Vec::new(), Server::Waits, Duration::ZERO);
        Self { network, site, number, written, server, begun: false, due, reader: None }
    }

    /// Sends bytes, all of them at once.
    ///
    /// # Errors
    ///
    /// The connection is closed.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if matches!(self.server, Server::HasClosed | Server::HasReset) || self.site.lock().stopped {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.written.extend_from_slice(bytes);
        if matches!(self.server, Server::Waits) {
            self.serve();
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        Ok(())
    }

    /// The next bytes, as the server has written them; none when it has closed the connection.
    ///
    /// # Errors
    ///
    /// The server has reset the connection.
    pub async fn read(&mut self) -> io::Result<Vec<u8>> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    /// The same as [`read`](Self::read), polled.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        if !self.is_over() && self.site.poll_stopped(cx).is_ready() {
            self.close(Server::HasClosed, false);
        }
        loop {
            let (steps, place) = match &mut self.server {
                Server::HasClosed => return Poll::Ready(Ok(Vec::new())),
                Server::HasReset => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
                Server::Waits => {
                    self.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Server::IsSilent(_) => return Poll::Pending,
                Server::Answers(steps, place) => (steps, *place),
            };
            ready!(self.network.poll_until(self.due, cx));
            match steps.next() {
                Some(Step::Write(bytes)) if bytes.is_empty() => {}
                Some(Step::Write(bytes)) => {
                    if place.is_some() && !mem::replace(&mut self.begun, true) {
                        self.site.record.on_begin();
                    }
                    return Poll::Ready(Ok(bytes));
                }
                Some(Step::Pause(duration)) => self.due = self.due.saturating_add(duration),
                Some(Step::Outlast) => self.server = Server::IsSilent(self.place()),
                Some(Step::Over(After::Next)) => {
                    self.end();
                    self.server = Server::Waits;
                    self.serve();
                }
                Some(Step::Over(After::Reset)) => self.close(Server::HasReset, false),
                Some(Step::Tunnel(_) | Step::Over(After::Close)) | None => {
                    self.close(Server::HasClosed, false);
                }
            }
        }
    }

    /// Lets the server take the next request, if it is there.
    fn serve(&mut self) {
        let mut input = Written(self.written.clone());
        self.server = match read_request(&mut input, self.number) {
            Ok(mut request) => {
                self.written = input.0;
                self.due = self.network.now();
                let arrived = self.network.epoch.checked_add(self.due);
                request.arrived = arrived.unwrap_or(self.network.epoch);
                let reply = self.site.script.reply(&request);
                request.answered = reply.status;
                let steps = steps(&request, reply);
                self.begun = false;
                Server::Answers(steps, Some(self.site.record.on_request(request)))
            }
            Err(Unread::Gone(_)) => return,
            Err(Unread::Refused(status, why)) => {
                let steps = [Step::Write(refusal(status, why)), Step::Over(After::Close)];
                Server::Answers(Box::new(steps.into_iter()), None)
            }
        };
    }

    fn is_over(&self) -> bool {
        matches!(self.server, Server::HasClosed | Server::HasReset)
    }

    fn place(&self) -> Option<usize> {
        match self.server {
            Server::Answers(_, place) | Server::IsSilent(place) => place,
            _ => None,
        }
    }

    /// The answer is over.
    fn end(&self) {
        if let Some(place) = self.place() {
            let at = self.network.epoch.checked_add(self.network.now());
            self.site.record.on_end(place, at.unwrap_or(self.network.epoch));
        }
    }

    fn close(&mut self, how: Server, by_peer: bool) {
        self.end();
        self.server = how;
        self.site.record.on_close(by_peer);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_over() {
            self.close(Server::HasClosed, true);
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("number", &self.number).finish_non_exhaustive()
    }
}

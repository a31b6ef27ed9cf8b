//! The driving loop: a session over blocking sockets.

use std::io;
use std::mem;
use std::thread;
use std::time::Duration;

use sse_proto::{Attempt, Closed, DecodeError, Event, Instant, Lost, Output, Session};

use crate::http::{self, Clock, Read, Response};
use crate::request::Request;

/// Follows one stream over as many connections as it takes.
pub struct Follower<F> {
    /// Can be restarted, closed and committed to between two calls of [`next`](Self::next).
    pub session: Session,
    /// Gives the request of each attempt.
    requests: F,
    clock: Clock,
    connection: Connection,
    /// Why the connection failed, until the session has said what follows.
    error: Option<io::Error>,
}

enum Connection {
    None,
    Due(Attempt),
    Open(Response),
}

/// Something that happened.
pub enum Update {
    Opened,
    Event(Event),
    Comment(String),
    Skipped(DecodeError),
    Late,
    Lost(Lost, Option<io::Error>),
    /// The end. The response is there if it was not accepted.
    Closed(Closed, Option<Response>, Option<io::Error>),
}

impl<F: FnMut(&Attempt) -> io::Result<Request>> Follower<F> {
    /// An error of `requests` is a loss like any other, but [`InvalidInput`](io::ErrorKind::InvalidInput), which is the end.
    pub fn new(requests: F, clock: Clock, session: Session) -> Self {
        Self { session, requests, clock, connection: Connection::None, error: None }
    }

    /// Blocks until something happens. After the end it gives the end again.
    pub fn next(&mut self) -> Update {
        loop {
            match self.session.poll_output() {
                Output::Connect(attempt) => {
                    // The user may have taken time since the last input.
                    self.session.handle_request(self.clock.now());
                    self.connection = Connection::Due(attempt);
                }
                Output::Wait(deadline) => self.wait(deadline),
                Output::Opened => return Update::Opened,
                Output::Event(event) => return Update::Event(event.into_owned()),
                Output::Comment(comment) => return Update::Comment(comment.text().into_owned()),
                Output::Skipped(error) => return Update::Skipped(error),
                Output::Late => return Update::Late,
                Output::Lost(lost) if lost.retry_in.is_some() => {
                    self.connection = Connection::None;
                    return Update::Lost(lost, self.error.take());
                }
                Output::Closed(why) => {
                    let response = match mem::replace(&mut self.connection, Connection::None) {
                        Connection::Open(response) if why.is_refused() => Some(response),
                        _ => None,
                    };
                    return Update::Closed(why, response, self.error.take());
                }
                _ => {}
            }
        }
    }

    /// Does one thing that takes time, until the deadline at most, and tells the session what came of it.
    fn wait(&mut self, deadline: Option<Instant>) {
        let read = match mem::replace(&mut self.connection, Connection::None) {
            Connection::None => {
                // Without a connection there is a deadline: that of the wait.
                let left = self.clock.until(deadline).unwrap_or(Duration::ZERO);
                #[allow(
                    clippy::disallowed_methods,
                    reason = "the core never waits; a driver does"
                )]
                thread::sleep(left);
                Ok(Read::TimedOut)
            }
            Connection::Due(attempt) => match (self.requests)(&attempt) {
                Ok(mut request) => {
                    request.prepare(&attempt);
                    http::send(request, self.clock, deadline)
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    self.error = Some(error);
                    return self.session.handle_invalid_request(self.clock.now());
                }
                Err(error) => Err(error),
            },
            Connection::Open(mut response) => {
                let read = response.read(self.clock, deadline);
                self.connection = Connection::Open(response);
                read
            }
        };
        let now = self.clock.now();
        match read {
            Ok(Read::Head(response)) => {
                self.session.handle_response(now, response.head());
                self.connection = Connection::Open(response);
            }
            Ok(Read::Bytes(bytes)) => self.session.handle_chunk(now, bytes),
            Ok(Read::End) => self.session.handle_eof(now),
            Ok(Read::TimedOut) => self.session.handle_timeout(now),
            Err(error) => {
                self.session.handle_error(now);
                self.error = Some(error);
            }
        }
    }
}

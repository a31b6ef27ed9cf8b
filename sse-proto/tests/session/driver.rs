//! Drives a session by the rule, in virtual time, and writes down what comes out.

use core::time::Duration;

use sse_proto::{Attempt, Config, Instant, Output, ResponseHead, Session};

/// Real drains end after a few outputs for each line of the input; this many is never.
const NEVER: usize = 10_000;

/// A session and a clock. What comes out is a line for each output but `Wait`; see [`line`].
pub(crate) struct Driver {
    pub(crate) session: Session,
    now: Instant,
    /// The last request.
    pub(crate) attempt: Attempt,
}

impl Driver {
    /// A session that was made at the origin and sent nothing yet.
    pub(crate) fn new(config: Config) -> Self {
        Self::with(Session::new(config, 1, Instant::ORIGIN))
    }

    pub(crate) fn with(session: Session) -> Self {
        Self { session, now: Instant::ORIGIN, attempt: Attempt::default() }
    }

    /// A session whose request was sent.
    pub(crate) fn connecting(config: Config) -> Self {
        let mut driver = Self::new(config);
        assert!(driver.drain()[0].starts_with("connect"));
        driver
    }

    /// A session whose first request was accepted.
    pub(crate) fn open(config: Config) -> Self {
        let mut driver = Self::connecting(config);
        assert_eq!(driver.respond(stream()), ["open"]);
        driver
    }

    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// Time passes, and the session is not told.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Time passes, and the session is told.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<String> {
        self.pass(time);
        self.session.handle_timeout(self.now);
        self.drain()
    }

    /// Sleeps until the deadline that the session asks for.
    pub(crate) fn wait_for_deadline(&mut self) -> Vec<String> {
        let deadline = self.deadline().expect("a deadline");
        self.wait(deadline)
    }

    pub(crate) fn respond(&mut self, head: ResponseHead<'_>) -> Vec<String> {
        self.session.handle_response(self.now, head);
        self.drain()
    }

    pub(crate) fn chunk(&mut self, chunk: &'static str) -> Vec<String> {
        self.session.handle_chunk(self.now, chunk);
        self.drain()
    }

    pub(crate) fn end(&mut self) -> Vec<String> {
        self.session.handle_eof(self.now);
        self.drain()
    }

    pub(crate) fn fail(&mut self) -> Vec<String> {
        self.session.handle_error(self.now);
        self.drain()
    }

    pub(crate) fn restart(&mut self) -> Vec<String> {
        self.session.restart();
        self.drain()
    }

    pub(crate) fn close(&mut self) -> Vec<String> {
        self.session.close();
        self.drain()
    }

    /// Loses the connection cleanly, waits, and opens the next one. Gives what that one's request carried.
    pub(crate) fn reconnect(&mut self) -> String {
        let lost = self.end();
        assert!(lost.last().is_some_and(|line| line.starts_with("lost")), "{lost:?}");
        assert!(self.wait_for_deadline()[0].starts_with("connect"));
        assert_eq!(self.respond(stream()), ["open"]);
        self.attempt.last_event_id.clone()
    }

    /// All that is to come out now.
    pub(crate) fn drain(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let output = self.session.poll_output();
            let last = matches!(output, Output::Wait(_) | Output::Closed(_));
            lines.extend(line(&output));
            if let Output::Connect(attempt) = output {
                self.attempt = attempt;
            }
            if last {
                return lines;
            }
            assert!(lines.len() < NEVER, "poll_output never comes to an end");
        }
    }

    /// Time until the deadline, which may have passed; `None` if there is none. Nothing else may be left to come out.
    #[track_caller]
    pub(crate) fn deadline(&mut self) -> Option<Duration> {
        match self.session.poll_output() {
            Output::Wait(deadline) => deadline.map(|deadline| deadline.saturating_since(self.now)),
            output => panic!("no wait: {output:?}"),
        }
    }
}

/// 200 and `text/event-stream`.
pub(crate) fn stream() -> ResponseHead<'static> {
    status(200)
}

/// A status, and `text/event-stream`.
pub(crate) fn status(status: u16) -> ResponseHead<'static> {
    ResponseHead::new(status).content_type(b"text/event-stream")
}

/// A line for an output:
/// `connect` or `connect#id`, `open`, `type: data` or `type#id: data`, `:comment`, `skipped`, `late`,
/// `lost: cause` or `lost: cause, 3s`, `closed: why`; none for `Wait`.
pub(crate) fn line(output: &Output<'_>) -> Option<String> {
    Some(match output {
        Output::Connect(attempt) => format!("connect{}", sharp(&attempt.last_event_id)),
        Output::Opened => "open".to_owned(),
        Output::Event(event) => {
            format!("{}{}: {}", event.event_type(), sharp(event.last_event_id()), event.data())
        }
        Output::Comment(comment) => format!(":{}", comment.text()),
        Output::Skipped(_) => "skipped".to_owned(),
        Output::Late => "late".to_owned(),
        Output::Lost(lost) => match lost.retry_in {
            Some(wait) => format!("lost: {}, {wait:?}", lost.cause),
            None => format!("lost: {}", lost.cause),
        },
        Output::Closed(why) => format!("closed: {why}"),
        Output::Wait(_) => return None,
        other => panic!("an output that this test does not know: {other:?}"),
    })
}

fn sharp(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!("#{id}") }
}

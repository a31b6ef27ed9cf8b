//! The network of a scenario: its server, and the client's HTTP library, as far as a session can tell.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use sse_proto::{Attempt, Instant, Redirect};

use super::scenario::{Answer, Scenario, Sent, decode, shorten};

/// The server of a scenario and the client's HTTP library, as far as a session can tell.
pub(super) struct Network {
    script: BTreeMap<String, VecDeque<Answer>>,
    listening_from: Duration,
    most_redirects: u32,
    pub(super) now: Duration,
    /// When the last body ended or the last connection failed.
    last_end: Option<Duration>,
    pub(super) sent: Vec<Sent>,
}

/// What the body brings.
pub(super) enum Piece {
    Chunk(Vec<u8>),
    End,
    Break,
}

impl Network {
    pub(super) fn new(scenario: &Scenario, most_redirects: u32) -> Self {
        let script = scenario.script().into_iter().map(|(path, answers)| (path, answers.into()));
        // That scenario counts its waits from the start.
        let nothing_listens = scenario.script.is_none();
        Self {
            script: script.collect(),
            listening_from: Duration::from_millis(if nothing_listens { 4500 } else { 0 }),
            most_redirects,
            now: Duration::ZERO,
            last_end: nothing_listens.then_some(Duration::ZERO),
            sent: Vec::new(),
        }
    }

    pub(super) const fn now(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    /// Sends the request and follows redirects: the answer and where it came from, or `None` for a network error.
    pub(super) fn fetch(&mut self, attempt: &Attempt) -> Option<(Answer, String)> {
        let mut path = attempt.address.clone().unwrap_or_else(|| "/stream".to_owned());
        for _ in 0..=self.most_redirects {
            let answer = self.send(&path, &attempt.last_event_id)?;
            let status = answer.status?;
            match (Redirect::of(status, "GET"), answer.header("location")) {
                (Some(redirect), Some(to)) => {
                    assert_eq!(redirect, Redirect::Repeat);
                    path = to.starts_with('/').then(|| to.to_owned())?;
                }
                _ => return Some((answer, path)),
            }
        }
        None
    }

    fn send(&mut self, path: &str, id: &str) -> Option<Answer> {
        if self.now < self.listening_from {
            return None;
        }
        let answer = self.script.get_mut(path).and_then(VecDeque::pop_front);
        let answer = answer.unwrap_or_else(|| Answer {
            status: Some(204),
            framing: "bare".to_owned(),
            ..Answer::default()
        });
        self.sent.push(Sent {
            path: path.to_owned(),
            last_event_id: (!id.is_empty()).then(|| shorten(id.trim_matches([' ', '\t']))),
            after: self.last_end.map(|end| self.now - end),
            answered: match (&answer.status, &answer.end) {
                (Some(status), _) => status.to_string(),
                (None, end) => end.clone().unwrap_or_default(),
            },
        });
        self.now += Duration::from_millis(answer.delay_head_ms);
        Some(answer)
    }

    pub(super) fn end(&mut self) {
        if self.listening_from.is_zero() {
            self.last_end = Some(self.now);
        }
    }
}

impl Answer {
    /// A header's last value, as a client's list of headers gives it.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        values.next_back().map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    /// The body as an HTTP client gives it on: its bytes, and whether they end cleanly.
    pub(super) fn pieces(&self) -> VecDeque<Piece> {
        let mut body = decode(&self.body);
        for part in &self.body_repeat {
            body.extend(decode(&part.base64).repeat(part.times));
        }
        let declared = body.len().saturating_add_signed(self.content_length_off_by);
        let is_whole = body.len() >= declared;
        body.truncate(declared);
        let end = match (self.framing.as_str(), self.end.as_deref()) {
            ("chunked" | "none" | "bare", None) => Piece::End,
            ("length", None) if is_whole => Piece::End,
            ("length", None) | ("chunked", Some("bad-chunk" | "reset")) => Piece::Break,
            other => panic!("an end that this model does not know: {other:?}"),
        };
        let size = if body.len() < 4096 { 7 } else { 4096 };
        body.chunks(size).map(|chunk| Piece::Chunk(chunk.to_vec())).chain([end]).collect()
    }
}

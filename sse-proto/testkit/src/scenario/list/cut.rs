//! An answer that is cut at each of its bytes, one connection after the other.

use std::ops::Range;

use crate::scenario::Scenario;
use crate::scenario::Tag::{Framing, Loss};
use crate::scenario::want::{asked, broken, comment, ended, event, opened};
use crate::{End, Reply};

const BODY: &str = "id: 1\ndata: a\n\n:\ndata: b\n\n";

/// The bytes of an answer, and which of them are the body's.
struct Answer {
    bytes: Vec<u8>,
    is_body: Vec<bool>,
    /// Where the head ends.
    head: usize,
    /// How many bytes it takes until nothing can be seen to be missing.
    whole: usize,
}

impl Answer {
    /// With these headers more, each with its line end.
    fn new(headers: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{headers}\r\n");
        let mut answer =
            Self { bytes: Vec::new(), is_body: Vec::new(), head: head.len(), whole: head.len() };
        answer.add(&head, false);
        answer
    }

    fn add(&mut self, text: &str, is_body: bool) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.is_body.resize(self.bytes.len(), is_body);
    }

    fn in_chunks() -> Self {
        let mut answer = Self::new("transfer-encoding: chunked\r\nconnection: close\r\n");
        for chunk in [&BODY[..15], &BODY[15..20], &BODY[20..]] {
            answer.add(&format!("{:x};a=b\r\n", chunk.len()), false);
            answer.add(chunk, true);
            answer.add("\r\n", false);
        }
        answer.add("0\r\n\r\n", false);
        answer.whole = answer.bytes.len();
        answer
    }

    fn of_a_length() -> Self {
        let headers = format!("content-length: {}\r\nconnection: close\r\n", BODY.len());
        let mut answer = Self::new(&headers);
        answer.add(BODY, true);
        answer.whole = answer.bytes.len();
        answer
    }

    /// Where it is cut in the body it is at its end; what was cut there does not count.
    fn until_close() -> Self {
        let mut answer = Self::new("");
        answer.add(BODY, true);
        answer
    }

    /// Cut before each byte of its head.
    fn cut_in_the_head(self, name: &str, end: &End) -> Scenario {
        let head = 0..self.head;
        self.cut(name, head, end)
    }

    /// Cut before each byte after its head, and behind the last.
    fn cut_in_the_body(self, name: &str, end: &End) -> Scenario {
        let body = self.head..self.bytes.len() + 1;
        self.cut(name, body, end)
    }

    fn cut(self, name: &str, at: Range<usize>, end: &End) -> Scenario {
        let (mut replies, mut requests, mut log) = (Vec::new(), vec![asked()], Vec::new());
        let mut has_id = false;
        for cut in at {
            replies.push(Reply::raw(&self.bytes[..cut]).end(end.clone()));
            let came = self.is_body[..cut].iter().filter(|is_body| **is_body).count();
            let came = &BODY[..came];
            has_id |= came.contains("a\n\n");
            let entries = [
                (cut >= self.head, opened()),
                (came.contains("a\n\n"), event("a").id("1")),
                (came.contains("\n:\n"), comment("")),
                (came.contains("b\n\n"), event("b").id("1")),
                (cut >= self.whole, ended()),
                (cut < self.whole, broken()),
            ];
            log.extend(entries.into_iter().filter_map(|(seen, entry)| seen.then_some(entry)));
            requests.push(if has_id { asked().id("1") } else { asked() });
        }
        Scenario::new(name, &[Loss, Framing]).script(replies).log(log).requests(requests)
    }
}

pub(super) fn list() -> Vec<Scenario> {
    let (fin, reset) = (End::Fin, End::Reset);
    vec![
        Answer::until_close().cut_in_the_head("fin-at-each-byte-of-a-head", &fin),
        Answer::until_close().cut_in_the_head("reset-at-each-byte-of-a-head", &reset),
        Answer::in_chunks().cut_in_the_body("fin-at-each-byte-of-chunks", &fin),
        Answer::in_chunks().cut_in_the_body("reset-at-each-byte-of-chunks", &reset),
        Answer::of_a_length().cut_in_the_body("fin-at-each-byte-of-a-length", &fin),
        Answer::until_close().cut_in_the_body("fin-at-each-byte-of-a-body-until-close", &fin),
    ]
}

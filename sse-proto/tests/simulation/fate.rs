//! What befalls a connection, as chance has it.

use std::time::Duration;

use bytes::Bytes;
use sse_proto::{Instant, ResponseHead};

use crate::random::Random;
use crate::setup::Setup;
use crate::stream::Mark;
use crate::tally::Kind;
use crate::world::World;

/// What becomes of a request.
pub struct Fate {
    /// When it is known; `None` for never.
    pub at: Option<Instant>,
    pub outcome: Outcome,
}

pub enum Outcome {
    /// No response, for this reason.
    Failed(Kind),
    InvalidRequest,
    Head(Head),
    Stream(Body),
}

/// A head, and what it asks for in `Retry-After`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head {
    pub status: u16,
    pub content_type: &'static str,
    retry_after: Option<&'static str>,
    date: Option<&'static str>,
    pub wait: Option<Duration>,
    pub kind: Option<Kind>,
}

/// A body on its way.
pub struct Body {
    bytes: Bytes,
    given: usize,
    pub marks: Vec<(usize, Mark)>,
    end: End,
    pub in_block: bool,
    pieces: Pieces,
    /// The longest pause between pieces, in milliseconds.
    pace: u64,
    /// When the last piece came, or the head.
    arrival: Instant,
    next: Option<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Broken,
    Clean,
    Silence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pieces {
    Whole,
    Split,
    Bytewise,
}

/// The next thing to come from a body: bytes, or its end.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// `None` for silence for ever.
    pub at: Option<Instant>,
    len: usize,
}

pub enum Arrived {
    Bytes(Bytes),
    End(End),
}

impl Head {
    const OK: Self = Self { status: 200, content_type: "text/event-stream", ..Self::BARE };
    const BARE: Self =
        Self { status: 0, content_type: "", retry_after: None, date: None, wait: None, kind: None };

    pub fn response(&self) -> ResponseHead<'_> {
        ResponseHead::from_headers(self.status, |name| match name {
            "content-type" => Some(self.content_type.as_bytes()),
            "retry-after" => self.retry_after.map(str::as_bytes),
            "date" => self.date.map(str::as_bytes),
            _ => None,
        })
    }

    fn busy(status: u16, world: &World) -> Self {
        let asked = world.random.pick(&[None, Some(("2", 2)), Some(("40", 40)), Some((DATE, 3))]);
        let kind = match asked {
            None => Kind::Status,
            Some((DATE, _)) => Kind::RetryAfterDate,
            Some(_) => Kind::RetryAfter,
        };
        Self {
            status,
            kind: Some(kind),
            retry_after: asked.map(|(text, _)| text),
            date: asked.filter(|(text, _)| *text == DATE).map(|_| DATE_BEFORE),
            wait: asked.map(|(_, seconds)| Duration::from_secs(seconds)),
            ..Self::BARE
        }
    }
}

/// Three seconds after the other.
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_BEFORE: &str = "Sun, 06 Nov 1994 08:49:34 GMT";

impl Fate {
    /// For a request that has seen so many blocks.
    pub fn draw(setup: &Setup, seen: u64, world: &World) -> Self {
        let random = &world.random;
        let head_at = world.now() + random.millis(random.pick(&[0, 20, 900]));
        let fate = |outcome| Self { at: Some(head_at), outcome };
        if random.one_in(2_000) {
            return fate(Outcome::InvalidRequest);
        }
        if random.one_in(400) {
            let (status, content_type) =
                random.pick(&[(404, ""), (200, ""), (200, "text/html; charset=utf-8"), (301, "")]);
            return fate(Outcome::Head(Head { status, content_type, ..Head::BARE }));
        }
        if random.one_in(setup.trouble) {
            return match random.below(4) {
                0 => fate(Outcome::Failed(Kind::Refused)),
                1 => fate(Outcome::Failed(Kind::ResetBeforeHead)),
                2 => fate(Outcome::Head(Head::busy(random.pick(&[429, 500, 503]), world))),
                _ if setup.config.connect_timeout.is_some() => {
                    Self { at: None, outcome: Outcome::Failed(Kind::ConnectTimeout) }
                }
                _ => fate(Outcome::Failed(Kind::Refused)),
            };
        }
        if seen >= setup.stream.total && !setup.stream.sentinel {
            return fate(Outcome::Head(Head { status: 204, ..Head::BARE }));
        }
        fate(Outcome::Stream(Body::draw(setup, seen, head_at, world)))
    }
}

impl Body {
    pub const HEAD: Head = Head::OK;

    fn draw(setup: &Setup, seen: u64, head_at: Instant, world: &World) -> Self {
        let random = &world.random;
        let mut blocks = random.pick(&[2, 10, 40, 80]);
        let mut pace = random.pick(&[0, 0, 0, 30, 30, 5_000, 40_000]);
        let pieces = match random.below(32) {
            0 => Pieces::Bytewise,
            1..=15 => Pieces::Split,
            _ => Pieces::Whole,
        };
        if pieces == Pieces::Bytewise {
            (blocks, pace) = (2, random.pick(&[0, 2]));
        }
        let mut page = setup.stream.write(seen, random.between(0, blocks), world);
        if pieces == Pieces::Bytewise {
            page.marks.insert(0, (1, Mark::Fact(Kind::Bytewise)));
        }
        let mut end = random.pick(&[End::Broken, End::Broken, End::Broken, End::Clean]);
        if setup.config.idle_timeout.is_some() && random.one_in(4) {
            end = End::Silence;
        }
        let mut at = random.below(page.bytes.len() as u64 + 1) as usize;
        if random.one_in(3) || page.marks.iter().any(|(_, mark)| *mark == Mark::Sentinel) {
            at = page.bytes.len();
        }
        if setup.config.first_byte_timeout.is_some() && random.one_in(8) {
            (at, end) = (0, End::Silence);
        }
        let in_block = page.cut(at);
        Self {
            bytes: Bytes::from(page.bytes),
            given: 0,
            marks: page.marks,
            end,
            in_block,
            pieces,
            pace,
            arrival: head_at,
            next: None,
        }
    }

    /// What comes next, and when.
    pub fn next(&mut self, random: &Random) -> Piece {
        let (left, end) = (self.bytes.len() - self.given, self.end);
        *self.next.get_or_insert_with(|| {
            let at = self.arrival + random.millis(self.pace);
            let len = match self.pieces {
                Pieces::Whole => left,
                Pieces::Split => left.min(random.between(1, 400) as usize),
                Pieces::Bytewise => left.min(1),
            };
            Piece { at: Some(at).filter(|_| left > 0 || end != End::Silence), len }
        })
    }

    /// Whether only the end is left.
    pub fn is_given(&self) -> bool {
        self.given == self.bytes.len()
    }

    /// Hands over what came.
    pub fn take(&mut self) -> Arrived {
        let Some(Piece { at, len }) = self.next.take() else { return Arrived::End(self.end) };
        self.arrival = at.unwrap_or(self.arrival);
        if len == 0 {
            return Arrived::End(self.end);
        }
        let from = self.given;
        self.given += len;
        Arrived::Bytes(self.bytes.slice(from..self.given))
    }
}

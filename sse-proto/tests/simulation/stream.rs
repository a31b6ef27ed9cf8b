//! What the server has to say: numbered blocks, written in all the ways that the standard allows.

use std::io::Write;
use std::time::Duration;

use crate::random::{Random, mix};
use crate::tally::Kind;
use crate::world::World;

/// The blocks 1 to `total`, each with its number as id. Most are events; the others only move the id.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    pub salt: u64,
    pub total: u64,
    /// Whether `[DONE]` follows the last block; if not, the end is a 204.
    pub sentinel: bool,
}

/// The body of a response, and from which byte on its parts count.
#[derive(Default)]
pub struct Page {
    pub bytes: Vec<u8>,
    pub marks: Vec<(usize, Mark)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Block(u64),
    /// A block over the limit, which moves no id.
    Huge(u64),
    Retry(Duration),
    Comment,
    Sentinel,
    /// Something that is only counted.
    Fact(Kind),
}

/// Bytes that the client holds for a block.
pub const LIMIT: usize = 100;

impl Stream {
    /// Whether a block is an event, perhaps a huge one.
    fn is_event(&self, number: u64) -> bool {
        self.draw(number) & 15 != 0
    }

    /// Whether a block is over the limit.
    pub fn is_huge(&self, number: u64) -> bool {
        number <= self.total && self.draw(number) & 127 == 1
    }

    /// The first event after a block, perhaps a huge one; beyond the last one `total + 1`.
    pub fn next_event(&self, after: u64) -> u64 {
        let end = self.total + 1;
        (after + 1..end).find(|&number| self.is_event(number)).unwrap_or(end)
    }

    /// The first event after a block that moves the id.
    pub fn next_id(&self, after: u64) -> u64 {
        let next = self.next_event(after);
        if self.is_huge(next) { self.next_id(next) } else { next }
    }

    pub fn event_type(&self, number: u64) -> &'static str {
        ["message", "message", "token", "é"][(self.draw(number) >> 8 & 3) as usize]
    }

    /// The data of an event, its lines joined by LF.
    pub fn data(&self, number: u64) -> String {
        match self.draw(number) >> 16 & 15 {
            _ if self.is_huge(number) => "x".repeat(LIMIT + 1),
            0 => String::new(),
            1 => format!("{number}\n second\n"),
            2 => format!("{number}: → 𝄞 \u{FEFF}"),
            _ => number.to_string(),
        }
    }

    /// So many blocks after `after`, as far as there are, and the sentinel behind the last one.
    pub fn write(&self, after: u64, blocks: u64, world: &World) -> Page {
        let mut page = Page::default();
        if world.random.one_in(16) {
            page.bytes.extend_from_slice("\u{FEFF}".as_bytes());
            page.mark(Mark::Fact(Kind::Bom));
        }
        let last = self.total.min(after + blocks);
        for number in after + 1..=last {
            self.write_block(&mut page, number, world);
        }
        if self.sentinel && last == self.total {
            page.line(b"data: [DONE]", b"\n");
            page.line(b"", b"\n");
            page.mark(Mark::Sentinel);
        }
        page
    }

    fn write_block(&self, page: &mut Page, number: u64, world: &World) {
        let random = &world.random;
        let whim = random.next();
        let (eol, kind): (&[u8], _) =
            random.pick(&[(b"\n", Kind::Lf), (b"\r", Kind::Cr), (b"\r\n", Kind::CrLf)]);
        if whim & 15 == 0 {
            page.line(b": tick", eol);
            page.mark(Mark::Comment);
        }
        if whim >> 4 & 31 == 0 {
            page.retry(random, eol);
        }
        if whim >> 9 & 15 == 0 {
            page.line(b"field: of no meaning", eol);
        }
        let id_first = whim >> 13 & 1 == 0;
        if id_first {
            page.id(number, whim >> 14 & 1 == 0, eol);
        }
        if whim >> 15 & 31 == 0 {
            page.line(b"id: 9\0", eol);
            page.mark(Mark::Fact(Kind::NulId));
        }
        if self.is_event(number) {
            self.write_event(page, number, eol);
        }
        if !id_first {
            page.id(number, whim >> 14 & 1 == 0, eol);
        }
        page.line(b"", eol);
        page.mark(if self.is_huge(number) { Mark::Huge(number) } else { Mark::Block(number) });
        page.mark(Mark::Fact(if self.is_event(number) { kind } else { Kind::IdOnly }));
    }

    fn write_event(&self, page: &mut Page, number: u64, eol: &[u8]) {
        let event_type = self.event_type(number);
        if event_type != "message" {
            page.line(format!("event: {event_type}").as_bytes(), eol);
        }
        let data = self.data(number);
        if data.is_empty() {
            page.line(b"data", eol);
            page.mark(Mark::Fact(Kind::Empty));
            return;
        }
        for line in data.split('\n') {
            page.bytes.extend_from_slice(b"data: ");
            page.line(line.as_bytes(), eol);
        }
    }

    fn draw(&self, number: u64) -> u64 {
        mix(self.salt ^ number)
    }
}

impl Page {
    /// Ends a line. It counts from its CR on, whatever follows.
    fn line(&mut self, text: &[u8], eol: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.bytes.extend_from_slice(eol);
    }

    /// What was just written counts from here on.
    fn mark(&mut self, mark: Mark) {
        let after_cr = self.bytes.ends_with(b"\r\n");
        self.marks.push((self.bytes.len() - usize::from(after_cr), mark));
    }

    fn id(&mut self, number: u64, space: bool, eol: &[u8]) {
        let space = if space { " " } else { "" };
        write!(self.bytes, "id:{space}{number}").expect("a vector takes everything");
        self.line(b"", eol);
    }

    fn retry(&mut self, random: &Random, eol: &[u8]) {
        let millis = random.pick(&[0, 1, 500, 2_000, 7_000]);
        self.line(format!("retry: {millis}").as_bytes(), eol);
        self.mark(Mark::Retry(Duration::from_millis(millis)));
    }

    /// Breaks the page off; whether it did so inside a block.
    pub fn cut(&mut self, at: usize) -> bool {
        self.bytes.truncate(at);
        self.marks.retain(|(from, _)| *from <= at);
        let ends = self.marks.iter().rev();
        let is_end = |mark: &Mark| matches!(mark, Mark::Block(_) | Mark::Huge(_) | Mark::Sentinel);
        let mut ends = ends.filter(|(_, mark)| is_end(mark));
        let rest = &self.bytes[ends.next().map_or(0, |(end, _)| *end)..];
        !matches!(rest, b"" | b"\n" | b"\xEF\xBB\xBF")
    }
}

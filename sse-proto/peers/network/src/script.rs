//! What the server sends when it is read as fast as possible: events of a kind, cut into HTTP chunks.

use std::io::Write as _;

/// What is gathered for one write to the socket, at most. With a write for each chunk a fast client would pay for more reads
/// than a slow one, and the floor would come out dearer than its users.
const GATHER: usize = 64 * 1024;

/// How a body is cut into HTTP chunks.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// So many whole events a chunk.
    Events(usize),
    /// So many bytes a chunk, wherever events end.
    Bytes(usize),
}

/// A kind of event.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A token of a language model: 266 bytes of JSON.
    Token,
    /// One digit.
    Tiny,
    /// A recent change: event type, id, and 846 bytes of JSON; 1,022 bytes in all.
    Change,
}

/// A body that is written again and again.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// What it is called, and its path.
    pub name: &'static str,
    kind: Kind,
    cut: Cut,
    /// Blocks of a turn: short ones, of which some are undisturbed, yet of milliseconds, beside which a connection costs little.
    pub blocks: usize,
}

/// Every script.
pub const ALL: [Script; 6] = [
    Script { name: "llm-1", kind: Kind::Token, cut: Cut::Events(1), blocks: 10 },
    Script { name: "llm-10", kind: Kind::Token, cut: Cut::Events(10), blocks: 40 },
    Script { name: "llm-16k", kind: Kind::Token, cut: Cut::Bytes(16384), blocks: 80 },
    Script { name: "tiny-16k", kind: Kind::Tiny, cut: Cut::Bytes(16384), blocks: 20 },
    Script { name: "wiki-1", kind: Kind::Change, cut: Cut::Events(1), blocks: 12 },
    Script { name: "wiki-16k", kind: Kind::Change, cut: Cut::Bytes(16384), blocks: 50 },
];

impl Script {
    /// The script of a name.
    pub fn of(name: &str) -> Option<Self> {
        ALL.into_iter().find(|script| script.name == name)
    }

    /// Events of a block.
    pub const fn events(self) -> usize {
        match self.kind {
            Kind::Token => 2500,
            Kind::Tiny => 50_000,
            Kind::Change => 1000,
        }
    }

    /// Bytes of data of a block.
    pub const fn data(self) -> usize {
        let of_an_event = match self.kind {
            Kind::Token => 266,
            Kind::Tiny => 1,
            Kind::Change => 846,
        };
        of_an_event * self.events()
    }

    /// Bytes of a block's body, without HTTP's framing.
    pub const fn bytes(self) -> usize {
        let of_an_event = match self.kind {
            Kind::Token => 274,
            Kind::Tiny => 9,
            Kind::Change => 1022,
        };
        of_an_event * self.events()
    }

    /// A block in HTTP chunks, gathered for the socket.
    pub fn gathers(self) -> Vec<Vec<u8>> {
        let events: Vec<Vec<u8>> =
            (0..self.events()).map(|number| event(self.kind, number)).collect();
        let chunks: Vec<Vec<u8>> = match self.cut {
            Cut::Events(count) => {
                events.chunks(count).map(|events| chunk(&events.concat())).collect()
            }
            Cut::Bytes(count) => events.concat().chunks(count).map(chunk).collect(),
        };
        let mut gathers = vec![Vec::new()];
        for chunk in chunks {
            if gathers.last().is_some_and(|gather| gather.len() + chunk.len() > GATHER) {
                gathers.push(Vec::new());
            }
            if let Some(gather) = gathers.last_mut() {
                gather.extend_from_slice(&chunk);
            }
        }
        gathers
    }
}

/// An HTTP chunk.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// One event of a kind.
fn event(kind: Kind, number: usize) -> Vec<u8> {
    match kind {
        Kind::Token => {
            let data = pad(
                format!(
                    "{{\"id\":\"chatcmpl-9fWqM3uYdEyGvC1sX8nTzKbLr0aHj\",\
                     \"object\":\"chat.completion.chunk\",\"created\":{},\
                     \"model\":\"gpt-4o-2024-05-13\",\"system_fingerprint\":\"fp_3e7d703517\",\
                     \"choices\":[{{\"index\":0,\"finish_reason\":null,\"delta\":{{\"content\":\"",
                    1_714_000_000 + number
                ),
                266,
                "\"}}]}",
            );
            format!("data: {data}\n\n").into_bytes()
        }
        Kind::Tiny => b"data: 7\n\n".to_vec(),
        Kind::Change => {
            let id = pad(
                format!(
                    "[{{\"topic\":\"eqiad.mediawiki.recentchange\",\"partition\":0,\"timestamp\":{}}},\
                     {{\"topic\":\"codfw.mediawiki.recentchange\",\"key\":\"",
                    1_714_000_000_000_u64 + number as u64
                ),
                148,
                "\"}]",
            );
            let data = pad(
                format!(
                    "{{\"$schema\":\"/mediawiki/recentchange/1.0.0\",\"type\":\"edit\",\"id\":{},\
                     \"title\":\"Server-sent events\",\"comment\":\"",
                    1_000_000 + number
                ),
                846,
                "\"}",
            );
            let mut event = Vec::with_capacity(1022);
            write!(event, "event: message\nid: {id}\ndata: {data}\n\n")
                .expect("memory takes everything");
            event
        }
    }
}

/// The head, as many words as it takes, and the end: `len` bytes.
fn pad(mut text: String, len: usize, end: &str) -> String {
    let words = " quite a few words and a token more".chars().cycle();
    let missing = len - text.len() - end.len();
    text.extend(words.take(missing));
    text + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_long_as_it_says() {
        for script in ALL {
            let first = event(script.kind, 0).len();
            let last = event(script.kind, script.events() - 1).len();
            assert_eq!((first, last), (script.bytes() / script.events(), first), "{}", script.name);
            assert!(
                script.gathers().iter().all(|gather| gather.len() <= GATHER),
                "{}",
                script.name
            );
        }
    }
}

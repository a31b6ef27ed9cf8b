//! The bodies that are decoded, written anew at every run: the same bytes each time, and what is right to read in them.

use std::fmt::Write as _;

use bytes::Bytes;
use fastrand::Rng;

use crate::sink::{Digest, Sink};

/// The corpora by their letter: what it is called, and its size in MiB in a full run.
pub const ALL: [(char, &str, usize); 9] = [
    ('a', "OpenAI-like: one line of JSON", 16),
    ('b', "Anthropic-like: event type and JSON", 16),
    ('c', "tiny: `data: x`", 4),
    ('d', "Wikimedia-like: id, event type, 1 KiB of JSON", 16),
    ('e', "20 data lines an event", 16),
    ('f', "one line", 8),
    ('g', "heartbeats: 50 blocks an event, 49 of them comments", 4),
    ('h', "Chinese and emoji in JSON", 16),
    ('i', "as a, with CRLF", 16),
];

/// The letter of a corpus, from a command line.
///
/// # Errors
///
/// If there is no such corpus.
pub fn key(text: &str) -> Result<char, String> {
    let mut keys = ALL.into_iter().map(|(key, ..)| key);
    keys.find(|key| text.chars().eq([*key])).ok_or(format!("no corpus {text}"))
}

/// A body and what it says.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Its letter.
    pub key: char,
    /// The body.
    pub bytes: Bytes,
    /// What a decoder must read in it.
    pub truth: Digest,
}

impl Corpus {
    /// The corpus with this letter, of at least so many bytes and less than one event more.
    ///
    /// # Panics
    ///
    /// If there is no corpus with this letter.
    pub fn new(key: char, size: usize) -> Self {
        let mut writer = Writer::new(if key == 'i' { "\r\n" } else { "\n" });
        while writer.body.len() < size {
            match key {
                'a' | 'i' => openai(&mut writer, ENGLISH),
                'b' => anthropic(&mut writer),
                'c' => writer.event("", "", &["x"]),
                'd' => wikimedia(&mut writer),
                'e' => twenty_lines(&mut writer),
                'f' => one_line(&mut writer, size),
                'g' => heartbeats(&mut writer),
                'h' => openai(&mut writer, CHINESE),
                _ => panic!("no corpus {key}"),
            }
        }
        let bytes = Bytes::from(writer.body);
        // Makes the count of references once, here, so that no candidate is charged for it.
        drop(bytes.clone());
        Self { key, bytes, truth: writer.truth }
    }
}

/// Writes lines, and notes what they mean.
struct Writer {
    /// What was written so far.
    body: Vec<u8>,
    /// What it means.
    truth: Digest,
    /// LF or CRLF.
    line_end: &'static str,
    /// Where variety comes from.
    random: Rng,
}

impl Writer {
    /// An empty body. The seed is arbitrary.
    fn new(line_end: &'static str) -> Self {
        Self { body: Vec::new(), truth: Digest::default(), line_end, random: Rng::with_seed(41) }
    }

    /// A line: name, colon, space, value.
    fn line(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, self.line_end] {
            self.body.extend_from_slice(part.as_bytes());
        }
    }

    /// An event; an empty type or id is not written.
    fn event(&mut self, id: &str, event_type: &str, lines: &[&str]) {
        if !id.is_empty() {
            self.line("id", id);
        }
        if !event_type.is_empty() {
            self.line("event", event_type);
        }
        for line in lines {
            self.line("data", line);
        }
        self.body.extend_from_slice(self.line_end.as_bytes());
        let event_type = if event_type.is_empty() { "message" } else { event_type };
        self.truth.event(event_type, &lines.join("\n"), id);
    }

    /// A few words with a space before each, as language models emit them.
    fn words(&mut self, words: &[&str], count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            text.push(' ');
            text.push_str(words[self.random.usize(..words.len())]);
        }
        text
    }
}

/// Words of a language, and how many make an event's text.
type Language = (&'static [&'static str], usize);

/// What most of the corpora speak.
const ENGLISH: Language = (&["the", "stream", "of", "events", "is", "a", "token", "quite"], 1);

/// Three and four bytes a character, some of which are joined.
const CHINESE: Language =
    (&["服务器", "发送", "事件", "流式", "响应", "你好，世界", "🎉", "人工智能", "👩‍💻", "。"], 8);

/// A chunk of a chat completion.
fn openai(writer: &mut Writer, (words, count): Language) {
    let text = writer.words(words, count);
    let created = 1_714_000_000 + writer.random.u32(..1000);
    let data = format!(
        "{{\"id\":\"chatcmpl-9fWqM3uYdEyGvC1sX8nTzKbLr0aHj\",\
         \"object\":\"chat.completion.chunk\",\"created\":{created},\
         \"model\":\"gpt-4o-2024-05-13\",\"system_fingerprint\":\"fp_3e7d703517\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}"
    );
    writer.event("", "", &[&data]);
}

/// A delta of a message.
fn anthropic(writer: &mut Writer) {
    let count = writer.random.usize(1..3);
    let text = writer.words(ENGLISH.0, count);
    let data = format!(
        "{{\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}"
    );
    writer.event("", "content_block_delta", &[&data]);
}

/// A recent change: about 1 KiB of JSON.
fn wikimedia(writer: &mut Writer) {
    let time = 1_714_000_000_000_u64 + writer.random.u64(..1_000_000);
    let id = format!(
        "[{{\"topic\":\"eqiad.mediawiki.recentchange\",\"partition\":0,\"timestamp\":{time}}}]"
    );
    let (title, comment) = (writer.words(ENGLISH.0, 4), writer.words(ENGLISH.0, 12));
    let mut data = format!(
        "{{\"$schema\":\"/mediawiki/recentchange/1.0.0\",\"meta\":{{\
         \"uri\":\"https://en.wikipedia.org/wiki/Some_page\",\
         \"request_id\":\"7c1e3b1a-52f6-4a3c-9d62-0a8b7c3f1d55\",\
         \"domain\":\"en.wikipedia.org\",\"dt\":{time}}},\"type\":\"edit\",\
         \"title\":\"{title}\",\"comment\":\"{comment}\",\"bot\":false,\"minor\":true,\"fields\":["
    );
    while data.len() < 990 {
        let number = writer.random.u32(..);
        write!(data, "{number},").expect("a string takes everything");
    }
    data.push_str("0]}");
    writer.event(&id, "message", &[&data]);
}

/// 20 data lines of 60 bytes.
fn twenty_lines(writer: &mut Writer) {
    let lines: Vec<String> = (0..20).map(|_| letters(&mut writer.random, 60)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    writer.event("", "", &lines);
}

/// One event that fills the body.
fn one_line(writer: &mut Writer, size: usize) {
    let data = letters(&mut writer.random, size);
    writer.event("", "", &[&data]);
}

/// 49 comments, then an event.
fn heartbeats(writer: &mut Writer) {
    for _ in 0..49 {
        let comment = format!("heartbeat {:06}", writer.random.u32(..1_000_000));
        writer.line("", &comment);
        writer.body.push(b'\n');
        writer.truth.comment(comment.as_bytes());
    }
    writer.event("", "", &["x"]);
}

/// Lower-case letters and spaces.
fn letters(random: &mut Rng, len: usize) -> String {
    (0..len).map(|_| if random.u8(..8) == 0 { ' ' } else { random.lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_is_the_same_every_time_and_as_large_as_it_should_be() {
        for (key, ..) in ALL {
            let corpus = Corpus::new(key, 100_000);
            assert_eq!(corpus.bytes, Corpus::new(key, 100_000).bytes, "{key}");
            assert!((100_000..110_000).contains(&corpus.bytes.len()), "{key}");
        }
    }
}

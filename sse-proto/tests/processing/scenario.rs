//! The scenarios: what a server answered, what the browser sent and what its page saw (`vectors/README.md`).

use core::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde::de::IgnoredAny;

const SCENARIOS: usize = 135;

/// How much longer than the wait itself the browser's measured waits are at most.
const MEASURING: Duration = Duration::from_millis(150);

pub(super) fn load() -> Vec<Scenario> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/processing.jsonl");
    let text = std::fs::read_to_string(path).expect("the scenarios");
    let scenarios: Vec<Scenario> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(scenarios.len(), SCENARIOS);
    scenarios
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) script: Option<BTreeMap<String, Vec<Answer>>>,
    requests: Vec<Request>,
    requests_count: Option<usize>,
    log: Vec<Seen>,
    pub(super) standard: Option<String>,
    #[serde(rename = "note")]
    _note: Option<IgnoredAny>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) body_repeat: Vec<Part>,
    pub(super) framing: String,
    pub(super) content_length_off_by: isize,
    pub(super) end: Option<String>,
    pub(super) delay_head_ms: u64,
    pub(super) delay_body_ms: u64,
    /// A session never sees these: heads of status 1xx, the reason, the version.
    pub(super) before: String,
    pub(super) reason: String,
    pub(super) version: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Part {
    pub(super) base64: String,
    pub(super) times: usize,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    after_ms: Option<u64>,
    last_event_id: Option<String>,
    last_event_id_bytes: Option<usize>,
    answered: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seen {
    Event { event: Event },
    Error { error: String },
    Open { open: bool },
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    data: String,
    last_event_id: String,
}

/// What happened, in a browser or here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) log: Vec<String>,
    pub(super) requests: Vec<Sent>,
    pub(super) count: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sent {
    pub(super) path: String,
    /// The header's value, or how long it is.
    pub(super) last_event_id: Option<String>,
    /// Time since the last body ended, or the last connection failed.
    pub(super) after: Option<Duration>,
    pub(super) answered: String,
}

impl Scenario {
    /// What the browser saw and sent.
    pub(super) fn browser(&self) -> Outcome {
        let log = self.log.iter().map(|seen| match seen {
            Seen::Open { open } => {
                assert!(open);
                "open".to_owned()
            }
            Seen::Error { error } => error.clone(),
            Seen::Event { event } => line(&event.r#type, &event.data, &event.last_event_id),
        });
        let requests = self.requests.iter().map(|request| {
            assert_eq!(request.method, "GET");
            let id = request.last_event_id.as_deref().map(|id| {
                String::from_utf8(decode(id)).expect("browsers send the bytes of their text")
            });
            Sent {
                path: request.path.clone(),
                last_event_id: id.or(request.last_event_id_bytes.map(length_of_id)),
                after: request.after_ms.map(Duration::from_millis),
                answered: request.answered.to_string().trim_matches('"').to_owned(),
            }
        });
        let count = self.requests_count.unwrap_or(self.requests.len());
        Outcome { log: log.collect(), requests: requests.collect(), count }
    }

    /// What must come out here: the same, but for the few that `main.rs` lists.
    pub(super) fn expected(&self) -> Outcome {
        let mut expected = self.browser();
        match self.name.as_str() {
            name if name.starts_with("content-type-charset") && self.standard.is_some() => {
                expected.log =
                    ["open", "message: ok…", "connecting", "closed"].map(str::to_owned).to_vec();
                expected.add_reconnection(100);
            }
            "content-type-word-after-a-space" => {
                expected.log = vec!["closed".to_owned()];
                expected.requests.truncate(1);
                expected.count = 1;
            }
            "redirect-to-a-non-http-scheme" => {
                expected.log.insert(0, "connecting".to_owned());
                expected.add_reconnection(3000);
            }
            "retry-empty-after-a-good-one" => expected.set_waits(Duration::from_millis(250)),
            "retry-over-u64-after-a-good-one" => {
                expected.set_waits(Duration::from_millis(u64::MAX));
            }
            "id-header-bytes-with-delete" => {
                expected.requests.iter_mut().for_each(|request| request.last_event_id = None);
                expected.log[4] = "message: 2".to_owned();
            }
            "status-421-at-the-first-request" => {
                expected.requests.truncate(1);
                expected.count = 1;
            }
            _ => {}
        }
        expected
    }

    /// The server's answers. Where the file has none, nothing listened for 4.5 s, and then one stream came.
    pub(super) fn script(&self) -> BTreeMap<String, Vec<Answer>> {
        self.script.clone().unwrap_or_else(|| {
            let content_type = ("Content-Type".to_owned(), "text/event-stream".to_owned());
            let answer = Answer {
                status: Some(200),
                headers: vec![content_type],
                body: BASE64_STANDARD.encode("data: here\n\n"),
                framing: "chunked".to_owned(),
                ..Answer::default()
            };
            BTreeMap::from([("/stream".to_owned(), vec![answer])])
        })
    }
}

impl Outcome {
    fn add_reconnection(&mut self, after_ms: u64) {
        self.requests.push(Sent {
            path: "/stream".to_owned(),
            last_event_id: None,
            after: Some(Duration::from_millis(after_ms)),
            answered: "204".to_owned(),
        });
        self.count += 1;
    }

    fn set_waits(&mut self, wait: Duration) {
        for request in self.requests.iter_mut().filter(|request| request.after.is_some()) {
            request.after = Some(wait);
        }
    }

    /// Says where this is not what was expected. A measured wait is a little longer than the wait itself.
    pub(super) fn differs_from(&self, expected: &Self) -> Option<String> {
        if self.log != expected.log {
            return Some(format!("log {:?}, expected {:?}", self.log, expected.log));
        }
        if self.count != expected.count {
            return Some(format!("{} requests, expected {}", self.count, expected.count));
        }
        let pairs = self.requests.iter().zip(&expected.requests).enumerate();
        for (at, (sent, expected)) in pairs {
            let wait = sent.after.unwrap_or_default();
            let fits = match expected.after {
                Some(after) => wait <= after && after <= wait.saturating_add(MEASURING),
                None => sent.after.is_none(),
            };
            let rest = Sent { after: expected.after, ..sent.clone() };
            if !fits || rest != *expected {
                return Some(format!("request {at}: {sent:?}, expected {expected:?}"));
            }
        }
        None
    }
}

/// `type: data`, or `type#id: data` where there is an id; a very long id as its length, as the browser's log has it.
pub(super) fn line(event_type: &str, data: &str, id: &str) -> String {
    let id: Cow<'_, str> = match id.chars().count() {
        0 => return format!("{event_type}: {data}"),
        1000.. => format!("({} characters)", id.chars().count()).into(),
        _ => id.into(),
    };
    format!("{event_type}#{id}: {data}")
}

pub(super) fn shorten(id: &str) -> String {
    if id.len() < 1000 { id.to_owned() } else { length_of_id(id.len()) }
}

fn length_of_id(bytes: usize) -> String {
    format!("({bytes} bytes)")
}

pub(super) fn decode(base64: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(base64).expect("base64")
}

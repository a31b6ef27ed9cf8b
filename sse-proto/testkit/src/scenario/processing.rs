//! What a real browser did at the level of HTTP, from `vectors/processing.jsonl`, as scenarios.
//!
//! A client is told to behave as the standard says: [`RetryPolicy::standard`] and [`ReconnectTo::Redirected`]. Where a vector
//! says that the browser leaves the standard, the standard holds. [`Processing::apart`] lists the rest.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sse_proto::{Closed, Limits, ReconnectTo, Refusal, RetryPolicy};

use crate::scenario::Tag::{Http, Id, Loss, Redirect, Retry};
use crate::scenario::ask::{Act, When};
use crate::scenario::want::{Asked, Want, asked, comment, event, opened};
use crate::scenario::{Adapter, Command, Scenario, Tag, run_all};
use crate::{End, Framing, Reply, Script};

/// How many there are.
const VECTORS: usize = 135;

/// How much longer than the wait a vector may have measured, in milliseconds.
const MEASURED: u64 = 150;

/// The vectors as scenarios.
#[derive(Debug)]
#[non_exhaustive]
pub struct Processing {
    /// One for each vector.
    pub scenarios: Vec<Scenario>,
    /// How many of them want what the browser did.
    pub as_browser: usize,
    /// How many want what the standard says instead.
    pub as_standard: usize,
    /// Those that want neither in all points, and why.
    pub apart: Vec<(String, &'static str)>,
}

/// What is different by design, or for reasons that are not the client's.
const APART: [(&str, &str); 4] = [
    ("cookie-is-sent-at-the-reconnection", "no cookie store: the user's HTTP client may have one"),
    (
        "id-header-bytes-with-delete",
        "a control character is in no header: the last id that can be sent is",
    ),
    ("redirect-to-itself-for-ever", "ten redirects are followed, not twenty"),
    ("status-421-at-the-first-request", "no second request from a layer below"),
];

/// Where the browser leaves the standard without a word of the vector; `vectors/README.md` has it.
const STANDARD: [&str; 2] = ["retry-empty-after-a-good-one", "retry-over-u64-after-a-good-one"];

/// Reads the lines of `processing.jsonl`.
///
/// # Errors
///
/// What is wrong with a line.
pub fn read(lines: &str) -> Result<Processing, Box<dyn Error>> {
    let mut all =
        Processing { scenarios: Vec::new(), as_browser: 0, as_standard: 0, apart: Vec::new() };
    for line in lines.lines() {
        let vector: Vector = serde_json::from_str(line)?;
        match APART.iter().find(|(name, _)| *name == vector.name) {
            Some((name, why)) => all.apart.push(((*name).to_owned(), *why)),
            None if vector.standard.is_some() => all.as_standard += 1,
            None if STANDARD.contains(&&vector.name[..]) => all.as_standard += 1,
            None => all.as_browser += 1,
        }
        let name = vector.name.clone();
        let scenario = vector.scenario().map_err(|error| format!("{name}: {error}"))?;
        all.scenarios.push(scenario);
    }
    Ok(all)
}

/// A test of a client: it must pass all of `processing.jsonl`, whose lines these are, and on stderr stands how it did.
///
/// # Panics
///
/// Where it does not, or where they are other lines.
pub fn judge(client: &str, adapter: impl Adapter, lines: &str) {
    let Processing { scenarios, as_browser, as_standard, apart } = read(lines).expect("vectors");
    assert_eq!(as_browser + as_standard + apart.len(), VECTORS);
    let report = run_all(adapter, scenarios);
    assert!(report.is_success() && report.skipped.is_empty(), "{report}");
    let count = apart.len();
    let mut told = format!(
        "{client}: {as_browser} as the browser, {as_standard} as the standard, {count} apart\n"
    );
    for (name, why) in &apart {
        told += &format!("  {name}: {why}\n");
    }
    let _ = write!(io::stderr(), "{told}{report}");
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    group: String,
    script: Option<BTreeMap<String, Vec<Response>>>,
    requests: Vec<Sent>,
    requests_count: Option<usize>,
    log: Vec<Seen>,
    standard: Option<String>,
    #[serde(rename = "note")]
    _note: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    status: Option<u16>,
    reason: Option<String>,
    version: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    framing: Option<String>,
    body: Option<String>,
    #[serde(default)]
    body_repeat: Vec<Part>,
    content_length_off_by: Option<i64>,
    before: Option<String>,
    delay_head_ms: Option<u64>,
    delay_body_ms: Option<u64>,
    end: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    base64: String,
    times: usize,
}

#[derive(Debug, Deserialize)]
struct Sent {
    path: String,
    after_ms: Option<u64>,
    last_event_id: Option<String>,
    last_event_id_bytes: Option<usize>,
    answered: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Seen {
    open: Option<bool>,
    event: Option<Dispatched>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispatched {
    r#type: String,
    data: String,
    last_event_id: String,
}

type Result_<T> = Result<T, Box<dyn Error>>;

impl Vector {
    fn scenario(self) -> Result_<Scenario> {
        let scenario = Scenario::new(&*self.name, &self.tags()).url("/stream").config(|config| {
            config
                .retry(RetryPolicy::standard())
                .reconnect_to(ReconnectTo::Redirected)
                .limits(Limits::default().id_bytes(1 << 20))
        });
        let scenario = match &self.script {
            Some(script) => scenario.script(to_script(script)?),
            None => scenario
                .down()
                .act(When::Lost(2), Act::Up(Reply::stream().chunk("data: here\n\n").into())),
        };
        let scenario = scenario
            .log(self.wanted_log()?)
            .end(self.wanted_end()?)
            .any_answer()
            .requests(self.wanted_requests()?);
        self.correct(scenario)
    }

    fn tags(&self) -> [Tag; 1] {
        [match &self.group[..] {
            "last-event-id" => Id,
            "redirect" => Redirect,
            "connection" if self.script.is_none() => Loss,
            "connection" => Retry,
            _ => Http,
        }]
    }

    fn wanted_log(&self) -> Result_<Vec<Want>> {
        let mut waits = self.measured_waits();
        let mut log = Vec::new();
        for seen in &self.log {
            match (seen.open, &seen.event, seen.error.as_deref()) {
                (Some(true), None, None) => log.push(opened()),
                (None, Some(event), None) => log.push(Want::Event {
                    event_type: event.r#type.clone(),
                    data: event.data.clone(),
                    id: self.whole_id(&event.last_event_id)?,
                }),
                (None, None, Some("connecting")) => log.push(lost(waits.next().flatten())),
                (None, None, Some("closed")) => {}
                _ => return Err(format!("{seen:?}").into()),
            }
        }
        Ok(log)
    }

    /// The time before each attempt after the first.
    fn measured_waits(&self) -> Box<dyn Iterator<Item = Option<u64>> + '_> {
        if self.script.is_none() {
            // Nobody saw the first requests, and what was measured counts from the start.
            return Box::new(std::iter::repeat(Some(3_000)));
        }
        let mut is_hop = true;
        Box::new(self.requests.iter().filter_map(move |sent| {
            let is_redirected = matches!(sent.status(), 301..=308);
            (!std::mem::replace(&mut is_hop, is_redirected)).then_some(sent.after_ms)
        }))
    }

    /// The log has the length of a long id in its place.
    fn whole_id(&self, id: &str) -> Result_<String> {
        if !(id.starts_with('(') && id.ends_with(" characters)")) {
            return Ok(id.to_owned());
        }
        let responses = self.script.iter().flat_map(BTreeMap::values).flatten();
        for response in responses {
            let body = String::from_utf8(response.body()?)?;
            if let Some(id) = body.lines().find_map(|line| line.strip_prefix("id: ")) {
                return Ok(id.to_owned());
            }
        }
        Err("no id".into())
    }

    fn wanted_end(&self) -> Result_<Closed> {
        match self.requests.last().map(Sent::status) {
            Some(204) => Ok(Closed::NoContent),
            Some(200) => Ok(Closed::Refused(Refusal::ContentType)),
            Some(0) | None => Err("no end".into()),
            Some(status) => Ok(Closed::Refused(Refusal::Status(status))),
        }
    }

    fn wanted_requests(&self) -> Result_<Vec<Asked>> {
        let mut requests = Vec::new();
        for sent in &self.requests {
            let mut request = asked().target(&*sent.path);
            if let Some(id) = &sent.last_event_id {
                request = request.id(BASE64_STANDARD.decode(id)?);
            }
            if let Some(len) = sent.last_event_id_bytes {
                request = request.id_len(len);
            }
            requests.push(request);
        }
        Ok(requests)
    }

    /// What the standard says, and what is [`APART`].
    fn correct(&self, scenario: Scenario) -> Result_<Scenario> {
        let here = || asked().target("/stream");
        Ok(match &self.name[..] {
            name if name.starts_with("content-type-charset-") && self.standard.is_some() => {
                scenario
                    .log([opened(), event("ok…"), lost(Some(100))])
                    .end(Closed::NoContent)
                    .requests([here(), here()])
            }
            "content-type-word-after-a-space" => scenario
                .log([])
                .end(Closed::Refused(Refusal::ContentType))
                .any_answer()
                .requests([here()]),
            "redirect-to-a-non-http-scheme" => {
                scenario.log([lost(Some(3_000))]).end(Closed::NoContent).requests([here(), here()])
            }
            "id-header-bytes-with-delete" => scenario
                .log([
                    opened(),
                    event("1").id("a\u{7F}b"),
                    lost(Some(100)),
                    opened(),
                    event("2"),
                    lost(Some(100)),
                ])
                .requests([here(), here(), here()]),
            "retry-empty-after-a-good-one" => scenario.log([
                opened(),
                event("1"),
                lost(Some(250)),
                opened(),
                event("2"),
                lost(Some(250)),
            ]),
            "retry-over-u64-after-a-good-one" => scenario
                .log([opened(), event("1"), lost(Some(u64::MAX))])
                .at(When::Lost(1), Command::Leave)
                .cuts_waits()
                .left()
                .requests([here()]),
            // The browser does not tell its pages of comments.
            "id-is-kept-over-a-comment-only-connection" => {
                let mut log = self.wanted_log()?;
                log.insert(4, comment("c"));
                scenario.log(log)
            }
            // Forty answers: three times eleven, and seven more before the end of the script.
            "redirect-to-itself-for-ever" => scenario
                .log(vec![lost(Some(3_000)); 3])
                .end(Closed::NoContent)
                .requests(vec![here(); self.requests_count.unwrap_or_default()]),
            "status-421-at-the-first-request" => {
                scenario.end(Closed::Refused(Refusal::Status(421))).any_answer().requests([here()])
            }
            _ if self.standard.is_some() => return Err("the standard says something else".into()),
            _ if self.requests_count.is_some() => return Err("not all requests are listed".into()),
            _ => scenario,
        })
    }
}

impl Sent {
    /// 0 for what is none.
    fn status(&self) -> u16 {
        self.answered.as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default()
    }
}

/// Lost for any cause; the browser does not tell. What it measured is a little more than the wait.
fn lost(measured_ms: Option<u64>) -> Want {
    let bounds = measured_ms.map_or((0, u64::MAX), |ms| (ms.saturating_sub(MEASURED), ms));
    let wait = Duration::from_millis(bounds.0)..=Duration::from_millis(bounds.1);
    Want::Lost { cause: None, wait, error: "" }
}

fn to_script(script: &BTreeMap<String, Vec<Response>>) -> Result_<Script> {
    script.iter().try_fold(Script::new(), |script, (path, responses)| {
        let replies: Result_<Vec<_>> = responses.iter().map(Response::reply).collect();
        Ok(script.on(path.clone(), replies?))
    })
}

impl Response {
    fn body(&self) -> Result_<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(text) = &self.body {
            body.extend(BASE64_STANDARD.decode(text)?);
        }
        for part in &self.body_repeat {
            body.extend(BASE64_STANDARD.decode(&part.base64)?.repeat(part.times));
        }
        Ok(body)
    }

    fn reply(&self) -> Result_<Reply> {
        let Some(status) = self.status else {
            return Ok(match self.end.as_deref() {
                Some("reset-at-once") => Reply::reset_at_once(),
                Some("close-at-once") => Reply::close_at_once(),
                Some("half-head") => Reply::half_head(),
                Some("garbage") => Reply::raw("This is not HTTP.\r\n\r\n"),
                other => return Err(format!("no status, and ended by {other:?}").into()),
            });
        };
        let mut reply = Reply::status(status).framing(self.framing()?).end(self.end()?);
        for (name, value) in &self.headers {
            reply = reply.header(&**name, &**value);
        }
        if let Some(reason) = &self.reason {
            reply = reply.reason(&**reason);
        }
        if let Some(version) = &self.version {
            reply = reply.version(&**version);
        }
        if let Some(before) = &self.before {
            reply = reply.before(&**before);
        }
        let body = self.body()?;
        if !body.is_empty() {
            reply = reply.chunk(body);
        }
        let delay = |ms: Option<u64>| Duration::from_millis(ms.unwrap_or_default());
        let reply =
            reply.delay_head(delay(self.delay_head_ms)).delay_body(delay(self.delay_body_ms));
        // Else a client may take a reset for a stale connection, and ask again.
        Ok(reply.keep_alive(false))
    }

    fn framing(&self) -> Result_<Framing> {
        Ok(match (self.framing.as_deref(), self.content_length_off_by) {
            (Some("chunked") | None, None) => Framing::Chunked,
            (Some("length"), None) => Framing::Length,
            (Some("length"), Some(off)) => Framing::LengthOffBy(off),
            (Some("none"), None) => Framing::UntilClose,
            (Some("bare"), None) => Framing::Bare,
            other => return Err(format!("{other:?}").into()),
        })
    }

    fn end(&self) -> Result_<End> {
        Ok(match self.end.as_deref() {
            None => End::Clean,
            Some("fin") => End::Fin,
            Some("fin-in-chunk") => End::FinInChunk,
            Some("bad-chunk") => End::BadChunk,
            Some("reset") => End::Reset,
            Some(other) => return Err(format!("ended by {other}").into()),
        })
    }
}

//! A scenario, and how it is told.

use std::fmt;
use std::time::Duration;

use sse_proto::{Closed, Config, RetryPolicy};

use crate::scenario::ask::{Act, Step, When};
use crate::scenario::want::{Asked, TARGET, WAIT, Want, WantEnd, Wanted, asked};
use crate::scenario::{Answer, Ask, Command, Log, Quirk, Tag, View};
use crate::{Request, Script};

/// What a server does, what a client is told, and what must come out.
pub struct Scenario {
    pub(crate) name: String,
    pub(crate) tags: Vec<Tag>,
    pub(crate) scripts: Scripts,
    pub(crate) at_first: AtFirst,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
    pub(crate) ask: Ask,
    pub(crate) steps: Vec<Step>,
    pub(crate) wanted: Wanted,
    /// The connection must be closed as soon as the stream is over.
    pub(crate) settles: bool,
    /// What is different for clients with a quirk.
    pub(crate) quirks: Vec<(Quirk, Change)>,
}

/// Changes a scenario for clients with a quirk.
pub(crate) type Change = Box<dyn FnOnce(Scenario) -> Scenario + Send>;

/// Makes the scripts of both servers, of which each may know both addresses.
pub(crate) type Scripts = Box<dyn FnOnce(&Urls) -> (Script, Script) + Send>;

/// The URLs of both servers, without a path.
#[derive(Debug)]
pub(crate) struct Urls {
    pub(crate) here: String,
    pub(crate) there: String,
}

/// What becomes of the first that connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtFirst {
    Served,
    Refused,
    Unanswered,
}

/// What stands before the server, if anything: whose certificate it has, and what it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "tls")]
pub(crate) enum Tls {
    None,
    Trusted,
    Unknown,
    OtherName,
    /// It takes connections, and never says a word.
    Stalled,
    Expired,
    /// Trusted, but it never says that its end is one (`close_notify`).
    EndsUnsaid,
    /// It closes the connection upon the client's hello.
    HangsUp,
    /// It resets it.
    Resets,
    /// It knows no TLS.
    IsPlain,
    /// Trusted, and speaks nothing but HTTP/2, with so many streams at once.
    #[cfg(feature = "http2")]
    Http2 {
        most_streams: u32,
    },
}

/// The configuration of most scenarios: each attempt is made 5 ms after the loss before it.
pub fn quick() -> Config {
    Config::default().retry(steady())
}

/// The policy that waits the same few milliseconds before each attempt.
pub(crate) fn steady() -> RetryPolicy {
    RetryPolicy::default().base(Duration::ZERO).reconnection_time(WAIT)
}

impl Scenario {
    /// What it is about, in kebab-case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, and what it needs of a client.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// A GET request, answered by 204.
    pub(crate) fn new(name: impl Into<String>, tags: &[Tag]) -> Self {
        let ask = Ask {
            url: TARGET.to_owned(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            config: quick(),
            view: View::Updates,
            anew: false,
            trust: None,
        };
        let wanted = Wanted {
            log: Some(Vec::new()),
            end: Some(WantEnd {
                why: Closed::NoContent,
                answer: None,
                any_answer: false,
                error: "",
            }),
            requests: Some(vec![asked()]),
            requests_there: Vec::new(),
            looks: Vec::new(),
            cuts_waits: false,
        };
        Self {
            name: name.into(),
            tags: tags.to_vec(),
            scripts: Box::new(|_| Default::default()),
            at_first: AtFirst::Served,
            #[cfg(feature = "tls")]
            tls: Tls::None,
            ask,
            steps: Vec::new(),
            wanted,
            settles: false,
            quirks: Vec::new(),
        }
    }

    pub(crate) fn tag(mut self, tag: Tag) -> Self {
        self.tags.push(tag);
        self
    }

    // What the server does.

    pub(crate) fn script(self, script: impl Into<Script> + Send + 'static) -> Self {
        self.scripts(move |_| (script.into(), Script::default()))
    }

    /// The scripts of this server, and of another origin.
    pub(crate) fn scripts(
        mut self,
        scripts: impl FnOnce(&Urls) -> (Script, Script) + Send + 'static,
    ) -> Self {
        self.scripts = Box::new(scripts);
        self
    }

    /// Nobody listens until [`Act::Up`].
    pub(crate) fn down(mut self) -> Self {
        self.at_first = AtFirst::Refused;
        self
    }

    /// Nobody answers who connects.
    pub(crate) fn clogged(mut self) -> Self {
        self.at_first = AtFirst::Unanswered;
        self
    }

    #[cfg(feature = "tls")]
    pub(crate) fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    // What the client is told.

    /// A path on the server, or a whole URL.
    pub(crate) fn url(mut self, url: impl Into<String>) -> Self {
        self.ask.url = url.into();
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        self.ask.method = method.to_owned();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.ask.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.ask.body = Some(body.into());
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        self.ask.config = change(self.ask.config);
        self
    }

    pub(crate) fn retry(self, policy: RetryPolicy) -> Self {
        self.config(|config| config.retry(policy))
    }

    /// The policy is left to the method.
    pub(crate) fn no_policy(mut self) -> Self {
        self.ask.config.retry = None;
        self
    }

    pub(crate) fn view(mut self, view: View) -> Self {
        self.ask.view = view;
        self
    }

    pub(crate) fn anew(mut self) -> Self {
        self.ask.anew = true;
        self
    }

    // What the user does, and what happens around.

    pub(crate) fn at(self, when: When, command: Command) -> Self {
        self.act(when, Act::Command(command))
    }

    pub(crate) fn act(mut self, when: When, act: Act) -> Self {
        self.steps.push(Step { when, act });
        self
    }

    // What must come out.

    pub(crate) fn log(mut self, entries: impl IntoIterator<Item = Want>) -> Self {
        self.wanted.log = Some(entries.into_iter().collect());
        self
    }

    /// The log is left to a look.
    pub(crate) fn any_log(mut self) -> Self {
        self.wanted.log = None;
        self
    }

    pub(crate) fn requests(mut self, requests: impl IntoIterator<Item = Asked>) -> Self {
        self.wanted.requests = Some(requests.into_iter().collect());
        self
    }

    /// The requests are left to a look.
    pub(crate) fn any_requests(mut self) -> Self {
        self.wanted.requests = None;
        self
    }

    pub(crate) fn requests_there(mut self, requests: impl IntoIterator<Item = Asked>) -> Self {
        self.wanted.requests_there = requests.into_iter().collect();
        self
    }

    pub(crate) fn end(mut self, why: Closed) -> Self {
        self.wanted.end = Some(WantEnd { why, answer: None, any_answer: false, error: "" });
        self
    }

    /// The end has a response, with this status, content type and body.
    pub(crate) fn answer(
        mut self,
        status: u16,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let content_type = (!content_type.is_empty()).then(|| content_type.into());
        if let Some(end) = &mut self.wanted.end {
            end.answer = Some(Answer { status, content_type, body: body.into() });
        }
        self
    }

    /// The response of the end is as it is.
    #[cfg(feature = "vectors")]
    pub(crate) fn any_answer(mut self) -> Self {
        if let Some(end) = &mut self.wanted.end {
            end.any_answer = true;
        }
        self
    }

    /// The end has an error of the transport with this text in it, in any case.
    pub(crate) fn saying(mut self, text: &'static str) -> Self {
        if let Some(end) = &mut self.wanted.end {
            end.error = text;
        }
        self
    }

    /// The user ended it, so that its connection must be closed within a second.
    pub(crate) fn closed(self) -> Self {
        self.end(Closed::ByUser).settles()
    }

    /// The user dropped it, so that its connection must be closed within a second.
    pub(crate) fn left(mut self) -> Self {
        self.wanted.end = None;
        self.settles()
    }

    pub(crate) fn settles(mut self) -> Self {
        self.settles = true;
        self
    }

    /// The user does not let waits run to their end.
    pub(crate) fn cuts_waits(mut self) -> Self {
        self.wanted.cuts_waits = true;
        self
    }

    pub(crate) fn look(
        mut self,
        look: impl Fn(&Log, &[Request]) -> Result<(), String> + Send + 'static,
    ) -> Self {
        self.wanted.looks.push(Box::new(look));
        self
    }

    /// What is different for a client with this quirk.
    pub(crate) fn with_quirk(
        mut self,
        quirk: Quirk,
        change: impl FnOnce(Self) -> Self + Send + 'static,
    ) -> Self {
        self.quirks.push((quirk, Box::new(change)));
        self
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("tags", &self.tags)
            .field("ask", &self.ask)
            .finish_non_exhaustive()
    }
}

//! A request: what it is as bytes, and what becomes of it where a server sends it elsewhere.

use std::io::{self, ErrorKind};

use sse_proto::{Attempt, Config, Redirect};
use url::{Position, Url};

/// A request to an address with the scheme `http`.
#[derive(Clone)]
pub struct Request {
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn new(method: &str, url: &str) -> io::Result<Self> {
        let url =
            Url::parse(url).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let names_user = !url.username().is_empty() || url.password().is_some();
        if url.scheme() != "http" || names_user || !method.bytes().all(is_token) {
            let what =
                "the address must begin with http:// and name no user, and the method be a word";
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        Ok(Self { method: method.to_owned(), url, headers: Vec::new(), body: None })
    }

    /// Adds a header. The same name may come again.
    pub fn header(mut self, name: &str, value: &str) -> io::Result<Self> {
        let is_text = |byte: u8| byte == b'\t' || !byte.is_ascii_control();
        if name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(is_text) {
            let what = "a header's name is a word, and its value has no line ends";
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host, with the port where it is another than 80.
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Adds what this request says of its retries, and its last event ID, which is that of the first attempt.
    pub fn configure(&mut self, config: Config) -> Config {
        let is_id = |name: &str| name.eq_ignore_ascii_case("last-event-id");
        let id = self.headers.iter().rfind(|(name, _)| is_id(name)).map(|(_, id)| id.clone());
        self.headers.retain(|(name, _)| !is_id(name));
        config.for_request(&self.method, true, id.as_deref().map(str::as_bytes))
    }

    /// Adds what an attempt needs, and the user did not set.
    pub fn prepare(&mut self, attempt: &Attempt) {
        if let Some(address) = attempt.address.as_ref().and_then(|url| url.parse().ok()) {
            self.go(Redirect::Repeat, address);
        }
        for (name, value) in attempt.headers() {
            if !self.has(name) {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name))
    }

    /// Goes where a response sends it; `false` if it does not.
    pub fn follow(&mut self, status: u16, location: Option<&[u8]>) -> io::Result<bool> {
        let redirect = Redirect::of(status, &self.method);
        let Some((redirect, to)) = redirect.zip(location) else { return Ok(false) };
        let to = self.url.join(&String::from_utf8_lossy(to)).map_err(io::Error::other)?;
        if to.scheme() != "http" {
            return Err(io::Error::other("redirected to another scheme than http"));
        }
        self.go(redirect, to);
        Ok(true)
    }

    fn go(&mut self, redirect: Redirect, url: Url) {
        let same_origin = self.url.origin() == url.origin();
        self.url = url;
        if redirect == Redirect::Get {
            (self.method, self.body) = ("GET".to_owned(), None);
        }
        self.headers.retain(|(name, _)| redirect.keeps(name, same_origin));
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        let len = self.body.as_ref().map(|body| body.len().to_string());
        let own = [
            ("host", Some(self.authority())),
            ("content-length", len.as_deref()),
            ("connection", Some("close")),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let own = own.filter(|(name, _)| !self.has(name));
        let users = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(users) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat()
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

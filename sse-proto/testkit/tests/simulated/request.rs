//! Requests over a simulated network, and the redirects that they meet.

use std::io::{self, ErrorKind};

use sse_proto::client::TransportError;
use sse_proto::{Attempt, Redirect};
use sse_testkit::scenario::Ask;
use sse_testkit::simulated::Network;
use url::{Position, Url};

use crate::response::Response;

type Error = TransportError<io::Error>;

#[derive(Clone)]
pub struct Request {
    network: Network,
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// The request of a user, and the last event ID that was in its headers.
    pub fn new(network: &Network, ask: &Ask) -> io::Result<(Self, Option<Vec<u8>>)> {
        let url = Url::parse(&ask.url).map_err(io::Error::other)?;
        let is_id = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("last-event-id");
        let id = ask.headers.iter().rfind(is_id).map(|(_, value)| value.clone().into_bytes());
        let headers = ask.headers.iter().filter(|header| !is_id(header)).cloned().collect();
        let (method, body) = (ask.method.clone(), ask.body.clone());
        Ok((Self { network: network.clone(), method, url, headers, body }, id))
    }

    pub fn header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Sends the request, and goes where it is redirected to.
    pub async fn send(mut self, attempt: Attempt) -> Result<Response, Error> {
        if let Some(address) = attempt.address.as_ref().and_then(|url| url.parse().ok()) {
            self.follow(Redirect::Repeat, address);
        }
        TransportError::check_scheme(self.url.scheme())?;
        let is_text = |byte: u8| byte == b'\t' || !byte.is_ascii_control();
        if !self.headers.iter().all(|(_, value)| value.bytes().all(is_text)) {
            return Err(TransportError::request(ErrorKind::InvalidInput.into()));
        }
        for (name, value) in attempt.headers() {
            if !self.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name)) {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        for _ in 0..=Redirect::MOST {
            let response = self.ask().await.map_err(TransportError::send)?;
            let redirect = Redirect::of(response.status(), &self.method);
            let Some((redirect, to)) = redirect.zip(response.header("location")) else {
                return Ok(response);
            };
            let to = self.url.join(&String::from_utf8_lossy(to)).ok();
            let to = to.filter(|to| matches!(to.scheme(), "http" | "https"));
            self.follow(redirect, to.ok_or_else(TransportError::misdirected)?);
        }
        Err(TransportError::redirected_too_often())
    }

    async fn ask(&self) -> io::Result<Response> {
        let authority = &self.url[Position::BeforeHost..Position::AfterPort];
        let mut wire = self.network.connect(authority).await?;
        wire.write(&self.bytes(authority))?;
        Response::read(wire, self.url.to_string()).await
    }

    fn bytes(&self, authority: &str) -> Vec<u8> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let mut head = format!("{} {target} HTTP/1.1\r\nhost: {authority}\r\n", self.method);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("connection: close\r\n\r\n");
        [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat()
    }

    fn follow(&mut self, redirect: Redirect, url: Url) {
        let same_origin = self.url.origin() == url.origin();
        self.url = url;
        if redirect == Redirect::Get {
            (self.method, self.body) = ("GET".to_owned(), None);
        }
        self.headers.retain(|(name, _)| redirect.keeps(name, same_origin));
    }
}

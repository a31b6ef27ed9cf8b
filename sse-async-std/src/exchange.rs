//! One request through surf: its headers, its body, and the redirects that it meets, which surf does not follow.

use std::io;
use std::sync::Arc;

use async_std::sync::Mutex;
use hyper::header::HeaderValue;
use sse_proto::Redirect;
use surf::http::{self, Method};
use surf::{Body, Client, Request, Url};

use crate::{Attempt, Config, RawHeaders, Response, TransportError, http::read_whole};

/// A request and the client for it.
#[derive(Clone)]
pub(crate) struct Exchange {
    client: Client,
    request: Request,
    /// Headers that surf cannot hold; a clone of the request does not have them.
    raw: RawHeaders,
    /// The body, if there is one: surf's requests lose it when they are cloned.
    body: Option<Arc<Mutex<Content>>>,
    /// Whether the body can be sent again: its length is known.
    pub(crate) replayable: bool,
}

/// What was read of a body that can be sent again, and the rest of it, or a body that cannot.
type Content = (Vec<u8>, Option<Body>);

impl Exchange {
    pub(crate) fn new(client: Client, mut whole: Request) -> Self {
        let replayable = whole.len().is_some();
        let raw: &mut http::Request = whole.as_mut();
        let raw = raw.ext_mut().remove().unwrap_or_default();
        // Before the body is taken: that would leave a content type behind.
        let request = whole.clone();
        let body = Some(whole.take_body()).filter(|body| body.is_empty() != Some(true));
        let body = body.map(|body| Arc::new(Mutex::new((Vec::new(), Some(body)))));
        Self { client, request, raw, body, replayable }
    }

    /// Adds what the request says of its retries, and its first id, which is no header of it any more.
    pub(crate) fn configure(&mut self, config: Config) -> Config {
        let own = self.request.remove_header("last-event-id");
        let own = own.as_ref().map(|id| id.last().as_str().as_bytes());
        let raw = self.raw.0.remove("last-event-id");
        let id = raw.as_ref().map(HeaderValue::as_bytes).or(own);
        config.for_request(self.request.method().as_ref(), self.replayable, id)
    }

    /// Sends the request, and goes where it is redirected to.
    pub(crate) async fn send(mut self, attempt: Attempt) -> Result<Response, TransportError> {
        if let Some(address) = attempt.address.as_ref().and_then(|url| url.parse().ok()) {
            self.follow(Redirect::Repeat, address);
        }
        TransportError::check_scheme(self.request.url().scheme())?;
        for (name, value) in attempt.headers() {
            let missing = self.request.header(name).is_none() && !self.raw.0.contains_key(name);
            if missing && value.is_ascii() {
                self.request.insert_header(name, value);
            } else if missing && let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                self.raw.0.insert(name, value);
            }
        }
        for redirects in 0..=Redirect::MOST {
            let response = self.ask(redirects > 0).await?;
            let redirect = Redirect::of(response.status(), self.request.method().as_ref());
            let redirect = redirect.filter(|it| *it == Redirect::Get || self.replayable);
            let Some((redirect, to)) = redirect.zip(response.header("location")) else {
                return Ok(response);
            };
            let to = self.request.url().join(&String::from_utf8_lossy(to)).ok();
            let to = to.filter(|to| matches!(to.scheme(), "http" | "https"));
            self.follow(redirect, to.ok_or_else(TransportError::misdirected)?);
        }
        Err(TransportError::redirected_too_often())
    }

    async fn ask(&self, redirected: bool) -> Result<Response, TransportError> {
        let mut request = self.request.clone();
        request.set_ext(self.raw.clone());
        if let Some(content) = &self.body {
            let (read, unread) = &mut *content.lock().await;
            request.set_body(match unread {
                // Where this is given up, the next attempt goes on.
                Some(body) if self.replayable => {
                    read_whole(body, read).await.map_err(|it| error(it.into(), redirected))?;
                    Body::from_bytes(read.clone())
                }
                body => body.take().ok_or_else(TransportError::gone)?,
            });
            if self.request.header("content-type").is_none() {
                // The body has brought one that nobody asked for.
                request.remove_header("content-type");
            }
        }
        let response = self.client.send(request).await.map_err(|it| error(it, redirected))?;
        Ok(Response { body: response.into(), url: Box::new(self.request.url().clone()) })
    }

    fn follow(&mut self, redirect: Redirect, url: Url) {
        let request: &mut http::Request = self.request.as_mut();
        let same_origin = request.url().origin() == url.origin();
        *request.url_mut() = url;
        if redirect == Redirect::Get {
            request.set_method(Method::Get);
            (self.body, self.replayable) = (None, true);
        }
        let names = request.header_names().map(|name| name.as_str());
        let names = names.chain(self.raw.0.keys().map(|name| name.as_str()));
        let goes = |name: &&str| !redirect.keeps(name, same_origin);
        for name in names.filter(goes).map(str::to_owned).collect::<Vec<_>>() {
            request.remove_header(&*name);
            self.raw.0.remove(&name);
        }
    }
}

fn error(error: surf::Error, redirected: bool) -> TransportError {
    let error = error.downcast().unwrap_or_else(|error| io::Error::other(error.to_string()));
    // So our HTTP client refuses a request before it sends anything; but an address that a server named is not the user's.
    if !redirected && error.raw_os_error().is_none() && error.kind() == io::ErrorKind::InvalidInput
    {
        return TransportError::request(error);
    }
    TransportError::send(error)
}

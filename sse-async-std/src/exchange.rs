//! One request through surf: its headers, its body, and the redirects that it meets, which surf does not follow.

use std::io;
use std::sync::Arc;

use async_std::sync::Mutex;
use hyper::header::HeaderValue;
use sse_proto::Redirect;
use surf::http::{self, Method};
use surf::{Body, Client, Request, Url};

use crate::{Attempt, RawHeaders, Response, TransportError};

/// A request and the client for it.
#[derive(Clone)]
pub(crate) struct Exchange {
    client: Client,
    request: Request,
    /// Headers that surf cannot hold; a clone of the request does not have them.
    raw: RawHeaders,
    /// The body, if there is one: surf's requests lose it when they are cloned.
    body: Option<Arc<Mutex<Option<Body>>>>,
    /// Whether the body can be sent again: its length is known.
    replayable: bool,
}

impl Exchange {
    pub(crate) fn new(client: Client, mut whole: Request) -> Self {
        let replayable = whole.len().is_some();
        let raw: &mut http::Request = whole.as_mut();
        let raw = raw.ext_mut().remove().unwrap_or_default();
        // Before the body is taken: that would leave a content type behind.
        let request = whole.clone();
        let body = Some(whole.take_body()).filter(|body| body.is_empty() != Some(true));
        let body = body.map(|body| Arc::new(Mutex::new(Some(body))));
        Self { client, request, raw, body, replayable }
    }

    pub(crate) fn try_clone(&self) -> Option<Self> {
        self.replayable.then(|| self.clone())
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
        for _ in 0..=Redirect::MOST {
            let response = self.ask().await?;
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

    async fn ask(&self) -> Result<Response, TransportError> {
        let mut request = self.request.clone();
        request.set_ext(self.raw.clone());
        if let Some(body) = &self.body {
            let mut body = body.lock().await;
            let mut next = body.take().ok_or_else(TransportError::gone)?;
            if self.replayable {
                let bytes = next.into_bytes().await.map_err(error)?;
                *body = Some(Body::from_bytes(bytes.clone()));
                next = Body::from_bytes(bytes);
            }
            request.set_body(next);
            if self.request.header("content-type").is_none() {
                // The body has brought one that nobody asked for.
                request.remove_header("content-type");
            }
        }
        let response = self.client.send(request).await.map_err(error)?;
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
        let names: Vec<_> = request.header_names().cloned().collect();
        for name in names.into_iter().filter(|name| !redirect.keeps(name.as_str(), same_origin)) {
            request.remove_header(name);
        }
        let names: Vec<_> = self.raw.0.keys().cloned().collect();
        for name in names.iter().filter(|name| !redirect.keeps(name.as_str(), same_origin)) {
            self.raw.0.remove(name);
        }
    }
}

fn error(error: surf::Error) -> TransportError {
    let error = error.downcast().unwrap_or_else(|error| io::Error::other(error.to_string()));
    // So our HTTP client refuses a request before it sends anything.
    if error.raw_os_error().is_none() && error.kind() == io::ErrorKind::InvalidInput {
        return TransportError::request(error);
    }
    TransportError::send(error)
}

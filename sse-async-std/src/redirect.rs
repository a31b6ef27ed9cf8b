//! Redirects, which surf does not follow.

use std::io;

use sse_proto::Redirect;
use surf::http::Method;
use surf::http::headers::HeaderName;
use surf::{Client, Request, Url};

use crate::{RawHeaders, Response, TransportError};

/// Sends a request and follows where it is redirected to.
///
/// `raw` are the headers that surf cannot hold; they describe what is wanted, so they go along everywhere.
pub(crate) async fn send(
    client: Client,
    mut request: Request,
    raw: RawHeaders,
) -> Result<Response, TransportError> {
    let body = keep_type(&mut request, Request::take_body);
    let mut body = match body.len() {
        Some(0) => Payload::None,
        Some(_) => Payload::Bytes(body.into_bytes().await?),
        None => Payload::Once(Some(body)),
    };
    for _ in 0..=Redirect::MOST {
        let mut hop = request.clone();
        hop.set_ext(raw.clone());
        if let Some(body) = body.take() {
            keep_type(&mut hop, |hop| hop.set_body(body));
        }
        let response = Response::new(client.send(hop).await?, request.url().clone());
        let Some(redirect) = Redirect::of(response.status(), request.method().as_ref()) else {
            return Ok(response);
        };
        let Some(location) = response.header("location") else { return Ok(response) };
        if redirect == Redirect::Repeat && body.is_gone() {
            return Ok(response);
        }
        let url = target(request.url(), location)?;
        request = follow(request, redirect, url);
        if redirect == Redirect::Get {
            body = Payload::None;
        }
    }
    Err(io::Error::other("more than 10 redirects").into())
}

/// Keeps the content type what it is: a body that comes or goes brings a type of its own, which nobody asked for.
pub(crate) fn keep_type<R>(request: &mut Request, change: impl FnOnce(&mut Request) -> R) -> R {
    let typed = request.header("content-type").is_some();
    let result = change(request);
    if !typed {
        request.remove_header("content-type");
    }
    result
}

/// The request's body, which surf's requests lose when they are cloned.
enum Payload {
    None,
    Bytes(Vec<u8>),
    /// Of unknown length, and gone once it was sent.
    Once(Option<surf::Body>),
}

impl Payload {
    fn take(&mut self) -> Option<surf::Body> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) => Some(surf::Body::from_bytes(bytes.clone())),
            Self::Once(body) => body.take(),
        }
    }

    fn is_gone(&self) -> bool {
        matches!(self, Self::Once(None))
    }
}

fn target(from: &Url, location: &[u8]) -> Result<Url, TransportError> {
    let location = String::from_utf8_lossy(location);
    let url = from.join(&location).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let invalid =
        || io::Error::new(io::ErrorKind::InvalidData, "redirected to what is no HTTP address");
    Ok(url.ok_or_else(invalid)?)
}

/// The request that goes on at `url`.
pub(crate) fn follow(request: Request, redirect: Redirect, url: Url) -> Request {
    let same_origin = request.url().origin() == url.origin();
    let method = match redirect {
        Redirect::Get => Method::Get,
        _ => request.method(),
    };
    let mut next = Request::new(method, url);
    for name in request.header_names() {
        let of_body = redirect == Redirect::Get && is_of_body(name);
        if !of_body
            && (same_origin || Redirect::crosses_origins(name.as_str()))
            && name != "host"
            && let Some(values) = request.header(name)
        {
            next.insert_header(name.clone(), values);
        }
    }
    next
}

fn is_of_body(name: &HeaderName) -> bool {
    ["content-type", "content-length", "content-encoding", "transfer-encoding"]
        .contains(&name.as_str())
}

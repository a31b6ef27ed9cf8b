//! This adapter as the scenarios' client.

#[path = "../../examples/gzip/gunzip.rs"]
mod gunzip;

use std::future::Future;
use std::sync::OnceLock;

use async_std::io::ReadExt;
use gunzip::Gunzip;
use sse_async_std::{ClientExt, EventSource, Response, StreamClient, Transport};
use sse_testkit::scenario::{Ask, Client, Tag};
use surf::http::Method;
use surf::http::headers::{HeaderName, HeaderValue};
use surf::{Request, Url};

/// This adapter, on async-std.
#[derive(Debug, Default)]
pub struct AsyncStd {
    /// For many streams: to load the platform's certificates is slow. It trusts whom the first of them trusts.
    http: Option<OnceLock<surf::Client>>,
}

impl AsyncStd {
    /// All streams over one client.
    #[allow(dead_code, reason = "not every test has many streams")]
    pub fn one_client() -> Self {
        Self { http: Some(OnceLock::new()) }
    }
}

impl Client for AsyncStd {
    type Transport = Transport;

    fn source(&self, ask: &Ask) -> EventSource {
        let Ok(url) = Url::parse(&ask.url) else {
            return sse_async_std::get_with(&ask.url, ask.config.clone());
        };
        // Who undoes it says so with the request, which says `identity` otherwise.
        let gzip = ask.headers.contains(&("accept-encoding".to_owned(), "gzip".to_owned()));
        let make = || match http(ask.trust.as_deref()) {
            client if gzip => client.with(Gunzip),
            client => client,
        };
        let http = self.http.as_ref().map_or_else(make, |one| one.get_or_init(make).clone());
        if !ask.anew {
            return http.event_source_with(request(url, ask), ask.config.clone());
        }
        let ask = ask.clone();
        sse_async_std::from_factory(ask.config.clone(), move |attempt| {
            let mut request = request(url.clone(), &ask);
            request.insert_header("x-attempt", attempt.number.to_string());
            std::future::ready(Ok((http.clone(), request)))
        })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    async fn read(&self, response: Response) -> Vec<u8> {
        let mut body = Vec::new();
        let _ = response.into_surf().read_to_end(&mut body).await;
        body
    }

    fn lacks(&self) -> &[(Tag, &'static str)] {
        const NO_TLS: (Tag, &str) = (Tag::Tls, "without the feature `rustls`");
        const NO_HTTP2: (Tag, &str) = (Tag::Http2, "without the feature `http2`");
        match (cfg!(feature = "rustls"), cfg!(feature = "http2")) {
            (true, true) => &[],
            (true, false) => &[NO_HTTP2],
            (false, _) => &[NO_TLS, NO_HTTP2],
        }
    }
}

/// A client that trusts this authority too.
pub fn http(trust: Option<&[u8]>) -> surf::Client {
    let client = StreamClient::new();
    #[cfg(feature = "rustls")]
    let client = match trust {
        Some(der) => client.add_root_certificates(der).expect("a certificate"),
        None => client,
    };
    #[cfg(not(feature = "rustls"))]
    let _ = trust;
    surf::Client::with_http_client(client)
}

fn request(url: Url, ask: &Ask) -> Request {
    let mut request = Request::new(ask.method.parse::<Method>().expect("a method"), url);
    if let Some(body) = &ask.body {
        request.set_body(&body[..]);
        // surf adds one, which nobody asked for.
        request.remove_header("content-type");
    }
    for (name, value) in &ask.headers {
        let name: HeaderName = name.parse().expect("a header's name");
        let value: HeaderValue = value.parse().expect("a header's value in ASCII");
        request.append_header(name, value);
    }
    request
}

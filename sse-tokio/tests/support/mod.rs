//! This adapter as the scenarios' client.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use reqwest::{Client as Http, Method, RequestBuilder};
use sse_testkit::scenario::{Ask, Client, Quirk, Tag};
use sse_tokio::{EventSource, RequestBuilderExt, Response, Transport};

/// What a test waits for anything, at most.
#[allow(dead_code, reason = "not every test waits by itself")]
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What comes next.
#[allow(dead_code, reason = "not every test waits by itself")]
pub async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time")
}

/// This adapter, on tokio.
#[derive(Debug, Default)]
pub struct Tokio {
    /// Where there is none, each stream gets one of its own, on its thread alone.
    runtime: Option<tokio::runtime::Runtime>,
    /// For many streams: to make a client is slow. It trusts whom the first of them trusts.
    http: Option<OnceLock<Http>>,
}

impl Tokio {
    /// All streams on one runtime with several threads.
    pub fn multi_thread() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Self { runtime: Some(runtime.expect("a runtime")), http: None }
    }

    /// All streams over one client, so on one runtime.
    #[allow(dead_code, reason = "not every test has many streams")]
    pub fn one_client() -> Self {
        Self { http: Some(OnceLock::new()), ..Self::multi_thread() }
    }
}

/// A client that trusts this authority, or none, and decompresses nothing.
#[allow(dead_code, reason = "not every test makes requests of its own")]
pub fn http(trust: Option<&[u8]>) -> Http {
    client(trust, false)
}

/// It takes as many headers as the other adapter. reqwest honours a proxy from the environment also for the loopback; and to load
/// the system's authorities takes longer than most scenarios.
fn client(trust: Option<&[u8]>, gzip: bool) -> Http {
    let builder = Http::builder().no_proxy().gzip(gzip).http1_max_headers(256);
    #[cfg(feature = "rustls")]
    let builder = {
        let authority = |der| reqwest::Certificate::from_der(der).expect("a certificate");
        builder.tls_certs_only(trust.map(authority))
    };
    #[cfg(not(feature = "rustls"))]
    let _ = trust;
    builder.build().expect("a client")
}

impl Client for Tokio {
    type Transport = Transport;

    fn source(&self, ask: &Ask) -> EventSource {
        // Who turns it on says so with the request, which says `identity` otherwise.
        let gzip = ask.headers.contains(&("accept-encoding".to_owned(), "gzip".to_owned()));
        let make = || client(ask.trust.as_deref(), gzip);
        let http = self.http.as_ref().map_or_else(make, |one| one.get_or_init(make).clone());
        if !ask.anew {
            return request(&http, ask).event_source_with(ask.config.clone());
        }
        let ask = ask.clone();
        sse_tokio::from_factory(ask.config.clone(), move |attempt| {
            let request = request(&http, &ask).header("x-attempt", attempt.number);
            std::future::ready(Ok(request))
        })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        if let Some(runtime) = &self.runtime {
            return runtime.block_on(future);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(future)
    }

    async fn read(&self, response: Response) -> Vec<u8> {
        response.into_reqwest().bytes().await.map(Vec::from).unwrap_or_default()
    }

    fn lacks(&self) -> &[(Tag, &'static str)] {
        const NO_TLS: (Tag, &str) = (Tag::Tls, "without the feature `rustls`");
        const NO_HTTP2: (Tag, &str) = (Tag::Http2, "without the feature `http2`");
        match (cfg!(feature = "rustls"), cfg!(feature = "http2")) {
            (true, true) => &[],
            (true, false) => &[NO_HTTP2],
            (false, true) => &[NO_TLS],
            (false, false) => &[NO_TLS, NO_HTTP2],
        }
    }

    fn quirks(&self) -> &[Quirk] {
        &[
            Quirk::BadLocationIsFinal,
            Quirk::CredentialsComeBack,
            Quirk::CustomHeadersCross,
            Quirk::SendsReferer,
        ]
    }
}

fn request(http: &Http, ask: &Ask) -> RequestBuilder {
    let method = Method::from_bytes(ask.method.as_bytes()).expect("a method");
    let mut request = http.request(method, &ask.url);
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    match &ask.body {
        Some(body) => request.body(body.clone()),
        None => request,
    }
}

//! An HTTP/1.1 client for surf that streams: one connection per request, no pool and no task.

mod dial;
mod request;
mod response;
#[cfg(feature = "rustls")]
mod tls;

use std::fmt;
use std::future::Future;
use std::io;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::time::Duration;

use async_std::future::timeout;
use http_client::{Config, Error, HttpClient, Request, Response, async_trait};

pub use self::request::RawHeaders;
pub use self::response::RawHead;

use self::dial::{Endpoint, Socket};

/// An HTTP client for [`surf::Client::with_http_client`] that is made for event streams.
///
/// None of surf's own backends is: one reports a response only with its first byte, one keeps the socket of a dropped
/// response open, one takes a body without a length for an empty one. This one, on the other hand,
///
/// - opens a connection for each request and closes it when the response's body ends or is dropped, or when a request
///   that is under way is dropped. There is no pool, no background task, and no limit on the number of connections;
/// - gives the response as soon as its head is complete, and its body as it arrives. Bodies end by chunks, by length,
///   or by the end of the connection; an end before that is an error of kind [`io::ErrorKind::UnexpectedEof`];
/// - sends nothing of its own but `host`, and what tells where a request's body ends;
/// - keeps what surf's types cannot hold, such as status 520 or header bytes outside ASCII, in [`RawHead`], and takes
///   such bytes for a request from [`RawHeaders`];
/// - tries all addresses of a host, a quarter of a second apart while none has answered.
///
/// It speaks HTTP/1.1 over TCP and, with the feature `rustls`, TLS. It does not follow redirects, use a proxy, ask for
/// or undo compression, or turn `user:password@` in a URL into an `authorization` header: such user information is
/// not sent at all. A response head may have 256 headers and 128 KiB.
///
/// # Timeouts
///
/// Off until they are set: an event source brings its own. [`StreamClientBuilder::connect_timeout`] covers the
/// lookup of the name, the connection and the TLS handshake; the `timeout` of [`HttpClient::set_config`] covers all up
/// to the response's head, never the body. The rest of that configuration has no effect.
///
/// # Errors
///
/// Every error is an [`io::Error`] inside the [`surf::Error`], so `error.downcast_ref::<std::io::Error>()` finds it.
/// [`InvalidInput`](io::ErrorKind::InvalidInput) and [`Unsupported`](io::ErrorKind::Unsupported) are the request's own
/// fault, and sending it again will not help. A request's URL is in no message.
///
/// # Examples
///
/// ```no_run
/// # async_std::task::block_on(async {
/// let client = surf::Client::with_http_client(sse_async_std::StreamClient::new());
/// let response = client.get("https://example.com/events").await?;
/// # surf::Result::Ok(response)
/// # });
/// ```
#[derive(Clone)]
pub struct StreamClient {
    config: Config,
    connect_timeout: Option<Duration>,
    #[cfg(feature = "rustls")]
    tls: Arc<tls::Tls>,
}

impl StreamClient {
    /// A client with the defaults: no timeouts, certificates checked as the platform does it.
    ///
    /// Never fails; the platform's certificates are loaded with the first `https` request.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client with settings.
    pub fn builder() -> StreamClientBuilder {
        StreamClientBuilder::default()
    }

    async fn open(&self, endpoint: &Endpoint) -> io::Result<Socket> {
        if !endpoint.secure {
            return Ok(Socket::new(dial::dial(endpoint).await?));
        }
        #[cfg(feature = "rustls")]
        return self.tls.open(endpoint).await.map(Socket::new);
        #[cfg(not(feature = "rustls"))]
        Err(io::Error::new(io::ErrorKind::Unsupported, "https needs the feature `rustls`"))
    }
}

impl Default for StreamClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StreamClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamClient")
            .field("config", &self.config)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for StreamClient {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let endpoint = Endpoint::of(request.url())?;
        let request = request::prepare(request)?;
        let exchange = async {
            let socket =
                within(self.connect_timeout, "connecting timed out", self.open(&endpoint)).await?;
            response::exchange(socket, request).await
        };
        Ok(within(self.config.timeout, "the response timed out", exchange).await?)
    }

    fn set_config(&mut self, config: Config) -> Result<(), Error> {
        self.config = config;
        Ok(())
    }

    fn config(&self) -> &Config {
        &self.config
    }
}

/// Settings for a [`StreamClient`].
#[derive(Default)]
#[must_use = "nothing happens until `build`"]
pub struct StreamClientBuilder {
    connect_timeout: Option<Duration>,
    #[cfg(feature = "rustls")]
    tls: tls::Tls,
}

impl StreamClientBuilder {
    /// Limits the time from the lookup of the host's name to the end of the TLS handshake; no limit by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Trusts the certificates of a PEM file too, beside the platform's own.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when there is no certificate in it, or one that is malformed.
    #[cfg(feature = "rustls")]
    pub fn add_root_certificate_pem(mut self, pem: &[u8]) -> io::Result<Self> {
        self.tls.add_pem(pem)?;
        Ok(self)
    }

    /// Trusts this certificate too, in DER, beside the platform's own.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when it is malformed.
    #[cfg(feature = "rustls")]
    pub fn add_root_certificate_der(mut self, der: &[u8]) -> io::Result<Self> {
        self.tls.add_der(der.to_vec().into())?;
        Ok(self)
    }

    /// Uses this TLS configuration in place of all the other TLS settings: own roots, client certificates, another
    /// cryptography provider.
    ///
    /// Its list of protocols (ALPN) is replaced by `http/1.1`, the one that this client speaks.
    #[cfg(feature = "rustls")]
    pub fn rustls_config(mut self, config: Arc<futures_rustls::rustls::ClientConfig>) -> Self {
        self.tls.replace(config);
        self
    }

    /// Accepts any certificate from anyone: expired, for another host, self-signed, forged.
    ///
    /// Whoever can reach the connection can then read and change what it carries, credentials too. Off by default,
    /// and meant for tests; to trust one server's own certificate, add it as a root.
    #[cfg(feature = "rustls")]
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.tls.accept_invalid = accept;
        self
    }

    /// The client. Never fails.
    #[must_use]
    pub fn build(self) -> StreamClient {
        StreamClient {
            // Without the 60 s that http-client starts with: the session has the clock.
            config: Config::new().set_timeout(None),
            connect_timeout: self.connect_timeout,
            #[cfg(feature = "rustls")]
            tls: Arc::new(self.tls),
        }
    }
}

impl fmt::Debug for StreamClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

async fn within<T>(
    limit: Option<Duration>,
    late: &'static str,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let Some(limit) = limit else {
        return work.await;
    };
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, late)),
    }
}

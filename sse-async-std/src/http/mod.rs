//! A client for surf that streams, over HTTP/1.1 and HTTP/2: one connection per request, no pool and no task.

mod body;
#[cfg(feature = "http2")]
mod http2;
mod request;
mod response;
mod socket;
#[cfg(feature = "rustls")]
mod tls;

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::pin;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::time::Duration;

use async_std::future::timeout;
use http_client::{Config, Error, HttpClient, Request, Response, async_trait};
use surf::Url;

pub use self::request::RawHeaders;
pub(crate) use self::request::read_whole;
pub use self::response::RawHead;
pub(crate) use self::response::{header, status};

use self::socket::Socket;

/// An HTTP client for [`surf::Client::with_http_client`] that is made for event streams.
///
/// None of surf's own backends is: one reports a response only with its first byte, one keeps the socket of a dropped
/// response open, one takes a body without a length for an empty one. This one, on the other hand,
///
/// - opens a connection for each request and closes it when the response's body ends or is dropped, or when a request
///   that is under way is dropped. There is no pool, no background task, and no limit on the number of connections;
/// - gives the response as soon as its head is complete, and its body as it arrives. Bodies end by chunks, by length,
///   or by the end of the connection; over HTTP/1.1 an end before that is an error of kind [`io::ErrorKind::UnexpectedEof`];
/// - sends nothing of its own but `host`, and what tells where a request's body ends;
/// - keeps what surf's types cannot hold, such as status 520 or header bytes outside ASCII, in [`RawHead`], and takes
///   such bytes for a request from [`RawHeaders`];
/// - tries all addresses of a host, a quarter of a second apart while none has answered;
/// - has the system probe a silent peer after 15 s (TCP keep-alive), so that one that vanished without a word is an error within
///   about a minute.
///
/// It speaks HTTP/1.1 over TCP and, with the feature `rustls`, TLS. A response head may have 256 headers and 128 KiB. It
/// does not follow redirects, ask for or undo compression, or turn `user:password@` in a URL into an `authorization`
/// header: such user information is not sent at all.
///
/// It does not use a proxy, not even one that the environment names. Where there is no other way out, take a client that
/// does, such as surf's `curl-client`, and read in the crate's documentation what that breaks.
///
/// # HTTP/2
///
/// With the feature `http2` an `https` server may choose HTTP/2 (by ALPN; never over plain TCP). All of the above holds:
/// still a connection for each request, and what the connection has to do in the background is done while its response is
/// read. A response that is dropped resets its stream and closes the connection; one that is being read goes on to
/// its end although the server has announced by GOAWAY that it will take no further request. A server may have 128 KiB of
/// a body under way that was not read. Headers have no limit but their size.
///
/// Nothing is gained by it for one stream per connection: it is for servers, and for proxies in front of them, that take
/// nothing else.
///
/// # Features
///
/// | | what comes |
/// |---|---|
/// | none | hyper, with tokio's `sync` |
/// | `rustls` (default) | rustls with ring, the platform's certificates |
/// | `http2` | h2, and with it tokio's `io-util`, tokio-util's codecs, tracing |
///
/// None of them brings a runtime. The [crate's page](crate#features-and-how-many-crates-they-bring) counts them.
///
/// # Timeouts
///
/// Off until they are set: an event source brings its own. [`connect_timeout`](Self::connect_timeout) covers the
/// lookup of the name, the connection and the TLS handshake; the `timeout` of [`HttpClient::set_config`] covers all up
/// to the response's head, never the body. The rest of that configuration has no effect.
///
/// # Errors
///
/// Every error is an [`io::Error`] inside the [`surf::Error`], so `error.downcast_ref::<std::io::Error>()` finds it; over
/// HTTP/2 mostly of kind [`Other`](io::ErrorKind::Other), whatever went wrong.
/// [`InvalidInput`](io::ErrorKind::InvalidInput) is the request's own fault, and sending it again will not help. A
/// request's URL is in no message.
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
#[derive(Clone, Debug)]
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
        Self::default()
    }

    /// Limits the time from the lookup of the host's name to the end of the TLS handshake; no limit by default.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    async fn open(&self, url: &Url) -> io::Result<Socket> {
        match url.scheme() {
            "http" => Ok(Socket::new(socket::dial(url).await?, false)),
            // Boxed, so that a plain connection needs no room for a handshake.
            #[cfg(feature = "rustls")]
            "https" => Box::pin(self.tls.open(url)).await,
            #[cfg(not(feature = "rustls"))]
            "https" => Err(invalid("an https URL needs the feature `rustls`")),
            _ => Err(invalid("the URL is neither http nor https")),
        }
    }
}

impl Default for StreamClient {
    fn default() -> Self {
        Self {
            // Without the 60 s that http-client starts with: the session has the clock.
            config: Config::new().set_timeout(None),
            connect_timeout: None,
            #[cfg(feature = "rustls")]
            tls: Arc::default(),
        }
    }
}

#[async_trait]
impl HttpClient for StreamClient {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let url = request.url().clone();
        let request = request::prepare(request)?;
        // By reference, since each function that takes a future has room for it twice.
        let exchange = pin!(async {
            let open = pin!(self.open(&url));
            let socket = within(self.connect_timeout, "connecting timed out", open).await?;
            #[cfg(feature = "http2")]
            if socket.http2 {
                return http2::exchange(socket, request).await;
            }
            response::exchange(socket, request).await
        });
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

async fn within<T>(
    limit: Option<Duration>,
    late: &'static str,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let late = |_| Err(io::Error::new(io::ErrorKind::TimedOut, late));
    timeout(limit.unwrap_or(Duration::MAX), work).await.unwrap_or_else(late)
}

/// The request's own fault.
pub(crate) fn invalid(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

//! A front of HTTP/2 before a server, which gets each stream as a connection of HTTP/1.1.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri, Version, client, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// The header of a request that the front adds, and of an answer with which it lets its connection go after this stream, or
/// with the value [`CUT`] without a word, as soon as the server has left.
pub(crate) const OVER: &str = "x-over";

pub(crate) const CUT: &str = "cut";

type Failure = Box<dyn Error + Send + Sync>;

/// How a connection of the front ends before its client wants it to.
#[derive(Default)]
struct Ends {
    goes_away: Notify,
    is_cut: AtomicBool,
    cut: Notify,
}

/// Relays all streams of a connection, until it ends.
pub(crate) fn relay(
    client: std::net::TcpStream,
    config: Arc<ServerConfig>,
    server: SocketAddr,
    most_streams: u32,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        client.set_nonblocking(true)?;
        let client = TlsAcceptor::from(config).accept(TcpStream::from_std(client)?).await?;
        let ends = Arc::new(Ends::default());
        let its = Arc::clone(&ends);
        let forward = service_fn(move |request| {
            let its = Arc::clone(&its);
            async move {
                let response = forward(request, server, &its).await?;
                match response.headers().get(OVER) {
                    Some(how) if how == CUT => its.is_cut.store(true, Ordering::Relaxed),
                    Some(_) => its.goes_away.notify_one(),
                    None => {}
                }
                Ok::<_, Failure>(response)
            }
        });
        let connection = server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(most_streams)
            .serve_connection(TokioIo::new(client), forward);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            // First: else the stream would be reset.
            biased;
            () = ends.cut.notified() => return Ok(()),
            () = ends.goes_away.notified() => connection.as_mut().graceful_shutdown(),
            ended = &mut connection => return ended.map_err(io::Error::other),
        }
        connection.await.map_err(io::Error::other)
    })
}

async fn forward(
    mut request: Request<Incoming>,
    server: SocketAddr,
    ends: &Arc<Ends>,
) -> Result<Response<Incoming>, Failure> {
    let socket = TokioIo::new(TcpStream::connect(server).await?);
    let (mut sender, connection) = client::conn::http1::handshake(socket).await?;
    let ends = Arc::clone(ends);
    tokio::spawn(async move {
        // Ends with the answer, or when nobody wants that any more.
        let _ = connection.await;
        if ends.is_cut.load(Ordering::Relaxed) {
            ends.cut.notify_one();
        }
    });
    let over = format!("{:?}", request.version());
    let uri = std::mem::take(request.uri_mut());
    let host = uri.authority().ok_or("no authority")?.as_str();
    request.headers_mut().insert(HOST, HeaderValue::from_str(host)?);
    request.headers_mut().insert(OVER, HeaderValue::from_str(&over)?);
    *request.uri_mut() = Uri::from(uri.into_parts().path_and_query.ok_or("no path")?);
    *request.version_mut() = Version::HTTP_11;
    Ok(sender.send_request(request).await?)
}

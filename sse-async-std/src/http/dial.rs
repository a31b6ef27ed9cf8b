//! From a URL to a connected socket, and that socket as hyper's reader and writer.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::{Read, Write};
use async_std::net::{TcpStream, ToSocketAddrs};
use hyper::rt;
use surf::Url;
use surf::http::url::Host;

// The pause before the next address is tried beside a silent one:
// https://www.rfc-editor.org/rfc/rfc8305#section-5
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

// What one read takes from the socket at most: a TLS record's worth.
const SCRATCH_LEN: usize = 16 * 1024;

// hyper reads on for as long as there is something, also where nothing of it is for anybody: a head before the head, the
// zeros in front of a chunk's size. Then clocks and other tasks must have their turn.
const MOST_READS_IN_A_ROW: u32 = 32;

thread_local! {
    // Safe code cannot read into hyper's uninitialized buffer, so bytes take a detour. One per thread, not one per
    // connection: nothing waits while it is in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Whom to connect to.
pub(super) struct Endpoint {
    pub(super) secure: bool,
    pub(super) host: String,
    port: u16,
}

impl Endpoint {
    pub(super) fn of(url: &Url) -> io::Result<Self> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(invalid("the URL is neither http nor https")),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => return Err(invalid("the URL has no host")),
        };
        let port = url.port().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host, port })
    }
}

/// Connects to the first address of the host that answers.
pub(super) async fn dial(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let addresses = (endpoint.host.as_str(), endpoint.port).to_socket_addrs().await?;
    let stream = race(addresses).await?;
    // If the connection is gone already, the first write says it better.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

async fn race(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        attempts.push(Box::pin(TcpStream::connect(address)));
        let answered = first(&mut attempts, &mut failure);
        if let Ok(Some(stream)) = timeout(ATTEMPT_DELAY, answered).await {
            return Ok(stream);
        }
    }
    first(&mut attempts, &mut failure).await.ok_or(failure)
}

/// The first attempt to succeed, or `None` when all have failed.
async fn first(attempts: &mut Vec<Attempt>, failure: &mut io::Error) -> Option<TcpStream> {
    poll_fn(|cx| {
        let mut index = 0;
        while let Some(attempt) = attempts.get_mut(index) {
            match attempt.as_mut().poll(cx) {
                Poll::Ready(Ok(stream)) => return Poll::Ready(Some(stream)),
                Poll::Ready(Err(error)) => {
                    *failure = error;
                    drop(attempts.swap_remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        if attempts.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

trait Duplex: Read + Write + Unpin + Send + Sync {}

impl<T: Read + Write + Unpin + Send + Sync> Duplex for T {}

/// A connection, plain or TLS, as hyper wants it.
pub(super) struct Socket {
    stream: Box<dyn Duplex>,
    // hyper reads before it writes, and what it finds there, be it the whole response of a peer that did not wait, is
    // an error to it. So nothing is there until the request has been written.
    spoke: bool,
    reads_in_a_row: u32,
}

impl Socket {
    pub(super) fn new(stream: impl Read + Write + Unpin + Send + Sync + 'static) -> Self {
        Self { stream: Box::new(stream), spoke: false, reads_in_a_row: 0 }
    }
}

impl rt::Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.spoke || self.reads_in_a_row == MOST_READS_IN_A_ROW {
            self.reads_in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut scratch = SCRATCH.take();
        scratch.resize(SCRATCH_LEN, 0);
        let room = buf.remaining().min(SCRATCH_LEN);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut scratch[..room]);
        if let Poll::Ready(Ok(len)) = read {
            buf.put_slice(&scratch[..len]);
        }
        SCRATCH.set(scratch);
        self.reads_in_a_row = if read.is_ready() { self.reads_in_a_row + 1 } else { 0 };
        read.map_ok(drop)
    }
}

impl rt::Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.spoke = true;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

pub(super) fn invalid(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use async_std::task::block_on;

    use super::*;

    /// A listener whose queue is full: it answers no further connection. Kept alive by what is returned.
    fn silent() -> (SocketAddr, TcpListener, Vec<std::net::TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) =
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100))
        {
            waiting.push(stream);
            if waiting.len() > 10_000 {
                break;
            }
        }
        (address, listener, waiting)
    }

    #[test]
    fn a_peer_that_never_pauses_leaves_others_their_turn() {
        let mut socket = Socket::new(async_std::io::Cursor::new(vec![b'0'; 16 << 20]));
        let read = |socket: &mut Socket, cx: &mut Context<'_>| {
            let mut room = [0; 64];
            let mut room = rt::ReadBuf::new(&mut room);
            rt::Read::poll_read(Pin::new(socket), cx, room.unfilled()).is_ready()
        };
        block_on(poll_fn(|cx| {
            assert!(rt::Write::poll_write(Pin::new(&mut socket), cx, b"GET").is_ready());
            for _ in 0..3 {
                let in_a_row = (0..1000).take_while(|_| read(&mut socket, cx)).count();
                assert_eq!(in_a_row as u32, MOST_READS_IN_A_ROW);
            }
            Poll::Ready(())
        }));
    }

    #[test]
    fn refused_and_silent_addresses_do_not_hide_a_good_one() {
        let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (silent, _listener, _waiting) = silent();
        let good = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [refused, silent, good.local_addr().unwrap()];

        let begin = Instant::now();
        let stream = block_on(race(addresses.into_iter())).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good.local_addr().unwrap());
        assert!(begin.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn the_last_failure_is_the_error() {
        let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = block_on(race([refused, refused].into_iter())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = block_on(race(std::iter::empty())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

//! From a URL to a connected socket, and that socket as hyper's reader and writer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_std::future::timeout;
use async_std::io::{Read, Write};
use async_std::net::{TcpStream, ToSocketAddrs};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::body::Bytes;
use hyper::rt;
use socket2::{SockRef, TcpKeepalive};
use surf::Url;

// The pause before the next address is tried beside a silent one:
// https://www.rfc-editor.org/rfc/rfc8305#section-5
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

// When a peer that says nothing is first asked whether it is there, and how often after that. So does reqwest.
const PROBE_AFTER: Duration = Duration::from_secs(15);

// What one read takes from the socket at most.
const READ_LEN: usize = 8 * 1024;

// hyper reads on for as long as there is something, also where nothing of it is for anybody: heads before the head. Then
// clocks and other tasks must have their turn.
const MOST_READS_IN_A_ROW: u32 = 32;

/// The URL's host, an IPv6 address without its brackets.
pub(super) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}

/// Connects to the first address of the URL's host that answers.
pub(super) async fn dial(url: &Url) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().unwrap_or_default();
    let addresses = (host(url), port).to_socket_addrs().await.map_err(|error| {
        // async-std puts the address in front of what the system said.
        let cause = error.get_ref().and_then(|error| error.source()).map(ToString::to_string);
        io::Error::new(error.kind(), cause.unwrap_or_else(|| error.to_string()))
    })?;
    let stream = race(addresses).await?;
    // If the connection is gone already, the first write says it better.
    let _ = stream.set_nodelay(true);
    let _ = keep_alive(SockRef::from(&stream));
    Ok(stream)
}

/// Has the system ask a silent peer whether it is still there, three times in all.
fn keep_alive(socket: SockRef<'_>) -> io::Result<()> {
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER);
    #[cfg(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        windows
    ))]
    let probes = probes.with_interval(PROBE_AFTER).with_retries(3);
    socket.set_tcp_keepalive(&probes)
}

async fn race(mut addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        match addresses.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        match timeout(ATTEMPT_DELAY, attempts.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
}

pub(super) trait Duplex: Read + Write + Unpin + Send + Sync {}

impl<T: Read + Write + Unpin + Send + Sync> Duplex for T {}

/// A connection, plain or TLS, as hyper wants it.
pub(super) struct Socket {
    pub(super) stream: Box<dyn Duplex>,
    /// What was read, and not by hyper yet.
    pub(super) rest: Bytes,
    /// Whether the request is sent, once its body, which holds this too, is dropped.
    pub(super) sent: Arc<AtomicBool>,
    // How often it may be read before there is a pause. Not at all at first: hyper reads before it writes, and what it
    // finds there, be it the whole response of a peer that did not wait for the request, is an error to it. Nor behind an
    // HTTP/1.1 head: what follows may be a body, which is better read without hyper.
    reads_left: u32,
    /// Whether the last line of a head that has begun is over.
    line_ended: Option<bool>,
    /// Whether both sides agreed on HTTP/2.
    pub(super) http2: bool,
}

impl Socket {
    pub(super) fn new(stream: impl Duplex + 'static, http2: bool) -> Self {
        Self {
            stream: Box::new(stream),
            rest: Bytes::new(),
            sent: Arc::default(),
            reads_left: 0,
            line_ended: None,
            http2,
        }
    }

    /// How many of so many bytes are read before the next pause, which is at the end of a head.
    fn up_to_pause(&mut self, len: usize) -> usize {
        for (at, byte) in self.rest[..len].iter().enumerate() {
            self.line_ended = match (byte, self.line_ended) {
                (b'\n', Some(true)) => {
                    (self.reads_left, self.line_ended) = (0, None);
                    return at + 1;
                }
                (b'\n', Some(_)) => Some(true),
                (b'\n' | b'\r', same) => same,
                _ => Some(false),
            };
        }
        len
    }
}

impl rt::Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads_left == 0 {
            self.reads_left = MOST_READS_IN_A_ROW;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.reads_left -= 1;
        if self.rest.is_empty() {
            // Safe code cannot read into hyper's uninitialized buffer, so bytes take a detour.
            let mut bytes = [0; READ_LEN];
            let len = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut bytes))?;
            self.rest = Bytes::copy_from_slice(&bytes[..len]);
        }
        let len = self.rest.len().min(buf.remaining());
        let len = if self.http2 { len } else { self.up_to_pause(len) };
        buf.put_slice(&self.rest.split_to(len));
        Poll::Ready(Ok(()))
    }
}

impl rt::Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper has written all that it had, and drops a body that has no more.
        self.sent.store(Arc::strong_count(&self.sent) == 2, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
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
        let mut socket = Socket::new(async_std::io::Cursor::new(vec![b'0'; 16 << 20]), false);
        let read = |socket: &mut Socket, cx: &mut Context<'_>| {
            let mut room = [0; 64];
            let mut room = rt::ReadBuf::new(&mut room);
            rt::Read::poll_read(Pin::new(socket), cx, room.unfilled()).is_ready()
        };
        block_on(poll_fn(|cx| {
            assert!(!read(&mut socket, cx), "nothing before the request");
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

//! One accepted socket: reading, writing and pausing, each of which ends when the server stops.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::read::Input;
use crate::stop::Stop;

/// The end of a pause that the stop signal times. A socket's read time-out, which times the rest,
/// counts in ticks of the kernel (4 ms at 250 Hz, 10 ms at 100 Hz), and may be a tick late.
const FINE: Duration = Duration::from_millis(10);

/// How long a tunnel's far end may take to be there.
const MOST_CONNECTING: Duration = Duration::from_secs(10);

/// What is taken from the socket at once.
const READ: usize = 16 * 1024;

/// What a peer may send ahead of its turn. Beyond it a pause no longer reads.
const MAX_AHEAD: usize = 1024 * 1024;

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The peer closed or reset it.
    Peer,
    /// The server is being dropped, which has shut the socket down.
    Stopped,
}

/// One accepted socket. Dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The server holds this weakly, to shut it down when it stops.
    stream: Arc<TcpStream>,
    number: usize,
    stop: Arc<Stop>,
    /// What was read and not yet consumed.
    input: Vec<u8>,
    timeout: Option<Duration>,
}

impl Connection {
    pub(crate) fn new(stream: Arc<TcpStream>, number: usize, stop: Arc<Stop>) -> Self {
        Self { stream, number, stop, input: Vec::new(), timeout: None }
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        (&*self.stream).write_all(bytes).map_err(|_| self.gone())
    }

    /// Waits so long; ends early when the peer leaves.
    pub(crate) fn pause(&mut self, duration: Duration) -> Result<(), Gone> {
        let started = Instant::now();
        loop {
            let left = duration.saturating_sub(started.elapsed());
            if left <= FINE || self.input.len() > MAX_AHEAD {
                return if self.stop.wait(left) { Err(Gone::Stopped) } else { Ok(()) };
            }
            self.fill_within(Some(left - FINE))?;
        }
    }

    /// Waits until the peer leaves.
    pub(crate) fn outlast(&mut self) -> Gone {
        loop {
            self.input.clear();
            if let Err(gone) = self.fill() {
                return gone;
            }
        }
    }

    /// Passes on what comes to this address, and what comes from there, until both have left.
    /// `None` where the other end left first, or was not there.
    pub(crate) fn tunnel(&mut self, to: SocketAddr) -> Option<Gone> {
        let there = Arc::new(TcpStream::connect_timeout(&to, MOST_CONNECTING).ok()?);
        let _ = there.set_nodelay(true);
        self.stop.will_shut(&there);
        // A pause may have set one.
        let _ = self.stream.set_read_timeout(None);
        let there_left = AtomicBool::new(false);
        thread::scope(|scope| {
            // Whatever goes wrong, both see an end.
            scope.spawn(|| {
                let _ = io::copy(&mut &*there, &mut &*self.stream);
                there_left.store(true, Ordering::Relaxed);
                let _ = self.stream.shutdown(Shutdown::Write);
            });
            let ahead = (&*there).write_all(&self.input);
            let _ = ahead.and_then(|()| io::copy(&mut &*self.stream, &mut &*there));
            // Before the other thread sees what follows.
            let by_peer = !there_left.load(Ordering::Relaxed);
            let _ = there.shutdown(Shutdown::Both);
            by_peer.then(|| self.gone())
        })
    }

    /// Closes the connection in good order.
    pub(crate) fn finish(self) {
        // Closing with unread bytes would send a reset after the FIN. The peer is not waited for,
        // and one that goes on sending is not read for ever.
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_nonblocking(true);
        let mut scratch = [0; READ];
        for _ in 0..MAX_AHEAD / READ {
            if !matches!((&*self.stream).read(&mut scratch), Ok(read) if read > 0) {
                break;
            }
        }
    }

    /// Closes the connection by a TCP reset.
    pub(crate) fn reset(self) {
        let _ = SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO));
    }

    fn fill_within(&mut self, timeout: Option<Duration>) -> Result<(), Gone> {
        if self.timeout != timeout {
            self.stream.set_read_timeout(timeout).map_err(|_| self.gone())?;
            self.timeout = timeout;
        }
        let mut scratch = [0; READ];
        match (&*self.stream).read(&mut scratch) {
            Ok(0) => Err(self.gone()),
            Ok(read) => {
                self.input.extend_from_slice(&scratch[..read]);
                Ok(())
            }
            Err(error) if is_nothing_yet(&error) => Ok(()),
            Err(_) => Err(self.gone()),
        }
    }

    fn gone(&self) -> Gone {
        if self.stop.is_set() { Gone::Stopped } else { Gone::Peer }
    }
}

impl Input for Connection {
    fn came(&mut self) -> &mut Vec<u8> {
        &mut self.input
    }

    fn fill(&mut self) -> Result<(), Gone> {
        self.fill_within(None)
    }
}

/// A time-out has either kind, depending on the system.
fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

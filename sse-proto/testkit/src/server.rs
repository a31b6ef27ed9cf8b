//! The server: a thread that accepts, and one for each connection.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::answer::{After, Step, Steps, steps};
use crate::connection::{Connection, Gone};
use crate::read::{Unread, read_request};
use crate::stop::Stop;
use crate::tally::Record;
use crate::{Port, Reply, Request, Script, Tally, TimedOut};

/// Enough for a closure that formats and panics, and little enough for a thousand threads.
const STACK: usize = 256 * 1024;

/// The wait after a failure to accept, which is mostly for want of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// How long the knock that ends the accepting thread may take, where shutting the listener down
/// has not done it.
const KNOCK: Duration = Duration::from_secs(1);

/// A running server. Dropping it closes all its connections and waits for its threads.
///
/// It is `Sync`: an `Arc` of it can be handed to other threads and tasks.
pub struct Server {
    addr: SocketAddr,
    listener: Arc<TcpListener>,
    accepting: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// What the system says, where it has no socket or thread to give.
    pub fn start(script: impl Into<Script>) -> io::Result<Self> {
        Port::reserve()?.serve(script)
    }

    /// Starts a server that asks a closure for each reply; see [`Script::with`].
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn with<F>(reply: F) -> io::Result<Self>
    where
        F: Fn(&Request) -> Reply + Send + Sync + 'static,
    {
        Self::start(Script::with(reply))
    }

    pub(crate) fn listen(
        listener: TcpListener,
        addr: SocketAddr,
        script: Script,
    ) -> io::Result<Self> {
        let listener = Arc::new(listener);
        let shared = Arc::new(Shared {
            script,
            record: Record::default(),
            stop: Arc::default(),
            links: Mutex::default(),
        });
        let accepting = thread::Builder::new().name(format!("testkit {addr}")).spawn({
            let (listener, shared) = (Arc::clone(&listener), Arc::clone(&shared));
            move || accept(&listener, &shared)
        })?;
        Ok(Self { addr, listener, accepting: Some(accepting), shared })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The requests so far, in the order in which they were read.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.record.requests()
    }

    /// What it has seen so far, in numbers.
    pub fn tally(&self) -> Tally {
        self.shared.record.tally()
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.tally().open
    }

    /// Waits for so many requests in all, and returns all there are.
    ///
    /// # Errors
    ///
    /// They did not come in time.
    pub fn wait_for_requests(
        &self,
        count: usize,
        patience: Duration,
    ) -> Result<Vec<Request>, TimedOut> {
        self.wait_until(patience, |tally| tally.requests >= count)?;
        Ok(self.requests())
    }

    /// Waits until so many connections in all were closed or reset by the peer.
    ///
    /// A peer's close is seen at once while its answer is awaited, pauses for more than 10 ms or is
    /// silent, and between requests; else at one of the next writes.
    ///
    /// # Errors
    ///
    /// They were not in time.
    pub fn wait_for_peer_close(&self, count: usize, patience: Duration) -> Result<Tally, TimedOut> {
        self.wait_until(patience, |tally| tally.closed_by_peer >= count)
    }

    /// Waits until no accepted connection is open, whoever closed it.
    ///
    /// # Errors
    ///
    /// One still was.
    pub fn wait_until_closed(&self, patience: Duration) -> Result<Tally, TimedOut> {
        self.wait_until(patience, |tally| tally.open == 0)
    }

    /// Blocks until the tally is as wanted.
    ///
    /// # Errors
    ///
    /// It was not in time.
    pub fn wait_until<P>(&self, patience: Duration, reached: P) -> Result<Tally, TimedOut>
    where
        P: FnMut(&Tally) -> bool,
    {
        self.shared.record.wait(patience, reached)
    }

    /// A future that is ready when the tally is as wanted; it borrows nothing.
    ///
    /// Without a time limit: put it into the runtime's `timeout`.
    pub fn until<P>(&self, mut reached: P) -> impl Future<Output = Tally> + Send + use<P>
    where
        P: FnMut(&Tally) -> bool + Send,
    {
        let shared = Arc::clone(&self.shared);
        poll_fn(move |context| shared.record.poll(context, &mut reached))
    }

    /// Stops as dropping does, and keeps the port: for an outage that ends with [`Port::serve`].
    ///
    /// # Errors
    ///
    /// What the system says; on others than Linux also that the port was lost to someone else.
    pub fn stop(mut self) -> io::Result<Port> {
        self.halt();
        let addr = self.addr;
        // On Linux a listener that was shut down no longer keeps others from binding, so that there
        // is no gap in which the port is free.
        Port::at(addr).or_else(|_| {
            drop(self);
            Port::at(addr)
        })
    }

    fn halt(&mut self) {
        self.shared.stop.set();
        // Linux ends a pending accept when its socket is shut down, other systems when they are
        // knocked at.
        let _ = SockRef::from(&*self.listener).shutdown(Shutdown::Both);
        let _ = TcpStream::connect_timeout(&self.addr, KNOCK);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let links = std::mem::take(&mut *self.shared.lock_links());
        for stream in links.iter().filter_map(|link| link.stream.upgrade()) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for link in links {
            // An error is the panic of a script's closure, which was printed when it happened.
            let _ = link.thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.halt();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr)
            .field("tally", &self.tally())
            .finish_non_exhaustive()
    }
}

/// What all threads of a server share.
struct Shared {
    script: Script,
    record: Record,
    stop: Arc<Stop>,
    links: Mutex<Vec<Link>>,
}

/// What the server knows of a connection's thread. The thread owns the socket; the server can only
/// shut it down.
struct Link {
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Shared {
    fn lock_links(&self) -> MutexGuard<'_, Vec<Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut number = 0;
    loop {
        let accepted = listener.accept();
        if shared.stop.is_set() {
            return;
        }
        match accepted {
            Ok((stream, _)) => {
                open(shared, stream, number);
                number += 1;
            }
            Err(_) => {
                shared.stop.wait(ACCEPT_AGAIN);
            }
        }
    }
}

fn open(shared: &Arc<Shared>, stream: TcpStream, number: usize) {
    // Each write is a packet, or as near to it as can be.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(stream);
    let weak = Arc::downgrade(&stream);
    shared.record.on_accept();
    let open = Open { shared: Arc::clone(shared), by_peer: false };
    let connection = Connection::new(stream, number, Arc::clone(&shared.stop));
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || open.run(connection));
    let mut links = shared.lock_links();
    links.retain(|link| !link.thread.is_finished());
    // Without a thread the connection is closed, and counted as closed, by now.
    links.extend(thread.map(|thread| Link { stream: weak, thread }));
}

/// Counts a connection as closed, whatever became of its thread. It must be dropped after the
/// connection, so that what is counted is true.
struct Open {
    shared: Arc<Shared>,
    by_peer: bool,
}

impl Open {
    fn run(mut self, connection: Connection) {
        self.by_peer = serve(&self.shared, connection) == Some(Gone::Peer);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.record.on_close(self.by_peer);
    }
}

/// Serves requests until the connection ends, and closes it. `None`: the server ended it.
fn serve(shared: &Shared, mut connection: Connection) -> Option<Gone> {
    loop {
        let number = connection.number();
        let mut request = match read_request(&mut connection, number) {
            Ok(request) => request,
            Err(Unread::Gone(gone)) => return Some(gone),
            Err(Unread::Refused(status, why)) => {
                refuse(connection, status, why);
                return None;
            }
        };
        let reply = shared.script.reply(&request);
        request.answered = reply.status;
        let place = shared.record.on_request(request.clone());
        let begin = || shared.record.on_begin();
        let outcome = answer(&mut connection, steps(&request, reply), begin);
        if outcome == Ok(After::Next) {
            shared.record.on_end(place, Instant::now());
            continue;
        }
        match outcome {
            Ok(After::Reset) => connection.reset(),
            Ok(_) => connection.finish(),
            Err(_) => drop(connection),
        }
        shared.record.on_end(place, Instant::now());
        return outcome.err();
    }
}

/// `begin` is called when the first bytes are written.
fn answer(connection: &mut Connection, steps: Steps, begin: impl FnOnce()) -> Result<After, Gone> {
    let mut begin = Some(begin);
    for step in steps {
        match step {
            Step::Write(bytes) if bytes.is_empty() => {}
            Step::Write(bytes) => {
                connection.write(&bytes)?;
                begin.take().into_iter().for_each(|begin| begin());
            }
            Step::Pause(duration) => connection.pause(duration)?,
            Step::Outlast => return Err(connection.outlast()),
            Step::Tunnel(to) => return connection.tunnel(to).map_or(Ok(After::Close), Err),
            Step::Over(after) => return Ok(after),
        }
    }
    Ok(After::Close)
}

fn refuse(mut connection: Connection, status: u16, why: &str) {
    if connection.write(&refusal(status, why)).is_ok() {
        connection.finish();
    }
}

/// The answer to what is no request.
pub(crate) fn refusal(status: u16, why: &str) -> Vec<u8> {
    let end = "connection: close\r\ncontent-length: 0\r\n\r\n";
    format!("HTTP/1.1 {status} {why}\r\n{end}").into_bytes()
}

//! A network without sockets, in a time that passes only while nothing else can be done.
//!
//! [`Network`] is for tests of a client that brings its own HTTP: it connects by [`Network::connect`], takes its time from
//! [`Network::clock`], and runs in [`Network::block_on`]. Servers follow the same [`Script`]s as a [`Server`](crate::Server),
//! byte by byte and pause by pause; a pause of an hour takes no time at all, and takes exactly an hour.
//! [`scenario::run_simulated`](crate::scenario::run_simulated) runs the list of scenarios over it.
//!
//! ```
//! use std::time::Duration;
//! use sse_testkit::simulated::Network;
//! use sse_testkit::{End, Reply};
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//!
//! let network = Network::new();
//! let reply = Reply::stream().chunk("data: a\n\n").pause(HOUR).chunk("data: b\n\n");
//! network.serve("example.com", [reply.end(End::Reset)]);
//! network.block_on(async {
//!     let mut wire = network.connect("example.com").await?;
//!     wire.write(b"GET /stream HTTP/1.1\r\nhost: example.com\r\n\r\n")?;
//!     let head = wire.read().await?;
//!     assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
//!     assert_eq!(wire.read().await?, b"9\r\ndata: a\n\n\r\n");
//!     assert_eq!(network.now(), Duration::ZERO);
//!     assert_eq!(wire.read().await?, b"9\r\ndata: b\n\n\r\n");
//!     assert_eq!(network.now(), HOUR);
//!     assert_eq!(wire.read().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
//!     std::io::Result::Ok(())
//! })?;
//! assert_eq!(network.requests("example.com")[0].path(), "/stream");
//! # std::io::Result::Ok(())
//! ```

mod clock;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::tally::Record;
use crate::{Request, Script, Tally};

pub use clock::Clock;
use wire::Site;
pub use wire::Wire;

/// Hosts that can be connected to, and the time. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    /// What the time of a [`Request`] counts from.
    epoch: Instant,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    now: Duration,
    /// Who is to be woken when.
    alarms: BTreeMap<Duration, Vec<Waker>>,
    hosts: HashMap<String, Host>,
    /// When connections were asked for.
    calls: Vec<Duration>,
}

/// What stands behind a name, whatever stands there at the moment.
#[derive(Default)]
struct Host {
    record: Arc<Record>,
    port: Port,
}

#[derive(Default)]
enum Port {
    #[default]
    Unknown,
    Refuses,
    Ignores,
    Serves(Arc<Site>),
}

impl Network {
    /// A network without a host, at time zero.
    pub fn new() -> Self {
        Self { epoch: Instant::now(), world: Arc::default() }
    }

    /// Puts a server behind `authority`, a name or address, with a port if the client names one. Connections of the server that
    /// was there are closed.
    pub fn serve(&self, authority: &str, script: impl Into<Script>) {
        let script = script.into();
        self.put(authority, |record| Port::Serves(Arc::new(Site::new(script, record))));
    }

    /// From now on nobody listens behind `authority`. Connections of the server that was there are closed.
    pub fn refuse(&self, authority: &str) {
        self.put(authority, |_| Port::Refuses);
    }

    /// From now on nobody answers who connects to `authority`. Connections of the server that was there are closed.
    pub fn ignore(&self, authority: &str) {
        self.put(authority, |_| Port::Ignores);
    }

    /// Connects, which takes no time; never, where calls are ignored.
    ///
    /// # Errors
    ///
    /// Nobody has this name, or nobody listens there.
    pub async fn connect(&self, authority: &str) -> io::Result<Wire> {
        match self.call(authority)? {
            Some(site) => Ok(Wire::new(self.clone(), site)),
            None => pending().await,
        }
    }

    /// The requests that came to `authority` so far, in order.
    pub fn requests(&self, authority: &str) -> Vec<Request> {
        self.record(authority).requests()
    }

    /// What was seen at `authority` so far, in numbers.
    pub fn tally(&self, authority: &str) -> Tally {
        self.record(authority).tally()
    }

    /// A future that is ready when the tally of `authority` is as wanted; it borrows nothing.
    pub fn until<P>(
        &self,
        authority: &str,
        mut reached: P,
    ) -> impl Future<Output = Tally> + Send + use<P>
    where
        P: FnMut(&Tally) -> bool + Send,
    {
        let record = self.record(authority);
        poll_fn(move |context| record.poll(context, &mut reached))
    }

    /// The time since the network was made.
    pub fn now(&self) -> Duration {
        self.lock().now
    }

    /// A clock of this network's time, with a timer.
    pub fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }

    /// Runs a future to its end. Time goes on to the next thing that is due whenever the future has nothing else to do.
    ///
    /// # Panics
    ///
    /// When nothing is due any more, so that the future would wait for ever. What is done on other threads meanwhile does not
    /// count.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            if !woken.0.swap(false, Ordering::AcqRel) {
                assert!(self.advance(), "what is waited for never comes, at {:?}", self.now());
            }
        }
    }

    /// When connections were asked for, to whatever host.
    pub(crate) fn calls(&self) -> Vec<Duration> {
        self.lock().calls.clone()
    }

    /// Ready when it is that late; else wakes then.
    fn poll_until(&self, time: Duration, cx: &Context<'_>) -> Poll<()> {
        let mut world = self.lock();
        if world.now >= time {
            return Poll::Ready(());
        }
        let wakers = world.alarms.entry(time).or_default();
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Goes to the next time at which someone is to be woken; false if there is none.
    fn advance(&self) -> bool {
        let mut world = self.lock();
        let Some((time, wakers)) = world.alarms.pop_first() else { return false };
        world.now = world.now.max(time);
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    /// Who answers; `None` where nobody ever does.
    fn call(&self, authority: &str) -> io::Result<Option<Arc<Site>>> {
        let mut world = self.lock();
        let now = world.now;
        world.calls.push(now);
        match world.hosts.get(authority).map(|host| &host.port) {
            Some(Port::Serves(site)) => Ok(Some(Arc::clone(site))),
            Some(Port::Ignores) => Ok(None),
            Some(Port::Refuses) => Err(ErrorKind::ConnectionRefused.into()),
            Some(Port::Unknown) | None => {
                Err(io::Error::other("the lookup of the name found no address"))
            }
        }
    }

    fn put(&self, authority: &str, port: impl FnOnce(Arc<Record>) -> Port) {
        let mut world = self.lock();
        let host = world.hosts.entry(authority.to_owned()).or_default();
        let port = port(Arc::clone(&host.record));
        let former = std::mem::replace(&mut host.port, port);
        drop(world);
        if let Port::Serves(site) = former {
            site.stop();
        }
    }

    fn record(&self, authority: &str) -> Arc<Record> {
        let mut world = self.lock();
        Arc::clone(&world.hosts.entry(authority.to_owned()).or_default().record)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("now", &self.now()).finish_non_exhaustive()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

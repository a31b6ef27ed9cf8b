//! Keeps idle streams: writes their heartbeats, and notices at once when one is closed.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::OwnedFd;

use crate::script::chunk;

/// How often heartbeats that are due are looked for.
const TICK: Duration = Duration::from_millis(20);

/// Idle streams.
#[derive(Debug)]
pub(super) struct Keeper {
    epoll: OwnedFd,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    streams: HashMap<u64, TcpStream>,
    next: u64,
    /// In the order in which they are due, since all have the same period while anything is measured.
    due: VecDeque<(Instant, u64, Duration)>,
}

impl Keeper {
    /// Starts its two threads, which live as long as the process.
    pub(super) fn start() -> io::Result<Arc<Self>> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let keeper = Arc::new(Self { epoll, kept: Mutex::default() });
        let (closing, beating) = (Arc::clone(&keeper), Arc::clone(&keeper));
        thread::spawn(move || closing.forget_closed());
        thread::spawn(move || beating.beat());
        Ok(keeper)
    }

    /// Takes a stream over.
    pub(super) fn keep(&self, stream: TcpStream, period: Duration) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut kept = self.kept();
        let number = kept.next;
        kept.next += 1;
        epoll::add(&self.epoll, &stream, EventData::new_u64(number), EventFlags::RDHUP)?;
        kept.streams.insert(number, stream);
        if !period.is_zero() {
            kept.due.push_back((Instant::now() + period, number, period));
        }
        Ok(())
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.kept().streams.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget_closed(&self) {
        let mut events = Vec::with_capacity(256);
        while epoll::wait(&self.epoll, spare_capacity(&mut events), None).is_ok() {
            let mut kept = self.kept();
            for event in events.drain(..) {
                kept.streams.remove(&event.data.u64());
            }
        }
    }

    fn beat(&self) {
        let heartbeat = chunk(b": heartbeat\n\n");
        loop {
            thread::sleep(TICK);
            let mut kept = self.kept();
            let now = Instant::now();
            while let Some(&(due, number, period)) =
                kept.due.front().filter(|(due, ..)| *due <= now)
            {
                kept.due.pop_front();
                // One that fails is closed, and about to be forgotten.
                if let Some(mut stream) = kept.streams.get(&number)
                    && stream.write_all(&heartbeat).is_ok()
                {
                    kept.due.push_back((due + period, number, period));
                }
            }
        }
    }
}

//! A client's process: reads what it is told on standard input, and says what it cost.
//!
//! | line | answer |
//! |---|---|
//! | `read <path>` | events, bytes of data, bytes of body, CPU nanoseconds, allocations |
//! | `lag <path>` | events, CPU nanoseconds, the lags' median and 99th percentile in nanoseconds |
//! | `hold <count> <path>` | resident KiB before and with so many streams that each brought an event |
//! | `watch <count> <seconds> <path>` | the same two, then opened, lost, the fewest comments of a stream, CPU milliseconds |
//!
//! After `hold` and `watch` the streams are held until another line comes, which is answered when they are dropped.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, BufRead, Write as _};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::stream::{FuturesUnordered, Stream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sink::{Brought, Lags, Share, Sink, Tally, process_time};

/// A stream that is being read. It gives the sink back at the clean end.
pub type Reading<S> = Pin<Box<dyn Future<Output = Result<S, String>>>>;

/// Sockets must be gone so soon after their streams are dropped.
pub const CLOSING: Duration = Duration::from_secs(1);

/// How many streams are on their way at once: fewer than a listener queues.
const WAVE: usize = 50;

/// The clients of a runtime.
pub trait Family {
    /// Reads an address with a client of this name, if there is one.
    fn read<S: Sink + 'static>(&self, client: &str, url: String, sink: S) -> Option<Reading<S>>;

    /// Runs a future to its end.
    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

/// What an allocator has done so far, where it counts.
pub type Count = fn() -> usize;

/// Does what standard input says until it ends. The arguments are the client's name and the server's port.
pub fn run(family: &impl Family, count: Count) {
    raise_limit();
    let mut arguments = std::env::args().skip(1);
    let (Some(client), Some(port)) = (arguments.next(), arguments.next()) else { return };
    let base = format!("http://127.0.0.1:{port}");
    let process = Process { family, client, base, count };
    while let Some(line) = next_line() {
        let answer = process.follow(&line).unwrap_or_else(|error| format!("error: {error}"));
        say(&answer);
    }
}

struct Process<'a, F> {
    family: &'a F,
    client: String,
    base: String,
    count: Count,
}

impl<F: Family> Process<'_, F> {
    fn follow(&self, line: &str) -> Result<String, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse().map_err(|_| format!("{word} is no number"));
        match words.as_slice() {
            ["read", path] => self.measure(path),
            ["lag", path] => self.lag(path),
            ["hold", count, path] => self.hold(number(count)?, None, path),
            ["watch", count, seconds, path] => {
                let time = Duration::from_secs(number(seconds)? as u64);
                self.hold(number(count)?, Some(time), path)
            }
            _ => Err(format!("what is {line:?}?")),
        }
    }

    fn read<S: Sink + 'static>(&self, path: &str, sink: S) -> Result<Reading<S>, String> {
        let reading = self.family.read(&self.client, format!("{}{path}", self.base), sink);
        reading.ok_or_else(|| format!("there is no client {}", self.client))
    }

    fn measure(&self, path: &str) -> Result<String, String> {
        let reading = self.read(path, Tally::default())?;
        let (calls, cpu) = ((self.count)(), process_time());
        let Tally { events, data, bytes } = self.family.block_on(reading)?;
        let (calls, cpu) = ((self.count)() - calls, process_time().saturating_sub(cpu));
        Ok(format!("{events} {data} {bytes} {} {calls}", cpu.as_nanos()))
    }

    fn lag(&self, path: &str) -> Result<String, String> {
        let reading = self.read(path, Lags::default())?;
        let cpu = process_time();
        let Lags(mut lags) = self.family.block_on(reading)?;
        let cpu = process_time().saturating_sub(cpu);
        lags.sort_unstable();
        let at = |share| lags.get(lags.len() * share / 100).map_or(0, Duration::as_nanos);
        Ok(format!("{} {} {} {}", lags.len(), cpu.as_nanos(), at(50), at(99)))
    }

    /// Holds streams; with a time, keeps reading them that long before it answers.
    fn hold(&self, count: usize, time: Option<Duration>, path: &str) -> Result<String, String> {
        let base = resident()?;
        let brought = Rc::new(RefCell::new(Brought::default()));
        let mut streams = FuturesUnordered::new();
        for opened in 1..=count {
            streams.push(self.read(path, Share::new(&brought))?);
            if opened % WAVE == 0 || opened == count {
                self.family.block_on(arrival(&mut streams, &brought))?;
            }
        }
        let Some(time) = time else {
            let answer = format!("{base} {}", resident()?);
            return self.release(streams, &answer);
        };
        let cpu = process_time();
        self.family.block_on(until(&mut streams, time))?;
        let cpu = process_time().saturating_sub(cpu);
        let Brought { opened, lost, comments, .. } = brought.borrow().clone();
        let fewest = comments.into_iter().min().unwrap_or_default();
        let answer = format!("{base} {} {opened} {lost} {fewest} {}", resident()?, cpu.as_millis());
        self.release(streams, &answer)
    }

    /// Answers, and drops the streams at the next line. Some clients close their sockets in tasks, so the runtime goes on for
    /// longer than they may take.
    fn release<S>(
        &self,
        streams: FuturesUnordered<Reading<S>>,
        answer: &str,
    ) -> Result<String, String> {
        say(answer);
        next_line();
        self.family.block_on(async {
            drop(streams);
            let _ = alarm(2 * CLOSING).await;
        });
        Ok("dropped".to_owned())
    }
}

/// Waits until every stream has brought something.
async fn arrival(
    streams: &mut FuturesUnordered<Reading<Share>>,
    brought: &Rc<RefCell<Brought>>,
) -> Result<(), String> {
    let count = streams.len();
    poll_fn(|cx| {
        let next = Pin::new(&mut *streams).poll_next(cx);
        let arrived = brought.borrow().arrived == count;
        match next {
            Poll::Ready(_) => Poll::Ready(Err("a stream ended".to_owned())),
            Poll::Pending if arrived => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Reads for a time; no stream may end.
async fn until<S>(
    streams: &mut FuturesUnordered<Reading<S>>,
    time: Duration,
) -> Result<(), String> {
    let mut alarm = alarm(time);
    poll_fn(|cx| {
        if Pin::new(&mut *streams).poll_next(cx).is_ready() {
            return Poll::Ready(Err("a stream ended".to_owned()));
        }
        Pin::new(&mut alarm).poll(cx).map(|_| Ok(()))
    })
    .await
}

/// Comes after a time, whatever the runtime.
fn alarm(time: Duration) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        thread::sleep(time);
        let _ = sender.send(());
    });
    receiver
}

/// KiB of this process that are in memory.
fn resident() -> Result<usize, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    size.ok_or_else(|| "the kernel does not tell what is resident".to_owned())
}

/// As many open files as the system allows.
pub fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it fails, what needs more files will say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn next_line() -> Option<String> {
    io::stdin().lock().lines().next()?.ok()
}

fn say(answer: &str) {
    let mut output = io::stdout().lock();
    // Whoever does not listen any more needs no answer.
    let _ = writeln!(output, "{answer}").and_then(|()| output.flush());
}

//! How many instructions it takes: this program under callgrind, which counts the same every time.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::candidate::Candidate;
use crate::corpus::Corpus;
use crate::feed::Feed;
use crate::sink::Tally;

/// Longest that one run under valgrind may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What makes the counts of long copies mean something: valgrind takes every byte that `rep movsb` moves for one
/// instruction, and from where on glibc moves pages instead of copying depends on what was freed before.
const TUNABLES: &str =
    "glibc.cpu.x86_rep_movsb_threshold=1000000000:glibc.malloc.mmap_threshold=131072";

/// What is counted in one run.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The corpus.
    pub corpus: char,
    /// Its size in bytes.
    pub size: usize,
    /// Bytes a chunk.
    pub chunk: usize,
    /// Whose decoder.
    pub candidate: Candidate,
}

/// Instructions and events of one run.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Instructions of [`measured_decode`] and all that it calls.
    pub instructions: u64,
    /// Events that it gave.
    pub events: u64,
}

impl Count {
    /// Instructions an event.
    pub fn per_event(self) -> f64 {
        self.instructions as f64 / self.events as f64
    }
}

/// What callgrind counts. It knows the function by its name, so this is neither generic nor inlined, and no closure in
/// it may be called, for its name would contain this one and end the counting.
#[inline(never)]
pub fn measured_decode(candidate: Candidate, feed: Feed, tally: &mut Tally) {
    candidate.run(feed, tally);
}

/// Whether there is a valgrind to start.
pub fn valgrind_is_installed() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

impl Case {
    /// The child's part: decodes, and says how many events there were.
    pub fn decode(self) -> u64 {
        let corpus = Corpus::new(self.corpus, self.size);
        let feed = Feed::new(&corpus.bytes, self.chunk);
        let mut tally = Tally::default();
        measured_decode(self.candidate, feed, &mut tally);
        if self.candidate != Candidate::Memchr {
            assert_eq!(tally.events, corpus.truth.tally.events, "wrong events");
        }
        corpus.truth.tally.events
    }

    /// The parent's part: starts the child under callgrind. The profile is written to `profile`.
    ///
    /// # Errors
    ///
    /// If the child does not run or does not say what is expected.
    pub fn count(self, profile: &Path) -> io::Result<Count> {
        let mut command = Command::new("valgrind");
        command
            .env("GLIBC_TUNABLES", TUNABLES)
            .args(["--tool=callgrind", "--toggle-collect=*measured_decode*"])
            .arg(format!("--callgrind-out-file={}", profile.display()))
            .arg(std::env::current_exe()?)
            .arg("child")
            .args([self.corpus.to_string(), self.size.to_string(), self.chunk.to_string()])
            .arg(self.candidate.name());
        let output = run(command)?;
        let said = String::from_utf8_lossy(&output.stderr);
        let instructions =
            said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
        let events = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
        match (instructions, events) {
            (Some(instructions), Some(events)) if instructions > 0 => {
                Ok(Count { instructions, events })
            }
            _ => Err(io::Error::other(format!("valgrind counted nothing for {self:?}:\n{said}"))),
        }
    }
}

/// Waits for a child, not for ever. Its output is a few lines, which fit into the pipes.
fn run(mut command: Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, "valgrind took too long"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output()
}

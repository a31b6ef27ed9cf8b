//! How long it takes: CPU time of the thread, candidates interleaved, medians.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::candidate::Candidate;
use crate::check::{Verdict, check};
use crate::corpus::Corpus;
use crate::feed::Feed;
use crate::sink::Tally;

/// CPU time that this thread has used, which other programs on the machine do not lengthen as they do wall time.
pub fn thread_time() -> Duration {
    time(ClockId::ThreadCPUTime)
}

/// What a clock shows.
pub fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The times of one candidate.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Whose.
    pub candidate: Candidate,
    /// Timed only if right.
    pub verdict: Verdict,
    /// One for each round.
    pub times: Vec<Duration>,
}

/// One corpus at one chunk size: everybody's times in the same rounds.
#[derive(Clone, Debug)]
pub struct Heat {
    /// The corpus.
    pub corpus: char,
    /// Bytes a chunk.
    pub chunk: usize,
    /// Bytes of the corpus.
    pub len: usize,
    /// In the order of the candidates that were asked for.
    pub lanes: Vec<Lane>,
}

impl Heat {
    /// Checks everybody, which warms up as well, and times those that are right.
    pub fn run(corpus: &Corpus, chunk: usize, candidates: &[Candidate], rounds: usize) -> Self {
        let mut lanes: Vec<Lane> = candidates
            .iter()
            .map(|&candidate| Lane {
                candidate,
                verdict: check(candidate, corpus, chunk),
                times: Vec::with_capacity(rounds),
            })
            .collect();
        for round in 0..rounds {
            // Back and forth, so that nobody always runs behind the same neighbour.
            if round % 2 == 0 {
                lanes.iter_mut().for_each(|lane| lane.time(corpus, chunk));
            } else {
                lanes.iter_mut().rev().for_each(|lane| lane.time(corpus, chunk));
            }
        }
        Self { corpus: corpus.key, chunk, len: corpus.bytes.len(), lanes }
    }

    /// The lane of a candidate that was timed.
    pub fn lane(&self, candidate: Candidate) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.candidate == candidate && !lane.times.is_empty())
    }

    /// Whether one of these was asked for, and not excluded.
    pub fn tries(&self, which: impl Fn(Candidate) -> bool) -> bool {
        let mut tried = self.lanes.iter().filter(|lane| which(lane.candidate));
        tried.any(|lane| !matches!(lane.verdict, Verdict::Excluded(_)))
    }

    /// The fastest right peer.
    pub fn best_peer(&self) -> Option<&Lane> {
        let peers = self.lanes.iter().filter(|lane| lane.candidate.is_peer());
        peers.filter(|lane| !lane.times.is_empty()).min_by_key(|lane| lane.median())
    }

    /// MB/s, in millions of bytes.
    pub fn speed(&self, lane: &Lane) -> f64 {
        self.len as f64 / lane.median().as_secs_f64() / 1e6
    }
}

impl Lane {
    /// One round.
    fn time(&mut self, corpus: &Corpus, chunk: usize) {
        if self.verdict != Verdict::Right {
            return;
        }
        let feed = Feed::new(&corpus.bytes, chunk);
        let mut tally = Tally::default();
        let start = thread_time();
        self.candidate.run(feed, &mut tally);
        self.times.push(thread_time().saturating_sub(start));
        std::hint::black_box(tally);
    }

    /// The median of the rounds.
    pub fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// How many times as fast as the other: the median of the rounds' ratios.
    pub fn faster_than(&self, other: &Self) -> f64 {
        let pairs = self.times.iter().zip(&other.times);
        let mut ratios: Vec<f64> =
            pairs.map(|(own, other)| other.as_secs_f64() / own.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The geometric mean; of nothing it is not a number.
pub fn geometric_mean(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (sum / values.len() as f64).exp()
}

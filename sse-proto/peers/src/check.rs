//! Who is right: before anybody is timed, everybody's events are compared to what the corpus says.

use std::fmt;
use std::time::{Duration, Instant};

use crate::candidate::Candidate;
use crate::corpus::Corpus;
use crate::feed::Feed;
use crate::sink::Digest;

/// Longest that a candidate may take over a body. It bounds every run: who takes longer is not timed.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// What became of a candidate on a corpus, at a chunk size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All events are right.
    Right,
    /// Not the right events, and how they differ.
    Wrong(String),
    /// It was stopped.
    TooSlow,
    /// It was not even tried.
    Excluded(&'static str),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => f.write_str("right"),
            Self::Wrong(how) => write!(f, "wrong: {how}"),
            Self::TooSlow => write!(f, "stopped after {PATIENCE:?}"),
            Self::Excluded(why) => write!(f, "not tried: {why}"),
        }
    }
}

/// Decodes the corpus once and compares. The floor decodes nothing, so it is always right.
pub fn check(candidate: Candidate, corpus: &Corpus, chunk: usize) -> Verdict {
    if candidate == Candidate::Memchr {
        return Verdict::Right;
    }
    if let Some(why) = candidate.excluded(corpus.key) {
        return Verdict::Excluded(why);
    }
    let deadline = Instant::now() + PATIENCE;
    let mut digest = Digest::default();
    candidate.run(Feed::new(&corpus.bytes, chunk).until(deadline), &mut digest);
    if Instant::now() > deadline {
        return Verdict::TooSlow;
    }
    match difference(&corpus.truth, &digest, !candidate.is_peer()) {
        None => Verdict::Right,
        Some(how) => Verdict::Wrong(how),
    }
}

/// How what was read differs from what was written. Only some report comments, so a peer need not.
fn difference(truth: &Digest, read: &Digest, comments: bool) -> Option<String> {
    let (right, is) = (&truth.tally, &read.tally);
    if is.failures > 0 {
        Some(format!("{} errors", is.failures))
    } else if is.events != right.events {
        Some(format!("{} events, not {}", is.events, right.events))
    } else if is.data != right.data {
        Some(format!("{} bytes of data, not {}", is.data, right.data))
    } else if read.hash != truth.hash {
        Some("another hash".to_owned())
    } else if comments && is.comments != right.comments {
        Some(format!("{} comments, not {}", is.comments, right.comments))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn every_candidate_is_right_on_small_corpora() {
        for (key, ..) in corpus::ALL {
            let corpus = Corpus::new(key, 64 * 1024);
            for chunk in [7, 64, 1460, 16384] {
                for candidate in Candidate::ALL {
                    let verdict = check(candidate, &corpus, chunk);
                    let fine = matches!(verdict, Verdict::Right | Verdict::Excluded(_));
                    assert!(fine, "{} on {key} at {chunk}: {verdict}", candidate.name());
                }
            }
        }
    }

    #[test]
    fn a_lost_event_is_found() {
        let mut corpus = Corpus::new('b', 1024);
        corpus.bytes.truncate(corpus.bytes.len() - 1);
        let verdict = check(Candidate::ProtoOwned, &corpus, 64);
        assert!(matches!(verdict, Verdict::Wrong(_)), "{verdict}");
    }
}

//! What sse-proto is expected to reach, from a study of the limit, less a little; and what it may not fall behind.

/// The bars of one corpus. Pairs are for chunks of 1460 bytes and of 16 KiB.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// The corpus.
    pub key: char,
    /// Speed of borrowed events ÷ that of the fastest right peer, at least.
    pub borrowed: [f64; 2],
    /// Speed of borrowed events as a share of the floor's, at least. Of no use on `f`, where time varies too much.
    pub share: [f64; 2],
    /// Speed of owned events ÷ that of the fastest right peer, at least.
    pub owned: [f64; 2],
    /// Instructions an event, borrowed and owned, at most. On `f`, which is one event, they are per MiB.
    pub instructions: [f64; 2],
}

/// A bar's row.
const fn bar(
    key: char,
    borrowed: [f64; 2],
    share: [f64; 2],
    owned: [f64; 2],
    instructions: [f64; 2],
) -> Bar {
    Bar { key, borrowed, share, owned, instructions }
}

/// A bar for each corpus.
pub const BARS: [Bar; 9] = [
    bar('a', [1.9, 2.1], [0.40, 0.43], [1.3, 1.4], [550.0, 820.0]),
    bar('b', [2.1, 2.2], [0.42, 0.43], [1.35, 1.4], [650.0, 970.0]),
    bar('c', [3.3, 3.3], [0.66, 0.66], [1.55, 1.6], [250.0, 500.0]),
    bar('d', [1.7, 2.0], [0.38, 0.42], [1.15, 1.3], [1950.0, 2850.0]),
    bar('e', [1.4, 1.5], [0.53, 0.53], [1.2, 1.25], [5300.0, 6100.0]),
    bar('f', [0.65, 0.7], [0.0, 0.0], [0.8, 0.8], [790_000.0, 1_110_000.0]),
    bar('g', [0.9, 0.9], [0.90, 0.92], [0.85, 0.85], [8900.0, 9500.0]),
    bar('h', [1.6, 1.75], [0.39, 0.43], [1.15, 1.15], [690.0, 990.0]),
    bar('i', [1.95, 2.1], [0.41, 0.44], [1.35, 1.4], [560.0, 820.0]),
];

/// Where sse-proto does not reach its bar: the instructions that it may not exceed instead, a little above the last count.
/// Everywhere else the bar is the ceiling.
const BEHIND: [(char, [f64; 2]); 1] = [('f', [875_000.0, 1_110_000.0])];

/// Instructions an event that fail the check, borrowed and owned.
pub fn ceiling(bar: Bar) -> [f64; 2] {
    let behind = BEHIND.into_iter().find(|(key, _)| *key == bar.key);
    behind.map_or(bar.instructions, |(_, ceiling)| ceiling)
}

/// Geometric means over all corpora of the ratios to the fastest right peer, borrowed and owned, at least.
pub const MEANS: [[f64; 2]; 2] = [[1.6, 1.7], [1.2, 1.25]];

/// Instructions for 4 MiB of one line ÷ those for 1 MiB, at most.
pub const GROWTH: f64 = 4.6;

/// The smallest ratios that are fine for a corpus and chunk size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ratios {
    /// Borrowed ÷ fastest right peer.
    pub borrowed: f64,
    /// Borrowed as a share of the floor.
    pub share: f64,
    /// Owned ÷ fastest right peer.
    pub owned: f64,
}

/// The bar of a corpus.
pub fn of(key: char) -> Option<Bar> {
    BARS.into_iter().find(|bar| bar.key == key)
}

/// What a corpus must reach at a chunk size. Sizes without bars of their own must not be much slower than any peer.
pub fn ratios(key: char, chunk: usize) -> Ratios {
    let Some(bar) = of(key) else { return Ratios::default() };
    match column(chunk) {
        Some(at) => {
            Ratios { borrowed: bar.borrowed[at], share: bar.share[at], owned: bar.owned[at] }
        }
        None => {
            let least = if key == 'f' { 0.8 } else { 0.9 };
            Ratios { borrowed: least, share: 0.0, owned: least }
        }
    }
}

/// The means that a chunk size must reach, borrowed and owned.
pub fn means(chunk: usize) -> Option<[f64; 2]> {
    column(chunk).map(|at| [MEANS[0][at], MEANS[1][at]])
}

/// Where the pairs have a chunk size.
const fn column(chunk: usize) -> Option<usize> {
    match chunk {
        1460 => Some(0),
        16384 => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn every_corpus_has_a_bar() {
        for (key, ..) in corpus::ALL {
            assert!(of(key).is_some(), "{key}");
            assert!(ratios(key, 64).borrowed >= 0.8, "{key}");
        }
    }
}

//! Replays the seeds and the regressions of every fuzz target, without libFuzzer.
#![cfg(feature = "client")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

/// The paths in a folder, in order; none where there is no such folder.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Their names, without extension.
fn names(folder: &Path) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    paths(folder).into_iter().filter_map(stem).collect()
}

fn replay(path: &Path, body: fn(&[u8])) {
    let input = fs::read(path).expect("a readable file");
    let result = std::panic::catch_unwind(|| body(&input));
    assert!(result.is_ok(), "{} fails", path.display());
}

#[test]
fn seeds_and_regressions_pass() {
    let mut lines = String::new();
    for (name, body) in fuzz::TARGETS {
        let seeds = paths(&folder("seeds").join(name));
        let regressions = paths(&folder("regressions").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds.iter().chain(&regressions) {
            replay(path, body);
        }
        let (seeds, regressions) = (seeds.len(), regressions.len());
        lines += &format!("{name}: {seeds} seeds, {regressions} regressions\n");
    }
    std::io::stderr().write_all(lines.as_bytes()).expect("a line on stderr");
}

#[test]
fn every_target_is_replayed_and_every_folder_is_a_targets() {
    let targets: BTreeSet<_> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("fuzz_targets")), targets);
    assert_eq!(names(&folder("seeds")), targets);
    let others: Vec<_> = names(&folder("regressions")).difference(&targets).cloned().collect();
    assert!(others.is_empty(), "regressions of no target: {others:?}");
}

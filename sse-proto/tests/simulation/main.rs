//! The real client over a simulated network in virtual time: every event exactly once, in order, or a reported error.
//!
//! A seed decides a world: its clients with their configurations, what befalls each connection, who is woken when. A
//! judge next to each client works out what it must do. `SIMULATION_SEED=7` runs one world and tells its story.

#![cfg(feature = "client")]

mod executor;
mod fate;
mod judge;
mod model;
mod network;
mod random;
mod sabotage;
mod setup;
mod stream;
mod tally;
mod user;
mod world;

use std::io::Write;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use executor::run;
use sabotage::Sabotage;
use tally::{Kind, Tally};
use world::Rule;

const COMMAND: &str = "cargo test -p sse-proto --features client --test simulation";
const WORLDS: u64 = 7_500;
const THREADS: usize = 2;
const CONNECTIONS: u64 = 1_000_000;
const EVENTS: u64 = 5_000_000;

/// Says something that the test harness does not keep to itself.
fn report(what: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

#[test]
fn every_event_comes_exactly_once_or_an_error_is_reported() {
    #[allow(clippy::disallowed_methods, reason = "only the core has no environment")]
    if let Ok(seed) = std::env::var("SIMULATION_SEED") {
        let seed = seed.parse().expect("SIMULATION_SEED is a number");
        return match run(seed, None, true) {
            Ok(tally) => report(tally),
            Err(failure) => panic!("{failure}"),
        };
    }
    let (next, outcome) = (AtomicU64::new(0), Mutex::new(Ok(Tally::new())));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| work(&next, &outcome));
        }
    });
    let total = outcome.into_inner().expect("no thread has panicked").unwrap_or_else(|failure| {
        panic!("{failure}\nSIMULATION_SEED=<world> {COMMAND} tells its story")
    });
    report(format_args!("{WORLDS} simulated worlds:\n{total}"));
    assert_eq!(total.missing(), [""; 0], "has not happened");
    assert!(total.get(Kind::Connection) >= CONNECTIONS);
    assert!(total.get(Kind::Event) >= EVENTS);
}

/// Runs the next world and the next, until all are done or one has failed.
fn work(next: &AtomicU64, outcome: &Mutex<Result<Tally, String>>) {
    let sum = Tally::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= WORLDS {
            break;
        }
        let why = match catch_unwind(|| run(seed, None, false)) {
            Ok(Ok(tally)) => {
                sum.add(&tally);
                continue;
            }
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "it has panicked".into(),
        };
        next.store(WORLDS, Ordering::Relaxed);
        *outcome.lock().expect("no thread has panicked") = Err(format!("world {seed}: {why}"));
        return;
    }
    if let Ok(total) = &mut *outcome.lock().expect("no thread has panicked") {
        total.add(&sum);
    }
}

#[test]
fn planted_faults_are_found() {
    let plants = [
        (Sabotage::ForgetsId, [Rule::ExactlyOnce, Rule::ExactlyOnce]),
        (Sabotage::CompletesCutBlock, [Rule::ExactlyOnce, Rule::LastEventId]),
        (Sabotage::FiresEarly, [Rule::Wait, Rule::Wait]),
        (Sabotage::SleepsOn, [Rule::LostWake, Rule::LostWake]),
        (Sabotage::WakesInVain, [Rule::WokenForNothing, Rule::WokenForNothing]),
    ];
    for (sabotage, rules) in plants {
        let runs =
            (1..=20).filter_map(|seed| Some((seed, run(seed, Some(sabotage), false).err()?)));
        let found: Vec<_> = runs.collect();
        let (seed, failure) = found.first().expect("a planted fault is found");
        report(format_args!(
            "planted {sabotage:?}, found in {} of 20 worlds, in world {seed} so: {failure}",
            found.len()
        ));
        for (_, failure) in &found {
            assert!(rules.contains(&failure.rule), "{failure}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_world_again() {
    for seed in 0..10 {
        assert_eq!(run(seed, None, false).ok(), run(seed, None, false).ok());
    }
}

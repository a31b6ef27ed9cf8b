//! What a client is told, and what its server has for it.

use std::time::Duration;

use sse_proto::{Commit, Config, Limits, RetryPolicy, Sentinel};

use crate::random::Random;
use crate::stream::{LIMIT, Stream};

pub struct Setup {
    pub config: Config,
    pub policy: RetryPolicy,
    pub stream: Stream,
    /// The client reads events only, and does not see what else happens.
    pub plain: bool,
    /// It waits until the stream is open before it reads.
    pub awaits_opening: bool,
    /// One in so many connections fails before its head.
    pub trouble: u64,
    /// The number of the last event that the client has from before.
    pub first: u64,
}

impl Setup {
    pub fn draw(random: &Random) -> Self {
        let policy = policy(random);
        let sentinel = random.one_in(4);
        let stream = Stream { salt: random.next(), total: random.between(1, 400), sentinel };
        let first = if random.one_in(4) { random.below(stream.total) } else { 0 };
        let id = if first == 0 { String::new() } else { first.to_string() };
        let config = Config::default()
            .retry(policy.clone())
            .limits(Limits::default().event_bytes(LIMIT))
            .connect_timeout(random.pick(&[None, some(1), some(30), some(30)]))
            .first_byte_timeout(random.pick(&[None, None, some(2), some(10)]))
            .idle_timeout(random.pick(&[None, some(3), some(15), some(45)]))
            .late_after(random.pick(&[None, None, some(2), some(20)]))
            .commit(random.pick(&[Commit::Auto, Commit::Auto, Commit::Manual]))
            .sentinel(sentinel.then_some(Sentinel::Data("[DONE]".into())))
            .comments(random.one_in(2))
            .last_event_id(id)
            .expect("a number has no control character");
        Self {
            config,
            policy,
            stream,
            plain: random.one_in(3),
            awaits_opening: random.one_in(8),
            trouble: random.pick(&[2, 4, 16, 100]),
            first,
        }
    }

    pub fn is_manual(&self) -> bool {
        self.config.commit == Commit::Manual
    }
}

fn policy(random: &Random) -> RetryPolicy {
    let policy = RetryPolicy::default();
    match random.below(10) {
        0 => RetryPolicy::standard(),
        1 if random.one_in(3) => RetryPolicy::never(),
        1 | 2 => policy.max_retries(Some(random.between(1, 8) as u32)),
        3 => policy.max_elapsed(some(random.between(1, 300))),
        4 => policy.max_server_wait(Duration::from_secs(random.between(1, 5))),
        5..=7 => policy
            .reconnection_time(random.millis(3_000))
            .base(random.millis(2_000))
            .factor(random.pick(&[0.5, 1.0, 1.7, 3.0, f64::NAN]))
            .cap(random.millis(60_000))
            .floor(random.millis(2_000))
            .jitter(random.pick(&[0.0, 0.3, 1.0, 2.0]))
            .healthy_after(random.millis(20_000)),
        8 if random.one_in(12) => policy.until_open(true),
        _ => policy,
    }
}

const fn some(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

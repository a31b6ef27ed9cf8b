//! Properties of the waits: their bounds, their spread, what resets them, and the limits.

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use sse_proto::{Backoff, GiveUp, Instant, RetryPolicy};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

const TIMES: [Duration; 11] = [
    Duration::ZERO,
    NANO,
    Duration::from_millis(1),
    Duration::from_millis(700),
    SECOND,
    Duration::from_secs(3),
    Duration::from_secs(30),
    Duration::from_secs(3600),
    Duration::from_millis(u64::MAX),
    Duration::from_secs(u64::MAX),
    Duration::MAX,
];

const FACTORS: [f64; 14] = [
    2.0,
    1.0,
    1.5,
    10.0,
    0.5,
    0.0,
    -0.0,
    -3.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN_POSITIVE,
    f64::EPSILON,
];

const SHARES: [f64; 10] =
    [0.0, 1.0, 0.5, 0.1, -1.0, 2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        3 => select(&TIMES[..]),
        1 => (0..100_000_u64).prop_map(Duration::from_millis),
    ]
}

/// Any numbers, without limits.
fn policy() -> impl Strategy<Value = RetryPolicy> {
    (time(), time(), select(&FACTORS[..]), time(), time(), select(&SHARES[..])).prop_map(
        |(reconnection_time, base, factor, cap, floor, jitter)| {
            RetryPolicy::default()
                .reconnection_time(reconnection_time)
                .base(base)
                .factor(factor)
                .cap(cap)
                .floor(floor)
                .jitter(jitter)
                .max_server_wait(Duration::MAX)
        },
    )
}

fn config() -> Config {
    Config { cases: 1500, failure_persistence: None, ..Config::default() }
}

/// `min(cap, base · factorⁿ)` in seconds, as plainly as possible, and at most: each product may be rounded up to a
/// nanosecond.
pub(super) fn span(policy: &RetryPolicy, losses: u32) -> f64 {
    rounded_span(policy, losses, 1e-9)
}

fn rounded_span(policy: &RetryPolicy, losses: u32, rounding: f64) -> f64 {
    let cap = policy.cap.as_secs_f64();
    let mut span = policy.base.as_secs_f64().min(cap);
    if span == 0.0 {
        return 0.0;
    }
    for _ in 0..losses {
        span = (span * policy.factor.max(1.0) + rounding).clamp(0.0, cap);
    }
    span
}

/// Whether a wait lies within the wish and the span, as far as floating point can tell.
pub(super) fn is_within(wait: Duration, wish: Duration, span: f64) -> bool {
    let Some(chance) = wait.checked_sub(wish) else { return false };
    wait == Duration::MAX || chance.as_secs_f64() <= span * (1.0 + 1e-9) + 1e-9
}

fn lose(backoff: &mut Backoff) -> Duration {
    backoff.lose(Instant::ORIGIN, None).expect("a policy without limits")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_wait_lies_between_the_wish_and_the_wish_with_the_span(
        policy in policy(), seed in any::<u64>(), server in proptest::option::of(time()),
        asked in proptest::collection::vec(proptest::option::of(time()), 1..40),
    ) {
        let mut backoff = Backoff::new(policy.clone(), seed);
        let mut again = backoff.clone();
        if let Some(time) = server {
            backoff.set_server_time(time);
            again.set_server_time(time);
        }
        let time = server.unwrap_or(policy.reconnection_time);
        prop_assert_eq!(backoff.reconnection_time(), time);
        for (losses, asked) in (0..).zip(asked) {
            let wish = time.max(policy.floor).max(asked.unwrap_or_default());
            let wait = backoff.lose(Instant::ORIGIN, asked);
            prop_assert_eq!(wait, again.lose(Instant::ORIGIN, asked), "a function of the seed");
            let wait = wait.expect("a policy without limits");
            let span = span(&policy, losses);
            prop_assert!(is_within(wait, wish, span), "{wait:?} of {wish:?} and {span} s");
            prop_assert!(wait.saturating_sub(wish) <= policy.cap, "never more than the cap");
            prop_assert_eq!(backoff.retries(), losses + 1);
        }
    }

    #[test]
    fn the_share_that_is_not_left_to_chance_is_always_waited(
        policy in policy(), seed in any::<u64>(), share in 0.0..=1.0_f64, losses in 0..20_u32,
    ) {
        let policy = policy.jitter(share).reconnection_time(Duration::ZERO).floor(Duration::ZERO);
        let mut backoff = Backoff::new(policy.clone(), seed);
        for _ in 0..losses {
            lose(&mut backoff);
        }
        let fixed = rounded_span(&policy, losses, -1e-9) * (1.0 - share);
        let wait = lose(&mut backoff).as_secs_f64();
        prop_assert!(wait >= fixed * (1.0 - 1e-9) - 1e-9, "{wait} s, at least {fixed} s");
    }

    #[test]
    fn a_reset_starts_everything_again(
        policy in policy(), seed in any::<u64>(), losses in 0..40_u32,
    ) {
        let policy = policy.jitter(0.0);
        let mut backoff = Backoff::new(policy, seed);
        let first = lose(&mut backoff);
        for _ in 0..losses {
            lose(&mut backoff);
        }
        backoff.reset();
        prop_assert_eq!(backoff.retries(), 0);
        prop_assert_eq!(lose(&mut backoff), first);
        prop_assert_eq!(backoff.retries(), 1);
    }

    #[test]
    fn the_limit_by_count_bites_exactly(
        policy in policy(), seed in any::<u64>(), limit in 0..30_u32, rounds in 1..4,
    ) {
        let mut backoff = Backoff::new(policy.max_retries(Some(limit)), seed);
        for _ in 0..rounds {
            for _ in 0..limit {
                lose(&mut backoff);
            }
            let over = if limit == 0 { GiveUp::NoRetry } else { GiveUp::Retries { limit } };
            for _ in 0..3 {
                prop_assert_eq!(backoff.lose(Instant::ORIGIN, None), Err(over));
                prop_assert_eq!(backoff.retries(), limit);
            }
            backoff.reset();
        }
    }

    #[test]
    fn the_limit_by_time_bites_exactly(
        policy in policy(), seed in any::<u64>(), limit in time(), start in time(),
        steps in proptest::collection::vec(time(), 1..20),
    ) {
        let mut unlimited = Backoff::new(policy.clone(), seed);
        let mut backoff = Backoff::new(policy.max_elapsed(Some(limit)), seed);
        let start = Instant::from_origin(start);
        let mut now = start;
        for step in steps {
            let wait = unlimited.lose(now, None).expect("no limits");
            let fits = now.saturating_since(start).saturating_add(wait) <= limit;
            let expected = if fits { Ok(wait) } else { Err(GiveUp::Elapsed { limit }) };
            prop_assert_eq!(backoff.lose(now, None), expected);
            if !fits {
                break;
            }
            now = now + wait + step;
        }
    }

    #[test]
    fn a_server_may_ask_for_as_much_as_the_policy_allows(
        policy in policy(), seed in any::<u64>(), limit in time(), wait in time(),
        by_field in any::<bool>(),
    ) {
        let policy = policy.max_server_wait(limit).reconnection_time(Duration::ZERO);
        let mut backoff = Backoff::new(policy, seed);
        let asked = if by_field {
            backoff.set_server_time(wait);
            None
        } else {
            Some(wait)
        };
        let found = backoff.lose(Instant::ORIGIN, asked);
        if wait <= limit {
            prop_assert!(found.is_ok_and(|found| found >= wait));
        } else {
            prop_assert_eq!(found, Err(GiveUp::ServerWait { wait, limit }));
        }
    }
}

/// How many of the numbers, each at least 0 and less than 1, lie in each tenth.
fn tenths(numbers: impl Iterator<Item = f64>) -> [usize; 10] {
    let mut tenths = [0; 10];
    for number in numbers {
        tenths[(number * 10.0) as usize] += 1;
    }
    tenths
}

#[test]
fn a_thousand_seeds_spread_over_the_whole_width() {
    let policy = RetryPolicy::default();
    for losses in 0..7 {
        let width = span(&policy, losses);
        let waits = (0..1000).map(|seed| {
            let mut backoff = Backoff::new(policy.clone(), seed);
            for _ in 0..losses {
                lose(&mut backoff);
            }
            lose(&mut backoff).as_secs_f64() / width
        });
        let tenths = tenths(waits);
        assert!(tenths.iter().all(|count| (50..150).contains(count)), "{losses}: {tenths:?}");
    }
}

#[test]
fn the_waits_of_one_seed_spread_too() {
    for seed in [0, 1, u64::MAX] {
        let mut backoff = Backoff::new(RetryPolicy::default().factor(1.0), seed);
        let tenths = tenths((0..1000).map(|_| lose(&mut backoff).as_secs_f64()));
        assert!(tenths.iter().all(|count| (50..150).contains(count)), "{seed}: {tenths:?}");
    }
}

#[test]
fn half_the_jitter_spreads_over_the_upper_half() {
    let policy = RetryPolicy::default().jitter(0.5);
    let waits = (0..1000).map(|seed| lose(&mut Backoff::new(policy.clone(), seed)).as_secs_f64());
    let tenths = tenths(waits);
    assert_eq!(tenths[..5], [0; 5]);
    assert!(tenths[5..].iter().all(|count| (150..250).contains(count)), "{tenths:?}");
}

#[test]
fn a_reset_starts_the_time_again_too() {
    let policy = RetryPolicy::default().jitter(0.0).max_elapsed(Some(SECOND * 5));
    let mut backoff = Backoff::new(policy, 1);
    assert_eq!(backoff.lose(Instant::ORIGIN, None), Ok(SECOND));
    let later = Instant::from_origin(SECOND * 3600);
    assert!(backoff.lose(later, None).is_err());
    backoff.reset();
    assert_eq!(backoff.lose(later, None), Ok(SECOND));
}

#[test]
fn a_span_of_nothing_stays_nothing() {
    for factor in FACTORS {
        let mut backoff = Backoff::new(RetryPolicy::standard().factor(factor), 1);
        for _ in 0..5 {
            assert_eq!(lose(&mut backoff), SECOND * 3, "factor {factor}");
        }
    }
}

#[test]
fn the_spans_grow_to_the_cap_and_stay_there() {
    let waits = |policy: RetryPolicy| {
        let mut backoff = Backoff::new(policy.jitter(0.0), 1);
        (0..7).map(|_| lose(&mut backoff).as_millis()).collect::<Vec<_>>()
    };
    let policy = RetryPolicy::default();
    assert_eq!(waits(policy.clone()), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    assert_eq!(waits(policy.clone().factor(1.5))[..3], [1000, 1500, 2250]);
    assert_eq!(waits(policy.clone().factor(0.5))[..3], [1000; 3], "never shorter");
    assert_eq!(waits(policy.clone().factor(f64::NAN))[..3], [1000; 3]);
    assert_eq!(waits(policy.clone().factor(f64::INFINITY))[..3], [1000, 30_000, 30_000]);
    assert_eq!(waits(policy.base(SECOND * 60))[..3], [30_000; 3], "the cap holds from the start");
}

#[test]
fn the_waits_of_a_seed_are_the_same_for_ever() {
    // Put down so that a change of the arithmetic shows: it would change every user's replays.
    let mut backoff = Backoff::new(RetryPolicy::default(), 42);
    let waits: Vec<_> = (0..3).map(|_| lose(&mut backoff).as_millis()).collect();
    assert_eq!(waits, [741, 319, 1114]);
}

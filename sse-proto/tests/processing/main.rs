//! What a browser did at the level of HTTP, replayed against a session: 135 scenarios in virtual time, over a model of
//! the network.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

use network::{Network, Piece};
use scenario::{Outcome, Scenario, Sent, line};
use sse_proto::{
    Config, Limits, Output, ReconnectTo, Redirect, ResponseHead, RetryPolicy, Session,
};

mod network;
mod scenario;

const SEED: u64 = 1;

/// Redirects that the browser follows.
const BROWSERS_REDIRECTS: u32 = 20;

/// Where the browser leaves the standard (`vectors/README.md`), and this crate does not.
const AS_THE_STANDARD: [&str; 8] = [
    "content-type-charset-iso-8859-1",
    "content-type-charset-utf-16",
    "content-type-charset-utf8-without-dash",
    "content-type-charset-windows-1252",
    "content-type-word-after-a-space",
    "redirect-to-a-non-http-scheme",
    "retry-empty-after-a-good-one",
    "retry-over-u64-after-a-good-one",
];

/// What a session has no part in, or does otherwise for a reason: the cookies and the second connection after a 421 are
/// the HTTP client's; an id with a control character is not sent, since no HTTP library would take it.
const APART: [&str; 3] = [
    "cookie-is-sent-at-the-reconnection",
    "id-header-bytes-with-delete",
    "status-421-at-the-first-request",
];

/// Plays a scenario by the driving rule.
fn play(scenario: &Scenario, config: Config, most_redirects: u32) -> Outcome {
    let mut network = Network::new(scenario, most_redirects);
    let mut session = Session::new(config, SEED, network.now());
    let mut body = VecDeque::new();
    let mut log = Vec::new();
    loop {
        assert!(log.len() < 1000 && network.sent.len() < 1000, "{}: no end", scenario.name);
        match session.poll_output() {
            Output::Connect(attempt) => match network.fetch(&attempt) {
                Some((answer, from)) => {
                    let header = |name| answer.header(name).map(str::as_bytes);
                    let status = answer.status.expect("an answer without a status is none");
                    let head = ResponseHead::from_headers(status, header).redirected_to(&from);
                    session.handle_response(network.now(), head);
                    network.now += Duration::from_millis(answer.delay_body_ms);
                    body = answer.pieces();
                }
                None => {
                    network.end();
                    session.handle_error(network.now());
                }
            },
            Output::Opened => log.push("open".to_owned()),
            Output::Event(event) => {
                log.push(line(event.event_type(), event.data(), event.last_event_id()));
            }
            Output::Lost(lost) => {
                body.clear();
                log.extend(lost.retry_in.map(|_| "connecting".to_owned()));
            }
            Output::Wait(deadline) => match body.pop_front() {
                Some(Piece::Chunk(chunk)) => session.handle_chunk(network.now(), chunk),
                Some(end) => {
                    network.end();
                    match end {
                        Piece::End => session.handle_eof(network.now()),
                        _ => session.handle_error(network.now()),
                    }
                }
                None => {
                    let deadline = deadline.expect("nothing else will happen");
                    network.now = deadline.since_origin();
                    session.handle_timeout(deadline);
                }
            },
            Output::Closed(_) => {
                log.push("closed".to_owned());
                return Outcome { log, count: network.sent.len(), requests: network.sent };
            }
            _ => {}
        }
    }
}

fn as_a_browser() -> Config {
    Config::default()
        .retry(RetryPolicy::standard())
        .reconnect_to(ReconnectTo::Redirected)
        // The standard knows no limits; one id has 300,000 bytes.
        .limits(Limits::default().id_bytes(usize::MAX))
}

#[test]
fn every_scenario_goes_as_in_the_browser() {
    let scenarios = scenario::load();
    let all = scenarios.len();
    let (mut same, mut standard, mut apart) = (0, 0, Vec::new());
    let mut failures = Vec::new();
    for scenario in scenarios {
        let name = scenario.name.as_str();
        let found = play(&scenario, as_a_browser(), BROWSERS_REDIRECTS);
        if let Some(difference) = found.differs_from(&scenario.expected()) {
            failures.push(format!("{}/{name}: {difference}", scenario.group));
        }
        let is_as_the_browser = found.differs_from(&scenario.browser()).is_none();
        if APART.contains(&name) {
            apart.push(name.to_owned());
        } else if AS_THE_STANDARD.contains(&name) {
            standard += 1;
            assert!(!is_as_the_browser, "{name} is as the browser");
        } else {
            assert!(scenario.standard.is_none(), "{name} should be as the standard");
            same += 1;
        }
    }
    // Not through a print macro: the harness captures those, and this line is for every run.
    writeln!(
        std::io::stderr(),
        "{all} scenarios: {same} as the browser, {standard} as the standard, {} apart ({})",
        apart.len(),
        apart.join(", ")
    )
    .expect("standard error can be written to");
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert_eq!((same, standard, apart.len()), (124, AS_THE_STANDARD.len(), APART.len()));
}

/// In what the default configuration differs from the browser's: the first of the kinds that fits.
fn kind(name: &str, browser: &Outcome, default: &Outcome) -> String {
    fn of<T>(outcome: &Outcome, part: impl Fn(&Sent) -> T) -> Vec<T> {
        outcome.requests.iter().map(part).collect()
    }
    let answered = |outcome| of(outcome, |sent| sent.answered.clone());
    let paths = |outcome| of(outcome, |sent| sent.path.clone());
    let ids = |outcome| of(outcome, |sent| sent.last_event_id.clone());
    let waits = |outcome| of(outcome, |sent| sent.after);
    let retried = RetryPolicy::default().statuses;
    let is_retried = |answer: &String| retried.iter().any(|status| *answer == status.to_string());
    if answered(default) != answered(browser) && answered(default).iter().any(is_retried) {
        "a status is retried".to_owned()
    } else if paths(default).iter().zip(&paths(browser)).any(|(path, browsers)| path != browsers) {
        "a reconnection goes to the first address".to_owned()
    } else if default.log != browser.log || ids(default) != ids(browser) {
        format!("another log: {name}")
    } else {
        let (waits, browsers) = (waits(default), waits(browser));
        let mut pairs = waits.iter().zip(&browsers);
        let is_shorter = pairs.clone().any(|(wait, browsers)| wait < browsers);
        let is_longer = pairs.any(|(wait, browsers)| wait > browsers);
        match (is_shorter, is_longer) {
            (false, false) => "nothing",
            (true, false) => "only shorter waits",
            (false, true) => "only longer waits",
            (true, true) => "only waits, some shorter and some longer",
        }
        .to_owned()
    }
}

#[test]
fn what_the_default_does_otherwise_is_known() {
    let mut table = BTreeMap::new();
    for scenario in scenario::load() {
        let browser = play(&scenario, as_a_browser(), BROWSERS_REDIRECTS);
        let default = play(&scenario, Config::default(), Redirect::MOST);
        let kind = kind(&scenario.name, &browser, &default);
        *table.entry(kind).or_insert(0) += 1;
    }
    let table: Vec<_> = table.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    let expected = [
        // The address that the user gave, not where a redirect ended.
        ("a reconnection goes to the first address", 9),
        ("a status is retried", 7),
        // Its 300,000 bytes are over the limit: the block is skipped.
        ("another log: id-header-of-300000-bytes", 1),
        // 10 redirects are followed, not 20.
        ("another log: redirect-to-itself-for-ever", 1),
        // The first waits are shorter, so there are more of them until somebody listens.
        ("another log: refused-at-the-first-request", 1),
        // The server asks for a wait above `max_server_wait`.
        ("another log: retry-over-u64-after-a-good-one", 1),
        ("nothing", 44),
        ("only longer waits", 67),
        // Without a `retry` of the server there is only the backoff, of less than 3 s at first.
        ("only shorter waits", 4),
    ];
    assert_eq!(table, expected);
}

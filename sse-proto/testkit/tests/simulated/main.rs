//! The scenarios in virtual time: the shared client over a simulated network, as exact as a clock that nobody else moves.

#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../../examples/blocking/body.rs"]
mod body;
#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../../examples/blocking/http.rs"]
mod http;
#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../../examples/blocking/request.rs"]
mod request;
#[path = "../support/request_of.rs"]
mod request_of;
mod exchange;
mod response;

use std::future::poll_fn;
use std::io::Write;
use std::task::{Context, Poll};
use std::time::Duration;

use request::Request;
use request_of::request_of;
use response::Response;
use sse_proto::Instant;
use sse_proto::client::{EventSource, HttpTransport, Requests, Response as _, TransportError};
use sse_testkit::scenario::{Ask, Client, Scenario, Tag, run_simulated, scenarios};
use sse_testkit::simulated::{Clock, Network};

/// What only sockets have, or what this much HTTP has not.
const LACKS: [(Tag, &str); 4] = [
    (Tag::KeepAlive, "the simulated client has a connection for each request"),
    (Tag::Tls, "the simulated network has no TLS"),
    (Tag::Http2, "the simulated network has no TLS"),
    (Tag::Compression, "the simulated client decompresses nothing"),
];

/// A client on a network, whose timer may be late.
struct Simulated {
    network: Network,
    late: Duration,
}

impl Client for Simulated {
    type Transport = HttpTransport<Response, Timer>;

    fn source(&self, ask: &Ask) -> EventSource<Self::Transport> {
        let network = self.network.clone();
        let send = move |request, attempt| exchange::send(network.clone(), request, attempt);
        let (requests, config) = match request_of(ask) {
            Err(error) => (Requests::failing(TransportError::request(error)), ask.config.clone()),
            Ok(request) if ask.anew => {
                let anew = move |attempt: sse_proto::Attempt| {
                    let request = request.clone().header("x-attempt", &attempt.number.to_string());
                    std::future::ready(request.map_err(Into::into))
                };
                (Requests::from_factory(anew, send), ask.config.clone().for_factory())
            }
            Ok(mut request) => {
                let config = request.configure(ask.config.clone());
                let clone = |request: &Request| Some(request.clone());
                (Requests::repeat(request, clone, send), config)
            }
        };
        let timer = Timer { clock: self.network.clock(), late: self.late };
        EventSource::new(HttpTransport::new(requests, timer), config)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.network.block_on(future)
    }

    async fn read(&self, mut response: Response) -> Vec<u8> {
        let mut body = Vec::new();
        while let Some(Ok(chunk)) = poll_fn(|cx| response.poll_chunk(cx)).await {
            body.extend_from_slice(&chunk);
        }
        body
    }

    fn lacks(&self) -> &[(Tag, &'static str)] {
        &LACKS
    }
}

struct Timer {
    clock: Clock,
    late: Duration,
}

impl sse_proto::client::Clock for Timer {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn arm_timer(&mut self, deadline: Instant) {
        self.clock.arm_timer(deadline + self.late);
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll_timer(cx)
    }
}

fn on(network: &Network) -> Simulated {
    Simulated { network: network.clone(), late: Duration::ZERO }
}

#[test]
fn every_scenario_that_needs_no_socket() {
    let report = run_simulated(on, scenarios());
    assert!(report.is_success(), "{report}");
    let _ = write!(std::io::stderr(), "simulated: {report}");
    let is_lacked = |tag: &Tag| LACKS.iter().any(|(lacked, _)| lacked == tag);
    let all = scenarios();
    let lacked = all.iter().filter(|scenario| scenario.tags().iter().any(is_lacked)).count();
    assert_eq!(report.skipped.len(), lacked);
    // The others do not depend on features.
    assert_eq!((report.passed, all.len() - lacked), (367, 367));
    assert_eq!(report.by_quirk, [""; 0]);
}

#[test]
fn an_attempt_that_is_a_nanosecond_late_is_a_failure() {
    let late = |network: &Network| Simulated { late: Duration::from_nanos(1), ..on(network) };
    let of_retry = |scenario: &Scenario| scenario.name() == "waits-grow-up-to-the-cap";
    let report = run_simulated(late, scenarios().into_iter().filter(of_retry).collect());
    let [failure] = &report.failures[..] else { panic!("{report}") };
    assert_eq!(failure.wrong.len(), 1, "{report}");
    assert!(failure.wrong[0].starts_with("entry 1: no attempt at 10ms, but at "), "{report}");
}

#[test]
#[should_panic(expected = "what is waited for never comes, at 1s")]
fn what_never_comes_is_not_waited_for() {
    let network = Network::new();
    network.serve("a", [sse_testkit::Reply::silent().delay_head(Duration::from_secs(1))]);
    network
        .block_on(async {
            let mut wire = network.connect("a").await.expect("a server");
            wire.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("a server that listens");
            wire.read().await
        })
        .expect("never");
}

/// As HTTP clients do it that read and write in tasks of their own.
#[test]
fn a_read_that_is_earlier_than_the_request_gets_the_answer() {
    let network = Network::new();
    // Made before there is such a host.
    let asked = network.until("a", |tally| tally.requests == 1);
    network.serve("a", [sse_testkit::Reply::status(204)]);
    let bytes = network.block_on(async {
        let mut wire = network.connect("a").await.expect("a server");
        let mut is_sent = false;
        let bytes = poll_fn(|cx| {
            let read = wire.poll_read(cx);
            if !std::mem::replace(&mut is_sent, true) {
                wire.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("a server that listens");
            }
            read
        });
        let bytes = bytes.await.expect("an answer");
        asked.await;
        bytes
    });
    assert!(bytes.starts_with(b"HTTP/1.1 204"), "{}", bytes.escape_ascii());
    assert_eq!(network.tally("a").begun, 1);
}

#[cfg(feature = "vectors")]
#[test]
fn every_vector_of_a_browser() -> Result<(), Box<dyn std::error::Error>> {
    const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/processing.jsonl");
    let vectors =
        sse_testkit::scenario::processing::read(&std::fs::read_to_string(VECTORS)?)?.scenarios;
    let report = run_simulated(on, vectors);
    assert!(report.is_success(), "{report}");
    write!(std::io::stderr(), "simulated: {report}")?;
    assert_eq!((report.passed, report.skipped.len()), (135, 0));
    Ok(())
}

//! The scenarios over blocking sockets: a session with neither runtime nor shared client, as the core's example drives it.

#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../examples/blocking/body.rs"]
mod body;
#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../examples/blocking/follow.rs"]
mod follow;
#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../examples/blocking/http.rs"]
mod http;
#[allow(dead_code, reason = "the example has more uses")]
#[path = "../../examples/blocking/request.rs"]
mod request;
#[path = "support/request_of.rs"]
mod request_of;

use std::io::{self, Write};
use std::time::Duration;

use follow::{Follower, Update};
use http::Clock;
use request::Request;
use request_of::request_of;
use sse_proto::{Attempt, Config, RetryPolicy, Session};
use sse_testkit::scenario::{
    Adapter, Answer, Ask, Command, End, Entry, Record, Scenario, Tag, View, run_all, scenarios,
};
use sse_testkit::{Reply, Server};

struct Blocking;

impl Adapter for Blocking {
    fn follow(&self, ask: &Ask, record: &Record) {
        let config = ask.config.clone();
        match request_of(ask) {
            Ok(request) if ask.anew => {
                let anew = |attempt: &Attempt| {
                    request.clone().header("x-attempt", &attempt.number.to_string())
                };
                follow(ask, record, config.for_factory(), anew);
            }
            Ok(mut request) => {
                let config = request.configure(config);
                follow(ask, record, config, |_: &Attempt| Ok(request.clone()));
            }
            Err(error) => {
                let mut error = Some(error);
                follow(ask, record, config, |_: &Attempt| Err(error.take().expect("one attempt")));
            }
        }
    }

    fn lacks(&self) -> &[(Tag, &'static str)] {
        const ALONE: &str = "the example has one thread";
        &[
            (Tag::Meanwhile, ALONE),
            (Tag::KeepAlive, "the example has a connection for each request"),
            (Tag::Tls, "the example has no TLS"),
            (Tag::Http2, "the example has no TLS"),
            (Tag::Compression, "the example decompresses nothing"),
        ]
    }
}

fn follow(
    ask: &Ask,
    record: &Record,
    mut config: Config,
    requests: impl FnMut(&Attempt) -> io::Result<Request>,
) {
    let clock = Clock::start();
    config.comments = ask.view != View::Events;
    let mut follower = Follower::new(requests, clock, Session::new(config, 1, clock.now()));
    let mut is_hidden = ask.view == View::Opened;
    loop {
        let entry = match follower.next() {
            Update::Closed(why, response, error) => {
                let end = End::new(why).error(error.map(|error| error.to_string()));
                let answer = response.map(|response| Answer {
                    status: response.status,
                    content_type: response.header("content-type").map(<[u8]>::to_vec),
                    body: response.beginning(clock),
                });
                return record.end(end.answer(answer));
            }
            update => entry(update),
        };
        is_hidden &= entry != Entry::Opened;
        let is_told = match ask.view {
            View::Events => matches!(entry, Entry::Event { .. } | Entry::Skipped(_)),
            _ => !is_hidden,
        };
        if !is_told {
            continue;
        }
        for command in record.note(entry) {
            match command {
                Command::Leave => return,
                Command::Close => follower.session.close(),
                Command::Restart => follower.session.restart(),
                Command::Commit(id) => follower.session.commit(&id),
                Command::SetLastEventId(id) => {
                    follower.session.set_last_event_id(&id).expect("a valid id");
                }
                other => record.fault(format!("{other:?} is for other threads")),
            }
        }
    }
}

fn entry(update: Update) -> Entry {
    match update {
        Update::Opened => Entry::Opened,
        Update::Event(event) => Entry::Event {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            id: event.last_event_id().to_owned(),
        },
        Update::Comment(text) => Entry::Comment(text),
        Update::Skipped(error) => Entry::Skipped(error),
        Update::Late => Entry::Late,
        Update::Lost(lost, error) => Entry::Lost {
            cause: lost.cause,
            wait: lost.retry_in.expect("another attempt"),
            error: error.map(|error| error.to_string()),
        },
        Update::Closed(..) => unreachable!("an end is no entry"),
    }
}

/// The user of a session may take its time.
#[test]
fn the_time_for_a_response_begins_with_the_request() -> io::Result<()> {
    let limit = Duration::from_secs(2);
    let reply = || Reply::stream().chunk("data: a\n\n").end(sse_testkit::End::Silence);
    let server = Server::start([reply(), reply()])?;
    let request = Request::new("GET", &server.url("/"))?;
    let clock = Clock::start();
    let config = Config::default().connect_timeout(Some(limit)).retry(RetryPolicy::never());
    let mut follower = Follower::new(
        |_: &Attempt| Ok(request.clone()),
        clock,
        Session::new(config, 1, clock.now()),
    );
    for _ in 0..2 {
        std::thread::sleep(limit);
        assert!(matches!(follower.next(), Update::Opened));
        assert!(matches!(follower.next(), Update::Event(_)));
        follower.session.restart();
    }
    Ok(())
}

#[test]
fn a_header_of_the_users_takes_the_place_of_our_own() -> io::Result<()> {
    let request = Request::new("POST", "http://a/")?.header("Host", "b")?.body(b"c".to_vec());
    let expected = "POST / HTTP/1.1\r\ncontent-length: 1\r\nconnection: close\r\nHost: b\r\n\r\nc";
    assert_eq!(String::from_utf8_lossy(&request.to_bytes()), expected);
    Ok(())
}

#[test]
fn every_scenario_that_blocking_sockets_can_run() {
    let report = run_all(Blocking, scenarios());
    assert!(report.is_success(), "{report}");
    let _ = write!(std::io::stderr(), "blocking: {report}");
    // Of what it is for, only what is told in another protocol is left out.
    let main = [Tag::Framing, Tag::Decode, Tag::Loss, Tag::Id, Tag::Retry, Tag::Http, Tag::Clock];
    let protocols = [Tag::Tls, Tag::Http2, Tag::Compression];
    let has =
        |scenario: &Scenario, tags: &[Tag]| scenario.tags().iter().any(|it| tags.contains(it));
    let wanted = |scenario: &&Scenario| has(scenario, &main) && !has(scenario, &protocols);
    let is_skipped =
        |scenario: &&Scenario| report.skipped.iter().any(|it| it.name == scenario.name());
    let all = scenarios();
    let left_out: Vec<_> =
        all.iter().filter(wanted).filter(is_skipped).map(Scenario::name).collect();
    assert_eq!(left_out, [""; 0]);
    assert_eq!(report.passed, 351);
}

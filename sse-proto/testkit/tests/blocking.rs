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

use std::io::Write;

use follow::{Follower, Update};
use http::{Clock, Http};
use sse_proto::{Cause, Closed, Session};
use sse_testkit::scenario::{
    Adapter, Answer, Ask, Command, End, Entry, Record, Scenario, Tag, View, run_all, scenarios,
};

struct Blocking;

impl Adapter for Blocking {
    fn follow(&self, ask: &Ask, record: &Record) {
        let clock = Clock::start();
        let mut config = ask.config.clone();
        let mut http = Http::new(&ask.url).expect("an address");
        for (name, value) in &ask.headers {
            if name.eq_ignore_ascii_case("last-event-id") {
                config.last_event_id.clone_from(value);
            } else {
                http = http.header(name, value).expect("a header");
            }
        }
        config.comments = ask.view != View::Events;
        let mut follower = Follower::new(http, clock, Session::new(config, 1, clock.now()));
        let mut is_hidden = ask.view == View::Opened;
        loop {
            let entry = match follower.next() {
                Update::Closed(why, response, error) => {
                    let end = End::new(why).error(error.map(|error| error.to_string()));
                    let refused = matches!(
                        why,
                        Closed::Refused(_) | Closed::Lost { cause: Cause::Status(_), .. }
                    );
                    let answer = response.filter(|_| refused).map(|response| Answer {
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

    fn lacks(&self) -> &[(Tag, &'static str)] {
        const GET: &str = "the example sends GET without a body";
        const ALONE: &str = "the example has one thread";
        &[
            (Tag::Request, GET),
            (Tag::Anew, GET),
            (Tag::Redirect, "the example takes a redirect for the answer"),
            (Tag::Meanwhile, ALONE),
            (Tag::KeepAlive, "the example has a connection for each request"),
            (Tag::Tls, "the example has no TLS"),
            (Tag::Http2, "the example has no TLS"),
            (Tag::Compression, "the example decompresses nothing"),
        ]
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

#[test]
fn every_scenario_that_blocking_sockets_can_run() {
    let report = run_all(Blocking, scenarios());
    assert!(report.is_success(), "{report}");
    let _ = write!(std::io::stderr(), "blocking: {report}");
    // Nothing of what it is for is left out.
    let main = [Tag::Framing, Tag::Decode, Tag::Loss, Tag::Id, Tag::Retry, Tag::Http, Tag::Clock];
    let of_main = |scenario: &Scenario| main.contains(&scenario.tags()[0]);
    let wanted = scenarios().iter().filter(|scenario| of_main(scenario)).count();
    let by_tag = report.by_tag.iter();
    let passed: usize = by_tag.filter(|(tag, _)| main.contains(tag)).map(|(_, n)| n).sum();
    assert_eq!(passed, wanted, "{report}");
}

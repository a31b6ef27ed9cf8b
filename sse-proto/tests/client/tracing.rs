//! One line for each transition, and never a payload, an id, or an address in it.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use super::network::{Answer, Network, Piece, ending, status};
use super::{Source, Task, config};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what each thread says apart.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Text(event.metadata().target().to_owned());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a string takes everything");
    }
}

#[test]
fn every_transition_is_one_line_without_a_payload() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| subscriber::set_global_default(Log).expect("the only subscriber"));

    let body = ": SECRET\nid: SECRET\nevent: SECRET\ndata: SECRET\n\n";
    let network = Network::new([
        ending(&[body]),
        Answer::Head(200, "text/event-stream", vec![Piece::Chunk(body), Piece::Break]),
        Answer::Fails,
        status(503),
        status(404),
    ]);
    let config = config().last_event_id("SECRET").expect("a header value");
    let mut source = Source::new(network.clone(), config);
    let seen = Task::new().lines_over_time(&mut source.updates(), &network);
    assert!(seen.iter().any(|line| line.contains("SECRET")));

    let lines = LINES.take();
    assert_eq!(lines.len(), 5 + 2 + 4 + 1, "requests, openings, losses, the end: {lines:#?}");
    for line in &lines {
        assert!(line.starts_with("sse_proto"), "{line}");
        assert!(!line.contains("SECRET"), "{line}");
    }
    for word in ["connecting", "opened", "lost", "closed", "503", "404"] {
        assert!(lines.iter().any(|line| line.contains(word)), "{word}: {lines:#?}");
    }
}

//! Events that are lent: those of the stream, whoever else holds the session.

use core::pin::Pin;
use core::task::{Context, Poll};

use allocation_counter::measure;
use futures_util::{FutureExt, Stream, StreamExt};
use sse_proto::client::Error;
use sse_proto::{Config, Event, Limits, Sentinel, Stats};

use super::network::{Network, Piece, ending, status, stream};
use super::{Line, NOTHING, Source, Task, config};

/// The events that are lent, each made one of its own.
struct Lent<'a>(&'a mut Source);

impl Stream for Lent<'_> {
    type Item = Result<Event, Error<Network>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.get_mut().0.poll_next_ref(cx);
        event.map(|event| {
            event.map(|event| {
                event.map(|event| {
                    let (own, shown) = (event.id().map(str::to_owned), format!("{event:?}"));
                    let owned = event.into_owned();
                    assert_eq!(owned.id(), own.as_deref());
                    assert_eq!(shown, format!("{owned:?}").replacen("Event", "EventRef", 1));
                    owned
                })
            })
        })
    }
}

fn network() -> Network {
    let long_id: &'static str = Box::leak(format!("id: {}\n\n", "i".repeat(300)).into_boxed_str());
    Network::new([
        ending(&[
            "id: 1\nevent: b\ndata: a\n\n",
            "data: ",
            "b\ndata: c\n\n",
            "data: 1234567\n\ndata",
        ]),
        ending(&[": hi\n", long_id, "data: d\n\ndata: e\n\n", "data\n\nid\ndata: f\n\n"]),
        status(503),
        ending(&["event: stop\ndata: \n\nevent: message\ndata: g\n\ndata: [DONE]\n\ndata: h\n\n"]),
        status(204),
    ])
}

/// What comes of a configuration, and how many attempts and events were counted.
fn lines(config: &Config, handle: bool, lent: bool) -> (Vec<String>, Stats) {
    let network = network();
    let mut source = Source::new(network.clone(), config.clone());
    let handle = handle.then(|| source.handle());
    let lines = match lent {
        true => Task::new().lines_over_time(&mut Lent(&mut source), &network),
        false => Task::new().lines_over_time(&mut source, &network),
    };
    assert_eq!(network.world().alive, 0);
    drop(handle);
    (lines, source.stats())
}

#[test]
fn what_is_lent_is_what_the_stream_gives() {
    let configs = [
        config(),
        config().limits(Limits::default().event_bytes(6)),
        config().skip_empty(true),
        config().sentinel(Some(Sentinel::Data("[DONE]".into()))),
        config().sentinel(Some(Sentinel::EventType("stop".into()))),
    ];
    for config in configs {
        let (expected, stats) = lines(&config, false, false);
        assert!(expected.len() > 6 && expected.ends_with(&["end".to_owned()]), "{expected:?}");
        for (handle, lent) in [(false, true), (true, false), (true, true)] {
            assert_eq!(lines(&config, handle, lent), (expected.clone(), stats), "{config:?}");
        }
    }
}

#[test]
fn the_two_ways_of_reading_can_take_turns() {
    for handle in [false, true] {
        let network = Network::new([stream(&["data: 1\n\ndata: 2\n\ndata: 3\n\n"])]);
        let mut source = Source::new(network.clone(), config());
        let _handle = handle.then(|| source.handle());
        let next = |source: &mut Source| {
            let event = source.next_ref().now_or_never()?;
            Some(event?.expect("no error").into_owned().line())
        };
        assert_eq!(next(&mut source).as_deref(), Some("message: 1"));
        let second = source.next().now_or_never().flatten().expect("an event");
        assert_eq!(second.line(), "message: 2");
        assert_eq!(next(&mut source).as_deref(), Some("message: 3"));
        assert_eq!(next(&mut source), None, "nothing yet, and nothing lost by asking");
        network.send(Piece::Chunk("data: 4\n\n"));
        assert_eq!(next(&mut source).as_deref(), Some("message: 4"));
        source.close();
        assert!(source.next_ref().now_or_never().expect("the end").is_none());
    }
}

#[test]
fn a_future_that_gave_its_event_gives_no_other() {
    let network = Network::new([stream(&["data: 1\n\ndata: 2\n\n"])]);
    let mut source = Source::new(network, config());
    let mut future = source.next_ref();
    let first = (&mut future).now_or_never().flatten().expect("an event").expect("no error");
    assert_eq!(first.data(), "1");
    assert!(future.now_or_never().expect("ready").is_none());
    assert_eq!(Task::new().lines(&mut source), ["message: 2"]);
}

/// A handle made between two events does not disturb the one that comes next.
#[test]
fn a_handle_may_come_at_any_time() {
    let network = Network::new([stream(&["id: 1\ndata: 1\n\ndata: 2\n\n"])]);
    let mut source = Source::new(network, config());
    let read = |source: &mut Source| {
        let event = source.next_ref().now_or_never().flatten().expect("an event");
        event.expect("no error").into_owned().line()
    };
    assert_eq!(read(&mut source), "message#1: 1");
    let handle = source.handle();
    assert_eq!(handle.last_event_id(), "1");
    assert_eq!(read(&mut source), "message#1: 2");
    handle.close();
    assert!(source.next_ref().now_or_never().expect("the end").is_none());
}

/// An event that was lent is not kept while the stream is idle.
#[test]
fn nothing_of_an_event_is_kept_while_nothing_comes() {
    for (handle, close) in [(false, false), (true, false), (false, true), (true, true)] {
        let network = Network::new([stream(&[])]);
        let mut source = Source::new(network.clone(), config());
        let _handle = handle.then(|| source.handle());
        let block: &'static str = Box::leak(format!("data: {}\n\n", "x".repeat(100_000)).into());
        assert_eq!(Task::new().lines(&mut Lent(&mut source)), NOTHING);
        network.send(Piece::Chunk(block));
        let held = measure(|| {
            let event = source.next_ref().now_or_never().flatten().expect("an event");
            assert_eq!(event.expect("no error").data().len(), 100_000);
            match close {
                true => source.close(),
                false => assert!(source.next().now_or_never().is_none()),
            }
        });
        assert!(held.bytes_current < 10_000, "{} bytes, {handle} {close}", held.bytes_current);
    }
}

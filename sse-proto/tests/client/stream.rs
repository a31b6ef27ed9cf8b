//! What a source gives: events as a `Stream`, everything as updates.

use std::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FusedStream;
use sse_proto::client::Update;
use sse_proto::{Instant, Limits, RetryPolicy, Session};

use super::network::{Answer, Network, Piece, ending, status, stream};
use super::{NOTHING, SECOND, Source, Task, config};

/// Two losses of an open stream, a request that fails, a status that is retried, and the end.
fn eventful() -> Network {
    Network::new([
        ending(&["id: 1\ndata: a\n\n", "data: ", "b\n\ndata: cut"]),
        Answer::Fails,
        status(503),
        ending(&[": hi\ndata: c\n\nid\n\n"]),
        status(204),
    ])
}

fn sent_ids(network: &Network) -> Vec<String> {
    network.world().attempts.iter().map(|attempt| attempt.last_event_id.clone()).collect()
}

#[test]
fn a_stream_gives_events_and_hides_losses() {
    let network = eventful();
    let mut source = Source::new(network.clone(), config());
    let lines = Task::new().lines_over_time(&mut source, &network);
    assert_eq!(lines, ["message#1: a", "message#1: b", "message#1: c", "end"]);
    assert_eq!(sent_ids(&network), ["", "1", "1", "1", ""]);
    assert_eq!(network.now(), SECOND * (1 + 2 + 4 + 8));
    let stats = source.stats();
    assert_eq!((stats.events, stats.attempts, stats.opens, stats.losses), (3, 5, 2, 4));
}

#[test]
fn updates_give_everything_that_happens() {
    let network = eventful();
    let mut source = Source::new(network.clone(), config());
    let lines = Task::new().lines_over_time(&mut source.updates(), &network);
    let all = [
        "open",
        "message#1: a",
        "message#1: b",
        "lost: the stream ended, 1s",
        "lost: the connection failed: the line is dead: it is unplugged, 2s",
        "lost: the server answered with status 503, 4s",
        "open",
        ":hi",
        "message#1: c",
        "lost: the stream ended, 8s",
        "end",
    ];
    assert_eq!(lines, all);
}

#[test]
fn a_body_that_breaks_gives_its_events_first() {
    let network = Network::new([Answer::Head(
        200,
        "text/event-stream",
        vec![Piece::Chunk("data: 1\n\ndata: 2\n\n"), Piece::Break],
    )]);
    let mut source = Source::new(network, config());
    let lost = "lost: the connection failed: the line is dead: it is unplugged, 1s";
    let lines = Task::new().lines(&mut source.updates());
    assert_eq!(lines, ["open", "message: 1", "message: 2", lost]);
}

#[test]
fn a_loss_holds_what_the_transport_said() {
    let network = Network::new([Answer::Fails, status(500)]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let mut losses = Vec::new();
    for _ in 0..2 {
        let update = task.poll(&mut source.updates());
        let Poll::Ready(Some(Ok(Update::Lost(loss)))) = update else {
            panic!("no loss: {update:?}");
        };
        losses.push((loss.lost.attempt, loss.error.is_some()));
        assert_eq!(task.lines(&mut source), NOTHING);
        network.pass_to_timer();
    }
    assert_eq!(losses, [(1, true), (2, false)]);
}

#[test]
fn the_two_streams_can_take_turns() {
    let network = Network::new([stream(&[": 1\ndata: 1\n\n", ": 2\ndata: 2\n\n: 3\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let mut first = source.by_ref().take(1);
    assert_eq!(task.lines(&mut first), ["message: 1", "end"]);
    assert_eq!(task.lines(&mut source.updates()), [":2", "message: 2", ":3"]);
    network.send(Piece::Chunk(": 4\ndata: 4\n\n"));
    assert_eq!(task.lines(&mut source), ["message: 4"]);
}

#[test]
fn a_block_over_a_limit_is_an_error_that_ends_nothing() {
    let network = Network::new([stream(&["data: 12345\n\ndata: 1234\n\n"])]);
    let config = config().limits(Limits::default().event_bytes(4));
    let mut source = Source::new(network.clone(), config);
    let mut task = Task::new();
    let std::task::Poll::Ready(Some(Err(error))) = task.poll(&mut source) else {
        panic!("no error for the block");
    };
    assert!(error.is_event_too_large() && error.closed_because().is_none());
    assert!(error.decode_error().is_some_and(|error| error.to_string().contains("4 bytes")));
    assert!(!error.is_lost() && !error.is_refused() && error.response().is_none());
    assert_eq!(task.lines(&mut source), ["message: 1234"]);
    network.send(Piece::Chunk("data: 6\n\n"));
    assert_eq!(task.lines(&mut source), ["message: 6"]);
}

/// A server may say there that it is useless to come again.
#[test]
fn a_loss_has_the_response_whose_status_is_retried() {
    let network = Network::new([status(429), Answer::Fails, ending(&["data: 1\n\n"]), status(503)]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let mut responses = Vec::new();
    while source.stats().losses < 4 {
        if let Poll::Ready(update) = task.poll(&mut source.updates()) {
            let Some(Ok(Update::Lost(loss))) = update else { continue };
            assert_eq!(network.world().alive, usize::from(loss.response.is_some()));
            responses.push(loss.response.map(|response| (response.status, response.rest())));
            assert_eq!(network.world().alive, 0);
        } else {
            network.pass_to_timer();
        }
    }
    let why = |status| Some((status, vec!["why"]));
    assert_eq!(responses, [why(429), None, None, why(503)]);
}

#[test]
fn the_response_is_there_at_every_opening_and_gone_after_every_loss() {
    let network = eventful();
    let mut source = Source::new(network.clone(), config());
    assert!(source.response().is_none());
    let mut task = Task::new();
    let mut updates = source.updates();
    let (mut opened, mut lost) = (0, 0);
    while let Poll::Ready(Some(update)) = task.poll(&mut updates) {
        let response = updates.source().response();
        match update.expect("no error") {
            Update::Opened => {
                assert_eq!(response.map(|response| response.status), Some(200));
                opened += 1;
            }
            Update::Lost(loss) => {
                assert!(response.is_none());
                drop(loss);
                assert_eq!(network.world().alive, 0, "it is closed, too");
                assert!(task.poll(&mut updates).is_pending());
                network.pass_to_timer();
                lost += 1;
            }
            _ => assert!(response.is_some()),
        }
    }
    assert_eq!((opened, lost), (2, 4));
}

#[test]
fn the_next_chunk_is_read_when_the_last_one_is_used_up() {
    let network = Network::new([stream(&["data: 1\n\ndata: 2\n\ndata: 3\n\n", "data: 4\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    for (polls, reads) in [1, 1, 1, 2].into_iter().enumerate() {
        assert!(task.poll(&mut source).is_ready(), "event {polls}");
        assert_eq!(network.world().reads, reads, "after event {polls}");
    }
    assert!(task.poll(&mut source).is_pending());
}

#[test]
fn nothing_happens_before_the_first_poll() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    assert!(network.world().attempts.is_empty());
    assert_eq!(Task::new().lines(&mut source), ["message: 1"]);
}

#[test]
fn dropping_a_source_closes_its_connection() {
    for answer in [stream(&["data: 1\n\n"]), Answer::Never] {
        let network = Network::new([answer]);
        let mut source = Source::new(network.clone(), config());
        let handle = source.handle();
        let mut task = Task::new();
        task.lines(&mut source.updates());
        assert_eq!(network.world().alive, 1, "dropping the updates closes nothing");
        drop(source);
        assert_eq!(network.world().alive, 0);
        handle.close();
        handle.restart();
        assert_eq!(handle.stats().attempts, 1, "a handle outlives its source");
    }
}

#[test]
fn a_source_goes_on_with_a_session() {
    let network = Network::new([stream(&["data: 2\n\n"])]);
    let mut first = Session::new(config(), 1, Instant::ORIGIN);
    first.set_last_event_id("41").expect("a header value");
    let session = Session::resume(config(), 1, Instant::ORIGIN, &first.snapshot());
    let mut source = Source::with_session(network.clone(), session);
    assert_eq!(Task::new().lines(&mut source), ["message#41: 2"]);
    assert_eq!(sent_ids(&network), ["41"]);
    assert_eq!((source.last_event_id(), source.snapshot()), ("41".to_owned(), first.snapshot()));
    assert_eq!(source.transport().world().attempts.len(), 1);
}

#[test]
fn nothing_that_is_printed_has_a_payload() {
    let network = Network::new([stream(&[": SECRET\nid: SECRET\ndata: SECRET\n\ndata: SECRET"])]);
    let config = config().last_event_id("SECRET").expect("a header value");
    let mut source = Source::new(network, config);
    assert_eq!(Task::new().lines(&mut source), ["message#SECRET: SECRET"]);
    let handle = source.handle();
    let mut printed = format!("{source:?}{source:#?}{handle:?}");
    printed += &format!("{:?}", source.updates());
    assert!(printed.contains("EventSource") && printed.contains("Updates"));
    assert!(!printed.contains("SECRET"), "{printed}");
}

#[cfg(feature = "json")]
#[test]
fn values_survive_losses_and_a_sentinel_is_none() {
    use sse_proto::{Config, RetryPolicy, Sentinel};
    let network = Network::new([
        ending(&["id: 1\ndata: 1\n\ndata: x\n\nda"]),
        stream(&["data: 2\n\ndata: [DONE]\n\n"]),
    ]);
    let config = Config::default()
        .retry(RetryPolicy::default().jitter(0.0))
        .sentinel(Some(Sentinel::Data("[DONE]".into())));
    let mut values = Source::new(network.clone(), config).json::<u32>();
    let mut task = Task::new();
    let mut items = Vec::new();
    loop {
        match task.poll(&mut values) {
            std::task::Poll::Ready(Some(item)) => {
                items.push(item.map_err(|error| error.to_string()));
            }
            std::task::Poll::Ready(None) => break,
            std::task::Poll::Pending => assert!(network.pass_to_timer(), "no timer"),
        }
    }
    let none = "the event's data is no JSON, at line 1, column 1".to_owned();
    assert_eq!(items, [Ok(1), Err(none), Ok(2)]);
    assert_eq!(sent_ids(&network), ["", "1"]);
    assert_eq!(values.get_ref().stats().events, 3);
}

#[test]
fn updates_can_be_kept_and_given_back() {
    let network = Network::new([stream(&[": c\ndata: 1\n\n", "data: 2\n\n"]), status(204)]);
    let mut updates = Source::new(network, config().retry(RetryPolicy::never())).into_updates();
    let mut task = Task::new();
    assert_eq!(task.lines(&mut updates), ["open", ":c", "message: 1", "message: 2"]);
    assert_eq!(updates.get_ref().stats().events, 2);
    assert!(!updates.is_terminated());
    updates.get_mut().close();
    assert_eq!(task.lines(&mut updates), ["end"]);
    assert!(updates.is_terminated() && updates.into_inner().is_terminated());
}

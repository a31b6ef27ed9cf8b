//! Futures of a source that are dropped between polls: nothing is lost, and nothing comes twice.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;

use super::network::{Answer, Network, Piece, ending, status, stream};
use super::{Line, Source, Task, config};

const BODY: &str = "id: 1\ndata: a\n\n: c\ndata: b\ndata: c\n\nevent: e\ndata: d\n\n";

/// Every poll is one of a future of its own, which is dropped after it.
fn next_of_its_own(task: &Task, source: &mut Source) -> Poll<Option<String>> {
    let next = pin!(source.next());
    let item = next.poll(&mut Context::from_waker(&task.waker));
    item.map(|item| item.map(|item| item.line()))
}

/// The same of a stream of updates that is made anew for each poll.
fn update_of_its_own(task: &Task, source: &mut Source) -> Poll<Option<String>> {
    let mut updates = source.updates();
    let next = pin!(updates.next());
    let item = next.poll(&mut Context::from_waker(&task.waker));
    item.map(|item| item.map(|item| item.line()))
}

#[test]
fn a_next_that_is_dropped_loses_nothing() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    let task = Task::new();
    let mut lines = Vec::new();
    // Each byte comes alone, and before each there is a poll that finds nothing.
    for at in 0..BODY.len() {
        assert!(next_of_its_own(&task, &mut source).is_pending());
        network.send(Piece::Chunk(&BODY[at..=at]));
        if let Poll::Ready(line) = next_of_its_own(&task, &mut source) {
            lines.extend(line);
        }
    }
    assert_eq!(lines, ["message#1: a", "message#1: b\nc", "e#1: d"]);
}

#[test]
fn updates_that_are_made_anew_for_each_poll_lose_nothing() {
    let script =
        || [Answer::Fails, ending(&[BODY]), status(503), stream(&["data: x\n\n", ": y\n"])];
    let network = Network::new(script());
    let mut source = Source::new(network.clone(), config());
    let whole = Task::new().lines_over_time(&mut source.updates(), &network);
    assert_eq!(whole.len(), 11, "{whole:?}");

    let network = Network::new(script());
    let mut source = Source::new(network.clone(), config());
    let task = Task::new();
    let mut lines = Vec::new();
    loop {
        match update_of_its_own(&task, &mut source) {
            Poll::Ready(line) => lines.push(line.expect("no end")),
            Poll::Pending => {
                if !network.pass_to_timer() {
                    break;
                }
            }
        }
    }
    assert_eq!(lines, whole);
}

#[test]
fn a_next_that_is_dropped_does_not_begin_the_request_again() {
    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    let task = Task::new();
    for _ in 0..5 {
        assert!(next_of_its_own(&task, &mut source).is_pending());
    }
    assert_eq!(network.world().attempts.len(), 1);
    assert_eq!(network.world().alive, 1);
}

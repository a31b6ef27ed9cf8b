//! Waiting for the first response.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use sse_proto::{Closed, Config, Refusal, RetryPolicy, Sentinel};

use super::network::{Answer, Network, Piece, ending, status, stream};
use super::{SECOND, Source, Task, config};

/// Polls a future until it is ready; time passes in between.
fn wait<F: Future>(task: &Task, network: &Network, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&task.waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => assert!(network.pass_to_timer(), "nothing will ever happen"),
        }
    }
}

#[test]
fn opened_gives_the_head_and_takes_no_event() {
    let network = Network::new([stream(&["data: 1\n\n", "data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    for _ in 0..3 {
        let response = wait(&task, &network, source.opened());
        assert_eq!(response.map(|response| response.status).ok(), Some(200), "again at once");
        assert_eq!(network.world().reads, 0);
    }
    assert_eq!(task.lines(&mut source), ["message: 1", "message: 2"]);
    assert!(wait(&task, &network, source.opened()).is_ok());
    assert_eq!(network.world().attempts.len(), 1);
}

#[test]
fn opened_does_not_swallow_the_update() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    // The event of the opening itself may be taken by `opened`, or come again; nothing else is lost.
    assert!(wait(&task, &network, source.opened()).is_ok());
    network.send(Piece::Chunk(": c\ndata: 1\n\n"));
    let lines = task.lines(&mut source.updates());
    assert!(lines.ends_with(&[":c".to_owned(), "message: 1".to_owned()]), "{lines:?}");
}

#[test]
fn opened_waits_through_losses() {
    let network = Network::new([Answer::Fails, status(503), Answer::Never, stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    assert!(wait(&Task::new(), &network, source.opened()).is_ok());
    assert_eq!(network.now(), SECOND * (1 + 2 + 30 + 4));
    assert_eq!(source.stats().losses, 3);
}

#[test]
fn opened_gives_the_error_that_ends_the_source() {
    let network = Network::new([status(404)]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let error = wait(&task, &network, source.opened()).err().expect("it is refused");
    assert_eq!(error.into_response().map(|response| response.rest()), Some(vec!["why"]));
    assert_eq!(task.lines(&mut source), ["end"], "it was told");
    let error = wait(&task, &network, source.opened()).err().expect("it is over");
    assert!(error.is_refused(), "why it is over can be asked again");

    let one_shot = Config::default().retry(RetryPolicy::never());
    let network = Network::new([Answer::Fails]);
    let mut source = Source::new(network.clone(), one_shot);
    let error = wait(&task, &network, source.opened()).err().expect("it is lost");
    assert!(error.is_lost() && error.transport_error().is_some());
}

#[test]
fn opened_says_that_there_is_nothing_to_stream() {
    let network = Network::new([status(204)]);
    let mut source = Source::new(network.clone(), config());
    let error = wait(&Task::new(), &network, source.opened()).err().expect("it is over");
    assert_eq!(error.closed_because(), Some(Closed::NoContent));
    assert_eq!(error.status(), Some(204));
}

#[test]
fn an_end_says_why() {
    let sentinel = config().sentinel(Some(Sentinel::Data("stop".into())));
    let ends = [
        (Network::new([status(204)]), config(), Closed::NoContent),
        (Network::new([stream(&["data: stop\n\n"])]), sentinel, Closed::Sentinel),
        (Network::new([status(404)]), config(), Closed::Refused(Refusal::Status(404))),
    ];
    for (network, config, why) in ends {
        let mut source = Source::new(network, config);
        let handle = source.handle();
        assert_eq!((source.closed(), handle.closed()), (None, None));
        Task::new().lines(&mut source);
        assert_eq!((source.closed(), handle.closed()), (Some(why), Some(why)));
        drop(source);
        assert_eq!(handle.closed(), Some(why));
    }
}

#[test]
fn opened_says_that_the_source_was_closed() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    source.close();
    let error = wait(&Task::new(), &network, source.opened()).err().expect("it is closed");
    assert_eq!(error.closed_because(), Some(Closed::ByUser));
    assert!(network.world().attempts.is_empty());
}

#[test]
fn opened_after_a_loss_waits_for_the_next_response() {
    let network = Network::new([ending(&["data: 1\n\n"]), stream(&["data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    assert!(source.response().is_none());
    assert!(wait(&task, &network, source.opened()).is_ok());
    assert_eq!(task.lines(&mut source), ["message: 2"]);
}

#[test]
fn opened_after_a_restart_waits_for_the_next_response() {
    let network = Network::new([stream(&[]), stream(&["data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let task = Task::new();
    assert!(wait(&task, &network, source.opened()).is_ok());
    source.handle().restart();
    assert!(wait(&task, &network, source.opened()).is_ok());
    assert_eq!(network.world().attempts.len(), 2, "not the old one");
}

#[test]
fn opened_can_be_dropped_at_any_time() {
    let network = Network::new([Answer::Never, stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let mut polls = 0;
    loop {
        let opened = pin!(source.opened());
        let done = opened.poll(&mut Context::from_waker(&task.waker)).is_ready();
        polls += 1;
        if done {
            break;
        }
        assert!(network.pass_to_timer());
    }
    assert_eq!((polls, network.world().attempts.len()), (3, 2), "the dial goes on between them");
    assert_eq!(task.lines(&mut source), ["message: 1"]);
}

//! How a source ends: once, with what is left of the response, and then only `None`.

use core::time::Duration;
use std::error::Error as _;
use std::task::Poll;

use sse_proto::client::Error;
use sse_proto::{Cause, Closed, Config, GiveUp, Refusal, RetryPolicy, Sentinel};

use super::network::{Answer, Network, Piece, ending, status, stream};
use super::{NOTHING, SECOND, Source, Task, config};

pub(crate) fn one_shot() -> Config {
    Config::default().retry(RetryPolicy::never())
}

/// The error that ends a source, whose stream gives these lines before, and only `None` after it.
fn last_error(network: &Network, config: Config, before: &[&str]) -> Error<Network> {
    let mut source = Source::new(network.clone(), config);
    let mut task = Task::new();
    let mut lines = Vec::new();
    let error = loop {
        match task.poll(&mut source) {
            Poll::Ready(Some(Ok(event))) => lines.push(event.data().to_owned()),
            Poll::Ready(Some(Err(error))) => break error,
            Poll::Ready(None) => panic!("an end without an error"),
            Poll::Pending => assert!(network.pass_to_timer(), "nothing will ever happen"),
        }
    };
    assert_eq!(lines, before);
    assert!(source.response().is_none());
    let attempts = network.world().attempts.len();
    for _ in 0..3 {
        assert!(matches!(task.poll(&mut source), Poll::Ready(None)));
        assert!(matches!(task.poll(&mut source.updates()), Poll::Ready(None)));
    }
    source.restart();
    assert!(matches!(task.poll(&mut source), Poll::Ready(None)), "nothing opens it again");
    assert_eq!(network.world().attempts.len(), attempts);
    error
}

/// A source ends cleanly after these lines, and has no connection any more.
fn assert_ends(network: &Network, config: Config, before: &[&str]) {
    let mut source = Source::new(network.clone(), config);
    let mut task = Task::new();
    let mut lines = task.lines_over_time(&mut source, network);
    assert_eq!(lines.pop().as_deref(), Some("end"), "after {lines:?}");
    assert_eq!(lines, before);
    for _ in 0..3 {
        assert!(matches!(task.poll(&mut source), Poll::Ready(None)));
    }
    assert_eq!(network.world().alive, 0);
}

#[test]
fn a_refused_response_is_given_back_with_its_body() {
    let network = Network::new([status(404)]);
    let error = last_error(&network, config(), &[]);
    assert!(error.is_refused() && !error.is_lost() && !error.is_timeout());
    assert!(!error.is_event_too_large() && !error.is_invalid_request());
    assert_eq!(error.status(), Some(404));
    assert_eq!(error.closed_because(), Some(Closed::Refused(Refusal::Status(404))));
    assert_eq!(error.response().map(|response| response.status), Some(404));
    assert_eq!(network.world().alive, 1, "the body can still be read");
    let response = error.into_response().expect("the response");
    assert_eq!(response.rest(), ["why"]);
    drop(response);
    assert_eq!(network.world().alive, 0);
}

#[test]
fn a_response_of_another_type_is_given_back_too() {
    let answer = Answer::Head(200, "application/json", vec![Piece::Chunk("{}"), Piece::End]);
    let network = Network::new([answer]);
    let error = last_error(&network, config(), &[]);
    assert_eq!(error.closed_because(), Some(Closed::Refused(Refusal::ContentType)));
    assert_eq!(error.status(), None);
    assert!(error.to_string().contains("content type"));
    assert_eq!(error.response().map(|response| response.rest()), Some(vec!["{}"]));
    assert_eq!(network.world().reads, 0);
}

#[test]
fn a_status_that_is_not_retried_any_more_is_given_back_too() {
    let (cause, give_up) = (Cause::Status(503), GiveUp::NoRetry);
    let error = last_error(&Network::new([status(503)]), one_shot(), &[]);
    assert!(error.is_refused() && !error.is_lost());
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.closed_because(), Some(Closed::Lost { cause, give_up }));
    assert_eq!(error.into_response().map(|response| response.rest()), Some(vec!["why"]));

    let network = Network::new([status(500), status(503), status(502)]);
    let policy = RetryPolicy::default().max_retries(Some(2));
    let error = last_error(&network, Config::default().retry(policy), &[]);
    assert_eq!(error.status(), Some(502));
    assert!(error.is_refused() && error.response().is_some());
    assert!(error.source().is_none(), "it would be said twice");
    assert_eq!(network.world().attempts.len(), 3);
}

#[test]
fn the_transports_error_is_the_source_of_a_loss_that_is_terminal() {
    let network = Network::new([Answer::Fails]);
    let error = last_error(&network, one_shot(), &[]);
    assert!(error.is_lost() && error.response().is_none());
    assert_eq!(error.to_string(), "the connection failed");
    assert!(error.transport_error().is_some());
    let source = error.source().expect("a source");
    assert_eq!(source.to_string(), "the line is dead");
    assert_eq!(source.source().map(ToString::to_string).as_deref(), Some("it is unplugged"));
    assert!(format!("{error:?}").contains("Failure"));
}

#[test]
fn the_last_cause_of_several_is_the_one_that_is_told() {
    let policy = RetryPolicy::default().max_retries(Some(1));
    let config = || Config::default().retry(policy.clone());
    let error = last_error(&Network::new([Answer::Fails, ending(&[])]), config(), &[]);
    assert!(error.transport_error().is_none(), "that one was retried");
    let error = last_error(&Network::new([ending(&[]), Answer::Fails]), config(), &[]);
    assert!(error.transport_error().is_some());
}

#[test]
fn a_clock_that_runs_out_without_a_retry_is_an_error() {
    let idle = one_shot().idle_timeout(Some(SECOND));
    let error = last_error(&Network::new([stream(&["data: 1\n\n"])]), idle, &["1"]);
    assert!(error.is_timeout() && error.is_lost());
    let network = Network::new([Answer::Never]);
    let error = last_error(&network, one_shot(), &[]);
    assert!(error.is_timeout() && error.response().is_none());
    assert_eq!(network.now(), SECOND * 30);
    assert_eq!(network.world().alive, 0, "the dial is given up");
}

#[test]
fn a_loss_without_a_retry_is_told_once() {
    let network = Network::new([Answer::Fails]);
    let mut source = Source::new(network, one_shot());
    let lines = Task::new().lines(&mut source.updates());
    assert_eq!(lines, ["error: the connection failed", "end"]);
}

#[test]
fn clean_ends_are_no_errors() {
    assert_ends(&Network::new([status(204)]), config(), &[]);
    let network = Network::new([ending(&["data: 1\n\n"]), status(204)]);
    assert_ends(&network, config(), &["message: 1"]);
    let network = Network::new([ending(&["data: 1\n\ndata: cut"])]);
    assert_ends(&network, one_shot(), &["message: 1"]);
    let done = one_shot().sentinel(Some(Sentinel::Data("[DONE]".into())));
    let network = Network::new([stream(&["data: 1\n\ndata: [DONE]\n\ndata: 2\n\n"])]);
    assert_ends(&network, done.clone(), &["message: 1"]);
    let stop = config().sentinel(Some(Sentinel::EventType("stop".into())));
    let network = Network::new([stream(&["event: stop\ndata\n\ndata: 2\n\n"])]);
    assert_ends(&network, stop, &["stop: "]);

    let error = last_error(&Network::new([ending(&["data: 1\n\n"])]), done, &["1"]);
    assert!(error.to_string().contains("end mark"));
}

#[test]
fn close_ends_the_stream_and_its_connection_at_once() {
    for answer in [stream(&["data: 1\n\ndata: 2\n\n"]), Answer::Never, Answer::Fails] {
        let network = Network::new([answer]);
        let mut source = Source::new(network.clone(), config());
        let mut task = Task::new();
        let _ = task.poll(&mut source);
        source.close();
        assert_eq!(network.world().alive, 0);
        assert_eq!(task.lines(&mut source), ["end"]);
        assert_eq!(task.lines(&mut source.updates()), ["end"]);
        assert_eq!(network.world().attempts.len(), 1);
    }
}

#[test]
fn a_restart_reports_no_loss_and_loses_no_event_for_good() {
    let network = Network::new([
        stream(&["id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n"]),
        stream(&["id: 2\ndata: 2\n\n"]),
    ]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    let mut updates = source.updates();
    let first: Vec<_> = (0..2).map(|_| task.poll(&mut updates).is_ready()).collect();
    assert_eq!(first, [true, true], "open, and the first event");
    source.restart();
    assert_eq!(network.world().alive, 0);
    assert_eq!(task.lines(&mut source.updates()), ["open", "message#2: 2"]);
    assert_eq!(network.world().attempts[1].last_event_id, "1");
    assert_eq!(source.stats().losses, 0);
}

#[test]
fn a_request_that_cannot_be_made_ends_the_source_at_once() {
    let network = Network::new([Answer::Invalid, stream(&[])]);
    let error = last_error(&network, config(), &[]);
    assert!(error.is_invalid_request() && !error.is_lost() && error.response().is_none());
    assert!(error.transport_error().is_some());
    assert_eq!(network.world().attempts.len(), 1);
    assert_eq!(network.now(), Duration::ZERO);
}

#[test]
fn a_factory_that_fails_is_a_loss_like_any_other() {
    let network = Network::new([Answer::Fails, Answer::Fails, stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    assert_eq!(Task::new().lines_over_time(&mut source, &network), ["message: 1"]);
    assert_eq!(source.stats().losses, 2);
}

#[test]
fn a_body_whose_error_blames_the_request_is_a_loss() {
    let pieces = vec![Piece::Chunk("data: 1\n\n"), Piece::Invalid];
    let network =
        Network::new([Answer::Head(200, "text/event-stream", pieces), stream(&["data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    network.pass(SECOND);
    assert_eq!(task.lines(&mut source), ["message: 2"]);
    assert_eq!(task.lines(&mut source), NOTHING);
}

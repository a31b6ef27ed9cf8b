//! Who is woken when, and how often: never without progress, never too late, never in vain for long.

use std::task::Waker;

use super::network::{Answer, Network, Piece, ending, stream};
use super::{NOTHING, SECOND, Source, Task, config};

#[test]
fn a_chunk_wakes_once_and_is_read_once() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 45)));
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    for chunks in 1..=100 {
        network.pass(SECOND / 10);
        network.send(Piece::Chunk("data: 1\n\n"));
        assert_eq!(task.wakes.count(), chunks);
        assert_eq!(task.lines(&mut source), ["message: 1"]);
    }
    // One poll finds nothing at first; then each chunk is one that gives the event, and one that finds nothing more.
    assert_eq!((task.polls, task.wakes.count()), (201, 100));
    assert_eq!(network.world().reads, 201);
    assert!(network.world().arms <= 2, "a deadline that moves with every chunk costs nothing");
}

#[test]
fn a_chunk_with_part_of_an_event_costs_one_poll() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    for polls in 2..50 {
        network.send(Piece::Chunk("data: x\n"));
        assert_eq!(task.lines(&mut source), NOTHING);
        assert_eq!(task.polls, polls);
    }
    assert_eq!(task.wakes.count(), 48);
}

#[test]
fn a_quiet_stream_wakes_nobody() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config().connect_timeout(None));
    let mut task = Task::new();
    task.lines(&mut source);
    network.pass(SECOND * 3600 * 24 * 365);
    assert_eq!(task.wakes.count(), 0);
    assert!(!network.pass_to_timer(), "no timer is set");
}

#[test]
fn a_timer_that_is_not_needed_any_more_wakes_once_at_most() {
    // The timer for the head is left alone when the head has come.
    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    network.answer(stream(&["data: 1\n\n"]));
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    let (wakes, polls) = (task.wakes.count(), task.polls);
    for _ in 0..100 {
        network.pass(SECOND * 60);
        if task.wakes.count() > wakes {
            assert_eq!(task.lines(&mut source), NOTHING);
        }
    }
    assert!(task.wakes.count() <= wakes + 1, "{} wake-ups", task.wakes.count());
    assert!(task.polls <= polls + 100);
}

#[test]
fn being_woken_for_nothing_does_nothing() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND)));
    let mut task = Task::new();
    for polls in 1..=100 {
        assert_eq!(task.lines(&mut source), NOTHING);
        assert_eq!((task.polls, network.world().reads), (polls, polls));
    }
    assert_eq!(task.wakes.count(), 0);
    assert_eq!(network.world().arms, 1);
}

#[test]
fn every_wait_has_somebody_who_ends_it() {
    // For each way to wait, the task that polled last is the one that is woken, by each of the things that may end it.
    type End = fn(&Network, &Source);
    let close: End = |_, source| source.handle().close();
    let restart: End = |_, source| source.handle().restart();
    let timer: End = |network, _| assert!(network.pass_to_timer());
    let chunk: End = |network, _| network.send(Piece::Chunk("data: 1\n\n"));
    let ways: [(Answer, &[End]); 3] = [
        (Answer::Never, &[timer, close, restart]),
        (stream(&[]), &[timer, chunk, close, restart]),
        (ending(&[]), &[timer, close, restart]),
    ];
    for (way, (answer, ends)) in ways.into_iter().enumerate() {
        for (at, end) in ends.iter().enumerate() {
            let network = Network::new([answer.clone()]);
            let config = config().idle_timeout(Some(SECOND * 10));
            let mut source = Source::new(network.clone(), config);
            let (mut first, mut last) = (Task::new(), Task::new());
            assert_eq!(first.lines(&mut source), NOTHING);
            assert_eq!(last.lines(&mut source), NOTHING);
            end(&network, &source);
            assert_eq!(last.wakes.count(), 1, "way {way}, end {at}");
        }
    }
}

#[test]
fn a_handle_wakes_the_task_once_for_each_change() {
    let network = Network::new([stream(&[]), stream(&[])]);
    let mut source = Source::new(network, config());
    let handle = source.handle();
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    handle.restart();
    handle.restart();
    assert_eq!(task.wakes.count(), 1, "it is awake already");
    assert_eq!(task.lines(&mut source), NOTHING);
    let _ = (handle.stats(), handle.ready_state(), handle.snapshot(), handle.last_event_id());
    handle.commit("1");
    assert_eq!(task.wakes.count(), 1, "looking wakes nobody");
    handle.close();
    assert_eq!(task.wakes.count(), 2);
    handle.close();
    assert_eq!(task.wakes.count(), 2);
}

#[test]
fn a_source_can_be_polled_without_a_waker_that_does_anything() {
    let network = Network::new([ending(&["data: 1\n\n"]), stream(&["data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    task.waker = Waker::noop().clone();
    assert_eq!(task.lines_over_time(&mut source, &network), ["message: 1", "message: 2"]);
}

#[test]
fn losses_without_waits_leave_others_their_turn() {
    use futures_util::{FutureExt, StreamExt};
    let network = Network::new((0..1000).map(|_| Answer::Fails).collect::<Vec<_>>());
    let policy = sse_proto::RetryPolicy::standard().reconnection_time(std::time::Duration::ZERO);
    let mut source = Source::new(network, config().retry(policy));
    assert!(source.next().now_or_never().is_none());
    assert!((1..1000).contains(&source.stats().losses));
}

#[test]
fn deadlines_that_follow_one_another_leave_others_their_turn() {
    use futures_util::{FutureExt, StreamExt};
    let network = Network::new((0..1000).map(|_| Answer::Never).collect::<Vec<_>>());
    let zero = std::time::Duration::ZERO;
    let policy = sse_proto::RetryPolicy::standard().reconnection_time(zero);
    let config = config().retry(policy).connect_timeout(Some(zero));
    let mut source = Source::new(network, config);
    assert!(source.next().now_or_never().is_none());
    assert!((1..1000).contains(&source.stats().losses));
}

/// And are noticed when time is up, however much comes that nobody reads.
#[test]
fn chunks_without_an_event_leave_others_their_turn() {
    let network = Network::new([stream(&["\n"; 1000])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    assert!((1..1000).contains(&network.world().reads));
    assert_eq!(task.wakes.count(), 1, "it goes on by itself");
    source.handle().close();
    assert_eq!(task.lines(&mut source), ["end"]);
}

#[test]
fn one_response_without_an_event_leaves_others_their_turn_too() {
    use futures_util::{FutureExt, StreamExt};
    let endless = futures_util::stream::repeat(Ok::<_, core::convert::Infallible>("\n"));
    let mut events = sse_proto::stream::EventStream::new(endless);
    assert!(events.next().now_or_never().is_none());
}

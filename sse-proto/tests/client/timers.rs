//! Clocks and timers: what fires early, late, or not at all, and readers that are slower than the server.

use core::time::Duration;

use sse_proto::client::Handle;

use super::network::{Answer, Network, Piece, ending, stream};
use super::{NOTHING, SECOND, Source, Task, config};

/// Three losses, and a stream.
fn flaky() -> Network {
    Network::new([ending(&[]), Answer::Fails, Answer::Never, stream(&["data: 1\n\n"])])
}

/// A connection has four of them for bytes that came while nobody looked.
const MOMENT: Duration = Duration::from_millis(5);

#[test]
fn a_busy_thread_is_not_taken_for_a_silent_server() {
    let alone: fn(&Source) -> Option<Handle> = |_| None;
    for handle in [alone, |source| Some(source.handle())] {
        for (head, what) in [(stream(&["data: 1\n\n"]), "body"), (Answer::Never, "head")] {
            let network = Network::new([head]);
            let config = config().idle_timeout(Some(SECOND * 45));
            let mut source = Source::new(network.clone(), config);
            let handle = handle(&source);
            let mut task = Task::new();
            let seen = task.lines(&mut source);
            assert_eq!(seen.len(), usize::from(what == "body"));
            // The HTTP client's own task comes only after this one, also where the machine is so busy that this moment is over.
            network.pass(SECOND * 3600);
            for _ in 0..4 {
                assert_eq!(task.lines(&mut source), NOTHING, "{what}");
                network.pass(SECOND);
            }
            match what {
                "body" => network.send(Piece::Chunk("data: 2\n\n")),
                _ => network.answer(stream(&["data: 2\n\n"])),
            }
            assert_eq!(task.lines(&mut source), ["message: 2"], "{what}");
            assert_eq!(source.stats().losses, 0, "{what}");
            // Silence that goes on is still a loss, in time.
            network.pass(SECOND * 45);
            assert_eq!(task.lines(&mut source.updates()), ["lost: no byte for 45s, 1s"], "{what}");
            drop(handle);
        }
    }
}

#[test]
fn empty_chunks_are_no_life_sign() {
    let alone: fn(&Source) -> Option<Handle> = |_| None;
    for handle in [alone, |source| Some(source.handle())] {
        let network = Network::new([stream(&["data: 1\n\n"])]);
        let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 3)));
        let _handle = handle(&source);
        let mut task = Task::new();
        assert_eq!(task.lines(&mut source), ["message: 1"]);
        for _ in 0..2 {
            network.pass(SECOND);
            network.send(Piece::Chunk(""));
            assert_eq!(task.lines(&mut source), NOTHING);
        }
        network.pass(SECOND);
        assert_eq!(task.lines(&mut source.updates()), ["lost: no byte for 3s, 1s"]);
    }
}

#[test]
fn empty_chunks_do_not_prolong_what_a_late_deadline_leaves() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 3)));
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    network.pass(SECOND * 4);
    let mut lines = task.lines(&mut source.updates());
    for _ in 0..10 {
        network.send(Piece::Chunk(""));
        network.pass(MOMENT * 4 / 5);
        lines.extend(task.lines(&mut source.updates()));
    }
    assert_eq!(lines, ["lost: no byte for 3s, 1s"]);
}

#[test]
fn a_deadline_passes_however_many_empty_chunks_there_are() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 3)));
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    for _ in 0..1000 {
        network.send(Piece::Chunk(""));
    }
    network.pass(SECOND * 3);
    assert!(task.poll(&mut source.updates()).is_ready(), "before all of them were read");
    assert_eq!(source.stats().losses, 1);
}

#[test]
fn the_waits_are_those_that_the_session_asks_for() {
    let network = flaky();
    let mut source = Source::new(network.clone(), config());
    assert_eq!(Task::new().lines_over_time(&mut source, &network), ["message: 1"]);
    assert_eq!(source.stats().losses, 3);
    assert_eq!(network.now(), SECOND * (1 + 2 + 30 + 4));
}

#[test]
fn a_timer_that_fires_early_does_not_spin() {
    let network = flaky();
    network.world().timer_is_early = Duration::from_millis(1);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines_over_time(&mut source, &network), ["message: 1"]);
    assert_eq!(source.stats().losses, 3, "what the timer says counts");
    assert!(task.polls <= 10, "{} polls", task.polls);
    assert!(network.world().arms <= 10, "{} times armed", network.world().arms);
}

#[test]
fn a_timer_that_fires_late_does_no_harm() {
    let network = flaky();
    network.world().timer_is_late = SECOND * 10;
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines_over_time(&mut source, &network), ["message: 1"]);
    assert_eq!(source.stats().losses, 3);
    // Where it is so late for a connection, there are four moments more for what the connection may have brought.
    assert_eq!(network.now(), (1 + 2 + 30 + 4 + (4 + 4) * 10) * SECOND + 4 * MOMENT);
}

#[test]
fn a_silent_server_is_lost_in_time() {
    let network = Network::new([stream(&["data: 1\n\n"]), stream(&[])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 45)));
    let mut task = Task::new();
    let mut updates = source.updates();
    assert_eq!(task.lines(&mut updates), ["open", "message: 1"]);
    while network.now() < SECOND * 45 {
        assert_eq!(task.lines(&mut updates), NOTHING);
        assert!(network.pass_to_timer());
    }
    assert_eq!(task.lines(&mut updates), ["lost: no byte for 45s, 1s"]);
    assert_eq!(network.now(), SECOND * 45);
    assert_eq!(network.world().alive, 0);
}

#[test]
fn a_stream_that_is_late_is_reported_in_time() {
    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config().late_after(Some(SECOND)));
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source.updates()), NOTHING);
    // The deadline comes nearer than the timer for the head was set to.
    network.answer(stream(&[]));
    assert_eq!(task.lines(&mut source.updates()), ["open"]);
    assert!(network.pass_to_timer());
    assert_eq!(network.now(), SECOND);
    assert_eq!(task.lines(&mut source.updates()), ["late"]);
    network.send(Piece::Chunk("data: 1\n\n"));
    assert_eq!(task.lines(&mut source), ["message: 1"], "and goes on");
}

#[test]
fn a_slow_reader_is_not_taken_for_a_silent_server() {
    let chunks = ["data: 1\n\ndata: 2\n\ndata: 3\n\n", "data: 4\n\n", ": c\n", "data: 5\n\n"];
    let network = Network::new([stream(&chunks)]);
    let config = config().idle_timeout(Some(SECOND * 45)).first_byte_timeout(Some(SECOND));
    let mut source = Source::new(network.clone(), config);
    let mut task = Task::new();
    for _ in 0..5 {
        network.pass(SECOND * 3600);
        assert!(task.poll(&mut source).is_ready(), "what is there comes first");
    }
    assert_eq!(source.stats().losses, 0);
    assert_eq!(task.lines(&mut source), NOTHING);
    assert_eq!(source.stats().losses, 0, "the silence begins when the last chunk was read");
}

#[test]
fn an_end_that_a_slow_reader_finds_late_is_no_time_out() {
    let network = Network::new([ending(&["data: 1\n\n"]), stream(&[])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND)));
    let mut task = Task::new();
    assert!(task.poll(&mut source).is_ready());
    network.pass(SECOND * 3600);
    assert_eq!(task.lines(&mut source.updates()), ["lost: the stream ended, 1s"]);
}

#[test]
fn a_head_that_a_slow_reader_finds_late_still_opens() {
    let network = Network::new([Answer::Fails, stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    network.pass(SECOND * 3600);
    assert_eq!(task.lines(&mut source), ["message: 1"]);
}

/// The request that is on its way has the whole connect timeout before it.
#[track_caller]
fn assert_dials_for_thirty_seconds(source: &mut Source, network: &Network) {
    let (began, attempts) = (network.now(), network.world().attempts.len());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source.updates()), NOTHING, "it is given up at once");
    assert_eq!(network.world().attempts.len(), attempts + 1);
    network.pass(SECOND * 30 - Duration::from_nanos(1));
    assert_eq!(task.lines(&mut source.updates()), NOTHING);
    network.pass(Duration::from_nanos(1));
    let lines = task.lines(&mut source.updates());
    assert_eq!(lines, ["lost: no response within 30s, 1s"], "begun at {began:?}");
}

#[test]
fn a_source_that_is_first_polled_late_has_its_whole_connect_timeout() {
    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    network.pass(SECOND * 3600);
    assert_dials_for_thirty_seconds(&mut source, &network);
}

#[test]
fn a_restart_after_a_quiet_hour_has_its_whole_connect_timeout() {
    let network = Network::new([stream(&["data: 1\n\n"]), Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    assert_eq!(Task::new().lines(&mut source), ["message: 1"]);
    network.pass(SECOND * 3600);
    source.restart();
    assert_dials_for_thirty_seconds(&mut source, &network);
}

#[test]
fn a_restart_by_a_handle_after_a_quiet_hour_has_its_whole_connect_timeout() {
    let network = Network::new([stream(&["data: 1\n\n"]), Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    assert_eq!(Task::new().lines(&mut source), ["message: 1"]);
    network.pass(SECOND * 3600);
    source.handle().restart();
    assert_dials_for_thirty_seconds(&mut source, &network);
}

#[test]
fn a_restart_judges_health_by_how_long_the_connection_was_open_as_far_as_it_knows() {
    // A handle knows no time but that of the last thing that happened.
    let ways: [fn(&mut Source); 2] = [Source::restart, |source| source.handle().restart()];
    for (restart, wait) in ways.into_iter().zip(["1s", "4s"]) {
        let network = Network::new([Answer::Fails, Answer::Fails, stream(&[]), Answer::Fails]);
        let mut source = Source::new(network.clone(), config());
        let mut task = Task::new();
        assert_eq!(task.lines_over_time(&mut source, &network), NOTHING);
        assert_eq!(source.stats().opens, 1);
        network.pass(SECOND * 3600);
        restart(&mut source);
        let lost =
            format!("lost: the connection failed: the line is dead: it is unplugged, {wait}");
        assert_eq!(task.lines(&mut source.updates()), [lost]);
    }
}

#[test]
fn a_restart_before_all_is_read_knows_when_the_last_chunk_was() {
    let ways: [fn(&mut Source); 2] = [Source::restart, |source| source.handle().restart()];
    for restart in ways {
        let chunks = stream(&["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
        let network = Network::new([Answer::Fails, Answer::Fails, chunks, Answer::Fails]);
        let mut source = Source::new(network.clone(), config());
        let mut task = Task::new();
        while task.poll(&mut source).is_pending() {
            assert!(network.pass_to_timer());
        }
        network.pass(SECOND * 3600);
        assert!(task.poll(&mut source).is_ready());
        restart(&mut source);
        let lost = "lost: the connection failed: the line is dead: it is unplugged, 1s";
        assert_eq!(task.lines(&mut source.updates()), [lost]);
    }
}

#[test]
fn once_a_stream_is_open_no_timer_is_left_that_nothing_waits_for() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    assert_eq!(Task::new().lines(&mut source), ["message: 1"]);
    assert_eq!(network.world().arms, 0, "the answer was there at once");

    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    assert!(network.is_armed());
    network.answer(stream(&[]));
    assert_eq!(task.lines(&mut source.updates()), ["open"]);
    assert!(!network.is_armed());
}

#[test]
fn an_end_leaves_no_timer() {
    let ends: [fn(&mut Source); 2] = [Source::close, |source| source.handle().close()];
    for end in ends {
        let network = Network::new([stream(&[])]);
        let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND)));
        let mut task = Task::new();
        assert_eq!(task.lines(&mut source), NOTHING);
        assert!(network.is_armed());
        end(&mut source);
        assert_eq!(task.lines(&mut source), ["end"]);
        assert!(!network.is_armed());
    }
}

#[test]
fn the_clock_is_not_read_for_each_chunk() {
    let network = Network::new([stream(&["data: 1\n\n"; 100])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND)));
    assert_eq!(Task::new().lines(&mut source).len(), 100);
    assert!(network.world().clock_reads < 10, "{} times", network.world().clock_reads);
}

#[test]
fn a_clock_that_leaps_by_centuries_does_no_harm() {
    let century = SECOND * 3_155_760_000;
    let network = Network::new([stream(&["data: 1\n\n"]), stream(&["data: 2\n\n"]), stream(&[])]);
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 45)));
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message: 1"]);
    network.pass(century);
    for _ in 0..4 {
        assert_eq!(task.lines(&mut source.updates()), NOTHING);
        network.pass(MOMENT);
    }
    assert_eq!(task.lines(&mut source.updates()), ["lost: no byte for 45s, 1s"]);
    network.pass(century);
    assert_eq!(task.lines(&mut source), ["message: 2"]);
    assert!(task.polls <= 4 + 2 * 4, "{} polls", task.polls);
}

#[test]
fn without_clocks_no_timer_is_ever_armed() {
    let network = Network::new([Answer::Never]);
    let mut source = Source::new(network.clone(), config().connect_timeout(None));
    assert_eq!(Task::new().lines(&mut source), NOTHING);
    assert_eq!(network.world().arms, 0);
}

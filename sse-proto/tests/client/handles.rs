//! Steering a source from elsewhere: from other threads, and from within its own transport.

use core::time::Duration;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::thread;

use sse_proto::client::Handle;
use sse_proto::{Commit, ReadyState};

use super::network::{Answer, Network, Piece, ending, status, stream};
use super::{NOTHING, SECOND, Source, Task, config};

const fn is_send_and_sync<T: Send + Sync>() {}
const _: () = is_send_and_sync::<Handle>();

#[test]
#[allow(clippy::disallowed_methods, reason = "this is about threads")]
fn close_from_another_thread_wakes_the_owner_and_closes_the_connection() {
    for answer in [stream(&["data: 1\n\n"]), Answer::Never, Answer::Fails] {
        let network = Network::new([answer]);
        let mut source = Source::new(network.clone(), config());
        let handle = source.handle();
        let mut task = Task::new();
        task.lines(&mut source);
        thread::spawn(move || handle.close()).join().expect("no panic");
        assert_eq!(task.wakes.count(), 1);
        assert_eq!(source.ready_state(), ReadyState::Closed);
        network.world().body.extend([Piece::Chunk("data: never\n\n")]);
        assert_eq!(task.lines(&mut source), ["end"]);
        assert_eq!(network.world().alive, 0);
        network.pass(SECOND * 3600);
        assert_eq!(task.lines(&mut source), ["end"]);
        assert_eq!(network.world().attempts.len(), 1, "nothing dials on");
    }
}

#[test]
fn close_drops_what_was_not_read() {
    let network = Network::new([stream(&["data: 1\n\ndata: 2\n\n"])]);
    let mut source = Source::new(network, config());
    let mut task = Task::new();
    assert!(task.poll(&mut source).is_ready());
    source.handle().close();
    assert_eq!(task.lines(&mut source), ["end"]);
}

#[test]
fn a_source_that_is_closed_before_its_first_poll_never_connects() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network.clone(), config());
    source.handle().close();
    assert_eq!(Task::new().lines(&mut source), ["end"]);
    assert!(network.world().attempts.is_empty());
}

#[test]
fn restart_reconnects_without_a_loss_and_without_a_wait() {
    for answer in [stream(&["id: 1\ndata: 1\n\n"]), Answer::Never, ending(&["id: 1\n\n"])] {
        let network = Network::new([answer, stream(&["data: 2\n\n"])]);
        let mut source = Source::new(network.clone(), config());
        let mut task = Task::new();
        task.lines(&mut source);
        source.handle().restart();
        assert_eq!(task.wakes.count(), 1);
        let lines = task.lines(&mut source.updates());
        assert_eq!((lines.len(), lines[0].as_str()), (2, "open"));
        assert_eq!(network.now(), Duration::ZERO);
        assert_eq!(network.world().attempts[1].last_event_id, source.last_event_id());
    }
}

#[test]
fn a_handle_sees_and_steers_what_the_source_does() {
    let network = Network::new([
        stream(&["retry: 7000\nid: 1\ndata: 1\n\nid: 2\ndata: 2\n\n"]),
        stream(&["data: 3\n\n"]),
        stream(&["data: 4\n\n"]),
    ]);
    let mut source = Source::new(network.clone(), config().commit(Commit::Manual));
    let handle = source.handle();
    assert_eq!(handle.ready_state(), ReadyState::Connecting);
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), ["message#1: 1", "message#2: 2"]);
    assert_eq!(handle.ready_state(), ReadyState::Open);
    assert_eq!(handle.stats().events, 2);
    assert_eq!(handle.stats(), source.stats());
    assert_eq!(handle.last_event_id(), "2");

    handle.commit("1");
    assert_eq!(handle.snapshot().last_event_id, "1");
    assert_eq!(handle.snapshot().reconnection_time, Some(SECOND * 7));
    network.send(Piece::End);
    assert_eq!(task.lines_over_time(&mut source, &network), ["message#1: 3"]);
    assert_eq!(network.world().attempts[1].last_event_id, "1");

    handle.set_last_event_id("9").expect("a header value");
    assert!(handle.set_last_event_id("\n").is_err());
    source.commit("10");
    handle.restart();
    assert_eq!(task.lines(&mut source), ["message#10: 4"]);
    assert_eq!(network.world().attempts[2].last_event_id, "10");
    let other = handle.clone();
    drop(handle);
    other.close();
    assert_eq!(source.ready_state(), ReadyState::Closed);
}

#[test]
fn a_transport_may_use_a_handle_wherever_it_is_called() {
    let script = || {
        [
            ending(&["id: 1\ndata: 1\n\n", "data: 2\n\n"]),
            Answer::Fails,
            status(503),
            Answer::Never,
            stream(&["data: 3\n\n"]),
            status(204),
        ]
    };
    let plain = Network::new(script());
    let mut source = Source::new(plain.clone(), config().idle_timeout(Some(SECOND * 9)));
    let expected = Task::new().lines_over_time(&mut source.updates(), &plain);

    let network = Network::new(script());
    let mut source = Source::new(network.clone(), config().idle_timeout(Some(SECOND * 9)));
    let handle = source.handle();
    network.world().handle = Some(handle);
    let lines = Task::new().lines_over_time(&mut source.updates(), &network);
    assert_eq!(lines, expected);
    assert!(lines.len() > 6, "{lines:?}");
}

#[test]
fn a_source_can_be_closed_while_its_request_is_made() {
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    network.world().handle = Some(source.handle());
    network.world().on_start = Some(Handle::close);
    assert_eq!(Task::new().lines(&mut source), ["end"]);
    assert_eq!(network.world().alive, 0);
}

#[test]
fn a_source_can_be_restarted_while_its_request_is_made() {
    let network = Network::new([stream(&["data: 1\n\n"]), stream(&["data: 2\n\n"])]);
    let mut source = Source::new(network.clone(), config());
    network.world().handle = Some(source.handle());
    network.world().on_start = Some(Handle::restart);
    assert_eq!(Task::new().lines(&mut source), ["message: 2"]);
    assert_eq!(network.world().attempts.len(), 2);
}

/// A task whose last waker uses a handle when it is dropped, as the drop of a whole task may.
struct Guard(Mutex<Option<Handle>>);

impl Wake for Guard {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(Some(handle)) = self.0.get_mut().map(Option::take) {
            handle.close();
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "what waits for itself would wait for ever here")]
fn a_task_that_uses_a_handle_when_it_is_dropped_blocks_nothing() {
    let (done, is_done) = channel();
    thread::spawn(move || {
        let network = Network::new([stream(&[])]);
        let mut source = Source::new(network.clone(), config());
        let mut task = Task::new();
        task.waker = Waker::from(Arc::new(Guard(Mutex::new(Some(source.handle())))));
        task.lines(&mut source);
        task = Task::new();
        network.send(Piece::Chunk(":"));
        // Now only the source holds a waker of the first task.
        task.lines(&mut source);
        let _ = done.send(task.lines(&mut source));
    });
    let lines = is_done.recv_timeout(SECOND * 10).expect("nothing waits for itself");
    assert_eq!(lines, ["end"]);
}

#[test]
fn handles_of_a_quiet_source_do_not_wake_in_vain() {
    let network = Network::new([stream(&[])]);
    let mut source = Source::new(network, config());
    let (first, second) = (source.handle(), source.handle());
    let mut task = Task::new();
    assert_eq!(task.lines(&mut source), NOTHING);
    drop(first);
    drop(second);
    assert_eq!(task.wakes.count(), 0);
}

#[test]
fn a_handle_of_a_source_that_is_gone_says_so_and_wakes_nobody() {
    let network = Network::new([stream(&["id: 7\ndata: 1\n\n"])]);
    let mut source = Source::new(network, config());
    let handle = source.handle();
    let mut task = Task::new();
    task.lines(&mut source);
    assert_eq!(handle.ready_state(), ReadyState::Open);
    drop(source);
    assert_eq!(handle.ready_state(), ReadyState::Closed);
    assert_eq!(handle.last_event_id(), "7");
    handle.close();
    assert_eq!(task.wakes.count(), 0);
}

/// Asks a handle for each piece of text.
struct Asking(Handle);

impl std::fmt::Write for Asking {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        self.0.stats();
        Ok(())
    }
}

#[test]
fn what_shows_a_source_may_use_its_handle() {
    use std::fmt::Write;
    let source = Source::new(Network::new([]), config());
    let handle = source.handle();
    write!(Asking(handle.clone()), "{handle:?} {source:?}").expect("no error");
}

#[test]
fn a_session_with_a_connection_elsewhere_makes_a_new_one() {
    use sse_proto::{Instant, ResponseHead, Session};
    let mut session = Session::new(config(), 1, Instant::default());
    session.poll_output();
    session.handle_response(
        Instant::default(),
        ResponseHead::new(200).content_type(b"text/event-stream"),
    );
    assert_eq!(session.ready_state(), ReadyState::Open);
    let network = Network::new([stream(&["data: 1\n\n"])]);
    let mut source = Source::with_session(network.clone(), session);
    Task::new().lines(&mut source);
    assert_eq!(network.world().attempts.len(), 1);
    assert_eq!(source.stats().events, 1);
}

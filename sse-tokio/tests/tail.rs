//! The example `tail`, as a person or a script runs it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sse_testkit::{Port, Replay, Reply, Server};

/// The example, which Cargo builds together with the tests, next to them.
fn tail() -> Command {
    let mut path: PathBuf = std::env::current_exe().expect("a test has a path");
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples").join("tail"));
    command.env_remove("http_proxy").env("no_proxy", "127.0.0.1").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    tail().args(args).output().expect("the example is built with the tests")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn without_a_url_it_shows_that_nothing_is_lost() {
    let output = run(&[]);
    let shown = text(&output.stdout);
    let last = shown.lines().last().expect("it prints something");
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(last.contains(" 0 lost, 0 duplicated,"), "{last}");
    let words: Vec<&str> = last.split(' ').collect();
    assert!(words[2].parse::<u32>().is_ok_and(|reconnections| reconnections >= 3), "{last}");
    assert!(shown.contains("lost attempt 1: ") && shown.contains("resumed after id 12"), "{shown}");
}

#[test]
fn a_refused_connection_is_one_sentence() {
    let port = Port::reserve().expect("a port");
    let output = run(&["--no-reconnect", &port.url("/")]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("refused"), "{error}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn a_refused_connection_is_tried_again_with_its_wait_told() {
    let port = Port::reserve().expect("a port");
    let mut child = tail().arg(port.url("/")).stdout(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let lines: Vec<String> = lines.take(2).map(|line| line.expect("it is text")).collect();
    child.kill().and_then(|()| child.wait()).expect("it was running");
    assert!(lines[0].contains("lost attempt 1: ") && lines[0].contains("next in"), "{lines:?}");
    assert!(lines[1].contains("lost attempt 2: "), "{lines:?}");
}

#[test]
fn what_is_no_url_is_an_error_and_what_is_no_option_a_usage_error() {
    let output = run(&["here"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("relative URL without a base"));
    assert_eq!(run(&["--frobnicate"]).status.code(), Some(2));
    assert_eq!(run(&["-H", "no colon", "http://127.0.0.1/"]).status.code(), Some(2));
}

#[test]
fn a_404_shows_the_first_kilobyte_of_its_body() {
    let body = format!("no such stream{}", ".".repeat(2000));
    let server = Server::start(Reply::status(404).chunk(body)).expect("a server");
    let output = run(&[&server.url("/")]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("status 404") && error.contains("no such stream..."), "{error}");
    assert!(error.len() < 1200, "{}", error.len());
}

#[test]
fn a_wrong_content_type_is_named() {
    let page = Reply::status(200).content_type("text/html").chunk("<p>");
    let server = Server::start(page).expect("a server");
    let output = run(&[&server.url("/")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("(text/html)"), "{}", text(&output.stderr));
}

#[test]
fn json_has_one_object_a_line() {
    let server = Server::start(Replay::new(3)).expect("a server");
    let output = run(&["--json", &server.url("/")]);
    assert!(output.status.success());
    let lines = text(&output.stdout);
    let kinds: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"))
        .map(|object| object["kind"].as_str().expect("it has a kind").to_owned())
        .collect();
    assert_eq!(kinds, ["opened", "event", "event", "event", "lost", "summary"]);
}

#[test]
fn a_saved_id_is_resumed_from() {
    let server = Server::start(Replay::new(9)).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("last-event-id");
    let file = file.to_str().expect("it is text");
    for _ in 0..2 {
        assert!(run(&["--count", "2", "--save", file, &server.url("/")]).status.success());
    }
    assert_eq!(std::fs::read_to_string(file).expect("it was saved"), "4");
    let requests = server.requests();
    assert_eq!(requests[0].last_event_id(), None);
    assert_eq!(requests[1].last_event_id(), Some(&b"2"[..]));
}

#[test]
fn a_request_is_what_the_options_say() {
    let server = Server::start(Reply::stream().chunk("data: x\n\n")).expect("a server");
    let url = server.url("/chat?stream=1");
    let output = run(&["-d", "{}", "-H", "X-Key: k", "-H", "accept: */*", &url]);
    assert!(output.status.success(), "a POST ends with its stream: {}", text(&output.stderr));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method(), requests[0].target()), ("POST", "/chat?stream=1"));
    assert_eq!(requests[0].body(), b"{}");
    assert_eq!(requests[0].header("x-key"), Some(&b"k"[..]));
    assert_eq!(requests[0].header("accept"), Some(&b"*/*"[..]));
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let server = Server::start(Replay::new(100_000)).expect("a server");
    let mut child = tail();
    let child = child.arg(server.url("/")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("it starts");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
    reader.read_line(&mut first).expect("it is text");
    drop(reader);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

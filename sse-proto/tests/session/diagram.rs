//! The README's diagram of states shows the transitions that a session makes, and no others.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use sse_proto::{Config, Instant, Output, ResponseHead, Sentinel, Session};

use crate::{config, one_shot};

type Input = fn(&mut Session, Instant);
type Edges = BTreeSet<(String, String)>;

/// What a driver can tell, with responses and chunks of every kind.
const INPUTS: [Input; 14] = [
    |_, _| {},
    |session, now| session.handle_request(now),
    |session, now| session.handle_response(now, head(200)),
    |session, now| session.handle_response(now, head(204)),
    |session, now| session.handle_response(now, head(404)),
    |session, now| session.handle_response(now, head(503)),
    |session, now| session.handle_chunk(now, "data: a\n\n"),
    |session, now| session.handle_chunk(now, "data: [DONE]\n\n"),
    |session, now| session.handle_eof(now),
    |session, now| session.handle_error(now),
    |session, now| session.handle_invalid_request(now),
    |session, now| session.handle_timeout(now),
    |session, _| session.restart(),
    |session, _| session.close(),
];

#[test]
fn the_readme_draws_the_transitions_that_there_are() {
    let sentinel = || config().sentinel(Some(Sentinel::Data("[DONE]".into())));
    let mut made = transitions(sentinel);
    made.extend(transitions(one_shot));
    assert_eq!(drawn(), made);
}

/// Every transition that an input or a drain makes, from every state.
fn transitions(config: impl Fn() -> Config) -> Edges {
    let mut edges = Edges::new();
    // For each state the inputs that lead to it, each with whether the outputs are drained after it.
    let mut paths = BTreeMap::from([("Due".to_owned(), Vec::new())]);
    let mut next = vec!["Due".to_owned()];
    while let Some(state) = next.pop() {
        for step in INPUTS.iter().flat_map(|input| [(*input, false), (*input, true)]) {
            let path: Vec<_> = paths[&state].iter().copied().chain([step]).collect();
            let reached = walk(config(), &path, &mut edges);
            if !paths.contains_key(&reached) {
                paths.insert(reached.clone(), path);
                next.push(reached);
            }
        }
    }
    edges
}

/// Makes these inputs an hour apart, notes the transitions, and gives the last state.
fn walk(config: Config, path: &[(Input, bool)], edges: &mut Edges) -> String {
    let mut session = Session::new(config, 1, Instant::ORIGIN);
    let mut now = Instant::ORIGIN;
    let mut state = name(&session);
    let mut note = |session: &Session| {
        let next = name(session);
        if next != state {
            edges.insert((std::mem::replace(&mut state, next.clone()), next));
        }
    };
    for (input, drained) in path {
        now = now + Duration::from_secs(3600);
        input(&mut session, now);
        note(&session);
        let mut drains = *drained;
        while drains {
            drains = !matches!(session.poll_output(), Output::Wait(_) | Output::Closed(_));
            note(&session);
        }
    }
    name(&session)
}

/// The name of the state, which only `Debug` tells in full.
fn name(session: &Session) -> String {
    let text = format!("{session:?}");
    let (_, state) = text.split_once("state: ").expect("Debug shows the state");
    state.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// What the README's diagram shows.
fn drawn() -> Edges {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("the README is there");
    let (_, diagram) = readme.split_once("stateDiagram-v2\n").expect("it has a diagram");
    let (diagram, _) = diagram.split_once("```").expect("the diagram ends");
    let arrows = diagram.lines().filter_map(|line| line.trim().split_once(" --> "));
    let arrows = arrows.map(|(from, to)| (from, to.split(':').next().unwrap_or(to)));
    arrows
        .filter(|&(from, to)| from != "[*]" && to != "[*]")
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect()
}

fn head(status: u16) -> ResponseHead<'static> {
    ResponseHead::new(status).content_type(b"text/event-stream")
}

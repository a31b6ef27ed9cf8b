//! What the request has: method, headers, body. Which requests are sent again.

use std::time::Duration;

use super::loss::NO_RETRY;
use super::stream;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Anew, Id, Request, Retry};
use crate::scenario::build::steady;
use crate::scenario::want::{Asked, Want, asked, broken, ended, event, lost, opened};
use crate::{End, Reply};
use sse_proto::{Cause, Closed, GiveUp};

const QUERY: &str = "{\"ask\": \"ü\"}";

/// What the default policy waits at first.
fn within_a_second(want: Want) -> Want {
    want.wait_within(Duration::ZERO..=Duration::from_secs(1))
}

/// A request with a body and its type.
fn with_body(scenario: Scenario, method: &str) -> Scenario {
    scenario.method(method).header("content-type", "application/json").body(QUERY)
}

fn asked_with_body(method: &'static str) -> Asked {
    asked().method(method).header("content-type", "application/json").body(QUERY)
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    list.extend(of_headers());
    list.extend(["POST", "PATCH"].map(ends_with_its_stream));
    list.extend(of_one_shot());
    list.extend(["REPORT", "PUT", "PROPFIND"].map(sent_again));
    list.extend(of_a_policy());
    list.extend(of_factories());
    list.extend(of_nonsense());
    list
}

fn of_headers() -> [Scenario; 6] {
    let one = [opened(), event("a"), ended()];
    [
        Scenario::new("headers-of-the-user-go-out-each-time", &[Request])
            .script(stream("data: a\n\n"))
            .header("x-one", "1")
            .header("authorization", "Bearer abc")
            .header("x-many", "a")
            .header("x-many", "b, c")
            .log(one.clone())
            .requests(vec![
                asked()
                    .header("x-one", "1")
                    .header("authorization", "Bearer abc")
                    .headers("x-many", ["a", "b, c"]);
                2
            ]),
        Scenario::new("nothing-goes-out-that-nobody-asked-for", &[Request])
            .script(stream("id: 1\ndata: a\n\n"))
            .log([opened(), event("a").id("1"), ended()])
            .requests([asked(), asked().id("1")])
            .look(|_, requests| requests.iter().try_for_each(only_the_usual)),
        Scenario::new("headers-of-the-user-take-the-place-of-the-usual-ones", &[Request])
            .script(stream("data: a\n\n"))
            .header("Accept", "text/event-stream, application/json;q=0.5")
            .header("cache-control", "no-store")
            .header("accept-encoding", "identity, x-none;q=0")
            .log(one.clone())
            .requests(vec![
                asked()
                    .header("accept", "text/event-stream, application/json;q=0.5")
                    .header("cache-control", "no-store")
                    .header("accept-encoding", "identity, x-none;q=0");
                2
            ]),
        Scenario::new("query-goes-out-and-fragment-does-not", &[Request])
            .script(stream("data: a\n\n"))
            .url("/stream/x%20y;z=1?a=%26&b=ü&token=secret#fragment")
            .log(one.clone())
            .requests(vec![asked().target("/stream/x%20y;z=1?a=%26&b=%C3%BC&token=secret"); 2]),
        Scenario::new("path-may-be-missing", &[Request])
            .script(stream("data: a\n\n"))
            .url("/")
            .log(one.clone())
            .requests(vec![asked().target("/"); 2]),
        with_body(Scenario::new("get-may-have-a-body", &[Request]), "GET")
            .script(stream("data: a\n\n"))
            .log(one)
            .requests(vec![asked_with_body("GET"); 2]),
    ]
}

/// No name of a program, no length of a body that there is not.
fn only_the_usual(request: &crate::Request) -> Result<(), String> {
    const USUAL: [&str; 6] =
        ["host", "accept", "accept-encoding", "cache-control", "connection", "last-event-id"];
    let mut names = request.headers().iter().map(|(name, _)| name.to_ascii_lowercase());
    match names.find(|name| !USUAL.iter().any(|usual| usual.as_bytes() == name)) {
        Some(name) => Err(format!("the request has {}", name.escape_ascii())),
        None => Ok(()),
    }
}

/// Neither safe nor idempotent: the end of the body is the end.
fn ends_with_its_stream(method: &'static str) -> Scenario {
    let name = format!("{}-ends-with-its-stream", method.to_lowercase());
    with_body(Scenario::new(name, &[Request]), method)
        .script([stream("id: 1\ndata: a\n\n"), stream("data: never\n\n")])
        .no_policy()
        .log([opened(), event("a").id("1")])
        .end(Closed::EndOfStream)
        .requests([asked_with_body(method)])
}

fn of_one_shot() -> [Scenario; 4] {
    let post = |name| with_body(Scenario::new(name, &[Request]), "POST").no_policy();
    [
        post("post-that-is-reset-is-not-sent-again")
            .script([stream("data: a\n\n").end(End::Reset), stream("data: never\n\n")])
            .log([opened(), event("a")])
            .end(NO_RETRY)
            .requests([asked_with_body("POST")]),
        post("post-that-gets-no-answer-is-not-sent-again")
            .script([Reply::close_at_once(), stream("data: never\n\n")])
            .end(NO_RETRY)
            .requests([asked_with_body("POST")]),
        post("post-to-a-busy-server-is-not-sent-again")
            .script([Reply::status(429).header("retry-after", "0").chunk("slow down"), stream("")])
            .end(Closed::Lost { cause: Cause::Status(429), give_up: GiveUp::NoRetry })
            .answer(429, "", "slow down")
            .requests([asked_with_body("POST")]),
        post("post-that-nobody-takes-is-not-sent-again").down().end(NO_RETRY).requests([]),
    ]
}

/// Safe or idempotent: sent again by the default policy.
fn sent_again(method: &'static str) -> Scenario {
    let name = format!("{}-is-sent-again-with-its-body", method.to_lowercase());
    with_body(Scenario::new(name, &[Request]), method)
        .script([stream("id: 1\ndata: a\n\n")])
        .no_policy()
        .log([opened(), event("a").id("1"), within_a_second(ended())])
        .requests([asked_with_body(method), asked_with_body(method).id("1")])
}

fn of_a_policy() -> [Scenario; 2] {
    [
        with_body(Scenario::new("post-with-a-policy-is-sent-again", &[Request, Retry]), "POST")
            .script([
                stream("id: 1\ndata: a\n\n"),
                Reply::status(503),
                Reply::reset_at_once(),
                stream("data: b\n\n"),
            ])
            .log([
                opened(),
                event("a").id("1"),
                ended(),
                lost(Cause::Status(503)),
                broken(),
                opened(),
                event("b").id("1"),
                ended(),
            ])
            .requests(
                [asked_with_body("POST")]
                    .into_iter()
                    .chain(vec![asked_with_body("POST").id("1"); 4]),
            ),
        Scenario::new("post-without-a-body-with-a-policy", &[Request, Retry])
            .method("POST")
            .script(stream("data: a\n\n"))
            .log([opened(), event("a"), ended()])
            .requests(vec![asked().method("POST"); 2]),
    ]
}

fn of_factories() -> [Scenario; 3] {
    [
        Scenario::new("request-made-anew-for-each-attempt", &[Request, Anew, Id])
            .anew()
            .script([stream("id: 1\ndata: a\n\n"), Reply::close_at_once(), stream("data: b\n\n")])
            .log([
                opened(),
                event("a").id("1"),
                ended(),
                broken(),
                opened(),
                event("b").id("1"),
                ended(),
            ])
            .requests([
                asked().header("x-attempt", "1"),
                asked().header("x-attempt", "2").id("1"),
                asked().header("x-attempt", "3").id("1"),
                asked().header("x-attempt", "4").id("1"),
            ]),
        Scenario::new("fresh-token-after-401", &[Request, Anew, Retry])
            .anew()
            .script([Reply::status(401), stream("data: a\n\n")])
            .retry(steady().statuses(vec![401]))
            .log([lost(Cause::Status(401)), opened(), event("a"), ended()])
            .requests([
                asked().header("x-attempt", "1"),
                asked().header("x-attempt", "2"),
                asked().header("x-attempt", "3"),
            ]),
        with_body(Scenario::new("post-made-anew-is-sent-again", &[Request, Anew]), "POST")
            .anew()
            .no_policy()
            .script(stream("id: 1\ndata: a\n\n"))
            .log([opened(), event("a").id("1"), within_a_second(ended())])
            .requests([
                asked_with_body("POST").header("x-attempt", "1"),
                asked_with_body("POST").header("x-attempt", "2").id("1"),
            ]),
    ]
}

/// Requests that cannot be made; no attempt makes them better.
fn of_nonsense() -> Vec<Scenario> {
    // A client that tries all the same is soon done.
    let once_more = || steady().max_retries(Some(1));
    let invalid = |name: &str| {
        let scenario = Scenario::new(name, &[Request]).retry(once_more());
        scenario.end(Closed::InvalidRequest).requests([])
    };
    vec![
        invalid("address-that-is-none").url("no address"),
        invalid("address-without-a-host").url("http://"),
        invalid("address-of-another-scheme").url("ftp://127.0.0.1/stream"),
        invalid("header-value-with-a-line-end").header("x-a", "a\r\nx-b: b"),
        invalid("header-value-with-a-control-character").header("x-a", "a\u{1}"),
    ]
}

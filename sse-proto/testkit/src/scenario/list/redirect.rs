//! Redirects on one origin.

use super::loss::NO_RETRY;
use super::stream;
use crate::scenario::Tag::{Id, Redirect, Request};
use crate::scenario::want::{Asked, TARGET, asked, broken, ended, event, lost, opened};
use crate::scenario::{Quirk, Scenario};
use crate::{End, Framing, Reply, Script};
use sse_proto::{Cause, Closed, ReconnectTo, Refusal, RetryPolicy};

/// An answer that sends to somewhere else.
pub(super) fn moved(status: u16, location: impl Into<Vec<u8>>) -> Reply {
    Reply::status(status).header("location", location).chunk("moved")
}

fn script(status: u16, location: &str, path: &str) -> Script {
    let once = moved(status, location);
    Script::new().on("/stream", once).on(path.to_owned(), stream("id: 1\ndata: a\n\n"))
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    list.extend([301, 302, 303, 307, 308].map(get_follows));
    list.extend([301, 302, 303].map(post_becomes_get));
    list.extend([307, 308].map(|status| method_stays("POST", status)));
    list.extend([301, 302, 307, 308].map(|status| method_stays("REPORT", status)));
    list.push(report_becomes_get());
    list.extend(of_locations());
    list.extend(of_bad_locations());
    list.extend([301, 302, 303, 307, 308].map(without_location));
    list.extend(of_chains());
    list.extend(of_ends());
    list.extend(of_reconnections());
    list
}

fn get_follows(status: u16) -> Scenario {
    Scenario::new(format!("redirect-{status}-is-followed"), &[Redirect])
        .script(script(status, "/moved?token=secret", "/moved"))
        .header("x-one", "1")
        .log([opened(), event("a").id("1"), ended()])
        .requests([
            asked().header("x-one", "1"),
            asked().header("x-one", "1").target("/moved?token=secret"),
            asked().header("x-one", "1").id("1"),
        ])
}

fn with_body(name: String, method: &str) -> Scenario {
    Scenario::new(name, &[Redirect, Request])
        .method(method)
        .header("content-type", "text/x-query")
        .body("all")
}

fn asked_with_body(method: &'static str) -> Asked {
    asked().method(method).header("content-type", "text/x-query").body("all")
}

fn post_becomes_get(status: u16) -> Scenario {
    with_body(format!("redirect-{status}-turns-post-into-get"), "POST")
        .script(script(status, "/moved", "/moved"))
        .log([opened(), event("a").id("1"), ended()])
        .requests([
            asked_with_body("POST"),
            asked().target("/moved").without("content-length"),
            asked_with_body("POST").id("1"),
        ])
}

fn method_stays(method: &'static str, status: u16) -> Scenario {
    with_body(format!("redirect-{status}-keeps-{}", method.to_lowercase()), method)
        .script(script(status, "/moved", "/moved"))
        .log([opened(), event("a").id("1"), ended()])
        .requests([
            asked_with_body(method),
            asked_with_body(method).target("/moved"),
            asked_with_body(method).id("1"),
        ])
}

fn report_becomes_get() -> Scenario {
    with_body("redirect-303-turns-report-into-get".to_owned(), "REPORT")
        .script(script(303, "/moved", "/moved"))
        .log([opened(), event("a").id("1"), ended()])
        .requests([
            asked_with_body("REPORT"),
            asked().target("/moved"),
            asked_with_body("REPORT").id("1"),
        ])
}

fn of_locations() -> [Scenario; 6] {
    let located = |name: &str, location: &str, target: &str| {
        let path = target.split('?').next().unwrap_or_default();
        Scenario::new(format!("redirect-to-{name}"), &[Redirect])
            .script(script(302, location, path))
            .log([opened(), event("a").id("1"), ended()])
            .requests([asked(), asked().target(target), asked().id("1")])
    };
    [
        located("a-relative-path", "moved", "/moved"),
        located("a-path-with-dots", "./x/../moved/./y", "/moved/y"),
        located("a-query-alone", "?x=1", "/stream?x=1").script(
            Script::new().on("/stream", [moved(302, "?x=1"), stream("id: 1\ndata: a\n\n")]),
        ),
        located("an-address-with-a-fragment", "/moved#part", "/moved"),
        located("a-whole-address", "", "/moved").scripts(|urls| {
            (script(302, &format!("{}/moved", urls.here), "/moved"), Script::new())
        }),
        located("an-address-without-a-scheme", "", "/moved").scripts(|urls| {
            let location = format!("{}/moved", urls.here.trim_start_matches("http:"));
            (script(302, &location, "/moved"), Script::new())
        }),
    ]
}

fn of_bad_locations() -> [Scenario; 5] {
    let once = |name: &str, location: &str| {
        Scenario::new(format!("redirect-to-{name}"), &[Redirect])
            .script(script(302, location, "/x%20%C3%BC"))
            .retry(RetryPolicy::never())
            .end(NO_RETRY)
    };
    let is_final = |scenario: Scenario| {
        scenario
            .log([])
            .end(Closed::Refused(Refusal::Status(302)))
            .answer(302, "", "moved")
            .requests([asked()])
    };
    [
        once("another-scheme", "ftp://127.0.0.1/stream"),
        once("a-host-that-is-none", "http://a..b/"),
        once("a-host-that-is-none-over-tls", "https://a..b/"),
        once("what-is-no-address", "http://[::bad/")
            .with_quirk(Quirk::BadLocationIsFinal, is_final),
        once("an-address-that-is-not-escaped", "/x ü")
            .log([opened(), event("a").id("1")])
            .end(Closed::EndOfStream)
            .requests([asked(), asked().target("/x%20%C3%BC")]),
    ]
}

fn without_location(status: u16) -> Scenario {
    Scenario::new(format!("redirect-{status}-without-a-location-is-refused"), &[Redirect])
        .script(Reply::status(status).header("content-type", "text/plain").chunk("where to?"))
        .end(Closed::Refused(Refusal::Status(status)))
        .answer(status, "text/plain", "where to?")
}

fn of_chains() -> [Scenario; 4] {
    let chain = |count: usize| {
        let first = Script::new().on("/stream", moved(302, "/1"));
        (1..=count).fold(first, |script, n| {
            let last = n == count;
            let reply =
                if last { stream("data: a\n\n") } else { moved(307, format!("/{}", n + 1)) };
            script.on(format!("/{n}"), reply)
        })
    };
    let asked_in_turn = |count: usize| {
        let chain = (1..=count).map(|n| asked().target(format!("/{n}")));
        [asked()].into_iter().chain(chain)
    };
    let once = |name, script| {
        Scenario::new(name, &[Redirect]).script(script).retry(RetryPolicy::never()).end(NO_RETRY)
    };
    let to_itself = |location: &str| {
        let location = location.to_owned();
        Script::with(move |_| moved(302, location.clone()))
    };
    [
        once("redirects-are-followed-ten-times", chain(10))
            .log([opened(), event("a")])
            .end(Closed::EndOfStream)
            .requests(asked_in_turn(10)),
        once("redirects-are-not-followed-eleven-times", chain(11)).requests(asked_in_turn(10)),
        once("redirect-to-itself", to_itself(TARGET)).requests(vec![asked(); 11]),
        once("redirect-to-nothing-is-to-itself", to_itself("")).requests(vec![asked(); 11]),
    ]
}

fn of_ends() -> [Scenario; 5] {
    let to = |name: &str, reply: Reply| {
        let script = Script::new().on("/stream", moved(302, "/moved")).on("/moved", reply);
        Scenario::new(name, &[Redirect])
            .script(script)
            .requests([asked(), asked().target("/moved")])
    };
    [
        to("redirect-to-404-is-refused", Reply::status(404).chunk("gone"))
            .end(Closed::Refused(Refusal::Status(404)))
            .answer(404, "", "gone"),
        to("redirect-to-204-is-the-end", Reply::status(204)),
        to("redirect-to-503-starts-again", Reply::status(503))
            .log([lost(Cause::Status(503))])
            .requests([asked(), asked().target("/moved"), asked()]),
        to("redirect-to-a-reset-starts-again", Reply::reset_at_once())
            .script(
                Script::new()
                    .on("/stream", moved(302, "/moved").keep_alive(false))
                    .on("/moved", Reply::reset_at_once()),
            )
            .log([broken()])
            .requests([asked(), asked().target("/moved"), asked()]),
        to("redirect-with-a-body-without-end", Reply::status(204)).script(
            Script::new().on("/stream", endless_redirect()).on("/moved", Reply::status(204)),
        ),
    ]
}

fn of_reconnections() -> [Scenario; 4] {
    let twice = || {
        Script::new()
            .on("/stream", [moved(302, "/moved"), moved(302, "/moved")])
            .on("/moved", [stream("id: 1\ndata: a\n\n"), stream("data: b\n\n")])
    };
    let log = || [opened(), event("a").id("1"), ended(), opened(), event("b").id("1"), ended()];
    let there = || asked().target("/moved");
    [
        Scenario::new("redirected-again-at-each-attempt", &[Redirect, Id])
            .script(twice())
            .log(log())
            .requests([asked(), there(), asked().id("1"), there().id("1"), asked().id("1")]),
        Scenario::new("attempts-go-to-where-a-redirect-ended-on-request", &[Redirect, Id])
            .script(twice())
            .config(|config| config.reconnect_to(ReconnectTo::Redirected))
            .log(log())
            .requests([asked(), there(), there().id("1"), there().id("1")]),
        Scenario::new("redirect-at-a-reconnection", &[Redirect, Id])
            .script(
                Script::new()
                    .on("/stream", [stream("id: 1\ndata: a\n\n"), moved(307, "/moved")])
                    .on("/moved", stream("data: b\n\n")),
            )
            .log(log())
            .requests([asked(), asked().id("1"), there().id("1"), asked().id("1")]),
        Scenario::new("redirect-to-a-refusal-is-not-where-to-go", &[Redirect])
            .script(
                Script::new()
                    .on("/stream", [moved(302, "/moved"), stream("data: a\n\n")])
                    .on("/moved", Reply::status(503)),
            )
            .config(|config| config.reconnect_to(ReconnectTo::Redirected))
            .log([lost(Cause::Status(503)), opened(), event("a"), ended()])
            .requests([asked(), there(), asked(), asked()]),
    ]
}

/// Its body goes on for as long as someone listens.
fn endless_redirect() -> Reply {
    Reply::status(302)
        .framing(Framing::Chunked)
        .header("location", "/moved")
        .chunk("moved")
        .end(End::Silence)
}

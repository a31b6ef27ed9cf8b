//! Heads, statuses and content types.

use super::{ms, stream};
use crate::scenario::Tag::Http;
use crate::scenario::build::steady;
use crate::scenario::want::{asked, broken, ended, event, opened};
use crate::scenario::{Quirk, Scenario, Tag, View};
use crate::{Framing, Reply};
use sse_proto::{Cause, Closed, GiveUp, Refusal};

const REFUSED_TYPE: Closed = Closed::Refused(Refusal::ContentType);

pub(super) fn list() -> Vec<Scenario> {
    let mut list = Vec::new();
    let statuses =
        [201, 202, 205, 206, 300, 400, 401, 403, 404, 410, 418, 501, 505, 520, 599, 600, 999];
    list.extend(statuses.map(status_refused));
    list.extend(of_types());
    list.extend(of_heads());
    list.extend(of_no_content());
    list.extend([101, 304].map(status_without_a_body));
    list.push(refused_to_who_waits_for_the_opening());
    list
}

/// A stream behind this head is accepted.
fn accepted(name: &str, reply: Reply) -> Scenario {
    Scenario::new(name, &[Http])
        .script(reply.chunk("data: a\n\n"))
        .log([opened(), event("a"), ended()])
        .requests([asked(), asked()])
}

fn status_refused(status: u16) -> Scenario {
    let body = "event streams look different";
    let reply = Reply::status(status).header("content-type", "text/plain; charset=utf-8");
    Scenario::new(format!("status-{status}-is-refused"), &[Http])
        .script(reply.chunk(body))
        .end(Closed::Refused(Refusal::Status(status)))
        .answer(status, "text/plain; charset=utf-8", body)
}

fn status_without_a_body(status: u16) -> Scenario {
    Scenario::new(format!("status-{status}-is-refused"), &[Http])
        .script(Reply::status(status))
        .end(Closed::Refused(Refusal::Status(status)))
        .answer(status, "", "")
}

fn refused_to_who_waits_for_the_opening() -> Scenario {
    Scenario::new("refusal-is-told-to-who-waits-for-the-opening", &[Http])
        .script(Reply::status(404).chunk("no"))
        .view(View::Opened)
        .end(Closed::Refused(Refusal::Status(404)))
        .answer(404, "", "no")
}

fn of_types() -> [Scenario; 8] {
    let page = |reply: Reply| reply.chunk("<p>Sign in</p>");
    let accept = ["text/event-stream", "application/x-events"];
    [
        accepted(
            "content-type-in-other-words",
            Reply::status(200).header("CONTENT-TYPE", "Text/Event-Stream ; Charset=\"UTF-8\";x=y"),
        ),
        accepted(
            "content-type-twice-and-the-last-one-counts",
            Reply::status(200)
                .header("content-type", "text/plain")
                .header("content-type", "text/event-stream"),
        ),
        Scenario::new("content-type-of-a-page-is-refused", &[Http])
            .script(page(Reply::stream().content_type("text/html")))
            .end(REFUSED_TYPE)
            .answer(200, "text/html", "<p>Sign in</p>"),
        Scenario::new("content-type-that-is-missing-is-refused", &[Http])
            .script(page(Reply::status(200)))
            .end(REFUSED_TYPE)
            .answer(200, "", "<p>Sign in</p>"),
        Scenario::new("content-type-that-only-begins-right-is-refused", &[Http])
            .script(page(Reply::stream().content_type("text/event-streams")))
            .end(REFUSED_TYPE)
            .answer(200, "text/event-streams", "<p>Sign in</p>"),
        Scenario::new("body-of-a-refused-response-comes-late", &[Http])
            .script(
                Reply::stream()
                    .content_type("application/json")
                    .framing(Framing::UntilClose)
                    .delay_body(ms(40))
                    .chunk("{\"error\":")
                    .pause(ms(40))
                    .chunk("\"quota\"}"),
            )
            .end(REFUSED_TYPE)
            .answer(200, "application/json", "{\"error\":\"quota\"}"),
        Scenario::new("content-type-that-was-set-is-accepted", &[Http])
            .script(stream("data: a\n\n").content_type("application/x-events"))
            .config(|config| config.accept(accept))
            .log([opened(), event("a"), ended()])
            .requests([asked(), asked()]),
        Scenario::new("content-type-that-was-not-set-is-refused", &[Http])
            .script(stream("data: a\n\n"))
            .config(|config| config.accept(["application/x-events"]))
            .end(REFUSED_TYPE)
            .answer(200, "text/event-stream", "data: a\n\n"),
    ]
}

fn of_heads() -> [Scenario; 11] {
    let many = |count: usize| {
        (0..count).fold(Reply::stream(), |reply, n| reply.header(format!("x-{n}"), "value"))
    };
    [
        accepted("head-after-100", Reply::stream().before("HTTP/1.1 100 Continue\r\n\r\n")),
        accepted(
            "head-after-103",
            Reply::stream().before("HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"),
        ),
        accepted(
            "head-after-102-and-103",
            Reply::stream()
                .before("HTTP/1.1 102 Processing\r\n\r\n")
                .before("HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"),
        ),
        accepted("head-without-a-reason", Reply::stream().reason("")),
        accepted("head-with-a-utf-8-value", Reply::stream().header("x-name", "Zoë № 5")),
        accepted("head-with-a-latin-1-value", Reply::stream().header("x-name", b"Zo\xEB".to_vec())),
        accepted("head-of-20-kilobytes", Reply::stream().header("x-long", vec![b'x'; 20_000])),
        accepted("head-of-60-kilobytes", Reply::stream().header("x-long", vec![b'x'; 60_000])),
        accepted("head-with-90-headers", many(88)),
        accepted("head-with-200-headers", many(198)).with_quirk(
            Quirk::AtMost100Headers,
            |scenario| {
                scenario
                    .retry(steady().max_retries(Some(0)))
                    .log([])
                    .end(Closed::Lost { cause: Cause::Transport, give_up: GiveUp::NoRetry })
                    .requests([asked()])
            },
        ),
        // What a server that is about to die may still get out.
        Scenario::new("head-in-pieces", &[Http, Tag::Framing])
            .script([
                Reply::raw("HTTP/1.1 200 OK\r\ncontent-type: text/ev")
                    .pause(ms(30))
                    .chunk("ent-stream\r\n\r")
                    .pause(ms(30))
                    .chunk("\ndata: a\n\n"),
                Reply::raw("HTTP/1.1 2"),
            ])
            .log([opened(), event("a"), ended(), broken()])
            .requests([asked(), asked(), asked()]),
    ]
}

fn of_no_content() -> [Scenario; 4] {
    [
        Scenario::new("status-204-at-first", &[Http]),
        Scenario::new("status-204-with-the-head-of-a-stream", &[Http]).script(
            Reply::status(204)
                .header("content-type", "text/event-stream")
                .header("content-length", "0"),
        ),
        Scenario::new("status-204-to-who-waits-for-the-opening", &[Http]).view(View::Opened),
        Scenario::new("opening-is-waited-for", &[Http])
            .script([Reply::status(503), Reply::close_at_once(), stream("data: a\n\n")])
            .view(View::Opened)
            .log([opened(), event("a"), ended()])
            .requests(vec![asked(); 4]),
    ]
}

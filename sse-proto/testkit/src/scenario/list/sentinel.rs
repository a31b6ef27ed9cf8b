//! The mark that ends a stream.

use super::stream;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Loss, Request, Sentinel as OfSentinel};
use crate::scenario::want::{asked, broken, event, lost, opened};
use crate::{End, Reply};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy, Sentinel};

fn done(name: &str) -> Scenario {
    let sentinel = Sentinel::Data("[DONE]".into());
    Scenario::new(name, &[OfSentinel])
        .config(|config| config.sentinel(Some(sentinel)))
        .end(Closed::Sentinel)
}

pub(super) fn list() -> Vec<Scenario> {
    let missing = || lost(Cause::MissingSentinel);
    let without = |give_up| Closed::Lost { cause: Cause::MissingSentinel, give_up };
    vec![
        done("sentinel-by-data-ends-the-stream")
            .script([stream("data: a\n\ndata: [DONE]\n\ndata: b\n\n"), stream("data: never\n\n")])
            .log([opened(), event("a")]),
        done("sentinel-closes-a-connection-that-goes-on")
            .script(stream("data: a\n\ndata: [DONE]\n\n").end(End::Silence))
            .log([opened(), event("a")])
            .settles(),
        done("sentinel-by-type-is-given-and-ends-the-stream")
            .config(|config| config.sentinel(Some(Sentinel::EventType("message_stop".into()))))
            .script(stream("data: a\n\nevent: message_stop\ndata: {}\n\n").end(End::Silence))
            .log([opened(), event("a"), event("{}").of_type("message_stop")])
            .settles(),
        done("sentinel-that-is-missing-is-a-loss")
            .script([
                stream("id: 1\ndata: a\n\n"),
                stream("data: [DONE] \n\ndata: [DONE]"),
                stream("data: b\n\ndata: [DONE]\n\n"),
            ])
            .log([
                opened(),
                event("a").id("1"),
                missing(),
                opened(),
                event("[DONE] ").id("1"),
                missing(),
                opened(),
                event("b").id("1"),
            ])
            .requests([asked(), asked().id("1"), asked().id("1")]),
        done("sentinel-that-is-missing-after-a-reset-is-a-reset")
            .script([Reply::stream().end(End::Reset), stream("data: [DONE]\n\n")])
            .log([opened(), broken(), opened()])
            .requests([asked(), asked()]),
        done("one-shot-without-its-sentinel-is-lost")
            .script(stream("data: a\n\n"))
            .retry(RetryPolicy::never())
            .log([opened(), event("a")])
            .end(without(GiveUp::NoRetry)),
        done("post-with-its-sentinel")
            .tag(Request)
            .method("POST")
            .body("{}")
            .no_policy()
            .script(stream("data: a\n\ndata: [DONE]\n\n"))
            .log([opened(), event("a")])
            .requests([asked().method("POST").body("{}").header("content-length", "2")]),
        Scenario::new("sentinel-of-another-kind-is-an-event", &[OfSentinel, Loss])
            .script(stream("data: [DONE]\n\n"))
            .retry(RetryPolicy::never())
            .log([opened(), event("[DONE]")])
            .end(Closed::EndOfStream),
    ]
}

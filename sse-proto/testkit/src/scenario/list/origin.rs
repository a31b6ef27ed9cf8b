//! Redirects to another origin, and what must not go along.

use super::redirect::moved;
use super::stream;
use crate::scenario::Tag::{Id, Redirect, Request};
use crate::scenario::want::{Asked, asked, ended, event, opened};
use crate::scenario::{Quirk, Scenario};
use crate::{Reply, Script};
use sse_proto::{Closed, Config, ReconnectTo, Refusal, RetryPolicy};

/// A request with credentials of the usual names, and of the user's own making.
pub(super) fn with_credentials(name: &str) -> Scenario {
    Scenario::new(name, &[Redirect, Request])
        .header("authorization", "Bearer abc")
        .header("cookie", "session=abc")
        .header("proxy-authorization", "Basic abc")
        .header("x-api-key", "abc")
        .retry(RetryPolicy::never())
        .log([opened(), event("a").id("1")])
        .end(Closed::EndOfStream)
        .requests([asked_with_credentials()])
}

pub(super) fn asked_with_credentials() -> Asked {
    asked()
        .header("authorization", "Bearer abc")
        .header("cookie", "session=abc")
        .header("proxy-authorization", "Basic abc")
        .header("x-api-key", "abc")
}

pub(super) fn asked_without_credentials() -> Asked {
    asked()
        .without("authorization")
        .without("cookie")
        .without("proxy-authorization")
        .without("x-api-key")
}

fn a() -> Reply {
    stream("id: 1\ndata: a\n\n")
}

pub(super) fn list() -> Vec<Scenario> {
    vec![
        credentials_stay(),
        credentials_stay_on_the_way(),
        credentials_stay_when_it_comes_back(),
        address_stays(),
        credentials_go_along_on_one_origin(),
        credentials_stay_at_a_reconnection(),
        id_goes_along(),
        body_goes_along(),
        refused_elsewhere(),
    ]
}

fn credentials_stay() -> Scenario {
    let there = || asked_without_credentials().target("/moved");
    with_credentials("credentials-stay-on-their-origin")
        .scripts(|urls| {
            (moved(302, format!("{}/moved", urls.there)).into(), Script::new().on("/moved", a()))
        })
        .requests_there([there()])
        .with_quirk(Quirk::CustomHeadersCross, move |scenario| {
            scenario.requests_there([there().header("x-api-key", "abc")])
        })
}

/// The second hop is within the other origin: what was taken away must not come back.
fn credentials_stay_on_the_way() -> Scenario {
    let there = |target: &str| asked_without_credentials().target(target);
    with_credentials("credentials-do-not-come-back-within-another-origin")
        .scripts(|urls| {
            let there = Script::new().on("/moved", moved(307, "/again")).on("/again", a());
            (moved(307, format!("{}/moved", urls.there)).into(), there)
        })
        .requests_there([there("/moved"), there("/again")])
        .with_quirk(Quirk::CustomHeadersCross, move |scenario| {
            scenario.requests_there(
                ["/moved", "/again"].map(|target| there(target).header("x-api-key", "abc")),
            )
        })
        .with_quirk(Quirk::CredentialsComeBack, move |scenario| {
            scenario.requests_there([
                there("/moved").header("x-api-key", "abc"),
                asked_with_credentials().target("/again"),
            ])
        })
}

fn address_stays() -> Scenario {
    let there = || asked().target("/moved");
    Scenario::new("address-is-not-told-to-another-origin", &[Redirect])
        .scripts(|urls| {
            (moved(302, format!("{}/moved", urls.there)).into(), Script::new().on("/moved", a()))
        })
        .retry(RetryPolicy::never())
        .log([opened(), event("a").id("1")])
        .end(Closed::EndOfStream)
        .requests_there([there().without("referer")])
        .with_quirk(Quirk::SendsReferer, move |scenario| {
            scenario.requests_there([there().some("referer")])
        })
}

/// As Fetch has it: what was taken away is gone for the rest of the way.
fn credentials_stay_when_it_comes_back() -> Scenario {
    with_credentials("redirect-there-and-back")
        .scripts(|urls| {
            let back = moved(307, format!("{}/back", urls.here));
            let here = Script::new()
                .on("/stream", moved(307, format!("{}/moved", urls.there)))
                .on("/back", a());
            (here, Script::new().on("/moved", back))
        })
        .requests([asked_with_credentials(), asked_without_credentials().target("/back")])
        .requests_there([asked_without_credentials().target("/moved")])
        .with_quirk(Quirk::CustomHeadersCross, |scenario| {
            let asked = |path| asked_without_credentials().target(path).header("x-api-key", "abc");
            scenario
                .requests([asked_with_credentials(), asked("/back")])
                .requests_there([asked("/moved")])
        })
}

fn credentials_go_along_on_one_origin() -> Scenario {
    with_credentials("credentials-go-along-on-one-origin")
        .script(Script::new().on("/stream", moved(302, "/moved")).on("/moved", a()))
        .requests([asked_with_credentials(), asked_with_credentials().target("/moved")])
}

/// The attempts after the first go straight to the other origin, where the first one was sent without them.
fn credentials_stay_at_a_reconnection() -> Scenario {
    let there = || asked_without_credentials().target("/moved");
    let redirected = |config: Config| config.reconnect_to(ReconnectTo::Redirected);
    with_credentials("credentials-stay-when-a-reconnection-goes-to-another-origin")
        .scripts(|urls| {
            (moved(302, format!("{}/moved", urls.there)).into(), Script::new().on("/moved", a()))
        })
        .retry(crate::scenario::build::steady())
        .config(redirected)
        .log([opened(), event("a").id("1"), ended()])
        .end(Closed::NoContent)
        .requests_there([there(), there().id("1")])
        .with_quirk(Quirk::CustomHeadersCross, move |scenario| {
            // The second request goes there without a redirect that could take it along.
            scenario.requests_there([there().header("x-api-key", "abc"), there().id("1")])
        })
}

fn id_goes_along() -> Scenario {
    Scenario::new("id-goes-along-to-another-origin", &[Redirect, Id])
        .scripts(|urls| {
            let again = || moved(302, format!("{}/moved", urls.there));
            let there = Script::new().on("/moved", [a(), stream("data: b\n\n")]);
            ([again(), again()].into(), there)
        })
        .config(|mut config| {
            config.last_event_id = "№ 0".to_owned();
            config
        })
        .log([opened(), event("a").id("1"), ended(), opened(), event("b").id("1"), ended()])
        .requests([asked().id("№ 0"), asked().id("1"), asked().id("1")])
        .requests_there([asked().target("/moved").id("№ 0"), asked().target("/moved").id("1")])
}

fn body_goes_along() -> Scenario {
    let with_body = |asked: Asked| {
        let asked = asked.method("POST").header("content-type", "text/x-query");
        asked.header("content-encoding", "x-none").header("content-language", "tlh").body("all")
    };
    Scenario::new("redirect-307-takes-a-body-to-another-origin", &[Redirect, Request])
        .method("POST")
        .header("content-type", "text/x-query")
        .header("content-encoding", "x-none")
        .header("content-language", "tlh")
        .body("all")
        .no_policy()
        .scripts(|urls| {
            (moved(307, format!("{}/moved", urls.there)).into(), Script::new().on("/moved", a()))
        })
        .log([opened(), event("a").id("1")])
        .end(Closed::EndOfStream)
        .requests([with_body(asked())])
        .requests_there([with_body(asked().target("/moved"))])
}

fn refused_elsewhere() -> Scenario {
    Scenario::new("refusal-of-another-origin-is-given-back", &[Redirect])
        .scripts(|urls| {
            let there = Reply::status(403).header("content-type", "text/plain").chunk("not you");
            (moved(302, format!("{}/moved", urls.there)).into(), Script::new().on("/moved", there))
        })
        .end(Closed::Refused(Refusal::Status(403)))
        .answer(403, "text/plain", "not you")
        .requests_there([asked().target("/moved")])
}

//! https that does not come about, and what is sent back out of it.

use super::super::origin::{asked_with_credentials, asked_without_credentials, with_credentials};
use super::super::redirect::moved;
use super::{LIMIT, hostile};
use crate::Script;
use crate::scenario::Tag::{Clock, Hostile, Loss, Tls as OfTls};
use crate::scenario::build::{Tls, steady};
use crate::scenario::list::stream;
use crate::scenario::want::lost;
use crate::scenario::{Quirk, Scenario};
use sse_proto::{Cause, Closed, GiveUp};

pub(super) fn list() -> Vec<Scenario> {
    vec![stalled(), downgraded()]
}

fn stalled() -> Scenario {
    let cause = Cause::ConnectTimeout(LIMIT);
    hostile("tls-handshake-that-stalls", &[OfTls, Clock, Loss])
        .tls(Tls::Stalled)
        .retry(steady().max_retries(Some(1)))
        .config(|config| config.connect_timeout(Some(LIMIT)))
        .log([lost(cause)])
        .end(Closed::Lost { cause, give_up: GiveUp::Retries { limit: 1 } })
        .requests([])
}

/// Followed, as to any other origin: without what could be a credential.
fn downgraded() -> Scenario {
    let there = || asked_without_credentials().target("/moved").without("referer");
    with_credentials("redirect-from-https-to-http")
        .tag(OfTls)
        .tag(Hostile)
        .tls(Tls::Trusted)
        .scripts(|urls| {
            let here = moved(302, format!("{}/moved", urls.there)).keep_alive(false);
            (here.into(), Script::new().on("/moved", stream("id: 1\ndata: a\n\n")))
        })
        .requests([asked_with_credentials()])
        .requests_there([there()])
        .with_quirk(Quirk::CustomHeadersCross, move |scenario| {
            scenario.requests_there([there().header("x-api-key", "abc")])
        })
}

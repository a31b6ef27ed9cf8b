//! Redirects that lead nowhere, or where nobody wants to go.

use super::super::redirect::moved;
use super::hostile;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Loss, Redirect};
use crate::scenario::build::steady;
use crate::scenario::list::stream;
use crate::scenario::want::{asked, broken, ended, event, opened};
use crate::{Reply, Script};
use sse_proto::{Cause, Closed, GiveUp};

pub(super) fn list() -> Vec<Scenario> {
    vec![without_end(), to_a_long_address(), with_user_information(), with_a_location_of_nonsense()]
}

/// Each attempt follows ten, and two attempts may fail.
fn without_end() -> Scenario {
    let further = |request: &crate::Request| {
        let here = request.path().trim_start_matches(|c: char| !c.is_ascii_digit());
        match here.parse().unwrap_or(0) {
            10_000 => stream("data: a\n\n"),
            here => moved(302, format!("/{}", here + 1)),
        }
    };
    let attempt =
        || (0..=10).map(|n| if n == 0 { asked() } else { asked().target(format!("/{n}")) });
    hostile("ten-thousand-redirects", &[Redirect, Loss])
        .script(Script::with(further))
        .retry(steady().max_retries(Some(2)))
        .log([broken(), broken()])
        .end(Closed::Lost { cause: Cause::Transport, give_up: GiveUp::Retries { limit: 2 } })
        .requests(attempt().chain(attempt()).chain(attempt()))
}

fn to_a_long_address() -> Scenario {
    let path = format!("/{}", "x".repeat(60_000));
    hostile("redirect-to-an-address-of-60-kilobytes", &[Redirect])
        .script(
            Script::new()
                .on("/stream", moved(302, path.clone()))
                .on(path.clone(), stream("data: a\n\n")),
        )
        .log([opened(), event("a"), ended()])
        .requests([asked(), asked().target(path), asked()])
}

/// Whoever redirects does not say who the user is.
fn with_user_information() -> Scenario {
    hostile("redirect-with-user-information", &[Redirect])
        .scripts(|urls| {
            let location = urls.there.replace("http://", "http://user:password@") + "/moved";
            let there = Script::new().on("/moved", stream("data: a\n\n"));
            (moved(302, location).into(), there)
        })
        .log([opened(), event("a"), ended()])
        .requests([asked(), asked()])
        .requests_there([asked().target("/moved").without("authorization")])
}

fn with_a_location_of_nonsense() -> Scenario {
    hostile("redirect-with-a-location-of-control-characters", &[Redirect])
        .script([
            Reply::status(302).header("location", b"/\x01\x02\xFF\tx".to_vec()),
            stream("data: b\n\n"),
        ])
        .log([broken(), opened(), event("b"), ended()])
        .requests([asked(), asked(), asked()])
}

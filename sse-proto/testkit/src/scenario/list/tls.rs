//! https.

use super::stream;
use crate::scenario::Scenario;
use crate::scenario::Tag::{Loss, Steer, Tls as OfTls};
use crate::scenario::ask::When;
use crate::scenario::build::{Tls, steady};
use crate::scenario::want::{asked, broken, ended, event, opened};
use crate::scenario::{Command, View};
use crate::{End, Reply};
use sse_proto::{Cause, Closed, GiveUp, RetryPolicy};

pub(super) fn list() -> Vec<Scenario> {
    let refused = |name: &str, tls, text| {
        let give_up = GiveUp::Retries { limit: 1 };
        Scenario::new(name, &[OfTls, Loss])
            .script(stream("data: never\n\n"))
            .tls(tls)
            .retry(steady().max_retries(Some(1)))
            .log([broken().saying(text)])
            .end(Closed::Lost { cause: Cause::Transport, give_up })
            .saying(text)
            .requests([])
    };
    let once = |reply: Reply| reply.keep_alive(false);
    vec![
        refused("certificate-of-an-unknown-authority", Tls::Unknown, "UnknownIssuer"),
        refused("certificate-for-another-name", Tls::OtherName, "not valid for"),
        Scenario::new("certificate-of-a-trusted-authority", &[OfTls, Loss])
            .tls(Tls::Trusted)
            .script([
                once(stream("id: 1\ndata: a\n\n")),
                once(stream("data: b\n\n").end(End::Fin)),
                Reply::status(204).keep_alive(false),
            ])
            .log([opened(), event("a").id("1"), ended(), opened(), event("b").id("1"), broken()])
            .requests([asked(), asked().id("1"), asked().id("1")]),
        Scenario::new("one-shot-over-tls", &[OfTls])
            .tls(Tls::Trusted)
            .script(once(stream("data: a\n\n").trickle()))
            .retry(RetryPolicy::never())
            .view(View::Opened)
            .log([opened(), event("a")])
            .end(Closed::EndOfStream),
        Scenario::new("dropped-over-tls", &[OfTls, Steer])
            .tls(Tls::Trusted)
            .script(stream("data: a\n\n").end(End::Silence))
            .at(When::Event(1), Command::Leave)
            .log([opened(), event("a")])
            .left(),
    ]
}

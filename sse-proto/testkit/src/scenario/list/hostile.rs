//! Servers that mean harm, or might as well.
//!
//! What has no end here goes on until the client leaves, or for [`MUCH`] bytes where the client has no reason to leave.
//! Limits are small, so that whoever keeps what comes is seen to do so.

mod body;
#[cfg(feature = "gzip")]
mod gzip;
mod head;
mod id;
mod redirect;
mod wait;
#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use super::ms;
use crate::scenario::want::{Want, broken, ended, event, opened};
use crate::scenario::{Scenario, Tag};
use crate::{End, Reply};
use sse_proto::Limits;

/// What a body has that goes on for very long: 64 MiB, and less where nothing is optimized.
const MUCH: u64 = if cfg!(debug_assertions) { 1 << 20 } else { 64 << 20 };

/// What is sent at once of what has no end.
const PIECE: usize = 64 * 1024;

const EVENT_BYTES: usize = 64 * 1024;
const ID_BYTES: usize = 4 * 1024;

/// Scenarios of other topics that are hostile too.
const ELSEWHERE: &[&str] = &[
    "accepted-and-closed-at-once-is-backed-off-from",
    "address-is-not-told-to-another-origin",
    "body-byte-by-byte-ended-by-a-content-length",
    "body-byte-by-byte-ended-by-chunks",
    "body-longer-than-its-content-length",
    "credentials-do-not-come-back-within-another-origin",
    "credentials-stay-on-their-origin",
    "event-of-10-kilobytes-byte-by-byte",
    "half-a-head-in-time",
    "head-in-pieces",
    "head-with-200-headers",
    "id-outside-ascii-goes-out-as-its-bytes",
    "id-with-a-nul-is-ignored",
    "lost-by-a-body-without-a-head",
    "lost-by-a-status-that-is-no-number",
    "lost-by-chunk-without-a-size",
    "lost-by-fin-before-the-content-length",
    "lost-by-fin-in-a-chunk",
    "lost-by-what-is-not-http",
    "no-answer-to-the-call-in-time",
    "no-head-in-time",
    "redirect-there-and-back",
    "redirect-to-another-scheme",
    "redirect-to-itself",
    "redirect-with-a-body-without-end",
    "retry-after-as-a-date-that-has-passed",
    "retry-after-too-long-is-the-end",
    "retry-field-of-centuries-is-the-end",
    "status-599-is-refused",
    "status-999-is-refused",
];

pub(super) fn list() -> Vec<Scenario> {
    let lists = [
        body::list(),
        #[cfg(feature = "gzip")]
        gzip::list(),
        head::list(),
        id::list(),
        redirect::list(),
        wait::list(),
        #[cfg(feature = "tls")]
        tls::list(),
    ];
    lists.into_iter().flatten().collect()
}

/// Gives the scenarios of other topics their tag.
pub(super) fn mark(scenarios: &mut [Scenario]) {
    for scenario in scenarios {
        if ELSEWHERE.contains(&&scenario.name[..]) {
            scenario.tags.push(Tag::Hostile);
        }
    }
}

fn hostile(name: impl Into<String>, tags: &[Tag]) -> Scenario {
    let limits = Limits::default().event_bytes(EVENT_BYTES).id_bytes(ID_BYTES);
    let scenario = Scenario::new(name, &[Tag::Hostile]).config(|config| config.limits(limits));
    tags.iter().fold(scenario, |scenario, tag| scenario.tag(*tag))
}

/// The bytes again and again, until the client leaves.
fn endless(reply: Reply, bytes: &[u8]) -> Reply {
    let times = (PIECE / bytes.len()).max(1);
    reply.end(End::Endless(bytes.repeat(times), ms(0)))
}

/// The bytes again and again, for long enough, and then nothing until the client leaves.
fn on_and_on(reply: Reply, bytes: &[u8]) -> Reply {
    reply.repeat(bytes, MUCH / bytes.len() as u64).end(End::Silence)
}

/// A time-out, and time enough for a machine that is busy with the others.
const LIMIT: Duration = ms(1_000);

/// What a client sees that had an event, with the id 1, before it was lost, and gets another after it.
fn lost_between_events(cause: Want) -> [Want; 6] {
    [opened(), event("a").id("1"), cause, opened(), event("b").id("1"), ended()]
}

/// A first event, which any hostility comes after.
const FIRST: &str = "id: 1\ndata: a\n\n";

/// What a client sees whose first attempt fails, and whose second one gets an event.
fn lost_before_an_event() -> [Want; 4] {
    [broken(), opened(), event("b"), ended()]
}

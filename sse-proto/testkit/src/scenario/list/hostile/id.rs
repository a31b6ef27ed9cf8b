//! Ids that are to become something else in the next request.

use super::{FIRST, ID_BYTES, hostile};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Decode, Id};
use crate::scenario::list::stream;
use crate::scenario::want::{Want, asked, ended, event, opened};
use sse_proto::DecodeError;

pub(super) fn list() -> Vec<Scenario> {
    let mut list = vec![of_a_megabyte(), of_control_characters(), many()];
    list.extend(of_header_text());
    list
}

fn of_a_megabyte() -> Scenario {
    hostile("id-of-a-megabyte", &[Decode, Id])
        .script(stream(FIRST).chunk("id: ").repeat("x", 1 << 20).chunk("\ndata: b\n\n"))
        .log([
            opened(),
            event("a").id("1"),
            Want::Skipped(DecodeError::IdTooLong { limit: ID_BYTES }),
            ended(),
        ])
        .requests([asked(), asked().id("1")])
}

/// All that a line can hold and a header cannot.
fn of_control_characters() -> Scenario {
    let characters = (1..=0x1F).chain([0x7F]).map(char::from);
    let ids: Vec<_> = characters
        .filter(|character| !['\t', '\n', '\r'].contains(character))
        .map(|character| format!("2{character}X-Injected: 1"))
        .collect();
    let body: String = ids.iter().map(|id| format!("id: {id}\ndata: b\n\n")).collect();
    let events = ids.iter().map(|id| event("b").id(id));
    hostile("id-with-each-control-character", &[Id])
        .script(stream(format!("{FIRST}{body}")))
        .log([opened(), event("a").id("1")].into_iter().chain(events).chain([ended()]))
        .requests([asked(), asked().id("1").without("x-injected")])
}

/// What one id may do, and so what a thousand may.
fn many() -> Scenario {
    let count: usize = 1_000;
    let id = |n: usize| format!("{n:04000}");
    let make = move |n| (n < count as u64).then(|| format!("id: {n:04000}\n\n").into_bytes());
    hostile("thousand-ids-of-4-kilobytes", &[Decode, Id])
        .script(crate::Reply::stream().generate(super::ms(0), make))
        .log([opened(), ended()])
        .requests([asked(), asked().id(id(count - 1))])
}

/// The line that an id comes in, the id that it is, and what goes out.
fn of_header_text() -> [Scenario; 6] {
    let id = |name: &str, line: &str, id: &str, sent: &str| {
        hostile(format!("id-with-{name}"), &[Id])
            .script(stream(format!("{line}\ndata: a\n\n")))
            .log([opened(), event("a").id(id), ended()])
            .requests([asked(), asked().id(sent).without("x-injected")])
    };
    let tab = "x\tX-Injected: 1";
    let unicode = "x\u{85}X-Injected: 1\u{2028}X-Injected: 1\u{2029}\u{FF0D}\u{FF0A}";
    // The low bytes of these characters are CR and LF.
    let narrow = "x\u{10D}\u{10A}X-Injected: 1";
    [
        id("a-cr-is-cut-there", "id: x\rX-Injected: 1", "x", "x"),
        id("a-line-end-is-cut-there", "id: x\r\nX-Injected: 1", "x", "x"),
        id("a-tab-and-header-text", &format!("id: {tab}"), tab, tab),
        id("line-ends-of-unicode", &format!("id: {unicode}"), unicode, unicode),
        id("characters-that-end-in-line-ends", &format!("id: {narrow}"), narrow, narrow),
        // HTTP has no spaces around a value.
        id("spaces-around-it", "id:  \t x \t ", " \t x \t ", "x"),
    ]
}

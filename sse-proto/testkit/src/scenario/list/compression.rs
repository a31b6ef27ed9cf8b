//! Compressed bodies, which the user asked for.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::scenario::Tag::{Compression as OfCompression, Loss, Steer};
use crate::scenario::ask::When;
use crate::scenario::want::{Want, asked, broken, ended, event, opened};
use crate::scenario::{Command, Scenario, Tag};
use crate::{End, Reply};

/// The bytes of each of these chunks, flushed behind each, and what ends them.
fn gzip(chunks: &[&str]) -> (Vec<Vec<u8>>, Vec<u8>) {
    const INTO_MEMORY: &str = "what goes into memory does not fail";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let flushed = chunks.iter().map(|chunk| {
        encoder.write_all(chunk.as_bytes()).expect(INTO_MEMORY);
        // A sync flush.
        encoder.flush().expect(INTO_MEMORY);
        std::mem::take(encoder.get_mut())
    });
    let flushed = flushed.collect();
    (flushed, encoder.finish().expect(INTO_MEMORY))
}

/// A stream that is flushed behind each of these chunks, without what ends the compression.
fn flushed(chunks: &[&str]) -> Reply {
    let chunks = gzip(chunks).0.into_iter();
    chunks.fold(Reply::stream().header("content-encoding", "gzip"), Reply::chunk)
}

fn whole(chunks: &[&str]) -> Reply {
    flushed(chunks).chunk(gzip(chunks).1)
}

/// What a client sees that decompresses.
fn asks(name: &str, tags: &[Tag], reply: Reply, log: impl IntoIterator<Item = Want>) -> Scenario {
    let asked = || asked().header("accept-encoding", "gzip");
    Scenario::new(name, &[&[OfCompression], tags].concat())
        .header("accept-encoding", "gzip")
        .script([reply, whole(&["data: again\n\n"])])
        .log(log.into_iter().chain([opened(), event("again"), ended()]))
        .requests(vec![asked(); 3])
}

pub(super) fn list() -> Vec<Scenario> {
    let two = ["id: 1\ndata: a\n\n", "id\ndata: b\n\n"];
    let both = || [opened(), event("a").id("1"), event("b"), ended()];
    vec![
        // The server says no more until the client has the event.
        asks(
            "compressed-event-is-given-when-it-is-flushed",
            &[Steer],
            flushed(&["data: a\n\n"]).end(End::Silence),
            [opened(), event("a")],
        )
        .at(When::Event(1), Command::Restart),
        asks("compressed-body-comes-whole", &[], whole(&two), both()),
        asks("compressed-body-comes-byte-by-byte", &[], whole(&two).trickle(), both()),
        asks(
            "compressed-body-that-is-cut-is-a-loss",
            &[Loss],
            flushed(&["data: a\n\n"]),
            [opened(), event("a"), broken()],
        ),
        asks(
            "body-that-is-not-compressed-as-it-says-is-a-loss",
            &[Loss],
            Reply::stream().header("content-encoding", "gzip").chunk("data: never\n\n"),
            [opened(), broken()],
        ),
    ]
}

//! Compressed bodies that are small until somebody decompresses them.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{EVENT_BYTES, FIRST, MUCH, hostile};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Compression as OfCompression, Decode, Id};
use crate::scenario::want::{Want, asked, ended, event, opened};
use crate::{Reply, Script};
use sse_proto::DecodeError;

/// One line of [`MUCH`] bytes, a thousandth of that on the way. The block is skipped, its id does not count, and the stream
/// goes on.
pub(super) fn list() -> Vec<Scenario> {
    let asked = || asked().header("accept-encoding", "gzip");
    let too_large = DecodeError::EventTooLarge { limit: EVENT_BYTES };
    let bomb = hostile("gzip-bomb-of-one-line", &[Decode, Id, OfCompression])
        .header("accept-encoding", "gzip")
        .scripts(|_| (zipped().into(), Script::default()))
        .log([opened(), event("a").id("1"), Want::Skipped(too_large), event("b").id("1"), ended()])
        .requests([asked(), asked().id("1")]);
    vec![bomb]
}

fn zipped() -> Reply {
    const INTO_MEMORY: &str = "what goes into memory does not fail";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    write!(encoder, "{FIRST}id: 2\ndata: ").expect(INTO_MEMORY);
    io::copy(&mut io::repeat(b'x').take(MUCH), &mut encoder).expect(INTO_MEMORY);
    write!(encoder, "\n\ndata: b\n\n").expect(INTO_MEMORY);
    Reply::stream().header("content-encoding", "gzip").chunk(encoder.finish().expect(INTO_MEMORY))
}

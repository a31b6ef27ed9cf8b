//! Compressed bodies that are small until somebody decompresses them.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{EVENT_BYTES, FIRST, LIMIT, MUCH, hostile, lost_between_events, on_and_on};
use crate::scenario::Scenario;
use crate::scenario::Tag::{Clock, Compression as OfCompression, Decode, Id};
use crate::scenario::list::stream;
use crate::scenario::want::{Want, asked, ended, event, lost, opened};
use crate::{Reply, Script};
use sse_proto::{Cause, DecodeError};

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
    // Empty blocks, of which there may be any number.
    let nothing = hostile("gzip-of-nothing-on-and-on", &[Clock, OfCompression])
        .header("accept-encoding", "gzip")
        .scripts(|_| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(FIRST.as_bytes()).expect(INTO_MEMORY);
            encoder.flush().expect(INTO_MEMORY);
            let reply = Reply::stream().header("content-encoding", "gzip");
            let reply = on_and_on(reply.chunk(encoder.get_ref().as_slice()), b"\0\0\0\xFF\xFF");
            (Script::from([reply, stream("data: b\n\n")]), Script::default())
        })
        .config(|config| config.idle_timeout(Some(LIMIT)))
        .log(lost_between_events(lost(Cause::IdleTimeout(LIMIT))))
        .requests([asked(), asked().id("1"), asked().id("1")]);
    vec![bomb, nothing]
}

const INTO_MEMORY: &str = "what goes into memory does not fail";

fn zipped() -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    write!(encoder, "{FIRST}id: 2\ndata: ").expect(INTO_MEMORY);
    io::copy(&mut io::repeat(b'x').take(MUCH), &mut encoder).expect(INTO_MEMORY);
    write!(encoder, "\n\ndata: b\n\n").expect(INTO_MEMORY);
    Reply::stream().header("content-encoding", "gzip").chunk(encoder.finish().expect(INTO_MEMORY))
}

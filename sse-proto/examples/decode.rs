//! An event stream on stdin becomes JSON lines: `curl -sN URL | cargo run --example decode [-- --comments]`.

use std::io::{self, ErrorKind, Read, Write};

use bytes::Bytes;
use serde_json::json;
use sse_proto::{Decoded, Decoder};

fn main() -> io::Result<()> {
    let mut decoder = Decoder::new();
    decoder.set_report_comments(std::env::args().any(|argument| argument == "--comments"));
    match decode(&mut decoder, io::stdin().lock(), io::stdout().lock()) {
        // Nobody reads the output any more, as behind `| head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn decode(decoder: &mut Decoder, mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let len = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        decoder.push(Bytes::copy_from_slice(&buffer[..len]));
        while let Some(found) = decoder.pull() {
            let line = match found {
                Ok(Decoded::Event(event)) => json!({
                    "type": event.event_type(), "data": event.data(), "id": event.last_event_id(),
                }),
                Ok(Decoded::Comment(comment)) => json!({ "comment": comment.text() }),
                Ok(Decoded::Retry(time)) => json!({ "retry": time.as_millis() as u64 }),
                Ok(_) => continue,
                Err(error) => json!({ "skipped": error.to_string() }),
            };
            writeln!(output, "{line}")?;
        }
        output.flush()?;
    }
}

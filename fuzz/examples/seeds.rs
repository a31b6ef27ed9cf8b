//! Writes `corpus/<target>/`: inputs made from the vectors of sse-proto, to start fuzzing from.
//!
//! The committed seeds are what `cargo fuzz cmin` has left of these and of what fuzzing added; see README.md.

use std::error::Error;
use std::fs;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

/// Longer streams only slow the fuzzer down.
const LONGEST: usize = 2048;

/// Heads that no vector has: status, content type, `Retry-After`, `Date`, the wall clock, what is accepted, a method,
/// `Content-Encoding`.
const HEADS: [&str; 10] = [
    "200\ntext/html, Text/Event-Stream; charset=utf-8",
    "200\ntext/event-stream; a=\",\"; b",
    "200\napplication/json\n\n\n\napplication/json",
    "429\n\n120",
    "503\n\nSun, 06 Nov 1994 08:51:37 GMT\nSun, 06 Nov 1994 08:49:37 GMT\n784111700",
    "503\n\nSunday, 06-Nov-94 08:51:37 GMT\n\n784111777",
    "500\n\nSun Nov  6 08:49:37 1994\nFri, 31 Dec 9999 23:59:59 GMT",
    "303\ncookie\n\n\n\n\nPOST",
    "200\ntext/event-stream\n\n\n\n\n\ngzip",
    "200\ntext/event-stream\n\n\n\n\n\n, Identity ,identity",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(folder.join("../sse-proto/tests/vectors"))? {
        let path = entry?.path();
        if path.extension() != Some("jsonl".as_ref()) {
            continue;
        }
        for line in fs::read_to_string(&path)?.lines() {
            let vector: Value = serde_json::from_str(line)?;
            let name = vector["name"].as_str().ok_or("a vector without a name")?;
            if let Some(input) = vector["input"].as_str() {
                let stream = BASE64_STANDARD.decode(input)?;
                if stream.len() <= LONGEST {
                    write_stream(folder, name, &stream)?;
                }
            }
            write_heads(folder, name, &vector["script"])?;
        }
    }
    for (at, head) in HEADS.iter().enumerate() {
        write(folder, "response_head", &format!("head-{at}"), &[head.as_bytes()])?;
    }
    Ok(())
}

/// For each target the stream behind the bytes that this target reads first.
fn write_stream(folder: &Path, name: &str, stream: &[u8]) -> Result<(), Box<dyn Error>> {
    let whole = [0; 7];
    let bytewise = [0, 0, 1, 1, 1, 1, 1];
    let limited = [5, 4, 0, 3, 0, 11, 0];
    for target in ["decoder_cuts", "decoder_reference"] {
        write(folder, target, name, &[&whole, stream])?;
        write(folder, target, &format!("{name}-bytewise"), &[&bytewise, stream])?;
        write(folder, target, &format!("{name}-limited"), &[&limited, stream])?;
    }
    write(folder, "decoder_limits", name, &[&[24, 0, 8, 0, 16, 0, 0, 0], stream])?;
    write(
        folder,
        "decoder_limits",
        &format!("{name}-flood"),
        &[&[64, 0, 8, 0, 99, 99, 0, 4], stream],
    )?;
    for target in ["encoder_roundtrip", "encoder_injection"] {
        write(folder, target, name, &[b"t", stream, b"\xFFi7\xFFd", stream, b"\xFFc", stream])?;
    }
    for target in ["session_operations", "client_transport"] {
        write(folder, target, name, &[stream])?;
    }
    Ok(())
}

/// What the heads of a scenario's responses say.
fn write_heads(folder: &Path, name: &str, script: &Value) -> Result<(), Box<dyn Error>> {
    let responses = script.as_object().into_iter().flat_map(|paths| paths.values());
    for (at, response) in responses.filter_map(Value::as_array).flatten().enumerate() {
        let header = |name: &str| {
            let headers = response["headers"].as_array().into_iter().flatten();
            let mut named = headers.filter(|header| {
                header[0].as_str().is_some_and(|other| other.eq_ignore_ascii_case(name))
            });
            named.next().and_then(|header| header[1].as_str()).unwrap_or_default().to_owned()
        };
        let head = format!(
            "{}\n{}\n{}\n{}\n\n\n\n{}\n",
            response["status"],
            header("content-type"),
            header("retry-after"),
            header("date"),
            header("content-encoding"),
        );
        write(folder, "response_head", &format!("{name}-{at}"), &[head.as_bytes()])?;
    }
    Ok(())
}

fn write(folder: &Path, target: &str, name: &str, parts: &[&[u8]]) -> Result<(), Box<dyn Error>> {
    let folder = folder.join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), parts.concat())?;
    Ok(())
}

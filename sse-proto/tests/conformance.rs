//! Every parse vector, whole, byte by byte, at every split in two, and with trailing bytes.

mod support;

use std::io::Write;
use std::panic::catch_unwind;

use bytes::Bytes;
use support::chunking::{Way, byte_by_byte, decoder, run, split_in_two};
use support::reference::{Outcome, Settings, interpret};
use support::vectors::{Vector, load};

const VECTORS: usize = 562;

/// Longer bodies are split at some dozens of places only.
const EVERY_SPLIT_UP_TO: usize = 16 * 1024;

/// What may follow a stream that went on: more of a line, an end of it, a whole block.
const TRAILING: [&[u8]; 6] =
    [b"\n", b"\r", b"x", b"\xbf", b"\n\ndata: tail\n\n", b": tail\nid: tail\n\ndata\n\n"];

#[test]
fn every_vector_holds_however_it_is_cut() {
    let mut ran = 0;
    let mut failures = Vec::new();
    for vector in load() {
        let failure = match catch_unwind(|| check(&vector)) {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some("panicked, see above".to_owned()),
        };
        failures.extend(failure.map(|what| format!("{}/{}: {what}", vector.group, vector.name)));
        ran += 1;
    }
    // Not through a print macro: the harness captures those, and this line is for every run.
    writeln!(
        std::io::stderr(),
        "{ran} parse vectors, each whole, byte by byte, and at every split in two"
    )
    .expect("standard error can be written to");
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(ran, VECTORS);
}

fn check(vector: &Vector) -> Result<(), String> {
    let input = vector.input();
    let whole = outcome([input.clone()], Way::Pull);
    vector.check(&whole).map_err(|wrong| format!("whole: {wrong}"))?;
    agree(&interpret(&input, "", Settings::UNLIMITED), &whole, "the reference")?;

    for way in [Way::PullOwned, Way::Advance, Way::AdvanceOwned] {
        agree(&outcome([input.clone()], way), &whole, &format!("whole, {way:?}"))?;
    }
    agree(&outcome(byte_by_byte(&input), Way::Pull), &whole, "byte by byte")?;
    for at in splits(vector, input.len()) {
        let halves = split_in_two(&input, at);
        agree(&outcome(halves, Way::Pull), &whole, &format!("split at {at}"))?;
    }
    TRAILING.iter().try_for_each(|tail| check_with_trailing_bytes(&input, tail, &whole))
}

/// What came out of a stream does not depend on how it went on.
fn check_with_trailing_bytes(input: &Bytes, tail: &[u8], whole: &Outcome) -> Result<(), String> {
    let what = format!("followed by {:?}", String::from_utf8_lossy(tail));
    let longer = Bytes::from([&input[..], tail].concat());
    let expected = interpret(&longer, "", Settings::UNLIMITED);
    let found = outcome([longer.clone()], Way::Pull);
    agree(&found, &expected, &what)?;
    agree(&outcome(split_in_two(&longer, input.len()), Way::Pull), &expected, &what)?;
    if !found.items.starts_with(&whole.items) {
        return Err(format!("{what}: what came before has changed"));
    }
    Ok(())
}

fn splits(vector: &Vector, len: usize) -> Vec<usize> {
    if len <= EVERY_SPLIT_UP_TO {
        return (1..len).collect();
    }
    let spread = (1..24).map(|part| len / 24 * part);
    let seams = vector.seams().into_iter().flat_map(|seam| [seam - 1, seam, seam + 1]);
    let ends = (1..9).flat_map(|near| [near, len - near]);
    let mut splits: Vec<_> = spread.chain(seams).chain(ends).filter(|at| *at < len).collect();
    splits.sort_unstable();
    splits.dedup();
    splits
}

fn outcome(chunks: impl IntoIterator<Item = Bytes>, way: Way) -> Outcome {
    run(&mut decoder(Settings::UNLIMITED), chunks, way)
}

fn agree(found: &Outcome, expected: &Outcome, what: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let at = found.items.iter().zip(&expected.items).take_while(|(a, b)| a == b).count();
    Err(format!(
        "{what}: item {at}: found {:.200}, expected {:.200}; ids {:.80?} and {:.80?}",
        format!("{:?}", found.items.get(at)),
        format!("{:?}", expected.items.get(at)),
        found.last_event_id,
        expected.last_event_id,
    ))
}

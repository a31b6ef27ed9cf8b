//! Text: UTF-8 with one BOM at the start, and U+FFFD for what is invalid.

use sse_proto::{Decoded, Decoder};

use super::{NOTHING, log, push};

#[test]
fn a_bom_at_the_start_is_removed() {
    assert_eq!(log("\u{feff}data: x\n\n"), ["message: x"]);
}

#[test]
fn a_bom_split_over_three_chunks_is_removed() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"\xef"), NOTHING);
    assert_eq!(push(&mut decoder, b"\xbb"), NOTHING);
    assert_eq!(push(&mut decoder, b"\xbf"), NOTHING);
    assert_eq!(push(&mut decoder, b"data: x\n\n"), ["message: x"]);
}

#[test]
fn only_one_bom_is_removed() {
    assert_eq!(log("\u{feff}\u{feff}data: x\n\ndata: y\n\n"), ["message: y"]);
}

#[test]
fn a_bom_in_mid_stream_is_text() {
    assert_eq!(log("data: \u{feff}x\n\n\u{feff}data: y\n\n"), ["message: \u{feff}x"]);
}

#[test]
fn a_bom_alone_is_an_empty_stream() {
    assert_eq!(log("\u{feff}"), NOTHING);
    assert_eq!(log("\u{feff}\n\n"), NOTHING);
}

#[test]
fn half_a_bom_begins_an_unknown_field() {
    assert_eq!(log(b"\xef\xbbdata: x\n\ndata: y\n\n"), ["message: y"]);
    assert_eq!(log(b"\xef\n\xef\xbb\ndata: y\n\n"), ["message: y"]);
}

#[test]
fn invalid_utf_8_becomes_replacement_characters_and_the_stream_goes_on() {
    assert_eq!(log(b"data: a\xffb\n\ndata: c\n\n"), ["message: a\u{fffd}b", "message: c"]);
}

#[test]
fn every_maximal_invalid_sequence_is_one_replacement_character() {
    // A truncated emoji is one, an encoded surrogate three, an overlong NUL two.
    let input = b"data: \xf0\x9f\x98|\xed\xa0\x80|\xc0\x80|\n\n";
    assert_eq!(log(input), ["message: \u{fffd}|\u{fffd}\u{fffd}\u{fffd}|\u{fffd}\u{fffd}|"]);
}

#[test]
fn a_character_cut_by_its_lines_end_does_not_join_the_next_line() {
    assert_eq!(log(b"data: \xe8\xb1\ndata: \x86\n\n"), ["message: \u{fffd}\n\u{fffd}"]);
    assert_eq!(log(b"event: \xe8\xb1\ndata: \x86\n\n"), ["\u{fffd}: \u{fffd}"]);
}

#[test]
fn a_character_split_over_chunks_is_whole() {
    let input = "event: 豆\nid: é\n: 豆é😀\ndata: 😀\n\n";
    assert_eq!(log(input), [":豆é😀", "豆#é: 😀"]);
}

#[test]
fn invalid_utf_8_in_type_id_and_comment_is_replaced_too() {
    let input = b"event: \xff\nid: \xfe\n: \xfd\ndata: x\n\n";
    assert_eq!(log(input), [":\u{fffd}", "\u{fffd}#\u{fffd}: x"]);
}

#[test]
fn a_field_name_with_invalid_utf_8_is_unknown() {
    assert_eq!(log(b"\xffdata: x\ndata\xff: y\ndata: z\n\n"), ["message: z"]);
}

#[test]
fn a_nul_is_text() {
    assert_eq!(log("event: \0\ndata: a\0b\n\n"), ["\0: a\0b"]);
}

#[test]
fn a_character_cut_by_its_lines_end_is_replaced_also_where_large_data_follows() {
    let mut decoder = Decoder::new();
    decoder.push(&b"data: y\xC3\n"[..]);
    assert!(decoder.pull().is_none());
    let large = "x".repeat(20_000);
    decoder.push(format!("data: {large}\n\n"));
    let Some(Ok(Decoded::Event(event))) = decoder.pull() else { panic!("an event") };
    assert_eq!(event.data(), format!("y\u{FFFD}\n{large}"));
}

//! Fields: names, values, and what is ignored.

use sse_proto::{Decoded, Decoder};

use super::{NOTHING, Settings, log, log_within, push};

#[test]
fn one_space_behind_the_colon_is_no_text() {
    assert_eq!(
        log("data:x\n\ndata: x\n\ndata:  x\n\n"),
        ["message: x", "message: x", "message:  x"]
    );
    assert_eq!(log("data:\tx\n\n"), ["message: \tx"]);
    assert_eq!(log("event:  e\nid:  7\ndata\n\n"), [" e# 7: "]);
}

#[test]
fn only_the_first_colon_ends_a_name() {
    assert_eq!(log("data: a:b: c\n\ndata::\n\n"), ["message: a:b: c", "message: :"]);
}

#[test]
fn data_lines_are_joined_by_lf() {
    assert_eq!(log("data: a\ndata\ndata:\ndata: b\n\n"), ["message: a\n\n\nb"]);
}

#[test]
fn data_without_a_colon_is_an_empty_line() {
    assert_eq!(log("data\n\ndata\ndata\n\n"), ["message: ", "message: \n"]);
}

#[test]
fn a_field_name_must_match_exactly() {
    let input =
        "Data: a\n data: b\ndata : c\nDATA: d\ndat: e\ndatas: f\n\u{a0}data: g\ndata\t: h\n";
    assert_eq!(log(format!("{input}\ndata: x\n\n")), ["message: x"]);
}

#[test]
fn unknown_and_colonless_fields_are_ignored() {
    let input = "unknown: a\nfoo\ndata: x\nevents: b\nids\nretrying: 5\n\n";
    assert_eq!(log(input), ["message: x"]);
}

#[test]
fn a_field_named_comment_is_no_comment() {
    assert_eq!(log("comment: a\n: b\ndata: x\n\n"), [":b", "message: x"]);
}

#[test]
fn a_comment_is_reported_when_its_line_ends() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"data: x\n: ping"), NOTHING);
    assert_eq!(push(&mut decoder, b"\n"), [":ping"]);
    assert_eq!(push(&mut decoder, b":\n:  two\n"), [":", ": two"]);
    assert_eq!(push(&mut decoder, b"\n"), ["message: x"]);
}

#[test]
fn comments_are_not_reported_when_nobody_asked() {
    let silent = Settings { report_comments: false, ..Settings::UNLIMITED };
    assert_eq!(log_within(silent, ": a\ndata: x\n: b\n\n:\n"), ["message: x"]);
}

#[test]
fn a_comment_is_text_only_when_it_is_read() {
    let mut decoder = Decoder::new();
    decoder.push(&b": \xff!\n"[..]);
    let Some(Ok(Decoded::Comment(comment))) = decoder.pull() else { panic!("a comment") };
    assert_eq!(comment.as_bytes(), b"\xff!");
    assert_eq!(comment.text(), "\u{fffd}!");
}

//! Lines: CR, LF and CRLF, each at once.

use sse_proto::Decoder;

use super::{NOTHING, log, push};

#[test]
fn cr_lf_and_crlf_each_end_a_line() {
    for end in ["\r", "\n", "\r\n"] {
        let input = format!("event: e{end}data: x{end}data: y{end}{end}data: z{end}{end}");
        assert_eq!(log(input), ["e: x\ny", "message: z"], "{end:?}");
    }
}

/// The decoder looks at blocks of 16 and 64 bytes.
#[test]
fn lines_as_long_as_a_block_end_where_they_end() {
    for len in
        [0, 1, 13, 14, 15, 16, 17, 31, 32, 33, 57, 58, 59, 60, 61, 62, 63, 64, 65, 127, 128, 129]
    {
        let text = "x".repeat(len);
        for end in ["\r", "\n", "\r\n"] {
            let input = format!(
                ":{text}{end}:{end}{end}event:{text}{end}id:{text}{end}data:y{end}data:{text}{end}data:y{end}{end}"
            );
            let event_type = if len == 0 { "message" } else { &text };
            let id = if len == 0 { String::new() } else { format!("#{text}") };
            let event = format!("{event_type}{id}: y\n{text}\ny");
            assert_eq!(log(input), [format!(":{text}"), ":".to_owned(), event], "{len} {end:?}");
        }
    }
}

#[test]
fn line_ends_can_be_mixed() {
    assert_eq!(
        log("data: a\rdata: b\ndata: c\r\n\rdata: d\n\r\n"),
        ["message: a\nb\nc", "message: d"]
    );
    assert_eq!(log("data: a\n\rdata: b\r\n\n"), ["message: a", "message: b"]);
}

#[test]
fn cr_cr_dispatches_on_the_second_cr() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"data: x\r"), NOTHING);
    assert_eq!(push(&mut decoder, b"\r"), ["message: x"]);
    assert_eq!(push(&mut decoder, b"data: y\r\r"), ["message: y"]);
}

#[test]
fn a_lf_behind_a_cr_is_swallowed_in_a_later_chunk_too() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"data: x\r"), NOTHING);
    assert_eq!(push(&mut decoder, b"\ndata: y\r"), NOTHING);
    assert_eq!(push(&mut decoder, b""), NOTHING);
    assert_eq!(push(&mut decoder, b"\n"), NOTHING);
    assert_eq!(push(&mut decoder, b"\r"), ["message: x\ny"]);
    assert_eq!(push(&mut decoder, b"\ndata: z\n\n"), ["message: z"]);
}

#[test]
fn a_swallowed_lf_does_not_end_the_block_of_a_comment_or_retry() {
    assert_eq!(log("data: a\r\n: c\r\ndata: b\r\n\r\n"), [":c", "message: a\nb"]);
    assert_eq!(log("data: a\r\nretry: 5\r\ndata: b\r\n\r\n"), ["retry 5", "message: a\nb"]);
}

#[test]
fn a_cr_at_the_end_of_a_chunk_that_began_with_a_line_end_dispatches_once() {
    let mut decoder = Decoder::new();
    assert_eq!(push(&mut decoder, b"data: x"), NOTHING);
    assert_eq!(push(&mut decoder, b"\n\r"), ["message: x"]);
    assert_eq!(push(&mut decoder, b"\n"), NOTHING);
    assert_eq!(push(&mut decoder, b"data: y\n\n"), ["message: y"]);
}

#[test]
fn only_cr_and_lf_end_a_line() {
    assert_eq!(
        log("data: a\u{b}\u{c}\u{85}\u{2028}b\n\n"),
        ["message: a\u{b}\u{c}\u{85}\u{2028}b"]
    );
}

#[test]
fn blank_lines_alone_dispatch_nothing() {
    assert_eq!(log("\n\n\r\r\r\n\n\ndata: x\n\n\n\n"), ["message: x"]);
}

//! Draws what a command printed as a picture of a terminal: colours on standard input, SVG on standard output.
//!
//! ```sh
//! CLICOLOR_FORCE=1 cargo run --quiet --example tail |
//!     cargo run --quiet --manifest-path sse-proto/peers/Cargo.toml --bin terminal > sse-proto/peers/tail.svg
//! ```

use std::io::{self, Read, Write};

use anstyle_svg::Term;

/// What is shown of a run of events, at its start and at its end.
const SHOWN: usize = 2;

fn main() -> io::Result<()> {
    let mut printed = String::new();
    io::stdin().read_to_string(&mut printed)?;
    let shown = format!("$ cargo run --example tail\n{}", shorten(&printed));
    io::stdout().write_all(Term::new().render_svg(&shown).as_bytes())
}

/// Leaves out the middle of long runs of events; a line with `…` stands for it.
fn shorten(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().collect();
    let runs = lines.chunk_by(|one, other| is_event(one) == is_event(other));
    let mut shown = String::new();
    for run in runs {
        let middle = SHOWN..run.len().saturating_sub(SHOWN);
        for (place, line) in run.iter().enumerate() {
            if !is_event(line) || middle.len() < 2 || !middle.contains(&place) {
                shown += line;
                shown += "\n";
            } else if place == SHOWN {
                shown += "     …\n";
            }
        }
    }
    shown
}

fn is_event(line: &str) -> bool {
    line.contains("token")
}

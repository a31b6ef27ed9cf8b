//! The introduction is written down twice, in the README and on the crate's page, and is one text.

use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).expect("the file is there")
}

/// The first paragraph that is no heading, without its line ends.
fn introduction<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines = lines.map(str::trim).skip_while(|line| line.is_empty() || line.starts_with('#'));
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_readme_begins_as_the_crate_page_does() {
    let (readme, page) = (read("README.md"), read("src/lib.rs"));
    let page = page.lines().map_while(|line| line.strip_prefix("//!"));
    let introduction_of_page = introduction(page);
    assert!(introduction_of_page.len() > 200, "{introduction_of_page:?}");
    assert_eq!(introduction(readme.lines()), introduction_of_page);
}

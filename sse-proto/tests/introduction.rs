//! What is written down in the README and on the crates' pages is one text: the introduction, the loop, and what ends a stream.

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

#[test]
fn what_ends_a_stream_is_the_same_on_every_page() {
    let table = |name: &str| -> Vec<String> {
        let text = read(name);
        let lines = text.lines().map(|line| line.strip_prefix("//! ").unwrap_or(line));
        let table = lines.skip_while(|line| !line.starts_with("| happening |"));
        table.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    let readme = table("README.md");
    assert!(readme.len() > 10, "{readme:?}");
    for page in ["src/lib.rs", "../sse-tokio/src/lib.rs", "../sse-async-std/src/lib.rs"] {
        assert_eq!(table(page), readme, "{page}");
    }
}

#[test]
fn the_loop_is_the_same_on_both_pages() {
    let code = |name: &str| -> Vec<String> {
        let text = read(name);
        let lines = text.lines().map(|line| match line.strip_prefix("//!") {
            Some(line) => line.strip_prefix(' ').unwrap_or(line),
            None => line,
        });
        let code = lines.skip_while(|line| *line != "/// Your socket and your clock.");
        code.take_while(|line| !line.starts_with("```")).map(str::to_owned).collect()
    };
    let readme = code("README.md");
    assert!(readme.len() > 30, "{readme:?}");
    assert_eq!(code("src/lib.rs"), readme);
}

#[test]
fn every_page_names_the_features() {
    for (manifest, page) in [
        ("Cargo.toml", "src/lib.rs"),
        ("testkit/Cargo.toml", "testkit/src/lib.rs"),
        ("../sse-tokio/Cargo.toml", "../sse-tokio/src/lib.rs"),
        ("../sse-async-std/Cargo.toml", "../sse-async-std/src/lib.rs"),
    ] {
        let (manifest, page) = (read(manifest), read(page));
        let (_, features) = manifest.split_once("[features]\n").expect("it has some");
        let features = features.lines().take_while(|line| !line.starts_with('['));
        let names = features.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
        let names: Vec<_> =
            names.filter(|name| !name.starts_with('#') && *name != "default").collect();
        assert!(names.len() > 4, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("| `{name}`")), "{name}");
        }
    }
}

#[test]
fn every_page_names_the_oldest_rust() {
    let manifest = read("../Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = \"").expect("the workspace has one");
    let (oldest, _) = rest.split_once('"').expect("it ends");
    let pages = ["README.md", "src/lib.rs", "testkit/src/lib.rs"];
    for page in pages.into_iter().chain(["../sse-tokio/src/lib.rs", "../sse-async-std/src/lib.rs"])
    {
        assert!(read(page).contains(oldest), "{page}");
    }
}

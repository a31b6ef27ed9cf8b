//! The list of scenarios itself: its names, and that a client which does nothing right passes nothing.

use std::collections::HashSet;

use sse_proto::Closed;
use sse_testkit::scenario::{
    Adapter, Ask, End, Entry, Quirk, Record, Scenario, Tag, run_all, scenarios,
};

#[test]
fn names_are_unique_and_in_kebab_case() {
    let mut names = HashSet::new();
    for scenario in scenarios() {
        let name = scenario.name().to_owned();
        let fits = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(name.bytes().all(fits), "{name}");
        assert!(!scenario.tags().is_empty(), "{name}");
        assert!(names.insert(name), "{scenario:?} has another's name");
    }
    assert!(names.len() > 250, "only {} scenarios", names.len());
}

/// Notes this and that, or nothing, without a connection.
struct Idle(&'static [Closed]);

impl Adapter for Idle {
    fn follow(&self, _: &Ask, record: &Record) {
        if let [end] = self.0 {
            record.note(Entry::Opened);
            record.end(End::new(*end));
        }
    }

    fn quirks(&self) -> &[Quirk] {
        &[Quirk::AtMost100Headers, Quirk::CustomHeadersCross, Quirk::SendsReferer]
    }
}

#[test]
fn a_client_that_does_nothing_passes_nothing() {
    const ENDS: [&[Closed]; 4] =
        [&[], &[Closed::ByUser], &[Closed::NoContent], &[Closed::InvalidRequest]];
    for end in ENDS {
        let report = run_all(Idle(end), scenarios());
        assert_eq!(report.passed, 0, "{end:?} passes something");
        assert!(report.skipped.is_empty());
        assert!(!report.is_success());
    }
}

#[test]
fn what_a_client_lacks_is_not_run_and_told() {
    const WHY: &str = "too young for this";

    struct Nothing;

    impl Adapter for Nothing {
        fn follow(&self, _: &Ask, _: &Record) {}

        fn lacks(&self) -> &[(Tag, &'static str)] {
            &[(Tag::Id, WHY)]
        }
    }

    let report = run_all(Nothing, scenarios());
    assert_eq!(report.passed, 0);
    let all = scenarios();
    let needed = all.iter().filter(|scenario| scenario.tags().contains(&Tag::Id)).count();
    assert_eq!(report.skipped.len(), needed);
    assert_eq!(report.failures.len(), all.len() - needed);
    let told = report.to_string();
    for skipped in &report.skipped {
        assert!(skipped.tag == Tag::Id && told.contains(&skipped.name), "{skipped:?}");
    }
    assert!(told.contains(&format!("{needed} not run for Id, {WHY}: ")), "{told}");
}

#[test]
fn a_client_that_panics_fails() {
    struct Panics;

    impl Adapter for Panics {
        fn follow(&self, _: &Ask, _: &Record) {
            panic!("this panic belongs to the test");
        }
    }

    let few = scenarios().into_iter().take(5).collect();
    let report = run_all(Panics, few);
    assert_eq!(report.failures.len(), 5);
    assert_eq!(report.passed, 0);
    for failure in &report.failures {
        assert_eq!(failure.wrong[0], "the client panicked: this panic belongs to the test");
    }
}

#[test]
fn the_table_of_hostile_servers_has_all_of_them_and_no_other() {
    let is_hostile = |scenario: &Scenario| scenario.tags().contains(&Tag::Hostile);
    let hostile: HashSet<_> = scenarios()
        .into_iter()
        .filter(is_hostile)
        .map(|scenario| scenario.name().to_owned())
        .collect();
    let table = include_str!("../src/scenario/hostile.md");
    let names = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: HashSet<_> = names.map(str::to_owned).collect();
    assert_eq!(hostile.difference(&listed).collect::<Vec<_>>(), [""; 0]);
    if cfg!(all(feature = "gzip", feature = "tls")) {
        assert_eq!(listed.difference(&hostile).collect::<Vec<_>>(), [""; 0]);
    }
    assert!(listed.len() > 90, "{} names", listed.len());
}

#[cfg(all(feature = "gzip", feature = "http2"))]
#[test]
fn the_readme_counts_the_scenarios_right() {
    let all = scenarios();
    let hostile = all.iter().filter(|scenario| scenario.tags().contains(&Tag::Hostile)).count();
    let readme = include_str!("../README.md");
    for count in [format!("| {} scenarios and", all.len()), format!("[{hostile} scenarios,")] {
        assert!(readme.contains(&count), "{count}");
    }
}

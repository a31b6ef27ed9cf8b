//! What a redirect means, for adapters that follow it themselves.

use sse_proto::Redirect;

#[test]
fn a_redirect_repeats_the_request_or_makes_it_a_get() {
    use Redirect::{Get, Repeat};
    let table = [
        (301_u16, [Some(Repeat), Some(Repeat), Some(Get), Some(Repeat)]),
        (302, [Some(Repeat), Some(Repeat), Some(Get), Some(Repeat)]),
        (303, [Some(Repeat), Some(Repeat), Some(Get), Some(Get)]),
        (307, [Some(Repeat); 4]),
        (308, [Some(Repeat); 4]),
        (200, [None; 4]),
        (300, [None; 4]),
        (304, [None; 4]),
        (305, [None; 4]),
        (306, [None; 4]),
        (404, [None; 4]),
    ];
    for (status, expected) in table {
        let found = ["GET", "HEAD", "POST", "PUT"].map(|method| Redirect::of(status, method));
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn only_headers_of_what_is_wanted_or_of_a_body_cross_origins() {
    let of_body = ["content-type", "Content-Encoding", "content-language", "content-length"];
    let wanted = ["accept", "Accept-Language", "LAST-EVENT-ID", "user-agent"];
    for header in wanted.into_iter().chain(of_body) {
        assert!(Redirect::crosses_origins(header), "{header}");
    }
    for header in ["authorization", "cookie", "proxy-authorization", "x-api-key", "referer", ""] {
        assert!(!Redirect::crosses_origins(header), "{header}");
    }
}

#[test]
fn a_header_goes_along_unless_it_is_of_a_body_that_does_not_or_could_be_a_credential() {
    use Redirect::{Get, Repeat};
    let table = [
        // The same method and origin, another origin, a GET, a GET at another origin.
        ("accept", [true, true, true, true]),
        ("Content-Type", [true, true, false, false]),
        ("content-length", [true, true, false, false]),
        ("content-encoding", [true, true, false, false]),
        ("content-language", [true, true, false, false]),
        ("content-location", [true, false, false, false]),
        ("transfer-encoding", [true, true, false, false]),
        ("authorization", [true, false, true, false]),
        ("host", [true, false, true, false]),
        ("x-api-key", [true, false, true, false]),
    ];
    for (header, expected) in table {
        let found = [(Repeat, true), (Repeat, false), (Get, true), (Get, false)];
        let found = found.map(|(redirect, same_origin)| redirect.keeps(header, same_origin));
        assert_eq!(found, expected, "{header}");
    }
}

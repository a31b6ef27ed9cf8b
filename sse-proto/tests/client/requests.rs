//! What adapters make their requests of: one for each attempt, whatever the HTTP client, and its error.

use std::error::Error;
use std::future::ready;
use std::io;
use std::task::{Context, Poll, Waker};

use sse_proto::Attempt;
use sse_proto::client::{Permanent, Requests, TransportError};

type Answers = Requests<String, io::Error>;

fn attempt(number: u64) -> Attempt {
    let mut attempt = Attempt::default();
    (attempt.number, attempt.address) = (number, Some("http://moved/".into()));
    attempt
}

/// What comes of an attempt, at once.
fn answer(requests: &mut Answers, number: u64) -> Result<String, String> {
    let mut sending = requests.start(attempt(number));
    match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(|error| error.to_string()),
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn send(
    request: &'static str,
    attempt: Attempt,
) -> std::future::Ready<Result<String, TransportError<io::Error>>> {
    let address = attempt.address.unwrap_or_default();
    ready(Ok(format!("{request} {} {address}", attempt.number)))
}

fn gone() -> Result<String, String> {
    Err("the request's body could be sent only once".into())
}

#[test]
fn a_request_that_can_be_cloned_is_sent_for_each_attempt() {
    let mut requests = Answers::repeat("GET", |request| Some(*request), send);
    for number in 1..=3 {
        assert_eq!(answer(&mut requests, number), Ok(format!("GET {number} http://moved/")));
    }
}

#[test]
fn a_request_that_cannot_be_cloned_is_sent_once() {
    let mut requests = Answers::repeat("POST", |_| None, send);
    assert_eq!(answer(&mut requests, 1), Ok("POST 1 http://moved/".into()));
    assert_eq!(answer(&mut requests, 2), gone());
    assert_eq!(answer(&mut requests, 3), gone());
}

#[test]
fn a_factory_is_asked_for_each_attempt_and_decides_about_the_address() {
    let factory = |attempt: Attempt| {
        let known = attempt.address.is_some();
        ready(if attempt.number == 2 {
            Err("no token".into())
        } else {
            Ok(["-", "GET"][usize::from(known)])
        })
    };
    let mut requests = Answers::from_factory(factory, send);
    assert_eq!(answer(&mut requests, 1), Ok("GET 1 ".into()));
    assert_eq!(answer(&mut requests, 2), Err("no token".into()));
    assert_eq!(answer(&mut requests, 3), Ok("GET 3 ".into()));
}

#[test]
fn without_a_request_there_is_the_reason() {
    let error = TransportError::request(io::Error::other("no address"));
    let mut requests = Answers::failing(error);
    assert_eq!(answer(&mut requests, 1), Err("no address".into()));
    assert_eq!(answer(&mut requests, 2), gone());
    assert_eq!(format!("{requests:?}"), "Requests { .. }");
}

#[test]
fn an_error_knows_whose_fault_it_is() {
    let io = || io::Error::other("broken");
    let scheme = TransportError::check_scheme("ftp").expect_err("no HTTP");
    let table = [
        // The request's fault, for good, the HTTP client's own word.
        (TransportError::request(io()), true, true, true),
        (TransportError::send(io()), false, false, true),
        (TransportError::factory("no token".into()), true, false, false),
        (TransportError::factory(Permanent::new("revoked").into()), true, true, false),
        (scheme, true, true, false),
        (TransportError::gone(), false, true, false),
        (TransportError::misdirected(), false, false, false),
        (TransportError::redirected_too_often(), false, false, false),
    ];
    for (error, is_request, is_permanent, is_http) in table {
        let found = (error.is_request(), error.is_permanent(), error.as_http().is_some());
        assert_eq!(found, (is_request, is_permanent, is_http), "{error}");
    }
    for reason in [io().into(), Permanent::new(io()).into()] {
        let error = TransportError::<io::Error>::factory(reason);
        let own = error.as_factory().expect("its own").downcast_ref::<io::Error>();
        assert_eq!(own.map(ToString::to_string).as_deref(), Some("broken"));
    }
    assert!(TransportError::send(io()).as_factory().is_none());
    for scheme in ["http", "https"] {
        assert!(TransportError::<io::Error>::check_scheme(scheme).is_ok());
    }
}

/// It says what the error in it says, so it has not that error as its cause, but that error's.
#[test]
fn an_error_speaks_for_the_one_in_it() {
    let cause = || io::Error::new(io::ErrorKind::InvalidData, "malformed");
    let error = TransportError::send(io::Error::other(TransportError::send(cause())));
    assert_eq!(error.to_string(), "malformed");
    assert!(error.source().is_none(), "{:?}", error.source());
    let error = TransportError::<io::Error>::factory(Box::new(TransportError::send(cause())));
    assert_eq!(error.to_string(), "malformed");
    assert!(error.source().is_none());
    let permanent = Permanent::new(TransportError::send(cause()));
    assert_eq!(permanent.to_string(), "malformed");
    let error = TransportError::<io::Error>::factory(permanent.into());
    assert_eq!(error.to_string(), "malformed");
    assert!(error.source().is_none());
}

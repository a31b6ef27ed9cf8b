//! No secret is in anything that is shown, whatever becomes of a stream.

mod support;

use futures_util::StreamExt;
use hyper::header::{AUTHORIZATION, HeaderValue};
use sse_async_std::{Body, EventStream, RawHead, RawHeaders, StreamClient};
use sse_testkit::scenario::secrets::{SECRET, shown};
use sse_testkit::{Reply, Server};
use support::{AsyncStd, http};
use surf::http::Method;
use surf::{Request, Url};

#[test]
fn no_error_no_debug_and_no_trace_line_shows_a_secret() {
    let shown = shown(&AsyncStd::default(), |response| format!("{response:?} {response:#?}"));
    let shown = shown.expect("a server");
    let told: Vec<_> =
        shown.iter().filter(|shown| shown.text.to_lowercase().contains(SECRET)).collect();
    assert!(told.is_empty(), "{told:#?}");
    for whose in ["source", "handle", "snapshot", "update", "loss", "error", "response", "trace"] {
        let count = shown.iter().filter(|shown| shown.whose == whose).count();
        assert!(count > 10, "only {count} texts of a {whose}");
    }
}

#[async_std::test]
async fn no_type_of_the_adapter_shows_a_secret() -> Result<(), Box<dyn std::error::Error>> {
    let stream = Reply::stream().header("x-theirs", "s3cret").chunk("data: s3cret\n\ndata: s3cret");
    let server = Server::start([stream])?;
    let mut texts = vec![format!("{:?}", StreamClient::new())];

    let mut request = Request::new(Method::Get, Url::parse(&server.url("/?token=s3cret"))?);
    let raw =
        RawHeaders([(AUTHORIZATION, HeaderValue::from_static("s3cret"))].into_iter().collect());
    texts.push(format!("{raw:?}"));
    request.set_ext(raw);
    let response = http(None).send(request).await?;
    texts.push(format!("{:?}", response.ext::<RawHead>()));
    assert!(texts.iter().all(|text| !text.is_empty()));

    let body = Body::from(response);
    texts.push(format!("{body:?}"));

    let mut events = EventStream::new(body);
    texts.push(format!("{events:?}"));
    texts.push(format!("{:?}", events.next().await));
    texts.push(format!("{events:?}"));
    for text in texts {
        assert!(!text.contains(SECRET), "{text}");
    }
    Ok(())
}

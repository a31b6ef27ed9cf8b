//! No secret is in anything that is shown, whatever becomes of a stream.

mod support;

use futures_util::StreamExt;
use sse_testkit::scenario::secrets::{SECRET, shown};
use sse_testkit::{Reply, Server};
use sse_tokio::{RequestBuilderExt, ResponseExt};
use support::{Tokio, http};

#[test]
fn no_error_no_debug_and_no_trace_line_shows_a_secret() {
    let shown = shown(&Tokio::default(), |response| format!("{response:?} {response:#?}"));
    let shown = shown.expect("a server");
    let told: Vec<_> =
        shown.iter().filter(|shown| shown.text.to_lowercase().contains(SECRET)).collect();
    assert!(told.is_empty(), "{told:#?}");
    for whose in ["source", "handle", "snapshot", "update", "loss", "error", "response", "trace"] {
        let count = shown.iter().filter(|shown| shown.whose == whose).count();
        assert!(count > 10, "only {count} texts of a {whose}");
    }
}

#[tokio::test]
async fn no_type_of_the_adapter_shows_a_secret() -> Result<(), Box<dyn std::error::Error>> {
    let stream = Reply::stream().header("x-theirs", "s3cret").chunk("data: s3cret\n\ndata: s3cret");
    let server = Server::start([stream.clone(), stream])?;
    let url = server.url("/?token=s3cret");
    let mut source = http(None).get(&url).bearer_auth(SECRET).event_source();
    let mut texts = vec![format!("{source:?}"), format!("{:?}", source.transport())];
    source.opened().await?;
    texts.push(format!("{source:?} {:?}", source.response()));

    let mut events = http(None).get(&url).send().await?.event_stream();
    texts.push(format!("{events:?}"));
    texts.push(format!("{:?}", events.next().await));
    texts.push(format!("{events:?}"));
    for text in texts {
        assert!(!text.contains(SECRET), "{text}");
    }
    Ok(())
}

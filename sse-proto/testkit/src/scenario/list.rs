//! The list, one file a topic.

mod framing;
mod decode;
mod loss;
mod cut;
mod id;
mod retry;
mod http;
mod request;
mod redirect;
mod origin;
mod clock;
mod sentinel;
mod steer;
mod keep_alive;
mod replay;
mod hostile;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "gzip")]
mod compression;

use std::time::Duration;

use crate::Reply;
use crate::scenario::Scenario;

/// The list of scenarios that every client should pass, made anew for each run.
///
/// With the features `tls`, `http2` and `gzip`, those of https, HTTP/2 and compressed bodies are among them.
pub fn scenarios() -> Vec<Scenario> {
    let lists = [
        framing::list(),
        decode::list(),
        loss::list(),
        cut::list(),
        id::list(),
        retry::list(),
        http::list(),
        request::list(),
        redirect::list(),
        origin::list(),
        clock::list(),
        sentinel::list(),
        steer::list(),
        keep_alive::list(),
        replay::list(),
        hostile::list(),
        #[cfg(feature = "tls")]
        tls::list(),
        #[cfg(feature = "http2")]
        http2::list(),
        #[cfg(feature = "gzip")]
        compression::list(),
    ];
    let mut scenarios: Vec<_> = lists.into_iter().flatten().collect();
    hostile::mark(&mut scenarios);
    scenarios
}

/// A stream with this body in one chunk.
fn stream(body: impl Into<Vec<u8>>) -> Reply {
    Reply::stream().chunk(body)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

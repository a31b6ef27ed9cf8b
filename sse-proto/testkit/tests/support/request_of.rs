//! The blocking example's request, of what a scenario asks.

use std::io;

use sse_testkit::scenario::Ask;

use crate::request::Request;

pub fn request_of(ask: &Ask) -> io::Result<Request> {
    let mut request = Request::new(&ask.method, &ask.url)?;
    for (name, value) in &ask.headers {
        request = request.header(name, value)?;
    }
    Ok(match &ask.body {
        Some(body) => request.body(body.clone()),
        None => request,
    })
}

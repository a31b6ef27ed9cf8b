//! Requests over a simulated network.

use std::io;

use sse_proto::client::TransportError;
use sse_proto::{Attempt, Redirect};
use sse_testkit::simulated::Network;

use crate::request::Request;
use crate::response::Response;

type Error = TransportError<io::Error>;

/// Sends the request, and goes where it is redirected to.
pub async fn send(
    network: Network,
    mut request: Request,
    attempt: Attempt,
) -> Result<Response, Error> {
    request.prepare(&attempt);
    for _ in 0..=Redirect::MOST {
        let response = ask(&network, &request).await.map_err(TransportError::send)?;
        let location = response.header("location");
        if !request.follow(response.status(), location).map_err(TransportError::send)? {
            return Ok(response);
        }
    }
    Err(TransportError::redirected_too_often())
}

async fn ask(network: &Network, request: &Request) -> io::Result<Response> {
    let mut wire = network.connect(request.authority()).await?;
    wire.write(&request.to_bytes())?;
    Response::read(wire, request.url().to_string()).await
}

//! A middleware that undoes gzip, over any of surf's HTTP clients that leaves it as it is.

use async_compression::futures::bufread::GzipDecoder;
use async_std::io::BufReader;
use surf::http::headers::{CONTENT_ENCODING, CONTENT_LENGTH};
use surf::middleware::{Middleware, Next};
use surf::utils::async_trait;
use surf::{Body, Client, Request, Response, Result};

/// Gives what the server has flushed as soon as it is there. Whoever takes it asks for `Accept-Encoding: gzip`.
#[derive(Debug)]
pub struct Gunzip;

#[async_trait]
impl Middleware for Gunzip {
    async fn handle(&self, request: Request, client: Client, next: Next<'_>) -> Result<Response> {
        let mut response = next.run(request, client).await?;
        let coding = response.header(CONTENT_ENCODING).map(|codings| codings.as_str());
        if coding.is_some_and(|coding| coding.eq_ignore_ascii_case("gzip")) {
            response.remove_header(CONTENT_ENCODING);
            response.remove_header(CONTENT_LENGTH);
            let mut plain = GzipDecoder::new(response.take_body());
            plain.multiple_members(true);
            response.set_body(Body::from_reader(BufReader::new(plain), None));
        }
        Ok(response)
    }
}

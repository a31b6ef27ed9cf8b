//! A middleware that undoes gzip, over any of surf's HTTP clients that leaves it as it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::futures::bufread::GzipDecoder;
use async_std::io::{BufRead, BufReader, Read};
use surf::http::headers::{CONTENT_ENCODING, CONTENT_LENGTH};
use surf::middleware::{Middleware, Next};
use surf::utils::async_trait;
use surf::{Body, Client, Request, Response, Result};

/// What compresses to nothing may come without end, and clocks and other tasks must have their turn meanwhile.
const MOST_IN_A_ROW: u32 = 32;

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
            let body = Pausing { body: response.take_body(), left: MOST_IN_A_ROW };
            let mut plain = GzipDecoder::new(body);
            plain.multiple_members(true);
            response.set_body(Body::from_reader(BufReader::new(plain), None));
        }
        Ok(response)
    }
}

/// A body that pauses now and then, however much there is to read.
struct Pausing {
    body: Body,
    left: u32,
}

impl BufRead for Pausing {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.left == 0 {
            this.left = MOST_IN_A_ROW;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.left -= 1;
        Pin::new(&mut this.body).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.body).consume(amount);
    }
}

impl Read for Pausing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.body).poll_read(cx, buf)
    }
}

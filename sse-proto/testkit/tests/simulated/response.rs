//! Responses over a simulated network: the blocking example's HTTP, without blocking.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use sse_proto::ResponseHead;
use sse_testkit::simulated::Wire;

use crate::body::{Body, Framing};
use crate::http::{Head, parse_head};

pub struct Response {
    wire: Wire,
    url: String,
    head: Head,
    buffer: BytesMut,
    body: Body,
}

impl Response {
    /// Waits for the head.
    pub async fn read(mut wire: Wire, url: String) -> io::Result<Self> {
        let mut buffer = BytesMut::new();
        loop {
            let bytes = wire.read().await?;
            if bytes.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            buffer.extend_from_slice(&bytes);
            if let Some(head) = parse_head(&mut buffer)? {
                let body = Body::new(Framing::of(head.0, &head.1)?);
                return Ok(Self { wire, url, head, buffer, body });
            }
        }
    }

    pub fn status(&self) -> u16 {
        self.head.0
    }

    /// The last header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.head.1.iter().rev().find(|(found, _)| found == name);
        found.map(|(_, value)| &value[..])
    }
}

impl sse_proto::client::Response for Response {
    type Error = io::Error;

    fn head(&self) -> ResponseHead<'_> {
        ResponseHead::from_headers(self.status(), |name| self.header(name)).redirected_to(&self.url)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if let Some(bytes) = self.body.take(&mut self.buffer)? {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if self.body.is_over() {
                return Poll::Ready(None);
            }
            let bytes = ready!(self.wire.poll_read(cx))?;
            if bytes.is_empty() && self.body.ends_with_connection() {
                return Poll::Ready(None);
            }
            if bytes.is_empty() {
                return Poll::Ready(Some(Err(ErrorKind::UnexpectedEof.into())));
            }
            self.buffer.extend_from_slice(&bytes);
        }
    }
}

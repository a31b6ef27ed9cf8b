//! eventsource-client, whose decoder is reached through a transport of its own: here one that answers from memory.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, Error, ReconnectOptions, SSE};
use futures_core::Stream;
use http::{Request, Response};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};

use crate::feed::{Feed, drain};
use crate::sink::Sink;

/// Answers every request with the same body.
#[derive(Clone)]
struct Memory(Feed);

impl HttpTransport for Memory {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let body: ByteStream = Box::pin(Body(self.0.clone()));
        Box::pin(std::future::ready(Ok(Response::new(body))))
    }
}

/// The feed with the error type that the transport asks for.
struct Body(Feed);

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// The whole client over memory, without reconnecting; it ends with the error `Eof`.
///
/// # Panics
///
/// Never: the address is valid.
#[inline(never)]
pub fn eventsource_client<S: Sink>(feed: Feed, sink: &mut S) {
    let client = ClientBuilder::for_url("http://localhost/")
        .expect("the address is valid")
        .reconnect(ReconnectOptions::reconnect(false).retry_initial(false).build())
        .build_with_transport(Memory(feed));
    drain(client.stream(), |result| match result {
        Ok(SSE::Event(event)) => {
            sink.event(&event.event_type, &event.data, event.id.as_deref().unwrap_or_default());
        }
        Ok(SSE::Comment(text)) => sink.comment(text.as_bytes()),
        Ok(SSE::Connected(_)) | Err(Error::Eof) => {}
        Err(_) => sink.failure(),
    });
}

//! The same chunks for everyone.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;

/// Slices of one body, as an iterator and as a stream that is always ready.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The body.
    bytes: Bytes,
    /// Bytes a chunk.
    size: usize,
    /// Where the next chunk begins.
    at: usize,
    /// When there are no more chunks.
    deadline: Option<Instant>,
}

impl Feed {
    /// Chunks of `size` bytes, at least of one.
    pub fn new(bytes: &Bytes, size: usize) -> Self {
        Self { bytes: bytes.clone(), size: size.max(1), at: 0, deadline: None }
    }

    /// Ends early when the time is over, which bounds a candidate that would take minutes.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl Iterator for Feed {
    type Item = Bytes;

    #[inline]
    fn next(&mut self) -> Option<Bytes> {
        let from = self.at;
        if from == self.bytes.len() || self.deadline.is_some_and(|end| Instant::now() > end) {
            return None;
        }
        self.at = self.bytes.len().min(from + self.size);
        Some(self.bytes.slice(from..self.at))
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Infallible>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// Polls a stream over a [`Feed`] to its end. It is never pending, so there is nobody to wake.
///
/// # Panics
///
/// If the stream waits for something else.
#[inline]
pub fn drain<S: Stream>(stream: S, mut each: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match stream.as_mut().poll_next(&mut context) {
            Poll::Ready(Some(item)) => each(item),
            Poll::Ready(None) => return,
            Poll::Pending => panic!("a stream over memory is always ready"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_the_body() {
        let body = Bytes::from_static(b"data: x\n\n");
        let chunks: Vec<Bytes> = Feed::new(&body, 4).collect();
        assert_eq!(chunks, ["data", ": x\n", "\n"]);
    }

    #[test]
    fn a_deadline_ends_it() {
        let feed = Feed::new(&Bytes::from_static(b"data: x\n\n"), 4);
        let mut late = feed.until(Instant::now() - std::time::Duration::from_secs(1));
        assert_eq!(late.next(), None);
    }
}

//! The requests of a source: one for each attempt.

use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::TransportError;
use crate::Attempt;

/// A request on its way. Dropping it closes its connection, if it does with the future that was boxed.
pub type Sending<R, E> = Pin<Box<dyn Future<Output = Result<R, TransportError<E>>> + Send>>;

/// Makes and sends the request of each attempt, for the transport of an HTTP client whose responses are `R` and errors `E`.
///
/// What an adapter gives is how to send one request `Q`: where the attempt says so it goes to [`Attempt::address`], and what
/// [`Attempt::headers`] says is added where the user did not say otherwise.
pub struct Requests<R, E>(Box<dyn FnMut(Attempt) -> Sending<R, E> + Send>);

impl<R, E> Requests<R, E>
where
    R: Send + 'static,
    E: Send + 'static,
{
    /// The same request for each attempt, or for the first one alone if it cannot be cloned.
    pub fn repeat<Q, S>(
        request: Q,
        try_clone: impl Fn(&Q) -> Option<Q> + Send + 'static,
        send: impl Fn(Q, Attempt) -> S + Send + 'static,
    ) -> Self
    where
        Q: Send + 'static,
        S: Future<Output = Result<R, TransportError<E>>> + Send + 'static,
    {
        let mut original = Some(request);
        Self(Box::new(move |attempt| {
            let clone = original.as_ref().and_then(&try_clone);
            match clone.or_else(|| original.take()) {
                Some(request) => Box::pin(send(request, attempt)),
                None => failed(TransportError::gone()),
            }
        }))
    }

    /// A request that the user's code makes anew for each attempt. It decides about the address, too.
    pub fn from_factory<Q, F, S>(
        mut factory: impl FnMut(Attempt) -> F + Send + 'static,
        send: impl Fn(Q, Attempt) -> S + Clone + Send + 'static,
    ) -> Self
    where
        Q: Send,
        F: Future<Output = Result<Q, Box<dyn Error + Send + Sync>>> + Send + 'static,
        S: Future<Output = Result<R, TransportError<E>>> + Send,
    {
        Self(Box::new(move |attempt| {
            let (request, send) = (factory(attempt.clone()), send.clone());
            let attempt = Attempt { address: None, ..attempt };
            Box::pin(async move {
                let request = request.await.map_err(TransportError::factory)?;
                send(request, attempt).await
            })
        }))
    }

    /// No request, for this reason.
    pub fn failing(error: TransportError<E>) -> Self {
        let mut error = Some(error);
        Self(Box::new(move |_| failed(error.take().unwrap_or_else(TransportError::gone))))
    }

    /// Makes and sends the request of an attempt.
    pub fn start(&mut self, attempt: Attempt) -> Sending<R, E> {
        (self.0)(attempt)
    }
}

impl<R, E> fmt::Debug for Requests<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

fn failed<R, E>(error: TransportError<E>) -> Sending<R, E>
where
    R: Send + 'static,
    E: Send + 'static,
{
    Box::pin(ready(Err(error)))
}

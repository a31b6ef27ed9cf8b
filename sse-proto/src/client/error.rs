//! Why a source ended, or what it skipped.

use std::fmt;

use super::Transport;
use crate::{Cause, Closed, DecodeError, Refusal};

/// Why an [`EventSource`](super::EventSource) ended, or that it skipped a block.
///
/// One that is about a response which was not accepted still holds it, head and unread body.
pub struct Error<T: Transport>(
    Box<Inner<T>>,
    #[expect(dead_code, reason = "only its size counts")] Width,
);

/// Makes an error as wide as the pieces in which an event is moved. Where a `Result` is taken apart, the pieces end where the error
/// would, and those that are not cut as in the move before have to wait for it.
type Width = [u32; 2];

struct Inner<T: Transport> {
    kind: Kind,
    response: Option<T::Response>,
    source: Option<T::Error>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Closed(Closed),
    Skipped(DecodeError),
}

impl<T: Transport> Error<T> {
    pub(super) fn closed(
        why: Closed,
        response: Option<T::Response>,
        source: Option<T::Error>,
    ) -> Self {
        Self(Box::new(Inner { kind: Kind::Closed(why), response, source }), Width::default())
    }

    pub(super) fn skipped(error: DecodeError) -> Self {
        let inner = Inner { kind: Kind::Skipped(error), response: None, source: None };
        Self(Box::new(inner), Width::default())
    }

    /// Whether this is about one block that was over a limit. The stream goes on after it; after every other error it ends.
    pub fn is_event_too_large(&self) -> bool {
        self.decode_error().is_some()
    }

    /// The limit that a skipped block was over.
    pub fn decode_error(&self) -> Option<DecodeError> {
        match self.0.kind {
            Kind::Skipped(error) => Some(error),
            Kind::Closed(_) => None,
        }
    }

    /// Why the stream ended; `None` if it goes on.
    pub fn closed_because(&self) -> Option<Closed> {
        match self.0.kind {
            Kind::Closed(why) => Some(why),
            Kind::Skipped(_) => None,
        }
    }

    /// Whether the request could not be made, such as for an address that is none.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::Closed(Closed::InvalidRequest))
    }

    /// Whether a response was not accepted, for its status or its content type, or for a status that the policy does not retry
    /// any more. [`into_response`](Self::into_response) has it.
    pub fn is_refused(&self) -> bool {
        self.closed_because().is_some_and(|why| why.is_refused())
    }

    /// Whether the connection was lost, or did not come about, and the policy allowed no further attempt.
    pub fn is_lost(&self) -> bool {
        matches!(self.0.kind, Kind::Closed(Closed::Lost { .. })) && !self.is_refused()
    }

    /// Whether a clock of the session ran out.
    pub fn is_timeout(&self) -> bool {
        let Kind::Closed(Closed::Lost { cause, .. }) = self.0.kind else { return false };
        matches!(
            cause,
            Cause::ConnectTimeout(_) | Cause::FirstByteTimeout(_) | Cause::IdleTimeout(_)
        )
    }

    /// The status that ended the stream, where it was one.
    pub fn status(&self) -> Option<u16> {
        match self.0.kind {
            Kind::Closed(Closed::Refused(Refusal::Status(status))) => Some(status),
            Kind::Closed(Closed::Lost { cause: Cause::Status(status), .. }) => Some(status),
            Kind::Closed(Closed::NoContent) => Some(204),
            Kind::Closed(_) | Kind::Skipped(_) => None,
        }
    }

    /// The response that was not accepted, or whose status was not retried.
    pub fn response(&self) -> Option<&T::Response> {
        self.0.response.as_ref()
    }

    /// Takes the response out, to read its body.
    pub fn into_response(self) -> Option<T::Response> {
        self.0.response
    }

    /// What the transport said, where it was what failed.
    pub fn transport_error(&self) -> Option<&T::Error> {
        self.0.source.as_ref()
    }
}

impl<T: Transport> fmt::Display for Error<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Closed(why) => why.fmt(f),
            Kind::Skipped(error) => error.fmt(f),
        }
    }
}

impl<T: Transport> fmt::Debug for Error<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("has_response", &self.0.response.is_some())
            .field("source", &self.0.source)
            .finish()
    }
}

impl<T: Transport> std::error::Error for Error<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let error = self.0.source.as_ref()?;
        Some(error)
    }
}

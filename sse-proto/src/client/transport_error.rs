//! Why a request or a body failed, whatever the HTTP client.

use std::error::Error;
use std::fmt;

use crate::Redirect;

/// Why a request could not be made or sent, or why its body failed; `E` is the HTTP client's own error.
///
/// It never shows an address, which may hold a token: adapters take it out of what they put in.
#[derive(Debug)]
pub struct TransportError<E>(Kind<E>);

#[derive(Debug)]
enum Kind<E> {
    Request(E),
    Send(E),
    Factory(Box<dyn Error + Send + Sync>),
    Permanent(Box<dyn Error + Send + Sync>),
    Scheme,
    Gone,
    Misdirected,
    RedirectedTooOften,
}

/// An error of a factory of requests that no further attempt can mend, such as a refresh token that was revoked. Every other one
/// is a loss, and is retried.
///
/// The stream then ends with an error that [`is_invalid_request`](super::Error::is_invalid_request), whose source says what is in
/// here.
///
/// ```
/// # use sse_proto::client::Permanent;
/// async fn token() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
///     Err(Permanent::new("log in again").into())
/// }
/// ```
#[derive(Debug)]
pub struct Permanent(Box<dyn Error + Send + Sync>);

impl Permanent {
    /// For this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Permanent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl<E> TransportError<E> {
    /// The request is at fault: sent again, it would fail again.
    pub const fn request(error: E) -> Self {
        Self(Kind::Request(error))
    }

    /// The request could not be sent, or the connection failed.
    pub const fn send(error: E) -> Self {
        Self(Kind::Send(error))
    }

    /// The user's code could not make the request: this time, or ever if it is a [`Permanent`].
    pub fn factory(error: Box<dyn Error + Send + Sync>) -> Self {
        match error.downcast::<Permanent>() {
            Ok(error) => Self(Kind::Permanent(error.0)),
            Err(error) => Self(Kind::Factory(error)),
        }
    }

    /// The request's body could be sent only once, and was.
    pub const fn gone() -> Self {
        Self(Kind::Gone)
    }

    /// The request was redirected to what is no HTTP address.
    pub const fn misdirected() -> Self {
        Self(Kind::Misdirected)
    }

    /// The request was redirected more than [`Redirect::MOST`](crate::Redirect::MOST) times.
    pub const fn redirected_too_often() -> Self {
        Self(Kind::RedirectedTooOften)
    }

    /// An error unless this is the scheme of an address that an event stream can have.
    ///
    /// # Errors
    ///
    /// One that is the request's fault, for every scheme but `http` and `https`.
    pub fn check_scheme(scheme: &str) -> Result<(), Self> {
        match scheme {
            "http" | "https" => Ok(()),
            _ => Err(Self(Kind::Scheme)),
        }
    }

    /// The HTTP client's own error, where it is one.
    pub const fn as_http(&self) -> Option<&E> {
        match &self.0 {
            Kind::Request(error) | Kind::Send(error) => Some(error),
            _ => None,
        }
    }

    /// The error of the user's factory, where it is one: what was put into a [`Permanent`], or what it gave otherwise.
    pub fn as_factory(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.0 {
            Kind::Factory(error) | Kind::Permanent(error) => Some(&**error),
            _ => None,
        }
    }

    /// Whether the request could not be made: by the factory, or for what it was made of.
    pub const fn is_request(&self) -> bool {
        matches!(self.0, Kind::Request(_) | Kind::Scheme | Kind::Factory(_) | Kind::Permanent(_))
    }

    /// Whether no other attempt can help; what [`Transport::is_invalid_request`](super::Transport::is_invalid_request) asks.
    pub const fn is_permanent(&self) -> bool {
        matches!(self.0, Kind::Request(_) | Kind::Scheme | Kind::Permanent(_) | Kind::Gone)
    }
}

impl<E: Error + 'static> fmt::Display for TransportError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Request(error) | Kind::Send(error) => fmt::Display::fmt(error, f),
            Kind::Factory(error) | Kind::Permanent(error) => fmt::Display::fmt(error, f),
            Kind::Scheme => f.write_str("the address is neither http nor https"),
            Kind::Gone => f.write_str("the request's body could be sent only once"),
            Kind::Misdirected => f.write_str("redirected to what is no HTTP address"),
            Kind::RedirectedTooOften => write!(f, "more than {} redirects", Redirect::MOST),
        }
    }
}

impl<E: Error + 'static> Error for TransportError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Request(error) | Kind::Send(error) => error.source(),
            Kind::Factory(error) | Kind::Permanent(error) => error.source(),
            _ => None,
        }
    }
}

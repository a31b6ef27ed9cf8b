//! What a response head means: open, closed for good, worth another attempt, or refused.

use core::fmt;
use core::time::Duration;

use crate::session::{Config, Refusal};

/// The part of a response head that an event stream depends on
/// ([section 9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model)). Header values are raw
/// bytes.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct ResponseHead<'a> {
    /// The status code, any number that the server sent.
    pub status: u16,
    /// `Content-Type`; the last one where there are several.
    pub content_type: Option<&'a [u8]>,
    /// `Content-Encoding`, where nobody has undone it.
    pub content_encoding: Option<&'a [u8]>,
    /// `Retry-After`, in seconds or as an HTTP-date.
    pub retry_after: Option<&'a [u8]>,
    /// `Date`: what an HTTP-date in `Retry-After` is compared with.
    pub date: Option<&'a [u8]>,
    /// The driver's wall clock, as time since 1970, where there is no `Date`.
    pub wall_time: Option<Duration>,
    /// Where the response came from in the end, after redirects if there were any.
    pub redirected_to: Option<&'a str>,
}

impl<'a> ResponseHead<'a> {
    /// A head with a status and nothing else.
    pub const fn new(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            content_encoding: None,
            retry_after: None,
            date: None,
            wall_time: None,
            redirected_to: None,
        }
    }

    /// Reads the headers that matter: asks for each by its name in lower case.
    pub fn from_headers(status: u16, header: impl Fn(&'static str) -> Option<&'a [u8]>) -> Self {
        Self {
            content_type: header("content-type"),
            content_encoding: header("content-encoding"),
            retry_after: header("retry-after"),
            date: header("date"),
            ..Self::new(status)
        }
    }

    /// Sets [`content_type`](Self::content_type).
    #[must_use]
    pub const fn content_type(mut self, value: &'a [u8]) -> Self {
        self.content_type = Some(value);
        self
    }

    /// Sets [`content_encoding`](Self::content_encoding).
    #[must_use]
    pub const fn content_encoding(mut self, value: &'a [u8]) -> Self {
        self.content_encoding = Some(value);
        self
    }

    /// Sets [`retry_after`](Self::retry_after).
    #[must_use]
    pub const fn retry_after(mut self, value: &'a [u8]) -> Self {
        self.retry_after = Some(value);
        self
    }

    /// Sets [`date`](Self::date).
    #[must_use]
    pub const fn date(mut self, value: &'a [u8]) -> Self {
        self.date = Some(value);
        self
    }

    /// Sets [`wall_time`](Self::wall_time).
    #[must_use]
    pub const fn wall_time(mut self, since_1970: Duration) -> Self {
        self.wall_time = Some(since_1970);
        self
    }

    /// Sets [`redirected_to`](Self::redirected_to).
    #[must_use]
    pub const fn redirected_to(mut self, address: &'a str) -> Self {
        self.redirected_to = Some(address);
        self
    }

    /// What the head means under a configuration (WHATWG HTML 9.2.3, *processing model*).
    pub(crate) fn verdict(&self, config: &Config) -> Verdict {
        match self.status {
            200 if !self.has_accepted_type(config) => Verdict::Refused(Refusal::ContentType),
            200 if self.is_encoded() => Verdict::Refused(Refusal::ContentEncoding),
            200 => Verdict::Open,
            204 => Verdict::NoContent,
            status if config.policy().statuses.contains(&status) => {
                Verdict::Retry { status, retry_after: self.parse_retry_after() }
            }
            status => Verdict::Refused(Refusal::Status(status)),
        }
    }

    fn has_accepted_type(&self, config: &Config) -> bool {
        let essence = self.content_type.map_or(&[][..], essence);
        let is = |accepted: &[u8]| !accepted.is_empty() && essence.eq_ignore_ascii_case(accepted);
        config.accept.iter().any(|accepted| is(self::essence(accepted.as_bytes())))
    }

    /// RFC 9110, section 8.4: a list of codings, of which `identity` is none.
    pub(crate) fn is_encoded(&self) -> bool {
        let codings = self.content_encoding.unwrap_or_default().split(|&byte| byte == b',');
        codings
            .map(<[u8]>::trim_ascii)
            .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
    }

    /// RFC 9110, section 10.2.3.
    fn parse_retry_after(&self) -> Option<Duration> {
        let value = self.retry_after?.trim_ascii();
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            let seconds = value.iter().fold(0u64, |sum, digit| {
                sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
            });
            return Some(Duration::from_secs(seconds));
        }
        let then = http_date(value)?;
        let now = self.date.and_then(http_date).or(self.wall_time)?;
        Some(then.saturating_sub(now))
    }
}

/// Shows no header, and not where a redirect ended: both may hold a token.
impl fmt::Debug for ResponseHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What a response head means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Open,
    NoContent,
    Retry { status: u16, retry_after: Option<Duration> },
    Refused(Refusal),
}

/// The media type without parameters; the last one of a list, as Fetch extracts it.
fn essence(content_type: &[u8]) -> &[u8] {
    let (mut quoted, mut escaped) = (false, false);
    let list = content_type.split(|&byte| {
        if !core::mem::take(&mut escaped) {
            escaped = quoted && byte == b'\\';
            quoted ^= byte == b'"';
        }
        byte == b',' && !quoted
    });
    let essences = list.map(|media_type| {
        let end = media_type.iter().position(|&byte| byte == b';').unwrap_or(media_type.len());
        media_type[..end].trim_ascii()
    });
    // What is no media type, and the one that stands for all, count as absent.
    essences
        .filter(|essence| is_media_type(essence) && *essence != b"*/*")
        .last()
        .unwrap_or_default()
}

/// Two tokens (RFC 9110, section 8.3.1).
fn is_media_type(essence: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let mut tokens = essence.split(|&byte| byte == b'/');
    let two = [tokens.next(), tokens.next()].into_iter().flatten();
    tokens.next().is_none()
        && two.filter(|token| !token.is_empty() && token.iter().all(is_token)).count() == 2
}

#[cfg(feature = "std")]
fn http_date(value: &[u8]) -> Option<Duration> {
    let time = httpdate::parse_http_date(core::str::from_utf8(value.trim_ascii()).ok()?).ok()?;
    time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()
}

#[cfg(not(feature = "std"))]
fn http_date(_: &[u8]) -> Option<Duration> {
    None
}

/// What a redirect status asks of a client that follows redirects itself (Fetch, *HTTP-redirect fetch*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirect {
    /// Send the same method and body to the location.
    Repeat,
    /// Send a GET without a body to the location.
    Get,
}

impl Redirect {
    /// Most redirects that are followed for one request.
    pub const MOST: u32 = 10;

    /// What `status` means for a request with `method`; `None` if it is no redirect.
    ///
    /// 301 and 302 turn POST into GET, 303 turns everything but GET and HEAD into GET, 307 and 308 repeat the request.
    pub fn of(status: u16, method: &str) -> Option<Self> {
        match status {
            301 | 302 if method == "POST" => Some(Self::Get),
            303 if !matches!(method, "GET" | "HEAD") => Some(Self::Get),
            301 | 302 | 303 | 307 | 308 => Some(Self::Repeat),
            _ => None,
        }
    }

    /// Whether a header that the user set goes along: not what describes a body that does not, and to another origin only what
    /// [`crosses_origins`](Self::crosses_origins).
    pub fn keeps(self, header: &str, same_origin: bool) -> bool {
        const OF_BODY: [&str; 6] = [
            "content-encoding",
            "content-language",
            "content-length",
            "content-location",
            "content-type",
            "transfer-encoding",
        ];
        let of_body = OF_BODY.iter().any(|name| header.eq_ignore_ascii_case(name));
        (self == Self::Repeat || !of_body) && (same_origin || Self::crosses_origins(header))
    }

    /// Whether a header that the user set may go along to another origin. Only headers that describe what is wanted,
    /// or a body that goes along, may; everything else could be a credential.
    pub fn crosses_origins(header: &str) -> bool {
        const HARMLESS: [&str; 11] = [
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "content-encoding",
            "content-language",
            "content-length",
            "content-type",
            "last-event-id",
            "transfer-encoding",
            "user-agent",
        ];
        HARMLESS.iter().any(|name| header.eq_ignore_ascii_case(name))
    }
}

/// Whether a request with this method may be sent again without asking: the safe and the idempotent ones
/// (RFC 9110, section 9.2), and REPORT (RFC 3253).
pub fn is_repeatable(method: &str) -> bool {
    matches!(
        method,
        "GET"
            | "HEAD"
            | "OPTIONS"
            | "TRACE"
            | "PUT"
            | "DELETE"
            | "REPORT"
            | "QUERY"
            | "PROPFIND"
            | "SEARCH"
    )
}

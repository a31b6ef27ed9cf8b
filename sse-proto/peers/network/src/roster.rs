//! The clients that take part.

/// Which program a client is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// tokio, and reqwest or hyper.
    Tokio,
    /// async-std and surf.
    AsyncStd,
}

impl Family {
    /// The program's name.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Tokio => "sse-peers-network-tokio",
            Self::AsyncStd => "sse-peers-network-async-std",
        }
    }
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A bare HTTP client, which reads and throws away.
    Floor,
    /// One of this project's adapters.
    Own,
    /// The same, whose reader borrows the events.
    OwnLent,
    /// What the adapters are compared to.
    Peer,
}

impl Role {
    /// Whether it is this project's.
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Own | Self::OwnLent)
    }
}

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// What its program knows it by.
    pub name: &'static str,
    /// Its crates.
    pub title: &'static str,
    /// Its program.
    pub family: Family,
    /// What it is there for.
    pub role: Role,
    /// The bare HTTP client below it.
    pub floor: &'static str,
    /// Whether it needs none of the crates that are compared to.
    pub always: bool,
}

/// A row.
const fn client(
    name: &'static str,
    title: &'static str,
    family: Family,
    role: Role,
    floor: &'static str,
) -> Client {
    let always = role.is_own();
    Client { name, title, family, role, floor, always }
}

use Family::{AsyncStd, Tokio};
use Role::{Floor, Own, OwnLent, Peer};

/// Every client. One that is its own floor is a bare HTTP client.
pub const ALL: [Client; 19] = [
    Client { always: true, ..client("reqwest-raw", "reqwest 0.13", Tokio, Floor, "reqwest-raw") },
    client("sse-tokio", "sse-tokio", Tokio, Own, "reqwest-raw"),
    client("sse-tokio-ref", "sse-tokio, next_ref()", Tokio, OwnLent, "reqwest-raw"),
    client("eventsrc-client", "eventsrc-client 0.0.2", Tokio, Peer, "reqwest-raw"),
    client("sseer", "sseer 0.3.1", Tokio, Peer, "reqwest-raw"),
    client("reqwest-sse", "reqwest-sse 0.2.0", Tokio, Peer, "reqwest-raw"),
    client("eventsource-stream", "eventsource-stream 0.2.3", Tokio, Peer, "reqwest-raw"),
    client("eventsource-client", "eventsource-client 0.18.0, on hyper", Tokio, Peer, "reqwest-raw"),
    client("reqwest012-raw", "reqwest 0.12", Tokio, Floor, "reqwest012-raw"),
    client("reqwest-eventsource", "reqwest-eventsource 0.6.0", Tokio, Peer, "reqwest012-raw"),
    Client {
        always: true,
        ..client("own-raw", "surf on StreamClient", AsyncStd, Floor, "own-raw")
    },
    client("sse-async-std", "sse-async-std", AsyncStd, Own, "own-raw"),
    client("sse-async-std-ref", "sse-async-std, next_ref()", AsyncStd, OwnLent, "own-raw"),
    client("h1-raw", "surf on async-h1", AsyncStd, Floor, "h1-raw"),
    client("h1-async-sse", "async-sse 5.1.0, async-h1", AsyncStd, Peer, "h1-raw"),
    client("h1-surf-sse", "surf-sse 1.0.0, async-h1", AsyncStd, Peer, "h1-raw"),
    client("curl-raw", "surf on curl", AsyncStd, Floor, "curl-raw"),
    client("curl-async-sse", "async-sse 5.1.0, curl", AsyncStd, Peer, "curl-raw"),
    client("curl-surf-sse", "surf-sse 1.0.0, curl", AsyncStd, Peer, "curl-raw"),
];

/// The beginning of a client's name, from a command line.
///
/// # Errors
///
/// If no client is named so.
pub fn beginning(text: &str) -> Result<String, String> {
    let mut all = ALL.into_iter();
    let found = all.any(|client| client.name.starts_with(text));
    if found { Ok(text.to_owned()) } else { Err(format!("no client {text}")) }
}

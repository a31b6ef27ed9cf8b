//! The decoders that are compared.

pub mod client;
pub mod peers;
pub mod proto;

use crate::feed::Feed;
use crate::sink::Sink;

/// One of the decoders, or the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// No decoder: one search for LF over the same chunks.
    Memchr,
    /// sse-proto, events read where they lie.
    ProtoBorrowed,
    /// sse-proto, each event made an `Event`.
    ProtoOwned,
    /// eventsource-stream.
    EventsourceStream,
    /// sse-core.
    SseCore,
    /// sse-stream.
    SseStream,
    /// sseer.
    Sseer,
    /// sse-parse.
    SseParse,
    /// eventsource-client.
    EventsourceClient,
}

impl Candidate {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 9] = [
        Self::Memchr,
        Self::ProtoBorrowed,
        Self::ProtoOwned,
        Self::SseCore,
        Self::SseStream,
        Self::Sseer,
        Self::SseParse,
        Self::EventsourceClient,
        Self::EventsourceStream,
    ];

    /// What `--only` and the tables call it; a peer has the name of its crate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memchr => "memchr",
            Self::ProtoBorrowed => "proto-borrowed",
            Self::ProtoOwned => "proto-owned",
            Self::EventsourceStream => "eventsource-stream",
            Self::SseCore => "sse-core",
            Self::SseStream => "sse-stream",
            Self::Sseer => "sseer",
            Self::SseParse => "sse-parse",
            Self::EventsourceClient => "eventsource-client",
        }
    }

    /// The candidate with this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn from_name(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|candidate| candidate.name() == name).ok_or(format!("no candidate {name}"))
    }

    /// Whether it is somebody else's decoder.
    pub const fn is_peer(self) -> bool {
        !matches!(self, Self::Memchr | Self::ProtoBorrowed | Self::ProtoOwned)
    }

    /// Why it is not even tried on a corpus.
    pub const fn excluded(self, corpus: char) -> Option<&'static str> {
        match (self, corpus) {
            (Self::EventsourceStream, 'f') => Some("quadratic in the line"),
            _ => None,
        }
    }

    /// Decodes all that the feed has. No candidate is inlined here, so that none changes how another is compiled.
    #[inline]
    pub fn run<S: Sink>(self, feed: Feed, sink: &mut S) {
        match self {
            Self::Memchr => peers::memchr(feed),
            Self::ProtoBorrowed => proto::borrowed(feed, sink),
            Self::ProtoOwned => proto::owned(feed, sink),
            Self::EventsourceStream => peers::eventsource_stream(feed, sink),
            Self::SseCore => peers::sse_core(feed, sink),
            Self::SseStream => peers::sse_stream(feed, sink),
            Self::Sseer => peers::sseer(feed, sink),
            Self::SseParse => peers::sse_parse(feed, sink),
            Self::EventsourceClient => client::eventsource_client(feed, sink),
        }
    }
}

/// The version of a crate in this workspace's lock file.
pub fn version(name: &str) -> Option<&'static str> {
    let lock = include_str!("../Cargo.lock");
    let package = lock.split("[[package]]").find(|package| {
        package.lines().any(|line| line.strip_prefix("name = \"") == Some(&format!("{name}\"")))
    })?;
    let version = package.lines().find_map(|line| line.strip_prefix("version = \""))?;
    version.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_has_a_name_and_a_version() {
        for candidate in Candidate::ALL {
            assert_eq!(Candidate::from_name(candidate.name()), Ok(candidate));
            assert!(!candidate.is_peer() || version(candidate.name()).is_some());
        }
    }
}

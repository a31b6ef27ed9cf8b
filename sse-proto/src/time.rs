//! A point in time that a driver tells, never one that the core reads.

use core::time::Duration;

/// Time since an origin that the driver picks: the start of the process, of the session, or of a simulation.
///
/// Only differences matter, so any origin does as long as it stays. Arithmetic saturates at both ends: a clock that
/// stands still or leaps by centuries does no harm.
///
/// ```
/// use core::time::Duration;
/// use sse_proto::Instant;
///
/// let start = Instant::ORIGIN;
/// let later = start + Duration::from_secs(3);
/// assert_eq!(later.saturating_since(start), Duration::from_secs(3));
/// assert_eq!(start.saturating_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The driver's origin.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The instant that lies `elapsed` after the origin.
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Time since the origin.
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// Time since `earlier`, zero if that lies later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

//! The wall clock, for commands that act now.

use crate::time::Time;

/// The present instant.
pub(super) fn now() -> Time {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let nanos = since.map_or(0, |since| since.as_nanos());
    Time::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

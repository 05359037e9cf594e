//! The real clock, which no floor below reads.

use crate::time::{Span, Time};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

/// Real time that never goes backwards within a node.
///
/// Why two clocks: the system's may be set back, and a node whose time then stood still would fire
/// no timer until it caught up. So time runs on with the monotonic clock; it follows the system's
/// clock forwards only (a laptop that slept), at once.
#[derive(Debug)]
pub struct Clock {
    begun: Instant,
    /// Which real time the monotonic clock's zero is, in nanoseconds: the latest found so far.
    zero: AtomicU64,
}

impl Default for Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the network's driver reads the clock"
    )]
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            zero: AtomicU64::new(0),
        }
    }
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Time {
        // The system's clock first: a thread that is held up between the two then reads a zero that
        // is too early, which the largest so far outweighs.
        let system = system();
        let run = Span::nanos(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let zero = system.before(run).nanos();
        let zero = zero.max(self.zero.fetch_max(zero, Ordering::Relaxed));
        Time::from_nanos(zero).after(run)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the network's driver reads the clock"
)]
fn system() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    Time::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_follows_the_system_forwards_and_never_goes_back() {
        let clock = Clock::default();
        let first = clock.now();
        assert!(
            first.since(system()) < Span::seconds(1) && system().since(first) < Span::seconds(1)
        );
        // The system's clock was an hour ahead once, and was set back since.
        let hour = Span::hours(1).as_nanos();
        clock.zero.fetch_add(hour, Ordering::Relaxed);
        let ahead = clock.now();
        assert!(ahead.since(first) >= Span::hours(1));
        assert!(clock.now() > ahead, "and it does not stand still");
    }
}

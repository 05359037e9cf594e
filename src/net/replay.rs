//! Which nonces were seen: a signed request counts once.

use crate::time::{Span, Time};
use hashbrown::HashSet;
use siphasher::sip::SipHasher24;
use std::hash::{BuildHasherDefault, Hasher};

/// How far a request's `created` may be from this node's clock, either way.
pub const FRESH_SPAN: Span = Span::seconds(60);
/// How many nonces are remembered for one to two `GENERATION`s; when there are more, requests are
/// put off, never let through unremembered.
pub const NONCES_MAX: usize = 1 << 20;
/// A nonce can come again until its `created` is too old: at most this long after it was first
/// seen.
const GENERATION: Span = Span::seconds(120);

type Set = HashSet<u64, BuildHasherDefault<siphasher::sip::SipHasher13>>;

/// A bounded memory of nonces.
///
/// Why hashes: 64 keyed bits per nonce instead of a string; that a new nonce is taken for an old
/// one has a chance of one in 10¹² at a million remembered.
#[derive(Debug)]
pub(super) struct Replay {
    key: [u8; 16],
    since: Time,
    now: Set,
    before: Set,
}

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nonce {
    New,
    Seen,
    /// There is no room to remember it.
    Full,
}

impl Replay {
    /// An empty memory, hashed with a secret key.
    pub(super) fn new(key: [u8; 16]) -> Self {
        let (now, before) = (Set::default(), Set::default());
        Self {
            key,
            since: Time::default(),
            now,
            before,
        }
    }

    /// Remembers a nonce of this key id.
    pub(super) fn see(&mut self, at: Time, key_id: &str, nonce: &str) -> Nonce {
        if at.since(self.since) >= GENERATION {
            let stale = at.since(self.since) >= Span::nanos(2 * GENERATION.as_nanos());
            self.before = std::mem::take(&mut self.now);
            if stale {
                self.before.clear();
            }
            self.since = at;
        }
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(key_id.as_bytes());
        hasher.write_u8(0xFF);
        hasher.write(nonce.as_bytes());
        let hash = hasher.finish();
        if self.before.contains(&hash) || self.now.contains(&hash) {
            return Nonce::Seen;
        }
        if self.now.len() >= NONCES_MAX {
            return Nonce::Full;
        }
        self.now.insert(hash);
        Nonce::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_remembered_for_as_long_as_it_could_be_fresh() {
        let start = Time::from_seconds(1_000_000);
        for first in [0, 1, 119, 120, 121, 239] {
            let mut replay = Replay::new([1; 16]);
            replay.see(start, "k", "begin");
            let first = start.after(Span::seconds(first));
            assert_eq!(replay.see(first, "k", "n"), Nonce::New);
            for later in [0, 1, 59, 60, 119, 120] {
                let later = first.after(Span::seconds(later));
                assert_eq!(replay.see(later, "k", "n"), Nonce::Seen, "{first} {later}");
            }
        }
    }

    #[test]
    fn a_nonce_of_another_key_is_another_nonce() {
        let mut replay = Replay::new([1; 16]);
        assert_eq!(replay.see(Time::default(), "a", "bc"), Nonce::New);
        assert_eq!(replay.see(Time::default(), "ab", "c"), Nonce::New);
    }

    #[test]
    fn when_full_it_refuses_rather_than_forgets_and_recovers_with_time() {
        let mut replay = Replay::new([1; 16]);
        let start = Time::from_seconds(1000);
        let seen = |replay: &mut Replay, n: usize| replay.see(start, "k", &n.to_string());
        assert!((0..NONCES_MAX).all(|n| seen(&mut replay, n) == Nonce::New));
        assert_eq!(seen(&mut replay, NONCES_MAX), Nonce::Full);
        assert_eq!(seen(&mut replay, 0), Nonce::Seen);
        let later = start.after(Span::seconds(121));
        assert_eq!(replay.see(later, "k", "new"), Nonce::New);
    }
}

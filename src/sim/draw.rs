//! The world's own draws: latencies, losses, ties. Keyed by what they are about, never by when they
//! are asked.
//!
//! Why not [`Chance`](crate::chance::Chance): a message asks up to six times, and needs no secrecy.
//! One finaliser (SplitMix64's) per part of the key costs a nanosecond.

use crate::chance::below;
use crate::time::Span;

/// What a draw is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Latency = 1,
    Tail,
    Loss,
    Duplicate,
    DuplicateLatency,
    Reorder,
    ReorderLatency,
    Crash,
    CrashMoment,
    CrashDown,
    Rule,
    RuleLater,
    Tie,
}

/// What draws are about: a number made of its parts, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrawKey(pub(super) u64);

impl DrawKey {
    /// The key with one more part.
    #[must_use]
    pub(super) const fn with(self, part: u64) -> Self {
        Self(mix(self.0.rotate_left(23) ^ part))
    }

    /// 64 drawn bits.
    pub(super) const fn draw(self, purpose: Purpose) -> u64 {
        self.with(purpose as u64).0
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(self, parts_per_million: u32, purpose: Purpose) -> bool {
        parts_per_million > 0 && below(self.draw(purpose), 1_000_000) < u64::from(parts_per_million)
    }

    /// A span from `least` to `most`, both included.
    pub(super) fn span(self, least: Span, most: Span, purpose: Purpose) -> Span {
        let width = most.as_nanos().saturating_sub(least.as_nanos());
        let extra = below(self.draw(purpose), width.saturating_add(1));
        Span::nanos(least.as_nanos().saturating_add(extra))
    }
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): every bit of the input moves every one of the
/// output.
pub(super) const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number for some bytes: FNV-1a, finalised.
pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    mix(bytes.iter().fold(0xCBF2_9CE4_8422_2325, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_draws_for_itself_and_keeps_to_its_probability() {
        let keys = (0..100_000).map(|n| DrawKey(1).with(n));
        let mut both = 0;
        let (mut lost, mut doubled) = (0, 0);
        for key in keys {
            let (a, b) = (
                key.happens(20_000, Purpose::Loss),
                key.happens(20_000, Purpose::Duplicate),
            );
            lost += u32::from(a);
            doubled += u32::from(b);
            both += u32::from(a && b);
        }
        assert!((1_800..2_200).contains(&lost), "{lost}");
        assert!((1_800..2_200).contains(&doubled), "{doubled}");
        assert!(both < 100, "{both}");
    }

    #[test]
    fn the_order_of_a_keys_parts_matters() {
        assert_ne!(DrawKey(0).with(1).with(2), DrawKey(0).with(2).with(1));
    }
}

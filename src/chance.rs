//! Keyed draws: randomness as a function of seed, party, purpose, key and count.
//!
//! Why not a stream per party: adding one customer to a scenario then moved 77 % of the others'
//! choices; with keyed draws it moves none, and a role that is run again for the same input draws
//! the same (law 1). SipHash-2-4 is a keyed pseudorandom function, so with a secret seed the same
//! code gives a live node its ids.

use crate::id::Party;
use crate::time::Span;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// A source of keyed draws. In a simulation the seed is public; in a live node it is secret.
#[derive(Clone)]
pub struct Chance {
    seed: [u8; 16],
}

impl Chance {
    /// Draws that depend on 128 bits of `seed`.
    pub const fn new(seed: [u8; 16]) -> Self {
        Self { seed }
    }

    /// Draws that depend on a scenario's seed number.
    pub fn of_seed(seed: u64) -> Self {
        Self {
            seed: u128::from(seed).to_be_bytes(),
        }
    }

    /// A source for one party: its draws do not depend on who else takes part.
    #[must_use]
    pub fn for_party(&self, party: &Party) -> Self {
        let label = [
            party.kind.word().as_bytes(),
            b":",
            party.name.as_str().as_bytes(),
        ]
        .concat();
        let (high, low) = (self.draw("party", &label, 0), self.draw("party", &label, 1));
        Self {
            seed: (u128::from(high) << 64 | u128::from(low)).to_be_bytes(),
        }
    }

    /// 64 bits for the `nth` time that `purpose` asks about `key`.
    pub fn draw(&self, purpose: &str, key: &[u8], nth: u64) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.seed);
        hasher.write(purpose.as_bytes());
        hasher.write_u8(0xFF);
        hasher.write(key);
        hasher.write_u64(nth);
        hasher.finish()
    }

    /// Whether something of `parts_per_million` probability happens.
    pub fn happens(&self, parts_per_million: u32, purpose: &str, key: &[u8], nth: u64) -> bool {
        below(self.draw(purpose, key, nth), 1_000_000) < u64::from(parts_per_million)
    }

    /// A span from `least` to `most`, both included.
    pub fn span(&self, least: Span, most: Span, purpose: &str, key: &[u8], nth: u64) -> Span {
        let width = most
            .as_nanos()
            .saturating_sub(least.as_nanos())
            .saturating_add(1);
        let extra = below(self.draw(purpose, key, nth), width);
        Span::nanos(least.as_nanos().saturating_add(extra))
    }
}

/// Maps 64 drawn bits to `0..limit` without a division's bias towards small numbers.
pub fn below(drawn: u64, limit: u64) -> u64 {
    let product = u128::from(drawn) * u128::from(limit);
    u64::try_from(product >> 64).expect("64 bits times 64 bits, shifted by 64, fit 64")
}

impl std::fmt::Debug for Chance {
    /// Says nothing of the seed, which is secret in a live node.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_partys_draws_do_not_depend_on_another() {
        let chance = Chance::of_seed(42);
        let ann = chance.for_party(&"wallet:ann".parse().unwrap());
        let bob = chance.for_party(&"wallet:bob".parse().unwrap());
        assert_eq!(ann.draw("wait", b"A1", 0), ann.draw("wait", b"A1", 0));
        assert_ne!(ann.draw("wait", b"A1", 0), bob.draw("wait", b"A1", 0));
        assert_ne!(ann.draw("wait", b"A1", 0), ann.draw("wait", b"A1", 1));
    }

    #[test]
    fn a_probability_holds_over_many_draws() {
        let chance = Chance::of_seed(1);
        let hits = (0..100_000)
            .filter(|n| chance.happens(20_000, "loss", b"x", *n))
            .count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
    }
}

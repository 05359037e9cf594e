//! Links: how long a message travels, and what may happen to it on the way.

use super::draw::{DrawKey, Purpose};
use super::plan::Fault;
use crate::id::{Party, PartyKind};
use crate::scenario::Bandwidth;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// One direction between two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The quickest that a message travels.
    pub least: Span,
    /// The slowest, a long tail aside.
    pub most: Span,
    /// The mean of an exponential tail on top; zero for none.
    pub tail: Span,
    /// How many of a million messages are lost.
    pub loss_ppm: u32,
    /// How many of a million messages arrive twice.
    pub duplicate_ppm: u32,
    /// How many of a million messages are held back, up to [`Self::HELD_MOST`].
    pub reorder_ppm: u32,
    /// How much it carries; any amount at once when nothing is said. Messages wait for each other.
    pub bandwidth: Option<Bandwidth>,
}

impl Link {
    /// How long a message may be held back, so that later ones overtake it.
    pub const HELD_MOST: Span = Span::seconds(3);

    /// Across a network: 5 to 25 ms, nothing lost.
    pub const HEALTHY: Self = Self {
        least: Span::millis(5),
        most: Span::millis(25),
        tail: Span::ZERO,
        loss_ppm: 0,
        duplicate_ppm: 0,
        reorder_ppm: 0,
        bandwidth: None,
    };

    /// Between a PC and its chip: 1 to 3 ms, nothing lost.
    pub const WIRE: Self = Self {
        least: Span::millis(1),
        most: Span::millis(3),
        ..Self::HEALTHY
    };

    /// The same way and time with nothing going wrong.
    #[must_use]
    pub const fn healed(self) -> Self {
        Self {
            loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
            ..self
        }
    }

    /// How long this message travels.
    pub(super) fn latency(&self, key: DrawKey) -> Span {
        let ranged = key.span(self.least, self.most, Purpose::Latency);
        if self.tail == Span::ZERO {
            return ranged;
        }
        let tail = exponential(self.tail, key.draw(Purpose::Tail));
        Span::nanos(ranged.as_nanos().saturating_add(tail))
    }

    /// How long this link is busy with so many bytes.
    fn busy(&self, bytes: usize) -> Span {
        let Some(bandwidth) = self.bandwidth else {
            return Span::ZERO;
        };
        let bytes = u128::try_from(bytes).unwrap_or(u128::MAX);
        let nanos =
            bytes.saturating_mul(1_000_000_000) / u128::from(bandwidth.bytes_per_second().max(1));
        Span::nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// What goes wrong with this message, if anything.
    pub(super) fn faults(&self, key: DrawKey) -> impl Iterator<Item = Fault> {
        let drop = key.happens(self.loss_ppm, Purpose::Loss);
        let repeat = key.happens(self.duplicate_ppm, Purpose::Duplicate);
        let later = || key.span(self.least, Self::HELD_MOST, Purpose::DuplicateLatency);
        let held = key.happens(self.reorder_ppm, Purpose::Reorder);
        let by = || key.span(self.most, Self::HELD_MOST, Purpose::ReorderLatency);
        [
            drop.then_some(Fault::Drop),
            (repeat && !drop).then(|| Fault::Duplicate(later())),
            (held && !drop).then(|| Fault::Delay(by())),
        ]
        .into_iter()
        .flatten()
    }
}

/// An exponential span of this mean in integers: `mean * -ln(u)`, with the logarithm from the
/// position of the highest bit and a straight line between powers of two (under 9 % off).
fn exponential(mean: Span, drawn: u64) -> u64 {
    let uniform = drawn | 1;
    let zeros = u64::from(uniform.leading_zeros());
    let fraction = (uniform << zeros << 1) >> 32; // the bits below the highest, of 2^32
    let log2 = (zeros << 32) + ((1 << 32) - fraction);
    let nats = u128::from(log2) * 693_147 / 1_000_000;
    let span = (u128::from(mean.as_nanos()) * nats) >> 32;
    u64::try_from(span).unwrap_or(u64::MAX)
}

/// Every link: one rule for all, and exceptions.
#[derive(Clone, Debug)]
pub struct Links {
    usual: Link,
    wire: Link,
    special: BTreeMap<(Party, Party), Link>,
    /// Until when links that carry only so much are busy.
    busy: BTreeMap<(Party, Party), Time>,
}

impl Default for Links {
    fn default() -> Self {
        Self::new(Link::HEALTHY)
    }
}

impl Links {
    /// All links alike, wires to chips aside.
    pub fn new(usual: Link) -> Self {
        Self {
            usual,
            wire: Link::WIRE,
            special: BTreeMap::new(),
            busy: BTreeMap::new(),
        }
    }

    /// One direction between two parties is different.
    pub fn set(&mut self, from: Party, to: Party, link: Link) {
        self.special.insert((from, to), link);
    }

    /// The link of one direction.
    pub fn get(&self, from: &Party, to: &Party) -> Link {
        let wired = from.kind == PartyKind::Chip || to.kind == PartyKind::Chip;
        let usual = if wired { self.wire } else { self.usual };
        if self.special.is_empty() {
            return usual;
        }
        self.special.get(&(*from, *to)).copied().unwrap_or(usual)
    }

    /// When a message of so many bytes has left: after those before it, on a link that carries only
    /// so much at once.
    pub(super) fn leaves(&mut self, way: (Party, Party), bytes: usize, now: Time) -> Time {
        let takes = self.get(&way.0, &way.1).busy(bytes);
        let busy = self.busy.entry(way).or_insert(now);
        *busy = now.max(*busy).after(takes);
        *busy
    }

    /// Changes all of them alike.
    pub fn each(&mut self, change: impl Fn(Link) -> Link) {
        self.usual = change(self.usual);
        self.special
            .values_mut()
            .for_each(|link| *link = change(*link));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_has_about_its_mean() {
        let mean = Span::millis(10);
        let total: u64 = (0..20_000)
            .map(|n| exponential(mean, DrawKey(5).with(n).draw(Purpose::Tail)) / 1000)
            .sum();
        let mean = total / 20_000;
        assert!((9_000..11_500).contains(&mean), "{mean} us");
    }

    #[test]
    fn messages_wait_for_each_other_on_a_narrow_link_and_nowhere_else() {
        let [ann, river]: [Party; 2] = ["wallet:ann", "bank:river"].map(|p| p.parse().unwrap());
        let mut links = Links::default();
        let narrow = Link {
            bandwidth: Some("1kB/s".parse().unwrap()),
            ..Link::HEALTHY
        };
        links.set(ann, river, narrow);
        let at = |ms| Time::from_nanos(0).after(Span::millis(ms));
        assert_eq!(links.leaves((ann, river), 500, at(0)), at(500));
        assert_eq!(links.leaves((ann, river), 250, at(100)), at(750));
        assert_eq!(links.leaves((ann, river), 100, at(2_000)), at(2_100));
        assert_eq!(links.leaves((river, ann), 9_000, at(3)), at(3));
    }

    #[test]
    fn a_healthy_link_loses_nothing_and_keeps_its_range() {
        let link = Link::HEALTHY;
        for n in 0..1000 {
            let key = DrawKey(3).with(n);
            assert_eq!(link.faults(key).count(), 0);
            assert!((link.least..=link.most).contains(&link.latency(key)));
        }
    }
}

//! Rows as the database has them, kept in memory.

use crate::store::{Key, Stored};
use hashbrown::HashMap;
use siphasher::sip::SipHasher13;
use std::hash::BuildHasherDefault;

/// What is known of a key: its row, or that there is none.
#[derive(Clone, Debug)]
pub(super) struct Found(pub(super) Option<Stored>);

type Map = HashMap<(u32, Key), Found, BuildHasherDefault<SipHasher13>>;

/// Rows, and keys known to have none, by table id and key. At most two generations of a given size:
/// what was asked for lately survives, and nothing is ever sorted or scanned.
#[derive(Debug)]
pub(super) struct Cache {
    young: Map,
    old: Map,
    generation_max: usize,
}

impl Cache {
    /// An empty cache of generations of so many rows.
    pub(super) fn new(generation_max: usize) -> Self {
        Self {
            young: Map::default(),
            old: Map::default(),
            generation_max,
        }
    }

    /// The row of this key, if that is known.
    pub(super) fn get(&mut self, at: &(u32, Key)) -> Option<Found> {
        if let Some(found) = self.young.get(at) {
            return Some(found.clone());
        }
        let found = self.old.remove(at)?;
        self.put(*at, found.clone());
        Some(found)
    }

    /// What the database has for this key now.
    pub(super) fn put(&mut self, at: (u32, Key), found: Found) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(at, found);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_latest_write_wins() {
        let mut cache = Cache::new(4);
        let at = |n: u32| (7, Key::of(&n));
        cache.put(at(0), Found(None));
        for n in 1..100 {
            cache.put(at(n), Found(None));
            assert!(cache.get(&at(0)).is_some(), "after {n}");
        }
        assert!(cache.get(&at(1)).is_none());
        assert!(cache.young.len() + cache.old.len() <= 8);
    }
}

//! The memory store: the simulator's. Cheap to clone, hence time travel; loses on a crash exactly
//! what was not committed.

use super::backend::{Backend, Peek, StoreError, Stored, Timer, Want, Writes};
use super::key::Key;
use super::record::{Row, Schema};
use crate::journal::{Cause, Chain, ChainKind, Entry};
use crate::time::Time;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Nobody iterates it. Why no keyed hash: in a simulation no stranger chooses keys, a payment looks
/// up twenty rows, and a server that is given no disk is for trying out.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;

/// Eight bytes at a time, multiplied into what was before; SplitMix64's finaliser at the end.
#[derive(Default)]
struct Fold(u64);

impl Fold {
    const fn fold(&mut self, part: u64) {
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words
            .iter()
            .for_each(|word| self.fold(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.fold(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }

    fn write_u32(&mut self, n: u32) {
        self.fold(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.fold(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.fold(n as u64);
    }
}

/// One party's rows, timers and journal in memory.
#[derive(Clone, Debug)]
pub struct Memory {
    rows: Map<(u32, Key), Stored>,
    timers: Map<Timer, Time>,
    due: BTreeSet<(Time, Timer)>,
    journal: Vec<Entry>,
    chain: Chain,
    /// How to take back what was saved since `begin`, the last first.
    undo: Vec<Undo>,
}

#[derive(Clone, Debug)]
enum Undo {
    Row(u32, Key, Option<Stored>),
    Timer(Timer, Option<Time>),
    Journal(Chain, usize),
}

impl Memory {
    /// An empty store whose journal is chained in this way.
    pub fn new(kind: ChainKind) -> Self {
        Self {
            rows: Map::default(),
            timers: Map::default(),
            due: BTreeSet::new(),
            journal: Vec::new(),
            chain: Chain::new(0, kind),
            undo: Vec::new(),
        }
    }

    /// Everything that happened, in order.
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// The journal's head: equal for two runs exactly when all their entries were.
    pub const fn head(&self) -> &[u8; 32] {
        self.chain.head()
    }

    /// Power fails: what was not committed is gone, and so is what was never meant to last.
    pub fn crash(&mut self) {
        self.roll_back();
        self.rows.retain(|_, stored| !stored.row.schema().volatile);
    }

    fn set_timer(&mut self, timer: Timer, at: Option<Time>) {
        let before = match at {
            Some(at) => self.timers.insert(timer, at),
            None => self.timers.remove(&timer),
        };
        if let Some(before) = before {
            self.due.remove(&(before, timer));
        }
        if let Some(at) = at {
            self.due.insert((at, timer));
        }
        self.undo.push(Undo::Timer(timer, before));
    }

    fn roll_back(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Row(table, key, Some(stored)) => {
                    self.rows.insert((table, key), stored);
                }
                Undo::Row(table, key, None) => {
                    self.rows.remove(&(table, key));
                }
                Undo::Timer(timer, before) => {
                    self.set_timer(timer, before);
                    self.undo.pop(); // taking back is not itself to be taken back
                }
                Undo::Journal(chain, len) => {
                    self.chain = chain;
                    self.journal.truncate(len);
                }
            }
        }
    }
}

impl Backend for Memory {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        Ok(wants
            .iter()
            .map(|(table, key)| self.rows.get(&(table.id, *key)).cloned())
            .collect())
    }

    fn peek(&mut self, want: &Want) -> Result<Peek, StoreError> {
        let (table, key) = want;
        Ok(Peek::Here(self.rows.get(&(table.id, *key)).cloned()))
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        for write in writes.rows {
            let at = (write.table.id, write.key);
            let before = match write.row {
                Some(row) => self.rows.insert(
                    at,
                    Stored {
                        row,
                        version: write.read + 1,
                    },
                ),
                None => self.rows.remove(&at),
            };
            self.undo.push(Undo::Row(at.0, at.1, before));
        }
        if let Some((due, timer)) = writes.fired
            && self.timers.get(&timer) == Some(&due)
        {
            self.set_timer(timer, None);
        }
        for (timer, at) in writes.timers {
            self.set_timer(timer, at);
        }
        if !writes.events.is_empty() {
            self.undo
                .push(Undo::Journal(self.chain.clone(), self.journal.len()));
        }
        let cause = writes.cause.unwrap_or(Cause {
            what: Cow::Borrowed("none"),
            from: None,
        });
        for event in writes.events {
            self.journal
                .push(self.chain.append(writes.at, cause.clone(), event));
        }
        Ok(())
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        Ok(self
            .due
            .iter()
            .take_while(|(at, _)| *at <= until)
            .take(max)
            .copied()
            .collect())
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.due.first().map(|(at, _)| *at))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.undo.clear();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.undo.clear();
        Ok(())
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.roll_back();
        Ok(())
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        let keys: BTreeSet<Key> = self
            .rows
            .keys()
            .filter(|(id, _)| *id == table.id)
            .map(|(_, key)| *key)
            .collect();
        let rows = keys
            .into_iter()
            .filter_map(|key| self.rows.get(&(table.id, key)));
        Ok(rows.map(|stored| Arc::clone(&stored.row)).collect())
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        let lane = self.chain.lane();
        let seen = after
            .iter()
            .find(|(l, _)| *l == lane)
            .map_or(0, |(_, seq)| *seq);
        let from = usize::try_from(seen).unwrap_or(usize::MAX);
        Ok(self.journal.iter().skip(from).take(max).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::store::TimerKind;

    #[test]
    fn a_timer_moved_before_its_turn_stays_set() {
        let mut store = Memory::new(ChainKind::Fast);
        let timer = Timer::new(TimerKind::Ask, Id::from_bytes([7; 16]));
        let at = Time::from_seconds;
        let set = |seconds| Writes {
            timers: vec![(timer, Some(at(seconds)))],
            ..Writes::default()
        };
        let fired = |seconds| Writes {
            fired: Some((at(seconds), timer)),
            ..Writes::default()
        };
        for writes in [set(1), set(9), fired(1)] {
            store.save(writes).unwrap();
        }
        assert_eq!(store.next_due(), Ok(Some(at(9))));
        store.save(fired(9)).unwrap();
        assert_eq!(store.next_due(), Ok(None));
    }
}

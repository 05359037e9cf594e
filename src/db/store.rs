//! A store over a database: what it means to load, save, commit and abort, for both of them.

use super::batch::Batch;
use super::cache::{Cache, Found};
use crate::journal::{Chain, ChainKind, Entry};
use crate::store::{Backend, Memory, Peek, Row, Schema, StoreError, Stored, Timer, Want, Writes};
use crate::time::Time;
use std::sync::Arc;

/// The most rows that are fetched beforehand after a conflict: an input's, not a large group's.
const AGAIN_MAX: usize = 64;

/// What a database does for a [`Store`]: fetch rows, and write a batch in one transaction.
pub trait Engine: Send {
    /// Whether other processes write the same rows: then no row is believed after its group, and a
    /// row is fetched only together with all that a group's inputs want.
    const SHARED: bool;

    /// How many rows are remembered (twice, see [`Cache`]).
    const CACHED_ROWS_MAX: usize;

    /// Makes ready for a group or a question; called between groups. Gives the journal's head if it
    /// had to be read anew.
    fn ready(&mut self) -> Result<Option<Chain>, StoreError>;

    /// The rows of these keys, which are in the order of their tables.
    fn fetch(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError>;

    /// Writes everything, durably, or nothing.
    fn write(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// The group is dropped: lets go of what it held.
    fn abort(&mut self);

    /// See [`Backend::due`].
    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError>;

    /// See [`Backend::next_due`].
    fn next_due(&mut self) -> Result<Option<Time>, StoreError>;

    /// See [`Backend::scan`].
    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError>;

    /// See [`Backend::entries`].
    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError>;
}

/// One party's store in a database.
#[derive(Debug)]
pub struct Store<E> {
    pub(super) engine: E,
    /// Rows as the database has them.
    known: Cache,
    /// What the group has saved so far.
    batch: Batch,
    /// What this group had to fetch, and what a group that met a conflict had: the next one fetches
    /// it at once and in order, so that two that lock what they read never wait crosswise.
    fetched: Vec<Want>,
    again: Vec<Want>,
    /// Tables that never reach the disk.
    volatile: Memory,
    /// The lane as it was committed last, and with the group's entries.
    chain: Chain,
    tentative: Chain,
}

impl<E: Engine> Store<E> {
    /// A store over an open database whose journal ends as `chain` says.
    pub(super) fn new(engine: E, chain: Chain) -> Self {
        Self {
            engine,
            known: Cache::new(E::CACHED_ROWS_MAX),
            batch: Batch::default(),
            fetched: Vec::new(),
            again: Vec::new(),
            volatile: Memory::new(ChainKind::Fast),
            tentative: chain.clone(),
            chain,
        }
    }

    /// The journal's lane as it was committed last.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Power fails, as far as a simulation goes: what was not committed is gone, and so are
    /// volatile rows.
    pub fn crash(&mut self) {
        self.drop_group();
        self.known.clear();
        self.volatile.crash();
    }

    fn ready(&mut self) -> Result<(), StoreError> {
        if let Some(head) = self.engine.ready()? {
            (self.tentative, self.chain) = (head.clone(), head);
        }
        Ok(())
    }

    /// What the group wrote is forgotten, its volatile rows apart.
    fn drop_group(&mut self) {
        self.engine.abort();
        self.batch.clear();
        self.tentative.clone_from(&self.chain);
        self.fetched.clear();
        if E::SHARED {
            self.known.clear();
        }
    }

    /// A conflict is known of: what the group wanted will be fetched at once when it is run again.
    fn remember(&mut self, error: StoreError) -> StoreError {
        if error == StoreError::Conflict && self.fetched.len() <= AGAIN_MAX {
            self.again = std::mem::take(&mut self.fetched);
        }
        error
    }

    /// What is known of a row without asking the database.
    fn at_hand(&mut self, want: &Want) -> Result<Option<Found>, StoreError> {
        let (table, key) = *want;
        if table.volatile {
            let found = self.volatile.load(std::slice::from_ref(want))?;
            return Ok(found.into_iter().next().map(Found));
        }
        let at = (table.id, key);
        Ok(self.batch.get(&at).or_else(|| self.known.get(&at)))
    }

    /// The committed batch is what the database has now.
    fn settle(&mut self) {
        if E::SHARED {
            self.known.clear();
        } else {
            for at in self.batch.rows.keys() {
                if let Some(found) = self.batch.get(at) {
                    self.known.put(*at, found);
                }
            }
        }
        self.batch.clear();
        self.fetched.clear();
        self.chain.clone_from(&self.tentative);
    }
}

impl<E: Engine> Backend for Store<E> {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        let mut missing = Vec::new();
        for want in wants {
            if self.at_hand(want)?.is_none() {
                missing.push(*want);
            }
        }
        missing.sort_unstable_by_key(|(table, key)| (table.id, *key));
        missing.dedup_by_key(|(table, key)| (table.id, *key));
        if E::SHARED {
            self.fetched.extend_from_slice(&missing);
        }
        let fetched = self.engine.fetch(&missing);
        let fetched = fetched.map_err(|error| self.remember(error))?;
        for ((table, key), found) in missing.iter().zip(&fetched) {
            self.known.put((table.id, *key), Found(found.clone()));
        }
        let fetched_at = |(table, key): &Want| {
            let same = missing.binary_search_by_key(&(table.id, *key), |(t, k)| (t.id, *k));
            same.ok().and_then(|at| fetched.get(at)?.clone())
        };
        let each = wants.iter();
        each.map(|want| {
            let known = self.at_hand(want)?;
            Ok(known.map_or_else(|| fetched_at(want), |found| found.0))
        })
        .collect()
    }

    fn peek(&mut self, want: &Want) -> Result<Peek, StoreError> {
        if let Some(found) = self.at_hand(want)? {
            return Ok(Peek::Here(found.0));
        }
        if E::SHARED {
            return Ok(Peek::Away);
        }
        let found = self.engine.fetch(std::slice::from_ref(want))?;
        let found = found.into_iter().next().flatten();
        self.known.put((want.0.id, want.1), Found(found.clone()));
        Ok(Peek::Here(found))
    }

    fn save(&mut self, mut writes: Writes) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut writes.rows);
        let (volatile, kept) = rows.into_iter().partition(|write| write.table.volatile);
        writes.rows = kept;
        self.volatile.save(Writes {
            rows: volatile,
            ..Writes::default()
        })?;
        self.batch.take(writes, &mut self.tentative);
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.abort()?; // a group that was neither committed nor aborted
        self.ready()?;
        let again = std::mem::take(&mut self.again);
        self.load(&again).map(drop)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            self.engine.abort();
        } else if let Err(error) = self.engine.write(&self.batch) {
            let error = self.remember(error);
            self.abort()?;
            return Err(error);
        }
        self.settle();
        self.volatile.commit()
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.drop_group();
        self.volatile.abort()
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.ready()?;
        self.engine.due(until, max)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.ready()?;
        self.engine.next_due()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        if table.volatile {
            return self.volatile.scan(table);
        }
        self.ready()?;
        self.engine.scan(table)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        self.ready()?;
        self.engine.entries(after, max)
    }
}

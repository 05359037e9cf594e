//! The working set: everything that one input read and wrote. Dropping it is the abort.

use super::backend::{Backend, Peek, RowWrite, StoreError, Stored, Timer, Want, Writes};
use super::key::Key;
use super::record::{Record, Row, Schema};
use crate::journal::Event;
use crate::order::Reason;
use crate::time::Time;
use smallvec::SmallVec;
use std::sync::Arc;

/// The ways in which an input can end without a trace in rows: what it read and wrote is dropped.
///
/// A business "no" (a declined payment, a refused claim) is not among them: it is a row and an
/// event.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The asker may not, or the input makes no sense. The driver journals party, cause and reason.
    Refuse(Reason),
    /// These rows have to be fetched first; then the input is run again from its beginning.
    Need(Vec<Want>),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What one input has read and written so far.
pub struct Work<'a> {
    store: &'a mut dyn Backend,
    slots: SmallVec<[Slot; 8]>,
    timers: Vec<(Timer, Option<Time>)>,
    events: Vec<Event>,
}

struct Slot {
    table: &'static Schema,
    key: Key,
    /// The version that the store had; 0 when there was no row.
    read: u64,
    row: Option<Arc<dyn Row>>,
    written: bool,
}

impl<'a> Work<'a> {
    /// An empty working set over a store.
    pub fn new(store: &'a mut dyn Backend) -> Self {
        Self {
            store,
            slots: SmallVec::new(),
            timers: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The row of this key as this input sees it.
    pub fn get<T: Record>(&mut self, key: &T::Key) -> Result<Option<T>, Stop> {
        let at = self.slot(T::SCHEMA, Key::of(key))?;
        Ok(self.slots[at].row.as_ref().map(|row| {
            let row = row.as_any().downcast_ref::<T>();
            row.expect("a table holds rows of its own record type")
                .clone()
        }))
    }

    /// Writes a row: it replaces the row of its key, if there is one.
    pub fn put<T: Record>(&mut self, row: T) -> Result<(), Stop> {
        let at = self.slot(T::SCHEMA, Key::of(&row.key()))?;
        self.slots[at].row = Some(Arc::new(row));
        self.slots[at].written = true;
        Ok(())
    }

    /// Deletes the row of this key, if there is one.
    pub fn delete<T: Record>(&mut self, key: &T::Key) -> Result<(), Stop> {
        let at = self.slot(T::SCHEMA, Key::of(key))?;
        self.slots[at].row = None;
        self.slots[at].written = true;
        Ok(())
    }

    /// Sets a timer, moves it, or clears it.
    pub fn timer(&mut self, timer: Timer, at: Option<Time>) {
        match self.timers.iter_mut().find(|(known, _)| *known == timer) {
            Some(known) => known.1 = at,
            None => self.timers.push((timer, at)),
        }
    }

    /// Says that something happened.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// What is to be saved: only rows that were written.
    pub fn into_writes(self) -> Writes {
        let rows = self.slots.into_iter().filter(|slot| slot.written);
        let rows = rows.filter(|slot| slot.read > 0 || slot.row.is_some());
        let rows = rows
            .map(|slot| RowWrite {
                table: slot.table,
                key: slot.key,
                read: slot.read,
                row: slot.row,
            })
            .collect();
        let (timers, events) = (self.timers, self.events);
        Writes {
            rows,
            timers,
            events,
            ..Writes::default()
        }
    }

    fn slot(&mut self, table: &'static Schema, key: Key) -> Result<usize, Stop> {
        let known = self
            .slots
            .iter()
            .position(|s| s.table.id == table.id && s.key == key);
        if let Some(at) = known {
            return Ok(at);
        }
        let want: Want = (table, key);
        let found = match self.store.peek(&want)? {
            Peek::Here(found) => found,
            Peek::Away => return Err(Stop::Need(vec![want])),
        };
        let (row, read) = found.map_or((None, 0), |Stored { row, version }| (Some(row), version));
        self.slots.push(Slot {
            table,
            key,
            read,
            row,
            written: false,
        });
        Ok(self.slots.len() - 1)
    }
}

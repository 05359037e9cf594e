//! What a group has saved and not yet committed.

use super::cache::Found;
use crate::journal::{Cause, Chain, Entry};
use crate::store::{Key, RowWrite, Schema, Stored, Timer, Writes};
use crate::time::Time;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group's writes, merged: each row and each timer once, in the order in which every process
/// writes them (by table, then key), so that two processes never wait for each other crosswise.
#[derive(Debug, Default)]
pub struct Batch {
    /// Rows by table id and key; `read` is the version that the database had.
    pub(super) rows: BTreeMap<(u32, Key), RowWrite>,
    /// Timers.
    pub(super) timers: BTreeMap<Timer, TimerWrite>,
    /// Journal entries, chained, in order.
    pub(super) entries: Vec<Entry>,
}

/// What becomes of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimerWrite {
    /// It is set, or moved.
    Set(Time),
    /// It is cleared.
    Clear,
    /// It fired: it is cleared unless it was moved from this time.
    Fired(Time),
}

impl Batch {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.timers.is_empty() && self.entries.is_empty()
    }

    /// The row of this key as the group has written it.
    pub(super) fn get(&self, at: &(u32, Key)) -> Option<Found> {
        let write = self.rows.get(at)?;
        let version = write.read + 1;
        Some(Found(write.row.as_ref().map(|row| Stored {
            row: Arc::clone(row),
            version,
        })))
    }

    /// Takes one input's writes, its events chained.
    pub(super) fn take(&mut self, writes: Writes, chain: &mut Chain) {
        for write in writes.rows {
            self.row(write);
        }
        if let Some((due, timer)) = writes.fired {
            self.fired(timer, due);
        }
        for (timer, at) in writes.timers {
            let write = at.map_or(TimerWrite::Clear, TimerWrite::Set);
            self.timers.insert(timer, write);
        }
        let cause = writes.cause.unwrap_or(Cause {
            what: Cow::Borrowed("none"),
            from: None,
        });
        for event in writes.events {
            self.entries
                .push(chain.append(writes.at, cause.clone(), event));
        }
    }

    fn row(&mut self, write: RowWrite) {
        let at = (write.table.id, write.key);
        match self.rows.get_mut(&at) {
            Some(known) => known.row = write.row,
            None => {
                self.rows.insert(at, write);
            }
        }
    }

    fn fired(&mut self, timer: Timer, due: Time) {
        let write = self.timers.entry(timer).or_insert(TimerWrite::Fired(due));
        if *write == TimerWrite::Set(due) {
            *write = TimerWrite::Clear;
        }
    }

    /// The rows to write, table by table. A row that was made and deleted by the same group is not
    /// among them.
    pub(super) fn tables(&self) -> Vec<(&'static Schema, Vec<&RowWrite>)> {
        let mut tables: Vec<(&'static Schema, Vec<&RowWrite>)> = Vec::new();
        let writes = self.rows.values();
        for write in writes.filter(|write| write.read > 0 || write.row.is_some()) {
            match tables.last_mut() {
                Some((table, rows)) if table.id == write.table.id => rows.push(write),
                _ => tables.push((write.table, vec![write])),
            }
        }
        tables
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.timers.clear();
        self.entries.clear();
    }
}

//! What a store must do, whichever it is.

use super::key::Key;
use super::record::{Row, Schema};
use super::value::FieldError;
use crate::id::Id;
use crate::journal::{Cause, Entry, Event};
use crate::time::Time;
use crate::words::words;
use std::sync::Arc;

/// One party's store. Memory, SQLite and PostgreSQL implement this and nothing else.
///
/// A driver brackets a group of inputs with [`begin`](Self::begin) and [`commit`](Self::commit);
/// between them every input loads what it reads and, if it was not refused, saves what it wrote.
/// Nothing that was saved may be told to anyone before `commit` has returned.
pub trait Backend: Send {
    /// The rows of these keys, in their order.
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError>;

    /// Takes one input's writes. They are visible to later loads of the same group at once.
    fn save(&mut self, writes: Writes) -> Result<(), StoreError>;

    /// Timers due at `until` or before, the earliest first, at most `max`; asked between groups. In
    /// a store that others share, they are this process's for a while: no other gets them.
    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError>;

    /// When the earliest timer is due.
    fn next_due(&mut self) -> Result<Option<Time>, StoreError>;

    /// Begins a group.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes the group durable. On [`StoreError::Conflict`] nothing of it has happened.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Drops everything saved since [`begin`](Self::begin).
    fn abort(&mut self) -> Result<(), StoreError>;

    /// Every committed row of a table in key order, for screens, reports and checkers; never for
    /// `handle`, and asked between groups.
    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError>;

    /// Committed journal entries of all lanes after `(lane, seq)` positions given per lane, in lane
    /// and sequence order, at most `max`; asked between groups. A lane's entries become visible in
    /// their order, so a reader that goes on from the last it got misses none.
    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError>;

    /// One row for an input that is being handled. A store behind a network answers
    /// [`Peek::Away`] until [`load`](Self::load) has brought the row, so that one round trip
    /// fetches what all inputs of a group need.
    fn peek(&mut self, want: &Want) -> Result<Peek, StoreError> {
        let found = self.load(std::slice::from_ref(want))?.pop().flatten();
        Ok(Peek::Here(found))
    }
}

/// A row asked for while an input is handled.
#[derive(Clone, Debug)]
pub enum Peek {
    /// The row, or that there is none.
    Here(Option<Stored>),
    /// It has to be fetched first.
    Away,
}

/// A row that an input reads.
pub type Want = (&'static Schema, Key);

/// A row as stored: its value and its version, which every write changes.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The row.
    pub row: Arc<dyn Row>,
    /// Never 0. Memory and SQLite count the row's writes, PostgreSQL gives the number of the group
    /// that wrote it.
    pub version: u64,
}

/// One input's writes.
#[derive(Debug, Default)]
pub struct Writes {
    /// Rows put and deleted, each key at most once.
    pub rows: Vec<RowWrite>,
    /// The timer that made the party act, and when it was due: it is cleared, unless it was moved
    /// in the meantime. Applied before [`timers`](Self::timers).
    pub fired: Option<(Time, Timer)>,
    /// Timers set and cleared, each subject at most once.
    pub timers: Vec<(Timer, Option<Time>)>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// When the input was taken.
    pub at: Time,
    /// What made the party act.
    pub cause: Option<Cause>,
}

/// One row's write.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// The table.
    pub table: &'static Schema,
    /// The key.
    pub key: Key,
    /// The version that was read, 0 for a row that was not there: a store that others write too
    /// compares it and answers [`StoreError::Conflict`].
    pub read: u64,
    /// The row now, or nothing if it was deleted.
    pub row: Option<Arc<dyn Row>>,
}

words! {
    /// What a timer is for.
    pub enum TimerKind {
        /// A kept message is sent again.
        Resend = "resend",
        /// An order's validity ends.
        Expiry = "expiry",
        /// A claimed order's outcome is asked for.
        Outcome = "outcome",
        /// A bank's claim is asked again.
        Claim = "claim",
        /// A wallet asks again.
        Ask = "ask",
        /// A payer makes up their mind.
        Decide = "decide",
        /// A receipt can wait no longer for its code.
        Paper = "paper",
        /// A terminal opens its session with the chip again.
        Session = "session",
    }
}

/// A timer: what it is for, and about what. Setting it again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// The order, the attempt, the event or the job that it is about.
    pub about: Id,
    /// The attempt, where `about` is an order; else zero.
    pub part: Id,
}

impl Timer {
    /// A timer about one thing.
    pub const fn new(kind: TimerKind, about: Id) -> Self {
        Self {
            kind,
            about,
            part: Id::from_bytes([0; 16]),
        }
    }

    /// A timer about a part of one thing.
    pub const fn part(kind: TimerKind, about: Id, part: Id) -> Self {
        Self { kind, about, part }
    }

    /// Its 33 bytes: kind, about, part.
    pub fn bytes(&self) -> [u8; 33] {
        let mut out = [0; 33];
        let kind = TimerKind::ALL
            .iter()
            .position(|k| *k == self.kind)
            .unwrap_or_default();
        out[0] = u8::try_from(kind).unwrap_or(u8::MAX);
        out[1..17].copy_from_slice(self.about.bytes());
        out[17..].copy_from_slice(self.part.bytes());
        out
    }

    /// The timer of 33 such bytes.
    pub fn from_bytes(bytes: [u8; 33]) -> Option<Self> {
        let [kind, rest @ ..] = bytes;
        let (about, part) = rest.split_at(16);
        let id = |half: &[u8]| half.try_into().ok().map(Id::from_bytes);
        let kind = TimerKind::ALL.get(usize::from(kind)).copied()?;
        Some(Self {
            kind,
            about: id(about)?,
            part: id(part)?,
        })
    }
}

/// Why a store could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process wrote a row that this group had read. Run it again.
    #[error("commit: another process changed a row that was read")]
    Conflict,
    /// A stored row is not what its type expects.
    #[error("read table {table}: {error}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What was expected.
        error: FieldError,
    },
    /// The database or the disk said no.
    #[error("{doing}: {detail}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        detail: String,
    },
    /// Whether the group was made durable cannot be known: callers are told "ask again".
    #[error("commit: the outcome is unknown: {detail}")]
    Unknown {
        /// What the database said.
        detail: String,
    },
}

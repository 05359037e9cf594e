//! A party in the world: its role, its store, its power.

use super::draw::of_bytes;
use crate::chance::Chance;
use crate::db::{Postgres, Sqlite};
use crate::id::{Name, Party};
use crate::journal::{Entry, EventKind};
use crate::message::{MessageKind, Sender};
use crate::roles::{Actor, Done, Group, Role, Taken};
use crate::scenario::Skew;
use crate::store::{
    Backend, Memory, Peek, Row, Schema, StoreError, Stored, Timer, Value, Want, Writes,
};
use crate::time::{Span, Time};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The most journal entries that are read at once; one commit writes far fewer.
const ENTRIES_MAX: usize = 1 << 20;

/// A store whose power can fail.
pub trait Disk: Backend {
    /// Power fails and comes back: what was not committed is gone, and so are volatile tables.
    fn power_fails(&mut self) -> Result<(), StoreError>;
}

impl Disk for Memory {
    fn power_fails(&mut self) -> Result<(), StoreError> {
        self.crash();
        Ok(())
    }
}

impl Disk for Sqlite {
    fn power_fails(&mut self) -> Result<(), StoreError> {
        self.crash();
        Ok(())
    }
}

impl Disk for Postgres {
    fn power_fails(&mut self) -> Result<(), StoreError> {
        self.crash();
        Ok(())
    }
}

/// What a party keeps its rows in.
pub enum Store {
    /// In memory: quick, and its journal can be read where it lies.
    Memory(Box<Memory>),
    /// Any other.
    Other(Box<dyn Disk>),
}

impl Store {
    /// As backends are asked.
    pub fn backend(&mut self) -> &mut dyn Backend {
        match self {
            Self::Memory(memory) => &mut **memory,
            Self::Other(disk) => &mut **disk,
        }
    }

    fn power_fails(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Memory(memory) => memory.power_fails(),
            Self::Other(disk) => disk.power_fails(),
        }
    }

    /// Shows what was committed after the first `seen` entries; says how many there are now.
    pub(super) fn show(
        &mut self,
        seen: u64,
        mut each: impl FnMut(&Entry),
    ) -> Result<u64, StoreError> {
        match self {
            Self::Memory(memory) => {
                let from = usize::try_from(seen).unwrap_or(usize::MAX);
                let new = memory.journal().get(from..).unwrap_or_default();
                new.iter().for_each(&mut each);
                Ok(seen + new.len() as u64)
            }
            Self::Other(disk) => {
                let new = disk.entries(&[(0, seen)], ENTRIES_MAX)?;
                new.iter().for_each(&mut each);
                Ok(new.last().map_or(seen, |last| last.seq))
            }
        }
    }
}

/// Who waits for the answer to an input, and in which of its lives it asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) by: usize,
    pub(super) life: u32,
    pub(super) kind: MessageKind,
}

/// Where an input came from: who waits for its answer, and which receipt it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) asked: Option<Asked>,
    pub(super) subject: u64,
    /// The line of the trace that it came of; 0 for none.
    pub(super) cause: u64,
}

/// A party in the world.
pub(super) struct Member<R: Role = Actor> {
    pub(super) actor: Arc<R>,
    pub(super) party: Party,
    pub(super) sender: Sender,
    /// The actor of a scenario that it belongs to.
    pub(super) belongs_to: Name,
    pub(super) store: Store,
    chance: Chance,
    /// Its name as a number.
    pub(super) id: u64,
    pub(super) up: bool,
    /// How often its power failed: what belongs to an earlier life is not answered.
    pub(super) life: u32,
    /// When it is to be woken for its timers; the end of time when it is not.
    pub(super) wake: Time,
    /// How far its clock is off.
    pub(super) skew: Skew,
    /// How long its disk takes for a commit.
    pub(super) fsync: Span,
    /// Whether its disk is at work.
    pub(super) flushing: bool,
    /// What has arrived for the next commit.
    pub(super) waiting: Vec<(Taken<R::Input>, Origin)>,
    /// How many journal entries were shown to the observer.
    pub(super) seen: u64,
}

/// The end of time: never.
pub(super) const NEVER: Time = Time::from_nanos(u64::MAX);

impl<R: Role> Member<R> {
    pub(super) fn new(actor: R, bank: Option<Name>, store: Store, chance: &Chance) -> Self {
        let party = actor.me();
        Self {
            chance: chance.for_party(&party),
            id: of_bytes(party.to_string().as_bytes()),
            sender: Sender { party, bank },
            belongs_to: party.name,
            actor: Arc::new(actor),
            party,
            store,
            up: true,
            life: 0,
            wake: NEVER,
            skew: Skew::NONE,
            fsync: Span::ZERO,
            flushing: false,
            waiting: Vec::new(),
            seen: 0,
        }
    }

    /// The same party once more; nothing when its rows are not in memory.
    pub(super) fn fork(&self) -> Option<Self> {
        let Store::Memory(memory) = &self.store else {
            return None;
        };
        Some(Self {
            actor: Arc::clone(&self.actor),
            store: Store::Memory(memory.clone()),
            chance: self.chance.clone(),
            waiting: self.waiting.clone(),
            ..*self
        })
    }

    /// Handles and commits.
    pub(super) fn run(&mut self, inputs: &[Taken<R::Input>]) -> SmallVec<[Done; 1]> {
        let mut group = Group {
            role: &*self.actor,
            chance: &self.chance,
            store: self.store.backend(),
        };
        match inputs {
            [one] => SmallVec::from_buf([group.run_one(one)]),
            several => group.run(several).into(),
        }
    }

    /// What these inputs would record, if they were handled now.
    pub(super) fn rehearse(&mut self, inputs: &[Taken<R::Input>]) -> Vec<EventKind> {
        let mut rehearsal = Rehearsal {
            store: self.store.backend(),
            kinds: Vec::new(),
        };
        let mut group = Group {
            role: &*self.actor,
            chance: &self.chance,
            store: &mut rehearsal,
        };
        group.decide(inputs);
        rehearsal.kinds
    }

    /// The power fails.
    pub(super) fn crash(&mut self) -> Result<(), StoreError> {
        self.up = false;
        self.life += 1;
        self.wake = NEVER;
        self.flushing = false;
        self.waiting.clear();
        self.store.power_fails()
    }
}

impl Member {
    /// What it remembers and waits for; not what it once recorded.
    pub(super) fn number(&mut self, hash: &mut impl Hasher) {
        (self.up, self.flushing, self.waiting.len()).hash(hash);
        (self.skew.ahead, self.skew.by.as_nanos()).hash(hash);
        let backend = self.store.backend();
        for table in self.actor.schemas() {
            for row in backend.scan(table).unwrap_or_default() {
                (table.id, row.row_key()).hash(hash);
                row.bind(&mut |value| match value {
                    Value::Null => 0_u8.hash(hash),
                    Value::Int(int) => (1_u8, int).hash(hash),
                    Value::Text(text) => (2_u8, text).hash(hash),
                    Value::Blob(bytes) => (3_u8, bytes).hash(hash),
                });
            }
        }
        let timers = backend.due(NEVER, usize::MAX).unwrap_or_default();
        for (at, timer) in timers {
            (
                at.nanos(),
                timer.kind.word(),
                timer.about.bytes(),
                timer.part.bytes(),
            )
                .hash(hash);
        }
    }
}

/// A store in which every commit is an abort.
struct Rehearsal<'a> {
    store: &'a mut dyn Backend,
    kinds: Vec<EventKind>,
}

impl Backend for Rehearsal<'_> {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        self.store.load(wants)
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        self.kinds
            .extend(writes.events.iter().map(|event| event.kind));
        self.store.save(writes)
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.store.due(until, max)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.store.next_due()
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.store.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.store.abort()
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.store.abort()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        self.store.scan(table)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.entries(after, max)
    }

    fn peek(&mut self, want: &Want) -> Result<Peek, StoreError> {
        self.store.peek(want)
    }
}

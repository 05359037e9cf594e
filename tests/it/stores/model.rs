//! Random groups end equal on all three stores, journal included.

use super::beds::{Bed, InMemory, InPostgres, InSqlite};
use super::records::{Count, Mood};
use super::suite::{at, count, delete, get, happened, put, rows, timer};
use proptest::prelude::*;
use quittance::id::Name;
use quittance::journal::{Entry, EventKind};
use quittance::store::{Backend, Record, RowWrite, Timer, Writes};
use quittance::time::Time;

/// One input's writes, in numbers.
#[derive(Clone, Debug)]
enum Op {
    Put(u8, i64),
    Delete(u8),
    Mood(i64),
    Set(u8, Option<u32>),
    /// The earliest timer fires.
    Fire,
    Record(usize),
}

/// What becomes of a group.
#[derive(Clone, Copy, Debug)]
enum End {
    Commit,
    Abort,
    /// The party ends, and begins again.
    Crash,
}

fn ops() -> impl Strategy<Value = Vec<(Vec<Op>, End)>> {
    let op = prop_oneof![
        4 => (0..6_u8, any::<i64>()).prop_map(|(k, n)| Op::Put(k, n)),
        2 => (0..6_u8).prop_map(Op::Delete),
        1 => any::<i64>().prop_map(Op::Mood),
        2 => (0..6_u8, prop::option::of(0..9_u32)).prop_map(|(n, s)| Op::Set(n, s)),
        1 => Just(Op::Fire),
        2 => (0..EventKind::ALL.len()).prop_map(Op::Record),
    ];
    let end = prop_oneof![5 => Just(End::Commit), 2 => Just(End::Abort), 1 => Just(End::Crash)];
    prop::collection::vec((prop::collection::vec(op, 0..8), end), 1..10)
}

fn key(k: u8) -> Name {
    format!("n{k}").parse().unwrap()
}

fn writes(store: &mut dyn Backend, op: &Op, due: &[(Time, Timer)]) -> Writes {
    let one = |write: RowWrite| rows([write]);
    match op {
        Op::Put(k, n) => one(put(store, count(key(*k).as_str(), *n))),
        Op::Delete(k) if get::<Count>(store, &key(*k)).is_some() => {
            one(delete::<Count>(store, &(key(*k),)))
        }
        Op::Delete(_) => Writes::default(),
        Op::Mood(value) => one(put(
            store,
            Mood {
                name: key(0),
                value: *value,
            },
        )),
        Op::Set(n, seconds) => Writes {
            timers: vec![(timer(*n), seconds.map(at))],
            ..Writes::default()
        },
        Op::Fire => Writes {
            fired: due.first().copied(),
            ..Writes::default()
        },
        Op::Record(kind) => happened(EventKind::ALL[*kind]),
    }
}

/// Everything that can be seen of a store.
#[derive(Debug, PartialEq)]
struct Seen {
    counts: Vec<Count>,
    moods: Vec<Mood>,
    due: Vec<(Time, Timer)>,
    next: Option<Time>,
    entries: Vec<Entry>,
}

fn all<T: Record>(store: &mut dyn Backend) -> Vec<T> {
    let rows = store.scan(T::SCHEMA).unwrap();
    let each = rows.iter().map(|row| row.as_any().downcast_ref::<T>());
    each.map(|row| row.unwrap().clone()).collect()
}

fn seen(store: &mut dyn Backend) -> Seen {
    Seen {
        counts: all(store),
        moods: all(store),
        due: store.due(at(99), usize::MAX).unwrap(),
        next: store.next_due().unwrap(),
        entries: store.entries(&[], usize::MAX).unwrap(),
    }
}

/// What was seen after every group.
fn play(bed: &dyn Bed, groups: &[(Vec<Op>, End)]) -> Vec<Seen> {
    let mut store = bed.open();
    let mut history = Vec::new();
    for (ops, end) in groups {
        let due = store.due(at(4), 1).unwrap();
        store.begin().unwrap();
        for op in ops {
            let writes = writes(store.as_mut(), op, &due);
            store.save(writes).unwrap();
        }
        match end {
            End::Commit => store.commit().unwrap(),
            End::Abort => store.abort().unwrap(),
            End::Crash => {
                drop(store);
                store = bed.open();
            }
        }
        history.push(seen(store.as_mut()));
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_groups_end_equal_in_memory_and_on_sqlite(groups in ops()) {
        prop_assert_eq!(play(&InMemory::new(), &groups), play(&InSqlite::new(), &groups));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn any_groups_end_equal_in_memory_and_on_postgres(groups in ops()) {
        if let Some(bed) = InPostgres::new() {
            prop_assert_eq!(play(&InMemory::new(), &groups), play(&bed, &groups));
        }
    }
}

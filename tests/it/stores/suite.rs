//! What every store does.

use super::beds::{Bed, InMemory, InPostgres, InSqlite};
use super::records::{Absent, Count, Everything, Mood, absent, everything, name};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use quittance::id::Id;
use quittance::journal::{Chain, ChainKind, Event, EventKind};
use quittance::store::{
    Backend, Key, KeyBytes, Record, RowWrite, Schema, StoreError, Timer, TimerKind, Writes,
};
use quittance::text::Text;
use quittance::time::Time;
use std::sync::Arc;

on_every_store! {
    a_group_reads_what_it_wrote
    an_abort_drops_rows_timers_and_journal
    a_store_opened_again_goes_on_where_it_ended
    what_was_not_committed_is_gone_after_opening_again
    volatile_rows_abort_with_their_group_and_vanish_on_opening
    a_row_made_and_deleted_in_one_group_leaves_nothing
    timers_are_due_in_order_of_time
    a_timer_that_fired_is_cleared_unless_it_was_moved
    entries_come_in_pages_after_what_was_seen
    every_field_reads_back_from_the_disk
}

/// One record's write, after the version that the store has.
pub(super) fn put<T: Record>(store: &mut dyn Backend, row: T) -> RowWrite {
    let key = Key::of(&row.key());
    let read = version(store, T::SCHEMA, key);
    RowWrite {
        table: T::SCHEMA,
        key,
        read,
        row: Some(Arc::new(row)),
    }
}

/// The deletion of one record.
pub(super) fn delete<T: Record>(store: &mut dyn Backend, key: &T::Key) -> RowWrite {
    let key = Key::of(key);
    RowWrite {
        table: T::SCHEMA,
        key,
        read: version(store, T::SCHEMA, key),
        row: None,
    }
}

fn version(store: &mut dyn Backend, table: &'static Schema, key: Key) -> u64 {
    let found = store.load(&[(table, key)]).unwrap();
    found[0].as_ref().map_or(0, |stored| stored.version)
}

/// The row of this key.
pub(super) fn get<T: Record>(store: &mut dyn Backend, key: &impl KeyBytes) -> Option<T> {
    let found = store.load(&[(T::SCHEMA, Key::of(key))]).unwrap();
    let row = &found[0].as_ref()?.row;
    Some(row.as_any().downcast_ref::<T>().unwrap().clone())
}

pub(super) fn count(of: &str, select: i64) -> Count {
    Count {
        name: name(of),
        select,
        from: (select % 2 == 0).then(|| Text::clean("here")),
    }
}

pub(super) fn rows(rows: impl IntoIterator<Item = RowWrite>) -> Writes {
    Writes {
        rows: rows.into_iter().collect(),
        ..Writes::default()
    }
}

pub(super) fn happened(kind: EventKind) -> Writes {
    Writes {
        events: vec![Event::new(kind).note(Text::clean("\u{7D04}"))],
        at: at(1),
        ..Writes::default()
    }
}

pub(super) fn at(seconds: u32) -> Time {
    Time::from_seconds(seconds)
}

pub(super) fn timer(n: u8) -> Timer {
    let (kind, id) = (TimerKind::ALL[usize::from(n) % 3], Id::from_bytes([n; 16]));
    Timer::part(kind, id, id)
}

fn set(timers: &[(u8, Option<u32>)]) -> Writes {
    let each = timers.iter();
    Writes {
        timers: each.map(|(n, s)| (timer(*n), s.map(at))).collect(),
        ..Writes::default()
    }
}

/// One group of one input.
pub(super) fn commit(store: &mut dyn Backend, writes: Writes) {
    store.begin().unwrap();
    store.save(writes).unwrap();
    store.commit().unwrap();
}

/// The chain over everything in the journal, which must hold.
pub(super) fn verified(store: &mut dyn Backend) -> Chain {
    let mut chain = Chain::new(0, ChainKind::Sha256);
    for entry in store.entries(&[], usize::MAX).unwrap() {
        assert!(chain.follow(&entry), "{entry:?}");
    }
    chain
}

fn a_group_reads_what_it_wrote(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    store.begin().unwrap();
    for n in 1..=3 {
        let write = put(store, count("a", n));
        store.save(rows([write])).unwrap();
        assert_eq!(get::<Count>(store, &name("a")), Some(count("a", n)));
    }
    let write = delete::<Count>(store, &(name("a"),));
    store.save(rows([write])).unwrap();
    assert_eq!(get::<Count>(store, &name("a")), None);
    let write = put(store, count("a", 4));
    store.save(rows([write])).unwrap();
    store.commit().unwrap();
    store.begin().unwrap();
    assert_eq!(get::<Count>(store, &name("a")), Some(count("a", 4)));
    store.abort().unwrap();
}

fn an_abort_drops_rows_timers_and_journal(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    let write = put(store, count("a", 1));
    commit(store, rows([write]));
    commit(store, happened(EventKind::Started));
    commit(store, set(&[(1, Some(5))]));
    store.begin().unwrap();
    let writes = [put(store, count("a", 2)), put(store, count("b", 1))];
    store.save(rows(writes)).unwrap();
    store.save(happened(EventKind::Held)).unwrap();
    store.save(set(&[(1, None), (2, Some(1))])).unwrap();
    store.abort().unwrap();

    assert_eq!(get::<Count>(store, &name("a")), Some(count("a", 1)));
    assert_eq!(get::<Count>(store, &name("b")), None);
    assert_eq!(store.due(at(9), 9), Ok(vec![(at(5), timer(1))]));
    commit(store, happened(EventKind::Voided));
    assert_eq!(verified(store).len(), 2);
}

fn a_store_opened_again_goes_on_where_it_ended(bed: &dyn Bed) {
    for round in 1..=3 {
        let mut store = bed.open();
        let store = store.as_mut();
        let known = get::<Count>(store, &name("a")).map_or(0, |count| count.select);
        assert_eq!(known, round - 1);
        let write = put(store, count("a", round));
        commit(store, rows([write]));
        let number = u8::try_from(round).unwrap();
        commit(store, set(&[(number, Some(9 - u32::from(number)))]));
        commit(store, happened(EventKind::Posted));
        let due = store.due(at(99), 9).unwrap();
        assert_eq!(due.len(), usize::from(number));
        assert_eq!(due[0].1, timer(number));
        assert_eq!(store.next_due(), Ok(Some(due[0].0)));
        assert_eq!(verified(store).len(), u64::from(number));
    }
}

fn what_was_not_committed_is_gone_after_opening_again(bed: &dyn Bed) {
    let mut store = bed.open();
    store.begin().unwrap();
    let write = put(store.as_mut(), count("a", 1));
    store.save(rows([write])).unwrap();
    store.save(happened(EventKind::Held)).unwrap();
    store.save(set(&[(1, Some(1))])).unwrap();
    drop(store);
    let mut store = bed.open();
    assert_eq!(get::<Count>(store.as_mut(), &name("a")), None);
    assert_eq!(store.next_due(), Ok(None));
    assert_eq!(store.entries(&[], 9), Ok(vec![]));
}

fn volatile_rows_abort_with_their_group_and_vanish_on_opening(bed: &dyn Bed) {
    let mood = |value| Mood {
        name: name("ann"),
        value,
    };
    let mut store = bed.open();
    let write = put(store.as_mut(), mood(1));
    commit(store.as_mut(), rows([write]));
    store.begin().unwrap();
    let write = put(store.as_mut(), mood(2));
    store.save(rows([write])).unwrap();
    assert_eq!(get(store.as_mut(), &name("ann")), Some(mood(2)));
    store.abort().unwrap();
    assert_eq!(get(store.as_mut(), &name("ann")), Some(mood(1)));
    assert_eq!(store.scan(Mood::SCHEMA).unwrap().len(), 1);
    drop(store);
    assert_eq!(get::<Mood>(bed.open().as_mut(), &name("ann")), None);
}

fn a_row_made_and_deleted_in_one_group_leaves_nothing(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    for _ in 0..2 {
        store.begin().unwrap();
        let write = put(store, count("a", 1));
        store.save(rows([write])).unwrap();
        let write = delete::<Count>(store, &(name("a"),));
        store.save(rows([write])).unwrap();
        store.save(set(&[(1, Some(1))])).unwrap();
        store.save(set(&[(1, None)])).unwrap();
        store.commit().unwrap();
        assert_eq!(get::<Count>(store, &name("a")), None);
        assert!(store.scan(Count::SCHEMA).unwrap().is_empty());
        assert_eq!(store.next_due(), Ok(None));
    }
}

fn timers_are_due_in_order_of_time(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    let all = [
        (1, Some(30)),
        (2, Some(10)),
        (3, Some(20)),
        (4, Some(10)),
        (5, Some(40)),
    ];
    commit(store, set(&all));
    commit(store, set(&[(1, Some(5)), (3, None)]));
    let due = |store: &mut dyn Backend, until, max| {
        let due = store.due(at(until), max).unwrap().into_iter();
        due.map(|(due, _)| due.seconds()).collect::<Vec<_>>()
    };
    assert_eq!(due(store, 10, 9), [5, 10, 10]);
    assert_eq!(due(store, 4, 9), [0_u32; 0]);
    assert_eq!(due(store, 99, 2), [5, 10]);
    assert_eq!(due(store, 99, 9), [5, 10, 10, 40]);
    assert_eq!(store.next_due(), Ok(Some(at(5))));
    let last = store.due(Time::from_nanos(u64::MAX), usize::MAX).unwrap();
    assert_eq!(last.last(), Some(&(at(40), timer(5))));
}

fn a_timer_that_fired_is_cleared_unless_it_was_moved(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    let fired = |seconds, n| Writes {
        fired: Some((at(seconds), timer(n))),
        ..Writes::default()
    };
    commit(store, set(&[(1, Some(1)), (2, Some(1)), (3, Some(1))]));
    assert_eq!(store.due(at(1), 9).unwrap().len(), 3);
    // The first is moved in a group of its own, the second in the group that it fires in, the third
    // by the very input that it is.
    commit(store, set(&[(1, Some(7))]));
    store.begin().unwrap();
    store.save(set(&[(2, Some(8))])).unwrap();
    store.save(fired(1, 1)).unwrap();
    store.save(fired(1, 2)).unwrap();
    let mut again = fired(1, 3);
    again.timers.push((timer(3), Some(at(9))));
    store.save(again).unwrap();
    store.commit().unwrap();
    let moved = vec![(at(7), timer(1)), (at(8), timer(2)), (at(9), timer(3))];
    assert_eq!(store.due(at(99), 9), Ok(moved));
    commit(store, fired(7, 1));
    store.begin().unwrap();
    store.save(set(&[(2, Some(6))])).unwrap();
    store.save(fired(6, 2)).unwrap();
    store.save(fired(9, 3)).unwrap();
    store.commit().unwrap();
    assert_eq!(store.next_due(), Ok(None));
}

fn entries_come_in_pages_after_what_was_seen(bed: &dyn Bed) {
    let mut store = bed.open();
    let store = store.as_mut();
    for _ in 0..5 {
        commit(store, happened(EventKind::Held));
    }
    let seqs = |store: &mut dyn Backend, seen: &[(u32, u64)], max| {
        let entries = store.entries(seen, max).unwrap();
        entries.iter().map(|e| e.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(store, &[], 2), [1, 2]);
    assert_eq!(seqs(store, &[(0, 2)], 2), [3, 4]);
    assert_eq!(seqs(store, &[(7, 1), (0, 4)], 9), [5]);
    assert_eq!(seqs(store, &[(0, u64::MAX)], 9), [0_u64; 0]);
    assert_eq!(seqs(store, &[], 0), [0_u64; 0]);
}

fn every_field_reads_back_from_the_disk(bed: &dyn Bed) {
    let mut runner = TestRunner::new(ProptestConfig::with_cases(24));
    let rows_of = prop::collection::vec((everything(), any::<u32>()), 1..6);
    runner
        .run(&rows_of, |all| {
            let mut store = bed.open();
            store.begin().unwrap();
            for (one, bits) in &all {
                let store = store.as_mut();
                let writes = [put(store, one.clone()), put(store, absent(one, *bits))];
                store.save(rows(writes)).unwrap();
            }
            store.commit().unwrap();
            drop(store);
            let mut store = bed.open();
            for (one, bits) in &all {
                let key = (one.order, one.attempt);
                prop_assert_eq!(get::<Everything>(store.as_mut(), &key), Some(one.clone()));
                let read = get::<Absent>(store.as_mut(), &key);
                prop_assert_eq!(read, Some(absent(one, *bits)));
            }
            Ok(())
        })
        .unwrap();
}

/// A store that was not opened with a table says so.
#[test]
fn a_table_that_was_not_declared_is_an_error() {
    let bed = InSqlite::new();
    let mut store = quittance::db::Sqlite::open(&bed.path(), &[], ChainKind::Sha256).unwrap();
    let found = store.load(&[(Count::SCHEMA, Key::of(&name("a")))]);
    let Err(StoreError::Failed { detail, .. }) = found else {
        panic!("{found:?}");
    };
    assert_eq!(detail, "the store was opened without `order`");
}

//! What only a file can do: be taken, be full, be another's, be damaged.

use super::beds::{Bed, InSqlite};
use super::group::{Input, run};
use super::records::{Count, TABLES, name};
use super::suite::{commit, count, get, put, rows};
use quittance::db::Sqlite;
use quittance::journal::ChainKind;
use quittance::store::{Backend, Key, Record, StoreError};
use rusqlite::Connection;
use std::path::Path;

/// Why a store could not be opened.
fn refusal(path: &Path) -> String {
    match Sqlite::open(path, TABLES, ChainKind::Sha256) {
        Err(error @ StoreError::Failed { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let bed = InSqlite::new();
    let mut first = bed.try_open().unwrap();
    let taken = "open the store: another process has it open";
    assert_eq!(refusal(&bed.path()), taken);
    let write = put(&mut first, count("a", 1));
    commit(&mut first, rows([write]));
    assert_eq!(refusal(&bed.path()), taken);
    let reader = Connection::open(bed.path()).unwrap();
    reader
        .query_row("SELECT * FROM meta", [], |_| Ok(()))
        .unwrap_err();
    drop((first, reader));
    assert!(bed.try_open().is_ok());
}

#[test]
fn a_place_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    assert!(refusal(folder.path()).starts_with("open the store: unable to open"));
    assert!(refusal(&inside("no/such/folder.db")).contains("unable to open"));
    std::fs::write(inside("text"), "a text that is no database ".repeat(999)).unwrap();
    assert!(refusal(&inside("text")).contains("not a database"));
}

#[test]
fn a_store_made_for_other_tables_is_refused() {
    let bed = InSqlite::new();
    drop(Sqlite::open(&bed.path(), &TABLES[..1], ChainKind::Sha256).unwrap());
    let said = refusal(&bed.path());
    assert!(said.contains("table absent is nothing there and"), "{said}");
    drop(Sqlite::open(&bed.path(), &TABLES[..1], ChainKind::Sha256).unwrap());
    let fast = Sqlite::open(&bed.path(), &TABLES[..1], ChainKind::Fast);
    assert!(
        fast.unwrap_err()
            .to_string()
            .contains("chain is `sha-256` there")
    );
}

/// Changes the file behind the store's back.
fn tamper(bed: &InSqlite, sql: &str) {
    let file = Connection::open(bed.path()).unwrap();
    file.execute_batch(sql).unwrap();
}

#[test]
fn a_row_that_its_type_would_not_write_is_corrupt() {
    let bed = InSqlite::new();
    let write = |store: &mut dyn Backend| {
        let write = put(store, count("a", 1));
        commit(store, rows([write]));
    };
    write(&mut bed.try_open().unwrap());
    for (damage, expected) in [
        ("\"select\" = NULL", "a i64"),
        ("\"select\" = 1, name = 'Not A Name'", "a name"),
        ("name = 'b'", "the key of its row"),
        ("name = 'a', v = -1", "a version"),
        ("v = 1, \"from\" = CAST(x'ff' AS TEXT)", "another column"),
    ] {
        tamper(&bed, &format!("UPDATE \"order\" SET {damage}"));
        let mut store = bed.try_open().unwrap();
        let Err(StoreError::Corrupt { table, error }) =
            store.load(&[(Count::SCHEMA, Key::of(&name("a")))])
        else {
            panic!("{damage}");
        };
        assert_eq!((table, error.expected), ("order", expected));
    }
}

#[test]
fn a_damaged_timer_or_entry_is_corrupt() {
    let bed = InSqlite::new();
    drop(bed.open());
    tamper(&bed, "INSERT INTO timer (k, at) VALUES (x'09', 1)");
    let mut store = bed.try_open().unwrap();
    let due = store.due(super::suite::at(1), 9).unwrap_err().to_string();
    assert!(due.starts_with("read table timer"), "{due}");
    run(&mut store, &[Input::Add("a")]);
    drop(store);
    tamper(&bed, "UPDATE journal SET kind = 'no such word'");
    let entries = bed.try_open().unwrap().entries(&[], 9);
    let entries = entries.unwrap_err().to_string();
    assert!(entries.starts_with("read table journal"), "{entries}");
}

#[test]
fn a_write_after_another_version_is_a_conflict() {
    let bed = InSqlite::new();
    let mut store = bed.try_open().unwrap();
    let write = put(&mut store, count("a", 1));
    commit(&mut store, rows([write.clone()]));
    let mut stale = put(&mut store, count("a", 2));
    stale.read = 7;
    for write in [write, stale] {
        store.begin().unwrap();
        let unread = put(&mut store, count("b", 1));
        store.save(rows([unread, write])).unwrap();
        assert_eq!(store.commit(), Err(StoreError::Conflict));
        assert_eq!(get::<Count>(&mut store, &name("b")), None);
    }
    assert_eq!(get(&mut store, &name("a")), Some(count("a", 1)));
}

#[test]
fn odd_file_names_are_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file:a?mode=memory", "\u{4E2D} \u{6587}.db", "'x'"] {
        let path = folder.path().join(name);
        drop(Sqlite::open(&path, TABLES, ChainKind::Sha256).unwrap());
        assert!(path.exists(), "{name}");
    }
}

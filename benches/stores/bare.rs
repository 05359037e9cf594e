//! The bare schema: an order, two postings, two balances, and nothing else.

use rusqlite::Connection;
use std::time::{Duration, Instant};

const ACCOUNTS: u64 = 10_000;
const LASTS: Duration = Duration::from_millis(700);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    PRAGMA locking_mode = EXCLUSIVE;
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    CREATE TABLE payment (ref BLOB PRIMARY KEY, amount INTEGER NOT NULL, at INTEGER NOT NULL)
        WITHOUT ROWID;
    CREATE TABLE posting (ref BLOB, leg INTEGER, account INTEGER, amount INTEGER,
        PRIMARY KEY (ref, leg)) WITHOUT ROWID;";

/// Payments per second at this size of group.
pub(crate) fn per_second(group: usize) -> f64 {
    run(group).expect("SQLite in a temporary folder")
}

fn run(group: usize) -> rusqlite::Result<f64> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Connection::open(folder.path().join("bare.db"))?;
    db.execute_batch(SCHEMA)?;
    db.execute_batch("BEGIN")?;
    for id in 0..ACCOUNTS {
        db.execute("INSERT INTO account VALUES (?1, 0)", [id.cast_signed()])?;
    }
    db.execute_batch("COMMIT")?;
    let (start, mut done) = (Instant::now(), 0_usize);
    while start.elapsed() < LASTS {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..group {
            pay(&db, u64::try_from(done).unwrap_or_default())?;
            done += 1;
        }
        db.execute_batch("COMMIT")?;
    }
    let took = start.elapsed();
    let sum: i64 = db.query_row("SELECT sum(balance) FROM account", [], |row| row.get(0))?;
    assert_eq!(sum, 0, "the books");
    Ok(crate::rate(done, took))
}

fn pay(db: &Connection, number: u64) -> rusqlite::Result<()> {
    let mut key = [7_u8; 16];
    key[..8].copy_from_slice(&number.to_be_bytes());
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    let (from, to) = (mixed % ACCOUNTS, (mixed >> 20) % ACCOUNTS);
    db.prepare_cached("INSERT INTO payment VALUES (?1, 100, ?2)")?
        .execute((key, number.cast_signed()))?;
    for (leg, account, amount) in [(0, from, -100), (1, to, 100)] {
        let account = account.cast_signed();
        db.prepare_cached("INSERT INTO posting VALUES (?1, ?2, ?3, ?4)")?
            .execute((key, leg, account, amount))?;
        db.prepare_cached("UPDATE account SET balance = balance + ?2 WHERE id = ?1")?
            .execute((account, amount))?;
    }
    Ok(())
}

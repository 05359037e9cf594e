//! The three stores, each with a way to open the same one again after the party's end.

use super::records::TABLES;
use super::server::{Server, server};
use quittance::db::{Place, Postgres, Sqlite};
use quittance::journal::{ChainKind, Entry};
use quittance::store::{Backend, Memory, Row, Schema, StoreError, Stored, Timer, Want, Writes};
use quittance::time::Time;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A place where a store can be.
pub(super) trait Bed {
    /// Opens the store that is there. The one opened before must have been dropped.
    fn open(&self) -> Box<dyn Backend>;
}

/// A memory store that outlives its handles, as a database outlives a party.
pub(super) struct InMemory(Arc<Mutex<Memory>>);

impl InMemory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Memory::new(ChainKind::Sha256))))
    }
}

impl Bed for InMemory {
    fn open(&self) -> Box<dyn Backend> {
        self.0.lock().unwrap().crash();
        Box::new(Handle(Arc::clone(&self.0)))
    }
}

struct Handle(Arc<Mutex<Memory>>);

macro_rules! hand_over {
    ($(fn $name:ident(&mut self $(, $arg:ident: $type:ty)*) -> $out:ty;)*) => {$(
        fn $name(&mut self $(, $arg: $type)*) -> Result<$out, StoreError> {
            self.0.lock().unwrap().$name($($arg),*)
        }
    )*};
}

impl Backend for Handle {
    hand_over! {
        fn load(&mut self, wants: &[Want]) -> Vec<Option<Stored>>;
        fn save(&mut self, writes: Writes) -> ();
        fn due(&mut self, until: Time, max: usize) -> Vec<(Time, Timer)>;
        fn next_due(&mut self) -> Option<Time>;
        fn begin(&mut self) -> ();
        fn commit(&mut self) -> ();
        fn abort(&mut self) -> ();
        fn scan(&mut self, table: &'static Schema) -> Vec<Arc<dyn Row>>;
        fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Vec<Entry>;
    }
}

/// A SQLite file in a folder of its own.
pub(super) struct InSqlite(TempDir);

impl InSqlite {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("store.db")
    }

    pub(super) fn try_open(&self) -> Result<Sqlite, StoreError> {
        Sqlite::open(&self.path(), TABLES, ChainKind::Sha256)
    }
}

impl Bed for InSqlite {
    fn open(&self) -> Box<dyn Backend> {
        Box::new(self.try_open().unwrap())
    }
}

/// A schema of its own on the shared PostgreSQL server.
pub(super) struct InPostgres {
    pub(super) server: &'static Server,
    pub(super) schema: String,
}

impl InPostgres {
    /// None where PostgreSQL is not installed.
    pub(super) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            server: server()?,
            schema: format!("bank:river {number}"),
        })
    }

    pub(super) fn try_open(&self, lane: Option<u32>) -> Result<Postgres, StoreError> {
        let place = Place {
            url: self.server.url(),
            schema: self.schema.clone(),
            lane,
        };
        Postgres::connect(place, TABLES, ChainKind::Sha256)
    }

    /// Runs SQL in the party's schema, as a person with psql would.
    pub(super) fn run(&self, sql: &str) {
        let mut client = self.server.client();
        let path = format!("SET search_path TO \"{}\"", self.schema);
        client.batch_execute(&path).unwrap();
        client.batch_execute(sql).unwrap();
    }
}

impl Bed for InPostgres {
    /// The server ends a session only after it has noticed that the client is gone.
    fn open(&self) -> Box<dyn Backend> {
        for _ in 0..500 {
            match self.try_open(Some(0)) {
                Ok(store) => return Box::new(store),
                Err(StoreError::Failed { detail, .. }) if detail.contains("lane") => {
                    std::thread::yield_now();
                }
                Err(error) => panic!("failed to {error}"),
            }
        }
        panic!("lane 0 stays taken")
    }
}

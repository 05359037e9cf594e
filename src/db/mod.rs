//! Databases under the roles: SQLite, embedded, and PostgreSQL, for several processes at once.
//!
//! A store's semantics are written once, in [`Store`]: what a group wrote stays in memory until its
//! commit, is read back from there, is chained into the journal, and goes to the database in one
//! transaction, each row once and in key order. A database only fetches rows and writes batches.
//!
//! Why writes wait for the commit: an abort is then a drop, a row written by ten inputs of a group
//! is bound once, and a PostgreSQL transaction holds its locks only while it writes.

mod batch;
mod cache;
mod postgres;
mod sqlite;
mod store;
mod tables;

pub use postgres::{Place, Postgres, PostgresEngine};
pub use sqlite::{Sqlite, SqliteEngine};
pub use store::Store;

//! One suite for all stores: memory, SQLite and PostgreSQL do the same.

/// Makes each behaviour a test on each store.
macro_rules! on_every_store {
    ($($behaviour:ident)*) => {
        mod on_memory {
            $(#[test] fn $behaviour() { super::$behaviour(&super::InMemory::new()); })*
        }
        mod on_sqlite {
            $(#[test] fn $behaviour() { super::$behaviour(&super::InSqlite::new()); })*
        }
        mod on_postgres {
            $(#[test] fn $behaviour() {
                if let Some(bed) = super::InPostgres::new() { super::$behaviour(&bed); }
            })*
        }
    };
}

mod beds;
mod group;
mod model;
mod postgres;
mod records;
pub(crate) mod server;
mod sqlite;
mod suite;

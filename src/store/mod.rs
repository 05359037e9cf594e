//! What a party remembers: rows, read and written by one input at a time, committed whole.
//!
//! Why rows with keys and no queries: a role that only reads points can be run again when a row was
//! missing or had changed, its reads can be fetched for a whole batch, and the same code runs on
//! memory, SQLite and PostgreSQL.

mod backend;
mod key;
mod memory;
mod record;
mod value;
mod work;

pub use backend::{Backend, Peek, RowWrite, StoreError, Stored, Timer, TimerKind, Want, Writes};
pub(crate) use key::key_of_word;
pub use key::{Key, KeyBytes};
pub use memory::Memory;
pub(crate) use record::record;
pub use record::{Column, Kind, Record, Row, Schema, schema_id};
pub(crate) use value::fields;
pub use value::{Field, FieldError, Json, Reader, Value};
pub use work::{Stop, Work};

//! Records: what a role remembers, declared once and kept anywhere.
//!
//! Why columns and not JSON: binding columns costs nothing over one blob, JSON rows cost a third of
//! the throughput, and people can query columns with their own tools.

use super::key::{Key, KeyBytes};
use super::value::{FieldError, Reader, Value};
use std::any::Any;
use std::sync::Arc;

/// A record type: its table, its key, its columns. Declared with the `record!` macro.
pub trait Record: Clone + Send + Sync + 'static {
    /// What a row is found by: a tuple of the key fields.
    type Key: KeyBytes;
    /// The table it lives in.
    const SCHEMA: &'static Schema;
    /// This row's key.
    fn key(&self) -> Self::Key;
    /// Hands out every column, in the schema's order.
    fn write(&self, out: &mut dyn FnMut(Value<'_>));
    /// Reads every column back, in the same order.
    fn read(from: &mut Reader<'_>) -> Result<Self, FieldError>;
}

/// A table: name, columns, and what they are for.
#[derive(Debug)]
pub struct Schema {
    /// The table's name, unique in the program.
    pub name: &'static str,
    /// A hash of the name, which stands for it in memory.
    pub id: u32,
    /// The columns, in the order in which rows bind and read them.
    pub columns: fn() -> Vec<Column>,
    /// Columns that screens and reports look rows up by; every list is an index.
    pub indexes: &'static [&'static [&'static str]],
    /// Whether the table is a party's short memory: gone after a crash, and never a reason to wait
    /// for a disk.
    pub volatile: bool,
    /// Reads one row.
    pub read: fn(&mut Reader<'_>) -> Result<Arc<dyn Row>, FieldError>,
}

/// FNV-1a of a table's name.
pub const fn schema_id(name: &str) -> u32 {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0x811C_9DC5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds. Any column may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit signed integer.
    Int,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Blob,
}

/// A record behind a pointer, as backends hold it.
pub trait Row: Any + Send + Sync {
    /// The table it belongs to.
    fn schema(&self) -> &'static Schema;
    /// Hands out every column, in the schema's order.
    fn bind(&self, out: &mut dyn FnMut(Value<'_>));
    /// Its key's bytes.
    fn row_key(&self) -> Key;
    /// For the way back to the record's own type.
    fn as_any(&self) -> &dyn Any;
}

impl<T: Record> Row for T {
    fn schema(&self) -> &'static Schema {
        T::SCHEMA
    }

    fn bind(&self, out: &mut dyn FnMut(Value<'_>)) {
        self.write(out);
    }

    fn row_key(&self) -> Key {
        Key::of(&self.key())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl std::fmt::Debug for dyn Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{:?}]", self.schema().name, self.row_key())
    }
}

/// Declares a record: its table's name, its key fields, its other fields, then indexes and whether
/// it is volatile, if so.
#[macro_export]
macro_rules! record {
    (
        $(#[$doc:meta])*
        pub struct $name:ident in $table:literal {
            key { $($(#[$kdoc:meta])* $kf:ident: $kt:ty),+ $(,)? }
            row { $($(#[$fdoc:meta])* $f:ident: $t:ty),* $(,)? }
            $(index($($col:literal),+))*
            $(volatile $volatile:literal)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$kdoc])* pub $kf: $kt,)+
            $($(#[$fdoc])* pub $f: $t,)*
        }

        impl $crate::store::Record for $name {
            type Key = ($($kt,)+);
            const SCHEMA: &'static $crate::store::Schema = &$crate::store::Schema {
                name: $table,
                id: $crate::store::schema_id($table),
                columns: || {
                    let mut all = Vec::new();
                    $(<$kt as $crate::store::Field>::columns(stringify!($kf), &mut all);)+
                    $(<$t as $crate::store::Field>::columns(stringify!($f), &mut all);)*
                    all
                },
                indexes: &[$(&[$($col),+]),*],
                volatile: false $(|| $volatile)?,
                read: |from| {
                    Ok(std::sync::Arc::new(<$name as $crate::store::Record>::read(from)?))
                },
            };
            fn key(&self) -> Self::Key {
                ($(self.$kf.clone(),)+)
            }
            fn write(&self, out: &mut dyn FnMut($crate::store::Value<'_>)) {
                $($crate::store::Field::put(&self.$kf, out);)+
                $($crate::store::Field::put(&self.$f, out);)*
            }
            fn read(
                from: &mut $crate::store::Reader<'_>,
            ) -> Result<Self, $crate::store::FieldError> {
                Ok(Self {
                    $($kf: $crate::store::Field::take(from)?,)+
                    $($f: $crate::store::Field::take(from)?,)*
                })
            }
        }
    };
}
pub(crate) use record;

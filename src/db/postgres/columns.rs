//! Many rows as one array for each column: a statement writes all of them at once.

use crate::store::{Column, Kind, Row, RowWrite, Value};
use postgres::types::ToSql;

/// Rows of one table, column by column.
pub(super) struct Columns {
    /// Keys and the versions read, unless the table is the journal.
    keys: Vec<Vec<u8>>,
    reads: Vec<i64>,
    arrays: Vec<Array>,
    next: usize,
    keyed: bool,
}

enum Array {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
}

impl Columns {
    /// No rows yet, of these columns.
    pub(super) fn new(columns: &[Column]) -> Self {
        let array = |column: &Column| match column.kind {
            Kind::Int => Array::Int(Vec::new()),
            Kind::Text => Array::Text(Vec::new()),
            Kind::Blob => Array::Blob(Vec::new()),
        };
        Self {
            keys: Vec::new(),
            reads: Vec::new(),
            arrays: columns.iter().map(array).collect(),
            next: 0,
            keyed: false,
        }
    }

    /// No rows yet, of a record's table: key and version read, then these columns.
    pub(super) fn keyed(columns: &[Column]) -> Self {
        Self {
            keyed: true,
            ..Self::new(columns)
        }
    }

    /// How many rows, where they are keyed.
    pub(super) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Takes a row to write, or only its key and version to delete it.
    pub(super) fn push(&mut self, write: &RowWrite, row: Option<&dyn Row>) {
        self.keys.push(write.key.as_bytes().to_vec());
        self.reads
            .push(i64::try_from(write.read).unwrap_or(i64::MAX));
        self.begin_row();
        if let Some(row) = row {
            row.bind(&mut |value| self.value(value));
        }
    }

    /// The next value is the first of a row.
    pub(super) const fn begin_row(&mut self) {
        self.next = 0;
    }

    /// Takes the next column's value. One of another kind than declared would be null: every
    /// field's type hands out what its own declaration says.
    pub(super) fn value(&mut self, value: Value<'_>) {
        match (self.arrays.get_mut(self.next), value) {
            (Some(Array::Int(all)), Value::Int(n)) => all.push(Some(n)),
            (Some(Array::Text(all)), Value::Text(text)) => all.push(Some(text.to_owned())),
            (Some(Array::Blob(all)), Value::Blob(blob)) => all.push(Some(blob.to_vec())),
            (Some(Array::Int(all)), _) => all.push(None),
            (Some(Array::Text(all)), _) => all.push(None),
            (Some(Array::Blob(all)), _) => all.push(None),
            (None, _) => {}
        }
        self.next += 1;
    }

    /// The arrays as a statement's parameters, after `before`.
    pub(super) fn params<'a>(
        &'a self,
        before: &[&'a (dyn ToSql + Sync)],
    ) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut all = before.to_vec();
        if self.keyed {
            all.push(&self.keys);
            all.push(&self.reads);
        }
        all.extend(self.arrays.iter().map(|array| match array {
            Array::Int(all) => all as &(dyn ToSql + Sync),
            Array::Text(all) => all,
            Array::Blob(all) => all,
        }));
        all
    }
}

/// `$4::bigint[], $5::text[], ...`: a parameter for each column, numbered from `first`.
pub(super) fn given(columns: &[Column], first: usize) -> String {
    let each = columns.iter().enumerate().map(|(at, column)| {
        let kind = super::link::DIALECT.kind(column.kind);
        format!("${}::{kind}[]", at + first)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// `c0, c1, ...`: so many names.
pub(super) fn names(count: usize) -> String {
    let each = (0..count).map(|at| format!("c{at}"));
    each.collect::<Vec<_>>().join(", ")
}

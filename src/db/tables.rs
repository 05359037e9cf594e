//! Tables from declarations: the SQL of every table, and the check that a database was made for the
//! same ones.

use crate::journal::{ChainKind, Entry};
use crate::store::{
    Column, FieldError, Key, Kind, Reader, Row, Schema, StoreError, Stored, Timer, TimerKind, Value,
};
use crate::time::Time;
use std::fmt::Write as _;
use std::sync::Arc;

/// The layout of the tables that are not records; it changes when they do.
const FORMAT: &str = "2";

/// Tables that no record may be named after.
const RESERVED: &[&str] = &["journal", "timer", "meta", "lane"];

/// How a database spells the kinds of columns and ends a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) int: &'static str,
    pub(super) text: &'static str,
    pub(super) blob: &'static str,
    /// What follows the closing bracket of a table of small rows found by one key.
    pub(super) clustered: &'static str,
    /// What follows that of any other.
    pub(super) plain: &'static str,
}

impl Dialect {
    /// The column type of a kind.
    pub(super) const fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Int => self.int,
            Kind::Text => self.text,
            Kind::Blob => self.blob,
        }
    }
}

/// A table and the names of its columns, as both databases use them.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) schema: &'static Schema,
    pub(super) columns: Vec<Column>,
}

impl Table {
    /// The tables to create: volatile ones never reach a disk.
    pub(super) fn all(schemas: &[&'static Schema]) -> Result<Vec<Self>, StoreError> {
        let kept = schemas.iter().filter(|schema| !schema.volatile);
        let mut tables = kept
            .map(|schema| Self {
                schema,
                columns: (schema.columns)(),
            })
            .collect::<Vec<_>>();
        tables.sort_by_key(|table| table.schema.id);
        let twice = tables
            .windows(2)
            .find(|two| two[0].schema.id == two[1].schema.id);
        let named = tables
            .iter()
            .find(|table| RESERVED.contains(&table.schema.name));
        match twice.map(|two| &two[0]).or(named) {
            Some(table) => Err(StoreError::Failed {
                doing: "declare the tables",
                detail: format!("`{}` is taken", table.schema.name),
            }),
            None => Ok(tables),
        }
    }

    /// Its name, quoted.
    pub(super) fn name(&self) -> String {
        quoted(self.schema.name)
    }

    /// `"a", "b", ...`: every column, quoted, each after `before`.
    pub(super) fn list(&self, before: &str) -> String {
        let names = self
            .columns
            .iter()
            .map(|c| format!("{before}{}", quoted(&c.name)));
        names.collect::<Vec<_>>().join(", ")
    }

    fn create(&self, dialect: &Dialect) -> String {
        let (name, columns) = (self.name(), spelled(&self.columns, dialect));
        let (blob, int, end) = (dialect.blob, dialect.int, dialect.plain);
        let mut sql =
            format!("CREATE TABLE {name} (k {blob} PRIMARY KEY, v {int} NOT NULL{columns}){end};");
        for index in self.schema.indexes {
            let of = index.iter().map(|c| quoted(c)).collect::<Vec<_>>();
            let called = quoted(&format!("{} by {}", self.schema.name, index.join(" ")));
            write!(sql, "CREATE INDEX {called} ON {name} ({});", of.join(", "))
                .expect("a string takes what is written");
        }
        sql
    }

    fn description(&self) -> String {
        let indexes = self.schema.indexes.iter().map(|index| index.join("+"));
        let indexes = indexes.collect::<Vec<_>>().join(" ");
        format!("{}; {indexes}", described(&self.columns))
    }
}

/// An identifier in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn spelled(columns: &[Column], dialect: &Dialect) -> String {
    let each = columns
        .iter()
        .map(|c| format!(", {} {}", quoted(&c.name), dialect.kind(c.kind)));
    each.collect()
}

fn described(columns: &[Column]) -> String {
    let each = columns
        .iter()
        .map(|c| format!("{} {:?}", c.name, c.kind).to_lowercase());
    each.collect::<Vec<_>>().join(", ")
}

/// The journal's columns, quoted: the entry's, then its hash.
pub(super) fn journal_list() -> String {
    let names = Entry::columns().into_iter().map(|c| quoted(&c.name));
    let names = names.chain(["hash".to_owned()]);
    names.collect::<Vec<_>>().join(", ")
}

/// What creates every table; `timer_more` are the database's own columns of a timer.
pub(super) fn create_all(tables: &[Table], dialect: &Dialect, timer_more: &str) -> String {
    let Dialect {
        int,
        text,
        blob,
        clustered,
        plain,
    } = dialect;
    let journal = spelled(&Entry::columns(), dialect);
    let journal = journal.trim_start_matches(", ");
    let mut sql = format!(
        "CREATE TABLE meta (name {text} PRIMARY KEY, value {text} NOT NULL){plain};
         CREATE TABLE timer (k {blob} PRIMARY KEY, at {int} NOT NULL{timer_more}){clustered};
         CREATE INDEX \"timer by at\" ON timer (at);
         CREATE TABLE journal ({journal}, hash {blob} NOT NULL, PRIMARY KEY (lane, seq)){clustered};
         CREATE INDEX \"journal by order_id\" ON journal (order_id) WHERE order_id IS NOT NULL;"
    );
    sql.extend(tables.iter().map(|table| table.create(dialect)));
    sql
}

/// What the `meta` table says of a database made for these tables: names and values.
pub(super) fn meta(tables: &[Table], chain: ChainKind) -> Vec<(String, String)> {
    let kinds = TimerKind::ALL
        .iter()
        .map(|kind| kind.word())
        .collect::<Vec<_>>();
    let chain = match chain {
        ChainKind::Sha256 => "sha-256",
        ChainKind::Fast => "siphash-1-3",
    };
    let mut all = vec![
        ("format".to_owned(), FORMAT.to_owned()),
        ("chain".to_owned(), chain.to_owned()),
        ("timers".to_owned(), kinds.join(" ")),
        ("journal".to_owned(), described(&Entry::columns())),
    ];
    let each = tables
        .iter()
        .map(|t| (format!("table {}", t.schema.name), t.description()));
    all.extend(each);
    all.sort();
    all
}

/// Whether the database was made for these tables.
pub(super) fn check_meta(
    found: &[(String, String)],
    ours: &[(String, String)],
) -> Result<(), StoreError> {
    let one = |of: &[(String, String)], name: &str| {
        let value = of.iter().find(|pair| pair.0 == name);
        value.map_or_else(|| "nothing".to_owned(), |pair| format!("`{}`", pair.1))
    };
    let differs = ours.iter().chain(found).find(|pair| {
        let other = if ours.contains(pair) { found } else { ours };
        !other.contains(pair)
    });
    let Some((name, _)) = differs else {
        return Ok(());
    };
    Err(StoreError::Failed {
        doing: "open the store",
        detail: format!(
            "it was made by another version of this program or for another party: {name} is {} \
             there and {} here",
            one(found, name),
            one(ours, name),
        ),
    })
}

/// One row from its columns; `next` answers `None` past the last and for what is no value.
pub(super) fn read_row<'a>(
    schema: &'static Schema,
    next: &'a mut dyn FnMut() -> Option<Value<'a>>,
) -> Result<Arc<dyn Row>, StoreError> {
    let row = (schema.read)(&mut Reader::new(next));
    row.map_err(|error| StoreError::Corrupt {
        table: schema.name,
        error,
    })
}

/// One journal entry from its columns and its hash.
pub(super) fn read_entry<'a>(
    next: &'a mut dyn FnMut() -> Option<Value<'a>>,
) -> Result<Entry, StoreError> {
    Entry::read(&mut Reader::new(next)).map_err(|error| corrupt("journal", error.expected))
}

/// A row with its version, if it is the row of the key that it was found by.
pub(super) fn stored(row: Arc<dyn Row>, key: Key, version: i64) -> Result<Stored, StoreError> {
    let table = row.schema().name;
    if row.row_key() != key {
        return Err(corrupt(table, "the key of its row"));
    }
    let version = unsigned(version, table, "a version")?;
    Ok(Stored { row, version })
}

/// What a table holds is not what was `expected`.
pub(super) const fn corrupt(table: &'static str, expected: &'static str) -> StoreError {
    StoreError::Corrupt {
        table,
        error: FieldError { expected },
    }
}

/// A record that the store was not opened with.
pub(super) fn undeclared(table: &Schema) -> StoreError {
    StoreError::Failed {
        doing: "find a table",
        detail: format!("the store was opened without `{}`", table.name),
    }
}

/// A stored timer.
pub(super) fn timer(k: &[u8], at: i64) -> Result<(Time, Timer), StoreError> {
    let bytes = k.try_into().ok();
    let timer = bytes.and_then(Timer::from_bytes);
    let timer = timer.ok_or(corrupt("timer", "the 33 bytes of a timer"))?;
    Ok((time(at)?, timer))
}

/// A stored timer's time.
pub(super) fn time(at: i64) -> Result<Time, StoreError> {
    unsigned(at, "timer", "an instant").map(Time::from_nanos)
}

/// A stored number that is never negative.
pub(super) fn unsigned(
    n: i64,
    table: &'static str,
    expected: &'static str,
) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_negative| corrupt(table, expected))
}

/// A count or an instant as SQL has it; the largest one for what is beyond (the year 2262).
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The most rows that a query gives.
pub(super) fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

/// The last entry of a lane that a reader has seen.
pub(super) fn seen(after: &[(u32, u64)], lane: u32) -> i64 {
    let seen = after.iter().find(|(of, _)| *of == lane);
    seen.map_or(0, |(_, seq)| signed(*seq))
}

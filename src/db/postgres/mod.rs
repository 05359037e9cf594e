//! PostgreSQL: several processes of one party on one database.
//!
//! - Reads are committed reads, fetched table by table for all that a group wants. Writes wait in
//!   memory and are compared and set on the row's version at the commit; what does not match, is
//!   there already or would deadlock is [`StoreError::Conflict`], and the group is run again. What
//!   a group only read is not compared: a role that relies on a row writes it.
//! - After a conflict the next group locks what it reads, so that a hot row makes a queue instead
//!   of a race that somebody loses for ever.
//! - The journal is chained per lane. A connection claims a lane for as long as it lasts, keeps its
//!   head in memory and moves it on after COMMIT only.
//! - Timers are leased in a statement of their own, skipping what others hold.
//! - A connection lost in COMMIT leaves the outcome unknown; one lost before it does not.
//!
//! A row's version is the number of the group that wrote it, unlike any other group's: a row
//! deleted and made anew is never taken for the row that was read.
//!
//! Why a lane is locked by its session: when a process dies the server ends its session, after what
//! that was committing, and only then can another process claim the lane and read its head.

mod columns;
mod link;

use super::batch::{Batch, TimerWrite};
use super::store::{Engine, Store};
use super::tables::{self, Table, limit, signed};
use crate::journal::{Chain, ChainKind, Entry};
use crate::store::{Column, Key, Kind, Row, Schema, StoreError, Stored, Timer, Value, Want};
use crate::time::{Span, Time};
use columns::Columns;
use link::Link;
use postgres::types::ToSql;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a leased timer is its process's alone. A timer of a process that died fires in another
/// one after this.
pub(super) const LEASE: Span = Span::seconds(30);

/// A store in a PostgreSQL database. Not to be used on a thread that runs async tasks: it blocks.
pub type Postgres = Store<PostgresEngine>;

/// Where a party's tables are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The server and database, as libpq writes them: `postgres://user@host:5432/name`.
    pub url: String,
    /// The database schema that holds the party's tables; made if it is not there.
    pub schema: String,
    /// The journal's lane to claim; the first free one if none is named.
    pub lane: Option<u32>,
}

/// The PostgreSQL side of [`Postgres`].
pub struct PostgresEngine {
    place: Place,
    chain: ChainKind,
    tables: BTreeMap<u32, Sql>,
    meta: Vec<(String, String)>,
    create: String,
    journal: Journal,
    /// The connection; none after it was lost, until the next group.
    link: Option<Link>,
    /// The last group met a conflict: this one locks what it reads.
    patient: bool,
}

/// A table's columns and statements.
struct Sql {
    schema: &'static Schema,
    columns: Vec<Column>,
    fetch: String,
    lock: String,
    insert: String,
    update: String,
    delete: String,
    scan: String,
}

/// The journal's columns and statements.
struct Journal {
    columns: Vec<Column>,
    append: String,
    tail: String,
}

impl Postgres {
    /// Connects, makes the tables if they are not there, and claims a lane of the journal.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the server cannot be reached or refuses, the lane is taken, or
    /// the tables were made for other declarations.
    pub fn connect(
        place: Place,
        schemas: &[&'static Schema],
        chain: ChainKind,
    ) -> Result<Self, StoreError> {
        let tables = Table::all(schemas)?;
        let mut engine = PostgresEngine {
            meta: tables::meta(&tables, chain),
            create: link::create_all(&tables),
            tables: tables.iter().map(|t| (t.schema.id, Sql::new(t))).collect(),
            journal: Journal::new(),
            place,
            chain,
            link: None,
            patient: false,
        };
        let head = engine.reconnect()?;
        Ok(Self::new(engine, head))
    }
}

impl Place {
    /// Removes the schema with everything in it: for runs that leave nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the server cannot be reached or refuses.
    pub fn remove(&self) -> Result<(), StoreError> {
        link::remove(self)
    }
}

impl Sql {
    fn new(table: &Table) -> Self {
        let (name, list) = (table.name(), table.list(""));
        let given = columns::given(&table.columns, 4);
        let set = table.columns.iter().enumerate();
        let set = set.map(|(at, c)| format!("{} = d.c{at}", tables::quoted(&c.name)));
        let set = set.collect::<Vec<_>>().join(", ");
        let names = columns::names(table.columns.len());
        let fetch = format!("SELECT k, v, {list} FROM {name} WHERE k = ANY($1)");
        Self {
            schema: table.schema,
            columns: table.columns.clone(),
            lock: format!("{fetch} ORDER BY k FOR UPDATE"),
            fetch,
            // $1: the group's number, $2: keys, $3: versions read, then the columns.
            insert: format!(
                "INSERT INTO {name} (k, v, {list}) SELECT d.k, $1, {names} \
                 FROM unnest($2::bytea[], $3::bigint[], {given}) AS d (k, r, {names})"
            ),
            update: format!(
                "UPDATE {name} AS t SET v = $1, {set} \
                 FROM unnest($2::bytea[], $3::bigint[], {given}) AS d (k, r, {names}) \
                 WHERE t.k = d.k AND t.v = d.r"
            ),
            delete: format!(
                "DELETE FROM {name} AS t USING unnest($1::bytea[], $2::bigint[]) AS d (k, r) \
                 WHERE t.k = d.k AND t.v = d.r"
            ),
            scan: format!("SELECT {list} FROM {name} ORDER BY k"),
        }
    }
}

impl Journal {
    fn new() -> Self {
        let mut columns = Entry::columns();
        columns.push(Column {
            name: "hash".to_owned(),
            kind: Kind::Blob,
        });
        let list = tables::journal_list();
        Self {
            append: format!(
                "INSERT INTO journal ({list}) SELECT * FROM unnest({})",
                columns::given(&columns, 1)
            ),
            tail: format!(
                "SELECT {list} FROM journal WHERE lane = $1 AND seq > $2 ORDER BY seq LIMIT $3"
            ),
            columns,
        }
    }
}

impl Engine for PostgresEngine {
    const SHARED: bool = true;
    const CACHED_ROWS_MAX: usize = usize::MAX; // one group's rows

    fn ready(&mut self) -> Result<Option<Chain>, StoreError> {
        match &self.link {
            Some(link) if !link.is_lost() => Ok(None),
            _ => self.reconnect().map(Some),
        }
    }

    fn fetch(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        let mut found = Vec::with_capacity(wants.len());
        for of_table in wants.chunk_by(|a, b| a.0.id == b.0.id) {
            found.extend(self.fetch_table(of_table)?);
        }
        Ok(found)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let link = alive(&mut self.link)?;
        link.open()?;
        link.next_group();
        let written = write_rows(link, &self.tables, batch)
            .and_then(|()| write_timers(link, batch))
            .and_then(|()| append(link, &self.journal, &batch.entries))
            .and_then(|()| link.commit());
        if written.is_err() {
            link.roll_back();
        }
        self.patient = written == Err(StoreError::Conflict);
        written
    }

    fn abort(&mut self) {
        if let Some(link) = &mut self.link {
            link.roll_back();
        }
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        // The lease need not survive the server: without it a timer is due again. So its commit
        // does not wait for the disk.
        let lease = "WITH mine AS (
                SELECT k FROM timer WHERE at <= $1 AND (lane = $2 OR leased <= $1)
                ORDER BY at, k LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE timer AS t SET lane = $2, leased = $4 FROM mine WHERE t.k = mine.k
            RETURNING t.k, t.at, set_config('synchronous_commit', 'off', true)";
        let link = alive(&mut self.link)?;
        let lane = i64::from(link.lane);
        let (now, leased) = (signed(until.nanos()), signed(until.after(LEASE).nanos()));
        let rows = link.query("lease timers", lease, &[&now, &lane, &limit(max), &leased])?;
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let (k, at) = (blob(&row, 0), int(&row, 1));
            let at = at.ok_or(tables::corrupt("timer", "an instant"))?;
            due.push(tables::timer(k.unwrap_or_default(), at)?);
        }
        due.sort_unstable();
        Ok(due)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        let link = alive(&mut self.link)?;
        let first = "SELECT at FROM timer ORDER BY at LIMIT 1";
        let rows = link.query("read the timers", first, &[])?;
        let at = rows.first().and_then(|row| int(row, 0));
        at.map(tables::time).transpose()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        let sql = find(&self.tables, table)?;
        let rows = alive(&mut self.link)?.query("scan a table", &sql.scan, &[])?;
        let each = rows.iter();
        each.map(|row| {
            let mut columns = 0..;
            tables::read_row(table, &mut || value(row, columns.next()?, &sql.columns, 0))
        })
        .collect()
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        let link = alive(&mut self.link)?;
        let doing = "read the journal";
        let mut entries = Vec::new();
        for row in link.query(doing, "SELECT lane FROM lane ORDER BY lane", &[])? {
            let lane = int(&row, 0).and_then(|lane| u32::try_from(lane).ok());
            let lane = lane.ok_or(tables::corrupt("lane", "a lane's number"))?;
            let (of, seen) = (i64::from(lane), tables::seen(after, lane));
            let most = limit(max.saturating_sub(entries.len()));
            for row in link.query(doing, &self.journal.tail, &[&of, &seen, &most])? {
                let (mut at, columns) = (0.., &self.journal.columns);
                entries.push(tables::read_entry(&mut || {
                    value(&row, at.next()?, columns, 0)
                })?);
            }
        }
        Ok(entries)
    }
}

impl PostgresEngine {
    /// Connects anew, claims a lane and gives its head.
    fn reconnect(&mut self) -> Result<Chain, StoreError> {
        self.link = None; // the old session, if it still lives, lets go of its lane
        let mut link = Link::connect(&self.place, &self.create, &self.meta)?;
        let head = link.head(self.chain)?;
        self.link = Some(link);
        Ok(head)
    }

    /// Rows of one table.
    fn fetch_table(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        let Some((table, _)) = wants.first() else {
            return Ok(Vec::new());
        };
        let sql = find(&self.tables, table)?;
        let link = alive(&mut self.link)?;
        if self.patient {
            link.open()?;
        }
        let statement = if self.patient { &sql.lock } else { &sql.fetch };
        let keys = wants
            .iter()
            .map(|(_, key)| key.as_bytes())
            .collect::<Vec<_>>();
        let mut found = BTreeMap::new();
        for row in link.query("read rows", statement, &[&keys])? {
            let key = blob(&row, 0).and_then(Key::from_bytes);
            let key = key.ok_or_else(|| tables::corrupt(table.name, "a key"))?;
            let version = int(&row, 1).unwrap_or_default();
            let mut columns = 2..;
            let read = tables::read_row(sql.schema, &mut || {
                value(&row, columns.next()?, &sql.columns, 2)
            })?;
            found.insert(key, tables::stored(read, key, version)?);
        }
        Ok(wants.iter().map(|(_, key)| found.remove(key)).collect())
    }
}

fn alive(link: &mut Option<Link>) -> Result<&mut Link, StoreError> {
    link.as_mut().ok_or_else(|| StoreError::Failed {
        doing: "use the database",
        detail: "the connection was lost".to_owned(),
    })
}

fn find<'a>(tables: &'a BTreeMap<u32, Sql>, table: &'static Schema) -> Result<&'a Sql, StoreError> {
    let found = tables.get(&table.id);
    found.ok_or_else(|| tables::undeclared(table))
}

/// Writes rows, a statement for each table and kind of write; each must find the versions read.
fn write_rows(
    link: &mut Link,
    tables: &BTreeMap<u32, Sql>,
    batch: &Batch,
) -> Result<(), StoreError> {
    for (table, rows) in batch.tables() {
        let sql = find(tables, table)?;
        let (mut update, mut insert, mut delete) = (
            Columns::keyed(&sql.columns),
            Columns::keyed(&sql.columns),
            Columns::keyed(&[]),
        );
        for write in rows {
            match &write.row {
                Some(row) if write.read > 0 => update.push(write, Some(row.as_ref())),
                Some(row) => insert.push(write, Some(row.as_ref())),
                None => delete.push(write, None),
            }
        }
        let group = link.group();
        let group: &[&(dyn ToSql + Sync)] = &[&group];
        for (statement, rows, before) in [
            (&sql.update, &update, group),
            (&sql.insert, &insert, group),
            (&sql.delete, &delete, &[]),
        ] {
            let of = rows.len();
            if of > 0 && link.execute("write rows", statement, &rows.params(before))? != of {
                return Err(StoreError::Conflict);
            }
        }
    }
    Ok(())
}

fn write_timers(link: &mut Link, batch: &Batch) -> Result<(), StoreError> {
    let (mut set, mut clear, mut fired) = (Vec::new(), Vec::new(), Vec::new());
    for (timer, write) in &batch.timers {
        let k = timer.bytes().to_vec();
        match write {
            TimerWrite::Set(at) => set.push((k, signed(at.nanos()))),
            TimerWrite::Clear => clear.push((k, 0)),
            TimerWrite::Fired(at) => fired.push((k, signed(at.nanos()))),
        }
    }
    for (writes, sql) in [
        (
            set,
            "INSERT INTO timer (k, at) SELECT * FROM unnest($1::bytea[], $2::bigint[]) \
             ON CONFLICT (k) DO UPDATE SET at = excluded.at, leased = 0",
        ),
        (
            clear,
            "DELETE FROM timer AS t USING unnest($1::bytea[], $2::bigint[]) AS d (k, at) \
             WHERE t.k = d.k",
        ),
        (
            fired,
            "DELETE FROM timer AS t USING unnest($1::bytea[], $2::bigint[]) AS d (k, at) \
             WHERE t.k = d.k AND t.at = d.at",
        ),
    ] {
        if !writes.is_empty() {
            let (keys, times): (Vec<Vec<u8>>, Vec<i64>) = writes.into_iter().unzip();
            link.execute("write timers", sql, &[&keys, &times])?;
        }
    }
    Ok(())
}

fn append(link: &mut Link, journal: &Journal, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut rows = Columns::new(&journal.columns);
    for entry in entries {
        rows.begin_row();
        entry.put_columns(&mut |value| rows.value(value));
        rows.value(Value::Blob(&entry.hash));
    }
    let written = link.execute("write the journal", &journal.append, &rows.params(&[]));
    if written == Err(StoreError::Conflict) {
        link.lose(); // somebody else has written to this lane: claim one anew
    }
    written.map(drop)
}

/// A column's value by its declared kind; what is of another kind is none, and so reads as corrupt.
fn value<'a>(
    row: &'a postgres::Row,
    at: usize,
    columns: &[Column],
    from: usize,
) -> Option<Value<'a>> {
    let column = columns.get(at - from)?;
    let value = match column.kind {
        Kind::Int => row.try_get::<_, Option<i64>>(at).ok()?.map(Value::Int),
        Kind::Text => row.try_get::<_, Option<&str>>(at).ok()?.map(Value::Text),
        Kind::Blob => row.try_get::<_, Option<&[u8]>>(at).ok()?.map(Value::Blob),
    };
    Some(value.unwrap_or(Value::Null))
}

fn int(row: &postgres::Row, at: usize) -> Option<i64> {
    row.try_get(at).ok()
}

fn blob(row: &postgres::Row, at: usize) -> Option<&[u8]> {
    row.try_get(at).ok()
}

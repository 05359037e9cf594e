//! SQLite: the embedded default. One process owns the file and commits whatever is queued.
//!
//! Why exclusive: rows that were read or written are remembered across groups, which is right only
//! while nobody else writes; the lock is held as long as the store is open, so a second process is
//! refused. WAL and `synchronous = FULL`: a commit returns after the disk has it.

use super::batch::{Batch, TimerWrite};
use super::store::{Engine, Store};
use super::tables::{self, Dialect, Table, limit, signed};
use crate::journal::{Chain, ChainKind, Entry};
use crate::store::{Row, RowWrite, Schema, StoreError, Stored, Timer, Value, Want};
use crate::time::Time;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, Statement, ffi};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// How many pages the log may grow by before it is folded into the database: few checkpoints, each
/// of them writing a hot page once. With 1,000 pages a group of 128 took up to 2.5 times as long.
const CHECKPOINT_PAGES: u32 = 4000;

/// How much of the file is kept in memory, in KiB.
const PAGE_CACHE_KIB: i64 = 65_536;

/// How many prepared statements are kept; five for each table, a few besides.
const STATEMENTS_MAX: usize = 512;

/// The only lane: one process, one writer.
const LANE: u32 = 0;

/// Why records have a rowid: in a table without one, a row of over a quarter of a page spills into
/// pages of its own, and a signed message kept in the outbox does; and new rows go to the table's
/// end, while only their keys are sorted in.
const DIALECT: Dialect = Dialect {
    int: "INTEGER",
    text: "TEXT",
    blob: "BLOB",
    clustered: " STRICT, WITHOUT ROWID",
    plain: " STRICT",
};

/// A store in one SQLite file.
pub type Sqlite = Store<SqliteEngine>;

/// The SQLite side of [`Sqlite`].
#[derive(Debug)]
pub struct SqliteEngine {
    connection: Connection,
    tables: BTreeMap<u32, Sql>,
    append: String,
    tail: String,
    /// Why nothing may be written any more: a commit whose outcome is unknown. What the disk holds
    /// is known again when the file is opened anew.
    broken: Option<String>,
}

/// A table's statements.
#[derive(Debug)]
struct Sql {
    schema: &'static Schema,
    fetch: String,
    insert: String,
    update: String,
    delete: String,
    scan: String,
}

impl Sqlite {
    /// Opens or makes the file at `path` for these tables, whose journal is chained in this way.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the file cannot be opened or written, another process has it
    /// open, it is no such database, or it was made for other tables.
    pub fn open(
        path: &Path,
        schemas: &[&'static Schema],
        chain: ChainKind,
    ) -> Result<Self, StoreError> {
        let tables = Table::all(schemas)?;
        let doing = "open the store";
        let connection = connect(path).map_err(failed(doing))?;
        create(&connection, &tables, chain)?;
        let (seq, head) = head(&connection).map_err(failed(doing))?;
        let seq = tables::unsigned(seq, "journal", "a sequence number")?;
        let journal = tables::journal_list();
        let engine = SqliteEngine {
            connection,
            tables: tables.iter().map(|t| (t.schema.id, Sql::new(t))).collect(),
            append: format!(
                "INSERT INTO journal ({journal}) VALUES ({})",
                marks(1, Entry::columns().len() + 1)
            ),
            tail: format!(
                "SELECT {journal} FROM journal WHERE lane = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
            ),
            broken: None,
        };
        Ok(Self::new(engine, Chain::resume(LANE, chain, seq, head)))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // An absolute path begins with `/`, so that none is taken for a URI or for `:memory:`.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    Ok(connection)
}

/// Creates the tables in a new file, or checks that they are the same ones.
fn create(connection: &Connection, tables: &[Table], chain: ChainKind) -> Result<(), StoreError> {
    let failed = failed("open the store");
    // A write transaction also takes the lock, which lasts until the file is closed.
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(&failed)?;
    let ours = tables::meta(tables, chain);
    let made = connection.table_exists(None, "meta").map_err(&failed)?;
    if made {
        tables::check_meta(&read_meta(connection).map_err(&failed)?, &ours)?;
    } else {
        write_meta(connection, tables, &ours).map_err(&failed)?;
    }
    connection.execute_batch("COMMIT").map_err(&failed)
}

fn read_meta(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut all = connection.prepare("SELECT name, value FROM meta")?;
    let pairs = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    pairs.collect()
}

fn write_meta(
    connection: &Connection,
    tables: &[Table],
    meta: &[(String, String)],
) -> rusqlite::Result<()> {
    connection.execute_batch(&tables::create_all(tables, &DIALECT, ""))?;
    for (name, value) in meta {
        connection.execute("INSERT INTO meta VALUES (?1, ?2)", [name, value])?;
    }
    Ok(())
}

fn head(connection: &Connection) -> rusqlite::Result<(i64, [u8; 32])> {
    let last = "SELECT seq, hash FROM journal WHERE lane = ?1 ORDER BY seq DESC LIMIT 1";
    let found = connection.query_row(last, [LANE], |row| Ok((row.get(0)?, row.get(1)?)));
    match found {
        Err(Error::QueryReturnedNoRows) => Ok((0, [0; 32])),
        found => found,
    }
}

impl Sql {
    fn new(table: &Table) -> Self {
        let (name, columns, count) = (table.name(), table.list(""), table.columns.len());
        let set = table.columns.iter().enumerate();
        let set = set.map(|(at, c)| format!("{} = ?{}", tables::quoted(&c.name), at + 3));
        let set = set.collect::<Vec<_>>().join(", ");
        Self {
            schema: table.schema,
            fetch: format!("SELECT v, {columns} FROM {name} WHERE k = ?1"),
            insert: format!(
                "INSERT INTO {name} (k, v, {columns}) VALUES (?1, ?2 + 1, {})",
                marks(3, count)
            ),
            update: format!("UPDATE {name} SET v = ?2 + 1, {set} WHERE k = ?1 AND v = ?2"),
            delete: format!("DELETE FROM {name} WHERE k = ?1 AND v = ?2"),
            scan: format!("SELECT {columns} FROM {name} ORDER BY k"),
        }
    }

    fn of(&self, write: &RowWrite) -> &str {
        match write.row {
            None => &self.delete,
            Some(_) if write.read == 0 => &self.insert,
            Some(_) => &self.update,
        }
    }
}

/// `?4, ?5, ...`: so many marks from a number on.
fn marks(from: usize, count: usize) -> String {
    let each = (from..from + count).map(|n| format!("?{n}"));
    each.collect::<Vec<_>>().join(", ")
}

/// What went wrong while doing something: not known to have happened, and known not to have.
fn failed(doing: &'static str) -> impl Fn(Error) -> StoreError + Copy {
    move |error| {
        let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        let detail = if busy {
            "another process has it open".to_owned()
        } else {
            error.to_string()
        };
        StoreError::Failed { doing, detail }
    }
}

/// A row that was there, or was not, or had another version.
fn write_failed(error: Error) -> StoreError {
    let taken = error
        .sqlite_error()
        .is_some_and(|e| e.extended_code == ffi::SQLITE_CONSTRAINT_PRIMARYKEY);
    if taken {
        return StoreError::Conflict;
    }
    failed("write a row")(error)
}

impl Engine for SqliteEngine {
    const SHARED: bool = false;
    const CACHED_ROWS_MAX: usize = 32_768;

    fn ready(&mut self) -> Result<Option<Chain>, StoreError> {
        match &self.broken {
            Some(detail) => Err(StoreError::Failed {
                doing: "write to the store after a commit that failed",
                detail: detail.clone(),
            }),
            None => Ok(None),
        }
    }

    fn fetch(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        wants.iter().map(|want| self.fetch_one(want)).collect()
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE").map_err(failed("begin"))?;
        let written = self
            .write_rows(batch)
            .and_then(|()| self.write_timers(batch).map_err(failed("write a timer")))
            .and_then(|()| {
                self.append(&batch.entries)
                    .map_err(failed("write the journal"))
            });
        if let Err(error) = written {
            self.roll_back();
            return Err(error);
        }
        self.run("COMMIT")
            .map_err(|error| self.commit_failed(&error))
    }

    fn abort(&mut self) {}

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        let sql = "SELECT k, at FROM timer WHERE at <= ?1 ORDER BY at, k LIMIT ?2";
        let failed = failed("read the timers");
        let mut all = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = all
            .query([signed(until.nanos()), limit(max)])
            .map_err(failed)?;
        let mut due = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let at = row.get(1).map_err(failed)?;
            let k = row
                .get_ref(0)
                .map_err(failed)?
                .as_blob()
                .unwrap_or_default();
            due.push(tables::timer(k, at)?);
        }
        Ok(due)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        let failed = failed("read the timers");
        let sql = "SELECT min(at) FROM timer";
        let mut first = self.connection.prepare_cached(sql).map_err(failed)?;
        let at: Option<i64> = first.query_row([], |row| row.get(0)).map_err(failed)?;
        at.map(tables::time).transpose()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        let failed = failed("scan a table");
        let sql = self.sql(table)?;
        let mut all = self.connection.prepare_cached(&sql.scan).map_err(failed)?;
        let mut rows = all.query([]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let mut columns = 0..;
            found.push(tables::read_row(table, &mut || {
                value(row, columns.next()?)
            })?);
        }
        Ok(found)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        let failed = failed("read the journal");
        let seen = tables::seen(after, LANE);
        let mut tail = self.connection.prepare_cached(&self.tail).map_err(failed)?;
        let mut rows = tail
            .query([i64::from(LANE), seen, limit(max)])
            .map_err(failed)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let mut columns = 0..;
            entries.push(tables::read_entry(&mut || value(row, columns.next()?))?);
        }
        Ok(entries)
    }
}

impl SqliteEngine {
    fn sql(&self, table: &'static Schema) -> Result<&Sql, StoreError> {
        self.tables
            .get(&table.id)
            .ok_or_else(|| tables::undeclared(table))
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn roll_back(&mut self) {
        // Some errors have rolled back already; then there is nothing left to do.
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            self.broken = Some(error.to_string());
        }
    }

    /// A commit failed. A full disk is known to have refused it; after any other error its last
    /// bytes may or may not have reached the disk.
    fn commit_failed(&mut self, error: &Error) -> StoreError {
        self.roll_back();
        let detail = error.to_string();
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return StoreError::Failed {
                doing: "commit",
                detail,
            };
        }
        self.broken = Some(detail.clone());
        StoreError::Unknown { detail }
    }

    fn fetch_one(&self, (table, key): &Want) -> Result<Option<Stored>, StoreError> {
        let failed = failed("read a row");
        let sql = self.sql(table)?;
        let mut fetch = self.connection.prepare_cached(&sql.fetch).map_err(failed)?;
        let mut rows = fetch.query([key.as_bytes()]).map_err(failed)?;
        let Some(row) = rows.next().map_err(failed)? else {
            return Ok(None);
        };
        let version = row.get(0).map_err(failed)?;
        let mut columns = 1..;
        let found = tables::read_row(sql.schema, &mut || value(row, columns.next()?))?;
        tables::stored(found, *key, version).map(Some)
    }

    fn write_rows(&self, batch: &Batch) -> Result<(), StoreError> {
        for (table, rows) in batch.tables() {
            let sql = self.sql(table)?;
            for write in rows {
                let statement = self.connection.prepare_cached(sql.of(write));
                let mut statement = statement.map_err(write_failed)?;
                if write_row(&mut statement, write).map_err(write_failed)? != 1 {
                    return Err(StoreError::Conflict);
                }
            }
        }
        Ok(())
    }

    fn write_timers(&self, batch: &Batch) -> rusqlite::Result<()> {
        let set = "INSERT INTO timer (k, at) VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET at = ?2";
        let (mut set, mut clear, mut fired) = (
            self.connection.prepare_cached(set)?,
            self.connection
                .prepare_cached("DELETE FROM timer WHERE k = ?1")?,
            self.connection
                .prepare_cached("DELETE FROM timer WHERE k = ?1 AND at = ?2")?,
        );
        for (timer, write) in &batch.timers {
            let k = timer.bytes();
            match write {
                TimerWrite::Set(at) => set.execute((k, signed(at.nanos())))?,
                TimerWrite::Clear => clear.execute([k])?,
                TimerWrite::Fired(at) => fired.execute((k, signed(at.nanos())))?,
            };
        }
        Ok(())
    }

    fn append(&self, entries: &[Entry]) -> rusqlite::Result<()> {
        let mut append = self.connection.prepare_cached(&self.append)?;
        for entry in entries {
            let mut bind = Binder::new(&mut append, 1);
            entry.put_columns(&mut |value| bind.next(value));
            bind.next(Value::Blob(&entry.hash));
            bind.done()?;
            append.raw_execute()?;
        }
        Ok(())
    }
}

fn write_row(statement: &mut Statement<'_>, write: &RowWrite) -> rusqlite::Result<usize> {
    statement.raw_bind_parameter(1, write.key.as_bytes())?;
    statement.raw_bind_parameter(2, signed(write.read))?;
    if let Some(row) = &write.row {
        let mut bind = Binder::new(statement, 3);
        row.bind(&mut |value| bind.next(value));
        bind.done()?;
    }
    statement.raw_execute()
}

/// Binds values in order and remembers the first error.
struct Binder<'a, 'c> {
    statement: &'a mut Statement<'c>,
    at: usize,
    result: rusqlite::Result<()>,
}

impl<'a, 'c> Binder<'a, 'c> {
    const fn new(statement: &'a mut Statement<'c>, at: usize) -> Self {
        Self {
            statement,
            at,
            result: Ok(()),
        }
    }

    fn next(&mut self, value: Value<'_>) {
        if self.result.is_ok() {
            let value = ToSqlOutput::Borrowed(match value {
                Value::Null => ValueRef::Null,
                Value::Int(n) => ValueRef::Integer(n),
                Value::Text(text) => ValueRef::Text(text.as_bytes()),
                Value::Blob(blob) => ValueRef::Blob(blob),
            });
            self.result = self.statement.raw_bind_parameter(self.at, value);
            self.at += 1;
        }
    }

    fn done(self) -> rusqlite::Result<()> {
        self.result
    }
}

/// A column's value. What no record holds (a real number, text that is not UTF-8) is none, and so
/// reads as corrupt.
fn value<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Option<Value<'a>> {
    match row.get_ref(column).ok()? {
        ValueRef::Null => Some(Value::Null),
        ValueRef::Integer(n) => Some(Value::Int(n)),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Value::Text),
        ValueRef::Blob(blob) => Some(Value::Blob(blob)),
        ValueRef::Real(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Name;
    use crate::store::{Backend, Record, Writes, record};

    record! {
        /// Something large.
        #[expect(unreachable_pub, reason = "what a record is elsewhere")]
        pub struct Load in "load" {
            key {
                /// What it is called.
                name: Name,
            }
            row {
                /// What makes it large.
                bytes: Arc<[u8]>,
            }
        }
    }

    fn put(name: &str, bytes: usize) -> Writes {
        let name = name.parse().unwrap();
        let bytes = vec![7; bytes].into();
        Writes {
            rows: vec![RowWrite {
                table: Load::SCHEMA,
                key: crate::store::Key::of(&name),
                read: 0,
                row: Some(Arc::new(Load { name, bytes })),
            }],
            ..Writes::default()
        }
    }

    fn commit(store: &mut Sqlite, writes: Writes) -> Result<(), StoreError> {
        store.begin()?;
        store.save(writes)?;
        store.commit()
    }

    fn names(store: &mut Sqlite) -> Vec<String> {
        let rows = store.scan(Load::SCHEMA).unwrap();
        let loads = rows.iter().map(|row| row.as_any().downcast_ref::<Load>());
        loads.map(|load| load.unwrap().name.to_string()).collect()
    }

    #[test]
    fn a_full_disk_fails_the_group_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let open = || Sqlite::open(&path, &[Load::SCHEMA], ChainKind::Fast).unwrap();
        let mut store = open();
        commit(&mut store, put("small", 10)).unwrap();
        store.engine.run("PRAGMA max_page_count = 64").unwrap_err(); // it answers with a row
        let full = commit(&mut store, put("large", 1_000_000));
        let Err(StoreError::Failed { doing, detail }) = full else {
            panic!("{full:?}");
        };
        assert_eq!(
            (doing, detail.as_str()),
            ("write a row", "database or disk is full")
        );
        commit(&mut store, put("tiny", 10)).unwrap();
        assert_eq!(names(&mut store), ["small", "tiny"]);
        drop(store);
        assert_eq!(names(&mut open()), ["small", "tiny"]);
    }

    #[test]
    fn after_a_commit_of_unknown_outcome_nothing_is_written_until_the_file_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let open = || Sqlite::open(&path, &[Load::SCHEMA], ChainKind::Fast).unwrap();
        let mut store = open();
        let mut failure = ffi::Error::new(ffi::SQLITE_IOERR_FSYNC);
        let error = |failure| Error::SqliteFailure(failure, None);
        let unknown = store.engine.commit_failed(&error(failure));
        assert!(matches!(unknown, StoreError::Unknown { .. }));
        assert!(matches!(store.begin(), Err(StoreError::Failed { .. })));
        drop(store);
        let mut store = open();
        failure = ffi::Error::new(ffi::SQLITE_FULL);
        let full = store.engine.commit_failed(&error(failure));
        assert!(matches!(
            full,
            StoreError::Failed {
                doing: "commit",
                ..
            }
        ));
        commit(&mut store, put("small", 10)).unwrap();
    }
}

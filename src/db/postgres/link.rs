//! A connection: its session's settings, the tables it finds or makes, its lane, its transaction.

use super::{Place, blob, int};
use crate::db::tables::{self, Dialect, Table, check_meta};
use crate::journal::{Chain, ChainKind};
use crate::store::StoreError;
use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Config, Error, NoTls, Row, Statement};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a server may take to answer a connection, in seconds.
const CONNECT_TIMEOUT_S: u64 = 10;

/// How long a sent packet may go without acknowledgement, in seconds.
const NETWORK_TIMEOUT_S: u64 = 30;

/// The most lanes of one journal: processes that write at the same time.
const LANES_MAX: u32 = 1024;

/// The bits of a version below the connection's number: groups that one connection may write.
const GROUP_BITS: u32 = 32;

pub(super) const DIALECT: Dialect = Dialect {
    int: "bigint",
    text: "text",
    blob: "bytea",
    clustered: "",
    plain: "",
};

/// Plans are known beforehand: every statement finds rows by key, in the keys' order, whatever the
/// server believes of a table's size; that order is also what keeps two writers from waiting for
/// each other. A wait for a row ends long before the server would look for a deadlock.
const SESSION: &str = "
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
    SET plan_cache_mode = force_generic_plan; SET jit = off;
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '250ms'; SET statement_timeout = '60s';
    SET client_min_messages = warning;
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';";

const CONNECT: &str = "connect to the database";

/// A connection that has claimed a lane.
pub(super) struct Link {
    client: Client,
    statements: BTreeMap<String, Statement>,
    /// The lane.
    pub(super) lane: u32,
    /// The number of the group that is being written, unique in the database.
    group: i64,
    open: bool,
    lost: bool,
}

/// What creates every table, lanes and leases included.
pub(super) fn create_all(tables: &[Table]) -> String {
    let lease = ", lane bigint NOT NULL DEFAULT -1, leased bigint NOT NULL DEFAULT 0";
    let create = tables::create_all(tables, &DIALECT, lease);
    format!("{create} CREATE TABLE lane (lane bigint PRIMARY KEY); CREATE SEQUENCE link;")
}

impl Link {
    /// Connects, makes or checks the tables, and claims a lane.
    pub(super) fn connect(
        place: &Place,
        create: &str,
        meta: &[(String, String)],
    ) -> Result<Self, StoreError> {
        let mut client = dial(&place.url)?;
        create_once(&mut client, &place.schema, create, meta)?;
        client.batch_execute(SESSION).map_err(failed(CONNECT))?;
        let lane = claim(&mut client, place.lane)?;
        let number = client.query_one("SELECT nextval('link')", &[]);
        let number = number.map_err(failed("claim a lane"))?;
        let number = int(&number, 0).filter(|n| *n < 1 << (63 - GROUP_BITS));
        let number = number.ok_or(tables::corrupt("link", "fewer connections"))?;
        Ok(Self {
            client,
            statements: BTreeMap::new(),
            lane,
            group: number << GROUP_BITS,
            open: false,
            lost: false,
        })
    }

    /// The lane's chain, where it ends in the database.
    pub(super) fn head(&mut self, kind: ChainKind) -> Result<Chain, StoreError> {
        let last = "SELECT seq, hash FROM journal WHERE lane = $1 ORDER BY seq DESC LIMIT 1";
        let found = self.query("read the journal", last, &[&i64::from(self.lane)])?;
        let Some(row) = found.first() else {
            return Ok(Chain::new(self.lane, kind));
        };
        let seq = int(row, 0).and_then(|seq| u64::try_from(seq).ok());
        let hash = blob(row, 1).and_then(|hash| hash.try_into().ok());
        let (seq, hash) = seq
            .zip(hash)
            .ok_or(tables::corrupt("journal", "a sequence number and a hash"))?;
        Ok(Chain::resume(self.lane, kind, seq, hash))
    }

    /// Whether it must be replaced: the connection is gone, or has no group's number left.
    pub(super) fn is_lost(&self) -> bool {
        let groups = (1 << GROUP_BITS) - 1;
        let used_up = self.group & groups == groups;
        self.lost || used_up || self.client.is_closed()
    }

    /// The group's number.
    pub(super) const fn group(&self) -> i64 {
        self.group
    }

    /// A group is written: it gets a number of its own.
    pub(super) const fn next_group(&mut self) {
        self.group += 1;
    }

    /// Begins a transaction, unless one is open.
    pub(super) fn open(&mut self) -> Result<(), StoreError> {
        if !self.open {
            let begun = self.client.batch_execute("BEGIN");
            begun.map_err(|error| self.failed("begin", &error))?;
            self.open = true;
        }
        Ok(())
    }

    /// Commits. After a connection lost here nobody knows.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.open = false;
        self.client.batch_execute("COMMIT").map_err(|error| {
            if !ends_session(&error) {
                return self.failed("commit", &error);
            }
            self.lost = true;
            StoreError::Unknown {
                detail: described(&error),
            }
        })
    }

    /// Drops the open transaction, if there is one.
    pub(super) fn roll_back(&mut self) {
        if self.open {
            self.open = false;
            self.lost |= self.client.batch_execute("ROLLBACK").is_err();
        }
    }

    /// The rows that a statement gives.
    pub(super) fn query(
        &mut self,
        doing: &'static str,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(doing, sql)?;
        let rows = self.client.query(&statement, params);
        rows.map_err(|error| self.failed(doing, &error))
    }

    /// How many rows a statement wrote.
    pub(super) fn execute(
        &mut self,
        doing: &'static str,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<usize, StoreError> {
        let statement = self.statement(doing, sql)?;
        let written = self.client.execute(&statement, params);
        let written = written.map_err(|error| self.failed(doing, &error))?;
        Ok(usize::try_from(written).unwrap_or(usize::MAX))
    }

    /// The connection is not to be used any more.
    pub(super) const fn lose(&mut self) {
        self.lost = true;
    }

    fn failed(&mut self, doing: &'static str, error: &Error) -> StoreError {
        self.lost |= ends_session(error);
        failed(doing)(error)
    }

    fn statement(&mut self, doing: &'static str, sql: &str) -> Result<Statement, StoreError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql);
        let statement = statement.map_err(|error| self.failed(doing, &error))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Makes the party's schema and tables, or checks them; one process at a time.
fn create_once(
    client: &mut Client,
    schema: &str,
    create: &str,
    meta: &[(String, String)],
) -> Result<(), StoreError> {
    let failed = failed("open the store");
    let mut work = client.transaction().map_err(failed)?;
    let one_at_a_time = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    work.execute(one_at_a_time, &[&schema]).map_err(failed)?;
    let there = "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL";
    let there: bool = work
        .query_one(there, &[&schema])
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    let name = tables::quoted(schema);
    if !there {
        let make = format!("CREATE SCHEMA {name}");
        work.batch_execute(&make).map_err(failed)?;
    }
    work.batch_execute(&format!("SET search_path TO {name}"))
        .map_err(failed)?;
    let made: bool = work
        .query_one("SELECT to_regclass('meta') IS NOT NULL", &[])
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    if made {
        let rows = work.query("SELECT name, value FROM meta", &[]);
        let pairs = rows.map_err(failed)?;
        let pairs = pairs.iter().map(|row| (row.get(0), row.get(1)));
        check_meta(&pairs.collect::<Vec<_>>(), meta)?;
    } else {
        work.batch_execute(create).map_err(failed)?;
        let (names, values): (Vec<_>, Vec<_>) = meta.iter().cloned().unzip();
        let insert = "INSERT INTO meta SELECT * FROM unnest($1::text[], $2::text[])";
        work.execute(insert, &[&names, &values]).map_err(failed)?;
    }
    work.commit().map_err(failed)
}

/// Removes a schema with everything in it.
pub(super) fn remove(place: &Place) -> Result<(), StoreError> {
    let drop = format!(
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {} CASCADE",
        tables::quoted(&place.schema)
    );
    let dropped = dial(&place.url)?.batch_execute(&drop);
    dropped.map_err(failed("remove a schema"))
}

fn dial(url: &str) -> Result<Client, StoreError> {
    let mut config: Config = url.parse().map_err(failed(CONNECT))?;
    config.application_name("quittance");
    config.tcp_user_timeout(Duration::from_secs(NETWORK_TIMEOUT_S));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_S));
    }
    config.connect(NoTls).map_err(failed(CONNECT))
}

/// Claims the lane that is wanted, or the first that nobody has, until the connection ends.
fn claim(client: &mut Client, wanted: Option<u32>) -> Result<u32, StoreError> {
    let failed = failed("claim a lane");
    let lanes = wanted.map_or(0..LANES_MAX, |lane| lane..lane.saturating_add(1));
    for lane in lanes {
        let number = i64::from(lane);
        let lock = "SELECT pg_try_advisory_lock('lane'::regclass::oid::bigint << 32 | $1)";
        let row = client.query_one(lock, &[&number]).map_err(failed)?;
        if row.try_get(0).map_err(failed)? {
            let known = "INSERT INTO lane VALUES ($1) ON CONFLICT DO NOTHING";
            client.execute(known, &[&number]).map_err(failed)?;
            return Ok(lane);
        }
    }
    Err(StoreError::Failed {
        doing: "claim a lane",
        detail: match wanted {
            Some(lane) => format!("another process has lane {lane}"),
            None => format!("other processes have all {LANES_MAX}"),
        },
    })
}

/// What an error before COMMIT means: others were there first, or it failed.
fn failed<E: Borrow<Error>>(doing: &'static str) -> impl Fn(E) -> StoreError + Copy {
    move |error| match error.borrow().code() {
        Some(code) if is_conflict(code) => StoreError::Conflict,
        _ => StoreError::Failed {
            doing,
            detail: described(error.borrow()),
        },
    }
}

fn is_conflict(code: &SqlState) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(code)
}

/// Whether the session ended with this error, or may have: in COMMIT, nobody knows what the server
/// still did. Classes 08 (connection), 57 (operator intervention), 58 (system error) and XX
/// (internal).
fn ends_session(error: &Error) -> bool {
    let Some(code) = error.code().map(SqlState::code) else {
        return true;
    };
    let classes = ["08", "57", "58", "XX"];
    code == "40003" || classes.iter().any(|class| code.starts_with(class))
}

fn described(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => error.to_string(),
    }
}

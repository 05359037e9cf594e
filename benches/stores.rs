//! Whole payments per second, durable, through the roles' own code, beside the bare schema and
//! PostgreSQL's best one-call transfer on the same disk in the same run.
//!
//! Run with `cargo bench --bench stores`; each figure is the median of [`RUNS`] runs. A payment is
//! what gateway and bank write between `open` and the last acknowledgement, every row, timer,
//! kept message and journal line of it; signatures are simulated, and admitting (which is parallel
//! and touches no store) is left out of the time.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints"
)]

#[expect(dead_code, reason = "the tests' gate, not all of which is used here")]
#[path = "../tests/it/gate.rs"]
mod gate;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests' private server, not all of which is used here"
)]
#[path = "../tests/it/stores/server.rs"]
mod server;
mod stores {
    pub(crate) mod bare;
    pub(crate) mod one_call;
    pub(crate) mod story;
}

use quittance::db::{Place, Postgres, Sqlite};
use quittance::journal::ChainKind;
use quittance::roles::bank::Bank;
use quittance::roles::gateway::Gateway;
use quittance::store::{Backend, Memory};
use server::Server;
use std::time::Duration;
use stores::story::Story;

/// How often each figure is measured.
const RUNS: usize = 3;

/// How many inputs share a commit, and how many payments a run makes then.
const GROUPS: [(usize, usize); 3] = [(1, 500), (32, 8_000), (128, 20_000)];

fn main() {
    println!("per second, median of {RUNS} runs");
    println!("{:<44}{:>9}{:>9}{:>9}", "inputs in a commit", 1, 32, 128);
    row("SQLite, bare schema, payments", |group, _| {
        bare::per_second(group)
    });
    let mut count = 0;
    row("memory, whole payments", |group, payments| {
        let mut story = Story::new(memory(), memory(), payments);
        let rate = story.per_second(group);
        count = story.transactions() / payments;
        rate
    });
    row("SQLite, whole payments", |group, payments| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let open = |name: &str, tables| {
            let store = Sqlite::open(&folder.path().join(name), tables, ChainKind::Sha256);
            Box::new(store.expect("a store")) as Box<dyn Backend>
        };
        let (gateway, bank) = (
            open("gateway.db", Gateway::SCHEMAS),
            open("bank.db", Bank::SCHEMAS),
        );
        Story::new(gateway, bank, payments).per_second(group)
    });
    // As a person who wants speed would set the server up; every commit waits for the disk.
    if let Some(server) = server::start(&["shared_buffers=512MB", "max_wal_size=4GB"]) {
        row(
            "PostgreSQL, whole payments, one worker",
            |group, payments| {
                let (gateway, bank) = on_postgres(&server);
                Story::new(gateway, bank, payments / 4).per_second(group)
            },
        );
        let mut runs: Vec<_> = (0..RUNS).map(|_| one_call::per_second(&server)).collect();
        let rate = median(&mut runs);
        println!(
            "{:<44}{rate:>9.0}",
            "PostgreSQL, one-call transfers, 32 clients"
        );
    }
    println!("a whole payment is {count} transactions");
}

use stores::{bare, one_call};

fn memory() -> Box<dyn Backend> {
    Box::new(Memory::new(ChainKind::Sha256))
}

fn on_postgres(server: &Server) -> (Box<dyn Backend>, Box<dyn Backend>) {
    let drop = "DROP SCHEMA IF EXISTS gateway CASCADE; DROP SCHEMA IF EXISTS bank CASCADE";
    server
        .client()
        .batch_execute(drop)
        .expect("an old run's tables go");
    let open = |schema: &str, tables| {
        let place = Place {
            url: server.url(),
            schema: schema.to_owned(),
            lane: None,
        };
        let store = Postgres::connect(place, tables, ChainKind::Sha256);
        Box::new(store.expect("a store")) as Box<dyn Backend>
    };
    (
        open("gateway", Gateway::SCHEMAS),
        open("bank", Bank::SCHEMAS),
    )
}

/// Measures at every size of group and prints the medians.
fn row(what: &str, mut measure: impl FnMut(usize, usize) -> f64) {
    let figures = GROUPS.map(|(group, payments)| {
        let mut runs: Vec<_> = (0..RUNS).map(|_| measure(group, payments)).collect();
        median(&mut runs)
    });
    let [one, some, many] = figures;
    println!("{what:<44}{one:>9.0}{some:>9.0}{many:>9.0}");
}

fn median(runs: &mut [f64]) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// So many of them in that time, by the second.
fn rate(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

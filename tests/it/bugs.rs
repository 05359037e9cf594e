//! Every invariant is seen to fail: a defect is switched on in the roles' own code, and the judge
//! catches it. Run with `cargo test --features seeded-bugs`.

use quittance::play;
use quittance::roles::Actor;
use quittance::roles::bugs::{Bug, with};
use quittance::scenario::Scenario;
use quittance::sim::{Disk, Options, Staging, Store, run};
use quittance::store::{Backend, Memory, Row, Schema, StoreError, Stored, Timer, Want, Writes};
use quittance::time::Time;
use std::sync::Arc;

/// Within how many seeds a defect must be caught.
const SEEDS: u64 = 150;

const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

fn lossy() -> Arc<Scenario> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lossy.toml");
    let source = std::fs::read_to_string(path).unwrap();
    Arc::new(Scenario::parse(path, &source).unwrap())
}

/// The seed in which the invariant was broken first, and what else failed until then.
fn caught(bug: Bug, invariant: &str) -> Result<u64, Vec<String>> {
    let scenario = lossy();
    let mut others = Vec::new();
    for seed in 1..=SEEDS {
        let report = with(bug, || run(&scenario, seed, STAGING, &Options::PLAIN)).unwrap();
        let mut failures = report.outcome.failures.iter();
        if failures.any(|failure| failure.property == invariant) {
            return Ok(seed);
        }
        others.extend(report.outcome.failures.into_iter().map(|f| f.property));
        others.dedup();
    }
    others.sort();
    others.dedup();
    Err(others)
}

#[test]
fn every_seeded_defect_is_caught_by_the_check_that_is_there_for_it() {
    let expected = [
        (Bug::PaysPaidReceipt, "O1"),
        (Bug::GrantsTwice, "O2"),
        (Bug::ExpiresPaid, "O4"),
        (Bug::GuessesDeclined, "O5"),
        (Bug::ChangesAnswer, "O6"),
        (Bug::RefusesPosted, "O7"),
        (Bug::AnswersEarly, "O8"),
        (Bug::SignsUnposted, "O9"),
        (Bug::KeepsHold, "O11"),
        (Bug::HoldsMore, "O12"),
        (Bug::BelievesNotFound, "O17"),
        (Bug::OneSided, "L1"),
        (Bug::BooksOtherwise, "L2"),
        (Bug::Overdraws, "L4"),
        (Bug::PostsTwice, "L5"),
        (Bug::CapturesMore, "L6"),
        (Bug::RejectsHeld, "L7"),
    ];
    assert_eq!(expected.len(), Bug::ALL.len());
    let missed: Vec<String> = expected
        .iter()
        .filter_map(|(bug, invariant)| match caught(*bug, invariant) {
            Ok(seed) => {
                println!("{bug}: {invariant} in seed {seed}");
                None
            }
            Err(others) => Some(format!("{bug}: not by {invariant}, but {others:?}")),
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A store that somebody has edited: one journal line says another amount than was written.
struct Edited(Memory);

impl Backend for Edited {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        self.0.load(wants)
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        self.0.save(writes)
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.0.due(until, max)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.0.next_due()
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.0.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.0.commit()
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.0.abort()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        self.0.scan(table)
    }

    fn entries(
        &mut self,
        after: &[(u32, u64)],
        max: usize,
    ) -> Result<Vec<quittance::journal::Entry>, StoreError> {
        let mut entries = self.0.entries(after, max)?;
        for entry in entries.iter_mut().filter(|entry| entry.seq == 5) {
            entry.event.note = Some("edited".into());
        }
        Ok(entries)
    }
}

impl Disk for Edited {
    fn power_fails(&mut self) -> Result<(), StoreError> {
        self.0.crash();
        Ok(())
    }
}

#[test]
fn an_edited_journal_line_breaks_the_chain() {
    let open = |_: &Actor, chain| Ok(Store::Other(Box::new(Edited(Memory::new(chain)))));
    let options = Options {
        store: Some(&open),
        ..Options::PLAIN
    };
    let report = run(&lossy(), 1, STAGING, &options).unwrap();
    let mut failures = report.outcome.failures.iter();
    assert!(failures.any(|failure| failure.property == "L3"));
}

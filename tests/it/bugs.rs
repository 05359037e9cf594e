//! Every invariant is seen to fail: a defect is switched on in the roles' own code, and the judge
//! catches it. Run with `cargo test --features seeded-bugs`.

use quittance::play;
use quittance::roles::Actor;
use quittance::roles::bugs::{Bug, with};
use quittance::scenario::Scenario;
use quittance::scenario::report::Class;
use quittance::sim::{Disk, Options, Plan, Staging, Store, run};
use quittance::store::{Backend, Memory, Row, Schema, StoreError, Stored, Timer, Want, Writes};
use quittance::time::{Span, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Within how many seeds every defect must be caught; most are in the first few.
const SEEDS: u64 = 1_000;

const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

fn of_library(name: &str) -> Arc<Scenario> {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap();
    Arc::new(Scenario::parse(&path, &source).unwrap())
}

fn lossy() -> Arc<Scenario> {
    of_library("lossy")
}

fn of_text(rest: &str) -> Arc<Scenario> {
    let source = format!(
        "schema = 1\nname = \"seeded\"\n[gateway.main]\n[bank.river]\n\
         [merchant.noodle-bar]\nbank = \"river\"\n[customer.ann]\nbank = \"river\"\n\
         [[step]]\nid = \"lunch\"\nwho = \"noodle-bar\"\ndoes = \"print\"\n\
         with = {{ order = \"A1\", amount = \"23.50\" }}\n\
         [[step]]\nid = \"scan\"\nafter = \"lunch\"\nwait = \"1s\"\nwho = \"ann\"\n\
         does = \"scan\"\nwith = {{ receipt = \"A1\" }}\n{rest}"
    );
    Arc::new(Scenario::parse("seeded.toml", &source).unwrap())
}

/// Ann scans again while her payment is on its way.
fn rescanned() -> Arc<Scenario> {
    of_text(
        "[[step]]\nafter = \"scan\"\nwait = \"8s\"\nwho = \"ann\"\ndoes = \"scan\"\n\
         with = { receipt = \"A1\" }\n[[fault]]\nid = \"slow\"\nlink = \"ann -> river\"\n\
         do = \"delay\"\nfor = \"30s\"\nchance = \"100%\"\n",
    )
}

/// What Ann asks reaches the gateway when the code's hour is over.
fn held_up() -> Arc<Scenario> {
    of_text(
        "[run]\nlasts = \"90m\"\n[[fault]]\nid = \"slow\"\nlink = \"ann -> main\"\n\
         do = \"delay\"\nfor = \"70m\"\nchance = \"100%\"\n",
    )
}

/// Nobody hears the grant, so the gateway closes the attempt; nor does Ann hear of that.
fn closed() -> Arc<Scenario> {
    of_text(
        "[[fault]]\nid = \"grant\"\nlink = \"main -> river\"\nmessage = \"granted\"\n\
         do = \"drop\"\nchance = \"100%\"\n[[fault]]\nid = \"word\"\nlink = \"river -> ann\"\n\
         do = \"drop\"\nchance = \"100%\"\n",
    )
}

/// Two phones, and a gateway whose disk is slow, so that claims are committed together.
fn together() -> Arc<Scenario> {
    let source = std::fs::read_to_string(format!(
        "{}/scenarios/two-phones.toml",
        env!("CARGO_MANIFEST_DIR")
    ));
    let source = source
        .unwrap()
        .replace("[gateway.main]", "[gateway.main]\nfsync = \"900ms\"");
    assert!(source.contains("fsync"));
    Arc::new(Scenario::parse("two-phones.toml", &source).unwrap())
}

/// Everyone pays as in `lossy`, but nobody comes second.
fn without_a_race() -> Arc<Scenario> {
    let mut alone = Scenario::clone(&lossy());
    let second = [("bob", "A1"), ("ann", "B1")];
    alone.steps.retain(|step| {
        let who = step.who.as_ref().map(|who| who.as_str().to_owned());
        let receipt = step
            .act
            .receipt()
            .map(|receipt| receipt.as_str().to_owned());
        let is =
            |of: &(&str, &str)| (who.as_deref(), receipt.as_deref()) == (Some(of.0), Some(of.1));
        !second.iter().any(is)
    });
    assert_eq!(alone.steps.len() + 2, lossy().steps.len());
    Arc::new(alone)
}

/// What catches a defect: the property, the story, and within how many seeds.
struct Catch {
    bug: Bug,
    by: &'static str,
    story: fn() -> Arc<Scenario>,
    within: u64,
}

const fn caught(bug: Bug, by: &'static str, story: fn() -> Arc<Scenario>, within: u64) -> Catch {
    Catch {
        bug,
        by,
        story,
        within,
    }
}

/// Every defect that one party's mistake shows.
const PLAIN: &[Catch] = &[
    caught(Bug::PaysPaidReceipt, "O1", lossy, 20),
    caught(Bug::GrantsTwice, "O2", lossy, 50),
    caught(Bug::ForgetsAttempt, "O3", rescanned, 20),
    caught(Bug::ExpiresPaid, "O4", lossy, 20),
    caught(Bug::GuessesDeclined, "O5", lossy, 50),
    caught(Bug::ChangesAnswer, "O6", lossy, 20),
    caught(Bug::RefusesPosted, "O7", lossy, 200),
    caught(Bug::AnswersEarly, "O8", lossy, 20),
    caught(Bug::SignsUnposted, "O9", lossy, 20),
    caught(Bug::KeepsHold, "O11", lossy, 20),
    caught(Bug::HoldsMore, "O12", lossy, 20),
    caught(Bug::GivesUpWaiting, "O13", lossy, 20),
    caught(Bug::ForgetsLate, "O14", lossy, 50),
    caught(Bug::TellsWhy, "O16", || of_library("cloned-chip"), 20),
    caught(Bug::BelievesNotFound, "O17", lossy, 20),
    caught(Bug::OneSided, "L1", lossy, 20),
    caught(Bug::BooksOtherwise, "L2", lossy, 20),
    caught(Bug::Overdraws, "L4", lossy, 20),
    caught(Bug::PostsTwice, "L5", lossy, 20),
    caught(Bug::CapturesMore, "L6", lossy, 20),
    caught(Bug::RejectsHeld, "L7", lossy, 20),
    caught(Bug::ToldTwice, "M1", lossy, 20),
    caught(Bug::CreditsTwice, "M1", lossy, 20),
    caught(Bug::LeavesUnsigned, "M3", lossy, 20),
    caught(Bug::ForgetsShop, "M4", lossy, 20),
    caught(Bug::DropsOutbox, "M4", lossy, 100),
    caught(Bug::RaisesUnsealed, "C1", lossy, 20),
    caught(Bug::ReusesCounter, "C2", lossy, 20),
    caught(Bug::RaisesStale, "C4", held_up, 20),
    caught(Bug::IgnoresAck, "everyone finishes", lossy, 20),
    caught(Bug::PaysAhead, "O9", lossy, 200),
    caught(Bug::AcceptsReplay, "O1", lossy, 200),
    caught(Bug::IgnoresTombstone, "O4", closed, 20),
    caught(Bug::AcceptsStaleRows, "O2", together, 200),
    caught(Bug::AsksForEver, "everyone finishes", lossy, 20),
];

/// Every defect that shows only when something goes wrong while two pay for one receipt.
const RACES: &[Catch] = &[
    caught(Bug::GrantsUnknown, "O2", lossy, 1000),
    caught(Bug::GrantsSlow, "O2", lossy, 100),
    caught(Bug::GrantsSecondAsk, "O6", lossy, 20),
    caught(Bug::PostsRefused, "O2", lossy, 20),
    caught(Bug::KeepsAskedHold, "L7", lossy, 20),
    caught(Bug::ForgetsRefusal, "everyone finishes", lossy, 20),
    caught(Bug::TellsLoserPaid, "O8", lossy, 20),
    caught(Bug::HoldsAgain, "O4", lossy, 100),
];

/// The first of these seeds in which a property fails (any, without a name), and what else failed
/// until then.
fn first_failing(
    bug: Bug,
    by: Option<&str>,
    story: &Arc<Scenario>,
    seeds: u64,
    options: &Options<'_>,
) -> Result<u64, BTreeSet<String>> {
    let mut others = BTreeSet::new();
    for seed in 1..=seeds {
        let report = with(bug, || run(story, seed, STAGING, options)).unwrap();
        let failures = report.outcome.failures.into_iter().map(|f| f.property);
        let failed: BTreeSet<String> = failures.collect();
        let found = by.map_or(!failed.is_empty(), |by| failed.contains(by));
        if found {
            return Ok(seed);
        }
        others.extend(failed);
    }
    Err(others)
}

/// Those that were not caught in time, and by what instead.
fn missed(all: &[Catch]) -> Vec<String> {
    let miss = |catch: &Catch| {
        let (bug, by) = (catch.bug, catch.by);
        let found = first_failing(bug, Some(by), &(catch.story)(), SEEDS, &Options::PLAIN);
        println!("{bug}: {by} in seed {found:?}");
        match found {
            Ok(seed) if seed <= catch.within => None,
            Ok(seed) => Some(format!(
                "{bug}: {by} only in seed {seed}, not in {}",
                catch.within
            )),
            Err(others) => Some(format!("{bug}: not by {by}, but by {others:?}")),
        }
    };
    all.iter().filter_map(miss).collect()
}

#[test]
fn every_seeded_defect_is_caught_by_the_check_that_is_there_for_it() {
    assert_eq!(PLAIN.len() + RACES.len(), Bug::ALL.len());
    let missed = missed(PLAIN);
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_defect_that_needs_a_fault_and_a_race_is_caught_by_the_sweep() {
    let missed = missed(RACES);
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// How many seeds show that a fault or a race alone is not enough.
const ENOUGH: u64 = 40;

#[test]
fn a_defect_that_needs_a_fault_and_a_race_is_found_by_neither_alone() {
    let (racing, alone) = (lossy(), without_a_race());
    let calm = Options {
        plan: Some(Plan::default()),
        ..Options::PLAIN
    };
    for Catch { bug, .. } in RACES {
        let found = first_failing(*bug, None, &racing, ENOUGH, &calm).ok();
        assert_eq!(found, None, "{bug} without a fault");
        let found = first_failing(*bug, Some("any"), &alone, ENOUGH, &Options::PLAIN);
        let mut found = found.unwrap_err();
        found.retain(|property| !property.starts_with("payments."));
        assert_eq!(found, BTreeSet::new(), "{bug} without a race");
    }
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

/// The first run of a story with a defect in which not everyone finishes: what it is called, what
/// is said of it, and when it ended.
fn unfinished(bug: Bug, story: &Arc<Scenario>) -> (Class, String, Span) {
    let runs = (1..=SEEDS).map(|seed| with(bug, || run(story, seed, STAGING, &Options::PLAIN)));
    let found = runs.map(Result::unwrap).find_map(|report| {
        let ended = report.lasted;
        let mut failures = report.outcome.failures.into_iter();
        let stuck = failures.find(|failure| failure.property == "everyone finishes")?;
        Some((stuck.class, stuck.actual, ended))
    });
    found.unwrap_or_else(|| panic!("{bug} lets everyone finish"))
}

#[test]
fn who_does_not_finish_is_told_apart_by_what_will_still_happen() {
    let settle = Span::hours(48);
    // Nobody says it again: the queue is empty, and that is said at once.
    let (class, said, ended) = unfinished(Bug::DropsOutbox, &lossy());
    assert_eq!(class, Class::Deadlock, "{said}");
    assert!(ended < settle, "{ended}");
    assert!(said.contains("nothing will happen any more"), "{said}");
    // Someone goes on asking, at a decent pace, and is never answered.
    let (class, patient, ended) = unfinished(Bug::ForgetsRefusal, &lossy());
    assert_eq!(class, Class::Stuck, "{patient}");
    assert!(ended >= settle, "{ended}");
    // Someone asks and is answered, without end and without getting anywhere.
    let (class, busy, ended) = unfinished(Bug::AsksForEver, &lossy());
    assert_eq!(class, Class::Livelock, "{busy}");
    assert!(ended < settle, "{ended}");
    assert!(busy.contains("nobody comes further"), "{busy}");
    for said in [said, patient, busy] {
        let parts = [" waits for ", " since ", "; last "];
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
}

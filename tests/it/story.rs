//! Scenarios in the simulator: they end right in every seed, under faults and crashes, and the same
//! seed is the same run.

use crate::cli::quittance;
use crate::gate::rounds;
use crate::stores::server::server;
use quittance::db::Sqlite;
use quittance::journal::ChainKind;
use quittance::play;
use quittance::roles::{Actor, Role};
use quittance::scenario::report::{Class, Failure, Sweep};
use quittance::scenario::{Act, Paper, Scenario};
use quittance::sim::{
    Options, Orders, Plan, RunReport, Staging, Store, crash_everywhere, run, sweep, unknown,
};
use quittance::store::StoreError;
use quittance::time::Span;
use std::num::NonZero;
use std::sync::Arc;

const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

fn scenario(name: &str) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap();
    Scenario::parse(&path, &source).unwrap()
}

fn text(failures: &[Failure]) -> String {
    let line = |f: &Failure| {
        let chain = f.chain.join("\n    ");
        format!(
            "{} {} at {}: expected {}, found {}\n    {chain}",
            f.class, f.property, f.at, f.expected, f.actual
        )
    };
    failures.iter().map(line).collect::<Vec<_>>().join("\n  ")
}

fn passes(report: &RunReport) {
    let failures = text(&report.outcome.failures);
    assert!(report.passed(), "seed {}:\n  {failures}", report.seed);
}

fn all_pass(sweep: &Sweep) {
    assert!(sweep.skipped.is_empty(), "{:?}", sweep.skipped);
    let failed = sweep.failed.iter();
    let failed = failed.map(|(seed, failures)| format!("seed {seed}:\n  {}", text(failures)));
    assert!(
        sweep.failed.is_empty(),
        "{}",
        failed.collect::<Vec<_>>().join("\n")
    );
}

fn jobs(n: usize) -> NonZero<usize> {
    NonZero::new(n).unwrap()
}

/// The first sale with time for whatever a crash costs: its waits and deadlines are of a calm day.
fn patient_first_sale() -> Scenario {
    let mut scenario = scenario("first-sale");
    for step in &mut scenario.steps {
        if let Act::Wait { at_most, .. } = &mut step.act {
            *at_most = Span::minutes(20);
        }
    }
    scenario.run.lasts = Span::hours(3);
    for expect in &mut scenario.expects {
        expect.by = None;
    }
    // While the gateway is down, a copy's scanner hears that it is being paid, not that it was.
    let hears = "ann.refused == 'already-paid'";
    scenario
        .expects
        .retain(|expect| expect.that.text.as_str() != hears);
    scenario
}

/// Seeds of a sweep: all under the gate, fewer at a desk.
fn seeds(few: u64, all: u64) -> Vec<u64> {
    (1..=rounds(few, all)).collect()
}

#[test]
fn the_first_sale_ends_right_however_receipts_travel() {
    for paper in [Paper::Fast, Paper::Bytes, Paper::Dots] {
        let mut scenario = scenario("first-sale");
        scenario.run.paper = paper;
        let scenario = Arc::new(scenario);
        for seed in 1..=3 {
            passes(&run(&scenario, seed, STAGING, &Options::PLAIN).unwrap());
        }
    }
}

#[test]
fn the_first_sale_ends_right_with_real_signatures() {
    let mut scenario = scenario("first-sale");
    scenario.run.crypto = quittance::scenario::Crypto::Real;
    passes(&run(&Arc::new(scenario), 1, STAGING, &Options::PLAIN).unwrap());
}

#[test]
fn the_first_sale_ends_right_after_a_crash_before_or_after_any_commit() {
    for (paper, seed) in [(Paper::Fast, 1), (Paper::Bytes, 2)] {
        let mut scenario = patient_first_sale();
        scenario.run.paper = paper;
        let scenario = Arc::new(scenario);
        let down = Span::seconds(3);
        let explored = crash_everywhere(&scenario, seed, STAGING, down, jobs(2)).unwrap();
        assert!(explored.commits > 130, "{} commits", explored.commits);
        let failed: Vec<String> = explored
            .failed
            .iter()
            .map(|(crash, failures)| format!("{crash}\n  {}", text(failures)))
            .collect();
        assert!(
            failed.is_empty(),
            "{} of {} runs:\n{}",
            failed.len(),
            explored.runs,
            failed.join("\n")
        );
    }
}

#[test]
fn every_scenario_passes_in_every_seed() {
    for (name, few) in [
        ("first-sale", 20),
        ("double-scan-lost-answer", 40),
        ("lossy", 100),
        ("lunch-rush", 1),
    ] {
        let scenario = Arc::new(scenario(name));
        assert!(
            unknown(&scenario).is_empty(),
            "{name}: {:?}",
            unknown(&scenario)
        );
        let seeds = seeds(few, if few == 1 { 4 } else { 1000 });
        let orders = Orders::all(jobs(2));
        let swept = sweep(&scenario, &seeds, STAGING, &Options::PLAIN, &orders).unwrap();
        all_pass(&swept.sweep);
        assert!(swept.unsteady.is_empty(), "{name}: {:?}", swept.unsteady);
    }
}

#[test]
fn what_was_found_once_stays_gone() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/regressions");
    let ran = quittance(&["run", folder], b"");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(!said.contains("0 passed"), "{said}");
}

#[test]
fn the_first_sale_ends_right_under_loss_repetition_and_crashes() {
    let mut scenario = patient_first_sale();
    let share = |text: &str| text.parse().unwrap();
    scenario.network.usual.loss = share("3%");
    scenario.network.usual.duplicate = share("3%");
    scenario.network.usual.reorder = share("3%");
    let options = Options {
        crash_ppm: 10_000,
        ..Options::PLAIN
    };
    let scenario = Arc::new(scenario);
    let swept = sweep(
        &scenario,
        &seeds(60, 1000),
        STAGING,
        &options,
        &Orders::all(jobs(2)),
    );
    all_pass(&swept.unwrap().sweep);
}

#[test]
fn a_sweep_does_not_depend_on_the_number_of_threads() {
    let scenario = Arc::new(scenario("lossy"));
    let seeds: Vec<u64> = (1..=12).collect();
    let swept = |n| {
        let orders = Orders::all(jobs(n));
        let swept = sweep(&scenario, &seeds, STAGING, &Options::PLAIN, &orders).unwrap();
        (swept.sweep.clone(), swept.to_json(&scenario))
    };
    assert_eq!(swept(1), swept(3));
}

#[test]
fn the_same_seed_gives_the_same_journals_in_memory_and_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let open = |actor: &Actor, chain: ChainKind| -> Result<Store, StoreError> {
        let name = actor.me().to_string().replace(':', "-");
        let path = folder.path().join(format!("{name}.db"));
        let store = Sqlite::open(&path, actor.schemas(), chain)?;
        Ok(Store::Other(Box::new(store)))
    };
    let scenario = Arc::new(scenario("lossy"));
    let memory = run(&scenario, 5, STAGING, &Options::PLAIN).unwrap();
    let options = Options {
        store: Some(&open),
        ..Options::PLAIN
    };
    let sqlite = run(&scenario, 5, STAGING, &options).unwrap();
    passes(&memory);
    assert!(memory.heads.len() > 6);
    assert_eq!(memory.heads, sqlite.heads);
    assert_eq!(memory.trace, sqlite.trace);
}

#[test]
fn a_replay_of_a_runs_plan_is_the_same_run_and_of_an_empty_plan_a_calm_one() {
    let scenario = Arc::new(scenario("lossy"));
    let drawn = run(&scenario, 9, STAGING, &Options::PLAIN).unwrap();
    assert!(!drawn.plan.choices.is_empty());
    let replay = |plan: Plan| {
        let options = Options {
            plan: Some(plan),
            ..Options::PLAIN
        };
        run(&scenario, 9, STAGING, &options).unwrap()
    };
    let again = replay(drawn.plan.clone());
    assert_eq!(again.heads, drawn.heads);
    assert_eq!(again.trace, drawn.trace);
    assert!(replay(Plan::default()).plan.choices.is_empty());
}

/// What `run --format json` says of a seed of the first sale on a store.
fn said(store: &[&str]) -> serde_json::Value {
    let file = format!("{}/scenarios/first-sale.toml", env!("CARGO_MANIFEST_DIR"));
    let mut args = vec!["run", &file, "--seed", "7", "--format", "json", "--store"];
    args.extend(store);
    let output = quittance(&args, b"");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_first_sale_is_the_same_run_in_another_process_and_on_every_store() {
    let memory = said(&["memory"]);
    assert_eq!(memory["passed"], 1);
    assert_eq!(memory["fingerprints"]["7"].as_str().unwrap().len(), 16);
    assert_eq!(said(&["memory"]), memory);
    assert_eq!(said(&["sqlite"]), memory);
    if let Some(server) = server() {
        let url = server.url();
        assert_eq!(said(&["postgres", "--database", &url]), memory);
        let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'run\\_%'";
        let left: i64 = server.client().query_one(left, &[]).unwrap().get(0);
        assert_eq!(left, 0, "schemas that stayed behind");
    }
}

/// The first sale, as long as a text says, with a fault.
fn cut_short(section: &str, fault: &str) -> RunReport {
    let source = format!(
        "schema = 1\nname = \"short\"\n[run]\n{section}\n[gateway.main]\n[bank.river]\n\
         [merchant.noodle-bar]\nbank = \"river\"\n[customer.ann]\nbank = \"river\"\n\
         confirms = \"1s\"\n[[step]]\nid = \"lunch\"\nwho = \"noodle-bar\"\n\
         does = \"print\"\nwith = {{ order = \"A1\", amount = \"23.50\" }}\n\
         [[step]]\nwait = \"1s\"\nwho = \"ann\"\ndoes = \"scan\"\n\
         with = {{ receipt = \"A1\" }}\n{fault}"
    );
    let scenario = Arc::new(Scenario::parse("short.toml", &source).unwrap());
    run(&scenario, 1, STAGING, &Options::PLAIN).unwrap()
}

#[test]
fn who_is_stuck_is_named_with_whom_they_wait_for_and_without_the_wait_nobody_is() {
    let silent = "[[fault]]\nid = \"silent\"\nlink = \"river -> main\"\ndo = \"drop\"\n\
                  chance = \"100%\"\n";
    let run = |settle| format!("lasts = \"9s\"\nsettle = \"{settle}\"\nswarm = false");
    let report = cut_short(&run("1ms"), silent);
    let mut failures = report.outcome.failures.iter();
    let stuck = failures.find(|failure| failure.class == Class::Stuck);
    let stuck = stuck.unwrap_or_else(|| panic!("{}", text(&report.outcome.failures)));
    let told = format!("{} {}", stuck.actual, stuck.chain.join(" "));
    assert!(
        told.contains("wallet:ann waits for bank:river since"),
        "{told}"
    );
    assert!(
        told.contains("bank:river waits for gateway:main since"),
        "{told}"
    );
    passes(&cut_short(&run("2d"), silent));
}

#[test]
fn an_amounts_last_two_digits_say_what_a_magic_bank_does() {
    // What the digits are, how often the payer is charged, and what must hold beside.
    let all = [
        (".00", 1, "ann.checking == 0"),
        (".09", 1, "time(pay-confirmed -> pay-done).max >= 2s"),
        (".19", 0, "time(pay-confirmed -> pay-failed).min >= 20s"),
        (".30", 1, "ann.paid == 1"),
        (".46", 0, "ann.refused == 'account-closed'"),
        (".51", 0, "ann.refused == 'insufficient-funds'"),
        (".61", 0, "ann.refused == 'over-limit'"),
        (".62", 0, "ann.refused == 'account-frozen'"),
        (".68", 1, "ann.checking == 1"),
        (".91", 1, "time(pay-confirmed -> pay-done).min >= 4m"),
        (".94", 1, "ann.checking == 0"),
    ];
    for (digits, debits, holds) in all {
        let source = format!(
            "schema = 1\nname = \"magic\"\n[run]\nlasts = \"5m\"\n[gateway.main]\n\
             [bank.river]\nmagic = true\n[merchant.bar]\n[customer.ann]\n\
             [[step]]\nwho = \"bar\"\ndoes = \"print\"\n\
             with = {{ order = \"A1\", amount = \"7{digits}\" }}\n\
             [[step]]\nwho = \"ann\"\ndoes = \"scan\"\nwith = {{ receipt = \"A1\" }}\n\
             [[expect]]\nthat = \"debits(A1) == {debits}\"\n[[expect]]\nthat = \"{holds}\"\n"
        );
        let scenario = Arc::new(Scenario::parse("magic.toml", &source).unwrap());
        let report = run(&scenario, 1, STAGING, &Options::PLAIN).unwrap();
        let failures = report.outcome.failures;
        assert!(failures.is_empty(), "{digits}: {failures:?}");
    }
}

#[test]
fn a_shop_prints_its_own_papers_for_a_crowd_too() {
    let source = "schema = 1\nname = \"own\"\n[run]\nlasts = \"10m\"\npaper = \"bytes\"\n\
                  currency = \"EUR\"\n[gateway.main]\n[bank.river]\n[merchant.bar]\n\
                  text = \"BAR\\nOrder {order}\\nTOTAL EUR {amount}\"\n\
                  [crowd.office]\npeople = 5\n[[load]]\ncrowd = \"office\"\n\
                  stages = [{ for = \"5m\", to = \"4/min\" }]\nbasket = \"3.00..9.00\"\n\
                  [[expect]]\nthat = \"payments.paid >= 5\"\n\
                  [[expect]]\nthat = \"payments.paid == payments.started\"\n";
    let scenario = Arc::new(Scenario::parse("own.toml", source).unwrap());
    let report = run(&scenario, 1, STAGING, &Options::PLAIN).unwrap();
    let failures = report.outcome.failures;
    assert!(failures.is_empty(), "{failures:?}");
}

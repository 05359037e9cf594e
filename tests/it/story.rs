//! The first sale in the simulator: it ends right in every seed, under faults and crashes.

use quittance::play;
use quittance::scenario::{Paper, Scenario};
use quittance::sim::{Options, RunReport, Staging, run};
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

fn told(report: &RunReport) {
    let failures: Vec<String> = report
        .outcome
        .failures
        .iter()
        .map(|f| {
            format!(
                "{} {}: {} / {}\n{}",
                f.class,
                f.property,
                f.expected,
                f.actual,
                f.chain.join("\n")
            )
        })
        .collect();
    assert!(
        report.passed(),
        "seed {}:\n{}",
        report.seed,
        failures.join("\n")
    );
}

#[test]
fn the_first_sale_ends_right_however_receipts_travel() {
    for paper in [Paper::Fast, Paper::Bytes, Paper::Dots] {
        let mut scenario = scenario("first-sale");
        scenario.run.paper = paper;
        let scenario = Arc::new(scenario);
        for seed in 1..=3 {
            told(&run(&scenario, seed, STAGING, &Options::PLAIN).unwrap());
        }
    }
}

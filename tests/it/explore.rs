//! The explorer: every order of arrivals and every single fault of a tiny story.

use quittance::play;
use quittance::scenario::Scenario;
use quittance::scenario::report::Class;
use quittance::sim::{Bounds, Exploration, Staging, explore};
use std::sync::Arc;

const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

/// The library's story, with a text put in its place.
fn story(old: &str, new: &str) -> Arc<Scenario> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/two-payers-one-receipt.toml"
    );
    let source = std::fs::read_to_string(path).expect("the library has it");
    let changed = source.replacen(old, new, 1);
    assert!(old == new || changed != source);
    Arc::new(Scenario::parse(path, &changed).expect("it is a scenario"))
}

fn explored(scenario: &Arc<Scenario>, states: usize, faults: bool) -> Exploration {
    let bounds = Bounds { states, faults };
    explore(scenario, 1, STAGING, bounds, &|| true).expect("it can be staged")
}

#[test]
fn equal_states_are_merged_and_the_bound_is_kept() {
    let found = explored(&story("", ""), 400, false);
    assert!(found.violation.is_none(), "{:?}", found.violation);
    assert!(found.states <= 402, "{found:?}");
    assert!(found.merged > 100 && found.ends > 0, "{found:?}");
    assert!(!found.exhausted);
}

#[test]
fn one_payer_is_explored_to_the_end() {
    let alone = story(
        "[[step]]\nafter = \"lunch\"\nwait  = \"5s\"\nwho   = \"bob\"\ndoes  = \"scan\"\n\
         with  = { receipt = \"A1\" }\n",
        "",
    );
    let found = explored(&alone, 20_000, false);
    assert!(found.violation.is_none(), "{:?}", found.violation);
    assert!(found.exhausted && found.ends > 0, "{found:?}");
}

#[test]
fn what_is_found_is_a_plan_that_a_run_follows_to_the_same_failure() {
    let wrong = story("debits(A1) <= 1", "debits(A1) == 0");
    let found = explored(&wrong, 2_000, false).violation.unwrap();
    assert_eq!(found.failure.class, Class::Expectation);
    assert_eq!(found.failure.property, "debits(A1) == 0");
    assert!(found.steps > 10);
    let replay = found.replay.expect("the plan leads there again");
    assert!(!replay.plan.choices.is_empty());
}

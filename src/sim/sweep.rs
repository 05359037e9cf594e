//! Many runs: sweeps over seeds, and a crash at every commit of one.

use super::plan::{Choice, Fault, Moment, Plan, What};
use super::run::{Options, RunError, RunReport, Staging, is_known, run};
use crate::scenario::report::{Failure, Sweep};
use crate::scenario::{Feature, Scenario};
use crate::time::Span;
use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a scenario may ask of this driver, by group and word, beside faults.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "step",
        &[
            "print", "reprint", "scan", "confirm", "decline", "cancel", "restart", "advance",
            "check", "wait",
        ],
    ),
    (
        "answers",
        &[
            "slowly",
            "never",
            "declines",
            "garbage",
            "twice",
            "late-success",
            "late-failure",
        ],
    ),
    (
        "attack",
        &[
            "replace-code",
            "alter-amount",
            "replay-receipt",
            "clone-chip",
            "forge-notice",
        ],
    ),
    ("chip", &["absent", "slow"]),
    ("printer", &["jams", "offline"]),
    (
        "customer",
        &["gives-up-after", "scans-twice", "changes-mind"],
    ),
    ("key", &["wrong"]),
    ("paper", &["bytes", "dots"]),
    ("crypto", &["real"]),
    ("load", &["arrivals", "loop"]),
    ("via", &["link"]),
    ("confirms", &["asked"]),
    ("network", &["loss", "duplicate", "reorder", "faults"]),
];

/// What a scenario asks for that the simulator cannot do: then nothing of it is run.
pub fn unknown(scenario: &Scenario) -> BTreeSet<Feature> {
    let faults = scenario.faults.iter().filter(|fault| is_known(fault));
    let faults: BTreeSet<&str> = faults.map(|fault| fault.does.word()).collect();
    let known = |feature: &Feature| match feature.group {
        "fault" => faults.contains(feature.word),
        group => KNOWN
            .iter()
            .any(|(known, words)| *known == group && words.contains(&feature.word)),
    };
    let asked = scenario.features().into_iter();
    asked.filter(|feature| !known(feature)).collect()
}

/// Runs a scenario with every seed, on so many threads; `each` sees every report as it comes. What
/// it gives does not depend on how many threads there were.
///
/// # Errors
/// The first seed's that could not be run at all.
pub fn sweep(
    scenario: &Arc<Scenario>,
    seeds: &[u64],
    staging: Staging,
    options: &Options<'_>,
    jobs: NonZero<usize>,
    each: impl Fn(&RunReport) + Sync,
) -> Result<Sweep, RunError> {
    let skipped = unknown(scenario);
    if !skipped.is_empty() {
        return Ok(Sweep {
            skipped,
            ..Sweep::default()
        });
    }
    let reports = in_parallel(seeds, jobs, |seed| {
        let report = run(scenario, *seed, staging, options)?;
        each(&report);
        Ok((*seed, report.fingerprint(), report.outcome))
    });
    let mut sweep = Sweep::default();
    for report in reports {
        let (seed, fingerprint, outcome) = report?;
        sweep.add(seed, fingerprint, outcome);
    }
    Ok(sweep)
}

/// What crashes at every commit of a run gave.
#[derive(Debug, Default)]
pub struct Explored {
    /// How many commits the run has.
    pub commits: usize,
    /// How often it was run again: before and after each.
    pub runs: usize,
    /// The crashes after which it did not end right.
    pub failed: Vec<(Choice, Vec<Failure>)>,
}

/// Runs a scenario once without faults, then again with the power failing before and after every
/// commit of every party, one at a time.
///
/// # Errors
/// The first that could not be run at all.
pub fn crash_everywhere(
    scenario: &Arc<Scenario>,
    seed: u64,
    staging: Staging,
    down: Span,
    jobs: NonZero<usize>,
) -> Result<Explored, RunError> {
    let calm = Options {
        plan: Some(Plan::default()),
        points: true,
        ..Options::PLAIN
    };
    let calm = run(scenario, seed, staging, &calm)?;
    let points = calm.points.iter();
    let crashes: Vec<Choice> = points
        .flat_map(|(key, what)| {
            [Moment::Before, Moment::After].map(|moment| Choice {
                key: *key,
                what: What::clone(what),
                fault: Fault::Crash { moment, down },
                at: scenario.run.starts,
                rule: None,
            })
        })
        .collect();
    let reports = in_parallel(&crashes, jobs, |crash| {
        let plan = Plan {
            choices: vec![crash.clone()],
        };
        let options = Options {
            plan: Some(plan),
            ..Options::PLAIN
        };
        let report = run(scenario, seed, staging, &options)?;
        Ok((crash.clone(), report.outcome.failures))
    });
    let mut explored = Explored {
        commits: calm.points.len(),
        runs: crashes.len(),
        failed: Vec::new(),
    };
    for report in reports {
        let (crash, failures) = report?;
        if !failures.is_empty() {
            explored.failed.push((crash, failures));
        }
    }
    Ok(explored)
}

/// Maps items on several threads; the results come in the items' order.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: NonZero<usize>,
    work: impl Fn(&T) -> Result<R, RunError> + Sync,
) -> Vec<Result<R, RunError>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    let result = work(item);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

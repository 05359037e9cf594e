//! Many runs: sweeps over seeds, and a crash at every commit of one.

use super::draw::mix;
use super::plan::{Choice, Fault, Moment, Plan, What};
use super::run::{Options, RunError, RunReport, Staging, is_known, run};
use super::world::Counters;
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::scenario::report::{Failure, Sweep};
use crate::scenario::{Feature, Scenario};
use crate::time::Span;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
            "magic",
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
    ("paper", &["bytes", "dots", "blur", "tear", "overlay"]),
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

/// What roles say again until it is answered.
const ASKED_AGAIN: &[MessageKind] = &[
    MessageKind::Open,
    MessageKind::Pay,
    MessageKind::PayStatus,
    MessageKind::Claim,
    MessageKind::Granted,
    MessageKind::Paid,
    MessageKind::PaymentStatus,
    MessageKind::CancelPayment,
    MessageKind::Advise,
    MessageKind::Notice,
    MessageKind::Slip,
    MessageKind::VoidOrder,
];

/// One seed in so many is run twice, and must be the same run both times.
const RECHECK_EACH: u64 = 20;
/// The most failing runs that a sweep keeps whole, for the shrinker.
pub const KEPT_MAX: usize = 8;

/// How a sweep goes about it.
pub struct Orders<'a> {
    /// How many runs go on at once.
    pub jobs: NonZero<usize>,
    /// Whether the first failing seed ends it.
    pub fail_fast: bool,
    /// Whether to begin another seed.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Sees every report as it comes.
    pub each: &'a (dyn Fn(&RunReport) + Sync),
}

impl Orders<'_> {
    /// So many at once, to the end.
    pub const fn all(jobs: NonZero<usize>) -> Self {
        Self {
            jobs,
            fail_fast: false,
            go_on: &|| true,
            each: &|_| {},
        }
    }
}

/// What a sweep gave.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// The verdicts, by seed.
    pub sweep: Sweep,
    /// What it took, over all seeds.
    pub counters: Counters,
    /// How much virtual time passed.
    pub simulated: Span,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<&'static str, u64>,
    /// The seeds that gave two different runs.
    pub unsteady: Vec<u64>,
    /// The first failing runs, one for each property, by seed.
    pub failing: Vec<RunReport>,
}

/// Runs a scenario with every seed, on so many threads. What it gives does not depend on how many
/// threads there were.
///
/// # Errors
/// The first seed's that could not be run at all.
pub fn sweep(
    scenario: &Arc<Scenario>,
    seeds: &[u64],
    staging: Staging,
    options: &Options<'_>,
    orders: &Orders<'_>,
) -> Result<Swept, RunError> {
    let mut swept = Swept::default();
    swept.sweep.skipped = unknown(scenario);
    if !swept.sweep.skipped.is_empty() {
        return Ok(swept);
    }
    let over = AtomicBool::new(false);
    let go_on = || !over.load(Ordering::Relaxed) && (orders.go_on)();
    let reports = in_parallel(seeds, orders.jobs, &go_on, |seed| {
        let once = AssertUnwindSafe(|| run(scenario, *seed, staging, options));
        // The program's own mistake is a verdict about this seed, and no end of the sweep.
        let report = catch_unwind(once)
            .unwrap_or_else(|panic| Ok(RunReport::panicked(scenario, *seed, &*panic)))?;
        let twice = mix(*seed).is_multiple_of(RECHECK_EACH) && options.store.is_none();
        let steady = !twice || {
            let again = run(scenario, *seed, staging, options)?;
            again.fingerprint() == report.fingerprint() && again.outcome == report.outcome
        };
        (orders.each)(&report);
        if orders.fail_fast && !(report.passed() && steady) {
            over.store(true, Ordering::Relaxed);
        }
        Ok((report, steady))
    });
    for report in reports {
        let (report, steady) = report?;
        let failed = !report.passed() || !steady;
        swept.add(report, steady);
        if failed && orders.fail_fast {
            break; // what other threads had begun meanwhile depends on how many there are
        }
    }
    Ok(swept)
}

impl Swept {
    fn add(&mut self, report: RunReport, steady: bool) {
        self.counters.add(&report.counters);
        self.simulated = longer(self.simulated, report.lasted);
        for choice in &report.plan.choices {
            *self.faults.entry(choice.fault.word()).or_default() += 1;
        }
        if !steady {
            self.unsteady.push(report.seed);
        }
        let known = |failure: &Failure| {
            let mut all = self.failing.iter().flat_map(|kept| &kept.outcome.failures);
            all.any(|known| known.class == failure.class && known.property == failure.property)
        };
        let new = !report.outcome.failures.iter().all(known);
        let fingerprint = report.fingerprint();
        self.sweep
            .add(report.seed, fingerprint, report.outcome.clone());
        if new && self.failing.len() < KEPT_MAX {
            self.failing.push(report);
        }
    }

    /// For tools: the verdicts, and what it took.
    pub fn to_json(&self, scenario: &Scenario) -> Value {
        let mut object = self.sweep.to_json(scenario);
        if let Value::Object(map) = &mut object {
            let counters = &self.counters;
            let took = json!({
                "events": counters.events, "handles": counters.handles,
                "messages": counters.messages, "lost": counters.lost,
                "crashes": counters.crashes,
                "simulated-ms": self.simulated.as_millis(),
            });
            map.insert("took".to_owned(), took);
            map.insert("faults".to_owned(), json!(self.faults));
            map.insert("not-deterministic".to_owned(), json!(self.unsteady));
            let again = self
                .said_again()
                .map(|(kind, n)| (kind.to_owned(), json!(n)));
            map.insert("said-again".to_owned(), again.collect::<Map<_, _>>().into());
            map.insert("never-happened".to_owned(), json!(self.never_happened()));
        }
        object
    }

    /// How often each kind of message was said again.
    fn said_again(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = MessageKind::ALL.iter().zip(self.counters.again);
        all.filter(|(_, n)| *n > 0)
            .map(|(kind, n)| (kind.word(), n))
    }

    /// The events, faults, steps and repetitions that no seed reached.
    fn never_happened(&self) -> Vec<String> {
        let events = EventKind::ALL.iter();
        let events = events.filter(|kind| !self.sweep.events.contains_key(*kind));
        let faults = ["drop", "duplicate", "delay", "crash"].into_iter();
        let faults = faults.filter(|kind| !self.faults.contains_key(kind));
        let happenings = events
            .map(|kind| kind.word())
            .chain(faults)
            .map(str::to_owned);
        let said = |kind: &&MessageKind| self.counters.again[**kind as usize] > 0;
        let never_again = ASKED_AGAIN.iter().filter(|kind| !said(kind));
        let never_again = never_again.map(|kind| format!("{kind} said again"));
        let steps = self.sweep.steps_never_taken().map(|step| step.to_string());
        happenings.chain(never_again).chain(steps).collect()
    }

    /// For people: what happened how often, and what never did.
    pub fn coverage(&self) -> String {
        let events = self.sweep.events.iter();
        let events = events.map(|(kind, count)| format!("{kind} {count}"));
        let faults = self.faults.iter();
        let faults = faults.map(|(kind, count)| format!("{kind} {count}"));
        let steps = self.sweep.steps.iter();
        let steps = steps.map(|(step, count)| format!("{step} {count}"));
        let again = self.said_again();
        let again = again.map(|(kind, count)| format!("{kind} said again {count}"));
        let happened: Vec<String> = events.chain(faults).chain(again).chain(steps).collect();
        format!(
            "   happened: {}\n   never happened: {}\n",
            happened.join(", "),
            self.never_happened().join(", ")
        )
    }

    /// Adds another part of the same sweep.
    pub fn merge(&mut self, other: Self) {
        self.sweep.merge(other.sweep);
        self.counters.add(&other.counters);
        self.simulated = longer(self.simulated, other.simulated);
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.unsteady.extend(other.unsteady);
        let room = KEPT_MAX - self.failing.len();
        self.failing.extend(other.failing.into_iter().take(room));
    }
}

fn longer(span: Span, by: Span) -> Span {
    Span::nanos(span.as_nanos().saturating_add(by.as_nanos()))
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
    let reports = in_parallel(&crashes, jobs, &|| true, |crash| {
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
    go_on: &(dyn Fn() -> bool + Sync),
    work: impl Fn(&T) -> Result<R, RunError> + Sync,
) -> Vec<Result<R, RunError>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            scope.spawn(|| {
                while go_on() {
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

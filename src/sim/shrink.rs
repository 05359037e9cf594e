//! The shrinker: a failing run made small, with the same property failing.
//!
//! First the plan (what comes after the failure is cut, then whole families of faults, then delta
//! debugging: Zeller and Hildebrandt, 2002), then the story around it (crowds, parties, steps,
//! lengths of time). Choices have keys of their own, so leaving one out moves none of the others.
//!
//! Why a calm run beside each cut of the story: without its steps an expectation fails by itself,
//! and that would be another failure under the same name.

use super::plan::{Fault, Plan, What};
use super::run::{Options, RunReport, Staging, run};
use crate::scenario::Scenario;
use crate::scenario::replay::Replay;
use crate::scenario::report::{Class, Failure};
use crate::text::Text;
use crate::time::Span;
use std::sync::Arc;
use toml::{Table, Value};

/// Durations that people read easily.
const ROUND: [Span; 3] = [Span::seconds(1), Span::seconds(5), Span::minutes(1)];

/// What a file begins with.
const FIRST: [&str; 5] = ["schema", "name", "about", "tags", "run"];
/// What a file ends with.
const LAST: [&str; 5] = ["fault", "attack", "step", "expect", "replay"];

/// A failing run, as small as it got.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The story.
    pub scenario: Arc<Scenario>,
    /// What goes wrong.
    pub plan: Plan,
    /// The run.
    pub report: RunReport,
    /// What failed.
    pub failure: Failure,
    /// How many choices there were before.
    pub choices: usize,
    /// How many runs it took.
    pub runs: usize,
}

/// Makes a failing run small, for as long as `go_on` says. Nothing when the failure does not come
/// back from its own plan.
pub fn shrink(
    scenario: &Arc<Scenario>,
    report: &RunReport,
    failure: &Failure,
    staging: Staging,
    go_on: &dyn Fn() -> bool,
) -> Option<Shrunk> {
    let mut shrinker = Shrinker {
        staging,
        seed: report.seed,
        class: failure.class,
        property: failure.property.clone(),
        go_on,
        runs: 0,
    };
    let (again, failure) = shrinker.failing(scenario, &report.plan)?;
    let mut best = Shrunk {
        scenario: Arc::clone(scenario),
        plan: report.plan.clone(),
        report: again,
        failure,
        choices: report.plan.choices.len(),
        runs: 0,
    };
    shrinker.plan(&mut best);
    shrinker.story(&mut best);
    shrinker.plan(&mut best);
    shrinker.durations(&mut best);
    best.runs = shrinker.runs;
    Some(best)
}

struct Shrinker<'a> {
    staging: Staging,
    seed: u64,
    class: Class,
    property: String,
    go_on: &'a dyn Fn() -> bool,
    runs: usize,
}

impl Shrinker<'_> {
    /// The run under this plan, if the same property fails in it.
    fn failing(&mut self, scenario: &Arc<Scenario>, plan: &Plan) -> Option<(RunReport, Failure)> {
        self.runs += 1;
        let options = Options {
            plan: Some(plan.clone()),
            ..Options::PLAIN
        };
        let report = run(scenario, self.seed, self.staging, &options).ok()?;
        let mut failures = report.outcome.failures.iter();
        let same = |f: &&Failure| f.class == self.class && f.property == self.property;
        let failure = failures.find(same)?.clone();
        Some((report, failure))
    }

    /// Takes a smaller case if it fails too.
    fn take(&mut self, best: &mut Shrunk, scenario: Arc<Scenario>, plan: Plan) -> bool {
        if !(self.go_on)() {
            return false;
        }
        let Some((report, failure)) = self.failing(&scenario, &plan) else {
            return false;
        };
        best.scenario = scenario;
        best.plan = plan;
        best.report = report;
        best.failure = failure;
        true
    }

    fn take_plan(&mut self, best: &mut Shrunk, plan: Plan) -> bool {
        let scenario = Arc::clone(&best.scenario);
        plan.choices.len() < best.plan.choices.len() && self.take(best, scenario, plan)
    }

    fn plan(&mut self, best: &mut Shrunk) {
        let failed = best.failure.at;
        let kept = best.plan.choices.iter().enumerate();
        let before = kept.filter(|(_, choice)| choice.at <= failed);
        let plan = best.plan.only(before.map(|(at, _)| at).collect::<Vec<_>>());
        self.take_plan(best, plan);
        self.take_plan(best, Plan::default());
        for family in 0..4 {
            let kept = best.plan.choices.iter().enumerate();
            let others = kept.filter(|(_, choice)| family_of(choice.fault) != family);
            let plan = best.plan.only(others.map(|(at, _)| at).collect::<Vec<_>>());
            self.take_plan(best, plan);
        }
        self.ddmin(best);
    }

    /// Delta debugging: ever finer parts are left out, until no single choice can be.
    fn ddmin(&mut self, best: &mut Shrunk) {
        let mut parts = 2;
        while best.plan.choices.len() > 1 && (self.go_on)() {
            let len = best.plan.choices.len();
            let size = len.div_ceil(parts);
            let without = |part: usize| {
                let out = part * size..(part + 1) * size;
                (0..len).filter(move |at| !out.contains(at))
            };
            let smaller = (0..len.div_ceil(size)).any(|part| {
                let plan = best.plan.only(without(part));
                self.take_plan(best, plan)
            });
            if smaller {
                parts = parts.saturating_sub(1).max(2);
            } else if parts >= len {
                return;
            } else {
                parts = (parts * 2).min(len);
            }
        }
    }

    /// Leaves parts of the story out until nothing more can go.
    fn story(&mut self, best: &mut Shrunk) {
        let loose = best.failure.class == Class::Expectation;
        if loose && best.plan.choices.is_empty() {
            return; // any cut might make it fail for another reason
        }
        loop {
            let written = best.scenario.written.clone();
            let mut smaller = false;
            for cut in cuts(&written, best) {
                if !(self.go_on)() {
                    return;
                }
                let mut table = best.scenario.written.clone();
                if !cut.apply(&mut table) {
                    continue;
                }
                let Some(scenario) = of_table(&best.scenario.file, &table) else {
                    continue;
                };
                if loose && self.failing(&scenario, &Plan::default()).is_some() {
                    continue;
                }
                let plan = best.plan.clone();
                smaller |= self.take(best, scenario, plan);
            }
            if !smaller {
                return;
            }
        }
    }

    /// Delays and downtimes of round lengths.
    fn durations(&mut self, best: &mut Shrunk) {
        for at in 0..best.plan.choices.len() {
            for span in ROUND {
                let mut plan = best.plan.clone();
                let fault = &mut plan.choices[at].fault;
                let length = match fault {
                    Fault::Drop | Fault::Tear | Fault::Skew(_) => break,
                    Fault::Duplicate(by) | Fault::Delay(by) => by,
                    Fault::Crash { down, .. } => down,
                };
                if *length == span {
                    break;
                }
                *length = span;
                let scenario = Arc::clone(&best.scenario);
                if self.take(best, scenario, plan) {
                    break;
                }
            }
        }
    }
}

const fn family_of(fault: Fault) -> u8 {
    match fault {
        Fault::Drop => 0,
        Fault::Duplicate(_) => 1,
        Fault::Delay(_) => 2,
        Fault::Crash { .. } => 3,
        Fault::Tear => 4,
        Fault::Skew(_) => 5,
    }
}

/// The scenario of a tree, if it is sound.
pub(super) fn of_table(file: &str, table: &Table) -> Option<Arc<Scenario>> {
    let text = toml::to_string(table).ok()?;
    Scenario::parse(file, &text).ok().map(Arc::new)
}

/// A part of a story that can go.
enum Cut {
    /// A key of the file.
    Key(String),
    /// A named table.
    Named(String, String),
    /// An element of a list, from the end.
    Listed(String, usize),
    /// A value that becomes another.
    Set(Vec<String>, Value),
}

impl Cut {
    /// Whether it changed anything.
    fn apply(&self, table: &mut Table) -> bool {
        match self {
            Self::Key(key) => table.remove(key).is_some(),
            Self::Named(kind, name) => {
                let kinds = table.get_mut(kind).and_then(Value::as_table_mut);
                kinds.is_some_and(|kinds| kinds.remove(name).is_some())
            }
            Self::Listed(key, from_end) => {
                let Some(list) = table.get_mut(key).and_then(Value::as_array_mut) else {
                    return false;
                };
                let Some(at) = list.len().checked_sub(from_end + 1) else {
                    return false;
                };
                list.remove(at);
                true
            }
            Self::Set(path, value) => {
                let Some((last, path)) = path.split_last() else {
                    return false;
                };
                let table = path.iter().try_fold(table, |table, key| {
                    table
                        .entry(key.clone())
                        .or_insert_with(|| Value::Table(Table::new()))
                        .as_table_mut()
                });
                let Some(table) = table else { return false };
                table.insert(last.clone(), value.clone()) != Some(value.clone())
            }
        }
    }
}

/// What can be tried on this story, the largest cuts first.
fn cuts(written: &Table, best: &Shrunk) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = ["network", "load", "expect", "fault", "attack", "tags"]
        .map(|key| Cut::Key(key.to_owned()))
        .into();
    let tables = |kind: &str| written.get(kind).and_then(Value::as_table);
    for (name, crowd) in tables("crowd").into_iter().flatten() {
        let people = crowd.get("people").and_then(Value::as_integer);
        let half = people.filter(|people| *people > 1).map(|people| people / 2);
        let path = ["crowd", name, "people"].map(str::to_owned).to_vec();
        cuts.extend(half.map(|half| Cut::Set(path, Value::Integer(half))));
    }
    for kind in ["crowd", "customer", "merchant", "bank", "attacker"] {
        let names = tables(kind).into_iter().flatten();
        cuts.extend(names.map(|(name, _)| Cut::Named(kind.to_owned(), name.clone())));
    }
    for key in ["load", "step", "expect", "fault", "attack"] {
        let len = written
            .get(key)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        // From the end: what is there waits for what is before it, and never the other way round.
        cuts.extend((0..len).map(|from_end| Cut::Listed(key.to_owned(), from_end)));
    }
    if best.failure.class == Class::Invariant {
        let lasts = best.failure.at.since(best.scenario.run.starts).as_nanos();
        let seconds = Span::seconds(lasts / 1_000_000_000 + 1);
        let path = ["run", "lasts"].map(str::to_owned).to_vec();
        if seconds < best.scenario.run.lasts {
            cuts.push(Cut::Set(path, Value::String(seconds.to_string())));
        }
    }
    cuts
}

/// The file that holds one run: a scenario whose plan is followed.
pub fn as_scenario(scenario: &Scenario, report: &RunReport, program: &str) -> String {
    let failure = report.outcome.failures.first();
    let replay = Replay {
        seed: report.seed,
        class: failure.map_or(Class::Expectation, |failure| failure.class),
        property: failure.map_or_else(Text::default, |f| Text::clean(&f.property)),
        trace: Some(report.fingerprint()),
        program: Text::clean(program),
        plan: report.plan.planned(),
    };
    filed(scenario, &replay)
}

fn filed(scenario: &Scenario, replay: &Replay) -> String {
    let mut table = scenario.written.clone();
    let seed = replay.seed;
    let seeds = Value::String(format!("{seed}..={seed}"));
    Cut::Set(["run", "seeds"].map(str::to_owned).to_vec(), seeds).apply(&mut table);
    table.insert("replay".to_owned(), Value::Table(replay.to_table()));
    ordered(table)
}

/// The text of a file in the order in which people write one: who, what, how it fails.
fn ordered(mut table: Table) -> String {
    // An emptied list would be written as a key, of whatever table stands before it.
    table.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    let mut text = String::new();
    let mut put = |part: Table| text.push_str(&toml::to_string(&part).unwrap_or_default());
    for key in FIRST {
        let of_key = table.remove(key).map(|value| (key.to_owned(), value));
        put(of_key.into_iter().collect());
    }
    let last = LAST.map(|key| table.remove_entry(key));
    table
        .into_iter()
        .for_each(|entry| put([entry].into_iter().collect()));
    last.into_iter()
        .flatten()
        .for_each(|entry| put([entry].into_iter().collect()));
    text
}

impl Shrunk {
    /// The file that holds this run: a scenario whose plan is followed.
    pub fn file(&self, program: &str) -> String {
        let replay = Replay {
            seed: self.report.seed,
            class: self.failure.class,
            property: Text::clean(&self.failure.property),
            trace: Some(self.report.fingerprint()),
            program: Text::clean(program),
            plan: self.plan.planned(),
        };
        let text = filed(&self.scenario, &replay);
        let said = Text::clean(&self.failure.actual);
        let head = format!(
            "# {} {}: {said}\n# {} of {} choices, found in {} runs.\n",
            self.failure.class,
            self.failure.property,
            self.plan.choices.len(),
            self.choices,
            self.runs
        );
        format!("{head}{text}")
    }

    /// What goes wrong, in words.
    pub fn words(&self) -> Vec<String> {
        let choices = self.plan.choices.iter();
        let starts = self.scenario.run.starts;
        choices
            .map(|choice| match choice.what {
                What::Power(_) | What::Clock(_) => {
                    format!("+{}: {choice}", choice.at.since(starts))
                }
                _ => choice.to_string(),
            })
            .collect()
    }
}

//! Verdicts, and how people and tools read them.

use super::diagnostic::Mark;
use super::features::Feature;
use super::reached::{Told, Transition, all_steps};
use super::schema::{ExpectKind, Scenario};
use crate::id::Name;
use crate::journal::EventKind;
use crate::text::Text;
use crate::time::Time;
use crate::words::words;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// A sweep of fewer seeds says nothing of faults that never happened: few were tried.
const SEEDS_THAT_TELL: usize = 20;

words! {
    /// What kind of failure it is.
    pub enum Class {
        /// An invariant was broken.
        Invariant = "invariant",
        /// An expectation of the file did not come true.
        Expectation = "expectation",
        /// Somebody never finished, and nothing will happen any more.
        Deadlock = "deadlock",
        /// Somebody never finished: everyone is busy, and nothing comes of it.
        Livelock = "livelock",
        /// Somebody never finished, and waits.
        Stuck = "stuck",
        /// The program itself failed.
        Panic = "panic",
        /// A limit on events, time or memory was used up.
        Budget = "budget",
    }
}

/// Something that failed in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub class: Class,
    /// The invariant's name, or the expectation as written.
    pub property: String,
    /// Why it matters.
    pub why: Text,
    /// Where it stands in the file, if it does.
    pub mark: Option<Mark>,
    /// When it failed.
    pub at: Time,
    /// Whose line or word broke it.
    pub place: String,
    /// What had to be.
    pub expected: String,
    /// What was.
    pub actual: String,
    /// What led to it, oldest first, 12 lines at most.
    pub chain: Vec<String>,
}

/// What one run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What failed; nothing when it passed.
    pub failures: Vec<Failure>,
    /// The `sometimes` and `eventually` expectations that came true, by their place in the file.
    pub reached: BTreeSet<usize>,
    /// How often each event happened.
    pub events: BTreeMap<EventKind, u64>,
    /// How often each machine took each of its steps.
    pub steps: Told,
    /// How often each fault of the file happened.
    pub fired: BTreeMap<Name, u64>,
    /// When the last thing happened.
    pub ended: Time,
}

/// What a sweep over seeds gave, whatever the order in which they ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The seeds that passed.
    pub passed: BTreeSet<u64>,
    /// What failed, by seed.
    pub failed: BTreeMap<u64, Vec<Failure>>,
    /// What the driver could not do: then nothing was run.
    pub skipped: BTreeSet<Feature>,
    /// The expectations that came true in some seed.
    pub reached: BTreeSet<usize>,
    /// How often each event happened, over all seeds.
    pub events: BTreeMap<EventKind, u64>,
    /// How often each machine took each of its steps, over all seeds.
    pub steps: Told,
    /// How often each fault of the file happened, over all seeds.
    pub fired: BTreeMap<Name, u64>,
    /// A number over each run, by seed: equal where two runs were the same, journals and all.
    pub fingerprints: BTreeMap<u64, u64>,
}

/// One word for a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything held in every seed, and all was reached.
    Passed,
    /// Something failed.
    Failed,
    /// Everything held, and something was never reached.
    NeverReached,
    /// Nothing was run.
    Skipped,
}

impl Sweep {
    /// Adds a seed's outcome.
    pub fn add(&mut self, seed: u64, fingerprint: u64, outcome: Outcome) {
        self.fingerprints.insert(seed, fingerprint);
        self.reached.extend(outcome.reached);
        add(&mut self.events, outcome.events);
        add(&mut self.steps, outcome.steps);
        add(&mut self.fired, outcome.fired);
        if outcome.failures.is_empty() {
            self.passed.insert(seed);
        } else {
            self.failed.insert(seed, outcome.failures);
        }
    }

    /// Adds the seeds of another part of the same sweep.
    pub fn merge(&mut self, other: Self) {
        self.passed.extend(other.passed);
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
        self.reached.extend(other.reached);
        self.fingerprints.extend(other.fingerprints);
        add(&mut self.events, other.events);
        add(&mut self.steps, other.steps);
        add(&mut self.fired, other.fired);
    }

    /// The steps that a machine may take and in no seed took.
    pub fn steps_never_taken(&self) -> impl Iterator<Item = Transition> {
        let all = all_steps().into_iter();
        all.filter(|step| !self.steps.contains_key(step))
    }

    /// The faults of the file that happened in no seed.
    pub fn never_fired(&self, scenario: &Scenario) -> Vec<Name> {
        let all = scenario.faults.iter().map(|fault| fault.id);
        all.filter(|id| !self.fired.contains_key(id)).collect()
    }

    /// The `sometimes` expectations that came true in no seed: they fail the sweep.
    pub fn never_reached(&self, scenario: &Scenario) -> Vec<usize> {
        let all = scenario.expects.iter().enumerate();
        let sometimes = all.filter(|(_, expect)| expect.kind == ExpectKind::Sometimes);
        let missed = sometimes.filter(|(index, _)| !self.reached.contains(index));
        missed.map(|(index, _)| index).collect()
    }

    /// The verdict.
    pub fn verdict(&self, scenario: &Scenario) -> Verdict {
        if !self.failed.is_empty() {
            Verdict::Failed
        } else if self.passed.is_empty() {
            Verdict::Skipped
        } else if !self.never_reached(scenario).is_empty() {
            Verdict::NeverReached
        } else {
            Verdict::Passed
        }
    }

    /// For people: each property that failed as a block, with the first seed that failed it, then
    /// one line that counts. `more` is what stands below a block, given file, seed and property:
    /// how it is replayed, at least.
    pub fn text(&self, scenario: &Scenario, more: impl Fn(&str, u64, &str) -> String) -> String {
        let mut out = String::new();
        let mut by_property: BTreeMap<(Class, &str), Vec<(u64, &Failure)>> = BTreeMap::new();
        for (seed, failures) in &self.failed {
            for failure in failures {
                let key = (failure.class, failure.property.as_str());
                by_property.entry(key).or_default().push((*seed, failure));
            }
        }
        for all in by_property.values() {
            if let Some((seed, failure)) = all.first() {
                let seeds: BTreeSet<_> = all.iter().map(|(seed, _)| *seed).collect();
                let block = Block {
                    scenario,
                    failure,
                    seed: *seed,
                    seeds: seeds.len(),
                };
                let more = more(&scenario.file, *seed, &failure.property);
                let _infallible = writeln!(out, "{block}{more}");
            }
        }
        for index in self.never_reached(scenario) {
            let expect = &scenario.expects[index];
            let place = scenario.place(expect.mark);
            let seeds = self.passed.len() + self.failed.len();
            let that = &expect.that.text;
            let _infallible = writeln!(out, "NEVER REACHED {that}\n   {place}, in {seeds} seeds");
        }
        let seeds = self.passed.len() + self.failed.len();
        let told = seeds >= SEEDS_THAT_TELL;
        for id in self.never_fired(scenario).iter().filter(|_| told) {
            let _infallible = writeln!(out, "NEVER FIRED fault {id}, in {seeds} seeds");
        }
        for feature in &self.skipped {
            let _infallible = writeln!(out, "SKIP {}: needs {feature}", scenario.title());
        }
        let _infallible = writeln!(out, "{}", self.counts(scenario));
        out
    }

    /// `20 passed, 0 failed, 0 skipped, 1 never reached`.
    pub fn counts(&self, scenario: &Scenario) -> String {
        let skipped = usize::from(self.passed.is_empty() && self.failed.is_empty());
        format!(
            "{} passed, {} failed, {skipped} skipped, {} never reached",
            self.passed.len(),
            self.failed.len(),
            self.never_reached(scenario).len()
        )
    }

    /// For tools: everything.
    pub fn to_json(&self, scenario: &Scenario) -> Value {
        let never = self.never_reached(scenario);
        let that = |index: &usize| scenario.expects[*index].that.text.to_string();
        let failed = self.failed.iter().map(|(seed, failures)| {
            json!({ "seed": seed, "failures": failures.iter().map(Failure::to_json).collect::<Vec<_>>() })
        });
        let events = self
            .events
            .iter()
            .map(|(kind, n)| (kind.to_string(), json!(n)));
        let steps = self
            .steps
            .iter()
            .map(|(step, n)| (step.to_string(), json!(n)));
        let steps_never = self.steps_never_taken().map(|step| step.to_string());
        let never_fired = self.never_fired(scenario).into_iter();
        let fingerprints = self
            .fingerprints
            .iter()
            .map(|(seed, number)| (seed.to_string(), json!(format!("{number:016x}"))));
        json!({
            "fingerprints": fingerprints.collect::<serde_json::Map<_, _>>(),
            "scenario": scenario.title(),
            "vars": scenario.vars,
            "file": scenario.file,
            "verdict": self.verdict(scenario).word(),
            "passed": self.passed.len(),
            "failed": failed.collect::<Vec<_>>(),
            "skipped": self.skipped.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "never-reached": never.iter().map(that).collect::<Vec<_>>(),
            "events": events.collect::<serde_json::Map<_, _>>(),
            "steps": steps.collect::<serde_json::Map<_, _>>(),
            "steps-never-taken": steps_never.collect::<Vec<_>>(),
            "never-fired": never_fired.map(|id| id.to_string()).collect::<Vec<_>>(),
        })
    }
}

fn add<K: Ord>(all: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *all.entry(key).or_default() += count;
    }
}

impl Class {
    /// Whether somebody did not finish.
    pub const fn is_unfinished(self) -> bool {
        matches!(self, Self::Deadlock | Self::Livelock | Self::Stuck)
    }
}

impl Verdict {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NeverReached => "never-reached",
            Self::Skipped => "skipped",
        }
    }
}

impl Failure {
    /// For tools.
    pub fn to_json(&self) -> Value {
        json!({
            "class": self.class.word(),
            "property": self.property,
            "why": self.why.as_str(),
            "line": self.mark.map(|mark| mark.line),
            "at": self.at.to_string(),
            "place": self.place,
            "expected": self.expected,
            "actual": self.actual,
            "chain": self.chain,
        })
    }
}

/// A failure as people read it.
struct Block<'a> {
    scenario: &'a Scenario,
    failure: &'a Failure,
    seed: u64,
    seeds: usize,
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.failure;
        writeln!(f, "FAIL {} {}", failure.class, failure.property)?;
        if !failure.why.as_str().is_empty() {
            writeln!(f, "   why: {}", failure.why)?;
        }
        let place = match failure.mark {
            Some(mark) => self.scenario.place(mark),
            None => self.scenario.file.clone(),
        };
        let more = match self.seeds {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        let since = failure.at.since(self.scenario.run.starts);
        writeln!(f, "   {place}, seed {}{more}, at +{since}", self.seed)?;
        writeln!(f, "   expected: {}", failure.expected)?;
        writeln!(f, "   actual:   {} ({})", failure.actual, failure.place)?;
        for line in &failure.chain {
            writeln!(f, "     {line}")?;
        }
        Ok(())
    }
}

//! What a scenario's run is watched by: its judge, as everything happens, and the journals.

use super::observer::{Does, Observer, Sent, Step};
use super::plan::Choice;
use super::run::Options;
use super::trace::Trace;
use crate::id::Party;
use crate::journal::{ChainKind, Entry, EventKind};
use crate::scenario::{Judge, Mode, Scenario, Skew};
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Watches a run.
#[derive(Clone)]
pub(super) struct Watch {
    /// Facts, invariants, expectations.
    pub(super) judge: Judge,
    /// Every party's journal, when somebody wants them.
    pub(super) journals: Option<BTreeMap<Party, Vec<Entry>>>,
    /// The trace, when somebody wants it.
    pub(super) trace: Option<Trace>,
    /// Whose clock is off, and how far.
    skews: BTreeMap<Party, Skew>,
    /// How many failures are in the trace.
    told: usize,
    /// Whether a step waits for something to become true.
    pub(super) awaited: bool,
    /// How many messages left since anybody came further, and since when.
    pub(super) idle: (u64, Time),
    /// Whether anything was recorded since the driver looked.
    stirred: bool,
    /// Whether another lot of messages left for nothing since the driver looked.
    spins: bool,
}

/// After so many messages for nothing the driver looks whether it is a livelock.
pub(super) const IDLE_LOOKS: u64 = 5_000;

impl Watch {
    pub(super) fn new(scenario: &Arc<Scenario>, chain: ChainKind, options: &Options<'_>) -> Self {
        Self {
            judge: Judge::new(Arc::clone(scenario), Mode::Sim, Some(chain)),
            journals: options.journals.then(BTreeMap::new),
            trace: options.trace.then(Trace::default),
            skews: BTreeMap::new(),
            told: 0,
            awaited: false,
            idle: (0, scenario.run.starts),
            stirred: false,
            spins: false,
        }
    }
}

/// Whether an event brings a story further. What is refused, begun anew or doubted does not.
const fn comes_further(kind: EventKind) -> bool {
    use EventKind as E;
    !matches!(
        kind,
        E::Refused | E::Started | E::InDoubt | E::SessionOpened | E::ForkAlarm
    )
}

impl Watch {
    /// When the story began.
    pub(super) fn starts(&self) -> Time {
        self.judge.starts()
    }
}

impl Observer for Watch {
    fn entry(&mut self, of: Party, entry: &Entry) {
        self.stirred = true;
        let skew = self.skews.get(&of);
        let at = skew.map_or(entry.at, |skew| skew.when(entry.at));
        if comes_further(entry.event.kind) {
            self.idle = (0, at);
        }
        self.judge.observe_at(at, &of, entry);
        if let Some(trace) = &mut self.trace {
            trace.fact(at, of, entry);
            for failure in self.judge.failures().iter().skip(self.told) {
                trace.note(failure.at, of, Does::Check, &failure.property, None);
            }
            self.told = self.judge.failures().len();
        }
        if let Some(journals) = &mut self.journals {
            journals.entry(of).or_default().push(entry.clone());
        }
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        self.idle.0 += 1;
        self.spins |= self.idle.0.is_multiple_of(IDLE_LOOKS);
        self.judge.sent(sent.at, &sent.from, &sent.to, sent.message);
    }

    fn fault(&mut self, choice: &Choice) {
        if let (Some(trace), Some(of)) = (&mut self.trace, choice.crashed()) {
            trace.note(choice.at, of, Does::Crash, &choice.to_string(), None);
        }
        if let Some(rule) = choice.rule {
            self.judge.fault_fired(choice.at, rule);
        }
    }

    fn clock(&mut self, of: Party, skew: Skew) {
        self.skews.insert(of, skew);
    }

    fn traces(&self) -> bool {
        self.trace.is_some()
    }

    fn step(&mut self, step: &Step<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.step(step);
        }
    }

    fn wants_a_look(&mut self) -> bool {
        let stirred = std::mem::take(&mut self.stirred) && self.awaited;
        std::mem::take(&mut self.spins) || stirred
    }
}

//! What a scenario's run is watched by: its judge, as everything happens, and the journals.

use super::observer::{Observer, Sent};
use super::plan::Choice;
use crate::id::Party;
use crate::journal::{ChainKind, Entry};
use crate::scenario::{Judge, Mode, Scenario};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Watches a run.
pub(super) struct Watch {
    /// Facts, invariants, expectations.
    pub(super) judge: Judge,
    /// Every party's journal, when somebody wants them.
    pub(super) journals: Option<BTreeMap<Party, Vec<Entry>>>,
    /// Whether a step waits for something to become true.
    pub(super) awaited: bool,
    /// Whether anything was recorded since the driver looked.
    stirred: bool,
}

impl Watch {
    pub(super) fn new(scenario: &Arc<Scenario>, chain: ChainKind, journals: bool) -> Self {
        Self {
            judge: Judge::new(Arc::clone(scenario), Mode::Sim, Some(chain)),
            journals: journals.then(BTreeMap::new),
            awaited: false,
            stirred: false,
        }
    }
}

impl Observer for Watch {
    fn entry(&mut self, of: Party, entry: &Entry) {
        self.stirred = true;
        self.judge.observe(&of, entry);
        if let Some(journals) = &mut self.journals {
            journals.entry(of).or_default().push(entry.clone());
        }
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        self.judge.sent(sent.at, &sent.from, &sent.to, sent.message);
    }

    fn fault(&mut self, choice: &Choice) {
        if let Some(rule) = choice.rule {
            self.judge.fault_fired(choice.at, rule);
        }
    }

    fn wants_a_look(&mut self) -> bool {
        std::mem::take(&mut self.stirred) && self.awaited
    }
}

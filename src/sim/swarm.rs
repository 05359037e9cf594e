//! Swarm: each seed switches whole families of faults off.
//!
//! Why: a run in which everything goes a little wrong seldom goes deep into anything. Half of the
//! families in each seed, other ones in every seed, finds more than all of them at once (Groce and
//! others, Swarm Testing, 2012). What a file makes happen for certain always happens.

use super::link::Link;
use super::rule::Rule;
use crate::chance::Chance;
use crate::scenario::Scenario;

/// The families of one seed.
#[derive(Clone)]
pub(super) struct Swarm {
    chance: Chance,
    on: bool,
}

impl Swarm {
    pub(super) fn new(scenario: &Scenario, chance: &Chance) -> Self {
        Self {
            chance: chance.clone(),
            on: scenario.run.swarm,
        }
    }

    /// Whether this seed has a family of faults.
    pub(super) fn keeps(&self, family: &str) -> bool {
        !self.on || self.chance.draw("swarm", family.as_bytes(), 0) & 1 == 0
    }

    /// A link with the families of this seed.
    pub(super) fn link(&self, link: Link) -> Link {
        let share = |family, ppm| if self.keeps(family) { ppm } else { 0 };
        Link {
            loss_ppm: share("drop", link.loss_ppm),
            duplicate_ppm: share("duplicate", link.duplicate_ppm),
            reorder_ppm: share("delay", link.reorder_ppm),
            ..link
        }
    }

    /// The rules of this seed.
    pub(super) fn rules(&self, mut rules: Vec<Rule>) -> Vec<Rule> {
        rules.retain(|rule| rule.is_certain() || self.keeps(rule.family()));
        rules
    }
}

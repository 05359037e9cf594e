//! A run in play: as far as somebody wants to see it, and no further yet.

use super::director::Director;
use super::run::{EVENTS_MAX, Options, RunError, Staging, stage};
use super::watch::Watch;
use super::world::World;
use crate::id::Party;
use crate::journal::Entry;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far a [step](Live::step) goes at most when nothing happens.
const STEP_MAX: Span = Span::hours(1);

/// A run of a scenario that is played bit by bit. The same seed gives the same journals as
/// [`run`](super::run), however it is cut.
pub struct Live {
    scenario: Arc<Scenario>,
    world: World<Watch>,
    director: Director,
    at: Time,
    /// How many entries of each journal were told.
    told: BTreeMap<Party, usize>,
    is_healed: bool,
}

impl Live {
    /// A run before its first event.
    ///
    /// # Errors
    /// [`RunError`] when the scenario's parties cannot be made.
    pub fn begin(scenario: &Arc<Scenario>, seed: u64, staging: Staging) -> Result<Self, RunError> {
        let options = Options {
            journals: true,
            ..Options::PLAIN
        };
        let (world, director) = stage(scenario, seed, staging, &options)?;
        Ok(Self {
            at: scenario.run.starts,
            scenario: Arc::clone(scenario),
            world,
            director,
            told: BTreeMap::new(),
            is_healed: false,
        })
    }

    /// The run's instant.
    pub const fn now(&self) -> Time {
        self.at
    }

    /// When the scenario's time is over, its quiet phase included.
    pub fn ends(&self) -> Time {
        self.scenario.run.starts.after(self.scenario.ends())
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        self.at >= self.ends() || self.next_at().is_none()
    }

    /// When the next thing happens.
    pub fn next_at(&self) -> Option<Time> {
        self.world.next_at()
    }

    /// How many promises the run has broken so far.
    pub fn failures(&self) -> usize {
        self.world.observer.judge.failures().len()
    }

    /// Plays on until `until`, or the end. When the scenario's own time is over faults stop, as in
    /// every run.
    pub fn advance(&mut self, until: Time) {
        let until = until.min(self.ends());
        let quiet = self.scenario.run.starts.after(self.scenario.run.lasts);
        if !self.is_healed && until >= quiet {
            self.play(quiet);
            self.world.heal();
            self.is_healed = true;
        }
        self.play(until);
    }

    fn play(&mut self, until: Time) {
        self.director.play(&mut self.world, until, EVENTS_MAX);
        self.at = self.at.max(until);
    }

    /// Plays on until something is recorded; gives what was.
    pub fn step(&mut self) -> Vec<(Party, Entry)> {
        let limit = self.at.after(STEP_MAX);
        while self.at < limit && !self.is_over() {
            let next = self.next_at().unwrap_or(limit);
            self.advance(next.max(self.at).min(limit));
            let news = self.news();
            if !news.is_empty() {
                return news;
            }
        }
        Vec::new()
    }

    /// What was recorded since the last call, at every party, each in its own order.
    pub fn news(&mut self) -> Vec<(Party, Entry)> {
        let mut news = Vec::new();
        for (party, journal) in self.journals() {
            let told = self.told.get(party).copied().unwrap_or_default();
            news.extend(
                journal
                    .iter()
                    .skip(told)
                    .map(|entry| (*party, entry.clone())),
            );
        }
        for (party, _) in &news {
            *self.told.entry(*party).or_insert(0) += 1;
        }
        news.sort_by_key(|(party, entry)| (entry.at, *party, entry.seq));
        news
    }

    /// Everybody's journals so far.
    pub fn journals(&self) -> impl Iterator<Item = (&Party, &[Entry])> {
        let journals = self.world.observer.journals.iter().flatten();
        journals.map(|(party, journal)| (party, journal.as_slice()))
    }
}

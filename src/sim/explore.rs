//! Every interleaving and every single fault of a tiny story, to a bound.
//!
//! Links take no time here, so that each message on its way may be the next to arrive, and each is
//! tried; a timer or a person acts as soon as its instant comes, before what is on its way then. On
//! each path one thing at most goes wrong: a message is lost, comes twice or comes late, or a
//! party's power fails before or after a commit. Paths that come to the same state go on as one.
//!
//! A state is every party's rows, timers and power, what is on its way, what the story waits for,
//! the instant, and whether something went wrong. Left out is what no role reads: journals and
//! their hashes, traces, the counts that key draws, the order in which equal things were queued; of
//! a party's lives it counts only whether a message belongs to the present one. What can come of a
//! state after a fault can come of it without one too, so the paths without a fault are walked
//! first, and a path that comes back to one of their states has nothing new to show.

use super::director::Director;
use super::draw::{DrawKey, Purpose};
use super::guide;
use super::plan::{Fault, Moment, Plan, What};
use super::run::{Options, RunError, RunReport, Staging, report, rest, run, stage};
use super::shrink::of_table;
use super::watch::Watch;
use super::weather::Sky;
use super::world::{Happening, World};
use crate::message::MessageKind;
use crate::scenario::Scenario;
use crate::scenario::report::Failure;
use crate::time::{Span, Time};
use hashbrown::HashSet;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;
use toml::{Table, Value};

/// How late a late message comes: later than everybody's patience.
const LATE: Span = Span::seconds(20);
/// For how long a party is down.
const DOWN: Span = Span::seconds(5);

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most states.
    pub states: usize,
    /// Whether something goes wrong once on each path.
    pub faults: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Exploration {
    /// States that differ.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
    /// Steps that came to a state known already.
    pub merged: usize,
    /// The longest path, in steps.
    pub depth: usize,
    /// Paths that came to an end of their own.
    pub ends: usize,
    /// Whether every state within reach was seen.
    pub exhausted: bool,
    /// The first thing that did not hold.
    pub violation: Option<Found>,
}

/// Something that did not hold.
#[derive(Clone, Debug)]
pub struct Found {
    /// What.
    pub failure: Failure,
    /// In how many steps.
    pub steps: usize,
    /// The fault on its path, if there was one, in words.
    pub fault: Option<String>,
    /// The story without time on its links: what `plan` is a plan of.
    pub scenario: Arc<Scenario>,
    /// The order of arrivals, as delays, and the fault: the same failure comes of it in a run.
    /// Nothing, when it did not.
    pub replay: Option<RunReport>,
}

/// A step of a path: the message that arrived (or what was due by itself), and what went wrong.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) message: Option<u64>,
    pub(super) fault: Option<(DrawKey, Fault)>,
}

struct Trail {
    before: Option<Arc<Self>>,
    turn: Turn,
}

struct State {
    world: World<Watch>,
    director: Director,
    trail: Option<Arc<Trail>>,
    depth: usize,
    faulted: bool,
}

/// What may come next.
enum Due {
    /// Something that waits for nobody's choice.
    Itself,
    /// One of these messages, by their ties.
    Messages(Vec<u64>),
    /// Nothing.
    Over,
}

/// Looks at every path of a story, to a bound.
///
/// # Errors
/// [`RunError`] when the story cannot be staged in memory.
pub fn explore(
    scenario: &Arc<Scenario>,
    seed: u64,
    staging: Staging,
    bounds: Bounds,
    go_on: &dyn Fn() -> bool,
) -> Result<Exploration, RunError> {
    let scenario = still(scenario);
    let options = Options {
        plan: Some(Plan::default()),
        ..Options::PLAIN
    };
    let (mut world, director) = stage(&scenario, seed, staging, &options)?;
    world.note_points();
    let mut search = Search {
        until: scenario.run.starts.after(scenario.ends()),
        scenario,
        seed,
        staging,
        bounds,
        clean: HashSet::default(),
        known: HashSet::default(),
        stack: Vec::new(),
        found: Exploration::default(),
    };
    let first = State {
        world,
        director,
        trail: None,
        depth: 0,
        faulted: false,
    };
    if let (true, Some(first)) = (bounds.faults, first.fork()) {
        search.bounds.faults = false;
        search.push(first);
        search.go(go_on)?;
        if !search.found.exhausted {
            return Ok(search.found);
        }
        search.clean = std::mem::take(&mut search.known);
        (search.found, search.bounds) = (Exploration::default(), bounds);
    }
    search.push(first);
    search.go(go_on)?;
    Ok(search.found)
}

/// The story on links that take no time and lose nothing.
fn still(scenario: &Arc<Scenario>) -> Arc<Scenario> {
    let mut table = scenario.written.clone();
    let latency = Value::String("0s".to_owned());
    let network: Table = [("latency".to_owned(), latency)].into_iter().collect();
    table.insert("network".to_owned(), Value::Table(network));
    of_table(&scenario.file, &table).unwrap_or_else(|| Arc::clone(scenario))
}

/// States, as numbers.
type Numbers = HashSet<u64, BuildHasherDefault<SipHasher13>>;

struct Search {
    scenario: Arc<Scenario>,
    seed: u64,
    staging: Staging,
    bounds: Bounds,
    until: Time,
    /// Every state without a fault, once they are all known.
    clean: Numbers,
    known: Numbers,
    stack: Vec<State>,
    found: Exploration,
}

impl Search {
    fn go(&mut self, go_on: &dyn Fn() -> bool) -> Result<(), RunError> {
        while let Some(state) = self.stack.pop() {
            if self.found.violation.is_some() {
                return Ok(());
            }
            if self.found.states >= self.bounds.states || !go_on() {
                return Ok(()); // not exhausted
            }
            self.expand(&state)?;
        }
        self.found.exhausted = self.found.violation.is_none();
        Ok(())
    }

    /// Every step from here.
    fn expand(&mut self, state: &State) -> Result<(), RunError> {
        let choices = match state.due(self.until) {
            Due::Over => return self.end(state),
            Due::Itself => vec![None],
            Due::Messages(ties) => ties.into_iter().map(Some).collect(),
        };
        for message in choices {
            let Some(mut next) = state.fork() else {
                return Ok(()); // staged in memory, so it can always be copied
            };
            let faults = next.step(
                self.until,
                Turn {
                    message,
                    fault: None,
                },
            );
            self.push(next);
            if state.faulted || !self.bounds.faults {
                continue;
            }
            for fault in faults {
                let Some(mut harmed) = state.fork() else {
                    return Ok(());
                };
                harmed.step(
                    self.until,
                    Turn {
                        message,
                        fault: Some(fault),
                    },
                );
                harmed.faulted = true;
                self.push(harmed);
            }
        }
        Ok(())
    }

    fn push(&mut self, mut state: State) {
        if self.found.violation.is_some() {
            return;
        }
        self.found.transitions += usize::from(state.depth > 0);
        self.found.depth = self.found.depth.max(state.depth);
        if let Some(failure) = state.world.observer.judge.failures().first().cloned() {
            return self.violated(&state, failure);
        }
        let (alike, number) = state.number();
        let covered = state.faulted && self.clean.contains(&alike);
        if !covered && self.known.insert(number) {
            self.found.states += 1;
            self.stack.push(state);
        } else {
            self.found.merged += 1;
        }
    }

    /// Nothing more happens on this path: everyone must be finished, and all must agree.
    fn end(&mut self, state: &State) -> Result<(), RunError> {
        self.found.ends += 1;
        let Some(mut last) = state.fork() else {
            return Ok(());
        };
        let over = last.world.advance(self.until);
        rest(&mut last.world, &last.director, &self.scenario, &over)?;
        let told = report(last.world, self.seed)?;
        if let Some(failure) = told.outcome.failures.into_iter().next() {
            self.violated(state, failure);
        }
        Ok(())
    }

    fn violated(&mut self, state: &State, failure: Failure) {
        let turns = state.turns();
        let options = Options {
            plan: Some(Plan::default()),
            ..Options::PLAIN
        };
        let staged = stage(&self.scenario, self.seed, self.staging, &options).ok();
        let plan = staged.map(|(world, director)| guide::plan_of(world, director, &turns));
        let again = plan.and_then(|plan| {
            let options = Options {
                plan: Some(plan),
                ..Options::PLAIN
            };
            run(&self.scenario, self.seed, self.staging, &options).ok()
        });
        let same = |f: &Failure| f.property == failure.property;
        let replay = again.filter(|again| again.outcome.failures.iter().any(same));
        let fault = state.world.plan().choices.first();
        self.found.violation = Some(Found {
            steps: turns.len(),
            fault: fault.map(ToString::to_string),
            scenario: Arc::clone(&self.scenario),
            failure,
            replay,
        });
    }
}

impl State {
    fn fork(&self) -> Option<Self> {
        Some(Self {
            world: self.world.fork()?,
            director: self.director.clone(),
            trail: self.trail.clone(),
            ..*self
        })
    }

    fn due(&self, until: Time) -> Due {
        if !self.world.effects.is_empty() {
            return Due::Itself;
        }
        match self.world.queue.next_at() {
            Some(at) if at <= until => {}
            _ => return Due::Over,
        }
        let mut ties = Vec::new();
        for (tie, happening) in self.world.queue.first() {
            match happening {
                Happening::Arrival(_) => ties.push(tie),
                _ => return Due::Itself,
            }
        }
        ties.sort_unstable();
        Due::Messages(ties)
    }

    /// Takes one step; gives what could have gone wrong in it.
    fn step(&mut self, until: Time, turn: Turn) -> Vec<(DrawKey, Fault)> {
        let world = &mut self.world;
        world.points.clear();
        world.sent.clear();
        world.harm(turn.fault);
        let next = match turn.message {
            Some(tie) => {
                let taken = world.queue.take(|of, _| of == tie);
                taken.and_then(|(at, tie, happening)| world.happen(at, tie, happening))
            }
            None => world.once_by_itself(until),
        };
        self.director.on(world, next);
        world.harm(None);
        world.forget_alarms();
        let before = self.trail.take();
        self.trail = Some(Arc::new(Trail { before, turn }));
        self.depth += 1;
        faults(&self.world)
    }

    fn turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut at = self.trail.as_ref();
        while let Some(trail) = at {
            turns.push(trail.turn.clone());
            at = trail.before.as_ref();
        }
        turns.reverse();
        turns
    }

    /// The state as a number, equal for states from which the same can come: as it would be if
    /// nothing had gone wrong so far, and as it is.
    fn number(&mut self) -> (u64, u64) {
        let mut hash = SipHasher13::new();
        self.world.now.nanos().hash(&mut hash);
        self.director.number(&mut hash);
        for member in &mut self.world.members {
            member.number(&mut hash);
        }
        self.world.on_its_way().hash(&mut hash);
        for (party, effect) in &self.world.effects {
            (party.to_string(), format!("{effect:?}")).hash(&mut hash);
        }
        false.hash(&mut hash);
        let clean = hash.finish();
        self.faulted.hash(&mut hash);
        (clean, if self.faulted { hash.finish() } else { clean })
    }
}

/// Everything that could have gone wrong in the step that was just taken.
fn faults(world: &World<Watch>) -> Vec<(DrawKey, Fault)> {
    let crash = |moment| Fault::Crash { moment, down: DOWN };
    let commits = world.points.iter();
    let commits = commits.flat_map(|(key, _)| {
        [crash(Moment::Before), crash(Moment::After)].map(|fault| (*key, fault))
    });
    let device = |what: &What| match what {
        What::Message { kind, .. } => matches!(kind, MessageKind::Apdu | MessageKind::ApduAnswer),
        _ => false,
    };
    let messages = world.sent.iter().filter(|(_, what)| !device(what));
    let messages = messages.flat_map(|(key, _)| {
        [
            Fault::Drop,
            Fault::Duplicate(Span::ZERO),
            Fault::Delay(LATE),
        ]
        .map(|fault| (*key, fault))
    });
    commits.chain(messages).collect()
}

impl World<Watch> {
    /// What goes wrong in the next step, and in no other.
    pub(super) fn harm(&mut self, fault: Option<(DrawKey, Fault)>) {
        let harm = fault.map(|(key, fault)| (key, vec![(fault, None)]));
        self.sky = Sky::Planned(harm.into_iter().collect::<BTreeMap<_, _>>());
    }

    /// The next thing that is no message on its way.
    pub(super) fn once_by_itself(&mut self, until: Time) -> Option<super::Next> {
        if !self.effects.is_empty() {
            return self.once(until);
        }
        let other = |_, happening: &Happening| !matches!(happening, Happening::Arrival(_));
        let (at, tie, happening) = self.queue.take(other)?;
        let at = at.max(self.now);
        self.happen(at, tie, happening)
    }

    /// Alarms that were set for a timer which has moved since: nothing comes of them, and a state
    /// with one is no other state.
    fn forget_alarms(&mut self) {
        let members = &self.members;
        let (queue, mut stale) = (&mut self.queue, Vec::new());
        for (at, happening) in queue.waiting() {
            if let Happening::Wake { who } = happening
                && members[*who].wake != at
            {
                stale.push((at, *who));
            }
        }
        for (at, who) in stale {
            queue.take_at(
                at,
                |of| matches!(of, Happening::Wake { who: of } if *of == who),
            );
        }
    }

    /// What waits to happen, each as a number, in no order.
    fn on_its_way(&self) -> Vec<(u64, u64)> {
        let mut all = Vec::new();
        let lives = |who: usize, life: u32| self.members[who].life == life;
        for (at, happening) in self.queue.waiting() {
            let mut hash = SipHasher13::new();
            match happening {
                Happening::Arrival(arrival) => arrival.number(&lives, &mut hash),
                Happening::Wake { who } => (1_u8, who).hash(&mut hash),
                Happening::Flush { who, life } => (2_u8, who, lives(*who, *life)).hash(&mut hash),
                Happening::Restart { who, life } => {
                    (3_u8, who, lives(*who, *life)).hash(&mut hash);
                }
                Happening::Cut(party, ..) => (4_u8, party.to_string()).hash(&mut hash),
                Happening::Clock(party, ..) => (6_u8, party.to_string()).hash(&mut hash),
                Happening::Cue(cue) => (5_u8, cue).hash(&mut hash),
            }
            all.push((at.nanos(), hash.finish()));
        }
        all.sort_unstable();
        all
    }
}

/// The tie under which a message waits.
pub(super) fn tie_of(key: DrawKey) -> u64 {
    key.draw(Purpose::Tie)
}

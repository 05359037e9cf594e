//! One run of a scenario: a seed, a world, a verdict.

use super::counter::Counter;
use super::director::{Cue, Director, PaperOf};
use super::draw::{DrawKey, mix};
use super::link::{Link, Links};
use super::member::{NEVER, Store};
use super::plan::{Plan, What};
use super::rule::Rule;
use super::swarm::Swarm;
use super::trace::Trace;
use super::watch::Watch;
use super::weather::Weather;
use super::world::{Counters, Next, World};
use crate::cast::{Cast, CastError, Crypto};
use crate::chance::Chance;
use crate::id::{Name, Party, PartyKind};
use crate::journal::{ChainKind, Entry};
use crate::ledger::{self, Transfer};
use crate::receipt::Profile;
use crate::roles::bank::Input;
use crate::roles::{Actor, Role};
use crate::scenario::report::{Class, Failure, Outcome};
use crate::scenario::{self, FaultKind, Scenario, Site, Skew};
use crate::store::{Memory, StoreError};
use crate::text::Text;
use crate::time::{Span, Time};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most events of one run: a million payments.
pub const EVENTS_MAX: u64 = 20_000_000;

/// Who makes a scenario's parties and papers: the same for every driver.
#[derive(Clone, Copy)]
pub struct Staging {
    /// The parties.
    pub cast: fn(&Scenario, Crypto, &Chance, Time) -> Result<Cast, CastError>,
    /// The parties as a driver takes them.
    pub actors: fn(&Cast, &Scenario) -> Vec<Actor>,
    /// What a till prints for a step.
    pub paper: PaperOf,
}

/// Opens a party's store.
pub type Opener<'a> = dyn Fn(&Actor, ChainKind) -> Result<Store, StoreError> + Sync + 'a;

/// How a scenario is run, beside what it says itself.
#[derive(Clone)]
pub struct Options<'a> {
    /// How many of a million commits meet a power failure, beside the scenario's own faults.
    pub crash_ppm: u32,
    /// What goes wrong is only what this plan says.
    pub plan: Option<Plan>,
    /// Whether to keep every journal.
    pub journals: bool,
    /// Whether to write down everything that happens, with its cause.
    pub trace: bool,
    /// Whether to write down every commit: what a crash can be set before or after.
    pub points: bool,
    /// What parties keep their rows in; memory when nothing is given.
    pub store: Option<&'a Opener<'a>>,
}

impl Options<'_> {
    /// As the scenario says, in memory.
    pub const PLAIN: Self = Self {
        crash_ppm: 0,
        plan: None,
        journals: false,
        trace: false,
        points: false,
        store: None,
    };
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The seed.
    pub seed: u64,
    /// What failed, what was reached, when it ended.
    pub outcome: Outcome,
    /// What it took.
    pub counters: Counters,
    /// A number over everything that happened: equal for two runs that were the same.
    pub trace: u64,
    /// The last hash of every party's journal.
    pub heads: BTreeMap<Party, [u8; 32]>,
    /// Every adverse choice.
    pub plan: Plan,
    /// Every commit, when it was asked for.
    pub points: Vec<(DrawKey, What)>,
    /// Everything that happened, when it was asked for.
    pub lines: Trace,
    /// How long it was, in virtual time.
    pub lasted: Span,
    /// Every journal, when it was asked for.
    pub journals: BTreeMap<Party, Vec<Entry>>,
}

impl RunReport {
    /// Whether everything held.
    pub fn passed(&self) -> bool {
        self.outcome.failures.is_empty()
    }

    /// The report of a run in which the program itself failed.
    pub(super) fn panicked(scenario: &Scenario, seed: u64, panic: &dyn Any) -> Self {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
        let failure = Failure {
            class: Class::Panic,
            property: "the program does not panic".to_owned(),
            why: Text::default(),
            mark: None,
            at: scenario.run.starts,
            place: "the program".to_owned(),
            expected: "no panic".to_owned(),
            actual: said.unwrap_or_default(),
            chain: Vec::new(),
        };
        let outcome = Outcome {
            failures: vec![failure],
            reached: BTreeSet::new(),
            events: BTreeMap::new(),
            steps: BTreeMap::new(),
            fired: BTreeMap::new(),
            ended: scenario.run.starts,
        };
        Self {
            seed,
            outcome,
            counters: Counters::default(),
            trace: 0,
            heads: BTreeMap::new(),
            plan: Plan::default(),
            points: Vec::new(),
            lines: Trace::default(),
            lasted: Span::ZERO,
            journals: BTreeMap::new(),
        }
    }

    /// A number over everything that happened and every party's journal: equal for two runs that
    /// were the same, in any process and on any store.
    pub fn fingerprint(&self) -> u64 {
        let heads = self.heads.values();
        heads.fold(self.trace, |all, head| {
            let words = head.chunks_exact(8);
            let word = |chunk: &[u8]| {
                chunk
                    .iter()
                    .fold(0, |word, byte| word << 8 | u64::from(*byte))
            };
            words.fold(all, |all, chunk| mix(all ^ word(chunk)))
        })
    }
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario's parties cannot be made.
    #[error("make the scenario's parties")]
    Cast(#[from] CastError),
    /// A party's store cannot be opened or read.
    #[error("keep the parties' rows")]
    Store(#[from] StoreError),
}

/// Runs a scenario once.
///
/// # Errors
/// [`RunError`] when there was nothing to run; what went wrong in the run is in the report.
pub fn run(
    scenario: &Arc<Scenario>,
    seed: u64,
    staging: Staging,
    options: &Options<'_>,
) -> Result<RunReport, RunError> {
    let (mut world, mut director) = stage(scenario, seed, staging, options)?;
    play(&mut world, &mut director, scenario)?;
    report(world, seed)
}

/// Everything as it is before the first event.
pub(super) fn stage(
    scenario: &Arc<Scenario>,
    seed: u64,
    staging: Staging,
    options: &Options<'_>,
) -> Result<(World<Watch>, Director), RunError> {
    let chance = Chance::of_seed(seed);
    let starts = scenario.run.starts;
    let crypto = match scenario.run.crypto {
        scenario::Crypto::Fast => Crypto::Fast,
        scenario::Crypto::Real => Crypto::Real,
    };
    let cast = (staging.cast)(scenario, crypto, &chance, starts)?;
    let watch = Watch::new(scenario, crypto.chain(), options);
    let swarm = Swarm::new(scenario, &chance);
    let usual = swarm.link(link_of(&scenario.network.usual));
    let mut world = World::new(seed, starts, Links::new(usual), watch);
    let actors = (staging.actors)(&cast, scenario);
    let counters = counters(scenario, &actors);
    join(&mut world, scenario, actors, crypto, options)?;
    open_accounts(&mut world, &cast);
    set_disks(&mut world, scenario, &chance);
    set_links(&mut world, scenario, &swarm);
    let rules = swarm.rules(rules(scenario, starts, &chance));
    let replay = scenario.replay.as_ref();
    let followed = options
        .plan
        .clone()
        .or_else(|| Some(Plan::of(&replay?.plan)));
    let drawn = followed.is_none();
    let weather = match followed {
        Some(plan) => Weather::Planned(plan),
        None => Weather::Foul {
            crash_ppm: options.crash_ppm,
            down: (Span::millis(100), Span::seconds(20)),
            rules: rules.clone(),
        },
    };
    world.set_weather(weather);
    if options.points {
        world.note_points();
    }
    let scenario_of = Arc::clone(scenario);
    let mut director = Director::new(scenario_of, chance, staging.paper, cast.host, counters);
    if drawn {
        cut_by_the_clock(&mut world, &mut director, scenario, &rules, seed);
    }
    director.begin(&mut world);
    Ok((world, director))
}

/// The time of the scenario, then the quiet phase: faults stop, and everyone must finish.
fn play(
    world: &mut World<Watch>,
    director: &mut Director,
    scenario: &Scenario,
) -> Result<(), StoreError> {
    let starts = scenario.run.starts;
    director.play(world, starts.after(scenario.run.lasts), EVENTS_MAX);
    world.heal();
    let end = starts.after(scenario.ends());
    let over = director.play(world, end, EVENTS_MAX);
    rest(world, director, scenario, &over)
}

/// The quiet phase is over: everyone must be finished.
pub(super) fn rest(
    world: &mut World<Watch>,
    director: &Director,
    scenario: &Scenario,
    over: &Next,
) -> Result<(), StoreError> {
    let now = world.now();
    if world.counters.events > EVENTS_MAX {
        let actual = [format!("{EVENTS_MAX} events happened and it goes on")];
        let judge = &mut world.observer.judge;
        judge.failed(now, Class::Budget, "it ends", &actual);
    }
    let core = &scenario.run.core;
    let matters = |party: &Party| core.is_empty() || core.contains(&scenario.actor_of(party));
    let unfinished = world.unfinished()?.into_iter();
    let unfinished = unfinished.filter(|one| matters(&one.who));
    let mut waiting: Vec<_> = unfinished.map(|one| (one.order, one.to_string())).collect();
    let undone = director.undone();
    waiting.extend(undone.map(|step| (None, format!("step {} was not done", step.id))));
    if !waiting.is_empty() {
        let class = match over {
            Next::Empty => Class::Deadlock,
            _ if world.is_spinning() => Class::Livelock,
            _ => Class::Stuck,
        };
        let last = match class {
            Class::Deadlock => Some("nothing will happen any more"),
            Class::Livelock => Some("everyone is busy, and nobody comes further"),
            _ => None,
        };
        waiting.extend(last.map(|last| (None, last.to_owned())));
        world.observer.judge.stuck(now, class, &waiting);
    }
    Ok(())
}

pub(super) fn report(mut world: World<Watch>, seed: u64) -> Result<RunReport, RunError> {
    let now = world.now();
    let banks: Vec<Party> = world
        .parties()
        .filter(|party| party.kind == PartyKind::Bank)
        .collect();
    for bank in banks {
        let transfers: Vec<Transfer> = world.rows(&bank)?;
        let books = ledger::balances(transfers.iter());
        world.observer.judge.books_at_rest(bank.name, &books);
    }
    let outcome = world.observer.judge.finish(now);
    Ok(RunReport {
        seed,
        outcome,
        counters: world.counters,
        trace: world.trace(),
        heads: world.heads()?,
        plan: world.plan().clone(),
        points: world.points().to_vec(),
        lines: world.observer.trace.take().unwrap_or_default(),
        lasted: now.since(world.observer.starts()),
        journals: world.observer.journals.take().unwrap_or_default(),
    })
}

/// Everything of the scenario that goes wrong by itself: its faults, and the ways of its banks and
/// chips.
fn rules(scenario: &Scenario, starts: Time, chance: &Chance) -> Vec<Rule> {
    let faults = scenario.faults.iter();
    let faults = faults.filter_map(|fault| Rule::of(fault, starts, chance));
    let banks = scenario.banks.iter();
    let banks = banks.flat_map(|(name, bank)| Rule::of_answers(*name, bank.answers));
    let magic = scenario.banks.iter().filter(|(_, bank)| bank.magic);
    let magic = magic.flat_map(|(name, _)| Rule::of_magic(*name));
    let shops = scenario.merchants.iter();
    let shops = shops.filter_map(|(name, shop)| Rule::of_chip(*name, shop.chip));
    faults.chain(banks).chain(magic).chain(shops).collect()
}

fn cut_by_the_clock(
    world: &mut World<Watch>,
    director: &mut Director,
    scenario: &Scenario,
    rules: &[Rule],
    seed: u64,
) {
    for rule in rules {
        if let Some((actor, skew, from, until)) = rule.of_clock(DrawKey(mix(seed))) {
            let all: Vec<Party> = world.parties().collect();
            for party in all {
                if scenario.actor_of(&party) == actor {
                    director.cue(world, from, Cue::Clock(party, skew, Some(rule.id)));
                    if until < NEVER {
                        director.cue(world, until, Cue::Clock(party, Skew::NONE, None));
                    }
                }
            }
        }
        if let Some((at, actor, down)) = rule.by_the_clock(DrawKey(mix(seed))) {
            let all = world.parties();
            let parties: Vec<Party> = all
                .filter(|party| scenario.actor_of(party) == actor)
                .filter(|party| rule.strikes_kind(party.kind))
                .collect();
            for party in parties {
                director.cut(world, at, party, down, rule.id);
            }
        }
    }
}

fn link_of(link: &scenario::Link) -> Link {
    Link {
        least: link.latency.least,
        most: link.latency.most,
        tail: Span::ZERO,
        loss_ppm: link.loss.parts_per_million(),
        duplicate_ppm: link.duplicate.parts_per_million(),
        reorder_ppm: link.reorder.parts_per_million(),
        bandwidth: link.bandwidth,
    }
}

/// Sets the links that the scenario names, between parties that speak with each other.
fn set_links(world: &mut World<Watch>, scenario: &Scenario, swarm: &Swarm) {
    if scenario.network.links.is_empty() {
        return;
    }
    let parties: Vec<Party> = world.parties().collect();
    let server = |party: &Party| matches!(party.kind, PartyKind::Gateway | PartyKind::Bank);
    for from in &parties {
        for to in parties.iter().filter(|to| server(from) || server(to)) {
            let (a, b) = (scenario.actor_of(from), scenario.actor_of(to));
            let named = scenario.network.links.iter();
            if let Some((_, link)) = named.clone().find(|(route, _)| route.fits(a, b)) {
                world.links.set(*from, *to, swarm.link(link_of(link)));
            }
        }
    }
}

/// The counters of every terminal that is there.
fn counters(scenario: &Scenario, actors: &[Actor]) -> BTreeMap<Name, Counter> {
    let terminals = actors.iter().filter_map(|actor| match actor {
        Actor::Terminal(terminal) => Some(terminal),
        _ => None,
    });
    let counter = |party, printer| Counter::new(party, scenario.run.paper, printer);
    terminals
        .map(|terminal| {
            let printer = Profile::clone(&terminal.printer);
            (terminal.name, counter(terminal.me(), printer))
        })
        .collect()
}

/// Everybody joins the world, except chips that are not there, and begins.
fn join(
    world: &mut World<Watch>,
    scenario: &Scenario,
    actors: Vec<Actor>,
    crypto: Crypto,
    options: &Options<'_>,
) -> Result<(), StoreError> {
    for actor in actors {
        let party = actor.me();
        let belongs_to = scenario.actor_of(&party);
        let shop = scenario.merchants.get(&belongs_to);
        let absent = shop.is_some_and(|shop| shop.chip == scenario::Chip::Absent);
        if absent && party.kind == PartyKind::Chip {
            continue;
        }
        let store = match options.store {
            Some(open) => open(&actor, crypto.chain())?,
            None => Store::Memory(Box::new(Memory::new(crypto.chain()))),
        };
        world.join(actor, store);
        world.set_actor(&party, belongs_to);
    }
    world.begin();
    Ok(())
}

/// Accounts are opened before anything happens: no fault undoes that.
fn open_accounts(world: &mut World<Watch>, cast: &Cast) {
    for (bank, accounts) in &cast.banks {
        for account in accounts {
            let party = bank.me();
            world.local(&party, "open-account", Input::OpenAccount(account.clone()));
        }
    }
}

/// How long the servers' disks take, from here on.
fn set_disks(world: &mut World<Watch>, scenario: &Scenario, chance: &Chance) {
    let gateways = scenario.gateways.iter();
    let gateways = gateways.map(|(name, of)| (Party::new(PartyKind::Gateway, *name), of.fsync));
    let banks = scenario.banks.iter();
    let banks = banks.map(|(name, of)| (Party::new(PartyKind::Bank, *name), of.fsync));
    for (party, fsync) in gateways.chain(banks) {
        let key = party.to_string();
        world.set_fsync(&party, fsync.pick(chance, "fsync", key.as_bytes()));
    }
}

/// Whether a fault is one that the world can do.
pub(super) fn is_known(fault: &scenario::Fault) -> bool {
    let site = match fault.site {
        Site::Link(..) => fault.does.is_of_link(),
        Site::Party(_) => !fault.does.is_of_link(),
    };
    let of_printer = matches!(fault.does, FaultKind::PrinterJam | FaultKind::HalfPage);
    site && of_printer || Rule::of(fault, Time::from_nanos(0), &Chance::of_seed(0)).is_some()
}

//! A run's judge: facts, invariants and expectations in one hand.
//!
//! A driver tells it what is committed, what leaves and what breaks, in that order; at rest it asks
//! for the rest. The judge changes nothing and never stops a run: it says what failed, and the
//! driver decides whether to go on.

use super::expect::Expr;
use super::facts::{Facts, Truth};
use super::invariants::{Invariants, Violation};
use super::report::{Class, Failure, Outcome};
use super::schema::{Expect, ExpectKind, Mode, Scenario, Step};
use crate::id::{Name, OrderId, Party, Uid};
use crate::journal::{ChainKind, Entry, EventKind};
use crate::message::Message;
use crate::money::{Currency, Money};
use crate::text::Text;
use crate::time::Time;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How many events are remembered for the chain of a failure.
pub const REMEMBERED_MAX: usize = 4096;
/// How many lines a failure's chain has at most.
pub const CHAIN_LINES_MAX: usize = 12;
/// The most failures of one run.
pub const FAILURES_MAX: usize = 20;

/// The judge of one run.
#[derive(Clone, Debug)]
pub struct Judge {
    scenario: Arc<Scenario>,
    facts: Facts,
    invariants: Invariants,
    /// How many of its violations are among the failures.
    told: usize,
    watches: Vec<Watch>,
    /// Which expectations an event can change.
    by_event: BTreeMap<EventKind, Vec<usize>>,
    /// Those that something else than events can change.
    by_message: Vec<usize>,
    recent: VecDeque<Remembered>,
    events: BTreeMap<EventKind, u64>,
    fired: BTreeMap<Name, u64>,
    failures: Vec<Failure>,
    at: Time,
}

/// How an expectation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watch {
    expect: usize,
    /// Nothing more can be learned of it.
    settled: bool,
    /// It held once.
    met: bool,
}

/// An event, for the chain.
#[derive(Clone, Debug)]
struct Remembered {
    at: Time,
    party: Party,
    order: Option<OrderId>,
    uid: Option<Uid>,
    kind: EventKind,
    state: Option<Cow<'static, str>>,
    amount: Option<Money>,
    cause: Cow<'static, str>,
    from: Option<Party>,
}

impl Judge {
    /// A judge for a run in this mode. `chain` recomputes journals' hashes: see
    /// [`Invariants::new`].
    pub fn new(scenario: Arc<Scenario>, mode: Mode, chain: Option<ChainKind>) -> Self {
        let facts = Facts::new(&scenario);
        let off = scenario.off.iter().map(|off| off.name);
        let at = scenario.run.starts;
        let played = |expect: &Expect| expect.only_mode.is_none_or(|only| only == mode);
        let expects = scenario.expects.iter().enumerate();
        let watches: Vec<_> = expects
            .filter(|(_, expect)| played(expect))
            .map(|(expect, _)| Watch {
                expect,
                settled: false,
                met: false,
            })
            .collect();
        let mut judge = Self {
            invariants: Invariants::new(off, chain),
            facts,
            told: 0,
            watches,
            by_event: BTreeMap::new(),
            by_message: Vec::new(),
            recent: VecDeque::new(),
            events: BTreeMap::new(),
            fired: BTreeMap::new(),
            failures: Vec::new(),
            at,
            scenario,
        };
        judge.index();
        judge
    }

    fn index(&mut self) {
        for (index, watch) in self.watches.iter().enumerate() {
            let expect = &self.scenario.expects[watch.expect];
            if expect.kind == ExpectKind::AtEnd {
                continue;
            }
            for query in expect.that.queries() {
                match query.events() {
                    Some(kinds) => {
                        for kind in kinds {
                            self.by_event.entry(kind).or_default().push(index);
                        }
                    }
                    None => self.by_message.push(index),
                }
            }
        }
    }

    /// When the story began.
    pub fn starts(&self) -> Time {
        self.scenario.run.starts
    }

    /// The facts so far.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The model behind the invariants: what is not over.
    pub const fn invariants(&self) -> &Invariants {
        &self.invariants
    }

    /// What failed so far, in the order in which it did.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Whether an expression of the scenario holds now: for steps that wait.
    pub fn truth(&self, expr: &Expr) -> Truth {
        self.facts.truth(expr)
    }

    /// An order number of the file is the receipt of this uid: see [`Facts::printed`].
    pub fn printed(&mut self, receipt: &Text, uid: Uid) {
        self.facts.printed(receipt, uid);
    }

    /// A journal line was committed.
    pub fn observe(&mut self, party: &Party, entry: &Entry) {
        self.observe_at(entry.at, party, entry);
    }

    /// The same, at an instant that the party's own clock does not know.
    pub fn observe_at(&mut self, at: Time, party: &Party, entry: &Entry) {
        self.at = self.at.max(at);
        let event = &entry.event;
        *self.events.entry(event.kind).or_default() += 1;
        if self.recent.len() == REMEMBERED_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Remembered {
            at,
            party: *party,
            order: event.order,
            uid: event.uid,
            kind: event.kind,
            state: event.state.clone(),
            amount: event.amount,
            cause: entry.cause.what.clone(),
            from: entry.cause.from,
        });
        self.facts.observe_at(at, party, entry);
        self.invariants.observe_at(at, party, entry);
        self.tell();
        let touched = self.by_event.get(&event.kind).cloned().unwrap_or_default();
        touched
            .into_iter()
            .for_each(|index| self.look(index, event.order));
    }

    /// A message left, after the lines of its commit.
    pub fn sent(&mut self, at: Time, from: &Party, to: &Party, message: &Message) {
        self.at = self.at.max(at);
        self.facts.sent(from, to);
        self.invariants.released(at, from, to, message);
        self.tell();
        self.look_beside(message.order());
    }

    /// A fault happened.
    pub fn fault_fired(&mut self, at: Time, id: Name) {
        self.at = self.at.max(at);
        *self.fired.entry(id).or_default() += 1;
        self.facts.fault_fired(id);
        self.look_beside(None);
    }

    /// An attack came to an end.
    pub fn attack_ended(&mut self, at: Time, id: Name, outcome: Text) {
        self.at = self.at.max(at);
        self.facts.attack_ended(id, outcome);
        self.look_beside(None);
    }

    fn look_beside(&mut self, order: Option<OrderId>) {
        if self.by_message.is_empty() {
            return;
        }
        let touched = self.by_message.clone();
        touched
            .into_iter()
            .for_each(|index| self.look(index, order));
    }

    /// Takes over what the invariants found.
    fn tell(&mut self) {
        while let Some(violation) = self.invariants.violations().get(self.told).cloned() {
            self.told += 1;
            let failure = self.of_violation(&violation);
            self.fail(failure);
        }
    }

    fn of_violation(&self, found: &Violation) -> Failure {
        let place = match found.entry {
            Some((lane, seq)) => format!("{}, line {seq} of lane {lane}", found.party),
            None => found.party.to_string(),
        };
        Failure {
            class: Class::Invariant,
            property: found.invariant.word().to_owned(),
            why: Text::clean(found.invariant.says()),
            mark: None,
            at: found.at,
            place,
            expected: found.expected.clone(),
            actual: found.actual.clone(),
            chain: self.chain(found.order),
        }
    }

    /// Looks at one expectation after something that can have changed it.
    fn look(&mut self, index: usize, order: Option<OrderId>) {
        let watch = self.watches[index];
        if watch.settled {
            return;
        }
        let scenario = Arc::clone(&self.scenario);
        let expect = &scenario.expects[watch.expect];
        let truth = self.facts.truth(&expect.that);
        match (expect.kind, truth.holds) {
            (ExpectKind::Always, Some(false)) | (ExpectKind::Never, Some(true)) => {
                self.watches[index].settled = true;
                self.disappointed(expect, &truth, order);
            }
            (ExpectKind::Sometimes, Some(true)) => self.watches[index].met = true,
            (ExpectKind::Eventually, Some(true)) => {
                let late = expect
                    .by
                    .is_some_and(|by| self.at > scenario.run.starts.after(by));
                if !late {
                    self.watches[index].met = true;
                    self.watches[index].settled = true;
                }
            }
            _ => {}
        }
    }

    fn disappointed(&mut self, expect: &Expect, truth: &Truth, order: Option<OrderId>) {
        let by = expect.by.map(|by| format!(" by {by}")).unwrap_or_default();
        let failure = Failure {
            class: Class::Expectation,
            property: expect.that.text.to_string(),
            why: expect.why.clone(),
            mark: Some(expect.mark),
            at: self.at,
            place: expect.kind.to_string(),
            expected: format!("{}{by}: {}", expect.kind, expect.that.text),
            actual: match (expect.kind, truth.holds) {
                (ExpectKind::Eventually, Some(true)) => format!("{}, too late", actual(truth)),
                _ => actual(truth),
            },
            chain: self.chain(order),
        };
        self.fail(failure);
    }

    /// A step could not be done, or what it waited for or checked does not hold.
    pub fn step_failed(&mut self, at: Time, step: &Step, expr: Option<&Expr>, actual: &str) {
        self.at = self.at.max(at);
        let found = expr.map(|expr| self::actual(&self.facts.truth(expr)));
        let verb = step.act.verb();
        let failure = Failure {
            class: Class::Expectation,
            property: format!("step {}", step.id),
            why: Text::default(),
            mark: Some(step.mark),
            at: self.at,
            place: format!("step {}", step.id),
            expected: expr
                .map_or_else(|| verb.to_string(), |expr| format!("{verb}: {}", expr.text)),
            actual: found.map_or_else(|| actual.to_owned(), |found| format!("{found} ({actual})")),
            chain: self.chain(None),
        };
        self.fail(failure);
    }

    /// The run did not come to an end of its own: who waits for whom, since when, and for each
    /// order the last thing that happened to it.
    pub fn stuck(&mut self, at: Time, class: Class, waiting: &[(Option<OrderId>, String)]) {
        let said = waiting.iter().map(|(order, who)| {
            let last = order.and_then(|order| self.last_of(order));
            last.map_or_else(|| who.clone(), |last| format!("{who}; last {last}"))
        });
        let said: Vec<String> = said.collect();
        self.failed(at, class, "everyone finishes", &said);
    }

    /// The last line about an order.
    fn last_of(&self, order: OrderId) -> Option<String> {
        let mut newest = self.recent.iter().rev();
        let last = newest.find(|seen| seen.order == Some(order))?;
        Some(self.line(last))
    }

    /// Something that is no property: a panic, or a budget that was used up.
    pub fn failed(&mut self, at: Time, class: Class, property: &str, actual: &[String]) {
        self.at = self.at.max(at);
        let order = self
            .invariants
            .unfinished()
            .first()
            .map(|first| first.order);
        let failure = Failure {
            class,
            property: property.to_owned(),
            why: Text::default(),
            mark: None,
            at: self.at,
            place: "the run".to_owned(),
            expected: property.to_owned(),
            actual: actual.join("; "),
            chain: self.chain(order),
        };
        self.fail(failure);
    }

    fn fail(&mut self, failure: Failure) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(failure);
        }
    }

    /// A bank's balances, as its store has them at rest.
    pub fn books_at_rest(&mut self, bank: Name, books: &BTreeMap<(Text, Currency), Money>) {
        self.invariants.books_at_rest(bank, books);
        self.tell();
    }

    /// Everything is over: all that is checked at rest and at the end. Gives the outcome.
    pub fn finish(&mut self, at: Time) -> Outcome {
        self.at = self.at.max(at);
        self.invariants.at_rest();
        self.tell();
        let scenario = Arc::clone(&self.scenario);
        for index in 0..self.watches.len() {
            self.look(index, None);
            let watch = self.watches[index];
            let expect = &scenario.expects[watch.expect];
            let truth = self.facts.truth(&expect.that);
            let failed = match expect.kind {
                ExpectKind::AtEnd => truth.holds != Some(true),
                ExpectKind::Eventually => !watch.met,
                ExpectKind::Always | ExpectKind::Never | ExpectKind::Sometimes => false,
            };
            if failed && !watch.settled {
                self.watches[index].settled = true;
                self.disappointed(expect, &truth, None);
            }
        }
        let met = self.watches.iter().filter(|watch| watch.met);
        let reached: BTreeSet<usize> = met.map(|watch| watch.expect).collect();
        Outcome {
            failures: self.failures.clone(),
            reached,
            events: self.events.clone(),
            steps: self.invariants.reached(),
            fired: self.fired.clone(),
            ended: self.at,
        }
    }

    /// The last events of an order (of everything, when there is none), oldest first.
    fn chain(&self, order: Option<OrderId>) -> Vec<String> {
        let uid = order.and_then(|id| {
            let mut all = self.recent.iter().rev();
            all.find(|seen| seen.order == Some(id) && seen.uid.is_some())?
                .uid
        });
        let of_order = |seen: &&Remembered| {
            order.is_none() || seen.order == order || (uid.is_some() && seen.uid == uid)
        };
        let newest = self
            .recent
            .iter()
            .rev()
            .filter(of_order)
            .take(CHAIN_LINES_MAX);
        let mut lines: Vec<_> = newest.map(|seen| self.line(seen)).collect();
        lines.reverse();
        lines
    }

    fn line(&self, seen: &Remembered) -> String {
        let since = seen.at.since(self.scenario.run.starts);
        let state = seen.state.as_ref().map(|state| format!(" {state}"));
        let amount = seen.amount.map(|amount| format!(" {amount}"));
        let from = seen.from.map(|from| format!(" from {from}"));
        let (state, amount) = (state.unwrap_or_default(), amount.unwrap_or_default());
        let (party, kind, cause) = (seen.party, seen.kind, &seen.cause);
        let from = from.unwrap_or_default();
        format!("+{since} {party} {kind}{state}{amount} by {cause}{from}")
    }
}

fn actual(truth: &Truth) -> String {
    match (&truth.left, &truth.right) {
        (Some(left), Some(right)) => format!("{left} beside {right}"),
        (Some(left), None) => left.to_string(),
        (None, _) => "nothing measured".to_owned(),
    }
}

//! The director: a scenario's steps, in virtual time.

use super::counter::{Coded, Counter};
use super::plan::Moment;
use super::printers;
use super::watch::{IDLE_LOOKS, Watch};
use super::world::{Next, World};
use crate::chance::Chance;
use crate::code::link;
use crate::code::sealed::Blob;
use crate::id::{Name, Party};
use crate::message::CodeHash;
use crate::order::Reason;
use crate::receipt::write::Draft;
use crate::roles::Effect;
use crate::roles::bank::Magic;
use crate::scenario::expect::Expr;
use crate::scenario::{Act, Chip, Merchant, Range, Scenario, Skew, Start, Step, Via, Visit};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How long a shop waits for a code before it prints the receipt again.
const PRINT_AGAIN: Span = Span::seconds(4);
/// How long a customer whose phone did not take what they did waits before they do it again.
const DO_AGAIN: Span = Span::seconds(2);
/// How often a shop prints one receipt, the first time included.
const PRINTS_MAX: u32 = 40;

/// A step's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Ahead,
    Running,
    Done,
}

/// What is due.
#[derive(Clone, Debug)]
pub(super) enum Cue {
    Step(usize),
    /// A wait's time is over.
    Over(usize),
    /// A receipt has no code yet, perhaps.
    Print(Text),
    Desk(Name),
    Cut(Party, Span, Name),
    Clock(Party, Skew, Option<Name>),
    Visit(usize),
    /// A member of a crowd scans.
    Visitor(usize),
    /// A customer scans the same again.
    Again(Name, Text),
    /// A customer leaves, or changes their mind.
    Leave(Name, Text, Reason),
    Attack(usize),
    /// What became of an attack on this customer's phone.
    Verdict(usize, Name, CodeHash),
}

/// A receipt of the story.
#[derive(Clone)]
pub(super) struct Receipt {
    pub(super) shop: Name,
    till: Name,
    pub(super) draft: Draft,
    /// The code on paper, once it came out.
    pub(super) code: Option<(String, Blob)>,
    pub(super) prints: u32,
    /// The steps that are done when the code is out.
    steps: Vec<usize>,
    /// The steps that go on when it is.
    pub(super) then: Vec<usize>,
    /// The visit that it is of.
    visit: Option<usize>,
}

/// What a till prints for a step.
pub(super) type PaperOf = fn(&Merchant, &Act, &Chance) -> Option<Draft>;

/// Plays a scenario's steps.
#[derive(Clone)]
pub(super) struct Director {
    pub(super) scenario: Arc<Scenario>,
    pub(super) chance: Chance,
    pub(super) paper_of: PaperOf,
    pub(super) host: String,
    pub(super) progress: Vec<Progress>,
    visits: Vec<Visit>,
    cues: Vec<Cue>,
    counters: BTreeMap<Name, Counter>,
    pub(super) receipts: BTreeMap<Text, Receipt>,
    /// Counters with another shop's code glued on.
    pub(super) stickers: BTreeMap<Name, Name>,
    /// How often each fault of a printer happened.
    pub(super) torn: BTreeMap<Name, u32>,
}

impl Director {
    pub(super) fn new(
        scenario: Arc<Scenario>,
        chance: Chance,
        paper_of: PaperOf,
        host: String,
        counters: BTreeMap<Name, Counter>,
    ) -> Self {
        let loads = scenario.loads.iter();
        let visits = loads.flat_map(|load| scenario.visits(load, &chance));
        Self {
            visits: visits.collect(),
            progress: vec![Progress::Ahead; scenario.steps.len()],
            scenario,
            chance,
            paper_of,
            host,
            cues: Vec::new(),
            counters,
            receipts: BTreeMap::new(),
            stickers: BTreeMap::new(),
            torn: BTreeMap::new(),
        }
    }

    /// Cues everything that does not wait for anything.
    pub(super) fn begin(&mut self, world: &mut World<Watch>) {
        let starts = world.now();
        for at in 0..self.progress.len() {
            if let Start::At(after) = self.scenario.steps[at].start {
                let after = self.pick(after, "at", at);
                self.cue(world, starts.after(after), Cue::Step(at));
            }
        }
        self.cue_attacks(world);
        for at in 0..self.visits.len() {
            let after = self.visits[at].at;
            self.cue(world, starts.after(after), Cue::Visit(at));
        }
    }

    /// Power fails by the clock.
    pub(super) fn cut(
        &mut self,
        world: &mut World<Watch>,
        at: Time,
        party: Party,
        down: Span,
        rule: Name,
    ) {
        self.cue(world, at, Cue::Cut(party, down, rule));
    }

    /// Plays on until `until`, or until nothing happens any more.
    pub(super) fn play(&mut self, world: &mut World<Watch>, until: Time, events_max: u64) -> Next {
        let mut looked = 0;
        loop {
            let next = world.advance(until);
            if let Some(over) = self.on(world, Some(next)) {
                return over;
            }
            let look = world.observer.idle.0 / IDLE_LOOKS;
            let spinning = look > looked && world.is_healed();
            looked = look;
            if world.counters.events > events_max || (spinning && world.is_spinning()) {
                return Next::Until;
            }
        }
    }

    /// Sees to what has to be seen to; gives it back when nothing happens any more.
    pub(super) fn on(&mut self, world: &mut World<Watch>, next: Option<Next>) -> Option<Next> {
        match next {
            Some(Next::Cue(cue)) => self.on_cue(world, cue),
            Some(Next::Effect(party, effect)) => self.on_effect(world, &party, &effect),
            Some(Next::Look) | None => {}
            over => return over,
        }
        self.look(world);
        None
    }

    /// How far the story is.
    pub(super) fn number(&self, hash: &mut impl Hasher) {
        for progress in &self.progress {
            (*progress as u8).hash(hash);
        }
        for (label, receipt) in &self.receipts {
            (label.as_str(), receipt.code.is_some(), receipt.prints).hash(hash);
        }
    }

    /// The steps that were not done.
    pub(super) fn undone(&self) -> impl Iterator<Item = &Step> {
        let steps = self.scenario.steps.iter().zip(&self.progress);
        let undone = steps.filter(|(_, progress)| **progress != Progress::Done);
        undone.map(|(step, _)| step)
    }

    pub(super) fn pick(&self, range: Range<Span>, purpose: &str, step: usize) -> Span {
        let id = self.scenario.steps[step].id;
        range.pick(&self.chance, purpose, id.as_str().as_bytes())
    }

    pub(super) fn cue(&mut self, world: &mut World<Watch>, at: Time, cue: Cue) {
        let number = u32::try_from(self.cues.len()).unwrap_or(u32::MAX);
        self.cues.push(cue);
        world.cue(at, number);
    }

    fn on_cue(&mut self, world: &mut World<Watch>, cue: u32) {
        let Some(cue) = self.cues.get(cue as usize).cloned() else {
            return;
        };
        match cue {
            Cue::Step(step) => self.step(world, step),
            Cue::Over(step) => {
                if self.progress[step] == Progress::Running {
                    self.fail(world, step, "it did not become true in time");
                    self.done(world, step);
                }
            }
            Cue::Print(receipt) => self.print(world, &receipt),
            Cue::Desk(till) => {
                if let Some(counter) = self.counters.get_mut(&till) {
                    counter.wake(world);
                }
                self.wake_desk(world, till);
            }
            Cue::Cut(party, down, rule) => world.cut_power(&party, down, Some(rule)),
            Cue::Clock(party, skew, rule) => world.set_clock(&party, skew, rule),
            Cue::Visit(at) => self.visit(world, at),
            Cue::Visitor(at) => {
                let visit = &self.visits[at];
                let (who, receipt) = (visit.customer, visit.receipt.clone());
                let expects = self.expects(&receipt, visit.merchant, None);
                match self.scan(world, Some(who), &receipt, Via::App, expects) {
                    Some(true) => self.behave(world, Some(who), &receipt),
                    Some(false) => {
                        let soon = world.now().after(DO_AGAIN);
                        self.cue(world, soon, Cue::Visitor(at));
                    }
                    None => {}
                }
            }
            Cue::Again(who, receipt) => {
                let shop = self.receipts.get(&receipt).map(|receipt| receipt.shop);
                let expects = shop.map(|shop| self.expects(&receipt, shop, None));
                let expects = expects.unwrap_or_default();
                self.scan(world, Some(who), &receipt, Via::App, expects);
            }
            Cue::Leave(who, receipt, why) => {
                self.answer(world, Some(who), &receipt, Some(why));
            }
            Cue::Attack(at) => self.attack(world, at),
            Cue::Verdict(at, who, code) => self.verdict(world, at, who, code),
        }
    }

    /// Steps that wait for something: it may have come true.
    fn look(&mut self, world: &mut World<Watch>) {
        if !world.observer.awaited {
            return;
        }
        let mut awaited = false;
        for step in 0..self.progress.len() {
            let Act::Wait { until, .. } = &self.scenario.steps[step].act else {
                continue;
            };
            if self.progress[step] != Progress::Running {
                continue;
            }
            if world.observer.judge.truth(until).holds == Some(true) {
                self.done(world, step);
            } else {
                awaited = true;
            }
        }
        world.observer.awaited = awaited || self.is_waiting();
    }

    fn is_waiting(&self) -> bool {
        let steps = self.scenario.steps.iter().zip(&self.progress);
        steps.into_iter().any(|(step, progress)| {
            matches!(step.act, Act::Wait { .. }) && *progress == Progress::Running
        })
    }

    pub(super) fn done(&mut self, world: &mut World<Watch>, step: usize) {
        if self.progress[step] == Progress::Done {
            return;
        }
        self.progress[step] = Progress::Done;
        let id = self.scenario.steps[step].id;
        self.attacks_after(world, id);
        for next in 0..self.progress.len() {
            if let Start::After(of, wait) = self.scenario.steps[next].start
                && of == id
            {
                let wait = self.pick(wait, "wait", next);
                let at = world.now().after(wait);
                self.cue(world, at, Cue::Step(next));
            }
        }
    }

    pub(super) fn fail(&self, world: &mut World<Watch>, step: usize, why: &str) {
        let step = &self.scenario.steps[step];
        let expr: Option<&Expr> = match &step.act {
            Act::Wait { until, .. } => Some(until),
            Act::Check { that } => Some(that),
            _ => None,
        };
        let now = world.now();
        world.observer.judge.step_failed(now, step, expr, why);
    }

    /// What damaged paper does not give is paid in another way, out of this story.
    fn nothing_to_scan(&mut self, world: &mut World<Watch>, at: usize) {
        if !self.scenario.run.paper.is_damaged() {
            self.fail(world, at, "there is no code to scan");
        }
        self.done(world, at);
    }

    fn step(&mut self, world: &mut World<Watch>, at: usize) {
        if self.progress[at] != Progress::Ahead {
            return;
        }
        self.progress[at] = Progress::Running;
        let scenario = Arc::clone(&self.scenario);
        let step = &scenario.steps[at];
        match &step.act {
            Act::Print { receipt, till, .. } => return self.first_print(world, at, receipt, *till),
            Act::Reprint { receipt, .. } => self.reprint(world, receipt),
            Act::Scan {
                receipt,
                via,
                counter,
                amount,
            } => {
                if self.hold_out(world, at, *counter, receipt, *amount) {
                    return;
                }
                let expects = self.expects(receipt, *counter, *amount);
                let Some(taken) = self.scan(world, step.who, receipt, *via, expects) else {
                    return self.nothing_to_scan(world, at);
                };
                if !taken {
                    return self.again(world, at);
                }
                self.behave(world, step.who, receipt);
            }
            Act::Confirm { receipt } => {
                if self.answer(world, step.who, receipt, None) == Some(false) {
                    return self.again(world, at);
                }
            }
            Act::Decline { receipt } => {
                if self.answer(world, step.who, receipt, Some(Reason::PayerDeclined)) == Some(false)
                {
                    return self.again(world, at);
                }
            }
            Act::Cancel { receipt } => {
                if self.cancel(world, receipt) == Some(false) {
                    return self.again(world, at);
                }
            }
            Act::Restart { down_for, disk } => {
                let down = self.pick(*down_for, "down-for", at);
                let moment = Moment::of_disk(*disk);
                for party in self.parties_of(world, step.who) {
                    world.restart(&party, down, moment);
                }
            }
            Act::Advance { by } => {
                self.progress[at] = Progress::Ahead;
                return self.pass(world, at, *by);
            }
            Act::Check { that } => {
                if world.observer.judge.truth(that).holds != Some(true) {
                    self.fail(world, at, "it does not hold now");
                }
            }
            Act::Wait { until, at_most } => {
                if world.observer.judge.truth(until).holds != Some(true) {
                    world.observer.awaited = true;
                    let over = world.now().after(*at_most);
                    return self.cue(world, over, Cue::Over(at));
                }
            }
            Act::Refund { .. } => self.fail(world, at, "no role gives money back yet"),
        }
        self.done(world, at);
    }

    /// The device did not take what a person did: they do it again.
    fn again(&mut self, world: &mut World<Watch>, at: usize) {
        self.progress[at] = Progress::Ahead;
        let soon = world.now().after(DO_AGAIN);
        self.cue(world, soon, Cue::Step(at));
    }

    /// Virtual time passes by itself: the step is done when it has.
    fn pass(&mut self, world: &mut World<Watch>, at: usize, by: Span) {
        self.progress[at] = Progress::Done;
        let id = self.scenario.steps[at].id;
        for next in 0..self.progress.len() {
            if let Start::After(of, wait) = self.scenario.steps[next].start
                && of == id
            {
                let wait = self.pick(wait, "wait", next);
                let at = world.now().after(by).after(wait);
                self.cue(world, at, Cue::Step(next));
            }
        }
    }

    fn parties_of(&self, world: &World<Watch>, actor: Option<Name>) -> Vec<Party> {
        let all = world.parties();
        all.filter(|party| Some(self.scenario.actor_of(party)) == actor)
            .collect()
    }

    fn first_print(&mut self, world: &mut World<Watch>, at: usize, receipt: &Text, till: u16) {
        let scenario = Arc::clone(&self.scenario);
        let step = &scenario.steps[at];
        let shop = step
            .who
            .and_then(|who| Some((who, scenario.merchants.get(&who)?)));
        let made = shop.and_then(|(name, merchant)| {
            let till = merchant.till_name(name, till)?;
            let draft = (self.paper_of)(merchant, &step.act, &self.chance)?;
            Some((name, till, draft))
        });
        let Some((shop, till, draft)) = made else {
            self.fail(world, at, "no till prints this");
            return self.done(world, at);
        };
        self.begin_receipt(receipt, (shop, till), draft, vec![at], None);
        self.print(world, receipt);
    }

    pub(super) fn begin_receipt(
        &mut self,
        label: &Text,
        (shop, till): (Name, Name),
        draft: Draft,
        steps: Vec<usize>,
        visit: Option<usize>,
    ) {
        let receipt = Receipt {
            shop,
            till,
            draft,
            code: None,
            prints: 0,
            steps,
            then: Vec::new(),
            visit,
        };
        self.receipts.insert(label.clone(), receipt);
    }

    /// A member of a crowd buys: the till prints, and they scan a little later.
    fn visit(&mut self, world: &mut World<Watch>, at: usize) {
        let visit = self.visits[at].clone();
        let scenario = Arc::clone(&self.scenario);
        let act = Act::Print {
            receipt: visit.receipt.clone(),
            amount: Range {
                least: visit.amount,
                most: visit.amount,
            },
            items: Vec::new(),
            till: visit.till,
            own: None,
        };
        let shop = scenario.merchants.get(&visit.merchant);
        let made = shop.and_then(|merchant| {
            let till = merchant.till_name(visit.merchant, visit.till)?;
            Some((till, (self.paper_of)(merchant, &act, &self.chance)?))
        });
        if let Some((till, draft)) = made {
            let place = (visit.merchant, till);
            self.begin_receipt(&visit.receipt, place, draft, Vec::new(), Some(at));
            self.print(world, &visit.receipt);
        }
    }

    /// Prints a receipt, and again after a while if no code came out, as a person would.
    pub(super) fn print(&mut self, world: &mut World<Watch>, label: &Text) {
        let Some(receipt) = self.receipts.get_mut(label) else {
            return;
        };
        if receipt.code.is_some() {
            return;
        }
        let chip = self.scenario.merchants.get(&receipt.shop).map(|m| m.chip);
        let most = if chip == Some(Chip::Ok) {
            PRINTS_MAX
        } else {
            1
        };
        if receipt.prints >= most {
            let mut steps = std::mem::take(&mut receipt.steps);
            steps.append(&mut receipt.then);
            return steps.into_iter().for_each(|step| self.done(world, step));
        }
        receipt.prints += 1;
        let till = receipt.till;
        let prints = !printers::is_offline(&self.scenario, receipt.shop, world.now());
        if let (true, Some(counter)) = (prints, self.counters.get_mut(&till)) {
            counter.print(world, label, &receipt.draft);
        }
        let again = world.now().after(PRINT_AGAIN);
        self.cue(world, again, Cue::Print(label.clone()));
        self.wake_desk(world, till);
    }

    fn reprint(&mut self, world: &mut World<Watch>, label: &Text) {
        if let Some(receipt) = self.receipts.get(label) {
            let till = receipt.till;
            if let Some(counter) = self.counters.get_mut(&till) {
                counter.print(world, label, &receipt.draft);
            }
            self.wake_desk(world, till);
        }
    }

    fn wake_desk(&mut self, world: &mut World<Watch>, till: Name) {
        let next = self.counters.get(&till).and_then(Counter::next_wake);
        if let Some(next) = next {
            self.cue(world, next.max(world.now()), Cue::Desk(till));
        }
    }

    fn on_effect(&mut self, world: &mut World<Watch>, party: &Party, effect: &Effect) {
        let Some(counter) = self.counters.get_mut(&party.name) else {
            return;
        };
        let coded = counter.effect(world, effect);
        if let Some(Coded { receipt, link }) = coded
            && !self.is_torn(world, &receipt)
        {
            self.coded(world, &receipt, link);
        }
        self.wake_desk(world, party.name);
    }

    /// A receipt has its code.
    fn coded(&mut self, world: &mut World<Watch>, label: &Text, text: String) {
        let host = self.host.clone();
        let Some(receipt) = self.receipts.get_mut(label) else {
            return;
        };
        if let Ok(read) = link::parse(&text, |found| found == host) {
            world.label(&read.blob, label.clone());
            if let Some(magic) = Magic::of(receipt.draft.total()) {
                world.enchant(&read.blob, magic);
            }
            receipt.code = Some((text, read.blob));
        }
        let visit = receipt.visit.take();
        let steps = std::mem::take(&mut receipt.steps);
        let then = std::mem::take(&mut receipt.then);
        steps.into_iter().for_each(|step| self.done(world, step));
        then.into_iter().for_each(|step| self.again(world, step));
        if let Some(visit) = visit {
            let at = world.now().after(self.visits[visit].scans_in);
            self.cue(world, at, Cue::Visitor(visit));
        }
    }
}

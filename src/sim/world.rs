//! The world: what happens next, and to whom.

use super::draw::{DrawKey, Purpose, mix, of_bytes};
use super::link::Links;
use super::member::{Member, NEVER, Origin, Store};
use super::observer::{Does, Observer, Step};
use super::plan::{Moment, Plan, What};
use super::queue::Queue;
use super::subject::{Drawn, Subjects};
use super::travel::Arrival;
use super::weather::Sky;
use crate::chance::Chance;
use crate::code::sealed::Blob;
use crate::id::{Name, Party};
use crate::message::MessageKind;
use crate::order::Reason;
use crate::roles::bank::Magic;
use crate::roles::{Actor, Done, Effect, Outputs, Role, Taken};
use crate::scenario::Skew;
use crate::store::StoreError;
use crate::text::Text;
use crate::time::{Span, Time};
use hashbrown::HashMap;
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::hash::BuildHasherDefault;

/// The most timers that are taken from a store at once.
const DUE_MAX: usize = 64;

/// What the driver of a world has to see to.
#[derive(Debug)]
pub enum Next {
    /// A cue that it set is due.
    Cue(u32),
    /// A party's device is to do something.
    Effect(Party, Effect),
    /// The observer wants the driver to look.
    Look,
    /// The instant given has come.
    Until,
    /// Nothing will ever happen again by itself.
    Empty,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events taken from the queue.
    pub events: u64,
    /// Inputs handled.
    pub handles: u64,
    /// Messages that left.
    pub messages: u64,
    /// Messages that reached nobody: lost, or their addressee was down or in another life.
    pub lost: u64,
    /// How often each kind of message about a receipt was said again, by its place in
    /// [`MessageKind::ALL`].
    pub again: [u64; MessageKind::ALL.len()],
    /// Power failures.
    pub crashes: u64,
    /// Stores that failed by themselves.
    pub store_errors: u64,
}

impl Counters {
    /// Adds another run's.
    pub(super) const fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.handles += other.handles;
        self.messages += other.messages;
        self.lost += other.lost;
        let mut kind = 0;
        while kind < self.again.len() {
            self.again[kind] += other.again[kind];
            kind += 1;
        }
        self.crashes += other.crashes;
        self.store_errors += other.store_errors;
    }
}

#[derive(Clone)]
pub(super) enum Happening {
    Arrival(Arrival),
    Wake { who: usize },
    Flush { who: usize, life: u32 },
    Restart { who: usize, life: u32 },
    Cut(Party, Span, Option<Name>),
    Clock(Party, Skew, Option<Name>),
    Cue(u32),
}

/// Parties, their links, and a clock that jumps. The parties are the network's actors, or of any
/// other role.
pub struct World<O, R: Role = Actor> {
    /// Whoever watches.
    pub observer: O,
    /// The links.
    pub links: Links,
    /// What the run did so far.
    pub counters: Counters,
    pub(super) members: Vec<Member<R>>,
    pub(super) now: Time,
    pub(super) seed: DrawKey,
    pub(super) chance: Chance,
    pub(super) sky: Sky,
    pub(super) queue: Queue<Happening>,
    pub(super) index: HashMap<Party, usize, BuildHasherDefault<SipHasher13>>,
    pub(super) subjects: Subjects,
    pub(super) counts: Drawn<u64, u32>,
    pub(super) effects: VecDeque<(Party, Effect)>,
    pub(super) plan: Plan,
    pub(super) points: Vec<(DrawKey, What)>,
    /// Every message that left, while commits are noted.
    pub(super) sent: Vec<(DrawKey, What)>,
    pub(super) noting: bool,
    pub(super) trace: u64,
    /// How many inputs were handled: the numbers of the trace's lines.
    pub(super) lines: u64,
    /// The line of the input that is being handled.
    pub(super) current: u64,
}

impl<O: Observer> World<O> {
    /// One of the network's actors joins. A wallet is known to be of its bank's app.
    pub fn join(&mut self, actor: Actor, store: Store) {
        let bank = match &actor {
            Actor::Wallet(wallet) => Some(wallet.bank),
            _ => None,
        };
        self.host(actor, bank, store);
    }
}

impl<O: Observer, R: Role> World<O, R> {
    /// An empty world that begins at `starts`, in fair weather.
    pub fn new(seed: u64, starts: Time, links: Links, observer: O) -> Self {
        Self {
            observer,
            links,
            counters: Counters::default(),
            members: Vec::new(),
            now: starts,
            seed: DrawKey(mix(seed)),
            chance: Chance::of_seed(seed),
            sky: Sky::Fair,
            queue: Queue::new(),
            index: HashMap::default(),
            subjects: Subjects::default(),
            counts: Drawn::default(),
            effects: VecDeque::new(),
            plan: Plan::default(),
            points: Vec::new(),
            sent: Vec::new(),
            noting: false,
            trace: 0,
            lines: 0,
            current: 0,
        }
    }

    /// A party of any kind joins, one of a bank's apps if it says so.
    pub fn host(&mut self, role: R, bank: Option<Name>, store: Store) {
        let member = Member::new(role, bank, store, &self.chance);
        let who = self.members.len();
        self.index.insert(member.party, who);
        self.members.push(member);
    }

    /// The same world once more; nothing when a party keeps its rows elsewhere than in memory.
    pub(super) fn fork(&self) -> Option<Self>
    where
        O: Clone,
    {
        let members = self.members.iter().map(Member::fork);
        Some(Self {
            observer: self.observer.clone(),
            links: self.links.clone(),
            members: members.collect::<Option<_>>()?,
            chance: self.chance.clone(),
            sky: self.sky.clone(),
            queue: self.queue.clone(),
            index: self.index.clone(),
            subjects: self.subjects.clone(),
            counts: self.counts.clone(),
            effects: self.effects.clone(),
            plan: self.plan.clone(),
            points: self.points.clone(),
            sent: self.sent.clone(),
            ..*self
        })
    }

    /// Everyone starts, when all have joined.
    pub fn begin(&mut self) {
        (0..self.members.len()).for_each(|who| self.start(who));
    }

    /// A party's disk takes this long for a commit; what arrives meanwhile shares the next one.
    pub fn set_fsync(&mut self, party: &Party, fsync: Span) {
        if let Some(&who) = self.index.get(party) {
            self.members[who].fsync = fsync;
        }
    }

    /// The instant that it is.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// What a party's clock shows.
    pub fn clock_of(&self, party: &Party) -> Time {
        let who = self.index.get(party);
        who.map_or(self.now, |&who| self.members[who].skew.shows(self.now))
    }

    /// [`advance`](Self::advance) returns this cue at that instant.
    pub fn cue(&mut self, at: Time, cue: u32) {
        let tie = self.seed.with(u64::from(cue)).draw(Purpose::Tie);
        self.queue.push(at, tie, Happening::Cue(cue));
    }

    /// Something happens at a party's own side, now: a person, a device. Says whether the party
    /// took it: not while it is down, nor when its power fails before the commit.
    pub fn local(&mut self, party: &Party, what: &'static str, input: impl Into<R::Input>) -> bool {
        let Some(&who) = self.index.get(party) else {
            return false;
        };
        if !self.members[who].up {
            return false;
        }
        let shown = self.members[who].skew.shows(self.now);
        let taken = Taken::local(shown, what, input.into());
        let subject = of_bytes(what.as_bytes());
        let origin = Origin {
            asked: None,
            subject,
            cause: 0,
        };
        self.take(who, taken, origin)
    }

    /// A party belongs to an actor of another name: a terminal to its shop, a wallet to its crowd.
    pub fn set_actor(&mut self, party: &Party, actor: Name) {
        if let Some(&who) = self.index.get(party) {
            self.members[who].belongs_to = actor;
        }
    }

    /// How often a party's power has failed, and whether it is up.
    pub fn life(&self, party: &Party) -> Option<(u32, bool)> {
        let who = *self.index.get(party)?;
        Some((self.members[who].life, self.members[who].up))
    }

    /// A party's role.
    pub fn actor(&self, party: &Party) -> Option<&R> {
        let who = *self.index.get(party)?;
        Some(&self.members[who].actor)
    }

    /// A party's store.
    pub fn store(&mut self, party: &Party) -> Option<&mut Store> {
        let who = *self.index.get(party)?;
        Some(&mut self.members[who].store)
    }

    /// Everyone, in the order in which they joined.
    pub fn parties(&self) -> impl Iterator<Item = Party> {
        self.members.iter().map(|member| member.party)
    }

    /// What people call the receipt with this code.
    pub fn label(&mut self, code: &Blob, label: Text) {
        self.subjects.name(Subjects::of_code(code), label);
    }

    /// The amount of the receipt with this code stands for something.
    pub(super) fn enchant(&mut self, code: &Blob, magic: Magic) {
        self.subjects.enchant(Subjects::of_code(code), magic);
    }

    /// The adverse choices made so far.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes down every commit from now on, until the world heals.
    pub const fn note_points(&mut self) {
        self.noting = true;
    }

    /// Every commit since [`note_points`](Self::note_points): where a crash can be set.
    pub fn points(&self) -> &[(DrawKey, What)] {
        &self.points
    }

    /// A number over everything that happened: equal for two runs that were the same.
    pub const fn trace(&self) -> u64 {
        self.trace
    }

    /// Goes on until the driver has to see to something, but not beyond `until`.
    pub fn advance(&mut self, until: Time) -> Next {
        loop {
            if let Some(next) = self.once(until) {
                return next;
            }
        }
    }

    /// The next thing happens; gives what the driver has to see to, if there is something.
    pub(super) fn once(&mut self, until: Time) -> Option<Next> {
        if let Some((party, effect)) = self.effects.pop_front() {
            return Some(Next::Effect(party, effect));
        }
        match self.queue.next_at() {
            None => return Some(Next::Empty),
            Some(at) if at > until => {
                self.now = self.now.max(until);
                return Some(Next::Until);
            }
            Some(_due) => {}
        }
        let Some((at, tie, happening)) = self.queue.pop() else {
            return Some(Next::Empty);
        };
        self.happen(at, tie, happening)
    }

    /// Something happens.
    pub(super) fn happen(&mut self, at: Time, tie: u64, happening: Happening) -> Option<Next> {
        self.now = at;
        self.counters.events += 1;
        self.trace = mix(self.trace ^ at.nanos() ^ tie);
        match happening {
            Happening::Arrival(arrival) => self.arrive(arrival),
            Happening::Wake { who } => self.wake(who),
            Happening::Flush { who, life } => self.flush(who, life),
            Happening::Restart { who, life } => {
                let member = &self.members[who];
                if !member.up && member.life == life {
                    self.start(who);
                }
            }
            Happening::Cut(party, down, rule) => self.cut_power(&party, down, rule),
            Happening::Clock(party, skew, rule) => self.set_clock(&party, skew, rule),
            Happening::Cue(cue) => return Some(Next::Cue(cue)),
        }
        self.observer.wants_a_look().then_some(Next::Look)
    }

    /// When the next thing happens, if anything does.
    pub fn next_at(&self) -> Option<Time> {
        let now = (!self.effects.is_empty()).then_some(self.now);
        now.or_else(|| self.queue.next_at())
    }

    /// Whether nothing waits to happen.
    pub fn is_empty(&self) -> bool {
        self.queue.len() == 0 && self.effects.is_empty()
    }

    /// A party begins, anew or after a crash: its own start, then its timers.
    pub(super) fn start(&mut self, who: usize) {
        let member = &mut self.members[who];
        member.up = true;
        if let Some(input) = member.actor.start() {
            let taken = Taken::local(member.skew.shows(self.now), "start", input);
            let origin = Origin {
                asked: None,
                subject: 0,
                cause: 0,
            };
            self.take(who, taken, origin);
        }
        self.rewake(who);
    }

    /// A party's timers are due.
    pub(super) fn wake(&mut self, who: usize) {
        let member = &mut self.members[who];
        if member.wake != self.now || !member.up {
            return; // woken earlier in the meantime
        }
        member.wake = NEVER;
        if member.flushing {
            return; // after the commit the timers are looked at again
        }
        let shown = member.skew.shows(self.now);
        let due = match member.store.backend().due(shown, DUE_MAX) {
            Ok(due) => due,
            Err(error) => return self.store_failed(&error),
        };
        let life = member.life;
        for due in due {
            let subject = self.subjects.of_timer(&due.1);
            let taken = Taken::timer(&*self.members[who].actor, shown, due);
            let origin = Origin {
                asked: None,
                subject,
                cause: 0,
            };
            self.take(who, taken, origin);
            if self.members[who].life != life {
                return;
            }
        }
        self.rewake(who);
    }

    /// Sets the party's alarm to its first timer.
    pub(super) fn rewake(&mut self, who: usize) {
        let member = &mut self.members[who];
        if !member.up || member.flushing {
            return;
        }
        match member.store.backend().next_due() {
            Ok(Some(at)) => {
                let at = member.skew.when(at);
                self.wake_at(who, at);
            }
            Ok(None) => {}
            Err(error) => self.store_failed(&error),
        }
    }

    pub(super) fn wake_at(&mut self, who: usize, at: Time) {
        let member = &mut self.members[who];
        let at = at.max(self.now);
        if at < member.wake {
            member.wake = at;
            let tie = self
                .seed
                .with(member.id)
                .with(at.nanos())
                .draw(Purpose::Tie);
            self.queue.push(at, tie, Happening::Wake { who });
        }
    }

    /// Takes an input: at once, or with the next commit when the disk needs time. Says whether it
    /// was taken.
    pub(super) fn take(&mut self, who: usize, taken: Taken<R::Input>, origin: Origin) -> bool {
        let member = &mut self.members[who];
        if member.fsync == Span::ZERO {
            return self.commit(who, std::slice::from_ref(&taken), &[origin]);
        }
        member.waiting.push((taken, origin));
        if !member.flushing {
            member.flushing = true;
            let (at, life) = (self.now.after(member.fsync), member.life);
            let tie = self.seed.with(member.id).draw(Purpose::Tie);
            self.queue.push(at, tie, Happening::Flush { who, life });
        }
        true
    }

    /// The disk has done one commit's work.
    fn flush(&mut self, who: usize, life: u32) {
        let member = &mut self.members[who];
        if member.life != life {
            return;
        }
        member.flushing = false;
        let waiting = std::mem::take(&mut member.waiting);
        let (inputs, origins): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        self.commit(who, &inputs, &origins);
        self.rewake(who);
    }

    /// Handles inputs, commits them together, and lets out what they gave, unless the power fails.
    /// Says whether they were committed.
    fn commit(&mut self, who: usize, inputs: &[Taken<R::Input>], origins: &[Origin]) -> bool {
        let crash = self.crash_at(who, inputs, origins);
        if let Some((Moment::Before, down)) = crash {
            self.crash(who, down);
            return false;
        }
        let (first, done) = self.record(who, inputs, origins);
        if let Some((Moment::After, down)) = crash {
            self.crash(who, down);
            return true;
        }
        for (nth, ((done, taken), origin)) in (0..).zip(done.into_iter().zip(inputs).zip(origins)) {
            self.current = first + nth;
            match done {
                Done::Released(outputs) => self.release(who, outputs, *origin),
                Done::Unknown(error) => {
                    self.store_failed(&error);
                    let about = taken.about;
                    let reply = self.members[who].actor.refusal(Reason::TryAgain, about);
                    self.reply(who, *origin, reply);
                }
            }
        }
        true
    }

    /// What waits for a party's disk becomes durable now, and nobody is told.
    pub(super) fn sync(&mut self, who: usize) {
        let waiting = std::mem::take(&mut self.members[who].waiting);
        if waiting.is_empty() {
            return;
        }
        let (inputs, origins): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        self.record(who, &inputs, &origins);
    }

    /// Handles inputs and commits them together. Gives the number of the first one's line, and what
    /// may be let out now.
    fn record(
        &mut self,
        who: usize,
        inputs: &[Taken<R::Input>],
        origins: &[Origin],
    ) -> (u64, SmallVec<[Done; 1]>) {
        self.counters.handles += inputs.len() as u64;
        let first = self.took(who, inputs, origins);
        let member = &mut self.members[who];
        let done = member.run(inputs);
        let (party, observer) = (member.party, &mut self.observer);
        match member
            .store
            .show(member.seen, |entry| observer.entry(party, entry))
        {
            Ok(seen) => member.seen = seen,
            Err(error) => self.store_failed(&error),
        }
        (first, done)
    }

    /// Inputs are handled now: a line of the trace for each. Gives the first one's number.
    fn took(&mut self, who: usize, inputs: &[Taken<R::Input>], origins: &[Origin]) -> u64 {
        let first = self.lines + 1;
        self.lines += inputs.len() as u64;
        self.current = first;
        if self.observer.traces() {
            for (nth, (taken, origin)) in (0..).zip(inputs.iter().zip(origins)) {
                self.observer.step(&Step {
                    n: first + nth,
                    cause: origin.cause,
                    at: self.now,
                    of: self.members[who].party,
                    from: taken.from,
                    does: Does::of(taken),
                    what: taken.what,
                    receipt: self.subjects.label(origin.subject),
                });
            }
        }
        first
    }

    fn release(&mut self, who: usize, outputs: Outputs, origin: Origin) {
        if let Some(at) = outputs.timers.iter().map(|(at, _)| *at).min() {
            let at = self.members[who].skew.when(at);
            self.wake_at(who, at);
        }
        if let Some(reply) = outputs.reply {
            self.reply(who, origin, reply);
        }
        for (to, message) in outputs.sends {
            let Some(&to) = self.index.get(&to) else {
                self.counters.lost += 1;
                continue;
            };
            let subject = self.subjects.of_message(&message);
            self.send(who, to, None, subject, message);
        }
        let party = self.members[who].party;
        let effects = outputs.effects.into_iter();
        self.effects.extend(effects.map(|effect| (party, effect)));
    }

    /// The how manyth of these it is, from 1.
    pub(super) fn count(&mut self, key: DrawKey) -> u32 {
        let count = self.counts.entry(key.0).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }

    pub(super) fn store_failed(&mut self, _error: &StoreError) {
        self.counters.store_errors += 1;
    }
}

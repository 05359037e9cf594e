//! Weather: what goes wrong beside what links do by themselves, and the plan it is written into.

use super::draw::{DrawKey, Purpose, of_bytes};
use super::link::Link;
use super::member::{NEVER, Origin};
use super::observer::Observer;
use super::plan::{Choice, Fault, Moment, Plan, What};
use super::rule::Rule;
use super::world::{Happening, World};
use crate::id::{Name, Party};
use crate::roles::{Role, Taken};
use crate::scenario::Skew;
use crate::text::Text;
use crate::time::Span;
use std::collections::BTreeMap;

/// What may go wrong, beside what links do by themselves.
#[derive(Clone, Debug, Default)]
pub enum Weather {
    /// Nothing goes wrong, on links neither.
    #[default]
    Fair,
    /// Links do what they do, and parties crash.
    Foul {
        /// How many of a million commits meet a power failure.
        crash_ppm: u32,
        /// For how long a party stays down: from, to.
        down: (Span, Span),
        /// What the scenario says beside.
        rules: Vec<Rule>,
    },
    /// What this plan says goes wrong, and nothing else.
    Planned(Plan),
}

/// The weather as the world asks it.
#[derive(Clone)]
pub(super) enum Sky {
    Fair,
    Foul {
        crash_ppm: u32,
        down: (Span, Span),
        rules: Vec<Rule>,
    },
    Planned(BTreeMap<DrawKey, Vec<Ruled>>),
}

/// A fault, and the rule that it came of.
pub(super) type Ruled = (Fault, Option<Name>);

impl<O: Observer, R: Role> World<O, R> {
    /// What goes wrong from here on. A world begins with fair weather.
    pub fn set_weather(&mut self, weather: Weather) {
        self.sky = match weather {
            Weather::Fair => Sky::Fair,
            Weather::Foul {
                crash_ppm,
                down,
                rules,
            } => Sky::Foul {
                crash_ppm,
                down,
                rules,
            },
            Weather::Planned(plan) => {
                for (choice, party) in plan.by_the_clock() {
                    let tie = choice.key.draw(Purpose::Tie);
                    let happens = match choice.fault {
                        Fault::Crash { down, .. } => Happening::Cut(party, down, choice.rule),
                        Fault::Skew(skew) => Happening::Clock(party, skew, choice.rule),
                        _ => continue,
                    };
                    self.queue.push(choice.at, tie, happens);
                }
                Sky::Planned(plan.index())
            }
        };
    }

    /// From here on nothing goes wrong any more, and whoever is down comes up.
    pub fn heal(&mut self) {
        self.sky = Sky::Fair;
        self.noting = false;
        self.links.each(Link::healed);
        for who in 0..self.members.len() {
            self.turn_clock(who, Skew::NONE);
            if !self.members[who].up {
                self.start(who);
            }
        }
    }

    /// Whether nothing goes wrong any more.
    pub(super) const fn is_healed(&self) -> bool {
        matches!(self.sky, Sky::Fair)
    }

    pub(super) fn note(&mut self, key: DrawKey, what: What, fault: Fault, rule: Option<Name>) {
        let choice = Choice {
            key,
            what,
            fault,
            at: self.now,
            rule,
        };
        self.observer.fault(&choice);
        self.plan.choices.push(choice);
    }

    /// Whether the power fails at this commit, when, and for how long.
    pub(super) fn crash_at(
        &mut self,
        who: usize,
        inputs: &[Taken<R::Input>],
        origins: &[Origin],
    ) -> Option<(Moment, Span)> {
        let quiet = match &self.sky {
            Sky::Fair => true,
            Sky::Foul {
                crash_ppm, rules, ..
            } => *crash_ppm == 0 && rules.is_empty(),
            Sky::Planned(_) => false,
        };
        if quiet && !self.noting {
            return None;
        }
        let mut kinds = None;
        let mut crash = None;
        for (input, origin) in inputs.iter().zip(origins) {
            let member = &self.members[who];
            let key = self
                .seed
                .with(member.id)
                .with(of_bytes(input.what.as_bytes()));
            let key = key.with(origin.subject);
            let party = member.party;
            let nth = self.count(key);
            let key = key.with(nth.into());
            let receipt = self.subjects.label(origin.subject);
            let cause = input.what;
            let what = What::Commit {
                party,
                cause,
                receipt,
                nth,
            };
            if self.noting {
                self.points.push((key, what.clone()));
            }
            let actor = self.members[who].belongs_to;
            if kinds.is_none() && self.is_in_danger(actor, key) {
                kinds = Some(self.members[who].rehearse(inputs));
            }
            let kinds = kinds.as_deref().unwrap_or_default();
            let fault = match &mut self.sky {
                Sky::Fair => None,
                Sky::Foul {
                    crash_ppm,
                    down,
                    rules,
                } => drawn_crash(key, *crash_ppm, *down).or_else(|| {
                    let mut rules = rules.iter_mut();
                    rules.find_map(|rule| {
                        let fault = rule.on_commit((actor, party.kind), kinds, key)?;
                        Some((fault, Some(rule.id)))
                    })
                }),
                Sky::Planned(plan) => plan.get(&key).and_then(|faults| faults.first()).copied(),
            };
            if let (None, Some((Fault::Crash { moment, down }, rule))) = (crash, fault) {
                self.note(key, what, Fault::Crash { moment, down }, rule);
                crash = Some((moment, down));
            }
        }
        crash
    }

    /// Whether a rule strikes at this commit if it records an event of its choice: only then it has
    /// to be known beforehand what the commit records, which costs as much as the commit.
    fn is_in_danger(&self, actor: Name, key: DrawKey) -> bool {
        match &self.sky {
            Sky::Foul { rules, .. } => rules.iter().any(|rule| rule.lurks(actor, key)),
            Sky::Fair | Sky::Planned(_) => false,
        }
    }

    /// A party's power fails, for a while.
    pub(super) fn crash(&mut self, who: usize, down: Span) {
        self.counters.crashes += 1;
        let member = &mut self.members[who];
        let failed = member.crash();
        let (life, at) = (member.life, self.now.after(down));
        let tie = self
            .seed
            .with(member.id)
            .with(life.into())
            .draw(Purpose::Tie);
        self.queue.push(at, tie, Happening::Restart { who, life });
        if let Err(error) = failed {
            self.store_failed(&error);
        }
    }

    /// Takes a party's power away now, for a rule if one says so.
    pub fn cut_power(&mut self, party: &Party, down: Span, rule: Option<Name>) {
        let Some(&who) = self.index.get(party) else {
            return;
        };
        if self.members[who].up {
            let member = &self.members[who];
            let key = self.seed.with(member.id).with(self.now.nanos());
            let moment = Moment::Before;
            let fault = Fault::Crash { moment, down };
            self.note(key, What::Power(*party), fault, rule);
            self.crash(who, down);
        }
    }

    /// A party stops now and begins anew, because the story says so: no choice of the weather's, so
    /// no plan has it. What waits for its disk is lost, or durable with nobody told.
    pub fn restart(&mut self, party: &Party, down: Span, moment: Moment) {
        let Some(&who) = self.index.get(party) else {
            return;
        };
        if !self.members[who].up {
            return;
        }
        self.observer.fault(&Choice {
            key: self.seed.with(self.members[who].id).with(self.now.nanos()),
            what: What::Power(*party),
            fault: Fault::Crash { moment, down },
            at: self.now,
            rule: None,
        });
        if moment == Moment::After {
            self.sync(who);
        }
        self.crash(who, down);
    }
}

impl<O: Observer, R: Role> World<O, R> {
    /// A party's clock is so far off from now on, for a rule if one says so.
    pub fn set_clock(&mut self, party: &Party, skew: Skew, rule: Option<Name>) {
        let Some(&who) = self.index.get(party) else {
            return;
        };
        if self.members[who].skew == skew {
            return;
        }
        let key = self.seed.with(self.members[who].id);
        let key = key.with(self.now.nanos()).with(of_bytes(b"clock"));
        self.note(key, What::Clock(*party), Fault::Skew(skew), rule);
        self.turn_clock(who, skew);
    }

    /// Sets a party's clock, and its alarm by it.
    fn turn_clock(&mut self, who: usize, skew: Skew) {
        let member = &mut self.members[who];
        if member.skew == skew {
            return;
        }
        member.skew = skew;
        member.wake = NEVER;
        self.observer.clock(member.party, skew);
        self.rewake(who);
    }

    /// Whether the paper tears at this print of a receipt: as the plan says while one is followed,
    /// else as `drawn` says, with the rule that it came of.
    pub(super) fn tears(&mut self, receipt: &Text, nth: u32, drawn: Option<Ruled>) -> bool {
        let key = self.seed.with(of_bytes(receipt.as_str().as_bytes()));
        let key = key.with(nth.into()).with(of_bytes(b"print"));
        let torn = match &self.sky {
            Sky::Fair => None,
            Sky::Foul { .. } => drawn,
            Sky::Planned(plan) => plan.get(&key).and_then(|faults| faults.first()).copied(),
        };
        if let Some((fault, rule)) = torn {
            let receipt = receipt.clone();
            self.note(key, What::Print { receipt, nth }, fault, rule);
        }
        torn.is_some()
    }
}

fn drawn_crash(key: DrawKey, crash_ppm: u32, (least, most): (Span, Span)) -> Option<Ruled> {
    key.happens(crash_ppm, Purpose::Crash).then(|| {
        let before = key.draw(Purpose::CrashMoment) & 1 == 0;
        let moment = if before {
            Moment::Before
        } else {
            Moment::After
        };
        let down = key.span(least, most, Purpose::CrashDown);
        (Fault::Crash { moment, down }, None)
    })
}

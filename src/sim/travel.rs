//! Messages on their way: how long they take, and whether they arrive.

use super::draw::{DrawKey, Purpose};
use super::link::Link;
use super::member::{Asked, Origin};
use super::observer::{Does, Observer, Sent, Step};
use super::plan::{Fault, What};
use super::rule::Travelling;
use super::weather::{Ruled, Sky};
use super::world::{Happening, World};
use crate::id::Party;
use crate::message::{Message, MessageKind};
use crate::order::PaymentState;
use crate::roles::{Role, Taken};
use crate::time::Time;
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};

/// The faults of one message.
type Faults = SmallVec<[Ruled; 2]>;

#[derive(Clone)]
pub(super) struct Arrival {
    from: usize,
    to: usize,
    /// In which life the sender sent it.
    life: u32,
    /// The addressee's life that asked, if this answers it.
    answers: Option<Asked>,
    subject: u64,
    /// The line of the trace that sent it.
    cause: u64,
    message: Message,
}

impl Arrival {
    fn again(&self) -> Self {
        Self {
            message: self.message.clone(),
            ..*self
        }
    }

    /// What is on its way, as far as its addressee can tell.
    /// `lives` says whether a party is still in that life.
    pub(super) fn number(&self, lives: &impl Fn(usize, u32) -> bool, hash: &mut impl Hasher) {
        let asked = self.answers;
        let asked = asked.map(|asked| (asked.by, lives(asked.by, asked.life), asked.kind));
        (self.from, self.to, lives(self.from, self.life), asked).hash(hash);
        serde_json::to_vec(&self.message).ok().hash(hash);
    }
}

/// What goes wrong with a message: by its link, by the scenario, or by the plan.
fn faults_of(sky: &mut Sky, link: Link, key: DrawKey, travelling: Travelling) -> Faults {
    match sky {
        Sky::Fair => SmallVec::new(),
        Sky::Foul { rules, .. } => {
            let own = link.faults(key).map(|fault| (fault, None));
            let ruled = rules.iter_mut().filter_map(|rule| {
                let fault = rule.on_message(travelling, key)?;
                Some((fault, Some(rule.id)))
            });
            own.chain(ruled).collect()
        }
        Sky::Planned(plan) => plan.get(&key).into_iter().flatten().copied().collect(),
    }
}

/// What a `payment` says.
fn said(message: &Message) -> Option<PaymentState> {
    match message {
        Message::Payment(payment) => Some(payment.state),
        _ => None,
    }
}

impl<O: Observer, R: Role> World<O, R> {
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        let (from, to) = (&self.members[arrival.from], &self.members[arrival.to]);
        let other_life = arrival.answers.is_some_and(|asked| asked.life != to.life);
        if !to.up || other_life {
            self.counters.lost += 1;
            return;
        }
        let asked = arrival.answers.is_none().then_some(Asked {
            by: arrival.from,
            life: arrival.life,
            kind: arrival.message.kind(),
        });
        let shown = to.skew.shows(self.now);
        let taken = Taken::message(&*to.actor, shown, from.sender, arrival.message);
        let subject = arrival.subject;
        let origin = Origin {
            asked,
            subject,
            cause: arrival.cause,
        };
        self.take(arrival.to, taken, origin);
    }

    /// An answer reaches only the one who asked.
    pub(super) fn reply(&mut self, who: usize, origin: Origin, reply: Message) {
        let Some(asked) = origin.asked else {
            return;
        };
        if let Message::Order(order) = &reply {
            self.subjects.learn(order.body.id.0, origin.subject);
        }
        self.send(who, asked.by, Some(asked), origin.subject, reply);
    }

    /// A message sets out.
    pub(super) fn send(
        &mut self,
        from: usize,
        to: usize,
        answers: Option<Asked>,
        subject: u64,
        message: Message,
    ) {
        self.counters.messages += 1;
        let (sender, addressee) = (&self.members[from], &self.members[to]);
        let kind = message.kind();
        let says = said(&message);
        let ask = answers.map_or(0, |asked| asked.kind as u64 + 1);
        let key = self.seed.with(sender.id).with(addressee.id);
        let key = key.with(kind as u64 | ask << 8).with(subject);
        let (life, parties) = (sender.life, (sender.party, addressee.party));
        self.observer.sent(&Sent {
            at: self.now,
            from: parties.0,
            to: parties.1,
            answers: answers.map(|asked| asked.kind),
            message: &message,
        });
        let nth = self.count(key);
        let key = key.with(nth.into());
        let answer = answers.is_some();
        if nth > 1 && !answer && subject != 0 {
            self.counters.again[kind as usize] += 1;
        }
        if self.noting {
            let what = self.what(parties, (kind, answer), subject, nth);
            self.sent.push((key, what));
        }
        let link = self.links.get(&parties.0, &parties.1);
        let mut at = self.left(link, parties, &message).after(link.latency(key));
        let arrival = Arrival {
            from,
            to,
            life,
            answers,
            subject,
            cause: self.current,
            message,
        };
        let travelling = Travelling {
            at: self.now,
            between: (self.members[from].belongs_to, self.members[to].belongs_to),
            kind,
            answers: answers.map(|asked| asked.kind),
            says,
            magic: self.subjects.magic(subject),
        };
        let faults = faults_of(&mut self.sky, link, key, travelling);
        for (fault, rule) in &faults {
            let what = self.what(parties, (kind, answer), subject, nth);
            self.note(key, what, *fault, *rule);
            self.harmed(&parties, kind, subject, *fault);
            match fault {
                Fault::Drop => {
                    self.counters.lost += 1;
                    return;
                }
                Fault::Duplicate(later) => {
                    let tie = key.with(1).draw(Purpose::Tie);
                    let again = Happening::Arrival(arrival.again());
                    self.queue.push(at.after(*later), tie, again);
                }
                Fault::Delay(by) => at = at.after(*by),
                Fault::Crash { .. } | Fault::Tear | Fault::Skew(_) => {}
            }
        }
        let tie = key.draw(Purpose::Tie);
        self.queue.push(at, tie, Happening::Arrival(arrival));
    }

    /// When a message has left. Its size is asked for only where that takes time.
    fn left(&mut self, link: Link, parties: (Party, Party), message: &Message) -> Time {
        if link.bandwidth.is_none() {
            return self.now;
        }
        let bytes = serde_json::to_vec(message).map_or(0, |bytes| bytes.len());
        self.links.leaves(parties, bytes, self.now)
    }

    /// A message, as a plan names it.
    fn what(
        &self,
        (from, to): (Party, Party),
        (kind, answer): (MessageKind, bool),
        subject: u64,
        nth: u32,
    ) -> What {
        What::Message {
            from,
            to,
            kind,
            answer,
            receipt: self.subjects.label(subject),
            nth,
        }
    }

    /// A line of the trace for what happened to a message on its way.
    fn harmed(
        &mut self,
        (from, to): &(Party, Party),
        kind: MessageKind,
        subject: u64,
        fault: Fault,
    ) {
        if !self.observer.traces() {
            return;
        }
        let does = match fault {
            Fault::Drop => Does::Drop,
            Fault::Duplicate(_) => Does::Dup,
            Fault::Delay(_) => Does::Delay,
            Fault::Crash { .. } | Fault::Tear | Fault::Skew(_) => return,
        };
        self.observer.step(&Step {
            n: 0,
            cause: self.current,
            at: self.now,
            of: *to,
            from: Some(*from),
            does,
            what: kind.word(),
            receipt: self.subjects.label(subject),
        });
    }
}

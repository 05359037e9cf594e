//! What happened, as far as a scenario asks: a fold over journals, in constant time per event.
//!
//! Every fact that the scenario's expressions ask for is a slot; an event touches only the slots
//! that its kind can change. Facts are of journals, not of rows: what a role does not record did
//! not happen.

use super::expect::{About, Expr, ORDER_EVENTS, Op, Query, Statistic, Sum, Term, Unit, Value};
use super::schema::{Act, Scenario};
use crate::id::{Name, OrderId, Party, PartyKind, Uid};
use crate::journal::{Entry, Event, EventKind};
use crate::ledger::{customer_book, merchant_book};
use crate::money::Money;
use crate::order::OrderState;
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::fmt;

/// The facts of one run.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    slots: Vec<Slot>,
    by_query: BTreeMap<Query, usize>,
    by_event: BTreeMap<EventKind, Vec<usize>>,
    sends: Vec<usize>,
    /// Which receipt is meant by an order number of the file.
    receipts: BTreeMap<Text, Option<Uid>>,
    labels: BTreeMap<Uid, Text>,
    orders: BTreeMap<OrderId, Order>,
    crowds: Vec<Name>,
}

/// A fact and what its books are called.
#[derive(Clone, Debug)]
struct Slot {
    query: Query,
    value: Value,
    /// The bank and book that a fact about money is of.
    book: Option<(Name, Text)>,
    times: Times,
}

/// When a receipt's first event was, and how long until its second.
#[derive(Clone, Debug, Default)]
struct Times {
    begun: BTreeMap<Uid, Time>,
    took: Vec<Span>,
}

#[derive(Clone, Debug)]
struct Order {
    uid: Option<Uid>,
    /// The book that paid it.
    payer: Option<Text>,
}

/// What became of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Whether it holds; nothing while it cannot be said (a time that nobody measured yet).
    pub holds: Option<bool>,
    /// The left side's value.
    pub left: Option<Value>,
    /// The right side's value.
    pub right: Option<Value>,
}

impl fmt::Display for Truth {
    /// `76.50 XTS`, or `2 and 1` when the right side is computed too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.left {
            Some(left) => left.fmt(f),
            None => f.write_str("nothing measured"),
        }
    }
}

impl Facts {
    /// The facts that a scenario's expectations and steps ask for, before anything happened.
    pub fn new(scenario: &Scenario) -> Self {
        let printed = scenario.steps.iter().filter_map(|step| step.act.receipt());
        let mut facts = Self {
            receipts: printed.map(|receipt| (receipt.clone(), None)).collect(),
            crowds: scenario.crowds.keys().copied().collect(),
            ..Self::default()
        };
        let expected = scenario.expects.iter().map(|expect| &expect.that);
        let stepped = scenario.steps.iter().filter_map(|step| match &step.act {
            Act::Check { that } => Some(that),
            Act::Wait { until, .. } => Some(until),
            _ => None,
        });
        for expr in expected.chain(stepped) {
            facts.watch(scenario, expr);
        }
        facts
    }

    fn watch(&mut self, scenario: &Scenario, expr: &Expr) {
        let sums = [Some(&expr.left), expr.right.as_ref().map(|(_, sum)| sum)];
        for sum in sums.into_iter().flatten() {
            for (_, term) in &sum.terms {
                if let Term::Fact(query) = term {
                    self.add(scenario, query, sum.unit);
                }
            }
        }
    }

    fn add(&mut self, scenario: &Scenario, query: &Query, unit: Unit) {
        if self.by_query.contains_key(query) {
            return;
        }
        let index = self.slots.len();
        self.by_query.insert(query.clone(), index);
        let mut kinds = query.events().unwrap_or_default();
        if let Query::Time(from, to, _) = query {
            kinds = vec![*from, *to];
        }
        kinds.sort();
        kinds.dedup();
        for kind in kinds {
            self.by_event.entry(kind).or_default().push(index);
        }
        if let Query::Sent(..) = query {
            self.sends.push(index);
        }
        self.slots.push(Slot {
            query: query.clone(),
            value: nothing(unit),
            book: book_of(scenario, query),
            times: Times::default(),
        });
    }

    /// An order number of the file is the receipt of this uid. Journals say so too (the note of
    /// `code-printed` and of `order-created`); a driver without terminals says it here.
    pub fn printed(&mut self, receipt: &Text, uid: Uid) {
        if let Some(known) = self.receipts.get_mut(receipt)
            && known.is_none()
        {
            *known = Some(uid);
            self.labels.insert(uid, receipt.clone());
        }
    }

    /// A journal line, as it was committed.
    pub fn observe(&mut self, party: &Party, entry: &Entry) {
        self.observe_at(entry.at, party, entry);
    }

    /// The same, at an instant that the party's own clock does not know.
    pub fn observe_at(&mut self, at: Time, party: &Party, entry: &Entry) {
        let event = &entry.event;
        let born = self.learn(event);
        let Some(touched) = self.by_event.get(&event.kind) else {
            return;
        };
        let order = event.order.and_then(|id| self.orders.get(&id));
        let uid = event.uid.or_else(|| order?.uid);
        let seen = Seen {
            party,
            event,
            at,
            uid,
            receipt: uid.and_then(|uid| self.labels.get(&uid)),
            payer: order.and_then(|order| order.payer.as_ref()),
            born,
            crowds: &self.crowds,
        };
        for index in touched {
            if let Some(slot) = self.slots.get_mut(*index) {
                slot.take(&seen);
            }
        }
    }

    /// What later events leave out: the receipt of an order, its payer. Says whether the order is
    /// new.
    fn learn(&mut self, event: &Event) -> bool {
        if let (EventKind::CodePrinted, Some(uid), Some(note)) =
            (event.kind, event.uid, &event.note)
        {
            self.printed(&note.clone(), uid);
        }
        let Some(id) = event.order else { return false };
        let born = event.uid.is_some() && !self.orders.contains_key(&id);
        match event.kind {
            EventKind::OrderCreated | EventKind::OrderCancelled => {
                let (uid, payer) = (event.uid, None);
                self.orders.entry(id).or_insert(Order { uid, payer });
                if let (Some(uid), Some(note)) = (uid, &event.note) {
                    self.printed(&note.clone(), uid);
                }
                return born;
            }
            EventKind::Posted => {
                let uid = event.uid;
                let order = self.orders.entry(id).or_insert(Order { uid, payer: None });
                order.payer.clone_from(&event.debit);
            }
            _ => {}
        }
        false
    }

    /// A message left.
    pub fn sent(&mut self, from: &Party, to: &Party) {
        for index in &self.sends {
            let Some(slot) = self.slots.get_mut(*index) else {
                continue;
            };
            let Query::Sent(sender, receiver) = &slot.query else {
                continue;
            };
            let is = |name: &Name, party| belongs(&self.crowds, name, party);
            if is(sender, from) && receiver.as_ref().is_none_or(|name| is(name, to)) {
                slot.count(1);
            }
        }
    }

    /// A fault happened.
    pub fn fault_fired(&mut self, id: Name) {
        if let Some(slot) = self.slot_mut(&Query::FaultFired(id)) {
            slot.count(1);
        }
    }

    /// What became of an attack.
    pub fn attack_ended(&mut self, id: Name, outcome: Text) {
        if let Some(slot) = self.slot_mut(&Query::Outcome(id)) {
            slot.value = Value::Text(outcome);
        }
    }

    fn slot_mut(&mut self, query: &Query) -> Option<&mut Slot> {
        let index = *self.by_query.get(query)?;
        self.slots.get_mut(index)
    }

    /// The value of a fact; nothing when the scenario does not ask for it, or none was measured.
    pub fn value(&self, query: &Query) -> Option<Value> {
        let slot = self.slots.get(*self.by_query.get(query)?)?;
        match &slot.query {
            Query::Time(.., statistic) => slot.times.value(*statistic),
            _ => Some(slot.value.clone()),
        }
    }

    /// Whether an expression of the scenario holds now.
    pub fn truth(&self, expr: &Expr) -> Truth {
        let left = self.sum(&expr.left);
        let right = expr.right.as_ref().map(|(op, sum)| (*op, self.sum(sum)));
        let holds = match (&left, &right) {
            (Some(left), None) => Some(*left != nothing(left.unit())),
            (Some(left), Some((op, Some(right)))) => Some(Op::holds(*op, left, right)),
            _ => None,
        };
        Truth {
            holds,
            left,
            right: right.and_then(|(_, right)| right),
        }
    }

    fn sum(&self, sum: &Sum) -> Option<Value> {
        let mut total = None;
        for (minus, term) in &sum.terms {
            let value = match term {
                Term::Literal(value) => value.clone(),
                Term::Fact(query) => self.value(query)?,
            };
            total = Some(match total {
                None => value,
                Some(total) => add(total, value, *minus)?,
            });
        }
        total
    }
}

fn add(left: Value, right: Value, minus: bool) -> Option<Value> {
    Some(match (left, right) {
        (Value::Count(a), Value::Count(b)) => Value::Count(if minus {
            a.checked_sub(b)?
        } else {
            a.checked_add(b)?
        }),
        (Value::Money(a), Value::Money(b)) => {
            let sum = if minus {
                a.checked_sub(b)
            } else {
                a.checked_add(b)
            };
            Value::Money(sum.ok()?)
        }
        (Value::Span(a), Value::Span(b)) => {
            let (a, b) = (a.as_nanos(), b.as_nanos());
            Value::Span(Span::nanos(if minus {
                a.saturating_sub(b)
            } else {
                a.checked_add(b)?
            }))
        }
        _ => return None,
    })
}

/// The value of a fact before anything happened.
fn nothing(unit: Unit) -> Value {
    match unit {
        Unit::Count => Value::Count(0),
        Unit::Money(currency) => Value::Money(Money::zero(currency)),
        Unit::Span => Value::Span(Span::ZERO),
        Unit::Text => Value::Text(Text::default()),
    }
}

/// The bank and book that a query about money is of. A customer's account has the customer's name,
/// a merchant's the merchant's.
fn book_of(scenario: &Scenario, query: &Query) -> Option<(Name, Text)> {
    let of = |name: &Name| match (scenario.customers.get(name), scenario.merchants.get(name)) {
        (Some(customer), _) => Some((customer.bank, customer_book(name))),
        (_, Some(merchant)) => Some((merchant.bank, merchant_book(&Text::clean(name.as_str())))),
        _ => None,
    };
    match query {
        Query::Balance(name) | Query::Held(name) | Query::Credits(name, _) => of(name),
        _ => None,
    }
}

/// Whether a party is the actor, or one of its many: `office-12` of `office`, `noodle-bar-2` of
/// `noodle-bar`.
fn belongs(crowds: &[Name], actor: &Name, party: &Party) -> bool {
    if party.name == *actor {
        return true;
    }
    let many = match party.kind {
        PartyKind::Wallet => crowds.contains(actor),
        PartyKind::Gateway | PartyKind::Bank | PartyKind::Merchant => false,
        PartyKind::Till | PartyKind::Terminal | PartyKind::Chip | PartyKind::Printer => true,
    };
    let rest = party.name.as_str().strip_prefix(actor.as_str());
    let number = rest.and_then(|rest| rest.strip_prefix('-'));
    many && number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// One event with what earlier ones told of it.
struct Seen<'a> {
    party: &'a Party,
    event: &'a Event,
    at: Time,
    uid: Option<Uid>,
    receipt: Option<&'a Text>,
    payer: Option<&'a Text>,
    /// Whether it is the first of its order.
    born: bool,
    crowds: &'a [Name],
}

impl Seen<'_> {
    fn is_at(&self, actor: &Name) -> bool {
        belongs(self.crowds, actor, self.party)
    }

    /// A customer's book is named after the customer.
    fn paid_by(&self, payer: &Name) -> bool {
        let account = self
            .payer
            .and_then(|book| book.as_str().strip_prefix("customer:"));
        let name = account.and_then(|account| account.parse::<Name>().ok());
        name.is_some_and(|name| belongs(self.crowds, payer, &Party::new(PartyKind::Wallet, name)))
    }
}

impl Slot {
    fn count(&mut self, by: i64) {
        if let Value::Count(n) = &mut self.value {
            *n = n.saturating_add(by);
        }
    }

    fn add_money(&mut self, amount: Money, minus: bool) {
        if let Value::Money(sum) = &mut self.value {
            let next = if minus {
                sum.checked_sub(amount)
            } else {
                sum.checked_add(amount)
            };
            *sum = next.unwrap_or(*sum); // another currency is another book
        }
    }

    fn take(&mut self, seen: &Seen<'_>) {
        let kind = seen.event.kind;
        let about = |receipt: &Text| seen.receipt == Some(receipt);
        match &self.query {
            Query::Payments(who, _) => {
                let mine = who.as_ref().is_none_or(|who| seen.is_at(who));
                self.count(i64::from(mine && seen.party.kind == PartyKind::Wallet));
            }
            Query::Refused(who) => {
                if seen.is_at(who) {
                    let reason = seen.event.reason.map_or("", |reason| reason.word());
                    self.value = Value::Text(Text::clean(reason));
                }
            }
            Query::Debits(receipt) => self.count(i64::from(about(receipt))),
            Query::Holds(receipt) if about(receipt) => {
                self.count(if kind == EventKind::Held { 1 } else { -1 });
            }
            Query::Orders(receipt) => self.count(i64::from(about(receipt) && seen.born)),
            Query::Standing(receipt) if about(receipt) && ORDER_EVENTS.contains(&kind) => {
                let state = seen
                    .event
                    .state
                    .as_deref()
                    .and_then(|w| w.parse::<OrderState>().ok());
                let word = state.map_or("", |state| state.external().word());
                self.value = Value::Text(Text::clean(word));
            }
            Query::MerchantTold(merchant, receipt) => {
                let mine = seen.party.name == *merchant && receipt.as_ref().is_none_or(about);
                self.count(i64::from(mine));
            }
            Query::Events(_, meant) => {
                let mine = match meant {
                    About::Anything => true,
                    About::Receipt(receipt) => about(receipt),
                    About::Actor(actor) => seen.is_at(actor),
                };
                self.count(i64::from(mine));
            }
            Query::Time(from, to, _) => self.times.take(seen, *from, *to),
            Query::Balance(_) | Query::Held(_) | Query::Credits(..) => self.money(seen),
            Query::Holds(_)
            | Query::Standing(_)
            | Query::Sent(..)
            | Query::FaultFired(_)
            | Query::Outcome(_) => {}
        }
    }

    fn money(&mut self, seen: &Seen<'_>) {
        let (Some((bank, book)), Some(amount)) = (&self.book, seen.event.amount) else {
            return;
        };
        if seen.party.kind != PartyKind::Bank || seen.party.name != *bank {
            return;
        }
        let debit = seen.event.debit.as_ref() == Some(book);
        let credit = seen.event.credit.as_ref() == Some(book);
        match &self.query {
            Query::Balance(_) if debit => self.add_money(amount, true),
            Query::Balance(_) if credit => self.add_money(amount, false),
            Query::Held(_) if debit => {
                self.add_money(amount, seen.event.kind != EventKind::Held);
            }
            Query::Credits(_, payer) => {
                let from = payer.as_ref().is_none_or(|payer| seen.paid_by(payer));
                if credit && from {
                    self.add_money(amount, false);
                }
            }
            _ => {}
        }
    }
}

impl Times {
    fn take(&mut self, seen: &Seen<'_>, from: EventKind, to: EventKind) {
        let Some(uid) = seen.uid else { return };
        if seen.event.kind == from {
            self.begun.entry(uid).or_insert(seen.at);
        } else if seen.event.kind == to
            && let Some(begun) = self.begun.remove(&uid)
        {
            self.took.push(seen.at.since(begun));
        }
    }

    fn value(&self, statistic: Statistic) -> Option<Value> {
        let mut took = self.took.clone();
        took.sort_unstable();
        let share = |percent: usize| {
            let rank = (took.len() * percent).div_ceil(100).max(1);
            took.get(rank - 1)
        };
        let span = match statistic {
            Statistic::Count => {
                return Some(Value::Count(i64::try_from(took.len()).unwrap_or(i64::MAX)));
            }
            Statistic::Min => took.first(),
            Statistic::P50 => share(50),
            Statistic::P95 => share(95),
            Statistic::P99 => share(99),
            Statistic::Max => took.last(),
        };
        span.copied().map(Value::Span)
    }
}

#[cfg(test)]
mod tests;

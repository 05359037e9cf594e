//! What runs have reached: every step that the machines took, beside every step that they may take.
//!
//! A sweep that never saw an order go from UNKNOWN to PAID proves nothing about it, so a sweep says
//! what it never reached. Counting is one addition in a table per step.

use super::invariants::Stage;
use crate::order::{BankOrderState, OrderState};
use std::collections::BTreeMap;
use std::fmt;

const ORDERS: usize = OrderState::ALL.len();
const BANKS: usize = BankOrderState::ALL.len();
const WALLETS: usize = Stage::ALL.len();

/// What a customer's wallet may do with a payment in hand.
const WALLET_STEPS: &[(Stage, Stage)] = &[
    (Stage::Shown, Stage::Paying),
    (Stage::Shown, Stage::Left),
    (Stage::Paying, Stage::Checking),
    (Stage::Paying, Stage::Done),
    (Stage::Paying, Stage::Failed),
    (Stage::Checking, Stage::Done),
    (Stage::Checking, Stage::Failed),
];

/// A step of a machine, by the words of its states; `from` is nothing where the machine begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transition {
    /// `order`, `bank order` or `wallet`.
    pub machine: &'static str,
    /// The state that it left.
    pub from: Option<&'static str>,
    /// The state that it came to.
    pub to: &'static str,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.unwrap_or("(new)");
        write!(f, "{} {from} -> {}", self.machine, self.to)
    }
}

/// How often one machine took each of its steps.
#[derive(Clone, Debug)]
struct Steps<const N: usize> {
    first: [u64; N],
    then: [[u64; N]; N],
}

impl<const N: usize> Default for Steps<N> {
    fn default() -> Self {
        Self {
            first: [0; N],
            then: [[0; N]; N],
        }
    }
}

impl<const N: usize> Steps<N> {
    const fn step(&mut self, from: Option<usize>, to: usize) {
        match from {
            Some(from) => self.then[from][to] += 1,
            None => self.first[to] += 1,
        }
    }

    fn told(&self, machine: &'static str, word: impl Fn(usize) -> &'static str) -> Told {
        let mut told = Told::new();
        let mut tell = |from: Option<usize>, to: usize, count: u64| {
            if count > 0 {
                let (from, to) = (from.map(&word), word(to));
                told.insert(Transition { machine, from, to }, count);
            }
        };
        for to in 0..N {
            tell(None, to, self.first[to]);
            (0..N).for_each(|from| tell(Some(from), to, self.then[from][to]));
        }
        told
    }
}

/// How often each step was taken.
pub type Told = BTreeMap<Transition, u64>;

/// Every step that the machines of one run took.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    orders: Steps<ORDERS>,
    banks: Steps<BANKS>,
    wallets: Steps<WALLETS>,
}

impl Reached {
    pub(super) fn order(&mut self, from: Option<OrderState>, to: OrderState) {
        self.orders
            .step(from.map(|from| from as usize), to as usize);
    }

    pub(super) fn bank(&mut self, from: Option<BankOrderState>, to: BankOrderState) {
        self.banks.step(from.map(|from| from as usize), to as usize);
    }

    pub(super) const fn wallet(&mut self, from: Stage, to: Stage) {
        self.wallets.step(Some(from as usize), to as usize);
    }

    /// The steps that were taken, and how often.
    pub(super) fn told(&self) -> Told {
        let mut all = self.orders.told("order", |at| OrderState::ALL[at].word());
        all.extend(
            self.banks
                .told("bank order", |at| BankOrderState::ALL[at].word()),
        );
        all.extend(self.wallets.told("wallet", |at| Stage::ALL[at].word()));
        all
    }
}

/// Every step that a machine may take.
pub fn all_steps() -> Vec<Transition> {
    let step = |machine| {
        move |(from, to): (Option<&'static str>, &'static str)| Transition { machine, from, to }
    };
    let begun = [OrderState::Created, OrderState::Cancelled];
    let begun = begun.map(|to| (None, to.word())).into_iter();
    let orders = OrderState::ALL.iter().flat_map(|from| {
        let next = OrderState::ALL.iter().filter(|to| from.may_become(**to));
        next.map(|to| (Some(from.word()), to.word()))
    });
    let held = [
        BankOrderState::Held,
        BankOrderState::Rejected,
        BankOrderState::Tombstoned,
    ];
    let held = held.map(|to| (None, to.word())).into_iter();
    let banks = BankOrderState::ALL.iter().flat_map(|from| {
        let next = BankOrderState::ALL
            .iter()
            .filter(|to| from.may_become(**to));
        next.map(|to| (Some(from.word()), to.word()))
    });
    let wallets = WALLET_STEPS
        .iter()
        .map(|(from, to)| (Some(from.word()), to.word()));
    let orders = begun.chain(orders).map(step("order"));
    let banks = held.chain(banks).map(step("bank order"));
    orders
        .chain(banks)
        .chain(wallets.map(step("wallet")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_that_is_counted_is_named_as_it_may_be_taken() {
        let mut reached = Reached::default();
        reached.order(None, OrderState::Created);
        reached.order(Some(OrderState::Created), OrderState::Claimed);
        reached.order(Some(OrderState::Created), OrderState::Claimed);
        reached.bank(Some(BankOrderState::Held), BankOrderState::Posted);
        reached.wallet(Stage::Checking, Stage::Done);
        let told = reached.told();
        let words: Vec<_> = told.iter().map(|(step, n)| format!("{step} {n}")).collect();
        let expected = [
            "bank order HELD -> POSTED 1",
            "order (new) -> CREATED 1",
            "order CREATED -> CLAIMED 2",
            "wallet checking -> done 1",
        ];
        assert_eq!(words, expected);
        let all = all_steps();
        assert!(told.keys().all(|step| all.contains(step)), "{all:?}");
    }
}

//! At rest: faults are over, everyone had time, and now all must agree.

use super::model::{Order, Stage};
use super::{Invariant, Invariants, Place, shown};
use crate::id::{Name, OrderId, Party, PartyKind};
use crate::money::{Currency, Money};
use crate::order::{BankOrderState, OrderState};
use crate::text::Text;
use crate::time::Time;
use std::collections::BTreeMap;

/// Something that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Which order.
    pub order: OrderId,
    /// Who is not done.
    pub party: Party,
    /// How it stands there.
    pub state: String,
    /// Since when.
    pub since: Time,
    /// Who is waited for.
    pub waits_for: Option<Party>,
}

impl Invariants {
    /// Everything that is not over, by order and party. A run that is quiet while this is not empty
    /// is stuck.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let each = |(id, order): (&OrderId, &Order)| unfinished(*id, order);
        self.model.orders.iter().flat_map(each).collect()
    }

    /// O10, O11 and M4, when everything had time to finish: orders, money, payers and shops agree.
    pub fn at_rest(&mut self) {
        let orders: Vec<_> = self
            .model
            .orders
            .iter()
            .map(|(id, o)| (*id, o.clone()))
            .collect();
        for (id, order) in orders {
            let claimer = order.attempts.first().map(|row| row.bank);
            let claimer = claimer.map(|bank| Party::new(PartyKind::Bank, bank));
            let Some(party) = order.gateway.or(claimer) else {
                continue; // nobody but a wallet or a shop ever spoke of it
            };
            let place = Place {
                party,
                order: Some(id),
                entry: None,
                at: self.now,
            };
            self.money_agrees(place, &order);
            self.people_agree(place, &order);
            self.shop_heard(place, &order);
        }
        self.sums_to_nothing();
    }

    /// O11: PAID if and only if posted; what is claimed is held or posted; nothing else is.
    fn money_agrees(&mut self, place: Place, order: &Order) {
        for row in &order.attempts {
            let live = order.live == Some((row.id, row.bank));
            let good = match (live, order.state) {
                (true, Some(OrderState::Paid)) => row.state == Some(BankOrderState::Posted),
                (true, Some(OrderState::Claimed | OrderState::Unknown)) => {
                    matches!(
                        row.state,
                        Some(BankOrderState::Held | BankOrderState::Posted)
                    )
                }
                _ => row.hold.is_none() && row.state != Some(BankOrderState::Posted),
            };
            self.must(good, Invariant::MoneyStateAgreement, place, || {
                let (state, bank) = (shown(order.state), row.bank);
                let expected = format!("money that agrees with an order that is {state}");
                (expected, format!("{} at {bank}", shown(row.state)))
            });
        }
        let paid = order.state == Some(OrderState::Paid);
        let posted = order.posted(None);
        self.must(
            !paid || posted.is_some(),
            Invariant::MoneyStateAgreement,
            place,
            || ("a posting behind PAID".to_owned(), "none".to_owned()),
        );
        let elsewhere = order
            .payee
            .as_ref()
            .zip(posted)
            .filter(|((_, bank, _), row)| *bank != row.bank);
        if let (true, Some(((_, bank, _), row))) = (paid, elsewhere) {
            let credited = order.credited.contains(&(*bank, row.id));
            self.must(credited, Invariant::MoneyStateAgreement, place, || {
                let expected = format!("{bank} to have credited its merchant");
                (expected, "the money in transit".to_owned())
            });
        }
    }

    /// O10: every wallet says what became of its attempt, and the merchant heard of what is paid.
    fn people_agree(&mut self, place: Place, order: &Order) {
        for wallet in &order.wallets {
            let posted = wallet
                .attempt
                .is_some_and(|id| order.posted(Some(id)).is_some());
            let good = match wallet.stage {
                Stage::Done => posted,
                Stage::Failed | Stage::Left | Stage::Shown => !posted,
                Stage::Paying | Stage::Checking => true, // unfinished
            };
            self.must(good, Invariant::StatusAgreement, place, || {
                let money = if posted { "posted" } else { "not posted" };
                let expected = format!("wallet {} to know that its money is {money}", wallet.name);
                (expected, format!("{:?}", wallet.stage))
            });
        }
    }

    /// M4: the shop of a paid order heard of it, or people see that it did not.
    fn shop_heard(&mut self, place: Place, order: &Order) {
        let (Some(OrderState::Paid), Some(shop)) = (order.state, order.shop) else {
            return;
        };
        let good = order.told.contains(&shop.name) || order.parked.contains(&shop);
        self.must(good, Invariant::Eventually, place, || {
            (
                format!("word of it at {shop}"),
                "none, and none parked".to_owned(),
            )
        });
    }

    /// L1: each bank's books sum to nothing in each currency.
    fn sums_to_nothing(&mut self) {
        let mut sums: BTreeMap<(Name, Currency), i128> = BTreeMap::new();
        for (bank, books) in &self.model.books {
            for ((_, currency), book) in books {
                *sums.entry((*bank, *currency)).or_default() += book.balance;
            }
        }
        for ((bank, currency), sum) in sums {
            let place = self.at_bank(bank);
            self.must(sum == 0, Invariant::ZeroSum, place, || {
                let expected = format!("books in {currency} that sum to nothing");
                (expected, format!("{sum} minor units"))
            });
        }
    }

    /// L2: a bank's store, at rest, holds the balances that its journal tells of.
    pub fn books_at_rest(&mut self, bank: Name, books: &BTreeMap<(Text, Currency), Money>) {
        let place = self.at_bank(bank);
        let told = self.model.books.get(&bank).cloned().unwrap_or_default();
        for (of, balance) in books {
            let (name, currency) = of;
            let due = told.get(of).map_or(0, |book| book.balance);
            self.must(
                due == i128::from(balance.minor()),
                Invariant::NoCreation,
                place,
                || {
                    let expected =
                        format!("{due} minor units of {currency} in {name}, as recorded");
                    (expected, balance.to_string())
                },
            );
        }
        for (of, book) in &told {
            let there = books.contains_key(of) || book.balance == 0;
            let (name, currency) = of;
            self.must(there, Invariant::NoCreation, place, || {
                let due = book.balance;
                let expected = format!("{due} minor units of {currency} in {name}, as recorded");
                (expected, "no such book".to_owned())
            });
        }
    }

    const fn at_bank(&self, bank: Name) -> Place {
        Place {
            party: Party::new(PartyKind::Bank, bank),
            order: None,
            entry: None,
            at: self.now,
        }
    }
}

fn unfinished(id: OrderId, order: &Order) -> Vec<Unfinished> {
    let mut all = Vec::new();
    let bank = |name| Party::new(PartyKind::Bank, name);
    let waiting = |party, state: String, since, waits_for| Unfinished {
        order: id,
        party,
        state,
        since,
        waits_for,
    };
    if let (Some(gateway), Some(OrderState::Claimed | OrderState::Unknown)) =
        (order.gateway, order.state)
    {
        let claimer = order.live.map(|(_, name)| bank(name));
        all.push(waiting(gateway, shown(order.state), order.since, claimer));
    }
    for row in order.attempts.iter().filter(|row| row.hold.is_some()) {
        all.push(waiting(
            bank(row.bank),
            shown(row.state),
            row.since,
            order.gateway,
        ));
    }
    for wallet in &order.wallets {
        if matches!(wallet.stage, Stage::Paying | Stage::Checking) {
            let row = order
                .attempts
                .iter()
                .find(|row| Some(row.id) == wallet.attempt);
            let party = Party::new(PartyKind::Wallet, wallet.name);
            let state = wallet.stage.word().to_owned();
            all.push(waiting(
                party,
                state,
                wallet.since,
                row.map(|row| bank(row.bank)),
            ));
        }
    }
    all
}

//! The quiet phase: faults are over, and everyone must finish. Who does not, waits for somebody.

use super::member::Member;
use super::observer::Observer;
use super::watch::Watch;
use super::world::World;
use crate::id::{OrderId, Party, PartyKind};
use crate::order::{BankOrderState, OrderState};
use crate::roles::bank::BankOrder;
use crate::roles::gateway::Order;
use crate::roles::wallet::{WalletPayment, WalletState};
use crate::roles::{Actor, Kept};
use crate::store::{Record, StoreError};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// Somebody who is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Who.
    pub who: Party,
    /// For whom, as far as its own rows say.
    pub for_whom: Option<Party>,
    /// With what, and in which state.
    pub what: Text,
    /// In which order.
    pub order: Option<OrderId>,
    /// Since when.
    pub since: Time,
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} waits", self.who)?;
        if let Some(whom) = self.for_whom {
            write!(f, " for {whom}")?;
        }
        write!(f, " since {}: {}", self.since, self.what)
    }
}

/// So many messages without anybody coming further are looked at.
const IDLE_MESSAGES: u64 = 10_000;
/// Questions are asked again once a minute in the end; whoever says more than this a minute, for
/// nothing, for each thing that waits, is busy and not waiting.
const IDLE_A_MINUTE: u64 = 10;

impl World<Watch> {
    /// Whether everyone is busy and nothing comes of it: a livelock. For the quiet phase, in which
    /// nothing goes wrong any more.
    pub(super) fn is_spinning(&mut self) -> bool {
        let (messages, since) = self.observer.idle;
        if messages < IDLE_MESSAGES {
            return false;
        }
        let things = self.unfinished().map_or(0, |waiting| waiting.len() as u64);
        let minutes = self.now().since(since).as_nanos() / Span::minutes(1).as_nanos();
        messages / things.max(1) > IDLE_A_MINUTE.saturating_mul(minutes + 1)
    }
}

impl<O: Observer> World<O> {
    /// Everyone who is not finished: payment orders that are neither final nor merely unpaid, bank
    /// orders that hold money, payments in hand, kept messages that nobody has heard.
    pub fn unfinished(&mut self) -> Result<Vec<Waiting>, StoreError> {
        let mut all = Vec::new();
        for member in &mut self.members {
            member.unfinished(&mut all)?;
        }
        Ok(all)
    }

    /// All rows of a party's table; none of a party that is not there.
    pub fn rows<T: Record>(&mut self, party: &Party) -> Result<Vec<T>, StoreError> {
        let member = self.members.iter_mut().find(|m| m.party == *party);
        member.map_or_else(|| Ok(Vec::new()), Member::rows)
    }

    /// The last hash of every party's journal; of no party that recorded nothing.
    pub fn heads(&mut self) -> Result<BTreeMap<Party, [u8; 32]>, StoreError> {
        let mut heads = BTreeMap::new();
        for member in &mut self.members {
            let before_last = member.seen.saturating_sub(1);
            let store = &mut member.store;
            store.show(before_last, |last| {
                heads.insert(member.party, last.hash);
            })?;
        }
        Ok(heads)
    }
}

impl Member {
    fn unfinished(&mut self, all: &mut Vec<Waiting>) -> Result<(), StoreError> {
        let who = self.party;
        let (kinds, bank) = (self.actor.schemas(), self.sender.bank);
        if matches!(*self.actor, Actor::Gateway(_)) {
            all.extend(
                self.rows::<Order>()?
                    .iter()
                    .filter_map(|o| payment_order(who, o)),
            );
        }
        if let Actor::Bank(role) = &*self.actor {
            let gateway = Party::new(PartyKind::Gateway, role.gateway);
            let rows = self.rows::<BankOrder>()?;
            all.extend(rows.iter().filter_map(|o| bank_order(who, gateway, o)));
        }
        if matches!(*self.actor, Actor::Wallet(_)) {
            let bank = bank.map(|bank| Party::new(PartyKind::Bank, bank));
            let rows = self.rows::<WalletPayment>()?;
            all.extend(rows.iter().filter_map(|p| in_hand(who, bank, p)));
        }
        if kinds.iter().any(|table| table.id == Kept::SCHEMA.id) {
            all.extend(self.rows::<Kept>()?.iter().filter_map(|k| kept(who, k)));
        }
        Ok(())
    }

    /// All rows of a table.
    pub(super) fn rows<T: Record>(&mut self) -> Result<Vec<T>, StoreError> {
        let rows = self.store.backend().scan(T::SCHEMA)?;
        let own = rows
            .iter()
            .filter_map(|row| row.as_any().downcast_ref::<T>());
        Ok(own.cloned().collect())
    }
}

fn payment_order(who: Party, order: &Order) -> Option<Waiting> {
    let waits = matches!(order.state, OrderState::Claimed | OrderState::Unknown);
    waits.then(|| Waiting {
        who,
        for_whom: order.bank.map(|bank| Party::new(PartyKind::Bank, bank)),
        what: Text::clean(&format!(
            "payment order {} is {}",
            order.reference, order.state
        )),
        order: Some(order.id),
        since: order.claimed_at.unwrap_or(order.created_at),
    })
}

fn bank_order(who: Party, gateway: Party, order: &BankOrder) -> Option<Waiting> {
    (order.state == BankOrderState::Held).then(|| Waiting {
        who,
        for_whom: Some(gateway),
        what: Text::clean(&format!("bank order of {} is {}", order.uid, order.state)),
        order: Some(order.order),
        since: order.received_at,
    })
}

fn in_hand(who: Party, bank: Option<Party>, payment: &WalletPayment) -> Option<Waiting> {
    let for_whom = match payment.state {
        WalletState::Opening => Some(payment.gateway),
        WalletState::Paying | WalletState::Checking => bank,
        // Nothing is at stake anywhere while a customer looks at an order.
        WalletState::Shown | WalletState::Paid | WalletState::Failed | WalletState::Abandoned => {
            return None;
        }
    };
    let what = format!("payment to {} is {}", payment.merchant, payment.state);
    Some(Waiting {
        who,
        for_whom,
        what: Text::clean(&what),
        order: payment.order.as_ref().map(|order| order.0.body.id),
        since: payment.since,
    })
}

fn kept(who: Party, kept: &Kept) -> Option<Waiting> {
    (!kept.parked).then(|| Waiting {
        who,
        for_whom: Some(kept.to),
        what: Text::clean(&format!("{} was not heard", kept.message.0.kind())),
        order: kept.message.0.order(),
        since: kept.since,
    })
}

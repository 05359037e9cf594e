//! The gateway's events: claims, transitions, proof.

use super::model::Claim;
use super::{Invariant, Invariants, Place, name_of, shown};
use crate::id::{OrderId, PartyKind};
use crate::journal::{Entry, Event, EventKind};
use crate::order::{BankOrderState, OrderState};

impl Invariants {
    pub(super) fn order_event(&mut self, place: Place, entry: &Entry) {
        let event = &entry.event;
        let Some(id) = event.order else {
            let actual = "an event about no order".to_owned();
            self.broken(Invariant::LegalTransition, place, "an order", actual);
            return;
        };
        self.same_receipt(place, id, event);
        self.raised(place, id, event);
        let exclusive = match event.kind {
            EventKind::OrderClaimed => self.claimed(place, id, event),
            _ => true,
        };
        match event.kind {
            EventKind::ClaimRefused => return self.claim_refused(place, id, event),
            EventKind::OrderLate => {
                let uid = event.uid.or_else(|| self.model.orders.get(&id)?.uid);
                if let Some(receipt) = uid.map(|uid| self.model.receipts.entry(uid).or_default()) {
                    receipt.late = true;
                }
                return;
            }
            EventKind::OrderReopened | EventKind::OrderExpired => self.ended(place, id, entry),
            EventKind::OrderPaid => self.paid(place, id, event),
            _ => {}
        }
        self.moves(place, id, event, exclusive);
    }

    /// C2 and O12: one order per receipt, with its receipt's uid and amount.
    fn same_receipt(&mut self, place: Place, id: OrderId, event: &Event) {
        let at = place.at;
        let order = self.model.order_mut(id, at);
        order.gateway = Some(place.party);
        let (uid, amount) = (order.uid.or(event.uid), order.amount.or(event.amount));
        (order.uid, order.amount) = (uid, amount);
        let same = (event.uid.is_none() || event.uid == uid)
            && (event.amount.is_none() || event.amount == amount);
        self.must(same, Invariant::AmountIntegrity, place, || {
            let expected = format!("receipt {} over {}", shown(uid), shown(amount));
            let actual = format!("receipt {} over {}", shown(event.uid), shown(event.amount));
            (expected, actual)
        });
        let Some(uid) = uid else { return };
        let receipt = self.model.receipts.entry(uid).or_default();
        let first = *receipt.order.get_or_insert(id);
        self.must(first == id, Invariant::ChainUnbroken, place, || {
            let expected = format!("one order, {first}, for receipt {uid}");
            (expected, format!("a second one, {id}"))
        });
    }

    /// C1: what is raised comes from a code that a chip sealed.
    fn raised(&mut self, place: Place, id: OrderId, event: &Event) {
        let order = self.model.order_mut(id, place.at);
        if order.state.is_some() {
            return;
        }
        order.born = place.at;
        order.shop = event.peer;
        let Some(uid) = order.uid else { return };
        let strange = self.model.sealers.contains(&uid.terminal);
        let known = self.model.sealed.contains(&uid) || self.model.printed.contains(&uid);
        let good = known || !strange;
        self.must(good, Invariant::SourceBound, place, || {
            let expected = format!("a receipt that {} sealed", uid.terminal);
            (expected, format!("an order for {uid}"))
        });
    }

    /// O14: the gateway keeps an outcome that it cannot take, for people.
    pub(super) fn conflict(&mut self, place: Place, event: &Event) {
        let key = event.order.zip(event.attempt);
        if let (PartyKind::Gateway, Some((order, attempt)), Some(bank)) =
            (place.party.kind, key, event.peer)
        {
            let order = self.model.order_mut(order, place.at);
            order.attempt_mut(attempt, bank.name, place.at).conflict = true;
        }
    }

    /// M4: a message was given up, where people see it.
    pub(super) fn parked(&mut self, place: Place, event: &Event) {
        if let (Some(order), Some(whom)) = (event.order, event.peer) {
            self.model.order_mut(order, place.at).parked.push(whom);
        }
    }

    /// O4: from the state that it stood in to the one that the event names.
    fn moves(&mut self, place: Place, id: OrderId, event: &Event, exclusive: bool) {
        let named = event
            .state
            .as_deref()
            .and_then(|word| word.parse::<OrderState>().ok());
        let due = state_of(event.kind);
        let order = self.model.order_mut(id, place.at);
        let before = order.state;
        let next = named.unwrap_or(due);
        order.state = Some(next);
        order.since = place.at;
        self.model.reached.order(before, next);
        let legal = match before {
            None => matches!(next, OrderState::Created | OrderState::Cancelled),
            Some(before) => before.may_become(next),
        };
        let good = legal && named == Some(due);
        self.must(
            good || !exclusive,
            Invariant::LegalTransition,
            place,
            || {
                let expected = format!("a step from {} by {}", shown(before), event.kind);
                (expected, format!("{} -> {}", shown(before), shown(named)))
            },
        );
    }

    /// O2 and O11: nobody else holds the order, and the claiming bank holds the money.
    fn claimed(&mut self, place: Place, id: OrderId, event: &Event) -> bool {
        let (Some(attempt), Some(bank)) = (event.attempt, event.peer.as_ref().map(name_of)) else {
            let actual = "a claim without attempt or bank";
            self.broken(
                Invariant::ClaimExclusive,
                place,
                "an attempt of a bank",
                actual,
            );
            return false;
        };
        let order = self.model.order_mut(id, place.at);
        let before = order.live.replace((attempt, bank));
        let expires = order.expires;
        let claim = order.attempt_mut(attempt, bank, place.at);
        let (closed, state) = (claim.claim, claim.state);
        claim.claim = Claim::Granted;
        self.must(before.is_none(), Invariant::ClaimExclusive, place, || {
            let holder = before.map(|(attempt, bank)| format!("{bank}'s attempt {attempt}"));
            let expected = format!("no second claim beside {}", shown(holder));
            (expected, format!("a grant to {bank}'s attempt {attempt}"))
        });
        let valid = expires.is_none_or(|expires| place.at < expires);
        self.must(valid, Invariant::Freshness, place, || {
            let expected = format!("no grant from {} on", shown(expires));
            (expected, format!("a grant to {bank}'s attempt {attempt}"))
        });
        let fresh = matches!(closed, Claim::Unasked);
        self.must(fresh, Invariant::SameKeySameAnswer, place, || {
            let expected = format!("attempt {attempt} to stay {closed:?}");
            (expected, "a new grant under its key".to_owned())
        });
        let holds = matches!(state, Some(BankOrderState::Held | BankOrderState::Posted));
        self.must(holds, Invariant::MoneyStateAgreement, place, || {
            let expected = format!("{bank} to hold the money that it claims for");
            (expected, shown(state))
        });
        before.is_none() && fresh
    }

    fn claim_refused(&mut self, place: Place, id: OrderId, event: &Event) {
        let (Some(attempt), Some(bank)) = (event.attempt, event.peer.as_ref().map(name_of)) else {
            return;
        };
        let order = self.model.order_mut(id, place.at);
        let claim = &mut order.attempt_mut(attempt, bank, place.at).claim;
        let before = std::mem::replace(claim, Claim::Refused);
        let good = matches!(before, Claim::Unasked | Claim::Refused);
        self.must(good, Invariant::SameKeySameAnswer, place, || {
            let expected = format!("attempt {attempt} to stay {before:?}");
            (expected, format!("refused: {}", shown(event.reason)))
        });
    }

    /// O11: PAID says that the money is posted.
    fn paid(&mut self, place: Place, id: OrderId, event: &Event) {
        let order = self.model.order_mut(id, place.at);
        let live = event
            .attempt
            .zip(event.peer.as_ref().map(name_of))
            .or(order.live);
        order.live = live;
        let state = live.and_then(|(attempt, bank)| order.attempt(attempt, bank)?.state);
        let posted = state == Some(BankOrderState::Posted);
        self.must(posted, Invariant::MoneyStateAgreement, place, || {
            ("a posting behind PAID".to_owned(), shown(state))
        });
    }

    /// O5 and O17: what was claimed ends by the bank's proof, brought by the bank's word.
    fn ended(&mut self, place: Place, id: OrderId, entry: &Entry) {
        let order = self.model.order_mut(id, place.at);
        let claimed = matches!(order.state, Some(OrderState::Claimed | OrderState::Unknown));
        let Some((attempt, bank)) = order.live.take().filter(|_| claimed) else {
            return; // expired unclaimed: a timer may do that
        };
        let row = order.attempt_mut(attempt, bank, place.at);
        row.claim = Claim::Closed;
        let (closed, state) = (row.is_closed(), row.state);
        let expected = || format!("proof from {bank} that attempt {attempt} never posts");
        let by_word = entry.cause.from.is_some();
        self.must(by_word, Invariant::UnknownNotFailed, place, || {
            (
                expected(),
                format!("`{}`, which nobody said", entry.cause.what),
            )
        });
        match state {
            None => self.broken(
                Invariant::NotFoundIsNoProof,
                place,
                expected(),
                "that it has no record of it",
            ),
            Some(state) => self.must(closed, Invariant::UnknownNotFailed, place, || {
                (expected(), format!("a bank order that is {state}"))
            }),
        }
    }
}

/// The state that an event leads to.
const fn state_of(kind: EventKind) -> OrderState {
    match kind {
        EventKind::OrderClaimed => OrderState::Claimed,
        EventKind::OrderUnknown => OrderState::Unknown,
        EventKind::OrderPaid => OrderState::Paid,
        EventKind::OrderExpired => OrderState::Expired,
        EventKind::OrderCancelled => OrderState::Cancelled,
        _ => OrderState::Created,
    }
}

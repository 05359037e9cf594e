//! The wallets' and the shops' events: what people were told.

use super::model::{Attempt, Stage};
use super::{Invariant, Invariants, Place, shown};
use crate::id::{AttemptId, OrderId};
use crate::journal::{Entry, Event, EventKind};
use crate::order::BankOrderState;

impl Invariants {
    pub(super) fn wallet_event(&mut self, place: Place, entry: &Entry) {
        let event = &entry.event;
        let Some(id) = event.order else {
            return; // left before there was an order
        };
        if let Some(amount) = event.amount {
            self.same_amount(place, id, amount);
        }
        self.same_uid(place, id, event);
        let wallet = self
            .model
            .order_mut(id, place.at)
            .wallet_mut(place.party.name, place.at);
        let before = wallet.stage;
        wallet.stage = stage_of(event.kind);
        wallet.since = place.at;
        wallet.attempt = event.attempt.or(wallet.attempt);
        let open = wallet.open;
        wallet.open = match event.kind {
            EventKind::PayConfirmed => event.attempt,
            EventKind::PayDone | EventKind::PayFailed | EventKind::PayAbandoned => None,
            _ => open,
        };
        let after = wallet.stage;
        self.model.reached.wallet(before, after);
        self.one_at_a_time(place, entry, open);
        let after_paying = before == Stage::Done;
        self.must(!after_paying, Invariant::LegalTransition, place, || {
            (
                "nothing after a payment that is done".to_owned(),
                event.kind.to_string(),
            )
        });
        match event.kind {
            EventKind::PayDone => self.done(place, id, event),
            EventKind::PayFailed => self.failed(place, id, event),
            _ => {}
        }
    }

    /// O3 and O13: a new attempt begins when the last one is over, and nobody gives one up without
    /// a word from the bank.
    fn one_at_a_time(&mut self, place: Place, entry: &Entry, open: Option<AttemptId>) {
        let kind = entry.event.kind;
        let again = kind == EventKind::PayConfirmed && open != entry.event.attempt;
        let second = open.is_some() && again;
        self.must(!second, Invariant::AtMostOneAttempt, place, || {
            let expected = format!("attempt {} to be over first", shown(open));
            let actual = format!("attempt {} beside it", shown(entry.event.attempt));
            (expected, actual)
        });
        let alone = match kind {
            EventKind::PayFailed => entry.cause.from.is_none(),
            EventKind::PayAbandoned => open.is_some(),
            _ => false,
        };
        self.must(!alone, Invariant::DeadlineOrder, place, || {
            let expected = format!("the bank asked what became of attempt {}", shown(open));
            (expected, format!("{kind} by `{}`", entry.cause.what))
        });
    }

    fn same_uid(&mut self, place: Place, id: OrderId, event: &Event) {
        let due = self.model.orders.get(&id).and_then(|order| order.uid);
        let good = due.is_none() || event.uid.is_none() || due == event.uid;
        self.must(good, Invariant::AmountIntegrity, place, || {
            (format!("receipt {}", shown(due)), shown(event.uid))
        });
    }

    /// O8: a wallet says "paid" of what is posted.
    fn done(&mut self, place: Place, id: OrderId, event: &Event) {
        let order = self.model.order_mut(id, place.at);
        let posted = order.posted(event.attempt).is_some();
        self.must(posted, Invariant::AckAfterDurable, place, || {
            let expected = format!("a posting of attempt {}", shown(event.attempt));
            (expected, "\"paid\" on the screen".to_owned())
        });
    }

    /// O5 and O17: a wallet says "failed" of what is proved never to be posted. A bank's own word
    /// is proof whatever its reason; without one, "not found" and "no answer" are none.
    fn failed(&mut self, place: Place, id: OrderId, event: &Event) {
        let order = self.model.order_mut(id, place.at);
        let mine = |row: &&Attempt| Some(row.id) == event.attempt;
        let closed = order.attempts.iter().filter(mine).any(Attempt::is_closed);
        let is_open = |row: &&Attempt| {
            matches!(
                row.state,
                Some(BankOrderState::Held | BankOrderState::Posted)
            )
        };
        let open = order
            .attempts
            .iter()
            .filter(mine)
            .find(is_open)
            .and_then(|row| row.state);
        if let Some(reason) = event
            .reason
            .filter(|reason| !closed && !reason.ends_a_payment())
        {
            let expected = "a proof that the payment failed";
            self.broken(Invariant::NotFoundIsNoProof, place, expected, reason.word());
        }
        self.must(open.is_none(), Invariant::UnknownNotFailed, place, || {
            let expected = format!("attempt {} closed at its bank", shown(event.attempt));
            (
                expected,
                format!("\"failed\" of a bank order that is {}", shown(open)),
            )
        });
    }

    pub(super) fn shop_event(&mut self, place: Place, event: &Event) {
        match event.kind {
            EventKind::MerchantTold => self.told(place, event),
            EventKind::SlipPrinted => self.told_of_posting(place, event),
            EventKind::Sealed => self.counted(place, event, true),
            EventKind::CodePrinted => self.counted(place, event, false),
            _ => self.reprinted(place, event),
        }
    }

    /// M1 and O9: a merchant hears once of a payment that is posted.
    fn told(&mut self, place: Place, event: &Event) {
        self.told_of_posting(place, event);
        let Some(id) = event.order else { return };
        let order = self.model.order_mut(id, place.at);
        let again = order.told.contains(&place.party.name);
        if !again {
            order.told.push(place.party.name);
        }
        self.must(!again, Invariant::Dedupe, place, || {
            let expected = format!("one effect of the notice of order {id}");
            (expected, "a second one".to_owned())
        });
    }

    fn told_of_posting(&mut self, place: Place, event: &Event) {
        let Some(id) = event.order else { return };
        if let Some(amount) = event.amount {
            self.same_amount(place, id, amount);
        }
        let posted = self
            .model
            .order_mut(id, place.at)
            .posted(event.attempt)
            .is_some();
        self.must(posted, Invariant::NotifyAfterCommit, place, || {
            (
                format!("a posting of order {id}"),
                "word of a payment".to_owned(),
            )
        });
    }

    /// C2: a counter is used once, by the chip and on paper.
    fn counted(&mut self, place: Place, event: &Event, sealed: bool) {
        let Some(uid) = event.uid else { return };
        self.model.sealers.insert(uid.terminal);
        let seen = if sealed {
            &mut self.model.sealed
        } else {
            &mut self.model.printed
        };
        let fresh = seen.insert(uid);
        self.must(fresh, Invariant::ChainUnbroken, place, || {
            let expected = format!("counter {} of {} used once", uid.counter, uid.terminal);
            (expected, format!("a second code, {}", event.kind))
        });
    }

    /// C2: a reprint shows a code that was sealed before.
    fn reprinted(&mut self, place: Place, event: &Event) {
        let Some(uid) = event.uid else { return };
        let known = self.model.printed.contains(&uid) || self.model.sealed.contains(&uid);
        self.must(known, Invariant::ChainUnbroken, place, || {
            let expected = format!("a code of {uid} before its copy");
            (expected, "a copy of none".to_owned())
        });
    }
}

const fn stage_of(kind: EventKind) -> Stage {
    match kind {
        EventKind::PayConfirmed => Stage::Paying,
        EventKind::PayChecking => Stage::Checking,
        EventKind::PayDone => Stage::Done,
        EventKind::PayFailed => Stage::Failed,
        EventKind::PayAbandoned => Stage::Left,
        _ => Stage::Shown,
    }
}

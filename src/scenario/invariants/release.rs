//! What parties say, against what was recorded before they said it.

use super::model::{Attempt, Claim};
use super::{Invariant, Invariants, Place, shown};
use crate::id::{Name, Party, PartyKind};
use crate::message::{
    Attempt as Of, Attested, BankReference, Message, Payment, PaymentOrder, Refused,
};
use crate::order::{BankOrderState, BankStanding, OrderState, PaymentState, Reason};

impl Invariants {
    pub(super) fn release(&mut self, place: Place, to: &Party, message: &Message) {
        self.signed(place, message);
        match message {
            Message::Order(order) => self.order_said(place, &order.body),
            Message::Payment(payment) => self.payment_said(place, payment),
            Message::Granted(of) => self.granted_said(place, *of, to.name),
            Message::ClaimRefused(no) => self.claim_refused_said(place, no.of, to.name, no.reason),
            Message::Paid(reference) => {
                self.reference_said(place, reference, Invariant::AckAfterDurable);
            }
            Message::PaidHeard(of) => self.paid_heard_said(place, *of, to.name),
            Message::PaymentStanding(standing) => {
                if let Some(reference) = &standing.reference {
                    self.reference_said(place, reference, Invariant::AckAfterDurable);
                }
                self.standing_said(place, standing.of, standing.standing);
            }
            Message::Advise(advice) => {
                self.reference_said(place, &advice.reference, Invariant::NotifyAfterCommit);
            }
            Message::Notice(notice) | Message::Slip(notice) => {
                self.reference_said(place, &notice.reference, Invariant::NotifyAfterCommit);
            }
            Message::Advised(heard) => {
                let order = self.model.order_mut(heard.order, place.at);
                let done = order
                    .credited
                    .iter()
                    .any(|(bank, _)| *bank == place.party.name);
                self.heard(place, done, "a credit");
            }
            Message::NoticeHeard(heard) => {
                let order = self.model.order_mut(heard.order, place.at);
                let done = order.told.contains(&place.party.name);
                self.heard(place, done, "the notice on record");
            }
            Message::Refused(no) => self.refused_said(place, to, *no),
            Message::Open(_)
            | Message::Pay(_)
            | Message::PayStatus(_)
            | Message::Claim(_)
            | Message::PaymentStatus(_)
            | Message::CancelPayment(_)
            | Message::SlipHeard(_)
            | Message::VoidOrder(_)
            | Message::Apdu(_)
            | Message::ApduAnswer(_) => {}
        }
    }

    /// M3: a statement leaves with its author's signature.
    fn signed(&mut self, place: Place, message: &Message) {
        let signed = match message {
            Message::Order(order) => order.is_signed(),
            Message::Paid(reference) => reference.is_signed(),
            Message::Payment(payment) => payment.reference.as_ref().is_none_or(|r| r.is_signed()),
            Message::PaymentStanding(standing) => {
                standing.reference.as_ref().is_none_or(|r| r.is_signed())
            }
            Message::Advise(advice) => advice.reference.is_signed(),
            Message::Notice(notice) | Message::Slip(notice) => notice.reference.is_signed(),
            _states_nothing => true,
        };
        self.must(signed, Invariant::SignedFresh, place, || {
            (
                "a signed statement".to_owned(),
                format!("`{}` without a signature", message.kind()),
            )
        });
    }

    /// O16: whoever may not know hears of a code that it is not found, whatever the reason.
    fn refused_said(&mut self, place: Place, to: &Party, said: Refused) {
        let strangers = place.party.kind == PartyKind::Gateway && to.kind == PartyKind::Wallet;
        let uniform = said.reason == Reason::NotFound || said.about.order.is_some();
        self.must(
            uniform || !strangers,
            Invariant::NoInternalLeak,
            place,
            || (Reason::NotFound.to_string(), said.reason.to_string()),
        );
    }

    fn heard(&mut self, place: Place, done: bool, what: &str) {
        self.must(done, Invariant::AckAfterDurable, place, || {
            (what.to_owned(), "\"heard\" before it".to_owned())
        });
    }

    /// O8 and O12: a signed order is one that was recorded, and is the same every time.
    fn order_said(&mut self, place: Place, said: &PaymentOrder) {
        let order = self.model.order_mut(said.id, place.at);
        let (state, uid, amount) = (order.state, order.uid, order.amount);
        let (born, expires) = (order.born, *order.expires.get_or_insert(said.expires));
        let named = (
            said.payee.clone(),
            said.payee_bank,
            said.payee_account.clone(),
        );
        let payee = order.payee.get_or_insert_with(|| named.clone()).clone();
        let merchant = order.merchant().is_none_or(|id| id == said.merchant);
        self.must(state.is_some(), Invariant::AckAfterDurable, place, || {
            (
                "an order on record".to_owned(),
                format!("a signed order {}", said.id),
            )
        });
        let same = uid.is_none_or(|uid| uid == said.uid)
            && amount.is_none_or(|amount| amount == said.amount)
            && payee == named
            && merchant;
        self.must(same, Invariant::AmountIntegrity, place, || {
            let expected = format!("{} to {} for {}", shown(amount), payee.0, shown(uid));
            (
                expected,
                format!("{} to {} for {}", said.amount, said.payee, said.uid),
            )
        });
        self.must(born < expires, Invariant::Freshness, place, || {
            let expected = format!("nothing raised from {expires} on");
            (expected, format!("an order raised at {born}"))
        });
        let claims_final = [OrderState::Paid, OrderState::Expired, OrderState::Cancelled]
            .into_iter()
            .find(|state| state.external() == said.standing);
        let true_to_it = claims_final.is_none() || claims_final == state;
        self.must(true_to_it, Invariant::AckAfterDurable, place, || {
            (
                format!("an order that is {}", shown(state)),
                said.standing.to_string(),
            )
        });
    }

    /// O7, O8, L7 and O6: what a payer hears of an attempt.
    fn payment_said(&mut self, place: Place, said: &Payment) {
        if let Some(reference) = &said.reference {
            self.reference_said(place, reference, Invariant::AckAfterDurable);
        }
        let bank = place.party.name;
        let order = self.model.order_mut(said.of.order, place.at);
        let row = order.attempt_mut(said.of.attempt, bank, place.at);
        let (state, hold) = (row.state, row.hold);
        let expected = || "an attempt on record that says so".to_owned();
        let actual = || format!("{} of one that is {}", said.state, shown(state));
        match said.state {
            PaymentState::Processing => {
                self.must(state.is_some(), Invariant::AckAfterDurable, place, || {
                    (expected(), actual())
                });
            }
            PaymentState::Paid => {
                let posted = state == Some(BankOrderState::Posted);
                self.must(posted, Invariant::AckAfterDurable, place, || {
                    (expected(), actual())
                });
            }
            PaymentState::Refused => {
                let (rule, good) = match state {
                    Some(BankOrderState::Posted) => (Invariant::ErrorMeansNoEffect, false),
                    Some(BankOrderState::Held) => (Invariant::HoldReleased, hold.is_none()),
                    known => (Invariant::AckAfterDurable, known.is_some()),
                };
                self.must(good, rule, place, || (expected(), actual()));
            }
        }
        if said.state != PaymentState::Processing {
            self.same_answer(place, said);
        }
    }

    /// O6: a final answer is the same for ever.
    fn same_answer(&mut self, place: Place, said: &Payment) {
        let bank = place.party.name;
        let order = self.model.order_mut(said.of.order, place.at);
        let row: &mut Attempt = order.attempt_mut(said.of.attempt, bank, place.at);
        let answer = (said.state, said.reason);
        let first = *row.answered.get_or_insert(answer);
        self.must(first == answer, Invariant::SameKeySameAnswer, place, || {
            let expected = format!("{} {}, as before", first.0, shown(first.1));
            (expected, format!("{} {}", answer.0, shown(answer.1)))
        });
    }

    /// O8 and O6: a grant on record, and never after a refusal.
    fn granted_said(&mut self, place: Place, of: Of, bank: Name) {
        let order = self.model.order_mut(of.order, place.at);
        let row = order.attempt_mut(of.attempt, bank, place.at);
        let claim = row.claim;
        let before = row.claim_answered;
        row.claim_answered = before.or(Some(Ok(())));
        self.must(
            claim != Claim::Unasked,
            Invariant::AckAfterDurable,
            place,
            || {
                (
                    "a grant on record".to_owned(),
                    format!("`granted` to {bank}"),
                )
            },
        );
        let steady = !matches!(before, Some(Err(_))) && claim != Claim::Refused;
        self.must(steady, Invariant::SameKeySameAnswer, place, || {
            let reason = before.and_then(Result::err);
            (
                format!("refused: {}, as before", shown(reason)),
                "`granted`".to_owned(),
            )
        });
    }

    /// O8 and O6: a refusal on record. After a grant only that the attempt was closed for ever.
    fn claim_refused_said(&mut self, place: Place, of: Of, bank: Name, reason: Reason) {
        let order = self.model.order_mut(of.order, place.at);
        let row = order.attempt_mut(of.attempt, bank, place.at);
        let (claim, before) = (row.claim, row.claim_answered);
        row.claim_answered = Some(Err(reason));
        self.must(
            claim != Claim::Unasked,
            Invariant::AckAfterDurable,
            place,
            || {
                (
                    "a refusal on record".to_owned(),
                    format!("`claim-refused`, {reason}"),
                )
            },
        );
        let closed = claim == Claim::Closed && reason == Reason::AttemptClosed;
        let steady = match before {
            None => claim != Claim::Granted,
            Some(Ok(())) => closed,
            Some(Err(first)) => first == reason || closed,
        };
        self.must(steady, Invariant::SameKeySameAnswer, place, || {
            let first = before.map(|b| b.map_or_else(|r| r.to_string(), |()| "granted".to_owned()));
            (
                format!("{}, as before", shown(first)),
                format!("refused: {reason}"),
            )
        });
    }

    /// O8 and O14: the gateway has heard what it recorded as paid, or keeps as a conflict.
    fn paid_heard_said(&mut self, place: Place, of: Of, bank: Name) {
        let order = self.model.order_mut(of.order, place.at);
        let state = order.state;
        let known = order
            .attempts
            .iter()
            .any(|row| row.id == of.attempt && row.claim != Claim::Unasked);
        self.must(known, Invariant::AckAfterDurable, place, || {
            (
                "the outcome on record".to_owned(),
                format!("heard of an order that is {}", shown(state)),
            )
        });
        let order = self.model.order_mut(of.order, place.at);
        let paid = state == Some(OrderState::Paid) && order.live == Some((of.attempt, bank));
        let conflict = order
            .attempt(of.attempt, bank)
            .is_some_and(|row| row.conflict);
        self.must(paid || conflict, Invariant::LateIsRecorded, place, || {
            let expected = format!("PAID by attempt {}, or a conflict", of.attempt);
            (expected, format!("an order that is {}", shown(state)))
        });
    }

    /// O8 and L7: what a bank answers the gateway.
    fn standing_said(&mut self, place: Place, of: Of, said: BankStanding) {
        let bank = place.party.name;
        let order = self.model.order_mut(of.order, place.at);
        let row = order.attempt_mut(of.attempt, bank, place.at);
        let (state, closed, hold) = (row.state, row.is_closed(), row.hold);
        let (rule, good) = match said {
            BankStanding::Posted => (
                Invariant::AckAfterDurable,
                state == Some(BankOrderState::Posted),
            ),
            BankStanding::Held => (Invariant::AckAfterDurable, state.is_some()),
            BankStanding::Closed if hold.is_some() => (Invariant::HoldReleased, false),
            BankStanding::Closed => (Invariant::AckAfterDurable, closed),
            // A record may come to be while the answer waits in the same commit.
            BankStanding::NotFound => (Invariant::NotFoundIsNoProof, true),
        };
        self.must(good, rule, place, || {
            let expected = format!("a bank order that is {said}");
            (expected, format!("one that is {}", shown(state)))
        });
    }

    /// O8 or O9, and O12: a bank's word that it posted is about a posting, and true to it.
    fn reference_said(&mut self, place: Place, said: &Attested<BankReference>, rule: Invariant) {
        let body = &said.body;
        let order = self.model.order_mut(body.of.order, place.at);
        let row = order.attempt(body.of.attempt, said.by.name);
        let posted = row.is_some_and(|row| row.state == Some(BankOrderState::Posted));
        let (uid, amount) = (order.uid, order.amount);
        let merchant = order.merchant().is_none_or(|id| id == body.merchant);
        self.must(posted, rule, place, || {
            let expected = format!(
                "a posting of attempt {} at {}",
                body.of.attempt, said.by.name
            );
            (expected, "word of it before it is on record".to_owned())
        });
        let same = uid.is_none_or(|uid| uid == body.uid)
            && amount.is_none_or(|amount| amount == body.amount)
            && merchant;
        self.must(same, Invariant::AmountIntegrity, place, || {
            let expected = format!("{} for receipt {}", shown(amount), shown(uid));
            (
                expected,
                format!("{} for receipt {}", body.amount, body.uid),
            )
        });
    }
}

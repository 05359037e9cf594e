//! A payer wants to pay: the account is checked, the money held, the claim asked.

use super::records::{BankOrder, PostedReceipt};
use super::{Bank, Checked, Magic};
use crate::id::{EventId, Party};
use crate::journal::EventKind;
use crate::ledger;
use crate::message::{Attempt, Claim, Message, Payment};
use crate::order::{BankOrderState, PaymentState, Reason};
use crate::roles::bugs::{self, Bug};
use crate::roles::{Cx, Schedule};
use crate::store::{Stop, Timer, TimerKind};
use std::sync::Arc;

impl Bank {
    /// `pay`: the same key and body hear the same answer; another body is a conflict (O6).
    pub(super) fn pay(&self, cx: &mut Cx<'_>, pay: &Checked) -> Result<(), Stop> {
        if let Some(known) = cx.get::<BankOrder>(&(pay.of.order, pay.of.attempt))? {
            let lost = known.reason.is_some_and(Reason::is_of_a_race);
            let closed = bugs::on(Bug::IgnoresTombstone) && known.reason == Some(Reason::NoAnswer);
            let again = closed || (bugs::on(Bug::HoldsAgain) && lost);
            if !(again && known.state == BankOrderState::Voided) {
                return self.pay_again(cx, pay, &known);
            }
        }
        let mut order = BankOrder {
            order: pay.of.order,
            attempt: pay.of.attempt,
            state: BankOrderState::Held,
            payer: Some(pay.payer),
            account: Some(pay.account),
            uid: pay.uid,
            merchant: pay.order.merchant,
            amount: pay.order.amount,
            received_at: cx.now(),
            resolved_at: None,
            reason: None,
            asks: 0,
            in_doubt: false,
        };
        let held = self.hold(cx, pay)?;
        let rejects = bugs::on(Bug::RejectsHeld).then_some(Reason::OverLimit);
        if let Err(reason) = held.and_then(|()| rejects.map_or(Ok(()), Err)) {
            order.state = BankOrderState::Rejected;
            order.reason = Some(reason);
            order.resolved_at = Some(cx.now());
            cx.record(order.event(EventKind::Rejected));
        } else {
            cx.send(
                self.gateway(),
                Message::Claim(Claim {
                    of: pay.of,
                    uid: pay.uid,
                }),
            );
            let again = cx.now().after(self.timing.claim);
            cx.timer(claim_timer(pay.of), Some(again));
            if bugs::on(Bug::PaysAhead) {
                let paid = Message::Paid(self.reference(&order));
                let event = EventId(pay.of.attempt.0);
                cx.send_kept(event, self.gateway(), paid, Schedule::Money)?;
            }
        }
        cx.reply(self.payment(&order));
        cx.put(order)
    }

    /// Holds the money, or says why not.
    fn hold(&self, cx: &mut Cx<'_>, pay: &Checked) -> Result<Result<(), Reason>, Stop> {
        if cx.now() >= pay.order.expires {
            return Ok(Err(Reason::Expired));
        }
        if cx.get::<PostedReceipt>(&(pay.uid,))?.is_some() {
            return Ok(Err(Reason::AlreadyPaid));
        }
        let magic = Magic::of(pay.order.amount).filter(|_| self.magic);
        if let Some(reason) = magic.and_then(Magic::refuses) {
            return Ok(Err(reason));
        }
        let credit = self.credit_book(&pay.order);
        ledger::hold(
            cx,
            pay.of,
            (&pay.payer, &pay.account),
            credit,
            bugs::more(Bug::HoldsMore, pay.order.amount),
        )
    }

    fn pay_again(&self, cx: &mut Cx<'_>, pay: &Checked, known: &BankOrder) -> Result<(), Stop> {
        let tombstoned = known.state == BankOrderState::Tombstoned;
        let same = known.account == Some(pay.account) && known.payer == Some(pay.payer);
        if !tombstoned && !same {
            return Err(Stop::Refuse(Reason::Conflict));
        }
        let mut known = known.clone();
        if bugs::on(Bug::RefusesPosted) && known.state == BankOrderState::Posted {
            known.state = BankOrderState::Rejected;
        }
        cx.reply(self.payment(&known));
        Ok(())
    }

    /// `pay-status`: only the payer may ask.
    pub(super) fn pay_status(
        &self,
        cx: &mut Cx<'_>,
        of: Attempt,
        payer: &Party,
    ) -> Result<(), Stop> {
        match cx.get::<BankOrder>(&(of.order, of.attempt))? {
            Some(order) if order.payer == Some(*payer) => {
                cx.reply(self.payment(&order));
                Ok(())
            }
            _ => Err(Stop::Refuse(Reason::NotFound)),
        }
    }

    /// How the payment stands, for the payer.
    pub(super) fn payment(&self, order: &BankOrder) -> Message {
        let posted = order.state == BankOrderState::Posted;
        let lost = order.reason.is_some_and(Reason::is_of_a_race) && order.asks > 0;
        Message::Payment(Arc::new(Payment {
            of: order.of(),
            state: match order.state {
                BankOrderState::Held if bugs::on(Bug::AnswersEarly) => PaymentState::Paid,
                BankOrderState::Voided if bugs::on(Bug::TellsLoserPaid) && lost => {
                    PaymentState::Paid
                }
                state => state.external(),
            },
            reason: order.reason,
            reference: posted.then(|| self.reference(order)),
        }))
    }
}

/// The timer that asks an attempt's claim again.
pub(super) const fn claim_timer(of: Attempt) -> Timer {
    Timer::part(TimerKind::Claim, of.order.0, of.attempt.0)
}

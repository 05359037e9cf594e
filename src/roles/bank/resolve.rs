//! What becomes of a hold: posted by a grant, voided by a refusal or a cancel, and until then kept.

use super::Bank;
use super::pay::claim_timer;
use super::records::{BankOrder, PostedReceipt};
use crate::id::{EventId, MerchantId, TerminalId, Uid};
use crate::journal::EventKind;
use crate::ledger;
use crate::message::{Attempt, Claim, Message, PaymentStanding};
use crate::money::{Currency, Money};
use crate::order::{BankOrderState, BankStanding, Reason};
use crate::roles::bugs::{self, Bug};
use crate::roles::{Cx, Schedule};
use crate::store::Stop;
use crate::time::Span;
use std::sync::Arc;

/// After this many questions without an answer the hold is in doubt, and people see it.
const ASKS_BEFORE_DOUBT: u32 = 3;

impl Bank {
    /// The claim is granted: the held money is posted. The freeze of an account stops new holds,
    /// never this. A grant that reaches a hold that is gone does nothing.
    pub(super) fn granted(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<(), Stop> {
        let Some(mut order) = self.held(cx, of)? else {
            return Ok(());
        };
        if cx.get::<PostedReceipt>(&(order.uid,))?.is_some() {
            return self.release_hold(cx, &mut order, Reason::AlreadyPaid);
        }
        let Some(account) = order.account else {
            return Ok(()); // a held order always has one
        };
        order.state = BankOrderState::Posted;
        order.resolved_at = Some(cx.now());
        order.in_doubt = false;
        if !bugs::on(Bug::SignsUnposted) && !ledger::post(cx, of, &account)? {
            return Ok(()); // no open hold in the ledger, which alone says where the money is
        }
        cx.put(PostedReceipt {
            uid: order.uid,
            order: of.order,
            attempt: of.attempt,
        })?;
        cx.timer(claim_timer(of), None);
        let paid = Message::Paid(self.reference(&order));
        cx.send_kept(EventId(of.attempt.0), self.gateway(), paid, Schedule::Money)?;
        self.tell_payer(cx, &order);
        cx.put(order)
    }

    /// The claim is refused: the hold is released in the same commit (L7).
    pub(super) fn claim_refused(
        &self,
        cx: &mut Cx<'_>,
        of: Attempt,
        reason: Reason,
    ) -> Result<(), Stop> {
        match self.held(cx, of)? {
            Some(_) if bugs::on(Bug::AsksForEver) => self.claim_again(cx, of),
            Some(order) if bugs::on(Bug::PostsRefused) && order.asks > 0 => self.granted(cx, of),
            Some(order) if bugs::on(Bug::ForgetsRefusal) && order.asks > 0 => {
                cx.timer(claim_timer(of), None);
                Ok(())
            }
            Some(mut order) => self.release_hold(cx, &mut order, reason),
            None => Ok(()),
        }
    }

    fn release_hold(
        &self,
        cx: &mut Cx<'_>,
        order: &mut BankOrder,
        reason: Reason,
    ) -> Result<(), Stop> {
        let asked = bugs::on(Bug::KeepsAskedHold) && order.asks > 0 && reason.is_of_a_race();
        let keeps = bugs::on(Bug::KeepsHold) || asked;
        if let Some(account) = order.account.filter(|_| !keeps) {
            ledger::void(cx, order.of(), &account)?;
        }
        order.state = BankOrderState::Voided;
        order.reason = Some(reason);
        order.resolved_at = Some(cx.now());
        order.in_doubt = false;
        cx.timer(claim_timer(order.of()), None);
        self.tell_payer(cx, order);
        cx.put(order.clone())
    }

    /// The claim's answer is missing: it is asked again under the same key, for as long as it
    /// takes.
    pub(super) fn claim_again(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<(), Stop> {
        let Some(mut order) = self.held(cx, of)? else {
            return Ok(());
        };
        order.asks += 1;
        if order.asks == ASKS_BEFORE_DOUBT {
            order.in_doubt = true;
            cx.record(order.event(EventKind::InDoubt));
        }
        let wait = self.timing.claim.as_nanos() << order.asks.min(10);
        let wait = Span::nanos(wait).min(self.timing.claim_most);
        cx.timer(claim_timer(of), Some(cx.now().after(wait)));
        cx.send(self.gateway(), Message::Claim(Claim { of, uid: order.uid }));
        cx.put(order)
    }

    /// The gateway has heard that this was posted.
    pub(super) fn paid_heard(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<(), Stop> {
        cx.settled(EventId(of.attempt.0), self.gateway()).map(drop)
    }

    /// The gateway asks how an attempt stands.
    pub(super) fn status(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<(), Stop> {
        let order = cx.get::<BankOrder>(&(of.order, of.attempt))?;
        cx.reply(self.standing(of, order.as_ref()));
        Ok(())
    }

    /// The gateway closes an attempt: a hold is released, an attempt that has not arrived finds its
    /// tombstone, in one commit. What is posted stays posted.
    pub(super) fn cancel(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<(), Stop> {
        let order = match cx.get::<BankOrder>(&(of.order, of.attempt))? {
            Some(mut order) if order.state == BankOrderState::Held => {
                self.release_hold(cx, &mut order, Reason::NoAnswer)?;
                order
            }
            Some(order) => order,
            None => {
                let tombstone = tombstone(cx, of);
                cx.record(tombstone.event(EventKind::Tombstoned));
                cx.put(tombstone.clone())?;
                tombstone
            }
        };
        cx.reply(self.standing(of, Some(&order)));
        Ok(())
    }

    fn standing(&self, of: Attempt, order: Option<&BankOrder>) -> Message {
        let standing = match order.map(|order| order.state) {
            None => BankStanding::NotFound,
            Some(BankOrderState::Held) => BankStanding::Held,
            Some(BankOrderState::Posted) => BankStanding::Posted,
            Some(
                BankOrderState::Rejected | BankOrderState::Voided | BankOrderState::Tombstoned,
            ) => BankStanding::Closed,
        };
        let posted = order.filter(|_| standing == BankStanding::Posted);
        let reference = posted.map(|order| self.reference(order));
        let reason = order.and_then(|order| order.reason);
        Message::PaymentStanding(Arc::new(PaymentStanding {
            of,
            standing,
            reason,
            reference,
        }))
    }

    /// The payer hears the outcome without asking; whoever misses it asks.
    fn tell_payer(&self, cx: &mut Cx<'_>, order: &BankOrder) {
        if let Some(payer) = order.payer {
            cx.send(payer, self.payment(order));
        }
    }

    fn held(&self, cx: &mut Cx<'_>, of: Attempt) -> Result<Option<BankOrder>, Stop> {
        let order = cx.get::<BankOrder>(&(of.order, of.attempt))?;
        let again = bugs::on(Bug::PostsTwice);
        Ok(order.filter(|order| order.state == BankOrderState::Held || again))
    }
}

/// The record that rejects an attempt which arrives after it was closed.
fn tombstone(cx: &Cx<'_>, of: Attempt) -> BankOrder {
    let nobody = TerminalId::from_bytes([0; 6]);
    BankOrder {
        order: of.order,
        attempt: of.attempt,
        state: BankOrderState::Tombstoned,
        payer: None,
        account: None,
        uid: Uid {
            terminal: nobody,
            epoch: 0,
            counter: 0,
        },
        merchant: MerchantId([0; 4]),
        amount: Money::zero(Currency::XTS),
        received_at: cx.now(),
        resolved_at: Some(cx.now()),
        reason: Some(Reason::Tombstoned),
        asks: 0,
        in_doubt: false,
    }
}

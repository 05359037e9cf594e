//! The customer confirmed: the bank is asked, and asked again, until it says what became of it.

use super::order::event;
use super::records::{CodeOfOrder, WalletPayment, WalletState};
use super::scan::OPEN_ASKS_MAX;
use super::{Wallet, code_timer};
use crate::id::AttemptId;
use crate::journal::EventKind;
use crate::message::{CodeHash, Message, Pay, Payment, Refused};
use crate::order::{PaymentState, Reason};
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Stop, TimerKind};
use crate::time::Span;
use std::sync::Arc;

/// The longest wait between two questions to the bank.
const ASK_MOST: Span = Span::seconds(60);

impl Wallet {
    /// The customer confirms: from here on there is an attempt, kept until it is final.
    pub(super) fn confirm(&self, cx: &mut Cx<'_>, code: &CodeHash) -> Result<(), Stop> {
        let Some(mut payment) = cx.get::<WalletPayment>(&(*code,))? else {
            return Ok(());
        };
        if payment.state != WalletState::Shown {
            return Ok(());
        }
        payment.attempt = Some(AttemptId(cx.new_id("attempt", code)));
        payment.state = WalletState::Paying;
        payment.since = cx.now();
        payment.asks = 0;
        payment.answered = false;
        cx.timer(code_timer(TimerKind::Decide, code), None);
        cx.record(event(EventKind::PayConfirmed, &payment));
        self.send_pay(cx, &payment);
        cx.put(payment)
    }

    /// The bank says how it stands.
    pub(super) fn outcome(&self, cx: &mut Cx<'_>, heard: &Payment) -> Result<(), Stop> {
        let Some(mut payment) = Self::of_order(cx, heard.of.order)? else {
            return Err(Stop::Refuse(Reason::NotFound));
        };
        let mine = payment.attempt == Some(heard.of.attempt);
        if !mine || payment.state.is_over() {
            return Ok(());
        }
        payment.answered = true;
        match heard.state {
            PaymentState::Processing => {}
            PaymentState::Paid if heard.reference.is_none() => {}
            PaymentState::Paid => self.close(cx, &mut payment, WalletState::Paid, None),
            PaymentState::Refused => {
                self.close(cx, &mut payment, WalletState::Failed, heard.reason);
            }
        }
        cx.put(payment)
    }

    fn close(
        &self,
        cx: &mut Cx<'_>,
        payment: &mut WalletPayment,
        state: WalletState,
        reason: Option<Reason>,
    ) {
        payment.state = state;
        payment.reason = reason;
        cx.timer(code_timer(TimerKind::Ask, &payment.code), None);
        let what = match state {
            WalletState::Paid => EventKind::PayDone,
            _ => EventKind::PayFailed,
        };
        cx.record(event(what, payment));
    }

    /// Somebody refused a message: the gateway a code, or the bank a payment.
    pub(super) fn refused(&self, cx: &mut Cx<'_>, refused: &Refused) -> Result<(), Stop> {
        let payment = match (refused.about.code, refused.about.order) {
            (Some(code), _) => cx.get::<WalletPayment>(&(code,))?,
            (None, Some(order)) => Self::of_order(cx, order)?,
            (None, None) => None,
        };
        let Some(mut payment) = payment else {
            return Ok(());
        };
        let ends = refused.reason.ends_a_payment() || bugs::on(Bug::BelievesNotFound);
        match payment.state {
            WalletState::Opening => self.abandon(cx, payment, refused.reason),
            // A refusal of `pay` itself leaves no trace at the bank, so this attempt is over; "not
            // found" answers only a question, and proves nothing (O17).
            WalletState::Paying | WalletState::Checking if !payment.answered && ends => {
                self.close(cx, &mut payment, WalletState::Failed, Some(refused.reason));
                cx.put(payment)
            }
            _ => Ok(()),
        }
    }

    /// Nobody answered: ask again, the gateway for its order or the bank for the outcome.
    pub(super) fn ask(&self, cx: &mut Cx<'_>, code: &CodeHash) -> Result<(), Stop> {
        let Some(mut payment) = cx.get::<WalletPayment>(&(*code,))? else {
            return Ok(());
        };
        payment.asks += 1;
        match payment.state {
            WalletState::Opening if payment.asks > OPEN_ASKS_MAX => {
                return self.abandon(cx, payment, Reason::NoAnswer);
            }
            WalletState::Opening => Self::send_open(cx, &payment),
            WalletState::Paying if bugs::on(Bug::GivesUpWaiting) && payment.asks > 3 => {
                return self.abandon(cx, payment, Reason::NoAnswer);
            }
            WalletState::Paying | WalletState::Checking => self.ask_bank(cx, &mut payment),
            _ => return Ok(()), // a stale timer does no harm
        }
        cx.put(payment)
    }

    fn ask_bank(&self, cx: &mut Cx<'_>, payment: &mut WalletPayment) {
        let waited = cx.now().since(payment.since);
        if payment.state == WalletState::Paying && waited >= self.habits.patience {
            payment.state = WalletState::Checking;
            cx.record(event(EventKind::PayChecking, payment));
        }
        match payment.of() {
            // Once the bank has answered, its record is durable, and a question is enough.
            Some(of) if payment.answered || bugs::on(Bug::BelievesNotFound) => {
                cx.send(self.bank(), Message::PayStatus(of));
                self.ask_later(cx, payment);
            }
            _ => self.send_pay(cx, payment),
        }
    }

    /// Sends the payment, the same under the same key however often.
    fn send_pay(&self, cx: &mut Cx<'_>, payment: &WalletPayment) {
        let (Some(order), Some(of)) = (&payment.order, payment.of()) else {
            return;
        };
        let pay = Pay {
            order: order.0.clone(),
            code: payment.blob.0.clone(),
            account: self.account,
            approval: self
                .approval
                .approve(of, &self.account, order.0.body.amount),
            attempt: of.attempt,
        };
        cx.send(self.bank(), Message::Pay(Arc::new(pay)));
        self.ask_later(cx, payment);
    }

    fn ask_later(&self, cx: &mut Cx<'_>, payment: &WalletPayment) {
        let wait = Span::seconds(1_u64 << payment.asks.min(6)).min(ASK_MOST);
        let at = cx.now().after(wait);
        cx.timer(code_timer(TimerKind::Ask, &payment.code), Some(at));
    }

    fn of_order(cx: &mut Cx<'_>, order: crate::id::OrderId) -> Result<Option<WalletPayment>, Stop> {
        match cx.get::<CodeOfOrder>(&(order,))? {
            Some(known) => cx.get::<WalletPayment>(&(known.code,)),
            None => Ok(None),
        }
    }
}

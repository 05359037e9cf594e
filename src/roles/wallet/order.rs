//! The gateway's order: compared with the seal and the bundle, then shown to the customer.

use super::records::{CodeOfOrder, WalletPayment, WalletState};
use super::{Wallet, code_timer};
use crate::code::sealed::{Code, open};
use crate::id::Party;
use crate::journal::{Event, EventKind};
use crate::message::{Attested, CodeHash, PaymentOrder};
use crate::order::{Reason, Standing};
use crate::roles::Cx;
use crate::sign::Verified;
use crate::store::{Json, Stop, TimerKind};

/// An order whose author is the gateway that was asked.
#[derive(Clone, Debug)]
pub struct Checked {
    by: Party,
    order: Verified<Attested<PaymentOrder>>,
}

impl Wallet {
    /// The gateway's signature. The seal needs the code, which is a row: see
    /// [`shown`](Self::shown).
    pub(super) fn check_order(
        &self,
        from: Party,
        order: &Attested<PaymentOrder>,
    ) -> Result<std::sync::Arc<Checked>, Reason> {
        let order = self.trust.verify(order.clone())?;
        let author = order.by == from && order.body.payer_bank == self.bank;
        let checked = Checked { by: from, order };
        author.then(|| checked.into()).ok_or(Reason::BadSignature)
    }

    /// The order came: if it is what the shop's chip sealed, the customer sees it.
    pub(super) fn shown(&self, cx: &mut Cx<'_>, checked: &Checked) -> Result<(), Stop> {
        let order = &checked.order;
        let Some(mut payment) = cx.get::<WalletPayment>(&(order.body.code,))? else {
            return Err(Stop::Refuse(Reason::NotFound));
        };
        if payment.state != WalletState::Opening || payment.gateway != checked.by {
            return Ok(()); // a repeated answer
        }
        if !self.is_as_sealed(&payment, &order.body) {
            return self.abandon(cx, payment, Reason::Altered);
        }
        payment.order = Some(Json(order.clone().into_inner()));
        cx.put(CodeOfOrder {
            order: order.body.id,
            code: payment.code,
        })?;
        if let Some(reason) = why_not(order.body.standing) {
            return self.abandon(cx, payment, reason);
        }
        if let Some(reason) = self.mismatch(&payment, &order.body) {
            return self.abandon(cx, payment, reason);
        }
        payment.state = WalletState::Shown;
        payment.since = cx.now();
        payment.asks = 0;
        let event = event(EventKind::OrderShown, &payment);
        cx.record(event.note(order.body.payee.clone()));
        cx.timer(code_timer(TimerKind::Ask, &payment.code), None);
        if let Some((least, most)) = self.habits.decides_in {
            let width = most.as_nanos().saturating_sub(least.as_nanos());
            let drawn = cx.draw("decides-in", &payment.code);
            let extra = crate::chance::below(drawn, width.saturating_add(1));
            let at = cx.now().after(least).after(crate::time::Span::nanos(extra));
            cx.timer(code_timer(TimerKind::Decide, &payment.code), Some(at));
        }
        cx.put(payment)
    }

    /// Amount, currency and reference are the seal's; the payee is the bundle's.
    fn is_as_sealed(&self, payment: &WalletPayment, order: &PaymentOrder) -> bool {
        let Ok(code) = Code::parse(&payment.blob.0, self.trust.accept) else {
            return false;
        };
        let header = code.header();
        let Ok(trust) = self.trust.bundle.verify_code(&code, header.issued_at) else {
            return false;
        };
        let Ok(sealed) = open(&trust.verified, &order.order_key) else {
            return false;
        };
        let payee = trust.payee.as_ref();
        let same_payee =
            payee.is_some_and(|p| p.bank == order.payee_bank && p.account == order.payee_account);
        let same_uid = (header.terminal, header.epoch, sealed.counter)
            == (order.uid.terminal, order.uid.epoch, order.uid.counter);
        same_payee
            && same_uid
            && sealed.amount == order.amount
            && sealed.reference == order.reference
            && trust.merchant == order.merchant
            && trust.name == order.payee
    }

    /// What a careful customer notices.
    fn mismatch(&self, payment: &WalletPayment, order: &PaymentOrder) -> Option<Reason> {
        let expects = &payment.expects.0;
        let other_shop = expects
            .shop
            .as_ref()
            .is_some_and(|shop| *shop != order.payee);
        let other_amount = expects.amount.is_some_and(|amount| amount != order.amount);
        let noticed =
            (self.habits.checks_shop && other_shop) || (self.habits.checks_amount && other_amount);
        noticed.then_some(Reason::PayerMismatch)
    }

    /// The customer says no.
    pub(super) fn decline(
        &self,
        cx: &mut Cx<'_>,
        code: &CodeHash,
        reason: Reason,
    ) -> Result<(), Stop> {
        match cx.get::<WalletPayment>(&(*code,))? {
            Some(payment) if matches!(payment.state, WalletState::Opening | WalletState::Shown) => {
                self.abandon(cx, payment, reason)
            }
            _ => Ok(()),
        }
    }

    /// Nothing is in hand any more, and nothing ever was at the bank.
    pub(super) fn abandon(
        &self,
        cx: &mut Cx<'_>,
        mut payment: WalletPayment,
        reason: Reason,
    ) -> Result<(), Stop> {
        payment.state = WalletState::Abandoned;
        payment.reason = Some(reason);
        cx.timer(code_timer(TimerKind::Ask, &payment.code), None);
        cx.timer(code_timer(TimerKind::Decide, &payment.code), None);
        cx.record(event(EventKind::PayAbandoned, &payment));
        cx.put(payment)
    }
}

/// Why an order that stands so cannot be paid now.
const fn why_not(standing: Standing) -> Option<Reason> {
    match standing {
        Standing::Waiting => None,
        Standing::Processing | Standing::Checking => Some(Reason::AlreadyClaimed),
        Standing::Paid => Some(Reason::AlreadyPaid),
        Standing::Expired => Some(Reason::Expired),
        Standing::Cancelled => Some(Reason::Cancelled),
    }
}

/// An event about a payment in hand.
pub(super) fn event(kind: EventKind, payment: &WalletPayment) -> Event {
    let mut event = Event::new(kind).state(payment.state.word());
    if let Some(order) = &payment.order {
        let body = &order.0.body;
        event = event.order(body.id).uid(body.uid).amount(body.amount);
    }
    event.attempt = payment.attempt;
    event.reason = payment.reason;
    event
}

//! The one commit point: a claim is granted once, durably, or refused.

use super::records::{AttemptRow, Order};
use super::{Gateway, attempt_of};
use crate::id::{Name, Party, PartyKind};
use crate::journal::EventKind;
use crate::message::{Claim, ClaimRefused, Message};
use crate::order::{AttemptState, OrderState, Reason};
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Stop, Timer, TimerKind};
use crate::time::Span;

impl Gateway {
    /// A bank that holds the money asks for the order.
    pub(super) fn claim(&self, cx: &mut Cx<'_>, claim: &Claim, bank: Name) -> Result<(), Stop> {
        let key = (claim.of.order, claim.of.attempt, bank);
        if let Some(mut known) = cx.get::<AttemptRow>(&key)? {
            if bugs::on(Bug::GrantsSecondAsk) && known.state == AttemptState::Refused {
                known.state = AttemptState::Claimed;
            }
            known.reason = known.reason.filter(|_| !bugs::on(Bug::ChangesAnswer));
            cx.reply(Self::answer(claim, &known));
            return Ok(());
        }
        let Some(mut order) = cx.get::<Order>(&(claim.of.order,))? else {
            return Err(Stop::Refuse(Reason::NotFound));
        };
        if order.uid != claim.uid {
            return Err(Stop::Refuse(Reason::Conflict));
        }
        let refused = self.may_not(cx, &order);
        let state = if refused.is_some() {
            AttemptState::Refused
        } else {
            AttemptState::Claimed
        };
        let row = AttemptRow {
            order: key.0,
            attempt: key.1,
            bank,
            state,
            reason: refused,
        };
        let peer = Party::new(PartyKind::Bank, bank);
        if let Some(reason) = refused {
            let event = order
                .event(EventKind::ClaimRefused)
                .attempt(claim.of.attempt);
            cx.record(event.peer(peer).reason(reason));
        } else {
            order.state = OrderState::Claimed;
            order.attempt = Some(claim.of.attempt);
            order.bank = Some(bank);
            order.claimed_at = Some(cx.now());
            order.asks = 0;
            if !bugs::on(Bug::ExpiresPaid) {
                cx.timer(Timer::new(TimerKind::Expiry, order.id.0), None);
            }
            let outcome = cx.now().after(self.timing.outcome);
            cx.timer(Timer::new(TimerKind::Outcome, order.id.0), Some(outcome));
            let event = order
                .event(EventKind::OrderClaimed)
                .attempt(claim.of.attempt);
            cx.record(event.peer(peer));
            cx.put(order)?;
        }
        cx.reply(Self::answer(claim, &row));
        cx.put(row)
    }

    /// Why this order cannot be claimed now.
    fn may_not(&self, cx: &Cx<'_>, order: &Order) -> Option<Reason> {
        match order.state {
            OrderState::Created if cx.now() >= order.expires => Some(Reason::Expired),
            OrderState::Created => None,
            OrderState::Claimed | OrderState::Unknown if bugs::on(Bug::GrantsTwice) => None,
            OrderState::Unknown if bugs::on(Bug::GrantsUnknown) => None,
            OrderState::Claimed if bugs::on(Bug::GrantsSlow) && Self::is_slow(cx, order) => None,
            OrderState::Paid if bugs::on(Bug::PaysPaidReceipt) => None,
            OrderState::Claimed | OrderState::Unknown => Some(Reason::AlreadyClaimed),
            OrderState::Paid => Some(Reason::AlreadyPaid),
            OrderState::Expired => Some(Reason::Expired),
            OrderState::Cancelled => Some(Reason::Cancelled),
        }
    }

    /// Whether a claim's outcome is slow to come: for a seeded defect.
    fn is_slow(cx: &Cx<'_>, order: &Order) -> bool {
        let since = order.claimed_at.map(|claimed| cx.now().since(claimed));
        since.is_some_and(|since| since >= Span::seconds(2))
    }

    /// The same key hears the same answer, from the attempt's own state (O6).
    fn answer(claim: &Claim, attempt: &AttemptRow) -> Message {
        let of = attempt_of(attempt.order, attempt.attempt);
        match attempt.state {
            AttemptState::Claimed
            | AttemptState::Unknown
            | AttemptState::Paid
            | AttemptState::Conflict => Message::Granted(claim.of),
            AttemptState::Declined => Message::ClaimRefused(ClaimRefused {
                of,
                reason: Reason::AttemptClosed,
            }),
            AttemptState::Refused => {
                let reason = attempt.reason.unwrap_or(Reason::AlreadyClaimed);
                Message::ClaimRefused(ClaimRefused { of, reason })
            }
        }
    }
}

//! What became of a claim: proof, or a question. Never a guess (O5, O17).

use super::records::{AttemptRow, Order};
use super::{Gateway, attempt_of};
use crate::id::{AttemptId, Name, OrderId, Party, PartyKind};
use crate::journal::{Event, EventKind};
use crate::message::{Attested, BankReference, Message, PaymentStanding};
use crate::order::{AttemptState, BankStanding, OrderState, Reason};
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Stop, Timer, TimerKind};
use crate::time::Span;

impl Gateway {
    /// A bank has posted and says so.
    pub(super) fn paid(
        &self,
        cx: &mut Cx<'_>,
        reference: &Attested<BankReference>,
    ) -> Result<(), Stop> {
        let of = reference.body.of;
        if self.settle(cx, reference)? {
            cx.reply(Message::PaidHeard(of));
            return Ok(());
        }
        Err(Stop::Refuse(Reason::NotFound))
    }

    /// A bank answers how an attempt stands.
    pub(super) fn standing(
        &self,
        cx: &mut Cx<'_>,
        standing: &PaymentStanding,
        bank: Name,
    ) -> Result<(), Stop> {
        if let Some(reference) = &standing.reference {
            return self.settle(cx, reference).map(drop);
        }
        let Some((mut order, mut attempt)) =
            Self::current(cx, standing.of.order, standing.of.attempt, bank)?
        else {
            return Ok(()); // an answer about an attempt that is over changes nothing
        };
        let waited = order
            .claimed_at
            .map_or(Span::ZERO, |claimed| cx.now().since(claimed));
        let to = Party::new(PartyKind::Bank, bank);
        match standing.standing {
            // A success without its proof is no proof: the question stands.
            BankStanding::Posted => Ok(()),
            BankStanding::Held if waited < self.timing.close_after => {
                cx.send(to, Message::Granted(standing.of));
                Ok(())
            }
            BankStanding::Held => {
                cx.send(to, Message::CancelPayment(standing.of));
                Ok(())
            }
            BankStanding::NotFound if waited >= self.timing.close_after => {
                cx.send(to, Message::CancelPayment(standing.of));
                Ok(())
            }
            BankStanding::NotFound => Ok(()),
            BankStanding::Closed => {
                attempt.state = AttemptState::Declined;
                attempt.reason = standing.reason;
                cx.put(attempt)?;
                Self::reopen(cx, &mut order, standing.reason);
                cx.put(order)
            }
        }
    }

    /// The attempt is closed by proof: the order can be paid again while it is valid.
    fn reopen(cx: &mut Cx<'_>, order: &mut Order, reason: Option<Reason>) {
        cx.timer(Timer::new(TimerKind::Outcome, order.id.0), None);
        let valid = cx.now() < order.expires;
        order.state = if valid {
            OrderState::Created
        } else {
            OrderState::Expired
        };
        let what = if valid {
            EventKind::OrderReopened
        } else {
            EventKind::OrderExpired
        };
        let mut event = order.event(what);
        (event.attempt, event.reason) = (order.attempt, reason);
        cx.record(event);
        (order.attempt, order.bank, order.claimed_at, order.asks) = (None, None, None, 0);
        if valid {
            cx.timer(
                Timer::new(TimerKind::Expiry, order.id.0),
                Some(order.expires),
            );
        }
    }

    /// Takes a bank's signed word that it posted. Says whether there was such an attempt at all.
    fn settle(&self, cx: &mut Cx<'_>, reference: &Attested<BankReference>) -> Result<bool, Stop> {
        let (of, bank) = (reference.body.of, reference.by.name);
        let Some(mut attempt) = cx.get::<AttemptRow>(&(of.order, of.attempt, bank))? else {
            return Ok(false);
        };
        let Some(mut order) = cx.get::<Order>(&(of.order,))? else {
            return Ok(false);
        };
        if attempt.state == AttemptState::Paid || attempt.state == AttemptState::Conflict {
            return Ok(true);
        }
        if bugs::on(Bug::ForgetsLate) && attempt.state == AttemptState::Unknown {
            return Ok(true);
        }
        let body = &reference.body;
        let same =
            (body.uid, body.amount, body.merchant) == (order.uid, order.amount, order.merchant);
        if !same || !attempt.state.may_become(AttemptState::Paid) {
            // Another amount or payee, or a success under a key that was refused or closed: held
            // for people, and never dropped (O14).
            let event = order.event(EventKind::OrderConflict).attempt(of.attempt);
            cx.record(event.peer(reference.by).reason(Reason::Altered));
            attempt.state = AttemptState::Conflict;
            cx.put(attempt)?;
            return Ok(true);
        }
        attempt.state = AttemptState::Paid;
        cx.put(attempt)?;
        order.state = OrderState::Paid;
        cx.timer(Timer::new(TimerKind::Outcome, order.id.0), None);
        let event = order.event(EventKind::OrderPaid).attempt(of.attempt);
        cx.record(event.peer(reference.by));
        self.tell(cx, &order, reference)?;
        cx.put(order)?;
        Ok(true)
    }

    /// A claimed order's outcome is missing: it is UNKNOWN, and asked for.
    pub(super) fn ask(&self, cx: &mut Cx<'_>, id: OrderId) -> Result<(), Stop> {
        let Some(mut order) = cx.get::<Order>(&(id,))? else {
            return Ok(());
        };
        let (OrderState::Claimed | OrderState::Unknown, Some(attempt), Some(bank)) =
            (order.state, order.attempt, order.bank)
        else {
            return Ok(()); // a stale timer does no harm
        };
        let to = Party::new(PartyKind::Bank, bank);
        if order.state == OrderState::Claimed {
            order.state = OrderState::Unknown;
            cx.record(
                order
                    .event(EventKind::OrderUnknown)
                    .attempt(attempt)
                    .peer(to),
            );
            if let Some(mut row) = cx.get::<AttemptRow>(&(id, attempt, bank))? {
                row.state = AttemptState::Unknown;
                cx.put(row)?;
            }
        }
        order.asks += 1;
        if bugs::on(Bug::GuessesDeclined) && order.asks > 1 {
            Self::reopen(cx, &mut order, Some(Reason::NoAnswer));
            return cx.put(order);
        }
        let waited = order
            .claimed_at
            .map_or(Span::ZERO, |claimed| cx.now().since(claimed));
        let again = cx.now().after(self.ask_after(waited));
        cx.timer(Timer::new(TimerKind::Outcome, id.0), Some(again));
        cx.send(to, Message::PaymentStatus(attempt_of(id, attempt)));
        cx.put(order)
    }

    /// Every 3 s up to 45 s (and once past it, so that a hold can be closed), then 5 m, 1 h, 1 d.
    fn ask_after(&self, waited: Span) -> Span {
        let close = self.timing.close_after.as_nanos();
        match waited.as_nanos() {
            w if w < close.saturating_mul(2) => self.timing.ask_every,
            w if w < Span::hours(1).as_nanos() => Span::minutes(5),
            w if w < Span::hours(24).as_nanos() => Span::hours(1),
            _ => Span::hours(24),
        }
    }

    /// An order's validity ends.
    pub(super) fn expire(cx: &mut Cx<'_>, id: OrderId) -> Result<(), Stop> {
        let Some(mut order) = cx.get::<Order>(&(id,))? else {
            return Ok(());
        };
        let open = order.state == OrderState::Created || bugs::on(Bug::ExpiresPaid);
        if !open || cx.now() < order.expires {
            return Ok(());
        }
        order.state = OrderState::Expired;
        let event: Event = order.event(EventKind::OrderExpired);
        cx.record(event);
        cx.put(order)
    }

    /// The order and its attempt, while that attempt holds the order.
    fn current(
        cx: &mut Cx<'_>,
        id: OrderId,
        attempt: AttemptId,
        bank: Name,
    ) -> Result<Option<(Order, AttemptRow)>, Stop> {
        let Some(row) = cx.get::<AttemptRow>(&(id, attempt, bank))? else {
            return Ok(None);
        };
        let Some(order) = cx.get::<Order>(&(id,))? else {
            return Ok(None);
        };
        let holds = order.attempt == Some(attempt) && order.bank == Some(bank);
        let open = matches!(row.state, AttemptState::Claimed | AttemptState::Unknown);
        Ok((holds && open).then_some((order, row)))
    }
}

//! A code becomes an order: once.

use super::records::{Order, ReceiptRow, WindowRow};
use super::{Gateway, Opened};
use crate::id::OrderId;
use crate::journal::{Event, EventKind};
use crate::message::{About, Attested, Message, PaymentOrder};
use crate::order::{OrderState, Reason};
use crate::roles::bugs::{self, Bug};
use crate::roles::{Cx, Role};
use crate::store::{Json, Stop, Timer, TimerKind};
use std::sync::Arc;

/// How far behind the highest counter a new one may lie: what a till printed while it was offline.
pub(super) const COUNTER_WINDOW: u32 = 4096;

/// What a gateway knows of a receipt.
enum Known {
    /// Nothing.
    New,
    /// Its order.
    Order(Box<Order>),
    /// Its counter was used for another code, or is long past.
    Fork,
}

impl Gateway {
    /// A wallet asks with a genuine code: the order that stands, or a new one.
    pub(super) fn open(&self, cx: &mut Cx<'_>, opened: &Opened) -> Result<(), Stop> {
        let order = match Self::known(cx, opened)? {
            Known::Fork => {
                self.alarm(cx, opened);
                return Ok(());
            }
            Known::Order(order) => *order,
            Known::New => self.create(cx, opened, OrderState::Created)?,
        };
        let reply = self.statement(&order, opened);
        cx.reply(reply);
        Ok(())
    }

    /// The shop takes a receipt back. An order that is being paid is not cancelled: the answer says
    /// how it stands. A receipt that nobody has opened yet is closed ahead of it.
    pub(super) fn void(&self, cx: &mut Cx<'_>, opened: &Opened) -> Result<(), Stop> {
        let order = match Self::known(cx, opened)? {
            Known::Fork => {
                self.alarm(cx, opened);
                return Ok(());
            }
            Known::Order(mut order) if order.state == OrderState::Created => {
                order.state = OrderState::Cancelled;
                cx.timer(Timer::new(TimerKind::Expiry, order.id.0), None);
                cx.record(order.event(EventKind::OrderCancelled));
                cx.put(Order::clone(&order))?;
                *order
            }
            Known::Order(order) => *order,
            Known::New => self.create(cx, opened, OrderState::Cancelled)?,
        };
        let reply = self.statement(&order, opened);
        cx.reply(reply);
        Ok(())
    }

    /// What is known of this receipt.
    fn known(cx: &mut Cx<'_>, opened: &Opened) -> Result<Known, Stop> {
        let Some(receipt) = cx.get::<ReceiptRow>(&(opened.uid,))? else {
            let behind = Self::is_behind_window(cx, opened)?;
            return Ok(if behind { Known::Fork } else { Known::New });
        };
        if receipt.code != opened.hash {
            return Ok(Known::Fork);
        }
        let order = cx.get::<Order>(&(receipt.order,))?;
        let again = bugs::on(Bug::AcceptsReplay);
        let order = order.filter(|order| !(again && order.state == OrderState::Paid));
        Ok(order.map_or(Known::New, |order| Known::Order(Box::new(order))))
    }

    /// One counter with two codes, or a counter long past: somebody has cloned the chip, or turned
    /// it back. Refused, and an alarm (C2).
    fn alarm(&self, cx: &mut Cx<'_>, opened: &Opened) {
        let event = Event::new(EventKind::ForkAlarm)
            .uid(opened.uid)
            .amount(opened.sealed.amount);
        let about = About {
            order: None,
            code: Some(opened.hash),
        };
        cx.record(event.reason(Reason::CounterFork));
        cx.reply(self.refusal(Reason::CounterFork, about));
    }

    fn create(&self, cx: &mut Cx<'_>, opened: &Opened, state: OrderState) -> Result<Order, Stop> {
        if let Some(reason) = opened.stale.filter(|_| !bugs::on(Bug::RaisesStale)) {
            return Err(Stop::Refuse(reason));
        }
        Self::advance_window(cx, opened)?;
        let merchant = opened.uid.terminal.merchant();
        let certified = self.trust.merchant(merchant).map_err(Stop::Refuse)?;
        let mut uid = opened.uid;
        uid.counter += u32::from(bugs::on(Bug::RaisesUnsealed)) * COUNTER_WINDOW;
        let order = Order {
            id: OrderId(cx.new_id("order", &opened.uid)),
            uid,
            merchant,
            payee: certified.name.clone(),
            payee_bank: certified.payee.bank,
            payee_account: certified.payee.account.clone(),
            amount: opened.sealed.amount,
            reference: opened.sealed.reference.clone(),
            state,
            created_at: cx.now(),
            expires: opened.expires,
            order_key: Json(opened.order_key.clone()),
            attempt: None,
            bank: None,
            claimed_at: None,
            asks: 0,
        };
        let what = match state {
            OrderState::Cancelled => EventKind::OrderCancelled,
            _ => EventKind::OrderCreated,
        };
        if state == OrderState::Created {
            cx.timer(
                Timer::new(TimerKind::Expiry, order.id.0),
                Some(order.expires),
            );
        }
        let mut raised = order.event(what).note(order.reference.clone());
        raised.peer = self.shops.get(&merchant).copied();
        cx.record(raised);
        cx.put(ReceiptRow {
            uid: opened.uid,
            code: opened.hash,
            order: order.id,
        })?;
        cx.put(order.clone())?;
        Ok(order)
    }

    /// Whether a new counter lies further behind the highest one than an offline till explains.
    fn is_behind_window(cx: &mut Cx<'_>, opened: &Opened) -> Result<bool, Stop> {
        let window = cx.get::<WindowRow>(&(opened.uid.terminal, opened.uid.epoch))?;
        let counter = opened.uid.counter.saturating_add(COUNTER_WINDOW);
        Ok(window.is_some_and(|window| counter < window.highest))
    }

    fn advance_window(cx: &mut Cx<'_>, opened: &Opened) -> Result<(), Stop> {
        let crate::id::Uid {
            terminal,
            epoch,
            counter,
        } = opened.uid;
        let window = cx.get::<WindowRow>(&(terminal, epoch))?;
        if window.is_none_or(|window| counter > window.highest) {
            cx.put(WindowRow {
                terminal,
                epoch,
                highest: counter,
            })?;
        }
        Ok(())
    }

    fn statement(&self, order: &Order, opened: &Opened) -> Message {
        let statement = PaymentOrder {
            id: order.id,
            uid: order.uid,
            code: opened.hash,
            merchant: order.merchant,
            payee: order.payee.clone(),
            payee_bank: order.payee_bank,
            payee_account: order.payee_account.clone(),
            amount: order.amount,
            reference: order.reference.clone(),
            expires: order.expires,
            standing: order.state.external(),
            payer_bank: opened.payer_bank.unwrap_or(order.payee_bank),
            order_key: order.order_key.0.clone(),
        };
        Message::Order(Arc::new(Attested::unsigned(statement, self.me())))
    }
}

impl Order {
    /// An event about this order, in its current state.
    pub(super) fn event(&self, kind: EventKind) -> Event {
        let event = Event::new(kind)
            .order(self.id)
            .uid(self.uid)
            .amount(self.amount);
        event.state(self.state.word())
    }
}

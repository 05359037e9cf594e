//! The merchant: a shop's back office, which hears that it was paid.
//!
//! It believes the paying bank, whose signature it checks, and nobody else: a gateway can keep a
//! payment from it, but cannot make one up. What it does by itself is take a receipt back.

mod records;
#[cfg(test)]
mod tests;

pub use records::{Told, Voiding};

use super::bugs::{self, Bug};
use super::trust::Trust;
use super::{Cx, Kept, Role, Schedule};
use crate::code::sealed::Blob;
use crate::id::{EventId, MerchantId, Name, Party, PartyKind};
use crate::journal::{Event, EventKind};
use crate::message::{
    Attested, BankReference, CodeHash, Heard, Message, Notice, PaymentOrder, Refused, Sender,
    VoidOrder,
};
use crate::order::Reason;
use crate::sign::Verified;
use crate::store::{Record, Schema, Stop, Timer, TimerKind};
use crate::text::Text;
use crate::time::Time;
use std::sync::Arc;

/// A shop's back office.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// Its name.
    pub name: Name,
    /// The certified merchant that it is.
    pub id: MerchantId,
    /// The gateway that tells it.
    pub gateway: Name,
    /// What it believes about others.
    pub trust: Arc<Trust>,
}

/// A notice whose bank signed for it.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The notice's id.
    pub event: EventId,
    /// The paying bank's word.
    pub reference: Verified<Attested<BankReference>>,
    /// The shop's order number, as the gateway has it.
    pub order_reference: Text,
}

/// What a merchant acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// It was paid.
    Paid(Arc<Payment>),
    /// A person takes a receipt back.
    Void(Blob),
    /// The gateway says how a receipt stands that was taken back.
    Standing(Arc<Verified<Attested<PaymentOrder>>>),
    /// The gateway refused to take it back.
    Refused(Refused),
    /// A timer fired.
    Wake(Timer),
}

/// Checks a notice of a gateway: a bank signed that it paid this receipt to its own merchant.
pub(super) fn check_notice(trust: &Trust, notice: &Notice) -> Result<Arc<Payment>, Reason> {
    let reference = trust.verify(notice.reference.clone())?;
    if reference.by.kind != PartyKind::Bank {
        return Err(Reason::BadSignature);
    }
    if reference.body.uid.terminal.merchant() != reference.body.merchant {
        return Err(Reason::Altered);
    }
    Ok(Arc::new(Payment {
        event: notice.event,
        reference,
        order_reference: notice.order_reference.clone(),
    }))
}

impl Payment {
    /// The answer to its notice.
    pub(super) fn heard(&self) -> Heard {
        Heard {
            event: self.event,
            order: self.reference.body.of.order,
        }
    }

    /// What happened, as both who hear of it record it.
    pub(super) fn record(&self, kind: EventKind) -> Event {
        let body = &self.reference.body;
        Event::new(kind)
            .uid(body.uid)
            .order(body.of.order)
            .attempt(body.of.attempt)
            .amount(body.amount)
            .peer(self.reference.by)
            .note(self.order_reference.clone())
    }
}

impl Merchant {
    /// The tables that a merchant keeps.
    pub const SCHEMAS: &'static [&'static Schema] = &[Told::SCHEMA, Voiding::SCHEMA, Kept::SCHEMA];

    fn gateway(&self) -> Party {
        Party::new(PartyKind::Gateway, self.gateway)
    }

    /// One receipt is paid once, so it is told of once, however often and under however many ids
    /// the notice comes (M1).
    fn paid(cx: &mut Cx<'_>, payment: &Payment) -> Result<(), Stop> {
        let body = &payment.reference.body;
        cx.reply(Message::NoticeHeard(payment.heard()));
        let told = cx.get::<Told>(&(body.uid,))?;
        match told.filter(|_| !bugs::on(Bug::ToldTwice)) {
            Some(told) if (told.order, told.attempt) == (body.of.order, body.of.attempt) => Ok(()),
            Some(_other_payment) => {
                cx.record(
                    payment
                        .record(EventKind::OrderConflict)
                        .reason(Reason::AlreadyPaid),
                );
                Ok(())
            }
            None => {
                cx.record(payment.record(EventKind::MerchantTold));
                cx.put(Told {
                    uid: body.uid,
                    event: payment.event,
                    order: body.of.order,
                    attempt: body.of.attempt,
                    reference: payment.order_reference.clone(),
                    amount: body.amount,
                    bank: payment.reference.by.name,
                    posted_at: body.posted_at,
                    told_at: cx.now(),
                })
            }
        }
    }

    /// Asks the gateway to take a receipt back, until it has answered.
    fn void(&self, cx: &mut Cx<'_>, code: &Blob) -> Result<(), Stop> {
        let hash = CodeHash::of(code);
        let known = cx.get::<Voiding>(&(hash,))?;
        if known.is_some_and(|voiding| voiding.asking.is_some()) {
            return Ok(());
        }
        let event = EventId(cx.new_id("void", &hash));
        let message = Message::VoidOrder(Arc::new(VoidOrder { code: code.clone() }));
        cx.send_kept(event, self.gateway(), message, Schedule::Notice)?;
        cx.put(Voiding {
            code: hash,
            asking: Some(event),
            standing: None,
            refused: None,
        })
    }

    fn standing(&self, cx: &mut Cx<'_>, order: &Attested<PaymentOrder>) -> Result<(), Stop> {
        let body = &order.body;
        let Some(mut voiding) = self.answered(cx, body.code)? else {
            return Ok(());
        };
        voiding.standing = Some(body.standing);
        let event = Event::new(EventKind::Delivered)
            .uid(body.uid)
            .order(body.id);
        let event = event.amount(body.amount).peer(order.by);
        cx.record(event.state(body.standing.word()).note(Text::clean("void")));
        cx.put(voiding)
    }

    fn refused(&self, cx: &mut Cx<'_>, refused: &Refused) -> Result<(), Stop> {
        let code = refused
            .about
            .code
            .ok_or(Stop::Refuse(Reason::UnexpectedMessage))?;
        let Some(mut voiding) = self.answered(cx, code)? else {
            return Ok(());
        };
        voiding.refused = Some(refused.reason);
        let event = Event::new(EventKind::Delivered).peer(self.gateway());
        cx.record(event.reason(refused.reason).note(Text::clean("void")));
        cx.put(voiding)
    }

    /// The question that an answer is to, asked no more; nothing when it was answered before.
    fn answered(&self, cx: &mut Cx<'_>, code: CodeHash) -> Result<Option<Voiding>, Stop> {
        let voiding = cx.get::<Voiding>(&(code,))?;
        let mut voiding = voiding.ok_or(Stop::Refuse(Reason::NotFound))?;
        let Some(event) = voiding.asking.take() else {
            return Ok(None);
        };
        cx.settled(event, self.gateway())?;
        Ok(Some(voiding))
    }
}

impl Role for Merchant {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Merchant, self.name)
    }

    fn admit(&self, _now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        if from.party != self.gateway() {
            return Err(Reason::NotAllowed);
        }
        match message {
            Message::Notice(notice) => {
                let payment = check_notice(&self.trust, &notice)?;
                let ours = payment.reference.body.merchant == self.id;
                ours.then_some(Input::Paid(payment))
                    .ok_or(Reason::NotAllowed)
            }
            Message::Order(order) => {
                let order = self.trust.verify(Attested::clone(&order))?;
                let ours = order.by == from.party && order.body.merchant == self.id;
                ours.then_some(()).ok_or(Reason::NotAllowed)?;
                Ok(Input::Standing(Arc::new(order)))
            }
            Message::Refused(refused) => Ok(Input::Refused(refused)),
            _ => Err(Reason::UnexpectedMessage),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Wake(timer)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Paid(payment) => Self::paid(cx, payment),
            Input::Void(code) => self.void(cx, code),
            Input::Standing(order) => self.standing(cx, order),
            Input::Refused(refused) => self.refused(cx, refused),
            Input::Wake(timer) => match timer.kind {
                TimerKind::Resend => Kept::resend(cx, EventId(timer.about)),
                _not_mine => Ok(()),
            },
        }
    }

    fn release(&self, _message: &mut Message) {
        // A shop states nothing to third parties; its chip does.
    }
}

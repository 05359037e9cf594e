//! A wallet: a bank's app on the customer's phone.
//!
//! It verifies a code offline and sends nothing if it refuses; it opens the seal itself, with the
//! key that the gateway hands over, and compares. Nothing exists at the bank before the customer
//! has confirmed. An outcome that nobody proved is shown as being checked, never as failed.

mod order;
mod payment;
mod records;
mod scan;

pub use records::{CodeOfOrder, WalletPayment, WalletState};
pub use scan::{Expectation, ScanRefusal, Scanned};

use super::approval::ApprovalKey;
use super::trust::Trust;
use super::{Cx, Role};
use crate::id::{Id, Name, Party, PartyKind};
use crate::message::{CodeHash, Message, Payment, Refused, Sender};
use crate::order::Reason;
use crate::store::{Schema, Stop, Timer, TimerKind};
use crate::time::{Span, Time};
use std::sync::Arc;

/// A wallet's policy and keys.
#[derive(Clone)]
pub struct Wallet {
    /// Its name: the customer's.
    pub name: Name,
    /// The bank whose app it is.
    pub bank: Name,
    /// The account that it pays from.
    pub account: Name,
    /// Approves payments to the bank.
    pub approval: ApprovalKey,
    /// What it believes about others.
    pub trust: Arc<Trust>,
    /// How its customer behaves.
    pub habits: Habits,
}

/// How a customer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// How long they look at the order before they confirm; `None` when a person is asked.
    pub decides_in: Option<(Span, Span)>,
    /// Whether they compare the shop's name with where they stand.
    pub checks_shop: bool,
    /// Whether they compare the amount with the paper.
    pub checks_amount: bool,
    /// How long the screen waits for an outcome before it says "being checked".
    pub patience: Span,
}

impl Default for Habits {
    /// A careful person who is asked.
    fn default() -> Self {
        Self {
            decides_in: None,
            checks_shop: true,
            checks_amount: true,
            patience: Span::seconds(15),
        }
    }
}

/// What a wallet acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// The customer scanned a code, and it verifies offline.
    Scanned(Arc<Scanned>),
    /// The customer scanned something that the wallet refuses.
    ScanRefused(ScanRefusal),
    /// The gateway's order: its signature holds, and the seal opens to the same.
    Order(Arc<order::Checked>),
    /// The customer confirms.
    Confirm(CodeHash),
    /// The customer says no.
    Decline(CodeHash, Reason),
    /// The bank says how the payment stands; its signed word was checked if it says "paid".
    Payment(Arc<Payment>),
    /// Somebody refused.
    Refused(Refused),
    /// A timer fired.
    Wake(Timer),
}

impl Wallet {
    /// The tables that a wallet keeps.
    pub const SCHEMAS: &'static [&'static Schema] = records::SCHEMAS;

    fn bank(&self) -> Party {
        Party::new(PartyKind::Bank, self.bank)
    }

    fn check_payment(&self, payment: Arc<Payment>) -> Result<Input, Reason> {
        if let Some(reference) = &payment.reference {
            let verified = self.trust.verify(reference.as_ref().clone())?;
            let mine = verified.by == self.bank() && verified.body.of == payment.of;
            mine.then_some(()).ok_or(Reason::BadSignature)?;
        }
        Ok(Input::Payment(payment))
    }
}

/// The id that a wallet's timers carry for a code: the hash's first half.
pub(super) fn timer_id(code: &CodeHash) -> Id {
    let (half, _) = code.0.split_at(16);
    Id::from_bytes(half.try_into().expect("half of 32 bytes"))
}

/// The code of a timer's two halves.
fn code_of(timer: &Timer) -> CodeHash {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(timer.about.bytes());
    hash[16..].copy_from_slice(timer.part.bytes());
    CodeHash(hash)
}

/// A wallet's timer about one code.
pub(super) fn code_timer(kind: TimerKind, code: &CodeHash) -> Timer {
    let (_, half) = code.0.split_at(16);
    let part = Id::from_bytes(half.try_into().expect("half of 32 bytes"));
    Timer::part(kind, timer_id(code), part)
}

impl Role for Wallet {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Wallet, self.name)
    }

    fn admit(&self, _now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        match (from.party.kind, message) {
            (PartyKind::Gateway, Message::Order(order)) => {
                self.check_order(from.party, &order).map(Input::Order)
            }
            (PartyKind::Bank, Message::Payment(payment)) if from.party == self.bank() => {
                self.check_payment(payment)
            }
            (PartyKind::Gateway | PartyKind::Bank, Message::Refused(refused)) => {
                Ok(Input::Refused(refused))
            }
            _ => Err(Reason::UnexpectedMessage),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Wake(timer)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Scanned(scanned) => self.scanned(cx, scanned),
            Input::ScanRefused(refusal) => {
                Self::scan_refused(cx, refusal);
                Ok(())
            }
            Input::Order(order) => self.shown(cx, order),
            Input::Confirm(code) => self.confirm(cx, code),
            Input::Decline(code, reason) => self.decline(cx, code, *reason),
            Input::Payment(payment) => self.outcome(cx, payment),
            Input::Refused(refused) => self.refused(cx, refused),
            Input::Wake(timer) => match timer.kind {
                TimerKind::Ask => self.ask(cx, &code_of(timer)),
                TimerKind::Decide => self.confirm(cx, &code_of(timer)),
                _not_mine => Ok(()),
            },
        }
    }

    fn release(&self, _message: &mut Message) {
        // A wallet states nothing to third parties: its approval is for its own bank.
    }
}

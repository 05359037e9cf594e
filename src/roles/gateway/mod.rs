//! The gateway: one payment order per receipt, across all banks, and the sole judge of who may pay
//! it.
//!
//! Its word is a *claim*: granted once, durably. It holds no money; it grants, asks after what it
//! granted until somebody proves the outcome, and tells the shop. See the reference on orders,
//! section 5 (i).

mod claim;
mod open;
mod outcome;
mod records;
mod tell;

pub use records::{AttemptRow, Order, ReceiptRow, WindowRow};

use super::bugs::{self, Bug};
use super::trust::Trust;
use super::{Cx, Kept, Role};
use crate::code::sealed::{Blob, SealedOrder, TerminalKey, open_as_gateway};
use crate::id::{EventId, MerchantId, Name, OrderId, Party, PartyKind, TerminalId};
use crate::message::{
    About, Attempt, Attested, BankReference, Claim, CodeHash, Heard, Message, PaymentStanding,
    Refused, Sender,
};
use crate::order::Reason;
use crate::sign::{SigningKey, Verified};
use crate::store::{Schema, Stop, Timer, TimerKind};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A gateway's policy and keys.
#[derive(Clone)]
pub struct Gateway {
    /// Its name.
    pub name: Name,
    /// Which codes are for it.
    pub route: [u8; 3],
    /// Signs its orders.
    pub key: Arc<SigningKey>,
    /// Opens the seals of its terminals' codes, by terminal and key epoch.
    pub terminal_keys: Arc<BTreeMap<(TerminalId, u8), TerminalKey>>,
    /// What it believes about others.
    pub trust: Arc<Trust>,
    /// Where its merchants hear of payments.
    pub shops: Arc<BTreeMap<MerchantId, Party>>,
    /// Where its terminals hear of payments.
    pub terminals: Arc<BTreeMap<TerminalId, Party>>,
    /// Its waiting times.
    pub timing: Timing,
}

/// How long a gateway waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For a claimed order's outcome, before it is UNKNOWN and asked for.
    pub outcome: Span,
    /// Between the first questions.
    pub ask_every: Span,
    /// Until a hold that its bank still reports, or an attempt it cannot find, is closed.
    pub close_after: Span,
}

impl Default for Timing {
    /// 10 s, 3 s and 45 s, after SCT Inst and WeChat Pay.
    fn default() -> Self {
        Self {
            outcome: Span::seconds(10),
            ask_every: Span::seconds(3),
            close_after: Span::seconds(45),
        }
    }
}

/// What a gateway acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// A genuine code, its seal open.
    Open(Arc<Opened>),
    /// A genuine code that its shop takes back.
    Void(Arc<Opened>),
    /// A bank asks for the order.
    Claim(Claim, Name),
    /// A bank has posted, and signed that it has.
    Paid(Arc<Verified<Attested<BankReference>>>),
    /// A bank answers how an attempt stands; its signed word is checked if it says "posted".
    Standing(Arc<PaymentStanding>, Name),
    /// A shop or a payee bank has heard.
    Heard(Heard, Party),
    /// A timer fired.
    Wake(Timer),
}

/// A genuine code: its signature holds, its seal is open, its counter is its own.
#[derive(Clone, Debug)]
pub struct Opened {
    hash: CodeHash,
    uid: crate::id::Uid,
    sealed: SealedOrder,
    order_key: crate::code::sealed::OrderKey,
    expires: Time,
    /// Why no new order may come of it; one that stands is answered all the same.
    stale: Option<Reason>,
    /// The bank recognised as the payer's; the shop's own code comes without one.
    payer_bank: Option<Name>,
}

impl Gateway {
    /// The tables that a gateway keeps.
    pub const SCHEMAS: &'static [&'static Schema] = records::SCHEMAS;

    /// The fixed order of refusals: syntax, route, terminal and epoch, revoked, signature,
    /// lifetime, seal, reference. (Counter and state need rows: see `open`.)
    fn open_code(
        &self,
        now: Time,
        code: &Blob,
        payer_bank: Option<Name>,
    ) -> Result<Arc<Opened>, Reason> {
        use crate::code::sealed::{Code, Lifetime, OpenError};
        let parsed = Code::parse(code, self.trust.accept).map_err(|_malformed| Reason::Syntax)?;
        if parsed.header().route != self.route {
            return Err(Reason::Route);
        }
        let verified = self.trust.verify_code(code)?;
        let header = verified.header();
        let lifetime = match header.lifetime(now) {
            Lifetime::Ahead => return Err(Reason::IssuedAhead),
            Lifetime::Over => Some(Reason::Expired),
            Lifetime::Running => None,
        };
        let key = self.terminal_keys.get(&(header.terminal, header.epoch));
        let key = key.ok_or(Reason::UnknownTerminal)?;
        let sealed = open_as_gateway(&verified, key).map_err(|error| match error {
            OpenError::Reference => Reason::BadReference,
            _ => Reason::BadSeal,
        })?;
        let (terminal_id, epoch) = (header.terminal, header.epoch);
        let revoked = self.trust.is_revoked(&verified).then_some(Reason::Revoked);
        Ok(Arc::new(Opened {
            hash: CodeHash::of(code),
            uid: crate::id::Uid {
                terminal: terminal_id,
                epoch,
                counter: sealed.counter,
            },
            sealed,
            order_key: key.order_key(header),
            expires: header.expires_at(),
            stale: revoked.or(lifetime),
            payer_bank,
        }))
    }
}

/// The bank recognised as the payer's: the one whose app the transport authenticated, if the link's
/// path names no other. A header alone is never identity.
fn payer_bank(from: Sender, path_bank: Option<Name>) -> Result<Name, Reason> {
    let bank = from.bank.ok_or(Reason::NotAllowed)?;
    if path_bank.is_some_and(|named| named != bank) {
        return Err(Reason::WrongBank);
    }
    Ok(bank)
}

impl Role for Gateway {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Gateway, self.name)
    }

    fn admit(&self, now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        match (from.party.kind, message) {
            (PartyKind::Wallet, Message::Open(open)) => {
                let bank = payer_bank(from, open.path_bank)?;
                self.open_code(now, &open.code, Some(bank)).map(Input::Open)
            }
            (PartyKind::Merchant, Message::VoidOrder(void)) => {
                let opened = self.open_code(now, &void.code, None)?;
                let shop = self.shops.get(&opened.uid.terminal.merchant());
                if shop == Some(&from.party) {
                    Ok(Input::Void(opened))
                } else {
                    Err(Reason::NotAllowed)
                }
            }
            (PartyKind::Bank, Message::Claim(claim)) => Ok(Input::Claim(claim, from.party.name)),
            (PartyKind::Bank, Message::Paid(reference)) => {
                let verified = self.trust.verify(Attested::clone(&reference))?;
                if verified.by == from.party {
                    Ok(Input::Paid(Arc::new(verified)))
                } else {
                    Err(Reason::NotAllowed)
                }
            }
            (PartyKind::Bank, Message::PaymentStanding(standing)) => {
                if let Some(reference) = &standing.reference {
                    let verified = self.trust.verify(Attested::clone(reference))?;
                    let same = verified.by == from.party && verified.body.of == standing.of;
                    same.then_some(()).ok_or(Reason::NotAllowed)?;
                }
                Ok(Input::Standing(standing, from.party.name))
            }
            (PartyKind::Bank, Message::Advised(heard))
            | (PartyKind::Merchant, Message::NoticeHeard(heard))
            | (PartyKind::Terminal, Message::SlipHeard(heard)) => {
                Ok(Input::Heard(heard, from.party))
            }
            _ => Err(Reason::UnexpectedMessage),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Wake(timer)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Open(opened) => self.open(cx, opened),
            Input::Void(opened) => self.void(cx, opened),
            Input::Claim(claim, bank) => self.claim(cx, claim, *bank),
            Input::Paid(reference) => self.paid(cx, reference),
            Input::Standing(standing, bank) => self.standing(cx, standing, *bank),
            Input::Heard(heard, by) => Self::heard(cx, heard, *by),
            Input::Wake(timer) => match timer.kind {
                TimerKind::Resend => Kept::resend(cx, EventId(timer.about)),
                TimerKind::Expiry => Self::expire(cx, OrderId(timer.about)),
                TimerKind::Outcome => self.ask(cx, OrderId(timer.about)),
                _not_mine => Ok(()),
            },
        }
    }

    fn refusal(&self, reason: Reason, about: About) -> Message {
        // Whoever may not know hears one constant word, whatever the reason; banks hear reasons
        // about orders that they named.
        let told = about.order.is_some() || bugs::on(Bug::TellsWhy);
        let reason = if told { reason } else { Reason::NotFound };
        Message::Refused(Refused { reason, about })
    }

    fn release(&self, message: &mut Message) {
        message.sign(&self.me(), &self.key);
    }
}

/// The order's current attempt.
const fn attempt_of(order: OrderId, attempt: crate::id::AttemptId) -> Attempt {
    Attempt { order, attempt }
}

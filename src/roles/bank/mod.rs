//! A bank: accounts, bank orders, and the ledger, which alone says where the money is.
//!
//! It believes nobody's word for money. The order is the gateway's, but amount, currency and
//! reference must be those that the shop's chip sealed, and the payee the one that the issuer
//! certified; so a compromised gateway can refuse, and cannot change. See the reference on
//! orders, section 5 (ii).

mod magic;
mod pay;
mod payee;
mod records;
mod resolve;

pub use magic::Magic;
pub use records::{AdviceRow, BankOrder, PostedReceipt};

use super::approval::ApprovalRoot;
use super::bugs::{self, Bug};
use super::trust::Trust;
use super::{Cx, Kept, Role};
use crate::code::sealed::open;
use crate::id::{EventId, Name, OrderId, Party, PartyKind, Uid};
use crate::message::{
    Advice, Attempt, Attested, BankReference, CodeHash, Message, Pay, PaymentOrder, Sender,
};
use crate::money::Money;
use crate::order::Reason;
use crate::sign::SigningKey;
use crate::store::{Schema, Stop, Timer, TimerKind};
use crate::text::Text;
use crate::time::{Span, Time};
use std::sync::Arc;

/// A bank's policy and keys.
#[derive(Clone)]
pub struct Bank {
    /// Its name.
    pub name: Name,
    /// The gateway that it clears through.
    pub gateway: Name,
    /// Signs its word that it posted.
    pub key: Arc<SigningKey>,
    /// Derives its wallets' approval keys.
    pub approvals: ApprovalRoot,
    /// What it believes about others.
    pub trust: Arc<Trust>,
    /// Its waiting times.
    pub timing: Timing,
    /// Whether amounts are [`Magic`]: in a test network only.
    pub magic: bool,
}

/// How long a bank waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For a claim's first answer, before it asks again.
    pub claim: Span,
    /// Between later questions, at the most.
    pub claim_most: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            claim: Span::seconds(1),
            claim_most: Span::seconds(60),
        }
    }
}

/// What a bank acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// A payer wants to pay, and every signature holds.
    Pay(Arc<Checked>),
    /// A payer asks after an attempt.
    PayStatus(Attempt, Party),
    /// The gateway grants a claim.
    Granted(Attempt),
    /// The gateway does not grant it.
    ClaimRefused(Attempt, Reason),
    /// The gateway has heard that the bank posted.
    PaidHeard(Attempt),
    /// The gateway asks how an attempt stands.
    Status(Attempt),
    /// The gateway closes an attempt.
    Cancel(Attempt),
    /// The gateway advises a credit, and the paying bank's signature holds.
    Advise(Arc<Advice>),
    /// An account is opened.
    OpenAccount(AccountOpening),
    /// A timer fired.
    Wake(Timer),
}

/// An account to open, with what it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOpening {
    /// Its name.
    pub name: Name,
    /// Whose wallet may pay from it.
    pub owner: Party,
    /// What it begins with; its currency is the account's.
    pub balance: Money,
    /// The most that one payment may take.
    pub limit: Option<Money>,
}

/// A payment whose order, code, payee and approval were checked.
#[derive(Clone, Debug)]
pub struct Checked {
    of: Attempt,
    uid: Uid,
    payer: Party,
    account: Name,
    order: PaymentOrder,
}

impl Bank {
    /// The tables that a bank keeps.
    pub const SCHEMAS: &'static [&'static Schema] = records::SCHEMAS;

    fn gateway(&self) -> Party {
        Party::new(PartyKind::Gateway, self.gateway)
    }

    /// Every check that needs no row, in one pass.
    fn check(&self, payer: Party, pay: &Pay) -> Result<Arc<Checked>, Reason> {
        let verified = self.trust.verify(pay.order.clone())?;
        let order = &verified.body;
        if verified.by != self.gateway() {
            return Err(Reason::BadSignature);
        }
        if order.payer_bank != self.name {
            return Err(Reason::WrongBank);
        }
        self.check_code(order, pay)?;
        let of = Attempt {
            order: order.id,
            attempt: pay.attempt,
        };
        let key = self.approvals.key_of(&payer.name);
        if !key.approved(&pay.approval, of, &pay.account, order.amount) {
            return Err(Reason::BadApproval);
        }
        let (uid, account) = (order.uid, pay.account);
        Ok(Arc::new(Checked {
            of,
            uid,
            payer,
            account,
            order: order.clone(),
        }))
    }

    /// The shop's chip sealed this amount, currency and reference under this uid, and the issuer
    /// certified this payee.
    fn check_code(&self, order: &PaymentOrder, pay: &Pay) -> Result<(), Reason> {
        let code = self.trust.verify_code(&pay.code)?;
        let sealed = open(&code, &order.order_key).map_err(|_closed| Reason::BadSeal)?;
        let header = code.header();
        let uid = Uid {
            terminal: header.terminal,
            epoch: header.epoch,
            counter: sealed.counter,
        };
        let certified = self.trust.merchant(order.merchant)?;
        let same_code = uid == order.uid
            && CodeHash::of(&pay.code) == order.code
            && sealed.amount == order.amount
            && sealed.reference == order.reference;
        let same_payee = order.merchant == header.terminal.merchant()
            && certified.name == order.payee
            && certified.payee.bank == order.payee_bank
            && certified.payee.account == order.payee_account;
        (same_code && same_payee)
            .then_some(())
            .ok_or(Reason::Altered)
    }

    fn check_advice(&self, advice: Arc<Advice>) -> Result<Arc<Advice>, Reason> {
        let verified = self.trust.verify(advice.reference.clone())?;
        let payee = &self.trust.merchant(verified.body.merchant)?.payee;
        let mine = payee.bank == self.name && payee.account == advice.account;
        let from_a_bank = verified.by.kind == PartyKind::Bank;
        (mine && from_a_bank)
            .then_some(advice)
            .ok_or(Reason::Altered)
    }

    /// The bank's word that it posted: the same for the same order, however often it is given.
    fn reference(&self, order: &BankOrder) -> Arc<Attested<BankReference>> {
        let body = BankReference {
            of: order.of(),
            uid: order.uid,
            amount: order.amount,
            merchant: order.merchant,
            posted_at: order.resolved_at.unwrap_or(Time::from_nanos(0)),
        };
        Arc::new(Attested::unsigned(body, self.me()))
    }

    /// The book that a payer's money goes to: the merchant's when it banks here, else clearing.
    fn credit_book(&self, order: &PaymentOrder) -> Text {
        if order.payee_bank == self.name {
            crate::ledger::merchant_book(&order.payee_account)
        } else {
            crate::ledger::clearing_book(&self.gateway)
        }
    }
}

impl Role for Bank {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Bank, self.name)
    }

    fn admit(&self, _now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        let from_gateway = from.party == self.gateway();
        match (from.party.kind, message) {
            (PartyKind::Wallet, Message::Pay(pay)) => self.check(from.party, &pay).map(Input::Pay),
            (PartyKind::Wallet, Message::PayStatus(of)) => Ok(Input::PayStatus(of, from.party)),
            (_, Message::Granted(of)) if from_gateway => Ok(Input::Granted(of)),
            (_, Message::ClaimRefused(no)) if from_gateway => {
                Ok(Input::ClaimRefused(no.of, no.reason))
            }
            (_, Message::PaidHeard(of)) if from_gateway => Ok(Input::PaidHeard(of)),
            (_, Message::PaymentStatus(of)) if from_gateway => Ok(Input::Status(of)),
            (_, Message::CancelPayment(of)) if from_gateway => Ok(Input::Cancel(of)),
            (_, Message::Advise(advice)) if from_gateway => {
                self.check_advice(advice).map(Input::Advise)
            }
            _ => Err(Reason::UnexpectedMessage),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Wake(timer)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Pay(checked) => self.pay(cx, checked),
            Input::PayStatus(of, payer) => self.pay_status(cx, *of, payer),
            Input::Granted(of) => self.granted(cx, *of),
            Input::ClaimRefused(of, reason) => self.claim_refused(cx, *of, *reason),
            Input::PaidHeard(of) => self.paid_heard(cx, *of),
            Input::Status(of) => self.status(cx, *of),
            Input::Cancel(of) => self.cancel(cx, *of),
            Input::Advise(advice) => self.advise(cx, advice),
            Input::OpenAccount(opening) => crate::ledger::open_account(
                cx,
                opening.name,
                opening.owner,
                opening.balance,
                opening.limit,
            ),
            Input::Wake(timer) => match timer.kind {
                TimerKind::Resend => Kept::resend(cx, EventId(timer.about)),
                TimerKind::Claim => self.claim_again(
                    cx,
                    Attempt {
                        order: OrderId(timer.about),
                        attempt: crate::id::AttemptId(timer.part),
                    },
                ),
                _not_mine => Ok(()),
            },
        }
    }

    fn release(&self, message: &mut Message) {
        if bugs::on(Bug::LeavesUnsigned) {
            return;
        }
        message.sign(&self.me(), &self.key);
    }
}

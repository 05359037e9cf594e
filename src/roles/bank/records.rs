//! What a bank remembers beside its ledger.

use crate::id::{AttemptId, MerchantId, Name, OrderId, Party, Uid};
use crate::journal::{Event, EventKind};
use crate::ledger::{Account, Transfer};
use crate::message::Attempt;
use crate::money::Money;
use crate::order::{BankOrderState, Reason};
use crate::roles::Kept;
use crate::store::{Record, Schema, record};
use crate::time::Time;

/// The bank's tables.
pub(super) const SCHEMAS: &[&Schema] = &[
    BankOrder::SCHEMA,
    PostedReceipt::SCHEMA,
    AdviceRow::SCHEMA,
    Account::SCHEMA,
    Transfer::SCHEMA,
    Kept::SCHEMA,
];

record! {
    /// What one attempt became at this bank.
    pub struct BankOrder in "bank_order" {
        key {
            /// The gateway's order.
            order: OrderId,
            /// The wallet's attempt.
            attempt: AttemptId,
        }
        row {
            /// Where it stands.
            state: BankOrderState,
            /// Who pays; nobody, for a tombstone.
            payer: Option<Party>,
            /// From which account.
            account: Option<Name>,
            /// The receipt.
            uid: Uid,
            /// To whom.
            merchant: MerchantId,
            /// What is paid.
            amount: Money,
            /// When it arrived.
            received_at: Time,
            /// When it became final.
            resolved_at: Option<Time>,
            /// Why it was refused or voided.
            reason: Option<Reason>,
            /// How often the claim was asked.
            asks: u32,
            /// Whether the claim's answer is overdue; the hold stays.
            in_doubt: bool,
        }
    }
}

impl BankOrder {
    /// Its key.
    pub const fn of(&self) -> Attempt {
        Attempt {
            order: self.order,
            attempt: self.attempt,
        }
    }

    /// An event about it; of a tombstone only its key is known.
    pub(super) fn event(&self, kind: EventKind) -> Event {
        let event = Event::new(kind).order(self.order).attempt(self.attempt);
        let mut event = event.state(self.state.word());
        event.uid = self.payer.map(|_| self.uid);
        event.amount = self.payer.map(|_| self.amount);
        event.peer = self.payer;
        event.reason = self.reason;
        event
    }
}

record! {
    /// A receipt that this bank has posted: there is no second hold or posting for it, whatever
    /// the order's id (O1).
    pub struct PostedReceipt in "posted_receipt" {
        key {
            /// The receipt.
            uid: Uid,
        }
        row {
            /// The order that was posted.
            order: OrderId,
            /// The attempt that was posted.
            attempt: AttemptId,
        }
    }
}

record! {
    /// A credit that the gateway advised.
    pub struct AdviceRow in "advice" {
        key {
            /// The order.
            order: OrderId,
            /// The attempt.
            attempt: AttemptId,
        }
        row {
            /// The paying bank.
            payer_bank: Name,
            /// What was credited.
            amount: Money,
            /// When.
            at: Time,
        }
    }
}

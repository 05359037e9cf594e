//! What a gateway remembers.

use crate::code::sealed::OrderKey;
use crate::id::{AttemptId, MerchantId, Name, OrderId, TerminalId, Uid};
use crate::message::CodeHash;
use crate::money::Money;
use crate::order::{AttemptState, OrderState, Reason};
use crate::roles::Kept;
use crate::store::{Json, Record, Schema, record};
use crate::text::Text;
use crate::time::Time;

/// The gateway's tables.
pub(super) const SCHEMAS: &[&Schema] = &[
    Order::SCHEMA,
    ReceiptRow::SCHEMA,
    AttemptRow::SCHEMA,
    WindowRow::SCHEMA,
    Kept::SCHEMA,
];

record! {
    /// A payment order.
    pub struct Order in "payment_order" {
        key {
            /// Its id.
            id: OrderId,
        }
        row {
            /// The receipt.
            uid: Uid,
            /// The merchant.
            merchant: MerchantId,
            /// The merchant's certified name.
            payee: Text,
            /// The merchant's bank.
            payee_bank: Name,
            /// The merchant's account there.
            payee_account: Text,
            /// What is asked.
            amount: Money,
            /// The shop's order number.
            reference: Text,
            /// Where it stands.
            state: OrderState,
            /// When it was raised.
            created_at: Time,
            /// Claims are granted before this instant.
            expires: Time,
            /// Opens the seal of its code.
            order_key: Json<OrderKey>,
            /// The attempt that holds it, or that paid it.
            attempt: Option<AttemptId>,
            /// That attempt's bank.
            bank: Option<Name>,
            /// When it was claimed.
            claimed_at: Option<Time>,
            /// How often the outcome was asked for.
            asks: u32,
        }
    }
}

record! {
    /// A receipt that was seen: which code it carried, and the order that came of it.
    pub struct ReceiptRow in "receipt" {
        key {
            /// The receipt.
            uid: Uid,
        }
        row {
            /// SHA-256 of its code.
            code: CodeHash,
            /// Its order.
            order: OrderId,
        }
    }
}

record! {
    /// One bank's attempt at an order.
    pub struct AttemptRow in "attempt" {
        key {
            /// The order.
            order: OrderId,
            /// The attempt.
            attempt: AttemptId,
            /// The bank: the same attempt from another bank is another claim.
            bank: Name,
        }
        row {
            /// Where it stands.
            state: AttemptState,
            /// Why the claim was refused or the attempt closed.
            reason: Option<Reason>,
        }
    }
}

record! {
    /// How far a terminal's counter has come under one key epoch.
    pub struct WindowRow in "counter_window" {
        key {
            /// The terminal.
            terminal: TerminalId,
            /// The key epoch.
            epoch: u8,
        }
        row {
            /// The highest counter seen.
            highest: u32,
        }
    }
}

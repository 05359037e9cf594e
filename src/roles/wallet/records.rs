//! What a wallet remembers: the payments in hand, and those that were made.

use super::scan::Expectation;
use crate::code::sealed::Blob;
use crate::id::{AttemptId, Name, OrderId, Party};
use crate::message::{Attempt, Attested, CodeHash, PaymentOrder};
use crate::order::Reason;
use crate::store::{Json, Record, Schema, record};
use crate::text::Text;
use crate::time::Time;
use crate::words::words;

/// The wallet's tables.
pub(super) const SCHEMAS: &[&Schema] = &[WalletPayment::SCHEMA, CodeOfOrder::SCHEMA];

words! {
    /// How a payment in hand stands.
    pub enum WalletState {
        /// The code verified; the gateway is asked for its order.
        Opening = "OPENING",
        /// The order is shown to the customer.
        Shown = "SHOWN",
        /// The customer confirmed; the bank is at work.
        Paying = "PAYING",
        /// The screen waited long enough: the outcome is being checked.
        Checking = "CHECKING",
        /// Paid. Final.
        Paid = "PAID",
        /// Not paid under this attempt. Another scan may try anew.
        Failed = "FAILED",
        /// The customer did not want to pay, or could not be shown an order.
        Abandoned = "ABANDONED",
    }
}

impl WalletState {
    /// Whether nothing is in hand any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Paid | Self::Failed | Self::Abandoned)
    }
}

record! {
    /// A payment in hand.
    pub struct WalletPayment in "wallet_payment" {
        key {
            /// The code that was scanned.
            code: CodeHash,
        }
        row {
            /// The code itself.
            blob: Json<Blob>,
            /// The gateway that answers for it.
            gateway: Party,
            /// The bank that the link's path named.
            path_bank: Option<Name>,
            /// The certified merchant's name, as the bundle has it.
            merchant: Text,
            /// What the customer expects from where they stand and what the paper says.
            expects: Json<Expectation>,
            /// How it stands.
            state: WalletState,
            /// The gateway's order, once it came.
            order: Option<Json<Attested<PaymentOrder>>>,
            /// The attempt, once the customer confirmed; kept until it is final.
            attempt: Option<AttemptId>,
            /// Whether the bank has answered under this attempt.
            answered: bool,
            /// When the present wait began.
            since: Time,
            /// How often was asked in the present wait.
            asks: u32,
            /// Why it failed or was abandoned.
            reason: Option<Reason>,
        }
    }
}

impl WalletPayment {
    /// Its attempt at the gateway's order, once there are both.
    pub fn of(&self) -> Option<Attempt> {
        let order = self.order.as_ref()?.0.body.id;
        let attempt = self.attempt?;
        Some(Attempt { order, attempt })
    }
}

record! {
    /// Which code an order was raised from.
    pub struct CodeOfOrder in "code_of_order" {
        key {
            /// The order.
            order: OrderId,
        }
        row {
            /// The code.
            code: CodeHash,
        }
    }
}

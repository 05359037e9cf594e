//! What a terminal remembers: the codes it had sealed, by receipt, and what is in hand.

use super::read::Sale;
use crate::code::sealed::{Blob, ReceiptDigest};
use crate::id::{AttemptId, Id, OrderId, Party, Uid};
use crate::money::Money;
use crate::store::{Json, record};
use crate::text::Text;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The most receipts that are kept in hand; the oldest that is done with goes first.
pub const WAITING_MAX: usize = 16;

record! {
    /// A receipt that the chip sealed.
    pub struct Printed in "printed" {
        key {
            /// The receipt.
            uid: Uid,
        }
        row {
            /// The shop's reference.
            reference: Text,
            /// What is owed.
            amount: Money,
            /// Of the receipt's text.
            digest: [u8; 16],
            /// The code.
            code: Json<Blob>,
            /// When the chip answered.
            sealed_at: Time,
            /// Whether it was handed to the paper.
            printed: bool,
            /// The order under which it was paid, once the slip was printed.
            paid_order: Option<OrderId>,
            /// The attempt that paid it.
            paid_attempt: Option<AttemptId>,
        }
        index("reference")
    }
}

record! {
    /// A receipt with an order number, as it would come again.
    pub struct Known in "known_receipt" {
        key {
            /// [`Known::exact`] or [`Known::copy`].
            mark: [u8; 16],
        }
        row {
            /// The order number as printed.
            number: Text,
            /// What is owed.
            amount: Money,
            /// The shop's reference.
            reference: Text,
            /// Of the receipt's text.
            digest: [u8; 16],
            /// The receipt's identity; nothing while it has no code.
            uid: Option<Uid>,
            /// When it was first seen.
            seen_at: Time,
        }
    }
}

impl Known {
    /// The mark of a receipt that is printed again as it was: its number and its whole text.
    pub fn exact(number: &Text, digest: ReceiptDigest) -> [u8; 16] {
        mark(b"exact", number, &digest.0)
    }

    /// The mark of a receipt that is printed again as a copy, which changes its text: its number
    /// and its amount, in ten-thousandths.
    pub fn copy(number: &Text, e4: i64) -> [u8; 16] {
        mark(b"copy", number, &e4.to_be_bytes())
    }
}

/// A short hash: whoever finds a row by it compares the row itself.
fn mark(kind: &[u8], number: &Text, rest: &[u8]) -> [u8; 16] {
    let mut hasher = SipHasher13::new();
    hasher.write(kind);
    hasher.write(rest);
    hasher.write(number.as_str().as_bytes());
    hasher.finish128().as_bytes()
}

/// An amount in ten-thousandths of its currency's unit, as receipts are read.
pub(super) fn e4(amount: Money) -> Option<i64> {
    let places = u32::try_from(amount.currency().exponent()).ok()?;
    let scale = 10_i64.checked_pow(4_u32.checked_sub(places)?)?;
    amount.minor().checked_mul(scale)
}

record! {
    /// What a terminal has in hand; gone after a crash, like the paper that waited.
    pub struct TerminalRam in "terminal_ram" {
        key {
            /// The terminal.
            me: Party,
        }
        row {
            /// Receipts whose code is asked for, or was lately, the oldest first.
            waiting: Json<Vec<Waiting>>,
            /// The latest jobs: number, and until when their paper could wait.
            jobs: Json<Vec<(u64, Time)>>,
            /// How often the chip was greeted in vain.
            greetings: u32,
        }
        volatile true
    }
}

impl TerminalRam {
    pub(super) const fn new(me: Party) -> Self {
        Self {
            me,
            waiting: Json(Vec::new()),
            jobs: Json(Vec::new()),
            greetings: 0,
        }
    }
}

/// A receipt in hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The job that it came in.
    pub job: u64,
    /// The chip's name for it.
    pub seal: Id,
    /// Until when its paper waits.
    pub until: Time,
    /// What is to be sealed.
    pub sale: Sale,
    /// How far it is.
    pub stage: Stage,
    /// Its identity, once the chip has sealed it.
    pub uid: Option<Uid>,
}

/// How far a receipt in hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The chip's session is not open yet.
    Unasked,
    /// The chip is asked.
    Asked,
    /// The paper has left without a code, and the chip has not answered yet.
    Missed,
    /// Nothing more will come.
    Done,
}

impl Stage {
    /// Whether the paper still waits.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Unasked | Self::Asked)
    }
}

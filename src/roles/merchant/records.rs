//! What a merchant remembers: who paid, and what it took back.

use crate::id::{AttemptId, EventId, Name, OrderId, Uid};
use crate::message::CodeHash;
use crate::money::Money;
use crate::order::{Reason, Standing};
use crate::store::record;
use crate::text::Text;
use crate::time::Time;

record! {
    /// A receipt that was paid.
    pub struct Told in "told" {
        key {
            /// The receipt.
            uid: Uid,
        }
        row {
            /// The notice that told it first.
            event: EventId,
            /// The gateway's order.
            order: OrderId,
            /// The attempt that paid it.
            attempt: AttemptId,
            /// The shop's order number.
            reference: Text,
            /// What was paid.
            amount: Money,
            /// The bank that paid.
            bank: Name,
            /// When it posted.
            posted_at: Time,
            /// When the shop heard.
            told_at: Time,
        }
        index("reference")
    }
}

record! {
    /// A receipt that the shop takes back.
    pub struct Voiding in "voiding" {
        key {
            /// Its code.
            code: CodeHash,
        }
        row {
            /// The question that the gateway has not answered yet.
            asking: Option<EventId>,
            /// How the order stood when it answered.
            standing: Option<Standing>,
            /// Why it refused, if it did.
            refused: Option<Reason>,
        }
    }
}

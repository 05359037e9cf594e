//! What a print job is to a terminal: a sale to seal, a copy of one, or neither.

use super::Terminal;
use super::records::Known;
use crate::code::sealed::{ReceiptDigest, SealedOrder, digest};
use crate::money::Money;
use crate::order::Reason;
use crate::receipt::{Kind, NotPayable, Paper, read};
use crate::text::Text;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A complete print job, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its number at the desk.
    pub number: u64,
    /// Until when its paper waits.
    pub until: Time,
    /// How many bytes it has.
    pub len: usize,
    /// What it is.
    pub read: Read,
}

/// What a job is.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A receipt that can be paid.
    Sale(Sale),
    /// A receipt with a copy mark.
    Copy(Copied),
    /// Neither.
    Other {
        /// Why it gets no code.
        reason: Reason,
        /// The same in words.
        note: Text,
    },
}

/// A receipt with a copy mark, and what it is known by.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// Its order number as printed.
    pub number: Text,
    /// Its total in ten-thousandths of the currency's unit.
    pub e4: i64,
}

/// A receipt that can be paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// Its order number as printed, if it has one: what a reprint is known by.
    pub number: Option<Text>,
    /// What is to be sealed, its counter zero.
    pub order: SealedOrder,
}

impl Sale {
    /// What is known of a receipt that has no code yet.
    pub(super) fn of(known: Known) -> Self {
        Self {
            number: Some(known.number),
            order: order(known.amount, known.reference, ReceiptDigest(known.digest)),
        }
    }

    /// The shop's reference.
    pub(super) fn reference(&self) -> &str {
        self.order.reference.as_str()
    }

    /// Whether the other is this receipt again: its number with its text, or its number with its
    /// amount. Receipts without a number are different ones.
    pub(super) fn is_same_receipt(&self, other: &Self) -> bool {
        let same = |a: &SealedOrder, b: &SealedOrder| a.digest == b.digest || a.amount == b.amount;
        self.number.is_some() && self.number == other.number && same(&self.order, &other.order)
    }
}

/// What is to be sealed. The optional fields stay out: each would cost the symbol modules, and
/// payer and shop know them anyway.
const fn order(amount: Money, reference: Text, digest: ReceiptDigest) -> SealedOrder {
    SealedOrder {
        counter: 0,
        amount,
        reference,
        digest,
        merchant: None,
        till: None,
        lines: None,
        tax: None,
    }
}

impl Terminal {
    /// Reads a complete job. Pure, and the slow part: drivers call it outside of the group.
    pub fn read(&self, number: u64, bytes: &[u8], until: Time) -> Job {
        let papers = read(bytes, Some(&self.printer), &self.hints);
        let read = match papers.as_deref() {
            Ok([paper]) => of_paper(paper),
            Ok(papers) => other(
                Reason::NotPayable,
                &format!("{} receipts in one job", papers.len()),
            ),
            Err(error) => other(Reason::Unreadable, &error.to_string()),
        };
        let len = bytes.len();
        Job {
            number,
            until,
            len,
            read,
        }
    }
}

fn of_paper(paper: &Paper) -> Read {
    let number = paper.reading.order.as_ref().map(|o| o.value.clone());
    match &paper.verdict {
        Ok(payable) => Read::Sale(Sale {
            number,
            order: order(
                payable.amount,
                payable.reference.clone(),
                digest(&paper.text()),
            ),
        }),
        Err(NotPayable::NotASale(Kind::Copy)) => {
            let e4 = paper.reading.total.as_ref().map(|t| t.value.e4());
            match number.zip(e4) {
                Some((number, e4)) => Read::Copy(Copied { number, e4 }),
                None => other(Reason::NotPayable, "a copy without number or total"),
            }
        }
        Err(why) => other(Reason::NotPayable, &why.to_string()),
    }
}

fn other(reason: Reason, note: &str) -> Read {
    let note = Text::clean(note);
    Read::Other { reason, note }
}

//! What happens, and what must hold.

use super::{Disk, Mode, Via};
use crate::id::Name;
use crate::money::Money;
use crate::scenario::diagnostic::Mark;
use crate::scenario::expect::Expr;
use crate::scenario::invariants::Invariant;
use crate::scenario::units::Range;
use crate::text::Text;
use crate::time::Span;
use crate::words::words;

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name (`step-3`, the third).
    pub id: Name,
    /// When; after the step before it, when the file does not say.
    pub start: Start,
    /// Who does it, if it is anyone's.
    pub who: Option<Name>,
    /// What.
    pub act: Act,
    /// Where it stands.
    pub mark: Mark,
}

/// A paper that a scenario brings itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// Its lines, `{order}` and `{amount}` filled in, in the shop's character set, and a cut.
    Lines(String),
    /// The till's bytes.
    Bytes(Vec<u8>),
}

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// So long after the start of the run.
    At(Range<Span>),
    /// So long after that step is done. A print is done when the paper is out, a scan when the
    /// customer has scanned, a wait when its expression holds, everything else at once.
    After(Name, Range<Span>),
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A till prints a receipt.
    Print {
        /// The order number on it.
        receipt: Text,
        /// The total.
        amount: Range<Money>,
        /// What was bought; one nameless item when it is empty.
        items: Vec<Item>,
        /// Which till, from 1.
        till: u16,
        /// What the till sends, when it is not what its shop's tills write.
        own: Option<Own>,
    },
    /// A till prints a receipt again.
    Reprint {
        /// Its order number.
        receipt: Text,
        /// Which till, from 1.
        till: u16,
    },
    /// A customer scans a receipt's code.
    Scan {
        /// Its order number.
        receipt: Text,
        /// How.
        via: Via,
        /// Where the customer stands (the shop that printed it).
        counter: Name,
        /// What the paper says (what was printed).
        amount: Option<Money>,
    },
    /// A customer who is asked (see `Confirms::Asked`) says yes.
    Confirm {
        /// The receipt.
        receipt: Text,
    },
    /// A customer says no.
    Decline {
        /// The receipt.
        receipt: Text,
    },
    /// The shop takes a receipt back.
    Cancel {
        /// The receipt.
        receipt: Text,
    },
    /// The shop gives money back.
    Refund {
        /// The receipt.
        receipt: Text,
        /// How much; all of it when it does not say.
        amount: Option<Money>,
    },
    /// A party stops and begins anew.
    Restart {
        /// How long it is down (at once).
        down_for: Range<Span>,
        /// What happens to commits that are not durable yet (kept).
        disk: Disk,
    },
    /// Time passes at once: a test clock.
    Advance {
        /// How much.
        by: Span,
    },
    /// Something must hold now.
    Check {
        /// What.
        that: Expr,
    },
    /// Nothing happens until something holds.
    Wait {
        /// What.
        until: Expr,
        /// After how long it has failed (a minute).
        at_most: Span,
    },
}

impl Act {
    /// Its word in scenario files.
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Print { .. } => Verb::Print,
            Self::Reprint { .. } => Verb::Reprint,
            Self::Scan { .. } => Verb::Scan,
            Self::Confirm { .. } => Verb::Confirm,
            Self::Decline { .. } => Verb::Decline,
            Self::Cancel { .. } => Verb::Cancel,
            Self::Refund { .. } => Verb::Refund,
            Self::Restart { .. } => Verb::Restart,
            Self::Advance { .. } => Verb::Advance,
            Self::Check { .. } => Verb::Check,
            Self::Wait { .. } => Verb::Wait,
        }
    }

    /// The receipt that it is about.
    pub const fn receipt(&self) -> Option<&Text> {
        match self {
            Self::Print { receipt, .. }
            | Self::Reprint { receipt, .. }
            | Self::Scan { receipt, .. }
            | Self::Confirm { receipt }
            | Self::Decline { receipt }
            | Self::Cancel { receipt }
            | Self::Refund { receipt, .. } => Some(receipt),
            Self::Restart { .. }
            | Self::Advance { .. }
            | Self::Check { .. }
            | Self::Wait { .. } => None,
        }
    }
}

words! {
    /// What a step does.
    pub enum Verb {
        /// A till prints a receipt.
        Print = "print",
        /// A till prints a receipt again.
        Reprint = "reprint",
        /// A customer scans a receipt's code.
        Scan = "scan",
        /// A customer who is asked says yes.
        Confirm = "confirm",
        /// A customer says no.
        Decline = "decline",
        /// The shop takes a receipt back.
        Cancel = "cancel",
        /// The shop gives money back.
        Refund = "refund",
        /// A party stops and begins anew.
        Restart = "restart",
        /// Time passes at once.
        Advance = "advance",
        /// Something must hold now.
        Check = "check",
        /// Nothing happens until something holds.
        Wait = "wait",
    }
}

/// A line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub text: Text,
    /// For how much.
    pub amount: Money,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// What.
    pub that: Expr,
    /// When (at the end).
    pub kind: ExpectKind,
    /// Until when `eventually` must have come, from the start of the run (its end).
    pub by: Option<Span>,
    /// Where alone it is checked.
    pub only_mode: Option<Mode>,
    /// Why it matters.
    pub why: Text,
    /// Where it stands.
    pub mark: Mark,
}

words! {
    /// When something must hold.
    pub enum ExpectKind {
        /// When everything is over.
        AtEnd = "at-end",
        /// After every event.
        Always = "always",
        /// Once, until its deadline.
        Eventually = "eventually",
        /// After no event.
        Never = "never",
        /// In one seed of a sweep at least.
        Sometimes = "sometimes",
    }
}

/// An invariant that a scenario switches off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    /// Which.
    pub name: Invariant,
    /// Why that is right here.
    pub because: Text,
}

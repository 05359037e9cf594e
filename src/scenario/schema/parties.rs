//! Who takes part.

use super::Own;
use crate::id::Name;
use crate::money::{Currency, Money};
use crate::order::Reason;
use crate::scenario::units::{Range, Share};
use crate::text::Text;
use crate::time::Span;
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// What an actor of a scenario is.
    pub enum ActorKind {
        /// `[bank.X]`.
        Bank = "bank",
        /// `[gateway.X]`.
        Gateway = "gateway",
        /// `[merchant.X]`: the shop's back office and its tills.
        Merchant = "merchant",
        /// `[customer.X]`.
        Customer = "customer",
        /// `[crowd.X]`.
        Crowd = "crowd",
        /// `[attacker.X]`.
        Attacker = "attacker",
    }
}

/// A bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    /// The gateway that it clears through (the only one).
    pub gateway: Name,
    /// How it answers (promptly).
    pub answers: Answers,
    /// Whether the last two digits of an amount say how it is paid (no): see `Magic`.
    pub magic: bool,
    /// How long a commit takes to become durable (1 ms).
    pub fsync: Range<Span>,
}

/// How a bank answers its payers and the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// At once.
    Promptly,
    /// After a while.
    Slowly(Range<Span>),
    /// Not at all.
    Never,
    /// With a refusal of every payment: its accounts are empty, or allow next to nothing.
    Declines(Reason),
    /// With bytes that are no message.
    Garbage,
    /// Twice.
    Twice,
    /// Its word that it paid comes so much later than it posted.
    LateSuccess(Range<Span>),
    /// Its word that it did not pay comes so much later than it refused.
    LateFailure(Range<Span>),
}

/// A gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// How long a code may be claimed (60 minutes).
    pub order_expires: Span,
    /// How long it waits for a claimed order's outcome (10 s).
    pub outcome_after: Span,
    /// Between the first questions (3 s).
    pub ask_every: Span,
    /// When it closes a hold that its bank still reports (45 s).
    pub close_after: Span,
    /// How long a commit takes to become durable (1 ms).
    pub fsync: Range<Span>,
}

/// A merchant with its tills, each with a terminal, a chip and a printer.
#[derive(Clone, Debug, PartialEq)]
pub struct Merchant {
    /// The certified name, as customers see it (the word, with capitals).
    pub name: Text,
    /// Where it banks (the only bank).
    pub bank: Name,
    /// Its gateway (the only one).
    pub gateway: Name,
    /// What it sells in (the run's).
    pub currency: Currency,
    /// How many tills it has (1).
    pub tills: u16,
    /// What its tills print (by currency).
    pub paper: Template,
    /// What its tills send instead, unless a step says otherwise (what its template writes).
    pub own: Option<Own>,
    /// The profile of its printers (by paper).
    pub profile: Option<Text>,
    /// How its printers are (ok).
    pub printer: Printer,
    /// How its chips are (ok).
    pub chip: Chip,
    /// What its chips sign with (certified).
    pub key: Key,
}

words! {
    /// The receipt that a till prints: language, encoding, layout.
    pub enum Template {
        /// A coffee bar in EUR, ASCII with CP858 for the euro sign.
        CoffeeEur = "coffee-eur",
        /// A noodle shop in CNY, GBK with Chinese item names.
        NoodleGbk = "noodle-gbk",
        /// A sushi bar in JPY, Shift-JIS.
        SushiJpy = "sushi-jpy",
        /// Any currency, ASCII.
        Plain = "plain",
    }
}

words! {
    /// How a printer is.
    pub enum Printer {
        /// It prints.
        Ok = "ok",
        /// Its paper jams.
        Jams = "jams",
        /// It is not there.
        Offline = "offline",
    }
}

words! {
    /// How a terminal's chip is.
    pub enum Chip {
        /// It seals and signs.
        Ok = "ok",
        /// It is not there.
        Absent = "absent",
        /// It answers later than paper can wait.
        Slow = "slow",
    }
}

words! {
    /// What a chip signs with.
    pub enum Key {
        /// The key that the issuer certified.
        Certified = "certified",
        /// A key that nobody certified.
        Wrong = "wrong",
    }
}

/// A customer with a wallet, and an account that has the customer's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Where they bank (the only bank).
    pub bank: Name,
    /// What the account holds at first.
    pub balance: Range<Money>,
    /// The most that one payment may take (no limit).
    pub limit: Option<Money>,
    /// How long after the paper came out a crowd's member scans it (2 to 9 s).
    pub scans_in: Range<Span>,
    /// How they confirm (after 1 to 3 s).
    pub confirms: Confirms,
    /// What they compare (nothing in a crowd's member; shop and amount otherwise).
    pub checks: BTreeSet<Check>,
    /// When they leave without having confirmed (never).
    pub gives_up_after: Option<Span>,
    /// How often they scan a second time, up to two seconds later (never).
    pub scans_twice: Share,
    /// How often they say no when they are shown the order (never).
    pub changes_mind: Share,
    /// How they scan, unless a step says otherwise (app).
    pub via: Via,
}

/// How a customer confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirms {
    /// By themselves, after having looked at the order for so long.
    After(Range<Span>),
    /// When a step says so: `asked`.
    Asked,
}

words! {
    /// What a customer compares with what they know.
    pub enum Check {
        /// The shop's name with where they stand.
        Shop = "shop",
        /// The amount with the paper.
        Amount = "amount",
    }
}

words! {
    /// How a code is opened.
    pub enum Via {
        /// In the bank's app.
        App = "app",
        /// By its https link, posted with the bank's signed header.
        Link = "link",
    }
}

/// Many customers of one kind: `office-1`, `office-2`, ...
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// How many.
    pub people: u32,
    /// What each is like; ranges are picked for each by their own name.
    pub each: Customer,
    /// Where they go, by weight; every merchant alike when none is named.
    pub visits: BTreeMap<Name, u32>,
}

/// An attacker.
#[derive(Clone, Debug, PartialEq)]
pub struct Attacker {
    /// The parties that do as told.
    pub controls: BTreeSet<Name>,
    /// What can be read.
    pub sees: BTreeSet<Sight>,
}

words! {
    /// What an attacker can read.
    pub enum Sight {
        /// Every printed receipt.
        Paper = "paper receipts",
        /// Every message.
        Network = "network",
    }
}

impl Merchant {
    /// The name of a till, and of its terminal, chip and printer: the merchant's own when there is
    /// one till, else with the till's number (from 1). `None` when that is too long for a name.
    pub fn till_name(&self, merchant: Name, till: u16) -> Option<Name> {
        match self.tills {
            1 => Some(merchant),
            _ => format!("{merchant}-{till}").parse().ok(),
        }
    }
}

impl Crowd {
    /// The name of its `n`th member, from 1. `None` when that is too long for a name.
    pub fn member(crowd: Name, n: u32) -> Option<Name> {
        format!("{crowd}-{n}").parse().ok()
    }
}

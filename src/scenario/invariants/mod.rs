//! Invariants, checked as things happen: a second opinion on orders and money.
//!
//! The checker reads journals and the messages that leave, and nothing else: it keeps its own model
//! of every order and book ([`model`](self)), in time that does not grow with the run, and compares
//! what parties record and say with what the others recorded before. It shares no code with the
//! roles beyond the tables of transitions, so that one mistake is not made twice.
//!
//! Entries are fed in the order in which they were committed, from all parties; a message is fed
//! when it leaves, after the entries of its commit. That order is what makes O8 and O9 checkable:
//! a promise that is seen before its record was made too early.

mod model;
mod money;
mod orders;
mod people;
mod release;
mod rest;
#[cfg(test)]
mod tests;

pub use rest::Unfinished;

use crate::id::{Name, OrderId, Party};
use crate::journal::{Chain, ChainKind, Entry, EventKind};
use crate::message::Message;
use crate::scenario::reached::Told;
use crate::time::Time;
use crate::words::words;
use model::Model;
pub(super) use model::Stage;
use std::collections::{BTreeMap, BTreeSet};

/// The most violations that are kept; what comes after the first ones is seldom news.
pub const VIOLATIONS_MAX: usize = 100;

words! {
    /// An invariant that is checked as events happen, by its name in the reference on orders.
    pub enum Invariant {
        /// OnePayPerReceipt.
        OnePayPerReceipt = "O1",
        /// ClaimExclusive.
        ClaimExclusive = "O2",
        /// AtMostOneAttempt.
        AtMostOneAttempt = "O3",
        /// LegalTransition.
        LegalTransition = "O4",
        /// UnknownNotFailed.
        UnknownNotFailed = "O5",
        /// SameKeySameAnswer.
        SameKeySameAnswer = "O6",
        /// ErrorMeansNoEffect.
        ErrorMeansNoEffect = "O7",
        /// AckAfterDurable.
        AckAfterDurable = "O8",
        /// NotifyAfterCommit.
        NotifyAfterCommit = "O9",
        /// StatusAgreement.
        StatusAgreement = "O10",
        /// MoneyStateAgreement.
        MoneyStateAgreement = "O11",
        /// AmountIntegrity.
        AmountIntegrity = "O12",
        /// DeadlineOrder.
        DeadlineOrder = "O13",
        /// LateIsRecorded.
        LateIsRecorded = "O14",
        /// NoInternalLeak.
        NoInternalLeak = "O16",
        /// NotFoundIsNoProof.
        NotFoundIsNoProof = "O17",
        /// ZeroSum.
        ZeroSum = "L1",
        /// NoCreation.
        NoCreation = "L2",
        /// Immutable.
        Immutable = "L3",
        /// Floor.
        Floor = "L4",
        /// HoldOnce.
        HoldOnce = "L5",
        /// PartialBound.
        PartialBound = "L6",
        /// HoldReleased.
        HoldReleased = "L7",
        /// Dedupe.
        Dedupe = "M1",
        /// SignedFresh.
        SignedFresh = "M3",
        /// Eventually.
        Eventually = "M4",
        /// SourceBound.
        SourceBound = "C1",
        /// ChainUnbroken.
        ChainUnbroken = "C2",
        /// Freshness.
        Freshness = "C4",
    }
}

/// The invariants of the reference that are not checked as events happen, and where they are held.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "O15",
        "Liveness: the verdict on the quiet phase (deadlock, livelock, stuck)",
    ),
    ("L8", "FixedPoint: a type, `money::Money`"),
    (
        "L9",
        "BalanceView: no party reports a balance yet; L2 compares the store with the fold",
    ),
    (
        "L10",
        "NoOverflow: `money::Money` and the ledger refuse; their tests show it",
    ),
    ("R1..R5", "no role gives money back yet"),
    (
        "M2",
        "OrderFree: `run --explore` tries every order of delivery of a small story",
    ),
    (
        "C3",
        "KeyNeverLeaves: secrets are types that cannot be printed",
    ),
    ("C5", "BitFlip: tests of the sealed code, over every bit"),
    (
        "C6",
        "NonceUnique: the chip's tests; in a run C2 sees every counter that was used",
    ),
    ("S1..S4", "no person acts in a simulation yet"),
    (
        "S5",
        "Replay: one seed in twenty is run twice, and its fingerprints compared",
    ),
    (
        "S6",
        "ShadowModel: the model behind these checks; a test compares its books (L2)",
    ),
];

impl Invariant {
    /// Its name and what it says.
    pub const fn says(self) -> &'static str {
        match self {
            Self::OnePayPerReceipt => {
                "OnePayPerReceipt: at most one posting per receipt, over all retries, wallets and banks"
            }
            Self::ClaimExclusive => {
                "ClaimExclusive: at most one live claim per receipt, and no posting without its grant"
            }
            Self::LegalTransition => {
                "LegalTransition: every transition is in the table, and final states are final"
            }
            Self::AtMostOneAttempt => {
                "AtMostOneAttempt: a payer tries again only when the last attempt is over"
            }
            Self::UnknownNotFailed => {
                "UnknownNotFailed: only proof ends an attempt, and no timer does"
            }
            Self::SameKeySameAnswer => {
                "SameKeySameAnswer: equal key and body, equal answer for ever"
            }
            Self::ErrorMeansNoEffect => "ErrorMeansNoEffect: an answer that says no moved no money",
            Self::AckAfterDurable => {
                "AckAfterDurable: what an answer promises was committed before it left"
            }
            Self::NotifyAfterCommit => {
                "NotifyAfterCommit: who is told of a payment is told of a posting that exists"
            }
            Self::StatusAgreement => "StatusAgreement: at rest, all parties agree on the outcome",
            Self::MoneyStateAgreement => {
                "MoneyStateAgreement: an order is PAID if and only if its money is posted"
            }
            Self::AmountIntegrity => {
                "AmountIntegrity: amount, currency, payee and receipt are the same everywhere"
            }
            Self::DeadlineOrder => {
                "DeadlineOrder: nobody gives a payment up by the clock; the next hop is asked"
            }
            Self::LateIsRecorded => {
                "LateIsRecorded: an outcome that was heard is kept, however late it came"
            }
            Self::NoInternalLeak => "NoInternalLeak: strangers hear one word, whatever the reason",
            Self::NotFoundIsNoProof => {
                "NotFoundIsNoProof: \"not found\" ends nothing; only a tombstone does"
            }
            Self::ZeroSum => "ZeroSum: all postings of a book sum to nothing in each currency",
            Self::NoCreation => "NoCreation: a balance changes by a recorded posting only",
            Self::Immutable => "Immutable: nothing recorded is edited, dropped or put in between",
            Self::Floor => "Floor: an account never holds less than nothing",
            Self::HoldOnce => "HoldOnce: a hold is resolved exactly once",
            Self::PartialBound => "PartialBound: no more is captured than was held",
            Self::HoldReleased => "HoldReleased: what is refused, voided or closed holds nothing",
            Self::Dedupe => "Dedupe: an event has one effect per consumer",
            Self::SignedFresh => "SignedFresh: what third parties must believe leaves signed",
            Self::Eventually => "Eventually: at rest, the shop of a paid order has heard of it",
            Self::SourceBound => "SourceBound: an order is raised for what a shop's chip sealed",
            Self::Freshness => "Freshness: a code past its validity raises and grants nothing",
            Self::ChainUnbroken => "ChainUnbroken: a terminal's counter is used for one receipt",
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// Who recorded or said what broke it.
    pub party: Party,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// The journal line that broke it, as lane and number; none for a message or at rest.
    pub entry: Option<(u32, u64)>,
    /// When.
    pub at: Time,
    /// What had to be.
    pub expected: String,
    /// What was.
    pub actual: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: ", self.invariant, self.party)?;
        write!(f, "expected {}, found {}", self.expected, self.actual)
    }
}

/// Where a check stands: who did what, when.
#[derive(Clone, Copy)]
struct Place {
    party: Party,
    order: Option<OrderId>,
    entry: Option<(u32, u64)>,
    at: Time,
}

/// The checker.
#[derive(Clone, Debug)]
pub struct Invariants {
    off: BTreeSet<Invariant>,
    chain: Option<ChainKind>,
    lanes: BTreeMap<(Party, u32), Chain>,
    model: Model,
    now: Time,
    found: Vec<Violation>,
}

impl Invariants {
    /// A checker with these switched off. With a chain's kind it recomputes every hash (L3);
    /// without one it checks that numbers follow each other.
    pub fn new(off: impl IntoIterator<Item = Invariant>, chain: Option<ChainKind>) -> Self {
        Self {
            off: off.into_iter().collect(),
            chain,
            lanes: BTreeMap::new(),
            model: Model::default(),
            now: Time::from_nanos(0),
            found: Vec::new(),
        }
    }

    /// What was found so far.
    pub fn violations(&self) -> &[Violation] {
        &self.found
    }

    /// How often each machine took each of its steps.
    pub fn reached(&self) -> Told {
        self.model.reached.told()
    }

    /// A journal line, as it was committed.
    pub fn observe(&mut self, party: &Party, entry: &Entry) {
        self.observe_at(entry.at, party, entry);
    }

    /// The same, at an instant that the party's own clock does not know.
    pub fn observe_at(&mut self, at: Time, party: &Party, entry: &Entry) {
        use EventKind as E;
        self.now = self.now.max(at);
        let place = Place {
            party: *party,
            order: entry.event.order,
            entry: Some((entry.lane, entry.seq)),
            at,
        };
        self.follows(place, entry);
        match entry.event.kind {
            E::OrderCreated
            | E::OrderClaimed
            | E::ClaimRefused
            | E::OrderUnknown
            | E::OrderPaid
            | E::OrderReopened
            | E::OrderExpired
            | E::OrderCancelled
            | E::OrderLate => self.order_event(place, entry),
            E::Held
            | E::Posted
            | E::Voided
            | E::Rejected
            | E::Tombstoned
            | E::Credited
            | E::Suspended
            | E::Funded => self.money_event(place, entry),
            E::OrderShown
            | E::PayConfirmed
            | E::PayAbandoned
            | E::PayChecking
            | E::PayDone
            | E::PayFailed => self.wallet_event(place, entry),
            E::MerchantTold | E::CodePrinted | E::CodeReprinted | E::Sealed | E::SlipPrinted => {
                self.shop_event(place, &entry.event);
            }
            E::Started
            | E::Refused
            | E::CodeWithheld
            | E::JobCaptured
            | E::SessionOpened
            | E::CodeVerified
            | E::CodeRefused
            | E::ForkAlarm
            | E::InDoubt
            | E::Delivered => {}
            E::OrderConflict => self.conflict(place, &entry.event),
            E::Parked => self.parked(place, &entry.event),
        }
    }

    /// A message, as it leaves: after its commit.
    pub fn released(&mut self, at: Time, from: &Party, to: &Party, message: &Message) {
        self.now = self.now.max(at);
        let place = Place {
            party: *from,
            order: message.order(),
            entry: None,
            at,
        };
        self.release(place, to, message);
    }

    /// A party begins its journal anew: its lanes are counted from there on. For a scenario that
    /// replaces a party's store.
    pub fn forget_lanes(&mut self, party: &Party) {
        self.lanes.retain(|(owner, _), _| owner != party);
    }

    /// L3: a lane's numbers follow each other, and its hashes.
    fn follows(&mut self, place: Place, entry: &Entry) {
        let kind = self.chain.unwrap_or(ChainKind::Fast);
        let lane = self.lanes.entry((place.party, entry.lane));
        let lane = lane.or_insert_with(|| Chain::new(entry.lane, kind));
        let (expected, checked) = (lane.len() + 1, self.chain.is_some());
        let good = if checked {
            lane.follow(entry)
        } else {
            entry.seq == expected
        };
        if !(checked && good) {
            *lane = Chain::resume(entry.lane, kind, entry.seq, entry.hash);
        }
        if !good {
            let what = if entry.seq == expected {
                "another hash"
            } else {
                "another number"
            };
            let expected = format!("line {expected} of lane {} with its hash", entry.lane);
            let actual = format!("line {} with {what}", entry.seq);
            self.broken(Invariant::Immutable, place, expected, actual);
        }
    }

    fn broken(
        &mut self,
        invariant: Invariant,
        place: Place,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        if self.off.contains(&invariant) || self.found.len() >= VIOLATIONS_MAX {
            return;
        }
        self.found.push(Violation {
            invariant,
            party: place.party,
            order: place.order,
            entry: place.entry,
            at: place.at,
            expected: expected.into(),
            actual: actual.into(),
        });
    }

    /// Notes a violation unless `good`. The texts are made only then.
    fn must(
        &mut self,
        good: bool,
        invariant: Invariant,
        place: Place,
        texts: impl FnOnce() -> (String, String),
    ) {
        if !good {
            let (expected, actual) = texts();
            self.broken(invariant, place, expected, actual);
        }
    }
}

/// The bank that a party is, by name.
const fn name_of(party: &Party) -> Name {
    party.name
}

/// A value, or that there is none.
fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

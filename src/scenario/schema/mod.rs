//! What a scenario says, as types: who takes part, what happens, what must hold.
//!
//! A file states only what is special; every default is a healthy system. Parties are named by
//! words, and one word is one party: `ann`, `river`, `noodle-bar`. Beyond the reference's schema:
//! - a merchant has a certified `name`, a `currency`, a template for its `paper`, a `chip` that may
//!   be broken and a `key` that may be nobody's;
//! - steps know `reprint`, `confirm`, `decline`, and `wait`, which goes on as soon as an expression
//!   holds (so that the same story does not sleep on a real network);
//! - a print may list `items` instead of an amount.
//!
//! Order numbers on receipts (`A1`) name receipts everywhere, so one is printed once in a file.

mod faults;
mod parties;
mod steps;

pub use faults::*;
pub use parties::*;
pub use steps::*;

use super::diagnostic::Mark;
use super::units::{Bandwidth, Range, Rate, Seeds, Share};
use crate::id::{Name, Party, PartyKind};
use crate::money::{Currency, Money};
use crate::scenario::replay::Replay;
use crate::text::Text;
use crate::time::{Span, Time};
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

/// A scenario file, checked: whoever holds one can run it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's name, as it was given.
    pub file: String,
    /// The files that it stands on, the nearest first.
    pub bases: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Which case of its file it is: `[answers=never]`; nothing when there is one only.
    pub case: Text,
    /// Its variables as they were filled in.
    pub vars: BTreeMap<String, String>,
    /// What it is about, in a sentence.
    pub about: Text,
    /// Words to select it by.
    pub tags: Vec<Name>,
    /// How long and how often it runs.
    pub run: Run,
    /// The banks, by name.
    pub banks: BTreeMap<Name, Bank>,
    /// The gateways, by name; `main` when the file names none.
    pub gateways: BTreeMap<Name, Gateway>,
    /// The merchants, by name.
    pub merchants: BTreeMap<Name, Merchant>,
    /// The customers, by name.
    pub customers: BTreeMap<Name, Customer>,
    /// Many customers of one kind, by name.
    pub crowds: BTreeMap<Name, Crowd>,
    /// The attackers, by name.
    pub attackers: BTreeMap<Name, Attacker>,
    /// How crowds arrive.
    pub loads: Vec<Load>,
    /// How messages travel.
    pub network: Network,
    /// What breaks.
    pub faults: Vec<Fault>,
    /// What attackers do.
    pub attacks: Vec<Attack>,
    /// What happens, in the file's order.
    pub steps: Vec<Step>,
    /// What must hold.
    pub expects: Vec<Expect>,
    /// Invariants that this scenario switches off.
    pub off: Vec<Off>,
    /// The one run that this file is; none for a story that draws its faults.
    pub replay: Option<Replay>,
    /// The file as it was written, laid over its bases and with its variables replaced.
    pub written: toml::Table,
}

/// How long and how often a scenario runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The instant at which it begins (2026-05-04T09:00:00Z).
    pub starts: Time,
    /// How long things happen (10 minutes); faults end with it.
    pub lasts: Span,
    /// How long everyone has to finish then (2 days, virtual); it ends as soon as all are final.
    pub settle: Span,
    /// The seeds of a sweep (1..=20).
    pub seeds: Seeds,
    /// What amounts without a currency are in (XTS).
    pub currency: Currency,
    /// Where it can be played (sim).
    pub modes: Vec<Mode>,
    /// Which signatures (fast; real where there are attacks).
    pub crypto: Crypto,
    /// How receipts travel (fast).
    pub paper: Paper,
    /// Whether each seed switches whole families of faults off (yes).
    pub swarm: bool,
    /// Who must finish; everyone when nobody is named.
    pub core: BTreeSet<Name>,
}

words! {
    /// Where a scenario is played.
    pub enum Mode {
        /// In the simulator, in virtual time.
        Sim = "sim",
        /// Over loopback sockets, in real time.
        Net = "net",
    }
}

words! {
    /// Which signatures.
    pub enum Crypto {
        /// Keyed hashes that fail as signatures do.
        Fast = "fast",
        /// The real ones.
        Real = "real",
    }
}

words! {
    /// How a receipt goes from the chip to the customer's phone.
    pub enum Paper {
        /// As a value: no bytes are printed.
        Fast = "fast",
        /// As the till's bytes through the terminal; the code is taken from the print stream.
        Bytes = "bytes",
        /// As bytes, and the code is read from the printed dots.
        Dots = "dots",
        /// As dots, and the phone's picture of the code is out of focus, more or less (F-33).
        Blur = "blur",
        /// As dots, and a corner of the code is torn off, more or less (F-33).
        Tear = "tear",
        /// As dots, and something lies on the code, more or less (F-33).
        Overlay = "overlay",
    }
}

impl Paper {
    /// Whether codes on it may be beyond reading.
    pub const fn is_damaged(self) -> bool {
        matches!(self, Self::Blur | Self::Tear | Self::Overlay)
    }
}

/// How a crowd arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Which crowd.
    pub crowd: Name,
    /// The model.
    pub shape: Shape,
    /// How the rate goes: linear from the last one (the first from 0).
    pub stages: Vec<Stage>,
    /// What each buys for.
    pub basket: Range<Money>,
    /// Where it stands.
    pub mark: Mark,
}

words! {
    /// The model of a load.
    pub enum Shape {
        /// Open: people come at a rate, whatever becomes of those before them.
        Arrivals = "arrivals",
        /// Closed: everyone comes back when they are done.
        Loop = "loop",
    }
}

/// A stretch of a load: the rate goes there in a straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How long it takes.
    pub lasts: Span,
    /// The rate at its end.
    pub to: Rate,
}

/// How messages travel: the first link that fits, else `usual`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Every link that is not named.
    pub usual: Link,
    /// The named ones, the most exact first.
    pub links: Vec<(Route, Link)>,
}

/// One direction between two parties.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// How long a message takes (5 to 40 ms).
    pub latency: Range<Span>,
    /// How many are lost.
    pub loss: Share,
    /// How many arrive twice.
    pub duplicate: Share,
    /// How many are overtaken by later ones.
    pub reorder: Share,
    /// How much it carries (no limit).
    pub bandwidth: Option<Bandwidth>,
}

impl Default for Link {
    fn default() -> Self {
        let latency = Range {
            least: Span::millis(5),
            most: Span::millis(40),
        };
        Self {
            latency,
            loss: Share::NEVER,
            duplicate: Share::NEVER,
            reorder: Share::NEVER,
            bandwidth: None,
        }
    }
}

/// From whom to whom: `ann -> river`, `* -> main`, `river <-> main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The sender; anyone when there is none.
    pub from: Option<Name>,
    /// The receiver; anyone when there is none.
    pub to: Option<Name>,
    /// Whether the other direction is meant too.
    pub both: bool,
}

impl Route {
    /// Whether a message between these actors goes this way.
    pub fn fits(&self, from: Name, to: Name) -> bool {
        let fits = |a: Name, b: Name| {
            self.from.is_none_or(|name| name == a) && self.to.is_none_or(|name| name == b)
        };
        fits(from, to) || (self.both && fits(to, from))
    }
}

impl Scenario {
    /// Its name and its case: `bank-outage[answers=never]`.
    pub fn title(&self) -> String {
        format!("{}{}", self.name, self.case)
    }

    /// A place as people write it: `scenarios/lossy.toml:12`.
    pub fn place(&self, mark: Mark) -> String {
        let base = mark.file.checked_sub(1).and_then(|at| self.bases.get(at));
        format!("{}:{}", base.unwrap_or(&self.file), mark.line)
    }

    /// The actor that a party belongs to: a customer, a crowd, a bank, a gateway, or the merchant
    /// of a back office, till, terminal, chip or printer.
    pub fn actor_of(&self, party: &Party) -> Name {
        let of_many = |known: &dyn Fn(&Name) -> bool| {
            let base = party.name.as_str().rsplit_once('-');
            let base = base.and_then(|(base, _)| base.parse::<Name>().ok());
            match base {
                _ if known(&party.name) => party.name,
                Some(base) if known(&base) => base,
                _ => party.name,
            }
        };
        match party.kind {
            PartyKind::Wallet => {
                of_many(&|name| self.customers.contains_key(name) || self.crowds.contains_key(name))
            }
            PartyKind::Till
            | PartyKind::Terminal
            | PartyKind::Chip
            | PartyKind::Printer
            | PartyKind::Merchant => of_many(&|name| self.merchants.contains_key(name)),
            PartyKind::Gateway | PartyKind::Bank => party.name,
        }
    }

    /// How messages travel between two actors.
    pub fn link(&self, from: Name, to: Name) -> &Link {
        let found = self
            .network
            .links
            .iter()
            .find(|(route, _)| route.fits(from, to));
        found.map_or(&self.network.usual, |(_, link)| link)
    }

    /// When the last deadline of the run is, from its start.
    pub fn ends(&self) -> Span {
        let nanos = self
            .run
            .lasts
            .as_nanos()
            .saturating_add(self.run.settle.as_nanos());
        Span::nanos(nanos)
    }
}

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

use super::diagnostic::Mark;
use super::expect::Expr;
use super::units::{Bandwidth, Range, Rate, Seeds, Share, Skew};
use crate::id::{Name, Party, PartyKind};
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::money::{Currency, Money};
use crate::order::Reason;
use crate::text::Text;
use crate::time::{Span, Time};
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

/// A scenario file, checked: whoever holds one can run it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's name, as it was given.
    pub file: String,
    /// Its name.
    pub name: Name,
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
    }
}

/// A bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    /// The gateway that it clears through (the only one).
    pub gateway: Name,
    /// How it answers (promptly).
    pub answers: Answers,
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
    /// With a refusal of every payment.
    Declines(Reason),
    /// With bytes that are no message.
    Garbage,
    /// Twice.
    Twice,
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

/// Something that breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its name.
    pub id: Name,
    /// Where.
    pub site: Site,
    /// How.
    pub does: FaultKind,
    /// At most how often; without a limit when there is none (1, or no limit with a `chance`).
    pub times: Option<u32>,
    /// With which probability, each time that it could happen (always).
    pub chance: Share,
    /// From when.
    pub moment: Moment,
    /// How long it lasts; a delay's length, a crash's downtime.
    pub lasts: Option<Range<Span>>,
    /// What a crash does to commits that are not durable yet (lost or kept by draw).
    pub disk: Option<Disk>,
    /// How far a skewed clock is off.
    pub skew: Option<Skew>,
    /// Where it stands.
    pub mark: Mark,
}

/// What a fault happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Messages on a link; of this kind, when there is one.
    Link(Route, Option<MessageKind>),
    /// A party.
    Party(Name),
}

words! {
    /// How something breaks.
    pub enum FaultKind {
        /// A message is lost.
        Drop = "drop",
        /// The message arrives and its answer is lost.
        DropAnswer = "drop-answer",
        /// A message arrives later.
        Delay = "delay",
        /// A message arrives twice.
        Duplicate = "duplicate",
        /// A message's bytes are damaged.
        Corrupt = "corrupt",
        /// The connection closes before the answer; nobody knows whether the request was taken.
        Reset = "reset",
        /// Messages wait until it ends.
        Hold = "hold",
        /// The answer is bytes that are no message.
        Garbage = "garbage",
        /// Nothing passes.
        Partition = "partition",
        /// The party stops, and begins anew from what its store kept.
        Crash = "crash",
        /// The party stands still for a while.
        Pause = "pause",
        /// The party's clock is off.
        ClockSkew = "clock-skew",
        /// The party's store takes no more.
        DiskFull = "disk-full",
        /// The terminal's chip is not there.
        ChipAbsent = "chip-absent",
        /// The terminal's chip is slow.
        ChipSlow = "chip-slow",
        /// The chip loses its power while it signs.
        ChipPowerLoss = "chip-power-loss",
        /// The printer jams.
        PrinterJam = "printer-jam",
        /// The paper tears half way.
        HalfPage = "half-page",
    }
}

impl FaultKind {
    /// Whether it happens to messages, and not to a party.
    pub const fn is_of_link(self) -> bool {
        matches!(
            self,
            Self::Drop
                | Self::DropAnswer
                | Self::Delay
                | Self::Duplicate
                | Self::Corrupt
                | Self::Reset
                | Self::Hold
                | Self::Garbage
                | Self::Partition
        )
    }
}

/// From when a fault may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// From the start.
    Always,
    /// So long after the start.
    At(Range<Span>),
    /// At the commit that records this event: before it (the commit is lost) or after it (nothing
    /// of it has left yet).
    Before(EventKind),
    /// See [`Before`](Self::Before).
    After(EventKind),
}

words! {
    /// What a crash does to commits that are not durable yet.
    pub enum Disk {
        /// They are lost.
        LoseUnsynced = "lose-unsynced",
        /// They are kept.
        KeepUnsynced = "keep-unsynced",
        /// The last block of a raw file is half written.
        TornWrite = "torn-write",
    }
}

/// What an attacker does.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// Its name.
    pub id: Name,
    /// Who.
    pub by: Name,
    /// What.
    pub does: AttackKind,
    /// To whom.
    pub target: Option<Name>,
    /// When.
    pub start: Start,
    /// The receipt that it is about.
    pub receipt: Option<Text>,
    /// The amount that it writes.
    pub amount: Option<Money>,
    /// Whose code it glues on.
    pub code_of: Option<Name>,
    /// Who is to be charged.
    pub payer: Option<Name>,
    /// Where it stands.
    pub mark: Mark,
}

words! {
    /// What attackers do.
    pub enum AttackKind {
        /// Glue another shop's code on a counter.
        ReplaceCode = "replace-code",
        /// Write another amount into a code.
        AlterAmount = "alter-amount",
        /// Show yesterday's receipt.
        ReplayReceipt = "replay-receipt",
        /// Use a copy of a chip.
        CloneChip = "clone-chip",
        /// Tell a shop that it was paid.
        ForgeNotice = "forge-notice",
        /// Send more than anyone can answer.
        Flood = "flood",
    }
}

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
    /// A customer who is [asked](Confirms::Asked) says yes.
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
    pub name: super::invariants::Invariant,
    /// Why that is right here.
    pub because: Text,
}

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

impl Scenario {
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

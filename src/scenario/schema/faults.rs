//! What breaks, and who breaks it.

use super::{Route, Start};
use crate::id::Name;
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::money::Money;
use crate::scenario::diagnostic::Mark;
use crate::scenario::units::{Range, Share, Skew};
use crate::text::Text;
use crate::time::Span;
use crate::words::words;

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

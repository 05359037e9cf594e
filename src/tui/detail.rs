//! One order: its journal entries as a ladder of messages between the parties.

use crate::board::moves_money;
use crate::id::{OrderId, Party, PartyKind};
use crate::journal::Entry;
use crate::time::Time;
use crate::words::words;

/// How many entries of one order are shown; the last are.
const ENTRIES_MAX: usize = 2048;

words! {
    /// How a ladder tells time.
    pub enum Times {
        /// Seconds since the first entry.
        Since = "+t s",
        /// The clock, in UTC.
        Clock = "UTC",
        /// Seconds since the row above.
        Delta = "delta s",
    }
}

impl Times {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Since => Self::Clock,
            Self::Clock => Self::Delta,
            Self::Delta => Self::Since,
        }
    }
}

/// One order as it is looked at.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) id: OrderId,
    /// In the order in which they happened.
    entries: Vec<(Party, Entry)>,
    /// Whether the source has answered.
    pub(super) is_loaded: bool,
    /// The selected rung.
    pub(super) at: usize,
    /// The first rung to be seen.
    pub(super) top: usize,
    pub(super) times: Times,
}

/// One row of the ladder.
#[derive(Clone, Debug)]
pub(super) enum Rung<'a> {
    /// A message that was acted on, and what it led to.
    Message {
        from: Party,
        to: Party,
        entry: &'a Entry,
        led_to: Vec<&'a Entry>,
    },
    /// Something that happened at a party.
    Event { of: Party, entry: &'a Entry },
}

impl Rung<'_> {
    pub(super) const fn entry(&self) -> &Entry {
        match self {
            Self::Message { entry, .. } | Self::Event { entry, .. } => entry,
        }
    }

    /// Its word.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Message { entry, .. } => &entry.cause.what,
            Self::Event { entry, .. } => entry.event.kind.word(),
        }
    }
}

impl Detail {
    pub(super) const fn new(id: OrderId) -> Self {
        Self {
            id,
            entries: Vec::new(),
            is_loaded: false,
            at: 0,
            top: 0,
            times: Times::Since,
        }
    }

    /// Takes entries about the order; those that are known already change nothing. Says whether
    /// there was any news.
    pub(super) fn take(&mut self, entries: impl IntoIterator<Item = (Party, Entry)>) -> bool {
        let before = self.entries.len();
        self.entries.extend(entries);
        self.entries
            .sort_by_key(|(party, entry)| (entry.at, *party, entry.lane, entry.seq));
        self.entries
            .dedup_by_key(|(party, entry)| (*party, entry.lane, entry.seq));
        let over = self.entries.len().saturating_sub(ENTRIES_MAX);
        self.entries.drain(..over);
        self.entries.len() != before
    }

    /// The ladder's rows: each message where it was acted on, then what it led to.
    pub(super) fn rungs(&self) -> Vec<Rung<'_>> {
        let mut rungs = Vec::with_capacity(self.entries.len() * 2);
        let same = |a: &(Party, Entry), b: &(Party, Entry)| {
            (a.0, a.1.at, &a.1.cause) == (b.0, b.1.at, &b.1.cause)
        };
        for group in self.entries.chunk_by(same) {
            let Some((to, entry)) = group.first() else {
                continue;
            };
            if let Some(from) = entry.cause.from.filter(|from| lane(*from) != lane(*to)) {
                let led_to = group.iter().map(|(_, entry)| entry).collect();
                let to = *to;
                rungs.push(Rung::Message {
                    from,
                    to,
                    entry,
                    led_to,
                });
            }
            rungs.extend(
                group
                    .iter()
                    .map(|(of, entry)| Rung::Event { of: *of, entry }),
            );
        }
        rungs
    }

    /// The parties, as lanes from left to right.
    pub(super) fn lanes(&self) -> Vec<Party> {
        let owners = self.entries.iter().map(|(party, _)| *party);
        let senders = self
            .entries
            .iter()
            .filter_map(|(_, entry)| entry.cause.from);
        let mut lanes: Vec<Party> = owners.chain(senders).map(lane).collect();
        lanes.sort_by_key(|party| (place(party.kind), *party));
        lanes.dedup();
        lanes
    }

    /// Every movement of money, in order.
    pub(super) fn money(&self) -> Vec<&(Party, Entry)> {
        let moves = |(_, entry): &&(Party, Entry)| moves_money(entry.event.kind);
        self.entries.iter().filter(moves).collect()
    }

    /// When the first entry was made.
    pub(super) fn begins(&self) -> Time {
        self.entries
            .first()
            .map_or_else(Time::default, |(_, entry)| entry.at)
    }
}

/// The lane that a party stands in: a chip is in its terminal.
pub(super) fn lane(party: Party) -> Party {
    match party.kind {
        PartyKind::Chip | PartyKind::Printer | PartyKind::Till => {
            Party::new(PartyKind::Terminal, party.name)
        }
        _of_its_own => party,
    }
}

/// A lane's heading in `width` columns: what the party is, or its name where there are several.
pub(super) fn heading(party: Party, all: &[Party], width: usize) -> String {
    let alone = all.iter().filter(|other| other.kind == party.kind).count() == 1;
    let short = match party.kind {
        PartyKind::Till | PartyKind::Terminal | PartyKind::Chip | PartyKind::Printer => "till",
        PartyKind::Merchant => "shop",
        PartyKind::Gateway => "gate",
        PartyKind::Bank => "bank",
        PartyKind::Wallet => "app",
    };
    match (alone, party.kind.word()) {
        (false, _) => party.name.to_string(),
        (true, word) if word.len() < width => word.to_owned(),
        (true, _) => short.to_owned(),
    }
}

/// From the shop to the payer.
const fn place(kind: PartyKind) -> u8 {
    match kind {
        PartyKind::Till | PartyKind::Terminal | PartyKind::Chip | PartyKind::Printer => 0,
        PartyKind::Merchant => 1,
        PartyKind::Gateway => 2,
        PartyKind::Bank => 3,
        PartyKind::Wallet => 4,
    }
}

//! What journals add up to: orders as people see them, and where the money is.
//!
//! A [`Board`] is a fold of journal entries and of nothing else (idea 5). It does not know where
//! they come from, so that a screen over a simulation, a screen over live servers and a server that
//! answers an operator's question say the same. A party's own entries come in their order; between
//! parties any order gives the same board: the gateway alone says where an order stands, each bank
//! alone where its money is.
//!
//! Why not rows: a screen needs what changed, not everything that is; and rows are the writer's.

mod books;
mod line;
#[cfg(test)]
mod tests;

pub use books::{BOOKS_MAX, BookLine, Books, Heat};
pub use line::{FIELDS, Mark, OrderLine, OrderView, STUCK_AFTER, terminal_label};

use crate::id::{OrderId, Party, Uid};
use crate::journal::{Entry, EventKind};
use crate::order::Standing;
use crate::query::Filter;
use crate::time::Time;
use hashbrown::HashMap;
use indexmap::IndexMap;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::BuildHasherDefault;

/// Keyless, so that the same events give the same board.
type Hasher = BuildHasherDefault<SipHasher13>;

/// How many orders a board holds; the oldest that are final give way, and are counted.
pub const ORDERS_MAX: usize = 1_000_000;

/// How many orders one page is looked for among.
pub const LOOKS_MAX: usize = 100_000;
/// The fewest digits of an order's id that stand for it.
pub const PART_MIN: usize = 4;

/// Orders, money, and how far the journals were read.
#[derive(Clone, Debug, Default)]
pub struct Board {
    orders: IndexMap<OrderId, OrderLine, Hasher>,
    by_uid: HashMap<Uid, OrderId, Hasher>,
    books: Books,
    /// How far each lane of each party's journal was read.
    seen: BTreeMap<(Party, u32), u64>,
    counts: BTreeMap<Standing, usize>,
    entries: u64,
    gaps: u64,
    forgotten: u64,
    latest: Time,
}

impl Board {
    /// Takes a party's next entry. One that was taken before changes nothing; one that does not
    /// follow is taken, and what is missing is counted.
    pub fn take(&mut self, of: &Party, entry: &Entry) {
        let seen = self.seen.entry((*of, entry.lane)).or_insert(0);
        if entry.seq <= *seen {
            return;
        }
        self.gaps += entry.seq - *seen - 1;
        *seen = entry.seq;
        self.entries += 1;
        self.latest = self.latest.max(entry.at);
        self.books.take(of, entry);
        if let Some(id) = self.about(entry) {
            self.take_order(id, of, entry);
        }
    }

    /// The order that an entry is about: the one it names, or the one of its receipt.
    pub fn about(&self, entry: &Entry) -> Option<OrderId> {
        let event = &entry.event;
        let by_uid = || event.uid.and_then(|uid| self.by_uid.get(&uid).copied());
        event.order.or_else(by_uid)
    }

    fn take_order(&mut self, id: OrderId, of: &Party, entry: &Entry) {
        if self.orders.len() >= ORDERS_MAX && !self.orders.contains_key(&id) {
            self.forget();
        }
        let line = self.orders.entry(id);
        let line = line.or_insert_with(|| OrderLine::new(id, entry.at));
        let before = line.standing;
        line.take(of, entry);
        let (after, uid) = (line.standing, line.uid);
        if before != after {
            if let Some(count) = before.and_then(|before| self.counts.get_mut(&before)) {
                *count = count.saturating_sub(1);
            }
            if let Some(after) = after {
                *self.counts.entry(after).or_insert(0) += 1;
            }
        }
        if let Some(uid) = uid {
            self.by_uid.entry(uid).or_insert(id);
        }
    }

    /// Makes room: a tenth of the orders, the oldest that are final first.
    fn forget(&mut self) {
        for only_final in [true, false] {
            let mut room = (ORDERS_MAX / 10).saturating_sub(ORDERS_MAX - self.orders.len());
            let (by_uid, counts) = (&mut self.by_uid, &mut self.counts);
            let before = self.orders.len();
            self.orders.retain(|_, line| {
                if room == 0 || (only_final && !line.is_final()) {
                    return true;
                }
                room -= 1;
                line.uid.and_then(|uid| by_uid.remove(&uid));
                if let Some(count) = line.standing.and_then(|s| counts.get_mut(&s)) {
                    *count = count.saturating_sub(1);
                }
                false
            });
            self.forgotten += u64::try_from(before - self.orders.len()).unwrap_or_default();
        }
    }

    /// Every order that a gateway spoke of, in the order in which they came up.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &OrderLine> {
        let spoken_of = |line: &&OrderLine| line.standing.is_some();
        self.orders.values().filter(spoken_of)
    }

    /// At most `max` of the orders that `filter` lets through, the newest first, from the one that
    /// came up before `before`; and where to go on, if there may be more. Looks at [`LOOKS_MAX`]
    /// orders at most.
    pub fn page(
        &self,
        filter: &Filter,
        now: Time,
        before: Option<OrderId>,
        max: usize,
    ) -> (Vec<&OrderLine>, Option<OrderId>) {
        let end = match before {
            Some(id) => self.orders.get_index_of(&id).unwrap_or_default(),
            None => self.orders.len(),
        };
        let from = end.saturating_sub(LOOKS_MAX);
        let (mut found, mut last) = (Vec::new(), None);
        let all = self.orders.get_range(from..end);
        for (id, line) in all.into_iter().flatten().rev() {
            if found.len() == max {
                return (found, last);
            }
            last = Some(*id);
            if line.standing.is_some() && filter.matches(&OrderView::new(line, now)) {
                found.push(line);
            }
        }
        (found, last.filter(|_| from > 0))
    }

    /// The order that a person means: by its id, its receipt's uid, the shop's order number (the
    /// newest), or the id's beginning or end, at least [`PART_MIN`] digits of it.
    pub fn find(&self, meant: &str) -> Option<&OrderLine> {
        let by_id = meant.parse().ok();
        let by_uid = || self.order_of_uid(&meant.parse().ok()?);
        if let Some(id) = by_id.or_else(by_uid) {
            return self.order(&id);
        }
        let lower = meant.to_lowercase();
        let is_meant = |line: &&OrderLine| {
            let id = line.id.to_string();
            let part = lower.len() >= PART_MIN;
            line.reference
                .as_ref()
                .is_some_and(|text| text.as_str() == meant)
                || part && (id.starts_with(&lower) || id.ends_with(&lower))
        };
        self.orders().rev().find(is_meant)
    }

    /// One order.
    pub fn order(&self, id: &OrderId) -> Option<&OrderLine> {
        self.orders.get(id)
    }

    /// The order of a receipt.
    pub fn order_of_uid(&self, uid: &Uid) -> Option<OrderId> {
        self.by_uid.get(uid).copied()
    }

    /// How many orders stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.counts.get(&standing).copied().unwrap_or_default()
    }

    /// Where the money is.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// How warm each currency runs: see [`Heat`].
    pub fn heat(&self) -> Vec<Heat> {
        let unknown = self.orders.values();
        let unknown = unknown.filter(|line| line.standing == Some(Standing::Checking));
        self.books.heat(unknown.filter_map(|line| line.amount))
    }

    /// How far a party's journal was read, per lane.
    pub fn position(&self, of: &Party) -> Vec<(u32, u64)> {
        let lanes = self.seen.range((*of, 0)..=(*of, u32::MAX));
        lanes.map(|((_, lane), seq)| (*lane, *seq)).collect()
    }

    /// How many entries were taken.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// How many entries are missing between those that were taken.
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// How many orders gave way to newer ones.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// When the last of the entries was made.
    pub const fn latest(&self) -> Time {
        self.latest
    }
}

/// Whether an entry says something about where money is.
pub const fn moves_money(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Held
            | EventKind::Posted
            | EventKind::Voided
            | EventKind::Credited
            | EventKind::Suspended
            | EventKind::Funded
    )
}

//! The orders that are shown: filtered, sorted, one selected; and the same while paused.

use crate::board::{Board, FIELDS, Heat, OrderLine, OrderView};
use crate::id::OrderId;
use crate::journal::Entry;
use crate::order::Standing;
use crate::query::{Filter, QueryError};
use crate::time::Time;
use crate::words::words;
use indexmap::IndexMap;

words! {
    /// What orders are sorted by.
    pub enum Sort {
        /// What a person should look at first: stuck, being checked, in process, waiting, final.
        Urgency = "URGENCY",
        /// The oldest first.
        Age = "AGE",
        /// By amount, the largest first; currencies apart.
        Amount = "AMOUNT",
        /// By shop and till.
        Merchant = "MERCHANT",
        /// What changed last first.
        Last = "LAST EVENT",
    }
}

/// The orders on the screen.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) filter: Filter,
    /// The filter as it was typed.
    pub(super) typed: String,
    pub(super) sort: Sort,
    pub(super) is_reversed: bool,
    pub(super) rows: Vec<OrderId>,
    selected: Option<OrderId>,
    /// Where the selected order is among the rows.
    pub(super) at: usize,
    /// The first row that is to be seen.
    pub(super) top: usize,
    pub(super) held: Option<Held>,
}

/// The picture as it was when it was held still: what has changed since, as it was.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) at: Time,
    /// Orders that changed since, as they were; nothing for those that were not there.
    before: IndexMap<OrderId, Option<OrderLine>>,
    pub(super) totals: Totals,
    /// How many entries came since.
    pub(super) news: u64,
}

/// What is said about all orders together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) counts: Vec<(Standing, usize)>,
    pub(super) stuck: usize,
    pub(super) all: usize,
    pub(super) heat: Vec<Heat>,
}

impl Totals {
    pub(super) fn of(board: &Board, now: Time) -> Self {
        let counts = Standing::ALL.iter().map(|s| (*s, board.count(*s)));
        let counts: Vec<_> = counts.collect();
        Self {
            stuck: board.orders().filter(|line| line.is_stuck(now)).count(),
            all: counts.iter().map(|(_, count)| count).sum(),
            counts,
            heat: board.heat(),
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            typed: String::new(),
            sort: Sort::Urgency,
            is_reversed: false,
            rows: Vec::new(),
            selected: None,
            at: 0,
            top: 0,
            held: None,
        }
    }
}

impl Table {
    /// The order as it is to be shown: while paused, as it was.
    pub(super) fn line<'a>(&'a self, board: &'a Board, id: &OrderId) -> Option<&'a OrderLine> {
        let before = self.held.as_ref().and_then(|held| held.before.get(id));
        before.map_or_else(|| board.order(id), Option::as_ref)
    }

    /// The order that is selected.
    pub(super) const fn selected(&self) -> Option<OrderId> {
        self.selected
    }

    /// Holds the picture still.
    pub(super) fn hold(&mut self, board: &Board, now: Time) {
        self.held = Some(Held {
            at: now,
            before: IndexMap::new(),
            totals: Totals::of(board, now),
            news: 0,
        });
    }

    /// Takes note of what an entry is about to change, if the picture is held.
    pub(super) fn note(&mut self, board: &Board, entry: &Entry) {
        let Some(held) = &mut self.held else {
            return;
        };
        held.news += 1;
        if let Some(id) = board.about(entry) {
            let before = held.before.entry(id);
            before.or_insert_with(|| board.order(&id).cloned());
        }
    }

    /// Takes a filter as it is typed; a wrong one changes nothing.
    pub(super) fn set_filter(&mut self, typed: &str) -> Result<(), QueryError> {
        self.filter = Filter::parse(typed, FIELDS)?;
        typed.clone_into(&mut self.typed);
        Ok(())
    }

    /// Finds and sorts the rows anew; the selection stays with its order.
    pub(super) fn refresh(&mut self, board: &Board, now: Time, height: usize) {
        let now = self.held.as_ref().map_or(now, |held| held.at);
        let lines = board.orders().filter_map(|line| self.line(board, &line.id));
        let spoken_of = lines.filter(|line| line.standing.is_some());
        let mut found: Vec<&OrderLine> = spoken_of
            .filter(|line| self.filter.matches(&OrderView::new(line, now)))
            .collect();
        match self.sort {
            Sort::Urgency => found.sort_by_cached_key(|line| {
                (urgency(line, now), std::cmp::Reverse(line.last.1), line.id)
            }),
            Sort::Age => {
                found.sort_by_cached_key(|line| (std::cmp::Reverse(line.age(now)), line.id));
            }
            Sort::Amount => found.sort_by_cached_key(|line| {
                let amount = line
                    .amount
                    .map(|amount| (amount.currency(), -amount.minor()));
                (amount, line.id)
            }),
            Sort::Merchant => found.sort_by_cached_key(|line| {
                let till = line.uid.map(|uid| uid.terminal);
                (line.merchant_label(), till, line.id)
            }),
            Sort::Last => {
                found.sort_by_cached_key(|line| (std::cmp::Reverse(line.last.1), line.id));
            }
        }
        if self.is_reversed {
            found.reverse();
        }
        self.rows = found.into_iter().map(|line| line.id).collect();
        let was_first = self.at == 0;
        let there = self
            .selected
            .and_then(|id| self.rows.iter().position(|row| *row == id));
        // Who stands on the first row looks at what is first, not at an order.
        let at = if was_first {
            0
        } else {
            there.unwrap_or(self.at)
        };
        self.select(at, height);
    }

    /// Selects a row, the nearest there is, and brings it into view.
    pub(super) fn select(&mut self, at: usize, height: usize) {
        self.at = at.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.at).copied();
        self.top = scrolled(self.top, self.at, self.rows.len(), height);
    }
}

/// The first row to be seen so that row `at` of `count` is, moving as little as possible.
pub(super) fn scrolled(top: usize, at: usize, count: usize, height: usize) -> usize {
    let height = height.max(1);
    let lowest = (at + 1).saturating_sub(height);
    top.clamp(lowest, at).min(count.saturating_sub(height))
}

/// How soon a person should look at it.
fn urgency(line: &OrderLine, now: Time) -> u8 {
    match line.standing {
        _ if line.is_stuck(now) => 0,
        Some(Standing::Checking) => 1,
        Some(Standing::Processing) => 2,
        Some(Standing::Waiting) => 3,
        Some(Standing::Paid) => 4,
        Some(Standing::Expired | Standing::Cancelled) => 5,
        None => 6,
    }
}

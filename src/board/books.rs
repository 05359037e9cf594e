//! Where the money is: every book of every bank, by what their journals say.

use crate::id::Party;
use crate::journal::{Entry, EventKind};
use crate::money::{Currency, Money};
use crate::query::{Fact, Field, FieldKind, Subject};
use crate::text::Text;
use std::collections::BTreeMap;

/// How many books are told apart; movements of further ones are counted in their bank's sum only.
pub const BOOKS_MAX: usize = 1_000_000;

/// All books.
#[derive(Clone, Debug, Default)]
pub struct Books {
    lines: BTreeMap<(Party, Text, Currency), BookLine>,
    /// Per bank and currency: credits less debits of everything that moved.
    sums: BTreeMap<(Party, Currency), i128>,
}

/// One book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookLine {
    /// The bank.
    pub bank: Party,
    /// Its name in the ledger: `customer:ann`, `merchant:bean`, `clearing:main`, `opening`.
    pub book: Text,
    /// Credits less debits of everything that moved.
    pub posted: Money,
    /// What pending transfers hold of it.
    pub held: Money,
    /// How many transfers touched it.
    pub transfers: u64,
}

/// How warm one currency runs: what should be nothing, and what is at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heat {
    /// The currency.
    pub currency: Currency,
    /// The sum of all books of all banks, in minor units: anything but nothing is an alarm (L1).
    pub sum: i128,
    /// Whether each bank's own books sum to nothing.
    pub balanced: bool,
    /// What is held and has not moved.
    pub held: Money,
    /// What orders ask whose outcome is unknown.
    pub unknown: Money,
}

impl Books {
    pub(super) fn take(&mut self, bank: &Party, entry: &Entry) {
        let event = &entry.event;
        let Some(amount) = event.amount.filter(|_| super::moves_money(event.kind)) else {
            return;
        };
        let (debit, credit) = (event.debit.as_ref(), event.credit.as_ref());
        let (moved, held) = match event.kind {
            EventKind::Held => (0, 1),
            EventKind::Posted => (1, -1),
            EventKind::Voided => (0, -1),
            _moves_at_once => (1, 0),
        };
        self.add(bank, debit, amount, (-moved, held));
        self.add(bank, credit, amount, (moved, 0));
    }

    fn add(&mut self, bank: &Party, book: Option<&Text>, amount: Money, (moved, held): (i64, i64)) {
        let (currency, minor) = (amount.currency(), amount.minor());
        let Some(book) = book else {
            return;
        };
        *self.sums.entry((*bank, currency)).or_insert(0) += i128::from(moved) * i128::from(minor);
        let key = (*bank, book.clone(), currency);
        if self.lines.len() >= BOOKS_MAX && !self.lines.contains_key(&key) {
            return;
        }
        let line = self.lines.entry(key).or_insert_with(|| BookLine {
            bank: *bank,
            book: book.clone(),
            posted: Money::zero(currency),
            held: Money::zero(currency),
            transfers: 0,
        });
        let more = |old: Money, times: i64| {
            let new = minor.checked_mul(times);
            let new = new.and_then(|minor| old.checked_add(Money::new(minor, currency)).ok());
            new.unwrap_or(old)
        };
        line.posted = more(line.posted, moved);
        line.held = more(line.held, held);
        line.transfers += 1;
    }

    /// Every book: banks, then names, in order.
    pub fn lines(&self) -> impl Iterator<Item = &BookLine> {
        self.lines.values()
    }

    pub(super) fn heat(&self, unknown: impl Iterator<Item = Money>) -> Vec<Heat> {
        let mut all: BTreeMap<Currency, Heat> = BTreeMap::new();
        let mut of = |currency: Currency, change: &dyn Fn(&mut Heat)| {
            let nothing = Money::zero(currency);
            change(all.entry(currency).or_insert(Heat {
                currency,
                sum: 0,
                balanced: true,
                held: nothing,
                unknown: nothing,
            }));
        };
        for ((_, currency), sum) in &self.sums {
            of(*currency, &|heat| {
                heat.sum += sum;
                heat.balanced &= *sum == 0;
            });
        }
        let add = |to: &mut Money, more: Money| *to = to.checked_add(more).unwrap_or(*to);
        for line in self.lines.values() {
            of(line.held.currency(), &|heat| add(&mut heat.held, line.held));
        }
        for amount in unknown {
            of(amount.currency(), &|heat| add(&mut heat.unknown, amount));
        }
        all.into_values().collect()
    }
}

impl BookLine {
    /// What a filter may ask of a book.
    pub const FIELDS: &'static [Field] = &[
        Field {
            name: "bank",
            kind: FieldKind::Text,
            help: "the bank",
        },
        Field {
            name: "account",
            kind: FieldKind::Text,
            help: "the book's name",
        },
        Field {
            name: "posted",
            kind: FieldKind::Amount,
            help: "what it holds",
        },
        Field {
            name: "held",
            kind: FieldKind::Amount,
            help: "what is held of it",
        },
        Field {
            name: "currency",
            kind: FieldKind::Text,
            help: "its currency",
        },
    ];

    /// As one JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "bank": self.bank.name,
            "account": self.book,
            "posted": self.posted,
            "held": self.held,
            "available": self.posted.checked_sub(self.held).ok(),
            "transfers": self.transfers,
        })
    }
}

impl Subject for BookLine {
    fn facts(&self, field: &'static str, fits: &mut dyn FnMut(Fact<'_>) -> bool) -> bool {
        fits(match field {
            "bank" => Fact::Text(self.bank.name.as_str()),
            "account" => Fact::Text(self.book.as_str()),
            "posted" => Fact::Amount(self.posted),
            "held" => Fact::Amount(self.held),
            "currency" => Fact::Text(self.posted.currency().code()),
            _no_such_field => return false,
        })
    }

    fn any_text(&self, likes: &mut dyn FnMut(&str) -> bool) -> bool {
        likes(self.book.as_str()) || likes(self.bank.name.as_str())
    }
}

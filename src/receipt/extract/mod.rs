//! Lines to meaning: what was sold, by whom, when, for how much, and whether it can be paid.
//!
//! Two verdicts are kept apart: what was **read** ([`Reading`], with confidence and evidence for
//! each field) and whether it is **payable** ([`Payable`] or a [`NotPayable`] reason). Never a
//! guess about money: of several candidates for the total the one that adds up wins, and where none
//! does, or two do, the paper is not payable.

mod below;
mod cells;
mod currency;
mod factor;
mod items;
mod kind;
mod lexicon;
mod merchant;
mod method;
mod number;
mod ordered;
mod reference;
mod role;
mod rows;
mod sums;
mod titles;
mod verdict;
mod when;
mod written;

pub use items::{ITEMS_MAX, Item};
pub use kind::Kind;
pub use number::Decimal;
pub use verdict::{NotPayable, Payable, REFERENCE_CHARS_MAX};
pub use when::When;

/// Whether a paper can be paid, and if not, why.
pub type Verdict = Result<Payable, NotPayable>;

use super::layout::Page;
use super::template::Template;
use crate::money::Currency;
use crate::text::Text;
use currency::Named;
use rows::{Entry, Means, Role, Rows};
use std::sync::Arc;
use sums::{Against, Choice, Parts, Support};
use written::Written;

/// What is known beforehand about the shop whose paper is read.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The currency its till counts in.
    pub currency: Option<Currency>,
    /// Its name, when the paper shows it as a picture or not at all.
    pub merchant: Option<Text>,
    /// Whether it writes dates with the month first.
    pub month_first: bool,
    /// What certain merchants' papers call things; the first that fits a paper counts.
    pub templates: Arc<[Template]>,
}

/// A field as read: its value, how sure it is in percent, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T> {
    /// The value.
    pub value: T,
    /// 0 to 100.
    pub confidence: u8,
    /// The line it stands on, when it stands on one.
    pub line: Option<usize>,
    /// Why it was taken.
    pub evidence: Text,
}

impl<T> Field<T> {
    pub(super) fn new(value: T, confidence: u8, line: Option<usize>, evidence: &str) -> Self {
        Self {
            value,
            confidence,
            line,
            evidence: Text::clean(evidence),
        }
    }
}

/// How a sale was paid, as far as the paper says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Coins and notes.
    Cash,
    /// A bank card.
    Card,
    /// A wallet or another app.
    Wallet,
    /// A voucher, a gift card, a deposit paid before.
    Voucher,
}

impl Method {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Wallet => "wallet",
            Self::Voucher => "voucher",
        }
    }
}

/// An amount that could be the total, and what speaks for and against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The amount.
    pub amount: Decimal,
    /// The line it stands on.
    pub line: usize,
    /// How strongly its label says total: 0 (`Amount`) to 3 (`Grand total`).
    pub rank: u8,
    /// Its label says amount or sum, which is the total when the items come to it.
    pub called: bool,
    /// What leads to it.
    pub support: Vec<Text>,
    /// What contradicts it.
    pub against: Vec<Text>,
}

/// What was read from one receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What kind of paper it is.
    pub kind: Field<Kind>,
    /// Who sold.
    pub merchant: Option<Field<Text>>,
    /// The order or receipt number.
    pub order: Option<Field<Text>>,
    /// Date and time.
    pub when: Option<Field<When>>,
    /// What was sold.
    pub items: Vec<Item>,
    /// The sum before tax, service and discounts, as printed.
    pub subtotal: Option<Field<Decimal>>,
    /// All discounts together.
    pub discount: Option<Field<Decimal>>,
    /// Service and delivery charges.
    pub service: Option<Field<Decimal>>,
    /// A tip that is part of the total.
    pub tip: Option<Field<Decimal>>,
    /// All taxes together, included in the total or added to it.
    pub tax: Option<Field<Decimal>>,
    /// Rounding.
    pub rounding: Option<Field<Decimal>>,
    /// What is to be paid.
    pub total: Option<Field<Decimal>>,
    /// In which currency.
    pub currency: Option<Field<Currency>>,
    /// What was handed over.
    pub paid: Option<Field<Decimal>>,
    /// What was given back.
    pub change: Option<Field<Decimal>>,
    /// How it was paid.
    pub method: Option<Field<Method>>,
    /// Every amount that could have been the total, the best first.
    pub candidates: Vec<Candidate>,
}

/// What is decided about the total.
enum Decision {
    Total(Choice),
    None,
    Two(Decimal, Decimal),
}

/// Reads one receipt, by its merchant's template if there is one.
pub fn extract(page: &Page, hints: &Hints) -> (Reading, Verdict) {
    let mut all = hints.templates.iter();
    let Some(template) = all.find(|template| template.fits(&page.lines)) else {
        return in_common_words(page, hints);
    };
    let common = template.in_common_words(page);
    let (mut reading, mut verdict) = in_common_words(&common, &template.hints(hints));
    template.mark(page, &mut reading, &mut verdict);
    (reading, verdict)
}

/// Reads a receipt by the words that every paper may use.
fn in_common_words(page: &Page, hints: &Hints) -> (Reading, Verdict) {
    let written = Written::of(&page.lines);
    let lines = written.as_slice();
    let three = hints.currency.is_some_and(|c| c.exponent() == 3);
    let rows = Rows::of(lines, three);
    let entries = rows.entries();
    let items = items::items(&rows, lines, &entries);
    let parts = Parts::of(&entries, tables(&rows));
    let mut choices = sums::choices(&entries, &parts, &items);
    if choices.is_empty() {
        choices = unlabelled(lines, &rows, &parts, &items);
    }
    if let [only] = choices.as_mut_slice() {
        // "Total pedido", "Basket total": with a word beside it that is not known, and the last.
        only.called |= only.rank == 0 && below::closes(only, &rows);
    }
    if let Some(best) = choices.first_mut()
        && let Some(against) = below::below(best, &entries, &items, &parts, &rows)
    {
        best.against.push(against);
    }
    if let Some(best) = choices.first_mut()
        && let Some(against) = unpaid_change(best, &parts, &rows)
    {
        best.against.push(against);
    }
    if let Some(best) = choices.first_mut() {
        best.again = below::again(best, &rows);
    }
    let decision = decide(&choices, &parts);
    let marks = rows.marks();
    let named = currency::of_paper(lines, marks);
    let mut reading = header(
        lines,
        &rows,
        hints,
        &named,
        (!choices.is_empty(), !items.items.is_empty()),
        choices.first().and_then(|best| best.change_line(&entries)),
    );
    reading.currency = currency_field(&named, hints);
    amounts(&mut reading, &decision, &parts, &entries);
    reading.method = method::method(&parts, &rows, lines);
    reading.candidates = choices.iter().map(candidate).collect();
    reading.items = items.items;
    // A kitchen's paper without a total has no prices, whatever its numbers look like.
    let kitchen = reading.kind.value == Kind::Kitchen && choices.is_empty();
    if kitchen || reading.items.is_empty() {
        let ordered = ordered::ordered(&rows, lines, kitchen);
        if ordered.len() > reading.items.len() {
            reading.items = ordered;
        }
        let numbers = || rows.rows.iter().flat_map(|r| &r.numbers);
        let unpriced = !numbers().any(number::Number::is_money);
        if unpriced && !reading.items.is_empty() && reading.kind.value == Kind::Sale {
            reading.kind = Field::new(Kind::Kitchen, 80, None, "things without prices");
        }
    }
    let verdict = verdict::verdict(page, &reading, &decision, &named, hints, &rows.lone_groups);
    (reading, verdict)
}

/// Change that no amount on the paper leaves: whatever was handed over, it was not for this total.
fn unpaid_change(choice: &Choice, parts: &Parts, rows: &Rows) -> Option<Against> {
    let change = parts.changes.iter().find(|c| c.e4() > 0)?;
    let given = choice.value.e4() + change.e4();
    let numbers = || rows.rows.iter().flat_map(|r| &r.numbers);
    let found = numbers().any(|n| n.value.e4().abs() == given);
    let paid = Decimal::of_e4(given, choice.value.places());
    let known = !parts.tendered.is_empty() || !choice.against.is_empty() || found;
    (!known).then_some(Against::Paid {
        paid,
        change: *change,
    })
}

/// Rows of tax tables: two or three amounts, not labelled as something else.
fn tables(rows: &Rows) -> Vec<Vec<Decimal>> {
    let of = |row: &rows::Row| -> Vec<Decimal> {
        row.numbers
            .iter()
            .filter(|n| rows.is_amount(n))
            .map(|n| n.value)
            .collect()
    };
    let is_table = |row: &&rows::Row| {
        row.summary
            || matches!(row.role, Some(Role::Tax))
            || (row.role.is_none() && is_at_rate(row, &of(row)))
    };
    rows.rows
        .iter()
        .filter(is_table)
        .map(of)
        .filter(|v| (2..=3).contains(&v.len()))
        .collect()
}

/// Whether a line without a tax's word is a tax table's: `B 7,0% 3,75 0,26`. With other words it is
/// a thing sold (`Acqua 0,75  10%  2,50`), unless one amount is the tax at that rate of another.
fn is_at_rate(row: &rows::Row, amounts: &[Decimal]) -> bool {
    let Some(rate) = row.numbers.iter().find(|n| n.percent) else {
        return false;
    };
    let rate = i128::from(rate.value.e4());
    let taxes = |gross: i128, tax: i128| {
        let near = |whole: i128| (gross * rate / whole - tax).abs() <= 200;
        near(1_000_000) || near(1_000_000 + rate.max(0))
    };
    let e4 = || amounts.iter().map(|a| i128::from(a.e4()));
    row.flags & lexicon::OTHER == 0 || e4().any(|gross| e4().any(|tax| taxes(gross, tax)))
}

/// Amounts that no label calls a total, but that stand out: large, framed, or bold and alone.
fn unlabelled(
    lines: &[Written<'_>],
    rows: &Rows,
    parts: &Parts,
    items: &items::Items,
) -> Vec<Choice> {
    let mut out: Vec<Choice> = Vec::new();
    for row in &rows.rows {
        let Some(line) = lines.get(row.line).map(|written| written.line) else {
            continue;
        };
        let stands_out = line.size.0 > 1 || line.size.1 > 1 || line.strong;
        let lone = row.numbers.len() == 1 && row.flags & !(lexicon::PLAIN | lexicon::OTHER) == 0;
        let Some(number) = row
            .numbers
            .first()
            .filter(|n| stands_out && lone && n.is_money() && rows.is_amount(n))
        else {
            continue;
        };
        let mut choice = Choice::new(number.value, row.line, 0, number.doubtful);
        sums::weigh(&mut choice, parts, items, &[]);
        if !choice.support.is_empty() && out.iter().all(|c| c.value != choice.value) {
            out.push(choice);
        }
    }
    out
}

/// The best candidate, unless a rival is as good and no step on the way to it.
fn decide(choices: &[Choice], parts: &Parts) -> Decision {
    let Some(best) = choices.first() else {
        return Decision::None;
    };
    let rival = choices.iter().skip(1).find(|rival| {
        // What a voucher or deposit leaves to be paid is as much a total as the whole.
        let rest = |paid: &(Decimal, Means)| {
            let gap = (best.value.e4() - rival.value.e4()).abs();
            paid.1 == Means::Voucher && paid.0.e4() == gap
        };
        let gap = (best.value.e4() - rival.value.e4()).abs();
        let left_out = parts.optional.iter().any(|o| o.e4() == gap);
        let due = rival.rank >= 2 && rival.value.e4() != 0;
        if due && (left_out || parts.tendered.iter().any(rest)) {
            return true;
        }
        let paid = |s: &Support| matches!(s, Support::Paid { .. } | Support::PaidAlone);
        let firm = best.support.iter().any(paid) || best.support.len() > 1;
        let firm = firm || rival.rank == 0 || rival.line == best.line;
        let weaker = firm
            && rival.support.is_empty()
            && (rival.rank < best.rank || (rival.rank == best.rank && !rival.against.is_empty()))
            && !best.support.is_empty();
        let other = rival.rank == 0
            && best.rank >= 2
            && (!best.support.is_empty() || rival.support.is_empty());
        !weaker && !other && !sums::is_step(rival, best, choices, parts)
    });
    match rival {
        Some(rival) => Decision::Two(best.value, rival.value),
        None => Decision::Total(best.clone()),
    }
}

fn header(
    lines: &[Written<'_>],
    rows: &Rows,
    hints: &Hints,
    named: &Named,
    (has_total, has_items): (bool, bool),
    change: Option<usize>,
) -> Reading {
    let (kind, said) = kind::kind(lines, rows, has_total, has_items, change);
    let dollars = [named.likely, named.certain, hints.currency];
    let month_first = hints.month_first || dollars.iter().flatten().any(|c| c.code() == "USD");
    let found = merchant::merchant(lines, rows, kind)
        .map(|(i, name)| Field::new(name, 80, Some(i), "the heading's first name"));
    let hinted = || {
        hints
            .merchant
            .clone()
            .map(|m| Field::new(m, 60, None, "as configured"))
    };
    Reading {
        kind: Field::new(
            kind,
            if said.is_some() { 95 } else { 70 },
            said,
            "its title, or the lack of one",
        ),
        merchant: found.or_else(hinted),
        order: reference::reference(lines, rows)
            .map(|(i, value)| Field::new(value, 90, Some(i), "behind its label")),
        when: when::find(lines, month_first).map(|(i, when)| {
            Field::new(
                when,
                if when.ambiguous { 60 } else { 95 },
                Some(i),
                if when.ambiguous {
                    "day and month could be exchanged"
                } else {
                    "as printed"
                },
            )
        }),
        items: Vec::new(),
        subtotal: None,
        discount: None,
        service: None,
        tip: None,
        tax: None,
        rounding: None,
        total: None,
        currency: None,
        paid: None,
        change: None,
        method: None,
        candidates: Vec::new(),
    }
}

fn currency_field(named: &Named, hints: &Hints) -> Option<Field<Currency>> {
    let certain = named
        .certain
        .filter(|_| !named.conflict)
        .map(|c| Field::new(c, 95, None, "named beside an amount"));
    let hinted = || {
        hints
            .currency
            .map(|c| Field::new(c, 85, None, "as configured"))
    };
    let likely = || {
        named
            .likely
            .map(|c| Field::new(c, 60, None, "by the language or address of the paper"))
    };
    certain.or_else(hinted).or_else(likely)
}

/// The total, and what was paid for it.
fn amounts(reading: &mut Reading, decision: &Decision, parts: &Parts, entries: &[Entry]) {
    let line_of = |value: Decimal, role: fn(&Role) -> bool| {
        entries
            .iter()
            .find(|e| role(&e.role) && e.value == value)
            .map(|e| e.line)
    };
    if let Decision::Total(choice) = decision {
        let unpaid = |a: &Against| {
            matches!(
                a,
                Against::Paid { .. } | Against::Short { .. } | Against::Below { .. }
            )
        };
        let contradicted = choice.against.iter().any(unpaid);
        if contradicted {
            // What was paid or stands below contradicts it: better nothing than something wrong.
            return others(reading, decision, parts);
        }
        let confidence = match (choice.support.len(), choice.against.is_empty(), choice.rank) {
            (_, false, _) => 40,
            (2.., true, _) => 98,
            (1, true, 1..) => 92,
            (1, true, 0) => 75,
            (_, true, 2..) => 75,
            (_, true, _) => 55,
        };
        let evidence = match choice.support.first() {
            Some(support) => in_words(support),
            None => "its label".to_owned(),
        };
        reading.total = Some(Field::new(
            choice.value,
            confidence,
            Some(choice.line),
            &evidence,
        ));
        for support in &choice.support {
            if let Support::Paid { paid, change } = support {
                reading.paid = Some(Field::new(
                    *paid,
                    95,
                    line_of(*paid, |r| matches!(r, Role::Tendered(_))),
                    "paid less change is the total",
                ));
                reading.change = Some(Field::new(
                    *change,
                    95,
                    line_of(*change, |r| *r == Role::Change),
                    "paid less change is the total",
                ));
            }
        }
    }
    others(reading, decision, parts);
}

/// The amounts beside the total: each only when there is one of its kind, or arithmetic chose it.
fn others(reading: &mut Reading, decision: &Decision, parts: &Parts) {
    let one = |values: &[Decimal]| match values {
        [only] => Some(Field::new(only.abs(), 80, None, "the only one")),
        _ => None,
    };
    reading.subtotal = one(&parts.subtotals);
    let taken_off: Vec<Decimal> = parts.discounts.iter().map(|d| d.abs()).collect();
    reading.discount = together(&taken_off);
    let asked = parts
        .services
        .iter()
        .filter(|s| !parts.optional.contains(s));
    let asked: Vec<Decimal> = asked.copied().collect();
    reading.service = one(&parts.services).or_else(|| together(&asked));
    reading.tip = one(&parts.tips);
    reading.rounding = parts
        .roundings
        .first()
        .filter(|_| parts.roundings.len() == 1)
        .map(|r| Field::new(*r, 80, None, "the only one"));
    let added = match decision {
        Decision::Total(choice) => choice.tax.map(|t| {
            Field::new(
                Decimal::of_e4(t, choice.value.places()),
                95,
                None,
                "added on the way to the total",
            )
        }),
        Decision::None | Decision::Two(..) => None,
    };
    reading.tax = added.or_else(|| together(&parts.taxes));
    let tendered: Vec<Decimal> = parts.tendered.iter().map(|t| t.0).collect();
    let same = tendered.windows(2).all(|w| w[0] == w[1]);
    reading.paid = reading
        .paid
        .take()
        .or_else(|| one(tendered.get(..1).filter(|_| same).unwrap_or_default()));
    reading.change = reading.change.take().or_else(|| one(&parts.changes));
}

/// The only one, or the one that is the sum of the others, or that sum.
fn together(values: &[Decimal]) -> Option<Field<Decimal>> {
    let first = values.first()?;
    let all: i64 = values.iter().map(|v| v.e4()).sum();
    let whole = values.iter().find(|v| all - v.e4() == v.e4());
    Some(match (values, whole) {
        ([only], _) => Field::new(*only, 80, None, "the only one"),
        (_, Some(sum)) => Field::new(*sum, 90, None, "the sum of the others"),
        _ => {
            let sum = Decimal::of_e4(all, first.places());
            Field::new(sum, 60, None, "all of them together")
        }
    })
}

fn candidate(choice: &Choice) -> Candidate {
    Candidate {
        amount: choice.value,
        line: choice.line,
        rank: choice.rank,
        called: choice.called,
        support: choice
            .support
            .iter()
            .map(|s| Text::clean(&in_words(s)))
            .collect(),
        against: choice
            .against
            .iter()
            .map(|a| Text::clean(&against_in_words(a)))
            .collect(),
    }
}

fn in_words(support: &Support) -> String {
    match support {
        Support::Items => "the items come to it".to_owned(),
        Support::Subtotal { sum } => sum.clone(),
        Support::SubtotalAlone => "a subtotal of the same amount".to_owned(),
        Support::Taxes => "the tax table comes to it".to_owned(),
        Support::Paid { paid, change } => format!("paid {paid} less change {change}"),
        Support::PaidAlone => "the same amount was paid".to_owned(),
    }
}

fn against_in_words(against: &Against) -> String {
    match against {
        Against::Items { sum } => format!("the items come to {sum}"),
        Against::Subtotal { subtotal } => format!("no sum from subtotal {subtotal} leads to it"),
        Against::Paid { paid, change } => format!("paid {paid} less change {change} is not it"),
        Against::Short { paid } => format!("only {paid} was paid"),
        Against::Below { amount } => format!("{amount} below it changes what is to be paid"),
    }
}

#[cfg(test)]
mod tests;

//! What was sold: the lines between the heading and the first sum.

use super::lexicon;
use super::number::{Decimal, Number};
use super::rows::{Entry, Role, Row, Rows};
use super::written::Written;
use crate::text::Text;
use smallvec::SmallVec;

/// The most items that are kept.
pub const ITEMS_MAX: usize = 500;

/// One thing sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name as printed.
    pub name: Text,
    /// How many, when the paper says.
    pub quantity: Option<Decimal>,
    /// Price of one, when the paper says.
    pub unit: Option<Decimal>,
    /// What it costs in all; nothing on paper without prices.
    pub amount: Option<Decimal>,
}

/// The items and what they come to.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the items of Items are items")]
pub(super) struct Items {
    pub(super) items: Vec<Item>,
    /// Sum of all amounts, discounts between the items taken off.
    pub(super) net: i64,
    /// Sum of the positive amounts alone.
    pub(super) gross: i64,
    /// Every line of the region was understood, so the sum can be held against the total.
    pub(super) clear: bool,
}

/// Reads the items of a paper.
pub(super) fn items(rows: &Rows, lines: &[Written<'_>], entries: &[Entry]) -> Items {
    let region = region(rows, entries);
    let mut found = Items {
        clear: true,
        ..Items::default()
    };
    let mut name: Option<&Row> = None;
    let mut last_amount = None;
    let mut open: Option<(Decimal, Decimal)> = None;
    let region: Vec<&Row> = region.collect();
    for (at, row) in region.iter().copied().enumerate() {
        if is_prose(row) {
            continue;
        }
        if let Some(pair) = quantity_line(row, lines) {
            // It explains the item above it or the one below it; else it has a price of its own.
            let above = last_amount.is_some_and(|a| is_product(pair.0, pair.1, a));
            found.clear &= open.is_none();
            open = (!above).then_some(pair);
            continue;
        }
        if name_before_quantity(row, region.get(at + 1).copied(), rows, lines) {
            name = Some(row);
            continue;
        }
        let amounts: Vec<&Number> = row.numbers.iter().filter(|n| rows.is_amount(n)).collect();
        let Some(last) = amounts.last().filter(|n| ends_line(n, row, lines)) else {
            if row
                .numbers
                .iter()
                .any(|n| rows.is_amount(n) && !is_count(n))
            {
                found.clear = false;
            }
            if row.label.chars().any(char::is_alphabetic) {
                name = Some(row);
            }
            continue;
        };
        let value = last.value;
        last_amount = Some(value);
        if let Some((quantity, unit)) = open.take()
            && !is_product(quantity, unit, value)
        {
            found.clear = false;
        }
        let name = name.and_then(|n| Some((n, lines.get(n.line)?)));
        priced(&mut found, row, &amounts, name, lines);
    }
    found.clear &= !found.items.is_empty() && open.is_none();
    found
}

/// Adds what a line with an amount at its end says: something sold, or something taken off.
fn priced(
    found: &mut Items,
    row: &Row,
    amounts: &[&Number],
    above: Option<(&Row, &Written<'_>)>,
    lines: &[Written<'_>],
) {
    let Some(last) = amounts.last() else { return };
    let value = last.value;
    if row.flags & lexicon::DISCOUNT != 0 || value.e4() < 0 {
        found.net -= value.e4().abs();
        return;
    }
    let near = above.filter(|a| a.0.line + 1 == row.line).map(|a| a.0);
    let (quantity, unit, proved) = factors(row, last, near);
    // Several amounts of which none explains the others: one of them is the price, which one?
    let rival = |a: &&&Number| a.value != value && !is_count(a) && !is_size(a, row, lines);
    if amounts.len() > 1 && !proved && amounts.iter().any(|a| rival(&a)) {
        found.clear = false;
    }
    found.net += value.e4();
    found.gross += value.e4();
    if found.items.len() < ITEMS_MAX {
        let above = || above.map(|(_, line)| Text::clean(line.text().trim()));
        let name = name_of(row, lines).or_else(above).unwrap_or_default();
        found.items.push(Item {
            name,
            quantity,
            unit,
            amount: Some(value),
        });
    }
}

/// `0,938 kg x 1,99 EUR/kg`, `2 Stk x 0,75`: how many at which price, and no amount. Tills print it
/// above the item's line or below it.
fn quantity_line(row: &Row, lines: &[Written<'_>]) -> Option<(Decimal, Decimal)> {
    const UNITS: &[&str] = &[
        "x", "kg", "g", "lb", "lbs", "l", "stk", "st", "stuck", "ad", "adet", "un", "und", "uds",
        "ud", "u", "pz", "pcs", "pc", "ea", "each", "net", "a", "par", "eur", "kg/kg", "per", "点",
        "個", "单", "単", "개", "件", "按", "piece", "pce", "stueck", "lt", "buah", "unit",
    ];
    let [quantity, unit] = row.numbers.as_slice() else {
        return None;
    };
    let between = lines.get(row.line)?.normal_part(quantity.to, unit.from);
    let times = between
        .split([' ', '.'])
        .any(|word| matches!(word, "x" | "*" | "×" | "@" | "a") || word.ends_with(['@', '*']));
    let words = row.label.split(|c: char| !c.is_alphanumeric());
    let units = words
        .filter(|word| !word.is_empty())
        .all(|word| UNITS.contains(&word));
    let usable = |n: &Number| !n.percent && !n.code && n.value.e4() > 0;
    let plain = usable(quantity) && usable(unit) && quantity.mark.is_none();
    (times && units && plain).then_some((quantity.value, unit.value))
}

/// `Sate Ayam 10` above `2 x 35.000   70.000`: a number in the name, and no amount.
fn name_before_quantity(row: &Row, next: Option<&Row>, rows: &Rows, lines: &[Written<'_>]) -> bool {
    let ([bare], Some(next)) = (row.numbers.as_slice(), next) else {
        return false;
    };
    let small = bare.value.places() == 0 && (0..10_000_000).contains(&bare.value.e4());
    let lettered = row.label.chars().any(char::is_alphabetic);
    if rows.places > 0 || !small || bare.mark.is_some() || bare.grouped() || !lettered {
        return false;
    }
    let amount = next.numbers.iter().rfind(|n| rows.is_amount(n));
    next.line == row.line + 1
        && next
            .numbers
            .first()
            .is_some_and(|n| n.factor || n.from <= 8)
        && amount
            .filter(|n| next.numbers.len() == 3 && ends_line(n, next, lines))
            .is_some_and(|n| factors(next, n, None).2)
}

/// The `2` of `2 Tea 1,380`: a small number before the name, where amounts have no decimals.
fn is_count(number: &Number) -> bool {
    let small = number.value.places() == 0 && (0..1_000_000).contains(&number.value.e4());
    number.factor || (small && number.from <= 2 && number.mark.is_none() && !number.grouped())
}

/// The `0,75` of `Acqua nat. 0,75     3,00`: a number in the name, far from the amounts.
fn is_size(number: &Number, row: &Row, lines: &[Written<'_>]) -> bool {
    let letters = lines.get(row.line).map_or(&[][..], |l| &l.letters);
    let before = letters.get(..number.from).unwrap_or(letters);
    let near = matches!(before, [.., c, ' '] if c.is_alphabetic() || *c == '.');
    let far = letters
        .get(number.to..)
        .unwrap_or_default()
        .starts_with(&[' '; 3]);
    near && number.mark.is_none() && far
}

/// Rows from the heading (or the first amount) to the first sum.
fn region<'a>(rows: &'a Rows, entries: &[Entry]) -> impl Iterator<Item = &'a Row> {
    let sum = |role: Role| {
        matches!(
            role,
            Role::Total(_)
                | Role::Amount
                | Role::Subtotal
                | Role::Tendered(_)
                | Role::Change
                | Role::Tax
                | Role::Base
                | Role::Rounding
        )
    };
    let service = |row: &Row| {
        let of = |e: &Entry| e.line == row.line && e.role == Role::Service;
        entries.iter().any(of) && (row.flags & lexicon::OTHER == 0 || leads(row))
    };
    // A sum's label says so at its beginning; "Taxi to the cash point 5.00" is an item.
    let sums = |row: &&Row| {
        let entry = entries.iter().any(|e| e.line == row.line && sum(e.role));
        let of = |e: &Entry| e.line == row.line && matches!(e.role, Role::Total(_));
        let total = entries.iter().any(of);
        entry
            && !is_part_total(row, entries)
            && (total || row.flags & lexicon::OTHER == 0 || leads(row))
    };
    let heading = rows.rows.iter().position(|row| {
        let columns = [
            lexicon::COUNT,
            lexicon::AMOUNT | lexicon::SUB | lexicon::TOTAL,
            lexicon::NAME | lexicon::PLAIN,
        ];
        row.numbers.is_empty()
            && columns.iter().filter(|c| row.flags & **c != 0).count() >= 2
            && row.flags & (lexicon::SUMMARY | lexicon::TAX) == 0
    });
    let from = heading.map_or(0, |h| h + 1);
    let rest = rows.rows.get(from..).unwrap_or_default();
    let end = rest.iter().position(|r| sums(&r)).unwrap_or(rest.len());
    let start = if heading.is_some() || rows.places > 0 {
        0
    } else {
        first_priced(rest).unwrap_or(end)
    };
    let within = rest.get(start.min(end)..end).unwrap_or_default();
    // A charge below the items is none of them; one between them ("4 Coperto 8,00") is.
    let charges = within.iter().rev();
    let charges = charges.take_while(|row| service(row) || row.numbers.is_empty());
    let charges = charges.count();
    let within = within.get(..within.len() - charges).unwrap_or_default();
    within.iter().filter(|row| !is_part_total(row, entries))
}

/// `Total food  15.00` where another total stands below it: what a part of the items comes to.
fn is_part_total(row: &Row, entries: &[Entry]) -> bool {
    let part = |e: &Entry| e.line == row.line && e.role == Role::Total(0);
    let whole = |e: &Entry| e.line > row.line && matches!(e.role, Role::Total(2..)) && !e.summary;
    entries.iter().any(part) && entries.iter().any(whole)
}

/// Without decimals and heading, an amount with a currency mark or with thousands set apart begins
/// the items, or the rule that stands above it does.
fn first_priced(rows: &[Row]) -> Option<usize> {
    let priced = |n: &Number| n.mark.is_some() || (n.grouped() && !n.code);
    let first = rows.iter().position(|r| r.numbers.iter().any(priced))?;
    let above = rows.get(..first).unwrap_or_default();
    let rule = |r: &Row| r.label.is_empty() && r.numbers.is_empty();
    Some(above.iter().rposition(rule).map_or(first, |rule| rule + 1))
}

/// Whether the label's first word already makes it a sum.
fn leads(row: &Row) -> bool {
    let first = row.label.split_whitespace().next().unwrap_or("");
    let flags = lexicon::flags(first);
    flags & (lexicon::TOTAL | lexicon::SUB | lexicon::TAX | lexicon::CHANGE | lexicon::ROUNDING)
        != 0
}

/// What is ordered on paper without prices: `4x testing`, `2 x Pizza`, `1 Cola`.
pub(super) fn unpriced(rows: &Rows, lines: &[Written<'_>]) -> Vec<Item> {
    let of = |row: &Row| {
        let number = row
            .numbers
            .first()
            .filter(|n| n.from <= 2 && n.value.places() == 0 && !n.percent)?;
        let small = (10_000..=990_000).contains(&number.value.e4());
        let code = number.code && !number.factor;
        let name = name_of(row, lines)?;
        let named = row.flags & (lexicon::NAME | lexicon::TAX) == 0 && row.numbers.len() <= 2;
        (small && named && !code && number.factor).then_some(Item {
            name,
            quantity: Some(number.value),
            unit: None,
            amount: None,
        })
    };
    rows.rows.iter().filter_map(of).take(ITEMS_MAX).collect()
}

/// Dates, telephone numbers and tax table rows are no items.
fn is_prose(row: &Row) -> bool {
    let counts = lexicon::COUNT | lexicon::ASIDE | lexicon::SAVINGS;
    // "Total weight 4.25 kg", "合計点数 1点".
    let counted = row.role == Some(Role::Aside)
        && row.flags & counts != 0
        && row.flags & lexicon::OTHER == 0
        && row.flags & lexicon::DISCOUNT == 0
        && row
            .numbers
            .iter()
            .all(|n| n.mark.is_none() && n.value.e4() >= 0);
    row.summary
        || counted
        || (row.flags & lexicon::NAME != 0
            && row
                .numbers
                .iter()
                .all(|n| n.value.places() != 2 && !n.grouped()))
}

/// Whether a number stands at the end of its line; a tax code of up to three letters may follow.
fn ends_line(number: &Number, row: &Row, lines: &[Written<'_>]) -> bool {
    let rest = lines.get(row.line).and_then(|l| l.letters.get(number.to..));
    let said = |c: &char| c.is_alphanumeric();
    let Some(rest) = rest.filter(|rest| rest.iter().any(said)) else {
        return number.to <= row.length;
    };
    let from = rest.iter().position(said).unwrap_or_default();
    let to = rest.iter().rposition(said).unwrap_or_default();
    to - from < 3
}

/// Quantity and unit price whose product is the amount.
fn factors(
    row: &Row,
    amount: &Number,
    above: Option<&Row>,
) -> (Option<Decimal>, Option<Decimal>, bool) {
    let usable = |n: &&Number| !n.percent && !n.code && n.from != amount.from;
    let here: SmallVec<[&Number; 4]> = row.numbers.iter().filter(usable).collect();
    let all: SmallVec<[&Number; 8]> = here
        .iter()
        .copied()
        .chain(
            above
                .into_iter()
                .flat_map(|r| r.numbers.iter().filter(|n| !n.percent && !n.code)),
        )
        .collect();
    for (i, q) in all.iter().enumerate() {
        for (j, u) in all.iter().enumerate() {
            let whole = q.value.e4() % 10_000 == 0;
            let quantity_like = whole || q.value.places() == 3 || q.factor;
            if i != j
                && quantity_like
                && is_product(q.value, u.value, amount.value)
                && (q.value.e4() != 10_000 || j > i || q.factor)
            {
                return (Some(q.value), Some(u.value), true);
            }
        }
    }
    let lone = |n: &&&Number| {
        n.value.places() == 0
            && n.value.e4() > 0
            && n.value.e4() < 10_000_000
            && (n.factor || n.from <= 2)
    };
    (
        here.iter().find(lone).map(|n| n.value),
        None,
        here.is_empty(),
    )
}

/// Whether quantity times price is the amount, to the nearest cent.
fn is_product(quantity: Decimal, unit: Decimal, amount: Decimal) -> bool {
    let product = i128::from(quantity.e4()) * i128::from(unit.e4()) / 10_000;
    let off = (product - i128::from(amount.e4())).abs();
    quantity.e4() > 0 && unit.e4() > 0 && (off == 0 || (quantity.places() > 0 && off <= 100))
}

/// The words of an item's line without leading quantity and trailing numbers.
fn name_of(row: &Row, lines: &[Written<'_>]) -> Option<Text> {
    let line = lines.get(row.line)?;
    let end = row
        .numbers
        .iter()
        .rev()
        .take_while(|n| !n.code)
        .last()
        .map_or(row.length, |n| {
            if n.from <= 2 {
                row.numbers.get(1).map_or(row.length, |m| m.from)
            } else {
                n.from
            }
        });
    let start = row
        .numbers
        .first()
        .filter(|n| n.from <= 2 && !n.code)
        .map_or(0, |n| n.to);
    let name = line.part(start, end.max(start));
    let name =
        name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ':' | '*' | '|' | '│'));
    let name = name
        .strip_prefix("x ")
        .or_else(|| name.strip_prefix("X "))
        .unwrap_or(name)
        .trim();
    name.chars()
        .any(char::is_alphabetic)
        .then(|| Text::clean(name))
}

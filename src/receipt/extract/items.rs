//! What was sold: the lines between the heading and the first sum.

use super::cells::{self, Cells, Columns, is_product};
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
    let heading = heading(rows);
    let columns = heading.and_then(|at| lines.get(at)).map(columns);
    let columns = columns.unwrap_or_default();
    let region = region(rows, lines, entries, heading);
    let mut found = Items {
        clear: true,
        ..Items::default()
    };
    let mut name: Option<&Row> = None;
    let mut last_amount = None;
    let mut open: Option<(Decimal, Decimal)> = None;
    let region: Vec<&Row> = region.collect();
    let columns = match columns {
        Columns::Untold => voted(&region),
        told => told,
    };
    for (at, row) in region.iter().copied().enumerate() {
        if let Some(pair) = quantity_line(row, lines) {
            // It explains the item above it or the one below it; else it has a price of its own.
            let above = last_amount.is_some_and(|a| is_product(pair.0, pair.1, a));
            found.clear &= open.is_none();
            if above && let Some(item) = found.items.last_mut() {
                (item.quantity, item.unit) = (Some(pair.0), Some(pair.1));
            }
            open = (!above).then_some(pair);
            continue;
        }
        if is_prose(row) {
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
                .any(|n| rows.is_amount(n) && !is_count(n, row.indent))
            {
                found.clear = false;
            }
            // Indented below a name, it says how the thing is made.
            let below = |n: &Row| n.line + 1 == row.line && row.indent > n.indent;
            let named = row.label.chars().any(char::is_alphabetic) && !is_detail(row, lines);
            if named && !name.is_some_and(below) {
                name = Some(row);
            }
            continue;
        };
        let value = last.value;
        last_amount = Some(value);
        let told = open.take();
        found.clear &= told.is_none_or(|(quantity, unit)| is_product(quantity, unit, value));
        let name = name.and_then(|n| Some((n, lines.get(n.line)?)));
        let count = found.items.len();
        priced(&mut found, row, &amounts, name, lines, columns);
        let told = told.filter(|(quantity, unit)| is_product(*quantity, *unit, value));
        if let (Some((quantity, unit)), Some(item)) = (told, found.items.get_mut(count)) {
            (item.quantity, item.unit) = (Some(quantity), Some(unit));
        }
    }
    found.clear &= !found.items.is_empty() && open.is_none();
    without_departments(&mut found, entries);
    found
}

/// `Food 45.40`, `Drink 8.80` below things sold for 54.20: what each part of the shop takes of it.
fn without_departments(found: &mut Items, entries: &[Entry]) {
    let sum = |e: &&Entry| matches!(e.role, Role::Total(_) | Role::Subtotal);
    let sums = |half: i64| entries.iter().filter(sum).any(|e| e.value.e4() == half);
    let half = found.gross / 2;
    if found.items.len() < 3 || found.gross % 2 != 0 || !sums(half) {
        return;
    }
    let amount = |item: &Item| item.amount.map_or(0, Decimal::e4);
    let mut tail = 0;
    let parts = found.items.iter().rposition(|item| {
        tail += amount(item);
        tail >= half
    });
    let Some(at) = parts.filter(|_| tail == half) else {
        return;
    };
    if found
        .items
        .iter()
        .skip(at)
        .all(|item| item.quantity.is_none())
    {
        found.items.truncate(at);
        (found.net, found.gross) = (found.net - half, half);
    }
}

/// The order of quantity and price where no heading says it: as in the lines that allow one only.
fn voted(region: &[&Row]) -> Columns {
    let said = || region.iter().filter_map(|row| cells::price_first(row));
    let price = said().filter(|first| *first).count();
    if price * 2 > said().count() {
        Columns::PriceFirst
    } else {
        Columns::Untold
    }
}

/// Adds what a line with an amount at its end says: something sold, or something taken off.
fn priced(
    found: &mut Items,
    row: &Row,
    amounts: &[&Number],
    above: Option<(&Row, &Written<'_>)>,
    lines: &[Written<'_>],
    columns: Columns,
) {
    let Some(last) = amounts.last() else { return };
    let value = last.value;
    if row.flags & lexicon::DISCOUNT != 0 || value.e4() < 0 {
        found.net -= value.e4().abs();
        return;
    }
    let near = above.filter(|a| a.0.line + 1 == row.line).map(|a| a.0);
    let cells = cells::cells(row, last, near, lines.get(row.line), columns);
    let Cells {
        name,
        quantity,
        unit,
        proved,
    } = cells;
    // Several amounts of which none explains the others: one of them is the price, which one?
    // "김밥 2 9,000": a small number beside an amount with its thousands set apart is how many.
    let few = |a: &Number| {
        let small = a.value.places() == 0 && (0..1_000_000).contains(&a.value.e4());
        small && last.grouped() && a.mark.is_none()
    };
    let counts = |a: &Number| is_count(a, row.indent) || few(a);
    let rival = |a: &&&Number| a.value != value && !counts(a) && !is_size(a, row, lines);
    if amounts.len() > 1 && !proved && amounts.iter().any(|a| rival(&a)) {
        found.clear = false;
    }
    found.net += value.e4();
    found.gross += value.e4();
    if found.items.len() < ITEMS_MAX {
        let above = above.filter(|_| name.is_none());
        let (name, quantity) = match above.map(|(row, line)| cells::above(row, line, quantity)) {
            Some((name, above)) => (name, quantity.or(above)),
            None => (name, quantity),
        };
        let name = name.unwrap_or_default();
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
        .all(|word| cells::UNITS.contains(&word));
    let usable = |n: &Number| !n.percent && !n.code && n.value.e4() > 0;
    let plain = usable(quantity) && usable(unit) && quantity.mark.is_none();
    // "(1,250 x 3)": the price of one first.
    let turned = quantity.is_money() && !unit.is_money() && unit.value.places() == 0;
    let (quantity, unit) = if turned {
        (unit, quantity)
    } else {
        (quantity, unit)
    };
    (times && units && plain).then_some((quantity.value, unit.value))
}

/// `Sate Ayam 10` above `2 x 35.000   70.000`: a number in the name, and no amount.
fn name_before_quantity(row: &Row, next: Option<&Row>, rows: &Rows, lines: &[Written<'_>]) -> bool {
    let ([bare], Some(next)) = (row.numbers.as_slice(), next) else {
        return false;
    };
    let small = bare.value.places() == 0 && (0..10_000_000).contains(&bare.value.e4());
    let lettered = row.label.chars().any(char::is_alphabetic);
    // "Tafelwasser 0,75" above "1 x 17,93    17,93": amounts end in one column.
    let bare_below = next
        .label
        .split(' ')
        .all(|word| cells::UNITS.contains(&word));
    let size = || bare_below && next.numbers.last().is_some_and(|n| n.to != bare.to);
    let may = if rows.places > 0 { size() } else { small };
    if !may || bare.mark.is_some() || bare.grouped() || !lettered {
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
            .is_some_and(|n| cells::cells(next, n, None, None, Columns::Untold).proved)
}

/// The `2` of `2 Tea 1,380`: a small number before the name, where amounts have no decimals.
fn is_count(number: &Number, indent: usize) -> bool {
    let small = number.value.places() == 0 && (0..1_000_000).contains(&number.value.e4());
    number.factor
        || (small && number.from <= indent + 2 && number.mark.is_none() && !number.grouped())
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

/// The row that names the columns of what was sold.
fn heading(rows: &Rows) -> Option<usize> {
    let total = |row: &Row| {
        let money = row.numbers.iter().any(Number::is_money);
        money && matches!(row.role, Some(Role::Total(2..) | Role::Subtotal))
    };
    let mut above = rows.rows.iter().take_while(|row| !total(row));
    above.position(|row| {
        let columns = [
            lexicon::COUNT,
            lexicon::AMOUNT | lexicon::SUB | lexicon::TOTAL,
            lexicon::NAME | lexicon::PLAIN,
        ];
        row.numbers.is_empty()
            && columns.iter().filter(|c| row.flags & **c != 0).count() >= 2
            && row.flags & (lexicon::SUMMARY | lexicon::TAX) == 0
    })
}

/// The order of quantity and price: one column stands behind the quantity, or several do.
fn columns(heading: &Written<'_>) -> Columns {
    // "Items: 3" counts them, and "Item" over a column is their name.
    const NAMES: &[&str] = &[
        "item",
        "items",
        "artikel",
        "articles",
        "articoli",
        "articulos",
        "itens",
        "artigos",
    ];
    let words = heading.text().split_whitespace().map(lexicon::normal);
    let counts = |word: String| {
        lexicon::flags(&word) & lexicon::COUNT != 0 && !NAMES.contains(&word.as_str())
    };
    let mut words = words.map(counts);
    if !words.any(|counts| counts) {
        return Columns::Uncounted;
    }
    match words.count() {
        0 => Columns::Untold,
        1 => Columns::PriceFirst,
        _ => Columns::QuantityFirst,
    }
}

/// `Category: Beverage`, `- no onions`, `1A4060300048D3D006585252`: said of a thing sold, and not
/// its name.
fn is_detail(row: &Row, lines: &[Written<'_>]) -> bool {
    let text = lines.get(row.line).map_or("", |l| l.text()).trim();
    let said = |(label, value): (&str, &str)| {
        label.chars().all(|c| c.is_alphabetic() || c == ' ') && value.starts_with(' ')
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let code = !text.contains(' ') && text.is_ascii() && digits * 2 > text.len();
    code || text.starts_with('-') || text.split_once(':').is_some_and(said)
}

/// Rows from the heading (or the first amount) to the first sum.
fn region<'a>(
    rows: &'a Rows,
    lines: &[Written<'_>],
    entries: &[Entry],
    heading: Option<usize>,
) -> impl Iterator<Item = &'a Row> {
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
    let from = heading.map_or(0, |h| h + 1);
    let rest = rows.rows.get(from..).unwrap_or_default();
    let end = rest.iter().position(|r| sums(&r)).unwrap_or(rest.len());
    let start = if heading.is_some() || rows.places > 0 {
        0
    } else {
        let summed = || summed(rest.get(..end)?, rows, lines, entries);
        first_priced(rest.get(..end).unwrap_or_default())
            .or_else(summed)
            .unwrap_or(end)
    };
    let within = rest.get(start.min(end)..end).unwrap_or_default();
    // A charge below the items is none of them; one between them ("4 Coperto 8,00") is.
    let charges = within.iter().rev();
    let off = |row: &Row| row.flags & lexicon::DISCOUNT != 0 || row.numbers.is_empty();
    let charges = charges.take_while(|row| service(row) || off(row)).count();
    let (sold, behind) = within.split_at(within.len() - charges);
    let first = behind.iter().position(service).unwrap_or(behind.len());
    let within = within.get(..sold.len() + first).unwrap_or_default();
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

/// Amounts that look like any other number are the items' when, from the sum upward, they come to
/// it: `珍珠奶茶 2 120`, `滷肉飯 1 45` over `合計 165`.
fn summed(above: &[Row], rows: &Rows, lines: &[Written<'_>], entries: &[Entry]) -> Option<usize> {
    let sum = |e: &&Entry| matches!(e.role, Role::Total(_) | Role::Subtotal);
    let sums: SmallVec<[i64; 4]> = entries.iter().filter(sum).map(|e| e.value.e4()).collect();
    let mut found = 0;
    for (at, row) in above.iter().enumerate().rev() {
        let amount = row.numbers.iter().rfind(|n| rows.is_amount(n));
        let Some(amount) = amount.filter(|n| ends_line(n, row, lines)) else {
            continue;
        };
        if row.reference.is_some() || lines.get(row.line).is_some_and(Written::dated) {
            return None;
        }
        found += amount.value.e4();
        if sums.contains(&found) {
            // The first one's name may stand above its line.
            let nameless = row
                .label
                .split(' ')
                .all(|word| cells::UNITS.contains(&word));
            let name = |r: &Row| r.numbers.is_empty() && !r.label.is_empty();
            let before = at
                .checked_sub(1)
                .filter(|_| nameless || row.label.is_empty());
            let named = before.filter(|i| above.get(*i).is_some_and(name));
            return Some(named.unwrap_or(at));
        }
    }
    None
}

/// Whether the label's first word already makes it a sum.
fn leads(row: &Row) -> bool {
    let first = row.label.split_whitespace().next().unwrap_or("");
    let flags = lexicon::flags(first);
    flags & (lexicon::TOTAL | lexicon::SUB | lexicon::TAX | lexicon::CHANGE | lexicon::ROUNDING)
        != 0
}

/// Dates, telephone numbers and tax table rows are no items.
fn is_prose(row: &Row) -> bool {
    let counts = lexicon::COUNT | lexicon::ASIDE | lexicon::SAVINGS;
    // "0.764 kg @ 1.20   0.92" below a name.
    let priced = |n: &Number| {
        row.numbers.len() == 3 && cells::cells(row, n, None, None, Columns::Untold).proved
    };
    // "Total weight 4.25 kg", "合計点数 1点".
    let counted = row.role == Some(Role::Aside)
        && !row.numbers.last().is_some_and(priced)
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

//! What the line of something sold says: its name, how many, and the price of one.
//!
//! # Why
//! Tills print the same four columns in any order and leave out what they like, and names have
//! numbers of their own (`MILK 1 GAL`). Only the numbers that multiply to the amount, or stand in a
//! column where a quantity would, are taken from the line; the words before them are the name.

use super::number::{Decimal, Number};
use super::rows::Row;
use super::written::Written;
use crate::text::Text;
use smallvec::SmallVec;

/// One of a thing.
const ONE_E4: i64 = 10_000;

/// What things are counted and weighed in, and what stands between quantity and price.
pub(super) const UNITS: &[&str] = &[
    "x", "kg", "g", "lb", "lbs", "l", "stk", "st", "stuck", "ad", "adet", "un", "und", "uds", "ud",
    "u", "pz", "pcs", "pc", "ea", "each", "net", "a", "par", "eur", "kg/kg", "per", "点", "個",
    "单", "単", "개", "件", "按", "piece", "pce", "stueck", "lt", "buah", "unit",
];

/// What a line with an amount says beside it.
pub(super) struct Cells {
    /// The name, where the line has one.
    pub(super) name: Option<Text>,
    pub(super) quantity: Option<Decimal>,
    pub(super) unit: Option<Decimal>,
    /// Every number is accounted for: quantity times price is the amount, or it stands alone.
    pub(super) proved: bool,
}

/// Which columns the table of things sold has, as its heading says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Columns {
    /// There is no heading.
    #[default]
    Untold,
    /// A heading without a quantity.
    Uncounted,
    /// The quantity stands before the price of one.
    QuantityFirst,
    /// The price of one stands before the quantity.
    PriceFirst,
}

/// Reads an item's line, with the numbers of a line above it that has no amount.
pub(super) fn cells(
    row: &Row,
    amount: &Number,
    above: Option<&Row>,
    line: Option<&Written<'_>>,
    columns: Columns,
) -> Cells {
    let usable = |n: &&Number| !n.percent && !n.code && n.from != amount.from;
    let here: SmallVec<[&Number; 4]> = row.numbers.iter().filter(usable).collect();
    let further = above.into_iter().flat_map(|r| &r.numbers);
    let further = further.filter(|n| !n.percent && !n.code);
    let mut all: SmallVec<[&Number; 8]> = here.iter().copied().collect();
    all.extend(further);
    let pair = factors(&all, here.len(), amount, columns);
    let counted = || lone(&here, amount, line, columns);
    let (quantity, unit) = match pair {
        Some((quantity, unit)) => (Some(quantity), Some(unit)),
        None => (counted(), None),
    };
    let stands_here = |n: &Number| here.iter().any(|h| std::ptr::eq(*h, n));
    let used = [quantity, unit].into_iter().flatten();
    let used = used
        .filter(|n| stands_here(n) && n.from > 2)
        .map(|n| n.from);
    let end = used.fold(amount.from, usize::min);
    Cells {
        name: line.and_then(|line| name(row, line, end)),
        quantity: quantity.map(|n| n.value),
        unit: unit.map(|n| n.value),
        proved: pair.is_some() || here.is_empty(),
    }
}

/// Quantity and unit price whose product is the amount: the likeliest, where several are.
fn factors<'n>(
    all: &[&'n Number],
    here: usize,
    amount: &Number,
    columns: Columns,
) -> Option<(&'n Number, &'n Number)> {
    let mut best = None;
    for (i, quantity) in all.iter().copied().enumerate() {
        let whole = quantity.value.e4() % ONE_E4 == 0;
        if !whole && quantity.value.places() != 3 && !quantity.factor {
            continue;
        }
        for (j, unit) in all.iter().copied().enumerate() {
            if i == j || !is_product(quantity.value, unit.value, amount.value) {
                continue;
            }
            let ordered = match columns {
                Columns::PriceFirst => j < i,
                _ => i < j,
            };
            let told = matches!(columns, Columns::PriceFirst | Columns::QuantityFirst);
            let single = !told && quantity.value.e4() == ONE_E4;
            let score = [
                i < here && j < here,
                quantity.factor && !unit.factor && !quantity.is_money(),
                unit.is_money() && !quantity.is_money(),
                single,
                !told && few(quantity) && !few(unit),
                ordered,
            ];
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, (quantity, unit)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

/// Fewer than a hundred: how many, rather than what one costs where money has no decimals.
fn few(number: &Number) -> bool {
    number.value.e4() < 100 * ONE_E4
}

/// A quantity that no price explains: before the name, beside a sign, or in a column of its own.
fn lone<'n>(
    here: &[&'n Number],
    amount: &Number,
    line: Option<&Written<'_>>,
    columns: Columns,
) -> Option<&'n Number> {
    let small = |n: &&&Number| {
        n.value.places() == 0 && n.value.e4() > 0 && n.value.e4() < 10_000_000 && !n.is_money()
    };
    let before = here
        .iter()
        .filter(small)
        .find(|n| n.factor || n.from <= 2)
        .copied();
    let letters = line.map_or(&[][..], |line| &line.letters);
    let blank = |from: usize, to: usize| {
        to >= from + 2 && (letters.get(from..to)).is_some_and(|gap| gap.iter().all(|c| *c == ' '))
    };
    let apart = |n: &&&Number| n.from >= 3 && blank(n.from - 3, n.from) && blank(n.to, amount.from);
    let column = || here.last().filter(small).filter(apart).copied();
    before.or_else(|| column().filter(|_| columns != Columns::Uncounted))
}

/// Whether quantity times price is the amount, to the nearest cent.
pub(super) fn is_product(quantity: Decimal, unit: Decimal, amount: Decimal) -> bool {
    let product = i128::from(quantity.e4()) * i128::from(unit.e4()) / i128::from(ONE_E4);
    let off = (product - i128::from(amount.e4())).abs();
    quantity.e4() > 0 && unit.e4() > 0 && (off == 0 || (quantity.places() > 0 && off <= 100))
}

/// The words of a line up to its quantity, price or amount, without a quantity before them.
pub(super) fn name(row: &Row, line: &Written<'_>, end: usize) -> Option<Text> {
    let leads = |n: &&Number| n.from <= 2 && !n.code && n.to <= end;
    let start = row.numbers.first().filter(leads).map_or(0, |n| n.to);
    let mut end = end.max(start);
    for number in row.numbers.iter().rev() {
        if number.to <= end && number.from >= start.max(1) && !number.code {
            if belongs(number, &line.letters, end) {
                break;
            }
            end = number.from;
        }
    }
    let edge = |c: char| c.is_whitespace() || matches!(c, '.' | ':' | '*' | '|' | '│' | '@');
    let name = line.part(start, end).trim_matches(edge);
    let name = name
        .strip_prefix("x ")
        .or_else(|| name.strip_prefix("X "))
        .unwrap_or(name);
    let name = name
        .strip_suffix(" x")
        .or_else(|| name.strip_suffix(" X"))
        .unwrap_or(name)
        .trim();
    // `EKMEK    %1  *10,00`: the sign of the rate behind the name.
    let rate = name.strip_suffix('%').filter(|n| n.ends_with(' '));
    let name = rate.map_or(name, str::trim_end);
    let lettered = name.chars().any(char::is_alphabetic);
    let unit = |word: &str| UNITS.contains(&word.to_lowercase().as_str());
    let named = lettered && !(start > 0 && name.split_whitespace().all(unit));
    named.then(|| Text::clean(name))
}

/// `MILK 1 GAL   3.49`, `Acqua 0,75   3,00`, `Combo 5   9.00`: a number in a name is one space away
/// from the name's words, and what follows it is far.
fn belongs(number: &Number, letters: &[char], end: usize) -> bool {
    let before = letters.get(..number.from).unwrap_or_default();
    let near = matches!(before, [.., c, ' '] if c.is_alphabetic() || matches!(c, '.' | '#'))
        || matches!(before, [.., '#']);
    let after = letters.get(number.to..end).unwrap_or_default();
    let words = after.iter().any(|c| c.is_alphabetic());
    let far = after.iter().rev().take_while(|c| **c == ' ').count() >= 3;
    let last = end >= letters.len();
    // "Milch 3,5%": a tax's rate has a column of its own.
    let share = !number.percent || (number.value.places() > 0 && far);
    near && number.mark.is_none() && share && (far || last || (words && !number.is_money()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::verdict;

    /// Each item as `NAME|QUANTITY|UNIT|AMOUNT`.
    fn items(text: &str) -> Vec<String> {
        let said = |d: Option<super::Decimal>| d.map_or_else(String::new, |d| d.to_string());
        let (reading, _) = verdict(text, Some("EUR"));
        let item = |i: &super::super::Item| {
            let (quantity, unit, amount) = (said(i.quantity), said(i.unit), said(i.amount));
            format!("{}|{quantity}|{unit}|{amount}", i.name)
        };
        reading.items.iter().map(item).collect()
    }

    fn sold(lines: &str, total: &str) -> Vec<String> {
        items(&format!(
            "Corner Shop\nReceipt 0042\n2026-03-04 12:30\n{lines}\nTOTAL      {total}\n"
        ))
    }

    #[test]
    fn the_price_of_one_may_stand_before_the_quantity() {
        let said = sold(
            "Item      Price  Qty   Total\nSoap         20    4     80",
            "80",
        );
        assert_eq!(said, ["Soap|4|20|80"]);
        let said = sold("品名  单价  数量  金额\n肥皂   20    4    80", "80");
        assert_eq!(said, ["肥皂|4|20|80"]);
        let said = sold(
            "Item      Qty  Price   Total\nSoap         20    4     80",
            "80",
        );
        assert_eq!(said, ["Soap|20|4|80"]);
    }

    #[test]
    fn one_of_a_thing_is_not_its_price() {
        let said = sold("Cafe mocha        5,100    1     5,100", "5,100");
        assert_eq!(said, ["Cafe mocha|1|5100|5100"]);
    }

    #[test]
    fn numbers_in_a_name_stay_there() {
        let said = sold("1  MILK 1 GAL       $3.49    $3.49", "$3.49");
        assert_eq!(said, ["MILK 1 GAL|1|3.49|3.49"]);
        assert_eq!(sold("Menu 5       9.00", "9.00"), ["Menu 5|||9.00"]);
        assert_eq!(sold("Acqua 0,75       3,00", "3,00"), ["Acqua 0,75|||3.00"]);
    }

    #[test]
    fn a_quantity_may_have_a_column_and_no_price_beside_it() {
        let said = sold("BEER                  2      13.00", "13.00");
        assert_eq!(said, ["BEER|2||13.00"]);
        let heading = "Item       Code    Amount";
        let said = sold(
            &format!("{heading}\nBEER                  2      13.00"),
            "13.00",
        );
        assert_eq!(
            said,
            ["BEER|||13.00"],
            "a column that is not called a quantity is none"
        );
    }

    #[test]
    fn a_line_of_quantity_and_price_belongs_to_the_item_above_it_or_below_it() {
        let weighed = "0,938 kg x 1,99 EUR/kg";
        let said = sold(
            &format!("Tea       2,00\nBananas     1,87\n{weighed}"),
            "3,87",
        );
        assert_eq!(said, ["Tea|||2.00", "Bananas|0.938|1.99|1.87"]);
        let said = sold(
            &format!("Tea       2,00\n{weighed}\nBananas     1,87"),
            "3,87",
        );
        assert_eq!(said, ["Tea|||2.00", "Bananas|0.938|1.99|1.87"]);
    }

    #[test]
    fn a_weight_is_the_quantity_and_its_unit_no_name() {
        let said = sold("Bananas\n0.764 kg @ 1.20         0.92", "0.92");
        assert_eq!(said, ["Bananas|0.764|1.20|0.92"]);
    }

    #[test]
    fn a_name_stands_above_its_details() {
        let details = "1A4060300048D3D006585252\n  Category: Beverage\n  - cold";
        let block = format!("St Ides Tea\n{details}\n  2 @ 10.00 ea      20.00");
        assert_eq!(sold(&block, "20.00"), ["St Ides Tea|2|10.00|20.00"]);
    }

    #[test]
    fn what_the_kitchen_makes_keeps_its_numbers() {
        let said = items("KITCHEN\nOrder #11\n4x testing 1\n2x Pizza 30 cm 4 cheeses\n");
        assert_eq!(said, ["testing 1|4||", "Pizza 30 cm 4 cheeses|2||"]);
    }
}

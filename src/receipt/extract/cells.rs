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
    "单", "単", "개", "件", "按", "piece", "pce", "stueck", "lt", "buah", "unit", "kpl", "szt",
    "szt.", "ks", "db", "st.", "stk.",
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
    let letters = line.map_or(&[][..], |line| &line.letters);
    let priced = |n: &Number| letters.get(..n.from).is_some_and(|l| l.ends_with(&['@']));
    let pair = factors(&all, here.len(), amount, columns, priced);
    let pair = pair.filter(|(q, u)| {
        let named = |n: &Number| here.iter().any(|h| std::ptr::eq(*h, n)) && is_glued(n, line);
        !named(q) && !named(u)
    });
    let counted = || lone(&here, amount, row.indent, line, columns);
    let (quantity, unit) = match pair {
        Some((quantity, unit)) => (Some(quantity), Some(unit)),
        None => (counted(), None),
    };
    let stands_here = |n: &Number| here.iter().any(|h| std::ptr::eq(*h, n));
    let used = [quantity, unit].into_iter().flatten();
    let used = used
        .filter(|n| stands_here(n) && n.from > row.indent + 2)
        .map(|n| n.from);
    let end = used.fold(amount.from, usize::min);
    // `2 X RM7.85 MILO 400G   RM15.70`: the name stands behind its price.
    let behind = |line: &Written<'_>| {
        let both = pair.filter(|(q, u)| stands_here(q) && stands_here(u));
        let from = both.map(|(q, u)| q.to.max(u.to))?;
        let part = tidied(line.part(from, amount.from.max(from)));
        let unit = |word: &str| UNITS.contains(&word.to_lowercase().as_str());
        let long = part.chars().filter(|c| c.is_alphabetic()).count() > 2;
        (long && !part.split_whitespace().all(unit)).then(|| Text::clean(part))
    };
    Cells {
        name: line.and_then(|line| name(row, line, end).or_else(|| behind(line))),
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
    priced: impl Fn(&Number) -> bool,
) -> Option<(&'n Number, &'n Number)> {
    let mut best = None;
    for (i, quantity) in all.iter().copied().enumerate() {
        let whole = quantity.value.e4() % ONE_E4 == 0;
        // `@3 x 2`: the sign stands before the price of one.
        if (i < here && priced(quantity))
            || (!whole && !matches!(quantity.value.places(), 1 | 3) && !quantity.factor)
        {
            continue;
        }
        for (j, unit) in all.iter().copied().enumerate() {
            let part = quantity.value.places() == 1 && !quantity.factor;
            if part && unit.value.places() != 2 {
                continue;
            }
            // Prices have as many decimals as amounts, or none.
            let odd = unit.value.places() == 1 && amount.value.places() == 2;
            if i == j || odd || !is_product(quantity.value, unit.value, amount.value) {
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

/// `小笼包8只`: a number between two letters is a part of a name. In a name that is too long for its
/// column it may run into how many: `红烧牛肉面加蛋1   13.60`.
fn is_glued(number: &Number, line: Option<&Written<'_>>) -> bool {
    let Some(letters) = line.map(|line| &line.letters) else {
        return false;
    };
    let before = number.from.checked_sub(1).and_then(|i| letters.get(i));
    let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
    letter(before) && letter(letters.get(number.to)) && !matches!(before, Some('x' | 'X'))
}

/// Whether a line has the price of one before how many, where only one of them can be the price:
/// `排骨便當  200  1  200`.
pub(super) fn price_first(row: &Row) -> Option<bool> {
    let plain = |n: &&Number| !n.percent && !n.code;
    let numbers: SmallVec<[&Number; 4]> = row.numbers.iter().filter(plain).collect();
    let [.., first, second, amount] = numbers.as_slice() else {
        return None;
    };
    let told = few(first) != few(second) && is_product(first.value, second.value, amount.value);
    told.then(|| few(second))
}

/// Fewer than a hundred: how many, rather than what one costs where money has no decimals.
fn few(number: &Number) -> bool {
    number.value.e4() < 100 * ONE_E4
}

/// A quantity that no price explains: before the name, beside a sign, or in a column of its own.
fn lone<'n>(
    here: &[&'n Number],
    amount: &Number,
    indent: usize,
    line: Option<&Written<'_>>,
    columns: Columns,
) -> Option<&'n Number> {
    let small = |n: &&&Number| {
        n.value.places() == 0 && n.value.e4() > 0 && n.value.e4() < 10_000_000 && !n.is_money()
    };
    let leads = here.iter().filter(small).find(|n| n.from <= indent + 2);
    // The last one: `Sate Ayam 10 x 3`, `小笼包8只 x 2`.
    let signs = |n: &&&Number| n.factor && !is_glued(n, line);
    let signed = || here.iter().filter(small).rfind(signs).copied();
    let letters = line.map_or(&[][..], |line| &line.letters);
    let blank = |from: usize, to: usize| {
        to >= from + 2 && (letters.get(from..to)).is_some_and(|gap| gap.iter().all(|c| *c == ' '))
    };
    let apart = |n: &&&Number| n.from >= 3 && blank(n.from - 3, n.from) && blank(n.to, amount.from);
    let column = || here.last().filter(small).filter(apart).copied();
    let column = || column().filter(|_| columns != Columns::Uncounted);
    leads.copied().or_else(column).or_else(signed)
}

/// Whether quantity times price is the amount, to the nearest cent.
pub(super) fn is_product(quantity: Decimal, unit: Decimal, amount: Decimal) -> bool {
    let product = i128::from(quantity.e4()) * i128::from(unit.e4()) / i128::from(ONE_E4);
    let off = (product - i128::from(amount.e4())).abs();
    quantity.e4() > 0 && unit.e4() > 0 && (off == 0 || (quantity.places() > 0 && off <= 100))
}

/// The words of a line up to its quantity, price or amount, without a quantity before them.
pub(super) fn name(row: &Row, line: &Written<'_>, end: usize) -> Option<Text> {
    let start = leading(row, line, end).map_or(0, |n| n.to);
    named(row, line, start, end)
}

/// What a line without an amount calls the thing that the line below it prices, and how many of it
/// there are: `2x Espresso`, `1 PLATANO`, `CURRY'O      2`.
pub(super) fn above(
    row: &Row,
    line: &Written<'_>,
    told: Option<Decimal>,
) -> (Option<Text>, Option<Decimal>) {
    let end = line.letters.len();
    let one = |n: &Number| n.value.e4() == ONE_E4;
    let counts = |n: &&Number| n.factor || one(n) || told == Some(n.value) || n.to - n.from >= 4;
    let first = leading(row, line, end).filter(counts);
    let start = first.map_or(0, |n| n.to);
    let apart = |n: &&Number| {
        let gap = line.letters.get(n.from.saturating_sub(3)..n.from);
        n.from > start && gap.is_some_and(|gap| gap.len() == 3 && gap.iter().all(|c| *c == ' '))
    };
    let few = |n: &&Number| few(n) && n.value.places() == 0 && !n.code && !n.percent;
    let behind = row.numbers.iter().find(apart).filter(few);
    let part = tidied(line.part(start, behind.map_or(end, |n| n.from)));
    let lettered = part.chars().any(char::is_alphabetic);
    let name = if lettered { part } else { line.text().trim() };
    let quantity = first.filter(|n| n.factor).or(behind).map(|n| n.value);
    (Some(Text::clean(name)), quantity)
}

/// The number that a line begins with, if it is none of the name: how many, or the article's.
fn leading<'r>(row: &'r Row, line: &Written<'_>, end: usize) -> Option<&'r Number> {
    let apart = |n: &Number| line.letters.get(n.to).is_none_or(|c| *c == ' ');
    let long = |n: &Number| n.to - n.from >= 5 && n.value.places() == 0 && !n.grouped();
    let zero = |n: &Number| line.letters.get(n.from) == Some(&'0') && n.to - n.from >= 3;
    let leads = |n: &&Number| n.from <= row.indent + 2 && n.to <= end;
    let article = |n: &Number| apart(n) && (long(n) || zero(n));
    row.numbers
        .first()
        .filter(leads)
        .filter(|n| !n.code || article(n))
}

/// The words between two places of a line, without the numbers that stand behind them.
fn named(row: &Row, line: &Written<'_>, start: usize, end: usize) -> Option<Text> {
    let mut end = end.max(start);
    for number in row.numbers.iter().rev() {
        if number.to <= end && number.from >= start.max(row.indent + 1) && !number.code {
            if belongs(number, &line.letters, end) {
                break;
            }
            end = number.from;
        }
    }
    let name = tidied(line.part(start, end));
    let unit = |word: &str| UNITS.contains(&word.to_lowercase().as_str());
    // `2 kpl Kahvi`: what is counted, behind how many.
    let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
    let name = if start > 0 && unit(first) && !rest.is_empty() {
        rest.trim_start()
    } else {
        name
    };
    let lettered = name.chars().any(char::is_alphabetic);
    let named = lettered && !(start > 0 && name.split_whitespace().all(unit));
    named.then(|| Text::clean(name))
}

/// A name without leaders, bullets, tax codes and the signs of a quantity that stood beside it.
fn tidied(name: &str) -> &str {
    let edge = |c: char| c.is_whitespace() || matches!(c, ':' | '*' | '|' | '│' | '@');
    let mut name = name.trim_matches(edge);
    if let Some(("-" | "•" | "·" | "└" | "x" | "X" | ".", rest)) = name.split_once(' ') {
        name = rest.trim_start();
    }
    // `Tea.......`: dots that lead to the amount; `AISL.` is shortened, `Professional...` cut off.
    let bare = name.trim_end_matches(['.', '…']);
    let dots = name.len() - bare.len();
    if bare.ends_with(' ') || !matches!(dots, 1 | 3) {
        name = bare;
    }
    let code = |name: &str| {
        let (before, code) = name.rsplit_once('<')?;
        let letters = code.strip_suffix('>')?;
        (letters.len() <= 2).then_some(before.len())
    };
    name = code(name)
        .and_then(|to| name.get(..to))
        .unwrap_or(name)
        .trim_end();
    let sign = |rest: &str, word: &str| match word {
        "x" | "X" | "×" | "à" | "á" | "%" | "+" | "-" | "je" => true,
        "a" => rest.ends_with(' '),
        _ => false,
    };
    while let Some((rest, word)) = name.rsplit_once(' ') {
        if !sign(rest, word) {
            break;
        }
        name = rest.trim_end_matches(edge);
    }
    name
}

/// `MILK 1 GAL   3.49`, `Acqua 0,75   3,00`, `Combo 5   9.00`: a number in a name is one space away
/// from the name's words, and what follows it is far.
fn belongs(number: &Number, letters: &[char], end: usize) -> bool {
    let before = letters.get(..number.from).unwrap_or_default();
    let near = matches!(before, [.., c, ' '] if c.is_alphabetic() || matches!(c, '.' | '#'))
        || matches!(before, [.., '#']);
    // `칠성사이다500`, `250ml*12`, `MLEKO UHT 3.2`, `Mineral 0,33`: sizes, whatever follows.
    let glued = match before {
        [.., c] if c.is_alphabetic() => true,
        [.., c, '*'] => c.is_alphabetic(),
        // "Wings (6)".
        [.., '('] => letters.iter().skip(number.to).take(4).any(|c| *c == ')'),
        _ => false,
    };
    let whole = number.value.places() == 0 && !number.grouped();
    let part = number.value.places() == 2 && number.value.e4() < ONE_E4;
    let size = (glued && whole) || (near && (part || number.value.places() == 1));
    let plain = number.mark.is_none() && !number.percent;
    if plain && ((glued && whole) || (size && !number.factor)) {
        return true;
    }
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
    fn signs_and_codes_beside_a_name_are_no_part_of_it() {
        for (line, item) in [
            (
                "2 Schnitzel      à 16,90     33,80",
                "Schnitzel|2|16.90|33.80",
            ),
            (
                "Oat Latte (Large) x 2        12,50",
                "Oat Latte (Large)|2||12.50",
            ),
            ("DECK BENCH <A>               19,65", "DECK BENCH|||19.65"),
            ("1 Kaffee gr.                  3,20", "Kaffee gr.|1||3.20"),
            ("Tea......................     3,20", "Tea|||3.20"),
            ("Extra sauce       +           0,50", "Extra sauce|||0.50"),
            (
                "   1 Kids Chicken & Noodle    5,39",
                "Kids Chicken & Noodle|1||5.39",
            ),
            ("632565000234 Fiji Water       3,99", "Fiji Water|||3.99"),
            (
                "BAGUETTE TRAD               1,10 €  1",
                "BAGUETTE TRAD|||1.10",
            ),
            ("2 kpl Kahvi     3,50          7,00", "Kahvi|2|3.50|7.00"),
        ] {
            let total = item.rsplit('|').next().unwrap();
            assert_eq!(sold(line, total), [item], "{line}");
        }
    }

    #[test]
    fn sizes_stay_in_a_name() {
        for (line, item) in [
            ("MLEKO UHT 3.2 12,99", "MLEKO UHT 3.2|||12.99"),
            (
                "2 Mineral prickelnd 0,33  7,20",
                "Mineral prickelnd 0,33|2||7.20",
            ),
            ("伊利纯牛奶250ml*12    49,90", "伊利纯牛奶250ml*12|||49.90"),
            ("LAIT ECR 6X1L         6,54", "LAIT ECR 6X1L|||6.54"),
            ("Chicken Wings (6)     6,54", "Chicken Wings (6)|||6.54"),
            (
                "Tafelwasser 0,75\n 2 x 1,20    2,40",
                "Tafelwasser 0,75|2|1.20|2.40",
            ),
        ] {
            let total = item.rsplit('|').next().unwrap();
            assert_eq!(sold(line, total), [item], "{line}");
        }
    }

    #[test]
    fn a_number_in_a_name_is_not_how_many() {
        for (line, item) in [
            ("小笼包8只              168.00", "小笼包8只|||168.00"),
            ("小笼包8只   2           16.00", "小笼包8只|2||16.00"),
            ("小笼包8只 x 2           56.00", "小笼包8只|2||56.00"),
            ("Sate Ayam 10 x 3       150.00", "Sate Ayam 10|3||150.00"),
            (
                "红烧牛肉面加蛋1   13.60   13.60",
                "红烧牛肉面加蛋|1|13.60|13.60",
            ),
        ] {
            let total = item.rsplit('|').next().unwrap();
            assert_eq!(sold(line, total), [item], "{line}");
        }
    }

    #[test]
    fn lines_that_allow_one_order_tell_that_of_the_others() {
        let lines = "排骨便當   200   1   200\n雞腿飯   130   1   130\n燙青菜   90   2   180";
        let said = sold(lines, "510");
        assert_eq!(
            said,
            ["排骨便當|1|200|200", "雞腿飯|1|130|130", "燙青菜|2|90|180"]
        );
        let said = sold("雞腿飯\n  285 x 3     855\n便當\n  15 x 3      45", "900");
        assert_eq!(said, ["雞腿飯|3|285|855", "便當|3|15|45"]);
    }

    #[test]
    fn a_name_above_its_amount_may_say_how_many() {
        let said = sold(
            "2x Professional Services\n                      1.000,00",
            "1.000,00",
        );
        assert_eq!(said, ["Professional Services|2||1000.00"]);
        let said = sold(
            "CURRY'O                   2\n                       4.00",
            "4.00",
        );
        assert_eq!(said, ["CURRY'O|2||4.00"]);
        let said = sold("2 Soto Betawi\n        35.00           70.00", "70.00");
        assert_eq!(said, ["Soto Betawi|2|35.00|70.00"]);
        let said = sold("Bubble tea\n  less ice\n  19.00 x 2      38.00", "38.00");
        assert_eq!(said, ["Bubble tea|2|19.00|38.00"]);
        let said = sold("2 X 7.85 MILO 400G     15.70", "15.70");
        assert_eq!(said, ["MILO 400G|2|7.85|15.70"]);
    }

    #[test]
    fn a_price_says_so_by_its_sign_and_a_weight_by_its_unit() {
        assert_eq!(sold("Bag M   @3 x 2   6", "6"), ["Bag M|2|3|6"]);
        assert_eq!(
            sold("Apples  7.98  1.236kg   9.86", "9.86"),
            ["Apples|1.236|7.98|9.86"]
        );
        assert_eq!(sold("虾   68 1.2斤   81.60", "81.60"), ["虾|1.2|68|81.60"]);
        let said = sold("Noodles      3      3.75\n  (1.25 x 3)", "3.75");
        assert_eq!(said, ["Noodles|3|1.25|3.75"]);
    }

    #[test]
    fn the_letter_of_a_tax_may_be_glued_to_the_amount() {
        let said = sold(
            "1 ADVIL LIQ GEL 20CT      9.79T\nCOLA 1.25L    2.00A",
            "11.79",
        );
        assert_eq!(said, ["ADVIL LIQ GEL 20CT|1||9.79", "COLA 1.25L|||2.00"]);
    }

    #[test]
    fn what_departments_took_of_it_is_not_sold_again() {
        let parts = "Fish 29.90\nPie 15.50\nPint 8.80\nFood      45.40\nDrink      8.80";
        assert_eq!(sold(parts, "54.20").len(), 3);
        assert_eq!(sold("Tea 5.00\nCake 5.00", "10.00").len(), 2);
    }

    #[test]
    fn a_heading_below_the_total_heads_nothing_that_was_sold() {
        let said = items(
            "Mercado\nNo 12\n2 UN X 27,90\nARROZ    55,80\nVALOR TOTAL R$   55,80\n\
             FORMA DE PAGAMENTO          VALOR PAGO R$\nDinheiro     60,00\nTroco R$   4,20\n",
        );
        assert_eq!(said, ["ARROZ|2|27.90|55.80"]);
    }

    #[test]
    fn what_the_kitchen_makes_keeps_its_numbers() {
        let said = items("KITCHEN\nOrder #11\n4x testing 1\n2x Pizza 30 cm 4 cheeses\n");
        assert_eq!(said, ["testing 1|4||", "Pizza 30 cm 4 cheeses|2||"]);
    }
}

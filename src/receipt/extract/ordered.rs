//! What is ordered on paper without prices: the lines of a kitchen ticket.
//!
//! # Why
//! Nothing adds up on such paper, so the place of the number decides: `2 x Pizza`, `Tea x2` and
//! `水煮鱼 1份` say how many wherever they stand; a bare number before or behind a name does so
//! only on paper that calls itself a kitchen's.

use super::cells;
use super::items::{ITEMS_MAX, Item};
use super::lexicon;
use super::merchant::words::{is_noise, is_place};
use super::number::Number;
use super::rows::{Row, Rows};
use super::written::Written;

/// More than this of one thing is a number of something else.
const QUANTITY_MAX_E4: i64 = 990_000;

/// The things ordered, with how many of each.
pub(super) fn ordered(rows: &Rows, lines: &[Written<'_>], kitchen: bool) -> Vec<Item> {
    let of = |row: &Row| item(row, lines.get(row.line)?, kitchen);
    rows.rows.iter().filter_map(of).take(ITEMS_MAX).collect()
}

/// The thing that one line orders.
pub(super) fn item(row: &Row, line: &Written<'_>, kitchen: bool) -> Option<Item> {
    let named = row.flags & (lexicon::NAME | lexicon::TAX) == 0 && row.reference.is_none();
    let counts = row.flags & lexicon::COUNT != 0 && row.flags & lexicon::OTHER == 0;
    // "2 Weizen 0,5", "2 Acqua 0,75": in a kitchen it is no price.
    let bare = |n: &Number| !n.is_money() || (kitchen && n.mark.is_none());
    if !named || counts || !row.numbers.iter().all(bare) || line.dated() {
        return None;
    }
    let (quantity, end) = before(row, kitchen).or_else(|| behind(row, line, kitchen))?;
    let name = cells::name(row, line, end)?;
    let place = lexicon::normal(name.as_str());
    let place = is_place(&place) || is_noise(&place);
    (!place).then_some(Item {
        name,
        quantity: Some(quantity.value),
        unit: None,
        amount: None,
    })
}

/// `2 x Burger`, and in a kitchen `2 Burger`: the number, and where its name ends.
fn before(row: &Row, kitchen: bool) -> Option<(&Number, usize)> {
    let first = row.numbers.first().filter(|n| n.from <= 2)?;
    let says = first.factor || (kitchen && !first.code);
    (says && is_quantity(first)).then_some((first, row.length))
}

/// `Burger x2`, and in a kitchen `Burger   2`.
fn behind<'a>(row: &'a Row, line: &Written<'_>, kitchen: bool) -> Option<(&'a Number, usize)> {
    let last = row.numbers.last().filter(|n| n.from > 2)?;
    let rest = line.letters.get(last.to..)?;
    // A counter may follow: "2 份", "2개".
    let ends = rest.iter().filter(|c| c.is_alphanumeric()).count() <= 2;
    let says = last.factor || (kitchen && !last.code);
    (says && ends && is_quantity(last)).then_some((last, last.from))
}

fn is_quantity(number: &Number) -> bool {
    let small = (10_000..=QUANTITY_MAX_E4).contains(&number.value.e4());
    small && number.value.places() == 0 && !number.percent
}

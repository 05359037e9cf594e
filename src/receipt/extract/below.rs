//! What stands below a total and changes what is to be paid.

use super::items::Items;
use super::lexicon;
use super::number::Decimal;
use super::rows::{Entry, Role, Row, Rows};
use super::sums::{Against, Choice, Parts, Support};

/// A discount, service or tip below the total that the sums above it do not hold: what is to be
/// paid is something else then, unless what was paid proves the total.
pub(super) fn below(
    choice: &Choice,
    entries: &[Entry],
    items: &Items,
    parts: &Parts,
    rows: &Rows,
) -> Option<Against> {
    let paid = |s: &Support| matches!(s, Support::Paid { .. } | Support::PaidAlone);
    let v = choice.value.e4();
    let sums = [items.net, items.gross];
    let plain = sums.contains(&v) || parts.subtotals.iter().any(|s| s.e4() == v);
    if choice.support.iter().any(paid) || (!plain && !items.items.is_empty()) {
        return None;
    }
    let adds = |e: &&Entry| {
        let adjusts = matches!(
            e.role,
            Role::Discount | Role::Service | Role::Tip | Role::Rounding
        );
        adjusts && e.line > choice.line && !e.included && e.value.e4() != 0
    };
    let mut found = entries.iter().filter(adds);
    let Some(first) = found.next() else {
        return unknown(choice, entries, rows).map(|amount| Against::Below { amount });
    };
    // Several tips are suggestions.
    let many = first.role == Role::Tip && found.next().is_some();
    (!many).then_some(Against::Below {
        amount: first.value,
    })
}

/// Whether nothing is priced below a choice: `Total drinks` closes a part of the paper only.
pub(super) fn closes(choice: &Choice, rows: &Rows) -> bool {
    let labelled = |r: &Row| matches!(r.role, Some(Role::Total(0)));
    let line = |r: &&Row| r.line == choice.line;
    let priced = |r: &Row| {
        r.role.is_none()
            && !r.summary
            && r.numbers.iter().any(|n| n.is_money() && rows.is_amount(n))
    };
    rows.rows.iter().find(line).is_some_and(labelled)
        && !rows.rows.iter().skip(choice.line + 1).any(priced)
}

/// An amount below the total whose label is not known and that could be added or taken off; or a
/// tax that is exactly its rate of the total, and so not in it.
fn unknown(choice: &Choice, entries: &[Entry], rows: &Rows) -> Option<Decimal> {
    let below = rows.rows.iter().skip(choice.line + 1);
    let mut bare = below.skip_while(|r| r.numbers.is_empty() && r.label.is_empty());
    let next = bare.next().and_then(|row| {
        let amount = lone_amount(row, rows)?;
        // Beside a total with a currency, a number without one or decimals may be anything.
        let marked = |row: &Row| row.numbers.iter().any(|n| n.mark.is_some());
        let total = rows.rows.iter().find(|r| r.line == choice.line);
        if rows.places == 0 && total.is_some_and(marked) && !marked(row) && amount.e4() > 0 {
            return None;
        }
        let labelled = entries.iter().any(|e| e.line == row.line) || row.role.is_some();
        let letters = row.label.chars().any(char::is_alphabetic);
        let (v, part) = (choice.value.e4(), amount.e4());
        // What one of several payers owes.
        let share = part > 0 && (2..=8).any(|n| (v - n * part).abs() <= n * 100);
        let smaller = part < v && part != 0 && !share;
        (!labelled && letters && !row.summary && smaller).then_some(amount)
    });
    let tax = || {
        let mut all = rows.rows.iter().skip(choice.line + 1);
        all.find_map(|row| added_tax(choice, row, rows))
    };
    next.or_else(tax).or_else(|| summed_again(choice, rows))
}

/// `Old debt 5.00`, `Grand sum 25.00` below `Total 20.00`: what stands below it was summed again
/// with it, and the later sum is what is to be paid.
fn summed_again(choice: &Choice, rows: &Rows) -> Option<Decimal> {
    let mut sum = choice.value.e4();
    for row in rows.rows.iter().skip(choice.line + 1) {
        let Some(amount) = lone_amount(row, rows).filter(|_| !row.summary) else {
            continue;
        };
        let (paid, part) = match row.role {
            Some(Role::Tendered(_) | Role::Change | Role::Aside) => (true, false),
            Some(Role::Tax | Role::Base | Role::Tip | Role::Optional) => (false, false),
            _ => (false, true),
        };
        if !paid && sum != choice.value.e4() && amount.e4() == sum {
            return Some(amount);
        }
        if part {
            sum = sum.saturating_add(amount.e4());
        }
    }
    None
}

/// Whether the total stands again below itself beside words that are not known: a way of payment
/// that no list has, of which there are hundreds.
pub(super) fn again(choice: &Choice, rows: &Rows) -> bool {
    let beside = |row: &&Row| {
        let named = row.label.chars().filter(|c| c.is_alphabetic()).count() > 1;
        let same = || lone_amount(row, rows).is_some_and(|amount| amount == choice.value);
        let unknown = match row.role {
            None => true,
            // `会员余额 42.00`: the balance that it was taken from.
            Some(Role::Aside) => row.flags & lexicon::ASIDE != 0,
            Some(_) => false,
        };
        unknown && !row.summary && row.reference.is_none() && named && same()
    };
    rows.rows
        .iter()
        .skip(choice.line + 1)
        .any(|row| beside(&row))
}

fn lone_amount(row: &Row, rows: &Rows) -> Option<Decimal> {
    let mut money = row.numbers.iter().filter(|n| rows.is_amount(n));
    let only = money.next()?;
    (money.next().is_none() && only.is_money()).then_some(only.value)
}

/// `PPN 11%   8.800` below `Total 80.000`: in it the tax would be 7.928.
fn added_tax(choice: &Choice, row: &Row, rows: &Rows) -> Option<Decimal> {
    let amount = lone_amount(row, rows).filter(|_| row.role == Some(Role::Tax))?;
    let rate = row.numbers.iter().find(|n| n.percent)?.value;
    let exact = i128::from(choice.value.e4()) * i128::from(rate.e4()) / 1_000_000;
    let step = if amount.places() == 0 { 10_000 } else { 100 };
    let near = (exact - i128::from(amount.e4())).abs() < step;
    let included = exact * 1_000_000 / (1_000_000 + i128::from(rate.e4()));
    let told_apart = (exact - included).abs() > 2 * step;
    (near && told_apart && rate.e4() > 0).then_some(amount)
}

//! Arithmetic decides: which of the amounts that could be the total is the one that adds up.
//!
//! Four independent ways lead to a total: what was sold, the subtotal with what is added and taken
//! off, the tax table, and what was paid less the change. A candidate that one of them reaches is
//! supported; a rival that is itself reached, and is no part of the other, makes both doubtful.

use super::items::Items;
use super::number::Decimal;
use super::rows::{Entry, Means, Role};

/// How many amounts of one role are combined; a paper with more has its sums wrong anyway.
const PARTS_MAX: usize = 5;

/// One amount that could be the total.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: Decimal,
    pub(super) line: usize,
    pub(super) rank: u8,
    pub(super) times: usize,
    pub(super) doubtful: bool,
    /// Its label says amount or sum: not that it is the whole, and not that it is something else.
    pub(super) called: bool,
    pub(super) support: Vec<Support>,
    pub(super) against: Vec<Against>,
    /// The tax that was added on the way to it.
    pub(super) tax: Option<i64>,
    /// It stands below itself again, beside words that are not known: what it was paid with.
    pub(super) again: bool,
}

impl Choice {
    /// The line of the change that what was paid leaves.
    pub(super) fn change_line(&self, entries: &[Entry]) -> Option<usize> {
        let change = self.support.iter().find_map(|s| match s {
            Support::Paid { change, .. } => Some(*change),
            _ => None,
        })?;
        let of = |e: &&Entry| e.role == Role::Change && e.value == change;
        entries.iter().find(of).map(|e| e.line)
    }

    /// A choice of which nothing is known yet.
    pub(super) const fn new(value: Decimal, line: usize, rank: u8, doubtful: bool) -> Self {
        Self {
            value,
            line,
            rank,
            times: 1,
            doubtful,
            called: false,
            support: Vec::new(),
            against: Vec::new(),
            tax: None,
            again: false,
        }
    }

    /// Strength of what speaks for it.
    fn weight(&self) -> usize {
        let strong = |s: &Support| match s {
            Support::Paid { .. } | Support::Subtotal { .. } => 3,
            Support::Items => 3,
            Support::Taxes => 2,
            Support::SubtotalAlone | Support::PaidAlone => 1,
        };
        self.support.iter().map(strong).sum::<usize>()
    }

    fn order(&self) -> (bool, usize, u8, usize, usize) {
        let contradicted = |a: &Against| matches!(a, Against::Paid { .. } | Against::Short { .. });
        let unpaid = self.against.iter().any(contradicted);
        (
            !unpaid,
            self.weight() + 2 * usize::from(self.rank),
            self.rank,
            self.times,
            self.line,
        )
    }
}

/// What leads to an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// The items, with what is added and taken off, come to it.
    Items,
    /// Subtotal and parts, as a sum in words.
    Subtotal { sum: String },
    /// A subtotal of the same amount.
    SubtotalAlone,
    /// The tax table's base and tax come to it.
    Taxes,
    /// Paid less change.
    Paid { paid: Decimal, change: Decimal },
    /// Something paid of the same amount, and no change.
    PaidAlone,
}

/// What speaks against an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// The items were understood and come to something else.
    Items { sum: Decimal },
    /// No subtotal leads to it.
    Subtotal { subtotal: Decimal },
    /// Paid less change is something else.
    Paid { paid: Decimal, change: Decimal },
    /// Less was paid than this.
    Short { paid: Decimal },
    /// Something is added or taken off below it, and no total follows.
    Below { amount: Decimal },
}

/// All amounts by role.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) subtotals: Vec<Decimal>,
    pub(super) taxes: Vec<Decimal>,
    pub(super) bases: Vec<Decimal>,
    pub(super) discounts: Vec<Decimal>,
    pub(super) services: Vec<Decimal>,
    pub(super) tips: Vec<Decimal>,
    /// Service or tips that the payer may leave out.
    pub(super) optional: Vec<Decimal>,
    pub(super) roundings: Vec<Decimal>,
    pub(super) tendered: Vec<(Decimal, Means)>,
    pub(super) changes: Vec<Decimal>,
    /// Amounts that stand more than once in one role: two taxes of the same rate, or one twice.
    repeated: Vec<(Role, Decimal)>,
    /// Rows of tax tables: several amounts in one line.
    tables: Vec<Vec<Decimal>>,
}

impl Parts {
    pub(super) fn of(entries: &[Entry], tables: Vec<Vec<Decimal>>) -> Self {
        let mut parts = Self {
            tables,
            ..Self::default()
        };
        let total = |e: &&Entry| matches!(e.role, Role::Total(2..)) && !e.summary;
        let total_line = entries.iter().find(total).map(|e| e.line);
        for entry in entries {
            let value = entry.value;
            let list = match entry.role {
                Role::Subtotal => &mut parts.subtotals,
                Role::Tax => &mut parts.taxes,
                Role::Base => &mut parts.bases,
                Role::Discount => &mut parts.discounts,
                Role::Service => &mut parts.services,
                Role::Tip => &mut parts.tips,
                Role::Optional => {
                    parts.optional.push(value);
                    &mut parts.services
                }
                Role::Rounding => &mut parts.roundings,
                Role::Change => &mut parts.changes,
                Role::Voucher if total_line.is_some_and(|line| line < entry.line) => {
                    parts.tendered.push((value.abs(), Means::Voucher));
                    continue;
                }
                Role::Voucher => &mut parts.discounts,
                Role::Tendered(means) => {
                    parts.tendered.push((value, means));
                    continue;
                }
                Role::Total(_) | Role::Amount | Role::Aside => continue,
            };
            if list.len() >= PARTS_MAX {
                continue;
            }
            if list.contains(&value) {
                parts.repeated.push((entry.role, value));
            } else {
                list.push(value);
            }
        }
        parts.negative_cash_is_change();
        for row in parts.tables.clone() {
            if let Some(tax) = table_tax(&row)
                && !parts.taxes.contains(&tax)
                && parts.taxes.len() < PARTS_MAX
            {
                parts.taxes.push(tax);
            }
        }
        parts
    }

    /// `CASH -100.00`, `CASH 11.00`: what came in is negative, what went out positive.
    fn negative_cash_is_change(&mut self) {
        type Tenders = Vec<(Decimal, Means)>;
        let (given, back): (Tenders, Tenders) = self.tendered.iter().partition(|t| t.0.e4() < 0);
        if !given.is_empty() {
            if self.changes.is_empty() {
                self.changes = back.iter().map(|t| t.0).collect();
                self.tendered = given;
            }
            for paid in &mut self.tendered {
                paid.0 = paid.0.abs();
            }
        }
        for change in &mut self.changes {
            *change = change.abs();
        }
    }

    /// The ways of adding and taking off.
    fn adjustments(&self) -> Vec<Adjustment> {
        let again = |role: Role| -> Vec<Decimal> {
            let of_role = self.repeated.iter().filter(|r| r.0 == role);
            of_role.map(|r| r.1).collect()
        };
        let lists = [
            options("tax", &self.taxes, &again(Role::Tax), 1),
            options("service", &self.services, &again(Role::Service), 1),
            options("tip", &self.tips, &[], 1),
            options("discount", &self.discounts, &again(Role::Discount), -1),
            options("rounding", &self.roundings, &[], 1),
        ];
        let mut sums = vec![Adjustment::default()];
        for (i, list) in lists.iter().enumerate() {
            let mut next = Vec::with_capacity(sums.len() * list.len());
            for sum in &sums {
                for (part, words) in list {
                    next.push(Adjustment {
                        part: sum.part + part,
                        tax: if i == 0 { *part } else { sum.tax },
                        words: format!("{}{words}", sum.words),
                    });
                }
            }
            sums = next;
        }
        // The fewest parts first: what adds up without them needs none of them.
        sums.sort_by_key(|a| a.words.len());
        sums
    }
}

/// What is added to a sum and taken off it: the tax in it, and all of it in words.
#[derive(Clone, Debug, Default)]
pub(super) struct Adjustment {
    part: i64,
    tax: i64,
    words: String,
}

/// None of them, each of them, all of them, all of them with those that repeat.
fn options(name: &str, values: &[Decimal], again: &[Decimal], sign: i64) -> Vec<(i64, String)> {
    let places = values.first().map_or(2, |v| v.places());
    let signed = |v: &Decimal| if sign < 0 { -v.e4().abs() } else { v.e4() };
    let word = if sign < 0 { "less" } else { "plus" };
    let mut out = vec![(0, String::new())];
    let mut add = |part: i64| {
        if part != 0 && out.iter().all(|o| o.0 != part) {
            out.push((
                part,
                format!(" {word} {name} {}", Decimal::of_e4(part, places).abs()),
            ));
        }
    };
    values.iter().map(signed).for_each(&mut add);
    add(values.iter().map(signed).sum());
    if !again.is_empty() {
        add(values.iter().chain(again).map(signed).sum());
    }
    out
}

/// Every amount that could be the total, with what speaks for and against it; the best first.
pub(super) fn choices(entries: &[Entry], parts: &Parts, items: &Items) -> Vec<Choice> {
    let adjustments = parts.adjustments();
    let mut out: Vec<Choice> = Vec::new();
    for entry in entries {
        let (rank, called) = match entry.role {
            Role::Total(rank) if entry.summary => (rank.min(1), false),
            Role::Total(rank) => (rank, false),
            Role::Amount => (0, true),
            _ => continue,
        };
        match out.iter_mut().find(|c| c.value == entry.value) {
            Some(known) => {
                known.times += 1;
                known.rank = known.rank.max(rank);
                known.doubtful |= entry.doubtful;
                known.called |= called;
                known.line = entry.line;
            }
            None => out.push(Choice {
                called,
                ..Choice::new(entry.value, entry.line, rank, entry.doubtful)
            }),
        }
    }
    if out.is_empty() {
        out = called_net(entries, items);
    }
    rounded(&mut out, parts);
    for choice in &mut out {
        weigh(choice, parts, items, &adjustments);
    }
    summed_on(&mut out, entries);
    out.sort_by_key(|c| std::cmp::Reverse(c.order()));
    out
}

/// `Net Amount 21.00` on paper without a total: the base of a tax elsewhere, and in India what is
/// to be paid, when the items come to it.
fn called_net(entries: &[Entry], items: &Items) -> Vec<Choice> {
    let base = |e: &&Entry| e.role == Role::Base && !e.summary && !e.included;
    let of = |e: &Entry| Choice {
        called: true,
        ..Choice::new(e.value, e.line, 0, e.doubtful)
    };
    let mut bases = entries.iter().filter(base);
    let sold = |e: &&Entry| [items.net, items.gross].contains(&e.value.e4());
    let only = bases.next().filter(|_| bases.next().is_none());
    let known = only.filter(|_| !items.items.is_empty()).filter(sold);
    known.map(of).into_iter().collect()
}

/// `Net total 10.00`, `GST 1.00`, `Total 11.00`: an earlier total and all that stands between lead
/// to a later one.
fn summed_on(out: &mut [Choice], entries: &[Entry]) {
    let sums: Vec<(i64, usize)> = out.iter().map(|c| (c.value.e4(), c.line)).collect();
    let between = |from: usize, to: usize| {
        let inside = |e: &&Entry| e.line > from && e.line < to && !e.included && !e.summary;
        let part = |e: &Entry| match e.role {
            Role::Tax | Role::Service | Role::Tip | Role::Rounding => e.value.e4(),
            Role::Discount => -e.value.e4().abs(),
            _ => 0,
        };
        entries.iter().filter(inside).map(part).sum::<i64>()
    };
    for choice in out.iter_mut().filter(|c| c.rank > 0) {
        let before = sums.iter().find(|(sum, line)| {
            let part = choice.value.e4() - sum;
            *line < choice.line && part != 0 && between(*line, choice.line) == part
        });
        if let Some((sum, _)) = before {
            let places = choice.value.places();
            choice.support.push(Support::Subtotal {
                sum: format!("total {} and what follows", Decimal::of_e4(*sum, places)),
            });
        }
    }
}

/// A total after rounding that no label calls one: what was paid less the change is a total and the
/// rounding.
fn rounded(out: &mut Vec<Choice>, parts: &Parts) {
    let rounding = parts.roundings.iter().find(|r| r.e4() != 0);
    // `抹零: 0.90` takes the odd change off, `实收` is what remains and was paid.
    let wiped = || parts.discounts.iter().find(|d| d.e4() != 0);
    let taken_off = || wiped().map(|d| -d.e4().abs());
    let Some(part) = rounding.map(|r| r.e4()).or_else(taken_off) else {
        return;
    };
    let sums: Vec<Choice> = out.clone();
    for choice in sums {
        let value = choice.value.e4() + part;
        let small = part.abs() * 20 < choice.value.e4().abs();
        let change = parts.changes.first().map_or(0, |c| c.e4());
        let paid = parts.tendered.iter().any(|t| t.0.e4() - change == value);
        if small && paid && out.iter().all(|c| c.value.e4() != value) {
            out.push(Choice {
                value: Decimal::of_e4(value, choice.value.places()),
                ..choice
            });
        }
    }
}

/// Fills in what speaks for and against a choice.
pub(super) fn weigh(choice: &mut Choice, parts: &Parts, items: &Items, adjustments: &[Adjustment]) {
    let v = choice.value.e4();
    let own;
    let adjustments = if adjustments.is_empty() {
        own = parts.adjustments();
        &own
    } else {
        adjustments
    };
    from_items(choice, parts, items, adjustments);
    let mut reached = parts.subtotals.is_empty();
    for base in &parts.subtotals {
        if let Some(way) = adjustments.iter().find(|a| base.e4() + a.part == v) {
            reached = true;
            let support = if way.words.is_empty() {
                Support::SubtotalAlone
            } else {
                choice.tax = Some(way.tax).filter(|t| *t != 0);
                Support::Subtotal {
                    sum: format!("subtotal {base}{}", way.words),
                }
            };
            choice.support.push(support);
            break;
        }
    }
    // A subtotal may be what one part of the sale came to; their sum leads to the total then.
    let all: i64 = parts.subtotals.iter().map(|s| s.e4()).sum();
    if !reached && adjustments.iter().any(|a| all + a.part == v) {
        reached = true;
        choice.support.push(Support::Subtotal {
            sum: format!("subtotals {}", Decimal::of_e4(all, choice.value.places())),
        });
    }
    if let Some(first) = parts.subtotals.first().filter(|_| !reached) {
        choice.against.push(Against::Subtotal { subtotal: *first });
    }
    if by_tables(v, parts) {
        choice.support.push(Support::Taxes);
    }
    by_payment(choice, parts);
}

fn from_items(choice: &mut Choice, parts: &Parts, items: &Items, adjustments: &[Adjustment]) {
    let v = choice.value.e4();
    let leads = |sum: i64| adjustments.iter().find(|a| sum + a.part == v);
    let to_subtotal = |sum: i64| {
        parts
            .subtotals
            .iter()
            .chain(&parts.bases)
            .any(|s| s.e4() == sum)
    };
    if items.items.is_empty() {
        return;
    }
    if let Some(way) = leads(items.net).or_else(|| leads(items.gross)) {
        choice.tax = choice.tax.or_else(|| Some(way.tax).filter(|t| *t != 0));
        choice.support.push(Support::Items);
    } else if items.clear && !to_subtotal(items.net) && !to_subtotal(items.gross) {
        choice.against.push(Against::Items {
            sum: Decimal::of_e4(items.net, choice.value.places()),
        });
    }
}

/// The tax of a table row: the smaller of base and tax; of three, the smallest, when they add up.
fn table_tax(row: &[Decimal]) -> Option<Decimal> {
    let least = *row.iter().min_by_key(|d| d.e4())?;
    let most = row.iter().map(|d| d.e4()).max()?;
    let rest: i64 = row.iter().map(|d| d.e4()).sum::<i64>() - most;
    match row.len() {
        2 => (least.e4() * 2 < most).then_some(least),
        _ => (rest == most).then_some(least),
    }
}

/// Tax table rows: base and tax, or base, tax and gross; one row alone or all together.
fn by_tables(v: i64, parts: &Parts) -> bool {
    let sum = |row: &Vec<Decimal>| match row.as_slice() {
        [base, tax] => Some(base.e4() + tax.e4()),
        [a, b, c] if a.e4() + b.e4() == c.e4() => Some(c.e4()),
        [a, b, c] if b.e4() + c.e4() == a.e4() => Some(a.e4()),
        _ => None,
    };
    let sums: Vec<i64> = parts.tables.iter().filter_map(sum).collect();
    let listed: i64 = parts.bases.iter().chain(&parts.taxes).map(|d| d.e4()).sum();
    let pairs = !parts.bases.is_empty() && !parts.taxes.is_empty() && listed == v;
    pairs || sums.contains(&v) || (sums.len() > 1 && sums.iter().sum::<i64>() == v)
}

fn by_payment(choice: &mut Choice, parts: &Parts) {
    let v = choice.value.e4();
    let mut paid: Vec<i64> = parts
        .tendered
        .iter()
        .map(|t| t.0.e4())
        .filter(|t| *t > 0)
        .collect();
    paid.dedup();
    let all: i64 = paid.iter().sum();
    if paid.len() > 1 {
        paid.push(all);
    }
    let Some(most) = paid.iter().max().copied() else {
        return;
    };
    let change: Vec<i64> = parts.changes.iter().map(|c| c.e4()).collect();
    let places = choice.value.places();
    let decimal = |e4: i64| Decimal::of_e4(e4, places);
    let met = paid
        .iter()
        .find_map(|p| change.iter().find(|c| p - **c == v).map(|c| (*p, *c)));
    if let Some((paid, change)) = met {
        choice.support.push(if change > 0 {
            Support::Paid {
                paid: decimal(paid),
                change: decimal(change),
            }
        } else {
            Support::PaidAlone
        });
    } else if !change.is_empty() && !paid.contains(&v) {
        let change = decimal(change.first().copied().unwrap_or(0));
        choice.against.push(Against::Paid {
            paid: decimal(most),
            change,
        });
    } else if paid.contains(&v) {
        choice.support.push(Support::PaidAlone);
    } else if most < v {
        choice.against.push(Against::Short {
            paid: decimal(most),
        });
    }
}

/// Whether `rival` is a step on the way to `winner` (before rounding, tax or discount) or a part of
/// it, and so no second total.
pub(super) fn is_step(rival: &Choice, winner: &Choice, rivals: &[Choice], parts: &Parts) -> bool {
    let (r, w) = (rival.value.e4(), winner.value.e4());
    let others = || {
        rivals
            .iter()
            .map(|c| c.value.e4())
            .filter(|x| *x != r && *x != w)
    };
    let subtotal = parts
        .subtotals
        .iter()
        .chain(&parts.bases)
        .any(|s| s.e4() == r)
        && !winner.support.is_empty();
    r == 0
        || subtotal
        || parts
            .adjustments()
            .iter()
            .any(|a| !a.words.is_empty() && r + a.part == w)
        || others().any(|x| r + x == w)
        || parts.tendered.iter().any(|t| t.0.e4() == r && t.0.e4() > w)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(role: Role, text: &str) -> Entry {
        Entry {
            line: 0,
            role,
            value: Decimal::read(text).unwrap(),
            doubtful: false,
            included: false,
            summary: false,
        }
    }

    #[test]
    fn cash_that_is_negative_makes_the_other_cash_the_change() {
        let entries = [
            entry(Role::Total(2), "89.00"),
            entry(Role::Tendered(Means::Cash), "-100.00"),
            entry(Role::Tendered(Means::Cash), "11.00"),
        ];
        let parts = Parts::of(&entries, Vec::new());
        let choices = choices(&entries, &parts, &Items::default());
        assert!(matches!(choices[0].support[0], Support::Paid { .. }));
    }

    #[test]
    fn a_total_before_rounding_is_a_step_to_the_total() {
        let entries = [
            entry(Role::Total(2), "20.98"),
            entry(Role::Rounding, "0.02"),
            entry(Role::Total(2), "21.00"),
            entry(Role::Tendered(Means::Cash), "50.00"),
            entry(Role::Change, "29.00"),
        ];
        let parts = Parts::of(&entries, Vec::new());
        let all = choices(&entries, &parts, &Items::default());
        assert_eq!(all[0].value.to_string(), "21.00");
        assert!(is_step(&all[1], &all[0], &all, &parts));
    }
}

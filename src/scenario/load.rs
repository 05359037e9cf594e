//! When a crowd's members come, to which shop, for how much: the same for every driver.

use super::schema::{Crowd, Load, Merchant, Scenario, Shape};
use super::units::Drawn;
use crate::chance::{Chance, below};
use crate::id::Name;
use crate::money::Money;
use crate::text::Text;
use crate::time::Span;
use std::collections::BTreeMap;

/// The most visits of one load.
pub const VISITS_MAX: u64 = 1_000_000;
/// Nanoseconds of a day.
const DAY: u128 = 86_400_000_000_000;

/// One member of a crowd at one till: the till prints, the customer scans a little later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When the till prints, from the start of the run.
    pub at: Span,
    /// Who buys.
    pub customer: Name,
    /// Where.
    pub merchant: Name,
    /// At which till, from 1.
    pub till: u16,
    /// The order number that is printed: `office-17`.
    pub receipt: Text,
    /// For how much.
    pub amount: Money,
    /// How long after the paper came out they scan it.
    pub scans_in: Span,
}

impl Scenario {
    /// Every visit of a load in a seed, in the order in which they come.
    ///
    /// A rate that goes from `a` to `b` in a straight line gives a count of visits that grows with
    /// the area under it; the nth visit comes where that area passes `n` and a drawn part of one.
    /// So the number of visits is the load's own, and seeds differ in when they come. A `loop`
    /// gives the first round: every member once.
    pub fn visits(&self, load: &Load, chance: &Chance) -> Vec<Visit> {
        let Some(crowd) = self.crowds.get(&load.crowd) else {
            return Vec::new();
        };
        let mut visits: Vec<_> = (0..load.visits(crowd))
            .filter_map(|nth| self.visit(load, crowd, nth, chance))
            .collect();
        visits.sort_by_key(|visit| visit.at);
        visits
    }

    fn visit(&self, load: &Load, crowd: &Crowd, nth: u64, chance: &Chance) -> Option<Visit> {
        let key = format!("{}-{}-{nth}", load.crowd, load.mark.line);
        let key = key.as_bytes();
        let people = u64::from(crowd.people.max(1));
        let member = match load.shape {
            Shape::Arrivals => below(chance.draw("visitor", key, 0), people),
            Shape::Loop => nth % people,
        };
        let customer = Crowd::member(load.crowd, u32::try_from(member).ok()?.checked_add(1)?)?;
        let merchant = choose(&crowd.visits, chance.draw("shop", key, 0))?;
        let shop: &Merchant = self.merchants.get(&merchant)?;
        let part = u128::from(chance.draw("arrival", key, 0));
        let receipt = Text::clean(&format!("{}-{}", load.crowd, nth + 1));
        Some(Visit {
            at: load.instant(nth, part)?,
            customer,
            merchant,
            till: u16::try_from(u64::between(
                1,
                shop.tills.into(),
                chance.draw("till", key, 0),
            ))
            .unwrap_or(1),
            receipt,
            amount: load.basket.pick(chance, "basket", key),
            scans_in: crowd.each.scans_in.pick(chance, "scans-in", key),
        })
    }
}

impl Load {
    /// How many come.
    fn visits(&self, crowd: &Crowd) -> u64 {
        match self.shape {
            Shape::Loop => u64::from(crowd.people),
            Shape::Arrivals => {
                let area: u128 = self.areas().map(|(area, ..)| area).sum();
                u64::try_from(area / (2 * DAY))
                    .unwrap_or(u64::MAX)
                    .min(VISITS_MAX)
            }
        }
    }

    /// Of each stage: twice the area under its rate in visits times nanoseconds of a day, the rates
    /// at its ends, its length.
    fn areas(&self) -> impl Iterator<Item = (u128, u128, u128, u128)> {
        let mut last = 0;
        self.stages.iter().map(move |stage| {
            let (from, to) = (last, u128::from(stage.to.per_day()));
            last = to;
            let lasts = u128::from(stage.lasts.as_nanos());
            ((from + to).saturating_mul(lasts), from, to, lasts)
        })
    }

    /// Where the area passes `nth` visits and `part` (of 2^64) of one more.
    fn instant(&self, nth: u64, part: u128) -> Option<Span> {
        if self.shape == Shape::Loop {
            return Some(Span::ZERO);
        }
        let fraction = (2 * DAY * part) >> 64;
        let mut rest = 2 * DAY * u128::from(nth) + fraction;
        let mut begun = 0_u128;
        for (area, from, to, lasts) in self.areas() {
            if rest < area {
                let at = begun + within(rest, from, to, lasts);
                return u64::try_from(at).ok().map(Span::nanos);
            }
            rest -= area;
            begun += lasts;
        }
        None
    }
}

/// The instant within a stage at which twice the area under the line comes to `rest`, by halving:
/// exact in integers, the same on every machine.
fn within(rest: u128, from: u128, to: u128, lasts: u128) -> u128 {
    let area = |at: u128| {
        // Twice the area of the trapezium up to `at`: (from + rate(at)) * at.
        let rise = to.abs_diff(from).saturating_mul(at) / lasts.max(1);
        let rate = if to >= from { from + rise } else { from - rise };
        (from + rate).saturating_mul(at)
    };
    let (mut low, mut high) = (0, lasts);
    while low < high {
        let middle = low + (high - low) / 2;
        if area(middle) < rest {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// A name by its weight.
fn choose(weights: &BTreeMap<Name, u32>, drawn: u64) -> Option<Name> {
    let total: u64 = weights.values().map(|weight| u64::from(*weight)).sum();
    let mut at = below(drawn, total);
    for (name, weight) in weights {
        match at.checked_sub(u64::from(*weight)) {
            Some(rest) => at = rest,
            None => return Some(*name),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rush() -> Scenario {
        let source = include_str!("../../scenarios/lunch-rush.toml");
        Scenario::parse("lunch-rush.toml", source).unwrap_or_else(|invalid| panic!("{invalid}"))
    }

    #[test]
    fn a_lunch_rush_has_the_visits_that_its_stages_add_up_to() {
        // (0+20)/2 * 10 + (20+40)/2 * 20 + (40+5)/2 * 15 a minute.
        let rush = rush();
        let visits = rush.visits(&rush.loads[0], &Chance::of_seed(1));
        assert_eq!(visits.len(), 100 + 600 + 337);
        assert!(visits.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let until = |at| visits.iter().filter(|visit| visit.at < at).count();
        assert!((99..=101).contains(&until(Span::minutes(10))));
        assert!((699..=701).contains(&until(Span::minutes(30))));
        assert!(visits.last().unwrap().at <= Span::minutes(45));
    }

    #[test]
    fn visits_follow_weights_and_depend_on_the_seed_alone() {
        let rush = rush();
        let visits = rush.visits(&rush.loads[0], &Chance::of_seed(1));
        let noodles = visits
            .iter()
            .filter(|v| v.merchant.as_str() == "noodle-bar");
        assert!((700..850).contains(&noodles.count()));
        assert_eq!(visits, rush.visits(&rush.loads[0], &Chance::of_seed(1)));
        assert_ne!(visits, rush.visits(&rush.loads[0], &Chance::of_seed(2)));
        let tills: std::collections::BTreeSet<_> = visits.iter().map(|v| v.till).collect();
        assert_eq!(tills, [1, 2].into());
    }
}

//! Values that scenarios write in strings: ranges, probabilities, rates, shifts of a clock.
//!
//! A range `a..b` means that every seed picks; the pick is keyed by names, so that adding an actor
//! or moving a table in the file moves nobody else's choice.

use crate::chance::{Chance, below};
use crate::money::Money;
use crate::time::{Span, Time};
use std::fmt;
use std::str::FromStr;

/// From `least` to `most`, both included; one value when they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// The smallest that may be picked.
    pub least: T,
    /// The largest that may be picked.
    pub most: T,
}

impl<T: Copy> Range<T> {
    /// Always this value.
    pub const fn just(value: T) -> Self {
        Self {
            least: value,
            most: value,
        }
    }
}

impl<T: Drawn> Range<T> {
    /// This seed's value for `purpose` at `key` (names, as bytes): evenly spread.
    pub fn pick(&self, chance: &Chance, purpose: &str, key: &[u8]) -> T {
        self.pick_nth(chance, purpose, key, 0)
    }

    /// The value of the `nth` time that `purpose` asks about `key`.
    pub fn pick_nth(&self, chance: &Chance, purpose: &str, key: &[u8], nth: u64) -> T {
        T::between(self.least, self.most, chance.draw(purpose, key, nth))
    }
}

/// A value that can be drawn from a range.
pub trait Drawn: Copy + PartialOrd {
    /// The value between the two that 64 drawn bits choose.
    fn between(least: Self, most: Self, drawn: u64) -> Self;
}

impl Drawn for u64 {
    fn between(least: Self, most: Self, drawn: u64) -> Self {
        let width = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(below(drawn, width))
    }
}

impl Drawn for Span {
    fn between(least: Self, most: Self, drawn: u64) -> Self {
        Self::nanos(u64::between(least.as_nanos(), most.as_nanos(), drawn))
    }
}

impl Drawn for Money {
    fn between(least: Self, most: Self, drawn: u64) -> Self {
        let width = u64::try_from(most.minor().saturating_sub(least.minor())).unwrap_or(0);
        let extra = below(drawn, width.saturating_add(1));
        let extra = i64::try_from(extra).unwrap_or(i64::MAX);
        Self::new(least.minor().saturating_add(extra), least.currency())
    }
}

impl<T: fmt::Display + PartialEq> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most {
            return self.least.fmt(f);
        }
        write!(f, "{}..{}", self.least, self.most)
    }
}

/// Splits `a..b` (or `a`, or `a..=b`) and reads both ends with `read`.
pub(super) fn range<T: PartialOrd + Copy>(
    text: &str,
    read: impl Fn(&str) -> Result<T, UnitError>,
) -> Result<Range<T>, UnitError> {
    let (least, most) = match text.split_once("..") {
        Some((least, most)) => (least, most.strip_prefix('=').unwrap_or(most)),
        None => (text, text),
    };
    let range = Range {
        least: read(least)?,
        most: read(most)?,
    };
    if range.least > range.most {
        return Err(UnitError::new(text, "a range from less to more"));
    }
    Ok(range)
}

/// A probability, in parts per million: `1%`, `0.05%`, `100%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many parts of a million.
    pub const fn parts_per_million(self) -> u32 {
        self.0
    }

    /// Whether it happens this time: keyed as [`Chance::happens`].
    pub fn happens(self, chance: &Chance, purpose: &str, key: &[u8], nth: u64) -> bool {
        self.0 > 0 && chance.happens(self.0, purpose, key, nth)
    }
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a percentage such as 1%, 0.05% or 50%");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let parts = scaled(number, 10_000).ok_or_else(wrong)?;
        let parts = u32::try_from(parts).ok().filter(|p| *p <= 1_000_000);
        parts.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        let part = format!("{part:04}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            part => write!(f, "{whole}.{part}%"),
        }
    }
}

/// How often something happens, in events a day: `40/min`, `5/s`, `100/h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// Never.
    pub const ZERO: Self = Self(0);

    /// So many a day.
    pub const fn per_day(self) -> u64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a rate such as 40/min, 5/s, 100/h or 20/d");
        let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
        let a_day: u64 = match unit {
            "s" => 86_400,
            "m" | "min" => 1_440,
            "h" => 24,
            "d" => 1,
            _ => return Err(wrong()),
        };
        scaled(number, a_day).map(Self).ok_or_else(wrong)
    }
}

/// A number with at most one dot, times `size`, exactly; nothing when it is no whole number then.
fn scaled(number: &str, size: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let ten = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part = part.parse::<u64>().ok()?.checked_mul(size)?;
    if part % ten != 0 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(size)?;
    whole.checked_add(part / ten)
}

/// How much a link carries, in bytes a second: `64kB/s`, `1MB/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bandwidth(u64);

impl Bandwidth {
    /// So many bytes a second.
    pub const fn bytes_per_second(self) -> u64 {
        self.0
    }
}

impl FromStr for Bandwidth {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a bandwidth such as 500B/s, 64kB/s or 1MB/s");
        let number = text.strip_suffix("B/s").ok_or_else(wrong)?;
        let (number, size) = match (number.strip_suffix('k'), number.strip_suffix('M')) {
            (Some(number), _) => (number, 1_000),
            (_, Some(number)) => (number, 1_000_000),
            _ => (number, 1),
        };
        let bytes = scaled(number, size).filter(|b| *b > 0);
        bytes.map(Self).ok_or_else(wrong)
    }
}

/// How far a clock is off: `+1h` ahead, `-30s` behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Whether it is ahead.
    pub ahead: bool,
    /// By how much.
    pub by: Span,
}

impl Skew {
    /// A clock that is right.
    pub const NONE: Self = Self {
        ahead: true,
        by: Span::ZERO,
    };

    /// What such a clock shows at `now`.
    pub const fn shows(self, now: Time) -> Time {
        if self.ahead {
            now.after(self.by)
        } else {
            now.before(self.by)
        }
    }

    /// When it is that such a clock shows `shown`.
    pub const fn when(self, shown: Time) -> Time {
        let back = Self {
            ahead: !self.ahead,
            by: self.by,
        };
        back.shows(shown)
    }
}

impl FromStr for Skew {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a shift such as +1h or -30s");
        let (ahead, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (true, rest),
            Some(("-", rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let by = rest.parse().map_err(|_not_a_span| wrong())?;
        Ok(Self { ahead, by })
    }
}

/// The seeds of a sweep: `1..=20`, or one: `42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// The last, included.
    pub last: u64,
}

impl Seeds {
    /// Every one, in order.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        self.first..=self.last
    }

    /// How many.
    pub const fn count(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

impl FromStr for Seeds {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "seeds such as 42 or 1..=20");
        let read = |text: &str| text.parse::<u64>().map_err(|_not_a_number| wrong());
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (first, last.strip_prefix('=').ok_or_else(wrong)?),
            None => (text, text),
        };
        let seeds = Self {
            first: read(first)?,
            last: read(last)?,
        };
        (seeds.first <= seeds.last)
            .then_some(seeds)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}..={}", self.first, self.last)
    }
}

/// A string that is not the value that its key takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read `{text}`: expected {expected}")]
pub struct UnitError {
    /// What was there, cut to 40 characters.
    pub text: String,
    /// What was expected.
    pub expected: String,
}

impl UnitError {
    pub(super) fn new(text: &str, expected: &str) -> Self {
        Self {
            text: text.chars().take(40).collect(),
            expected: expected.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    #[test]
    fn shares_rates_and_skews_read_as_people_write_them() {
        assert_eq!("0.05%".parse::<Share>().unwrap().parts_per_million(), 500);
        assert_eq!("100%".parse(), Ok(Share::ALWAYS));
        assert_eq!("40/min".parse::<Rate>().unwrap().per_day(), 57_600);
        assert_eq!("0.5/s".parse::<Rate>().unwrap().per_day(), 43_200);
        assert!("-30s".parse::<Skew>().is_ok_and(|skew| !skew.ahead));
        assert_eq!(
            "64kB/s".parse::<Bandwidth>().unwrap().bytes_per_second(),
            64_000
        );
        for bad in ["101%", "1", "%", "-1%", "1.%", "0.00001%"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
        for bad in ["", "40", "40/y", "/min", "0.3/d", "1e3/s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sweep_needs_its_last_seed_said_to_be_included() {
        assert_eq!("1..=20".parse::<Seeds>().unwrap().count(), 20);
        assert_eq!("42".parse::<Seeds>().unwrap().to_string(), "42");
        for bad in ["1..20", "5..=1", "", "x", "..=3"] {
            assert!(bad.parse::<Seeds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pick_depends_on_names_and_not_on_other_picks() {
        let wait = Range {
            least: Span::seconds(2),
            most: Span::seconds(9),
        };
        let chance = Chance::of_seed(7);
        let ann = wait.pick(&chance, "scans-in", b"ann");
        assert_eq!(ann, wait.pick(&chance, "scans-in", b"ann"));
        assert_ne!(ann, wait.pick(&chance, "scans-in", b"bob"));
    }

    proptest! {
        #[test]
        fn a_pick_lies_within_its_range(a in 0_i64..1_000_000, b in 0_i64..1_000_000, seed: u64) {
            let money = |minor| Money::new(minor, Currency::EUR);
            let range = Range { least: money(a.min(b)), most: money(a.max(b)) };
            let picked = range.pick(&Chance::of_seed(seed), "basket", b"ann");
            prop_assert!(range.least <= picked && picked <= range.most);
        }

        #[test]
        fn a_share_reads_back_what_it_writes(parts in 0_u32..=1_000_000) {
            let share = Share(parts);
            prop_assert_eq!(share.to_string().parse::<Share>(), Ok(share));
        }

        #[test]
        fn no_text_makes_the_units_panic(text in ".{0,12}") {
            let _ = text.parse::<Share>().is_ok() | text.parse::<Rate>().is_ok();
            let _ = text.parse::<Skew>().is_ok() | text.parse::<Seeds>().is_ok();
            let _ = text.parse::<Bandwidth>().is_ok();
        }
    }
}

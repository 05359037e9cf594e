//! Time as data: an instant and a span, both in nanoseconds. Nothing here reads a clock.
//!
//! Why: time is an argument (law 1). The simulator hands out virtual instants and the network's
//! node real ones; below the drivers nobody can tell which.

use std::fmt;
use std::str::FromStr;

const NANOS_PER_S: u64 = 1_000_000_000;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (to the year 2554).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The instant `nanos` nanoseconds after the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds as u64 * NANOS_PER_S)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since the Unix epoch; the last second of 2106-02-07 from then on.
    pub fn seconds(self) -> u32 {
        u32::try_from(self.0 / NANOS_PER_S).unwrap_or(u32::MAX)
    }

    /// The instant `span` later; the end of time when that is beyond it.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant `span` earlier; the epoch when that is before it.
    #[must_use]
    pub const fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long ago `earlier` was; nothing when it lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Year, month, day, hour, minute, second, nanosecond in UTC (proleptic Gregorian).
    pub fn civil(self) -> (u64, u64, u64, u64, u64, u64, u64) {
        let (days, rest) = (
            self.0 / (86_400 * NANOS_PER_S),
            self.0 % (86_400 * NANOS_PER_S),
        );
        let (year, month, day) = civil_of_days(days);
        let seconds = rest / NANOS_PER_S;
        let clock = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        (
            year,
            month,
            day,
            clock.0,
            clock.1,
            clock.2,
            rest % NANOS_PER_S,
        )
    }

    /// The instant of a UTC date and clock time; `None` when there is no such day or second.
    pub fn from_civil(date: (u64, u64, u64), clock: (u64, u64, u64)) -> Option<Self> {
        let ((year, month, day), (hour, minute, second)) = (date, clock);
        let sane = (1970..2554).contains(&year) && (1..=12).contains(&month);
        if !sane || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_of_civil(year, month, day);
        if day == 0 || civil_of_days(days) != (year, month, day) {
            return None;
        }
        Some(Self(
            (days * 86_400 + hour * 3600 + minute * 60 + second) * NANOS_PER_S,
        ))
    }
}

/// Days since 1970-01-01 of a civil date, after H. Hinnant's `days_from_civil` with March-based
/// years.
fn days_of_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_of_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    (year, month, of_year - (153 * march + 2) / 5 + 1)
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with milliseconds: `2026-05-04T11:30:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second, nanos) = self.civil();
        let millis = nanos / 1_000_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// A length of time in nanoseconds, never negative.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of nanoseconds.
    pub const fn nanos(n: u64) -> Self {
        Self(n)
    }

    /// A span of microseconds.
    pub const fn micros(n: u64) -> Self {
        Self(n.saturating_mul(1000))
    }

    /// A span of milliseconds.
    pub const fn millis(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// A span of seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(NANOS_PER_S))
    }

    /// A span of minutes.
    pub const fn minutes(n: u64) -> Self {
        Self::seconds(n.saturating_mul(60))
    }

    /// A span of hours.
    pub const fn hours(n: u64) -> Self {
        Self::minutes(n.saturating_mul(60))
    }

    /// How many nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How many whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// For drivers, which wait.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }
}

/// The units a span is written in, the largest first.
const UNITS: &[(&str, u64)] = &[
    ("d", 86_400 * NANOS_PER_S),
    ("h", 3600 * NANOS_PER_S),
    ("m", 60 * NANOS_PER_S),
    ("s", NANOS_PER_S),
    ("ms", 1_000_000),
    ("us", 1000),
    ("ns", 1),
];

impl fmt::Display for Span {
    /// The two largest units that say something: `2m14s`, `41s`, `300ms`, `1d4h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = UNITS.iter().position(|u| self.0 >= u.1) else {
            return f.write_str("0s");
        };
        let (name, size) = UNITS[first];
        write!(f, "{}{name}", self.0 / size)?;
        match UNITS.get(first + 1) {
            Some((name, next)) if self.0 % size / next > 0 => {
                write!(f, "{}{name}", self.0 % size / next)
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    /// Reads `3s`, `1.5s`, `300ms`, `45m`, `2d`, `2m14s`: a number and a unit, more than once when
    /// the units shrink.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let malformed = || SpanError(text.chars().take(40).collect());
        let (mut rest, mut total, mut last) = (text, 0_u64, u64::MAX);
        while !rest.is_empty() {
            let at = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(malformed)?;
            let (number, tail) = rest.split_at(at);
            let to = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(to);
            let size = UNITS.iter().find(|u| u.0 == unit).ok_or_else(malformed)?.1;
            let nanos = scaled(number, size)
                .filter(|_| size < last)
                .ok_or_else(malformed)?;
            total = total.checked_add(nanos).ok_or_else(malformed)?;
            (rest, last) = (tail, size);
        }
        if text.is_empty() {
            Err(malformed())
        } else {
            Ok(Self(total))
        }
    }
}

/// `1.5` times `size`, exactly, or nothing when it is no such number of nanoseconds.
fn scaled(number: &str, size: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().ok()?;
    let places = u32::try_from(part.len()).ok()?;
    let part: u64 = part.parse().ok()?;
    let ten = 10_u64.checked_pow(places)?;
    let fraction = u64::try_from(u128::from(part) * u128::from(size) / u128::from(ten)).ok()?;
    whole.checked_mul(size)?.checked_add(fraction)
}

/// Not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read `{0}` as a length of time: expected a number and a unit, such as 300ms, 3s, 45m, 2d")]
pub struct SpanError(String);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_read_and_write_the_units_people_use() {
        for (text, nanos) in [
            ("300ms", 300_000_000),
            ("1.5s", 1_500_000_000),
            ("2m14s", 134_000_000_000),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span(nanos)));
        }
        assert_eq!(Span::seconds(134).to_string(), "2m14s");
        for bad in ["", "3", "s", "3 s", "3s2m", "-1s", "1..2s", "99999999999d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn there_is_no_thirtieth_of_february() {
        assert!(Time::from_civil((2026, 2, 30), (0, 0, 0)).is_none());
        let leap = Time::from_civil((2028, 2, 29), (23, 59, 59)).unwrap();
        assert_eq!(leap.to_string(), "2028-02-29T23:59:59.000Z");
    }

    proptest! {
        #[test]
        fn an_instants_date_leads_back_to_it(seconds in 0_u64..18_000_000_000) {
            let time = Time(seconds * NANOS_PER_S);
            let (y, mo, d, h, mi, s, _) = time.civil();
            prop_assert_eq!(Time::from_civil((y, mo, d), (h, mi, s)), Some(time));
        }
    }
}

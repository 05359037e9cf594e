//! Money: an integer count of minor units with its currency, and nothing that could round.
//!
//! Why not a decimal crate: every amount here arrives as digits on paper or as minor units in a
//! message, and leaves the same way. Integers with checked arithmetic make overflow and mixed
//! currencies errors instead of surprises (laws 2 and L8).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic
)]

use std::fmt;
use std::str::FromStr;

/// An amount of one currency, in that currency's minor units. May be negative: a ledger's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of `minor` minor units (cents, yen, fils).
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The count of minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency it is counted in.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum, or why there is none.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference, or why there is none.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// The same amount on the other side of the books.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// Whether this is an amount that can be asked of a payer: more than nothing (L10).
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Reads `12.50` (or `12`, `-0.30`) as an amount of `currency`: digits, at most one dot, and at
    /// most as many decimals as the currency has. What a person or a scenario types; the many
    /// forms that receipts print are read in `receipt`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed {
            text: text.chars().take(40).collect(),
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent = currency.exponent();
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) || digits.ends_with('.') {
            return Err(malformed());
        }
        if part.len() > exponent {
            return Err(MoneyError::TooManyDecimals {
                currency,
                decimals: part.len(),
            });
        }
        let padded = format!("{whole}{part:0<exponent$}");
        let minor: i64 = padded.parse().map_err(|_overflow| MoneyError::Overflow)?;
        let minor = if negative {
            minor.checked_neg().ok_or(MoneyError::Overflow)?
        } else {
            minor
        };
        Ok(Self { minor, currency })
    }

    /// The amount in digits without its currency: `1250.00`, `-3`, `0.05`.
    pub fn digits(self) -> String {
        let exponent = self.currency.exponent();
        let sign = if self.minor < 0 { "-" } else { "" };
        let all = self.minor.unsigned_abs().to_string();
        let width = exponent.saturating_add(1);
        let padded = format!("{all:0>width$}");
        let (whole, part) = padded.split_at(padded.len().saturating_sub(exponent));
        if part.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{part}")
        }
    }

    fn combine(self, other: Self, op: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed {
                left: self.currency,
                right: other.currency,
            });
        }
        let minor = op(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    /// `8.40 EUR`: digits, a space, the ISO 4217 code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits(), self.currency)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed {
            text: text.chars().take(40).collect(),
        };
        let (digits, code) = text.split_once(' ').ok_or_else(malformed)?;
        Self::parse(digits, code.parse()?)
    }
}

impl serde::Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why an amount could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies met in one sum.
    #[error("mix {left} with {right}")]
    Mixed {
        /// The left operand's currency.
        left: Currency,
        /// The right operand's currency.
        right: Currency,
    },
    /// The amount is beyond 64 bits of minor units.
    #[error("hold the amount: it is beyond 64 bits of minor units")]
    Overflow,
    /// Not an amount at all.
    #[error("read `{text}` as an amount: expected digits with at most one dot, such as 12.50")]
    Malformed {
        /// What was there, cut to 40 characters.
        text: String,
    },
    /// More decimals than the currency has minor units for.
    #[error("read the amount: {decimals} decimals, but {currency} has {}", currency.exponent())]
    TooManyDecimals {
        /// The currency.
        currency: Currency,
        /// How many decimals were written.
        decimals: usize,
    },
    /// No such currency in ISO 4217.
    #[error("find currency `{code}` in ISO 4217")]
    UnknownCurrency {
        /// What was there, cut to 8 characters.
        code: String,
    },
}

/// A currency of ISO 4217: alphabetic code, numeric code, count of decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(978);
    /// The yuan renminbi.
    pub const CNY: Self = Self(156);
    /// The yen, which has no minor unit.
    pub const JPY: Self = Self(392);
    /// ISO 4217's code for testing: what simulated money is counted in unless a scenario says.
    pub const XTS: Self = Self(963);

    /// The currency of an ISO 4217 numeric code.
    pub fn from_numeric(numeric: u16) -> Option<Self> {
        row(numeric).map(|_known| Self(numeric))
    }

    /// The ISO 4217 numeric code.
    pub const fn numeric(self) -> u16 {
        self.0
    }

    /// The ISO 4217 alphabetic code.
    pub fn code(self) -> &'static str {
        row(self.0).map_or("XXX", |r| r.1)
    }

    /// How many decimals the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> usize {
        row(self.0).map_or(2, |r| r.2)
    }

    /// Every currency known here, by numeric code.
    pub fn all() -> impl Iterator<Item = Self> {
        ISO_4217.iter().map(|r| Self(r.0))
    }
}

fn row(numeric: u16) -> Option<&'static (u16, &'static str, usize)> {
    let at = ISO_4217.binary_search_by_key(&numeric, |r| r.0).ok()?;
    ISO_4217.get(at)
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let letters = <[u8; 3]>::try_from(code.as_bytes()).ok();
        let found = letters.and_then(|letters| {
            let upper = letters.map(|letter| letter.to_ascii_uppercase());
            let row = ISO_4217.iter().find(|row| row.1.as_bytes() == upper)?;
            Some(Self(row.0))
        });
        found.ok_or_else(|| MoneyError::UnknownCurrency {
            code: code.chars().take(8).collect(),
        })
    }
}

/// ISO 4217:2015 active codes (list one), by numeric code: numeric, alphabetic, decimals.
/// Metals and funds are left out; XTS (testing) is kept.
const ISO_4217: &[(u16, &str, usize)] = &[
    (8, "ALL", 2),
    (12, "DZD", 2),
    (32, "ARS", 2),
    (36, "AUD", 2),
    (44, "BSD", 2),
    (48, "BHD", 3),
    (50, "BDT", 2),
    (51, "AMD", 2),
    (52, "BBD", 2),
    (60, "BMD", 2),
    (64, "BTN", 2),
    (68, "BOB", 2),
    (72, "BWP", 2),
    (84, "BZD", 2),
    (90, "SBD", 2),
    (96, "BND", 2),
    (104, "MMK", 2),
    (108, "BIF", 0),
    (116, "KHR", 2),
    (124, "CAD", 2),
    (132, "CVE", 2),
    (136, "KYD", 2),
    (144, "LKR", 2),
    (152, "CLP", 0),
    (156, "CNY", 2),
    (170, "COP", 2),
    (174, "KMF", 0),
    (188, "CRC", 2),
    (192, "CUP", 2),
    (203, "CZK", 2),
    (208, "DKK", 2),
    (214, "DOP", 2),
    (222, "SVC", 2),
    (230, "ETB", 2),
    (232, "ERN", 2),
    (238, "FKP", 2),
    (242, "FJD", 2),
    (262, "DJF", 0),
    (270, "GMD", 2),
    (292, "GIP", 2),
    (320, "GTQ", 2),
    (324, "GNF", 0),
    (328, "GYD", 2),
    (332, "HTG", 2),
    (340, "HNL", 2),
    (344, "HKD", 2),
    (348, "HUF", 2),
    (352, "ISK", 0),
    (356, "INR", 2),
    (360, "IDR", 2),
    (364, "IRR", 2),
    (368, "IQD", 3),
    (376, "ILS", 2),
    (388, "JMD", 2),
    (392, "JPY", 0),
    (398, "KZT", 2),
    (400, "JOD", 3),
    (404, "KES", 2),
    (408, "KPW", 2),
    (410, "KRW", 0),
    (414, "KWD", 3),
    (417, "KGS", 2),
    (418, "LAK", 2),
    (422, "LBP", 2),
    (426, "LSL", 2),
    (430, "LRD", 2),
    (434, "LYD", 3),
    (446, "MOP", 2),
    (454, "MWK", 2),
    (458, "MYR", 2),
    (462, "MVR", 2),
    (480, "MUR", 2),
    (484, "MXN", 2),
    (496, "MNT", 2),
    (498, "MDL", 2),
    (504, "MAD", 2),
    (512, "OMR", 3),
    (516, "NAD", 2),
    (524, "NPR", 2),
    (532, "ANG", 2),
    (533, "AWG", 2),
    (548, "VUV", 0),
    (554, "NZD", 2),
    (558, "NIO", 2),
    (566, "NGN", 2),
    (578, "NOK", 2),
    (586, "PKR", 2),
    (590, "PAB", 2),
    (598, "PGK", 2),
    (600, "PYG", 0),
    (604, "PEN", 2),
    (608, "PHP", 2),
    (634, "QAR", 2),
    (643, "RUB", 2),
    (646, "RWF", 0),
    (654, "SHP", 2),
    (682, "SAR", 2),
    (690, "SCR", 2),
    (702, "SGD", 2),
    (704, "VND", 0),
    (706, "SOS", 2),
    (710, "ZAR", 2),
    (728, "SSP", 2),
    (748, "SZL", 2),
    (752, "SEK", 2),
    (756, "CHF", 2),
    (760, "SYP", 2),
    (764, "THB", 2),
    (776, "TOP", 2),
    (780, "TTD", 2),
    (784, "AED", 2),
    (788, "TND", 3),
    (800, "UGX", 0),
    (807, "MKD", 2),
    (818, "EGP", 2),
    (826, "GBP", 2),
    (834, "TZS", 2),
    (840, "USD", 2),
    (858, "UYU", 2),
    (860, "UZS", 2),
    (882, "WST", 2),
    (886, "YER", 2),
    (901, "TWD", 2),
    (924, "ZWG", 2),
    (925, "SLE", 2),
    (926, "VED", 2),
    (928, "VES", 2),
    (929, "MRU", 2),
    (930, "STN", 2),
    (933, "BYN", 2),
    (934, "TMT", 2),
    (936, "GHS", 2),
    (938, "SDG", 2),
    (941, "RSD", 2),
    (943, "MZN", 2),
    (944, "AZN", 2),
    (946, "RON", 2),
    (949, "TRY", 2),
    (950, "XAF", 0),
    (951, "XCD", 2),
    (952, "XOF", 0),
    (953, "XPF", 0),
    (963, "XTS", 2),
    (967, "ZMW", 2),
    (968, "SRD", 2),
    (969, "MGA", 2),
    (971, "AFN", 2),
    (972, "TJS", 2),
    (973, "AOA", 2),
    (975, "BGN", 2),
    (976, "CDF", 2),
    (977, "BAM", 2),
    (978, "EUR", 2),
    (980, "UAH", 2),
    (981, "GEL", 2),
    (985, "PLN", 2),
    (986, "BRL", 2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_sorted_by_numeric_code_so_that_it_can_be_searched() {
        assert!(ISO_4217.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!("kwd".parse::<Currency>().unwrap().exponent(), 3);
    }

    #[test]
    fn amounts_are_written_with_their_currencys_decimals() {
        assert_eq!(Money::new(840, Currency::EUR).to_string(), "8.40 EUR");
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "-0.05 EUR");
        assert_eq!(Money::new(1250, Currency::JPY).to_string(), "1250 JPY");
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for bad in [
            "", ".", "1.", ".5", "1,5", "1.234", "+1", "1e3", "--1", "1.2.3", "９",
        ] {
            assert!(Money::parse(bad, Currency::EUR).is_err(), "{bad}");
        }
        assert_eq!(
            Money::parse("99999999999999999999", Currency::EUR),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn two_currencies_never_meet_in_a_sum() {
        let error = Money::zero(Currency::EUR).checked_add(Money::zero(Currency::JPY));
        assert_eq!(
            error,
            Err(MoneyError::Mixed {
                left: Currency::EUR,
                right: Currency::JPY
            })
        );
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_as_itself(minor in any::<i64>(), at in 0..ISO_4217.len()) {
            let money = Money::new(minor, Currency(ISO_4217[at].0));
            prop_assume!(minor != i64::MIN);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }
    }
}

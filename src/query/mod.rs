//! The one filter grammar: what people type to find orders, accounts and events, at a shell and on
//! a screen.
//!
//! ```text
//! filter  = term *( SP term )            all of them must hold
//! term    = [ "!" ] ( test / word )
//! test    = field op value *( "," value )        any of the values
//! op      = ":" / "=" / "!=" / ">" / ">=" / "<" / "<="
//! word    = value                        fuzzy: its letters, in order, close together
//! value   = 1*( any character but space, comma and quote ) / DQUOTE *any DQUOTE
//! ```
//!
//! `noodle`, `state:waiting,checking`, `amount>=500`, `age>2m`, `!merchant:tea`, `"Bean & Leaf"`.
//! `:` is "has" for text (upper and lower case alike) and "is" for everything else; `=` is "is" for
//! both. What is compared is declared by [`Field`]s and answered by a [`Subject`]; a filter that
//! was read needs no further checks.
//!
//! Why one grammar and no modes: a well-known console has four in one prompt, told apart by a
//! prefix, and nobody remembers which.

mod fuzzy;
mod parse;
#[cfg(test)]
mod tests;

pub use parse::{QueryError, Trouble};

use crate::money::{Currency, Money};
use crate::time::Span;
use std::fmt;

/// The longest a filter may be, in bytes.
pub const FILTER_BYTES_MAX: usize = 512;
/// The most terms of one filter.
pub const TERMS_MAX: usize = 32;

/// A field that a filter may ask about.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as typed.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What it is, for help.
    pub help: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Free text.
    Text,
    /// One of these words; upper and lower case alike, and a beginning will do.
    Word(&'static [&'static str]),
    /// An amount in major units: `8.40`, or `8.40EUR` when the currency matters.
    Amount,
    /// A length of time: `300ms`, `2m`, `1h30m`.
    Span,
    /// A count.
    Count,
}

/// A filter that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// In lower case.
    Fuzzy(String),
    Field {
        field: &'static Field,
        compare: Compare,
        /// Any of these.
        values: Vec<Operand>,
    },
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Has,
    Is,
    IsNot,
    More,
    AtLeast,
    Less,
    AtMost,
}

impl Compare {
    /// As typed; the longer ones first.
    const ALL: &'static [(&'static str, Self)] = &[
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("!=", Self::IsNot),
        (":", Self::Has),
        ("=", Self::Is),
        (">", Self::More),
        ("<", Self::Less),
    ];

    const fn is_order(self) -> bool {
        matches!(self, Self::More | Self::AtLeast | Self::Less | Self::AtMost)
    }

    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Has | Self::Is => left == right,
            Self::IsNot => left != right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    /// In lower case.
    Text(String),
    Word(&'static str),
    /// In ten-thousandths of the major unit, which is as fine as ISO 4217 goes.
    Amount(i128, Option<Currency>),
    Span(Span),
    Count(u64),
}

/// What a subject has in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    /// Text, or a word.
    Text(&'a str),
    /// An amount.
    Amount(Money),
    /// A length of time.
    Span(Span),
    /// A count.
    Count(u64),
}

/// Something that a filter can be asked about.
pub trait Subject {
    /// Whether anything that it has in this field fits; not, if it has nothing there.
    fn facts(&self, field: &'static str, fits: &mut dyn FnMut(Fact<'_>) -> bool) -> bool;

    /// Whether `likes` holds of anything that a person would recognise it by.
    fn any_text(&self, likes: &mut dyn FnMut(&str) -> bool) -> bool;
}

impl Filter {
    /// Reads a filter over these fields.
    ///
    /// # Errors
    /// [`QueryError`] with the place and, where one is near, the word that was meant.
    pub fn parse(text: &str, fields: &'static [Field]) -> Result<Self, QueryError> {
        parse::filter(text, fields).map(|terms| Self { terms })
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it asks about this field.
    pub fn asks(&self, name: &str) -> bool {
        let about =
            |term: &Term| matches!(&term.test, Test::Field { field, .. } if field.name == name);
        self.terms.iter().any(about)
    }

    /// Whether every term holds of it.
    pub fn matches(&self, subject: &impl Subject) -> bool {
        let holds = |term: &Term| term.test.holds(subject) != term.negated;
        self.terms.iter().all(holds)
    }
}

impl Test {
    fn holds(&self, subject: &impl Subject) -> bool {
        match self {
            Self::Fuzzy(word) => subject.any_text(&mut |text| fuzzy::likes(word, text)),
            Self::Field {
                field,
                compare: Compare::IsNot,
                values,
            } => {
                let is_any =
                    |fact: Fact<'_>| values.iter().any(|value| value.fits(Compare::Is, fact));
                subject.facts(field.name, &mut |fact| !is_any(fact))
            }
            Self::Field {
                field,
                compare,
                values,
            } => {
                let fits_any =
                    |fact: Fact<'_>| values.iter().any(|value| value.fits(*compare, fact));
                subject.facts(field.name, &mut |fact| fits_any(fact))
            }
        }
    }
}

impl Operand {
    fn fits(&self, compare: Compare, fact: Fact<'_>) -> bool {
        match (self, fact) {
            (Self::Text(value), Fact::Text(text)) if compare == Compare::Has => {
                fuzzy::has(value, text)
            }
            (Self::Text(value), Fact::Text(text)) => compare.holds(&text.to_lowercase(), value),
            (Self::Word(value), Fact::Text(text)) => compare.holds(&text, value),
            (Self::Amount(value, currency), Fact::Amount(money)) => {
                currency.is_none_or(|currency| currency == money.currency())
                    && compare.holds(&fine(money), value)
            }
            (Self::Span(value), Fact::Span(span)) => compare.holds(&span, value),
            (Self::Count(value), Fact::Count(count)) => compare.holds(&count, value),
            _another_kind => false,
        }
    }
}

/// The most decimals of a currency in ISO 4217.
const DECIMALS_MAX: usize = 4;

/// An amount in ten-thousandths of its major unit.
fn fine(money: Money) -> i128 {
    let places = DECIMALS_MAX.saturating_sub(money.currency().exponent());
    let power = u32::try_from(places).unwrap_or_default();
    i128::from(money.minor()) * 10_i128.pow(power)
}

impl fmt::Display for Filter {
    /// As it could have been typed: reading it again gives the same filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            let not = if term.negated { "!" } else { "" };
            write!(f, "{space}{not}{}", term.test)?;
        }
        Ok(())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fuzzy(word) => write_value(f, word),
            Self::Field {
                field,
                compare,
                values,
            } => {
                let sign = Compare::ALL.iter().find(|(_, known)| known == compare);
                write!(f, "{}{}", field.name, sign.map_or(":", |(sign, _)| sign))?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    value.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write_value(f, text),
            Self::Word(word) => f.write_str(word),
            Self::Amount(amount, currency) => {
                let sign = if *amount < 0 { "-" } else { "" };
                let (whole, part) = (
                    amount.unsigned_abs() / 10_000,
                    amount.unsigned_abs() % 10_000,
                );
                write!(f, "{sign}{whole}.{part:04}")?;
                currency.map_or(Ok(()), |currency| write!(f, "{currency}"))
            }
            Self::Span(span) => write!(f, "{}ns", span.as_nanos()),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// A value in quotes: what is in them is never read as anything else.
fn write_value(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        f.write_str(text)
    } else {
        write!(f, "\"{text}\"")
    }
}

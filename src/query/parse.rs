//! Reading a filter: total, with the place of what is wrong and the word that was perhaps meant.

use super::{
    Compare, DECIMALS_MAX, FILTER_BYTES_MAX, Field, FieldKind, Operand, TERMS_MAX, Term, Test,
};
use crate::money::Currency;
use crate::text::Text;
use std::fmt;

/// Where and why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the filter at column {}: {trouble}", .column + 1)]
pub struct QueryError {
    /// How many characters stand before it.
    pub column: usize,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong with a filter. Words of it are cut to 40 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is longer than [`FILTER_BYTES_MAX`] bytes or has more than [`TERMS_MAX`] terms.
    TooLong,
    /// A quote is not closed.
    OpenQuote,
    /// Nothing stands where a value or word should.
    NoValue,
    /// A quote stands within a word.
    StrayQuote,
    /// No field of this name.
    NoField {
        /// What was typed.
        name: Text,
        /// A field that is near.
        near: Option<&'static str>,
        /// All of them.
        all: Vec<&'static str>,
    },
    /// None of the field's words.
    NoWord {
        /// The field.
        field: &'static str,
        /// What was typed.
        word: Text,
        /// A word that is near.
        near: Option<&'static str>,
        /// All of them.
        all: &'static [&'static str],
    },
    /// The value is none for its field.
    BadValue {
        /// The field.
        field: &'static str,
        /// What was typed.
        value: Text,
        /// What a value looks like.
        expected: &'static str,
    },
    /// Text and words have no more and less.
    NoOrder {
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meant = |near: Option<&str>, all: &[&str]| match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("expected one of {}", all.join(", ")),
        };
        match self {
            Self::TooLong => write!(
                f,
                "longer than {FILTER_BYTES_MAX} bytes or {TERMS_MAX} terms"
            ),
            Self::OpenQuote => f.write_str("this quote is not closed"),
            Self::NoValue => f.write_str("a value is missing"),
            Self::StrayQuote => f.write_str("a quote within a word; quote the whole of it"),
            Self::NoField { name, near, all } => {
                write!(f, "no field `{name}`; {}", meant(*near, all))
            }
            Self::NoWord {
                field,
                word,
                near,
                all,
            } => write!(f, "no {field} is `{word}`; {}", meant(*near, all)),
            Self::BadValue {
                field,
                value,
                expected,
            } => write!(f, "{field} `{value}`: expected {expected}"),
            Self::NoOrder { field } => write!(f, "{field} has no more and less; use `:` or `=`"),
        }
    }
}

/// Reads all terms.
pub(super) fn filter(text: &str, fields: &'static [Field]) -> Result<Vec<Term>, QueryError> {
    let mut reader = Reader {
        rest: text,
        column: 0,
        fields,
    };
    let too_long = |column| QueryError {
        column,
        trouble: Trouble::TooLong,
    };
    if text.len() > FILTER_BYTES_MAX {
        return Err(too_long(0));
    }
    let mut terms = Vec::new();
    loop {
        reader.skip(char::is_whitespace);
        if reader.rest.is_empty() {
            return Ok(terms);
        }
        if terms.len() == TERMS_MAX {
            return Err(too_long(reader.column));
        }
        terms.push(reader.term()?);
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// How many characters were read.
    column: usize,
    fields: &'static [Field],
}

impl<'a> Reader<'a> {
    fn term(&mut self) -> Result<Term, QueryError> {
        let negated = self.take("!");
        let quoted = self.rest.starts_with('"');
        let (at, head) = (self.column, self.value(ends_head)?);
        let compare = Compare::ALL.iter().find(|(sign, _)| self.take(sign));
        let test = match compare {
            Some((_, compare)) if !quoted => self.test(at, &head, *compare)?,
            _no_operator => {
                if !self.rest.is_empty() && !self.rest.starts_with(char::is_whitespace) {
                    return Err(self.error(self.column, Trouble::StrayQuote));
                }
                if head.is_empty() {
                    return Err(self.error(at, Trouble::NoValue));
                }
                Test::Fuzzy(head.to_lowercase())
            }
        };
        Ok(Term { negated, test })
    }

    fn test(&mut self, at: usize, name: &str, compare: Compare) -> Result<Test, QueryError> {
        let lower = name.to_lowercase();
        let Some(field) = self.fields.iter().find(|field| field.name == lower) else {
            let all: Vec<_> = self.fields.iter().map(|field| field.name).collect();
            let near = nearest(&lower, &all);
            let name = shown(name);
            return Err(self.error(at, Trouble::NoField { name, near, all }));
        };
        let is_ordered = !matches!(field.kind, FieldKind::Text | FieldKind::Word(_));
        if compare.is_order() && !is_ordered {
            let field = field.name;
            return Err(self.error(at, Trouble::NoOrder { field }));
        }
        let mut values = Vec::new();
        loop {
            let (at, quoted) = (self.column, self.rest.starts_with('"'));
            let value = self.value(ends_value)?;
            if value.is_empty() && !quoted {
                return Err(self.error(at, Trouble::NoValue));
            }
            let operand = operand(field, &value).map_err(|trouble| self.error(at, trouble))?;
            values.push(operand);
            if !self.take(",") {
                break;
            }
        }
        if !self.rest.is_empty() && !self.rest.starts_with(char::is_whitespace) {
            return Err(self.error(self.column, Trouble::StrayQuote));
        }
        Ok(Test::Field {
            field,
            compare,
            values,
        })
    }

    /// What is in quotes, or everything before a character that ends it.
    fn value(&mut self, ends: fn(char) -> bool) -> Result<String, QueryError> {
        let at = self.column;
        if self.take("\"") {
            let text = self.skip(|c| c != '"');
            if !self.take("\"") {
                return Err(self.error(at, Trouble::OpenQuote));
            }
            return Ok(text.to_owned());
        }
        Ok(self.skip(|c| !ends(c)).to_owned())
    }

    fn take(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else {
            return false;
        };
        self.rest = rest;
        self.column += sign.chars().count();
        true
    }

    fn skip(&mut self, goes_on: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !goes_on(c)).unwrap_or(self.rest.len());
        let (read, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.column += read.chars().count();
        read
    }

    fn error(&self, column: usize, trouble: Trouble) -> QueryError {
        QueryError { column, trouble }
    }
}

/// What ends a field's name, or a bare word.
fn ends_head(c: char) -> bool {
    c.is_whitespace() || "\":=<>!".contains(c)
}

/// What ends a value.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || "\",".contains(c)
}

fn operand(field: &'static Field, value: &str) -> Result<Operand, Trouble> {
    let bad = |expected| Trouble::BadValue {
        field: field.name,
        value: shown(value),
        expected,
    };
    Ok(match field.kind {
        FieldKind::Text => Operand::Text(value.to_lowercase()),
        FieldKind::Word(all) => Operand::Word(word(field.name, value, all)?),
        FieldKind::Amount => {
            let read = amount(value);
            let (amount, currency) = read.ok_or_else(|| bad("digits, such as 8.40 or 8.40EUR"))?;
            Operand::Amount(amount, currency)
        }
        FieldKind::Span => {
            let span = value.parse();
            Operand::Span(span.map_err(|_no_span| bad("a number and a unit, such as 30s, 2m, 1h"))?)
        }
        FieldKind::Count => {
            let count = value.parse();
            Operand::Count(count.map_err(|_no_count| bad("a whole number"))?)
        }
    })
}

/// The word that was typed, or the only one that begins so.
fn word(
    field: &'static str,
    typed: &str,
    all: &'static [&'static str],
) -> Result<&'static str, Trouble> {
    let lower = typed.to_lowercase();
    let exact = all.iter().find(|word| word.to_lowercase() == lower);
    let begins = |word: &&&str| !lower.is_empty() && word.to_lowercase().starts_with(&lower);
    let mut beginning = all.iter().filter(begins);
    match (exact, beginning.next(), beginning.next()) {
        (Some(word), ..) | (None, Some(word), None) => Ok(word),
        _none_or_several => Err(Trouble::NoWord {
            field,
            word: shown(typed),
            near: nearest(&lower, all),
            all,
        }),
    }
}

/// `-12.5`, `8.40EUR`: ten-thousandths, and the currency if one is named.
fn amount(text: &str) -> Option<(i128, Option<Currency>)> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, code) = text.split_at(letters.unwrap_or(text.len()));
    let currency = match code {
        "" => None,
        code => Some(code.parse::<Currency>().ok()?),
    };
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || whole.len() > 18 || part.len() > DECIMALS_MAX {
        return None;
    }
    let fine: i128 = format!("{whole}{part:0<DECIMALS_MAX$}").parse().ok()?;
    Some((if negative { -fine } else { fine }, currency))
}

/// The one that was probably meant: a slip or two away.
fn nearest(typed: &str, all: &[&'static str]) -> Option<&'static str> {
    let distance = |word: &&str| strsim::osa_distance(typed, &word.to_lowercase());
    let near = all.iter().min_by_key(|word| distance(word))?;
    let far = typed.chars().count().div_ceil(2).min(3);
    (distance(near) <= far).then_some(*near)
}

fn shown(text: &str) -> Text {
    Text::clean(&text.chars().take(40).collect::<String>())
}

//! Reading one table: each key by its type, every wrong one noted, and what is left over unknown.

use super::Lower;
use crate::id::Name;
use crate::money::{Currency, Money};
use crate::scenario::diagnostic::{Code, Diagnostic, Spot, did_you_mean};
use crate::scenario::units::{Bandwidth, Range, Rate, Seeds, Share, Skew, UnitError, range};
use crate::text::Text;
use crate::time::{Span, Time};
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
pub(crate) type Item<'a> = &'a Spanned<DeValue<'a>>;

/// A table that is being read.
pub(crate) struct Table<'a> {
    map: &'a DeTable<'a>,
    /// Its header, or its braces.
    pub(crate) spot: Spot,
    /// What it is called in messages.
    pub(crate) what: String,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) fn new(map: &'a DeTable<'a>, spot: impl Into<Spot>, what: String) -> Self {
        Self {
            map,
            spot: spot.into(),
            what,
            known: Vec::new(),
        }
    }

    /// The value of a key; from now on the key is known.
    pub(crate) fn item(&mut self, key: &'static str) -> Option<Item<'a>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.map.get(key)
    }

    /// These keys are known, whatever they hold.
    pub(super) fn knows(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// The value of a key, if it is there and right.
    pub(crate) fn get<T: Read>(&mut self, cx: &mut Lower, key: &'static str) -> Option<T> {
        T::read(cx, self.item(key)?)
    }

    /// The value of a key, or the default.
    pub(crate) fn or<T: Read>(&mut self, cx: &mut Lower, key: &'static str, usual: T) -> T {
        self.get(cx, key).unwrap_or(usual)
    }

    /// The value of a key that must be there.
    pub(crate) fn need<T: Read>(&mut self, cx: &mut Lower, key: &'static str) -> Option<T> {
        self.must(cx, key);
        self.get(cx, key)
    }

    /// Notes that a key is missing.
    pub(crate) fn must(&self, cx: &mut Lower, key: &'static str) {
        if !self.map.contains_key(key) {
            let message = format!("{} has no `{key}`", self.what);
            cx.note(Diagnostic::new(
                Code::MissingKey,
                self.spot.clone(),
                message,
            ));
        }
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// A table below this one.
    pub(crate) fn table(&mut self, cx: &mut Lower, key: &'static str) -> Option<Self> {
        let item = self.item(key)?;
        let what = format!("`{key}`");
        table_of(cx, item, what)
    }

    /// The named tables below this one: `[bank.river]`.
    pub(super) fn named(&mut self, cx: &mut Lower, key: &'static str) -> Vec<(Word<'a>, Self)> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let DeValue::Table(map) = item.get_ref() else {
            cx.wrong(item, &format!("named tables such as [{key}.x]"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for (name, item) in map {
            let word = Word {
                text: name.get_ref(),
                spot: name.span().into(),
            };
            let what = format!("[{key}.{}]", word.text);
            if let Some(table) = table_of(cx, item, what) {
                out.push((word, table));
            }
        }
        out
    }

    /// The tables of an array: `[[step]]`.
    pub(super) fn array(&mut self, cx: &mut Lower, key: &'static str) -> Vec<Self> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let DeValue::Array(list) = item.get_ref() else {
            cx.wrong(item, &format!("tables such as [[{key}]]"));
            return Vec::new();
        };
        let each = list.iter();
        each.filter_map(|item| table_of(cx, item, format!("[[{key}]]")))
            .collect()
    }

    /// The values of a list.
    pub(crate) fn list(&mut self, cx: &mut Lower, key: &'static str) -> Option<Vec<Item<'a>>> {
        let item = self.item(key)?;
        if let DeValue::Array(list) = item.get_ref() {
            return Some(list.iter().collect());
        }
        cx.wrong(item, "a list");
        None
    }

    /// A string with its place.
    pub(crate) fn word(&mut self, cx: &mut Lower, key: &'static str) -> Option<Word<'a>> {
        Word::of(cx, self.item(key)?)
    }

    /// One of a list of words, given as pairs.
    pub(super) fn money(
        &mut self,
        cx: &mut Lower,
        key: &'static str,
        currency: Currency,
    ) -> Option<Money> {
        let range = self.money_range(cx, key, currency)?;
        (range.least == range.most)
            .then_some(range.least)
            .or_else(|| {
                cx.wrong(self.map.get(key)?, "one amount, and not a range");
                None
            })
    }

    /// An amount or a range of amounts, in `currency` unless it says another.
    pub(super) fn money_range(
        &mut self,
        cx: &mut Lower,
        key: &'static str,
        currency: Currency,
    ) -> Option<Range<Money>> {
        let item = self.item(key)?;
        let text = cx.string(item, "an amount in a string, such as \"23.50\"")?;
        let read = |text: &str| {
            let amount = if text.contains(' ') {
                text.parse::<Money>()
            } else {
                Money::parse(text, currency)
            };
            amount.map_err(|_malformed| {
                let decimals = currency.exponent();
                let expected = format!("an amount with at most {decimals} decimals in {currency}");
                UnitError::new(text, &expected)
            })
        };
        let found = range(text, read);
        cx.checked(item, found)
    }

    /// Notes every key that nothing asked for.
    pub(crate) fn finish(self, cx: &mut Lower) {
        for key in self.map.keys() {
            let text = key.get_ref().as_ref();
            if !self.known.contains(&text) {
                let message = format!("unknown key `{text}` in {}", self.what);
                let error = Diagnostic::new(Code::UnknownKey, key.span(), message);
                let help = did_you_mean(text, self.known.iter().copied());
                cx.note(error.label(one_of(&self.known)).help(help));
            }
        }
    }
}

/// "one of: a, b, c", or that there are none.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing belongs here".to_owned(),
        _ => format!("one of: {}", words.join(", ")),
    }
}

fn table_of<'a>(cx: &mut Lower, item: Item<'a>, what: String) -> Option<Table<'a>> {
    if let DeValue::Table(map) = item.get_ref() {
        return Some(Table::new(map, item.span(), what));
    }
    cx.wrong(item, "a table");
    None
}

/// A string with its place.
#[derive(Clone, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) spot: Spot,
}

impl<'a> Word<'a> {
    pub(crate) fn of(cx: &mut Lower, item: Item<'a>) -> Option<Self> {
        let text = cx.string(item, "a string")?;
        Some(Self {
            text,
            spot: item.span().into(),
        })
    }
}

/// A type that a key can have.
pub(crate) trait Read: Sized {
    /// Reads it, or notes what is wrong.
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self>;
}

impl Read for bool {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        if let DeValue::Boolean(value) = item.get_ref() {
            return Some(*value);
        }
        cx.wrong(item, "true or false");
        None
    }
}

impl Read for u32 {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let found = match item.get_ref() {
            DeValue::Integer(n) => Self::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        if found.is_none() {
            cx.wrong(item, "a whole number");
        }
        found
    }
}

impl Read for u16 {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let wide = u32::read(cx, item)?;
        let found = Self::try_from(wide).ok();
        if found.is_none() {
            cx.wrong(item, "a whole number up to 65535");
        }
        found
    }
}

impl Read for Text {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        cx.string(item, "a string").map(Self::clean)
    }
}

impl Read for Time {
    /// A TOML date-time with its offset.
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let found = match item.get_ref() {
            DeValue::Datetime(datetime) => instant(datetime),
            _ => None,
        };
        if found.is_none() {
            cx.wrong(
                item,
                "a date-time with its offset, such as 2026-05-04T11:30:00+08:00",
            );
        }
        found
    }
}

fn instant(datetime: &toml::value::Datetime) -> Option<Time> {
    use toml::value::Offset;
    let (date, time) = (datetime.date?, datetime.time?);
    let day = (date.year.into(), date.month.into(), date.day.into());
    let second = time.second.unwrap_or(0).into();
    let civil = Time::from_civil(day, (time.hour.into(), time.minute.into(), second))?;
    let civil = civil.after(Span::nanos(time.nanosecond.unwrap_or(0).into()));
    let minutes = match datetime.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    };
    let shift = Span::minutes(minutes.unsigned_abs().into());
    Some(if minutes < 0 {
        civil.after(shift)
    } else {
        civil.before(shift)
    })
}

macro_rules! read_from_str {
    ($($type:ty: $what:literal;)*) => {$(
        impl Read for $type {
            fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
                let text = cx.string(item, $what)?;
                let found = Self::from_str(text).map_err(|_malformed| UnitError::new(text, $what));
                cx.checked(item, found)
            }
        }
    )*};
}

read_from_str! {
    crate::scenario::report::Class: "a class of failure, such as \"invariant\"";
    crate::scenario::replay::Harm: "what a plan does, such as \"drop\"";
    Name: "a name of lower-case letters, digits and dashes, 30 at most";
    Span: "a time such as \"300ms\", \"3s\", \"45m\" or \"2d\"";
    Share: "a percentage such as \"1%\"";
    Rate: "a rate such as \"40/min\"";
    Skew: "a shift such as \"+1h\" or \"-30s\"";
    Bandwidth: "a bandwidth such as \"64kB/s\"";
    Seeds: "seeds such as \"42\" or \"1..=20\"";
    Currency: "a currency of ISO 4217 such as \"EUR\"";
}

impl Read for Range<Span> {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        const WHAT: &str = "a time such as \"3s\", or a range such as \"2s..9s\"";
        let text = cx.string(item, WHAT)?;
        let one = |text: &str| text.parse().map_err(|_bad| UnitError::new(text, WHAT));
        let found = range(text, one);
        cx.checked(item, found)
    }
}

/// An enum of words.
pub(crate) trait Words: FromStr {
    /// What one is called.
    const WHAT: &'static str;
    /// Every word.
    fn words() -> Vec<&'static str>;
}

impl<T: Words> Read for T {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let words = T::words();
        let text = cx.string(item, &one_of(&words))?;
        let found = T::from_str(text).ok();
        if found.is_none() {
            let message = format!("unknown {} `{text}`", T::WHAT);
            let error = Diagnostic::new(Code::UnknownWord, item.span(), message);
            let help = did_you_mean(text, words.iter().copied());
            cx.note(error.label(one_of(&words)).help(help));
        }
        found
    }
}

macro_rules! words_of_keys {
    ($($type:path: $what:literal;)*) => {$(
        impl Words for $type {
            const WHAT: &'static str = $what;
            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|word| word.word()).collect()
            }
        }
    )*};
}

use crate::scenario::{invariants::Invariant, schema};
words_of_keys! {
    schema::Mode: "mode";
    schema::Crypto: "crypto";
    schema::Paper: "paper";
    schema::Template: "paper template";
    schema::Printer: "printer";
    schema::Chip: "chip";
    schema::Key: "key";
    schema::Check: "check";
    schema::Via: "way";
    schema::Sight: "sight";
    schema::Shape: "shape";
    schema::FaultKind: "fault";
    schema::Disk: "disk";
    schema::AttackKind: "attack";
    schema::Verb: "verb";
    schema::ExpectKind: "kind";
    crate::message::MessageKind: "message";
    crate::journal::EventKind: "event";
    crate::order::Reason: "reason";
    Invariant: "invariant";
}

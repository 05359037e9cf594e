//! A corpus against its labels: what was read right, wrong, refused, or not at all.
//!
//! Pure: bytes and label text in, a table out. Labels are a JSON object of file names to fields
//! (the form of a corpus's `labels.json`); scanned receipts come as boxes of text with a key file
//! each. Amounts compare as numbers; any of several listed dates counts. Beside the fields a label
//! may have `shop`, the currency that the till counts in, and `verdict`: `payable`, the name of a
//! reason, or `refused` for any reason.

mod boxes;

pub use boxes::page_of_boxes;

use super::extract::{Decimal, Hints, Item, Kind, NotPayable, Reading, Verdict, When, extract};
use super::{Paper, Profile, ReadError, read};
use crate::money::Currency;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How one field of one file came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As the label says.
    Right,
    /// Something else.
    Wrong,
    /// Not read, for a reason that was given.
    Refused,
    /// Not found.
    Absent,
}

impl Outcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Refused => "refused",
            Self::Absent => "absent",
        }
    }
}

/// How often each outcome came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// As the label says.
    pub right: usize,
    /// Something else.
    pub wrong: usize,
    /// Not read, for a reason that was given.
    pub refused: usize,
    /// Not found.
    pub absent: usize,
}

/// One file's outcomes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Its name.
    pub file: String,
    /// Its class.
    pub class: String,
    /// Each labelled field's outcome.
    pub fields: BTreeMap<&'static str, Outcome>,
    /// What was read where it is not right, and why a total was refused.
    pub notes: BTreeMap<&'static str, String>,
}

/// All outcomes, by class and field.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Table {
    /// Class to field to counts.
    pub classes: BTreeMap<String, BTreeMap<&'static str, Tally>>,
    /// Every file.
    pub files: Vec<Checked>,
}

/// The labels could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Not JSON, or not an object of objects.
    #[error("read the labels: {0}")]
    Labels(String),
}

/// One file's label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its class; `?` when the label names none.
    pub class: String,
    fields: serde_json::Map<String, Value>,
}

/// The labels of a corpus, by file name.
pub fn labels(json: &str) -> Result<BTreeMap<String, Label>, CheckError> {
    let all: BTreeMap<String, serde_json::Map<String, Value>> =
        serde_json::from_str(json).map_err(|e| CheckError::Labels(e.to_string()))?;
    let label = |fields: serde_json::Map<String, Value>| Label {
        class: fields
            .get("class")
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned(),
        fields,
    };
    Ok(all
        .into_iter()
        .map(|(name, fields)| (name, label(fields)))
        .collect())
}

/// Reads a file and holds it against its label.
pub fn check_file(
    name: &str,
    label: &Label,
    bytes: &[u8],
    profile: Option<&Profile>,
    hints: &Hints,
) -> Checked {
    let shop = label.fields.get("shop").and_then(Value::as_str);
    let hints = Hints {
        currency: shop.and_then(|code| code.parse().ok()).or(hints.currency),
        ..hints.clone()
    };
    let read = read(bytes, profile, &hints);
    let mut checked = Checked {
        file: name.to_owned(),
        class: label.class.clone(),
        fields: BTreeMap::new(),
        notes: BTreeMap::new(),
    };
    match read {
        Ok(papers) => match main_paper(&papers) {
            Some(paper) => compare(&mut checked, &label.fields, &paper.reading, &paper.verdict),
            None => refuse(&mut checked, &label.fields, "nothing was printed"),
        },
        Err(error) => refuse(&mut checked, &label.fields, &read_error(error)),
    }
    checked
}

/// Reads a scan's boxes and holds them against its key; `hints` name the shop's currency.
pub fn check_boxes(name: &str, csv: &str, key: &str, hints: &Hints) -> Result<Checked, CheckError> {
    let key: serde_json::Map<String, Value> =
        serde_json::from_str(key).map_err(|e| CheckError::Labels(e.to_string()))?;
    let mut fields = serde_json::Map::new();
    for (theirs, ours) in [
        ("company", "merchant"),
        ("date", "date"),
        ("total", "total"),
    ] {
        if let Some(value) = key.get(theirs) {
            fields.insert(ours.to_owned(), value.clone());
        }
    }
    let page = page_of_boxes(csv);
    let (reading, verdict) = extract(&page, hints);
    let mut checked = Checked {
        file: name.to_owned(),
        class: "sroie".to_owned(),
        fields: BTreeMap::new(),
        notes: BTreeMap::new(),
    };
    compare(&mut checked, &fields, &reading, &verdict);
    let payable = match &verdict {
        Ok(_) => checked
            .fields
            .get("total")
            .copied()
            .unwrap_or(Outcome::Absent),
        Err(why) => {
            checked.notes.insert("payable", why.to_string());
            Outcome::Refused
        }
    };
    checked.fields.insert("payable", payable);
    Ok(checked)
}

impl Table {
    /// Adds one file's outcomes.
    pub fn add(&mut self, checked: Checked) {
        let class = self.classes.entry(checked.class.clone()).or_default();
        for (field, outcome) in &checked.fields {
            let tally = class.entry(field).or_default();
            match outcome {
                Outcome::Right => tally.right += 1,
                Outcome::Wrong => tally.wrong += 1,
                Outcome::Refused => tally.refused += 1,
                Outcome::Absent => tally.absent += 1,
            }
        }
        self.files.push(checked);
    }

    /// How many amounts were read wrong: the number that must be zero.
    pub fn wrong_amounts(&self) -> usize {
        let of = |class: &BTreeMap<&'static str, Tally>| {
            AMOUNTS
                .iter()
                .chain(&["payable"])
                .filter_map(|f| class.get(f))
                .map(|t| t.wrong)
                .sum::<usize>()
        };
        self.classes.values().map(of).sum()
    }

    /// The table as text.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{:<8}{:<10}{:>7}{:>7}{:>9}{:>8}\n",
            "class", "field", "right", "wrong", "refused", "absent"
        );
        for (class, fields) in &self.classes {
            for (field, t) in fields {
                // Writing to a string does not fail.
                let _written = writeln!(
                    out,
                    "{class:<8}{field:<10}{:>7}{:>7}{:>9}{:>8}",
                    t.right, t.wrong, t.refused, t.absent
                );
            }
        }
        out
    }
}

/// The receipt of a job that may hold several: the first with a total, else the first.
fn main_paper(papers: &[Paper]) -> Option<&Paper> {
    papers
        .iter()
        .find(|p| p.reading.total.is_some())
        .or_else(|| papers.first())
}

fn read_error(error: ReadError) -> String {
    error.to_string()
}

const AMOUNTS: &[&str] = &[
    "total", "subtotal", "tax", "discount", "service", "tip", "paid", "change",
];

fn refuse(checked: &mut Checked, label: &serde_json::Map<String, Value>, why: &str) {
    for field in AMOUNTS
        .iter()
        .chain(&["merchant", "order", "date", "currency", "items"])
    {
        if label.get(*field).is_some_and(|v| !v.is_null()) {
            checked.fields.insert(field, Outcome::Refused);
        }
    }
    checked.notes.insert("total", why.to_owned());
}

fn compare(
    checked: &mut Checked,
    label: &serde_json::Map<String, Value>,
    reading: &Reading,
    verdict: &Verdict,
) {
    amounts(checked, label, reading, verdict);
    let refused = matches!(verdict, Err(NotPayable::PictureOnly));
    let texts = [
        (
            "merchant",
            reading
                .merchant
                .as_ref()
                .map(|f| f.value.as_str().to_owned()),
        ),
        (
            "order",
            reading.order.as_ref().map(|f| f.value.as_str().to_owned()),
        ),
    ];
    for (field, read) in texts {
        if let Some(expected) = label.get(field).and_then(Value::as_str) {
            let same = read.as_deref().map(|r| bare(r) == bare(expected));
            put(checked, field, same, refused, read);
        }
    }
    if let Some(expected) = label.get("date").and_then(Value::as_str) {
        let read = reading.when.as_ref().map(|f| f.value);
        put(
            checked,
            "date",
            read.map(|r| any_date(expected, r)),
            refused,
            read.map(|r| r.to_string()),
        );
    }
    if let Some(expected) = label.get("currency").and_then(Value::as_str) {
        let read = reading.currency.as_ref().map(|f| f.value);
        let same = read.map(|c| expected.split_whitespace().next() == Some(Currency::code(c)));
        put(
            checked,
            "currency",
            same,
            refused,
            read.map(|c| c.code().to_owned()),
        );
    }
    if let Some(expected) = label.get("kind").and_then(Value::as_str) {
        let read = reading.kind.value;
        let same = read.word().starts_with(expected) || (expected == "sale" && read == Kind::Sale);
        put(
            checked,
            "kind",
            Some(same),
            false,
            Some(read.word().to_owned()),
        );
    }
    if let Some(expected) = label.get("verdict").and_then(Value::as_str) {
        let read = verdict
            .as_ref()
            .map_or_else(NotPayable::name, |_| "payable");
        let same = read == expected || (expected == "refused" && verdict.is_err());
        put(checked, "verdict", Some(same), false, Some(read.to_owned()));
    }
    if let Some(expected) = label.get("items").and_then(Value::as_array) {
        let same = (!reading.items.is_empty()).then(|| same_items(expected, reading));
        put(
            checked,
            "items",
            same,
            refused,
            Some(said_items(&reading.items)),
        );
    }
}

fn amounts(
    checked: &mut Checked,
    label: &serde_json::Map<String, Value>,
    reading: &Reading,
    verdict: &Verdict,
) {
    let read = [
        ("total", &reading.total),
        ("subtotal", &reading.subtotal),
        ("tax", &reading.tax),
        ("discount", &reading.discount),
        ("service", &reading.service),
        ("tip", &reading.tip),
        ("paid", &reading.paid),
        ("change", &reading.change),
    ];
    for (field, found) in read {
        let Some(expected) = label.get(field) else {
            continue;
        };
        let value = found.as_ref().map(|f| f.value);
        if expected.is_null() {
            // The label says that there is none.
            checked.fields.insert(
                field,
                if value.is_none() {
                    Outcome::Right
                } else {
                    Outcome::Wrong
                },
            );
            continue;
        }
        let thousandths = label.get("shop").or_else(|| label.get("currency"));
        let thousandths = thousandths
            .and_then(Value::as_str)
            .and_then(|c| c.parse().ok());
        let three = thousandths.is_some_and(|c: Currency| c.exponent() == 3);
        let Some(expected) = expected.as_str().and_then(|text| amount_of(text, three)) else {
            continue;
        };
        let refused = match verdict {
            Err(NotPayable::NoTotal) | Ok(_) => false,
            Err(why) => {
                if field == "total" && value.is_none() {
                    checked.notes.insert("total", why.to_string());
                }
                field == "total" || matches!(why, NotPayable::PictureOnly)
            }
        };
        put(
            checked,
            field,
            value.map(|v| v == expected),
            refused,
            value.map(|v| v.to_string()),
        );
    }
}

fn put(
    checked: &mut Checked,
    field: &'static str,
    same: Option<bool>,
    refused: bool,
    read: Option<String>,
) {
    let outcome = match same {
        Some(true) => Outcome::Right,
        Some(false) => Outcome::Wrong,
        None if refused => Outcome::Refused,
        None => Outcome::Absent,
    };
    if outcome == Outcome::Wrong {
        checked.notes.insert(field, read.unwrap_or_default());
    }
    checked.fields.insert(field, outcome);
}

/// Letters and digits alone, in one case.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// An amount of a label; `0.80 (8%) + 10.00 (10%)` is the sum of what is not a percentage.
fn amount_of(text: &str, thousandths: bool) -> Option<Decimal> {
    // `3.750` is three thousand in most currencies and less than four dinars.
    let long = format!("{text}0");
    if thousandths && let Some(value) = Decimal::read(&long).filter(|d| d.places() == 4) {
        return Some(value);
    }
    let outside: String = {
        let mut depth = 0_usize;
        let keep = |c: &char| {
            depth = match c {
                '(' => depth + 1,
                ')' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0 && *c != ')'
        };
        text.chars().filter(keep).collect()
    };
    let parts: Vec<Decimal> = outside.split('+').filter_map(Decimal::read).collect();
    match parts.as_slice() {
        [] => Decimal::read(text),
        [one] => Some(*one),
        many => Some(Decimal::of_e4(many.iter().map(|d| d.e4()).sum(), 2)),
    }
}

/// Whether any of the dates that a label lists is the one read; a time counts when both have one.
fn any_date(label: &str, read: When) -> bool {
    label
        .split(" or ")
        .filter_map(|part| When::read(&part.replace('T', " "), false))
        .any(|expected| {
            let day =
                (expected.year, expected.month, expected.day) == (read.year, read.month, read.day);
            let minute = |w: When| w.clock.map(|(h, m, _)| (h, m));
            day && (minute(expected).is_none()
                || minute(read).is_none()
                || minute(expected) == minute(read))
        })
}

/// The same items in the same order, in everything that the label gives of each.
fn same_items(expected: &[Value], reading: &Reading) -> bool {
    expected.len() == reading.items.len()
        && (expected.iter().zip(&reading.items)).all(|(expected, read)| same_item(expected, read))
}

/// `[NAME, UNIT, QUANTITY, AMOUNT]`, each a string and empty where the paper says nothing. One of a
/// thing need not be said, and then its price is its amount.
fn same_item(expected: &Value, read: &Item) -> bool {
    let said = |at: usize| expected.get(at).and_then(Value::as_str).unwrap_or_default();
    let one = Decimal::of_e4(10_000, 0);
    let quantity = read.quantity.unwrap_or(one);
    let unit = read
        .unit
        .or_else(|| read.amount.filter(|_| quantity == one));
    let same = |at: usize, read: Option<Decimal>| {
        Decimal::read(said(at)).is_none_or(|expected| Some(expected) == read)
    };
    (said(0).is_empty() || same_words(said(0), read.name.as_str()))
        && same(1, unit)
        && same(2, Some(quantity))
        && same(3, read.amount)
}

/// What was read, in the order of a label: `Green Tea, 1.50, 2, 3.00; ...`.
fn said_items(items: &[Item]) -> String {
    let said = |d: Option<Decimal>| d.map_or_else(String::new, |d| d.to_string());
    let item = |item: &Item| {
        let (unit, quantity, amount) = (said(item.unit), said(item.quantity), said(item.amount));
        format!("{}, {unit}, {quantity}, {amount}", item.name)
    };
    let items: Vec<String> = items.iter().map(item).collect();
    items.join("; ")
}

/// Whether two names have the same words, however far apart.
fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

#[cfg(test)]
mod tests;

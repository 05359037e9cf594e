//! Merchant templates: what one shop's paper calls things, for the odd ones.
//!
//! A file of `[[template]]` tables in TOML:
//!
//! ```toml
//! [[template]]
//! name     = "old-mill"
//! when     = ["The Old Mill", "Kitchen & Bar"]   # each of these stands on its paper
//! merchant = "The Old Mill"
//! currency = "GBP"
//! ignore   = ["Last visit"]                      # lines that are no part of the sale
//!
//! [template.labels]
//! total = ["You owe the miller"]
//! order = ["Slate"]
//! ```
//!
//! Why labels and not places: an amount that a template finds goes through the same arithmetic as
//! any other, so a template can name a total, and cannot make one payable that does not add up.

use super::extract::{Field, Hints, Reading, Verdict};
use super::layout::{Line, Page};
use crate::money::Currency;
use crate::text::Text;
use std::collections::BTreeMap;

/// The most templates of one file.
pub const TEMPLATES_MAX: usize = 1000;
/// The most labels, marks and lines to ignore of one template.
pub const WORDS_MAX: usize = 100;

/// What a label of a template names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// What is to be paid.
    Total,
    /// The sum before tax, service and discounts.
    Subtotal,
    /// A tax.
    Tax,
    /// What is taken off.
    Discount,
    /// A charge for service or delivery.
    Service,
    /// A tip that is part of the total.
    Tip,
    /// What was handed over.
    Paid,
    /// What was given back.
    Change,
    /// The shop's number for the sale.
    Order,
}

impl Names {
    /// The words that every paper may use for it.
    const fn common(self) -> &'static str {
        match self {
            Self::Total => "Total to pay",
            Self::Subtotal => "Subtotal",
            Self::Tax => "Tax",
            Self::Discount => "Discount",
            Self::Service => "Service charge",
            Self::Tip => "Tip",
            Self::Paid => "Cash",
            Self::Change => "Change",
            Self::Order => "Order no:",
        }
    }
}

/// How one merchant's paper is known, and what its labels mean.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Template {
    /// What evidence calls it.
    pub name: String,
    /// Texts that all stand on this merchant's paper; case does not count.
    pub when: Vec<String>,
    /// Who sells.
    #[serde(default)]
    pub merchant: Option<String>,
    /// What its till counts in.
    #[serde(default, deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// Whether its dates have the month first.
    #[serde(default)]
    pub month_first: bool,
    /// Lines that hold one of these are no part of the sale.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// The whole labels by what they name.
    #[serde(default)]
    pub labels: BTreeMap<Names, Vec<String>>,
}

/// A currency by its code.
fn currency<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Currency>, D::Error> {
    let code: String = serde::Deserialize::deserialize(from)?;
    code.parse().map(Some).map_err(serde::de::Error::custom)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    template: Vec<toml::Spanned<Template>>,
}

/// Not a file of templates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the templates: line {line}, column {column}: {what}")]
pub struct TemplateError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl TemplateError {
    fn at(source: &str, offset: usize, what: &str) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or("").chars().count() + 1,
            what: what.to_owned(),
        }
    }
}

impl Template {
    /// The templates of a TOML text.
    pub fn from_toml(source: &str) -> Result<Vec<Self>, TemplateError> {
        let file: File = toml::from_str(source).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            TemplateError::at(source, offset, error.message())
        })?;
        let wrong = |at: usize, what: &str| Err(TemplateError::at(source, at, what));
        if file.template.len() > TEMPLATES_MAX {
            return wrong(0, &format!("more than {TEMPLATES_MAX} templates"));
        }
        for template in &file.template {
            if let Some(what) = template.get_ref().fault() {
                return wrong(template.span().start, &what);
            }
        }
        let inner = toml::Spanned::into_inner;
        Ok(file.template.into_iter().map(inner).collect())
    }

    fn words(&self) -> impl Iterator<Item = &String> {
        let labels = self.labels.values().flatten();
        self.when.iter().chain(&self.ignore).chain(labels)
    }

    /// What keeps it from being used.
    fn fault(&self) -> Option<String> {
        let name = Text::clean(&self.name);
        if self.name.trim().is_empty() {
            return Some("a template without a name".to_owned());
        }
        if self.when.is_empty() {
            return Some(format!(
                "`{name}` says nothing in `when`, so it fits any paper"
            ));
        }
        if self.words().any(|word| word.trim().is_empty()) {
            return Some(format!(
                "`{name}` has an empty text, which stands on any paper"
            ));
        }
        let many = self.words().count() > WORDS_MAX;
        many.then(|| format!("`{name}` has more than {WORDS_MAX} texts"))
    }

    /// Whether this is the merchant's paper.
    pub fn fits(&self, lines: &[Line]) -> bool {
        let stands = |mark: &String| lines.iter().any(|line| find(&line.text, mark).is_some());
        self.when.iter().all(stands)
    }

    /// The page with the words that every paper may use; line by line, so that places hold.
    pub(super) fn in_common_words(&self, page: &Page) -> Page {
        let lines = page.lines.iter().map(|line| self.in_common(line));
        Page {
            lines: lines.collect(),
            ..page.clone()
        }
    }

    fn in_common(&self, line: &Line) -> Line {
        let ignored = self.ignore.iter().any(|w| find(&line.text, w).is_some());
        let text = if ignored {
            Text::clean("")
        } else if let Some((names, from, to)) = self.label(&line.text) {
            let chars: Vec<char> = line.text.as_str().chars().collect();
            let part = |range: &[char]| range.iter().collect::<String>();
            let before = part(chars.get(..from).unwrap_or_default());
            let after = part(chars.get(to..).unwrap_or_default());
            Text::clean(&format!("{before}{} {after}", names.common()))
        } else {
            return line.clone();
        };
        Line {
            text,
            ..line.clone()
        }
    }

    /// The longest label that stands in a line.
    fn label(&self, text: &Text) -> Option<(Names, usize, usize)> {
        let all = self.labels.iter();
        let all = all.flat_map(|(names, labels)| labels.iter().map(|label| (*names, label)));
        let found = all.filter_map(|(names, label)| {
            let from = find(text, label)?;
            Some((names, from, from + label.chars().count()))
        });
        found.max_by_key(|(_, from, to)| to - from)
    }

    /// What is known beforehand, with what the template knows.
    pub(super) fn hints(&self, hints: &Hints) -> Hints {
        Hints {
            currency: self.currency.or(hints.currency),
            month_first: self.month_first || hints.month_first,
            ..hints.clone()
        }
    }

    /// Says which fields were found by a label of the template, and who sold.
    pub(super) fn mark(&self, page: &Page, reading: &mut Reading, verdict: &mut Verdict) {
        let said = |line: Option<usize>| {
            let line = line.and_then(|at| page.lines.get(at));
            line.is_some_and(|line| self.label(&line.text).is_some())
        };
        let by = |evidence: &Text| Text::clean(&format!("{evidence}, template {}", self.name));
        let amounts = [
            &mut reading.total,
            &mut reading.subtotal,
            &mut reading.tax,
            &mut reading.discount,
            &mut reading.service,
            &mut reading.tip,
            &mut reading.paid,
            &mut reading.change,
        ];
        for field in amounts.into_iter().flatten() {
            if said(field.line) {
                field.evidence = by(&field.evidence);
            }
        }
        if let Some(order) = reading.order.as_mut().filter(|f| said(f.line)) {
            order.evidence = by(&order.evidence);
        }
        if let Some(merchant) = self.merchant.as_deref().map(Text::clean) {
            let evidence = format!("template {}", self.name);
            reading.merchant = Some(Field::new(merchant.clone(), 95, None, &evidence));
            if let Ok(payable) = verdict {
                payable.merchant = Some(merchant);
            }
        }
    }
}

/// Where a text stands in a line as words of its own, in characters; case does not count.
fn find(line: &Text, wanted: &str) -> Option<usize> {
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    let line: Vec<char> = line.as_str().chars().map(lower).collect();
    let wanted: Vec<char> = wanted.chars().map(lower).collect();
    let own = |from: usize| {
        let before = from.checked_sub(1).and_then(|at| line.get(at));
        let after = line.get(from + wanted.len());
        let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic() && c.is_ascii());
        !word(before) && !word(after)
    };
    let mut places = line.windows(wanted.len().max(1)).enumerate();
    places.find_map(|(from, window)| (window == wanted && own(from)).then_some(from))
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, NotPayable, read};
    use super::*;

    const MILL: &str = r#"
[[template]]
name = "old-mill"
when = ["the old mill"]
merchant = "The Old Mill"
currency = "GBP"
ignore = ["Last visit"]

[template.labels]
total = ["You owe the miller"]
order = ["Slate"]
"#;

    fn hints() -> Hints {
        Hints {
            templates: Template::from_toml(MILL).unwrap().into(),
            ..Hints::default()
        }
    }

    fn paper(owed: &str) -> String {
        format!(
            "== THE OLD MILL ==\nSlate 77-B\nLast visit total 99.00\nBread 2.00\nCheese 3.50\n\
             You owe the miller {owed}\n"
        )
    }

    #[test]
    fn an_odd_paper_is_read_by_its_merchants_words() {
        let papers = read(paper("5.50").as_bytes(), None, &hints()).unwrap();
        let payable = papers[0].verdict.as_ref().unwrap();
        assert_eq!(payable.amount.to_string(), "5.50 GBP");
        assert_eq!(payable.reference.as_str(), "77-B");
        assert_eq!(payable.merchant.as_ref().unwrap().as_str(), "The Old Mill");
        let total = papers[0].reading.total.as_ref().unwrap();
        assert!(total.evidence.as_str().ends_with("template old-mill"));
        assert!(papers[0].text().contains("You owe the miller"));
    }

    #[test]
    fn a_template_makes_nothing_payable_that_does_not_add_up() {
        let papers = read(paper("55.00").as_bytes(), None, &hints()).unwrap();
        let why = papers[0].verdict.as_ref().unwrap_err();
        assert!(matches!(why, NotPayable::DoesNotAddUp { .. }), "{why}");
    }

    #[test]
    fn another_merchants_paper_is_read_without_it() {
        let other = paper("5.50").replace("OLD MILL", "OLDMILLS");
        let papers = read(other.as_bytes(), None, &hints()).unwrap();
        assert!(papers[0].verdict.is_err());
        assert!(papers[0].reading.merchant.as_ref().unwrap().confidence < 95);
    }

    #[test]
    fn an_error_says_its_line_and_column() {
        for (source, said) in [
            (
                "[[template]]\nname = 'a'\nwhen = ['A']\nspeed = 3\n",
                "line 4, column 1",
            ),
            ("[[template]]\nname = 'a'\nwhen = []\n", "fits any paper"),
            ("[[template]]\nname = 'a'\nwhen = ['']\n", "empty text"),
            (
                "[[template]]\nname = 'a'\nwhen = ['A']\n[template.labels]\nsum = ['x']\n",
                "line 5",
            ),
            ("x", "line 1"),
        ] {
            let error = Template::from_toml(source).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}

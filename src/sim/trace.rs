//! Traces: what happened, a line at a time, each with its cause.
//!
//! An input that a party handles has a number; what it recorded, what it sent and what became of
//! that name it as their cause. So a failure can be walked back to where it began.

use super::observer::{Does, Step};
use crate::id::Party;
use crate::journal::Entry;
use crate::text::Text;
use crate::time::Time;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most lines of one trace.
pub const LINES_MAX: usize = 1 << 20;
/// The most lines of a ladder: what a screen shows.
pub const LADDER_MAX: usize = 40;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, if it is an input; else 0.
    pub n: u64,
    /// The number of the line that it came of; 0 for none.
    pub cause: u64,
    /// When, in virtual nanoseconds since 1970.
    pub at: Time,
    /// At whom.
    pub of: Party,
    /// From whom.
    pub from: Option<Party>,
    /// What kind of line it is.
    pub does: Does,
    /// The message, timer, event or property, with its state.
    pub what: Text,
    /// The receipt it is about.
    pub receipt: Option<Text>,
}

/// A run's trace.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Its lines, in the order in which things happened.
    pub lines: Vec<Line>,
    /// The last line about each receipt at each party: what a timer came of.
    last: BTreeMap<(Party, Option<Text>), u64>,
    now: u64,
}

impl Trace {
    /// The trace with these lines.
    pub fn of(lines: Vec<Line>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// An input, or what became of a message.
    pub(super) fn step(&mut self, step: &Step<'_>) {
        let place = (step.of, step.receipt.clone());
        let known = self.last.get(&place).copied().unwrap_or_default();
        let cause = if step.cause == 0 && step.does == Does::Timer {
            known
        } else {
            step.cause
        };
        if step.n > 0 {
            self.now = step.n;
            self.last.insert(place, step.n);
        }
        self.push(Line {
            n: step.n,
            cause,
            at: step.at,
            of: step.of,
            from: step.from,
            does: step.does,
            what: Text::clean(step.what),
            receipt: step.receipt.clone(),
        });
    }

    /// A journal line was committed.
    pub(super) fn fact(&mut self, at: Time, of: Party, entry: &Entry) {
        let event = &entry.event;
        let state = event.state.as_ref().map(|state| format!(" {state}"));
        let what = format!("{}{}", event.kind, state.unwrap_or_default());
        let lines = self.lines.iter().rev();
        let receipt = lines.take(4).find_map(|line| line.receipt.clone());
        self.note(at, of, Does::Fact, &what, receipt);
    }

    /// Something beside inputs.
    pub(super) fn note(
        &mut self,
        at: Time,
        of: Party,
        does: Does,
        what: &str,
        receipt: Option<Text>,
    ) {
        self.push(Line {
            n: 0,
            cause: self.now,
            at,
            of,
            from: None,
            does,
            what: Text::clean(what),
            receipt,
        });
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(line);
        }
    }

    /// The lines that led to the last one of this receipt (of any, when there is none) no later
    /// than `until`, oldest first.
    pub fn chain(&self, receipt: Option<&Text>, until: Time, most: usize) -> Vec<&Line> {
        let about = |line: &&Line| receipt.is_none() || line.receipt.as_ref() == receipt;
        let before = self.lines.iter().rev().filter(|line| line.at <= until);
        let mut about = before.filter(about);
        let last = about.next();
        self.back(last.into_iter().collect(), most)
    }

    /// The lines that led to this input, oldest first, with itself.
    pub fn led_to(&self, n: u64, most: usize) -> Vec<&Line> {
        let last = self.lines.iter().find(|line| line.n == n);
        self.back(last.into_iter().collect(), most)
    }

    fn back<'a>(&'a self, mut found: Vec<&'a Line>, most: usize) -> Vec<&'a Line> {
        while let Some(first) = found.last()
            && found.len() < most
            && first.cause > 0
        {
            let cause = first.cause;
            match self.lines.iter().find(|line| line.n == cause) {
                Some(line) => found.push(line),
                None => break,
            }
        }
        found.reverse();
        found
    }

    /// The messages about a receipt as a ladder: parties in columns, a rung for each, the last
    /// [`LADDER_MAX`] ones up to `until`.
    pub fn ladder(&self, receipt: Option<&Text>, until: Time, starts: Time) -> Vec<String> {
        let rungs = self.lines.iter().filter(|line| {
            let message = matches!(line.does, Does::Msg | Does::Drop);
            message && line.at <= until && (receipt.is_none() || line.receipt.as_ref() == receipt)
        });
        let rungs: Vec<&Line> = rungs.collect();
        let rungs = &rungs[rungs.len().saturating_sub(LADDER_MAX)..];
        let mut columns: Vec<Party> = Vec::new();
        for line in rungs {
            for party in [line.from, Some(line.of)].into_iter().flatten() {
                if !columns.contains(&party) {
                    columns.push(party);
                }
            }
        }
        columns.sort();
        ladder(&columns, rungs, starts)
    }
}

/// How wide a column of a ladder is.
const COLUMN: usize = 16;
/// Up to its line, and after it.
const BEFORE: usize = COLUMN / 2 + 1;
const AFTER: usize = COLUMN - BEFORE;

fn ladder(columns: &[Party], rungs: &[&Line], starts: Time) -> Vec<String> {
    // A shop's terminal, chip and back office have one name: the kind stands above it.
    let heads = |word: fn(&Party) -> &str| {
        let cells = columns
            .iter()
            .map(|party| format!("{:^COLUMN$}", short(word(party))));
        format!("{:10} {}", "", cells.collect::<String>().trim_end())
    };
    let mut out = vec![
        heads(|party| party.kind.word()),
        heads(|party| party.name.as_str()),
    ];
    for line in rungs {
        let place = |party: &Party| columns.iter().position(|known| known == party);
        let (Some(from), Some(to)) = (line.from.as_ref().and_then(place), place(&line.of)) else {
            continue;
        };
        let (left, right) = (from.min(to), from.max(to));
        let width = (right - left) * COLUMN - 1;
        let lost = if line.does == Does::Drop { "x" } else { "" };
        let word = format!(" {}{lost} ", line.what);
        let bar = if from < to {
            format!("{word:-^w$}>", w = width - 1)
        } else {
            format!("<{word:-^w$}", w = width - 1)
        };
        let cells = columns.iter().enumerate().map(|(at, _)| match at {
            at if at < left || at > right => format!("{:>BEFORE$}{:AFTER$}", "|", ""),
            at if at == left => format!("{:>BEFORE$}", "|"),
            at if at == right => format!("{bar}|{:AFTER$}", ""),
            _between => String::new(),
        });
        let cells: String = cells.collect();
        let since = line.at.since(starts).to_string();
        out.push(format!("{since:>10} {}", cells.trim_end()));
    }
    out
}

fn short(name: &str) -> String {
    name.chars().take(COLUMN - 2).collect()
}

impl Serialize for Line {
    /// As one object of JSON lines, its keys in their order.
    ///
    /// Why by hand: a traced run writes some of these for every input, and a tree of values for
    /// each cost more than handling the input.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(None)?;
        object.serialize_entry("at", self.of.label().as_str())?;
        if self.cause > 0 {
            object.serialize_entry("cause", &self.cause)?;
        }
        object.serialize_entry("ev", self.does.word())?;
        if let Some(from) = &self.from {
            object.serialize_entry("from", from.label().as_str())?;
        }
        object.serialize_entry("kind", self.what.as_str())?;
        if self.n > 0 {
            object.serialize_entry("n", &self.n)?;
        }
        if let Some(receipt) = &self.receipt {
            object.serialize_entry("order", receipt.as_str())?;
        }
        object.serialize_entry("t", &self.at.nanos())?;
        object.end()
    }
}

impl Line {
    /// As one line of people's text.
    pub fn text(&self, starts: Time) -> String {
        let since = self.at.since(starts);
        let from = self.from.map(|from| format!(" from {from}"));
        let receipt = self.receipt.as_ref().map(|r| format!(" of {r}"));
        let number = match self.n {
            0 => String::new(),
            n => format!("#{n} "),
        };
        format!(
            "{number}+{since} {} {} {}{}{}",
            self.of,
            self.does,
            self.what,
            receipt.unwrap_or_default(),
            from.unwrap_or_default()
        )
    }

    /// What it was written as; nothing when it is no such object.
    pub fn of_json(object: &Value) -> Option<Self> {
        let number = |key: &str| object.get(key).and_then(Value::as_u64);
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        Some(Self {
            n: number("n").unwrap_or_default(),
            cause: number("cause").unwrap_or_default(),
            at: Time::from_nanos(number("t")?),
            of: text("at")?.parse().ok()?,
            from: match text("from") {
                Some(from) => Some(from.parse().ok()?),
                None => None,
            },
            does: text("ev")?.parse().ok()?,
            what: Text::clean(text("kind")?),
            receipt: text("order").map(Text::clean),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_as_it_was_written_and_its_keys_are_in_order() {
        let bare = Line {
            n: 0,
            cause: 0,
            at: Time::from_nanos(7),
            of: "bank:river".parse().unwrap(),
            from: None,
            does: Does::Fact,
            what: Text::clean("a \"quoted\" word"),
            receipt: None,
        };
        let full = Line {
            n: 3,
            cause: 2,
            from: Some("wallet:ann".parse().unwrap()),
            receipt: Some(Text::clean("A1")),
            ..bare.clone()
        };
        for line in [bare, full] {
            let written = serde_json::to_string(&line).unwrap();
            let object: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(object.to_string(), written);
            assert_eq!(Line::of_json(&object), Some(line));
        }
    }
}

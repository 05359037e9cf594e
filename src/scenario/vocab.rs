//! Every word of the scenario language, from the code that reads it.

use super::carries::recorders;
use super::expect::{FUNCTIONS, Op, PaymentStage, Statistic};
use super::invariants::{ELSEWHERE, Invariant};
use super::keys::{Key, SECTIONS, Takes};
use super::schema::{
    AttackKind, Check, Chip, Crypto, Disk, ExpectKind, FaultKind, Key as ChipKey, Mode, Paper,
    Printer, Shape, Sight, Template, Verb, Via,
};
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::order::{BankOrderState, OrderState, PaymentState, Reason, Standing};
use crate::roles::bank::Magic;
use std::fmt::Write;

/// Words of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// What they are.
    pub title: &'static str,
    /// Each word, with what is to be said of it.
    pub words: Vec<(String, String)>,
}

macro_rules! lists {
    ($($title:literal: $type:ty;)*) => {
        vec![$(Vocabulary {
            title: $title,
            words: <$type>::ALL.iter().map(|w| (w.word().to_owned(), plain(w.about()))).collect(),
        }),*]
    };
}

/// Every list of words, and the functions of `that`.
pub fn vocabulary() -> Vec<Vocabulary> {
    let mut all = lists! {
        "verbs of steps": Verb;
        "kinds of expectation": ExpectKind;
        "comparisons": Op;
        "stages of a payment": PaymentStage;
        "statistics": Statistic;
        "faults": FaultKind;
        "disks of a crash": Disk;
        "attacks": AttackKind;
        "sights of an attacker": Sight;
        "modes": Mode;
        "crypto": Crypto;
        "paper": Paper;
        "magic amounts": Magic;
        "paper templates": Template;
        "printers": Printer;
        "chips": Chip;
        "keys of chips": ChipKey;
        "checks of a customer": Check;
        "ways to scan": Via;
        "shapes of a load": Shape;
        "messages": MessageKind;
        "reasons": Reason;
        "standings of an order": Standing;
        "states of an order": OrderState;
        "states of a bank order": BankOrderState;
        "states of a payment": PaymentState;
    };
    let functions = FUNCTIONS
        .iter()
        .map(|f| (f.form.to_owned(), format!("{}: {}", f.gives, f.about)));
    all.push(Vocabulary {
        title: "functions of `that`",
        words: functions.collect(),
    });
    let events = EventKind::ALL.iter().map(|kind| {
        let by: Vec<_> = recorders(*kind).iter().map(|kind| kind.word()).collect();
        let about = format!("{} Recorded by: {}.", plain(kind.about()), by.join(", "));
        (kind.word().to_owned(), about)
    });
    all.push(Vocabulary {
        title: "events",
        words: events.collect(),
    });
    let rules = Invariant::ALL
        .iter()
        .map(|rule| (rule.word().to_owned(), rule.says().to_owned()));
    all.push(Vocabulary {
        title: "invariants",
        words: rules.collect(),
    });
    let elsewhere = ELSEWHERE.iter();
    let elsewhere = elsewhere.map(|(name, why)| ((*name).to_owned(), (*why).to_owned()));
    all.push(Vocabulary {
        title: "invariants that are held elsewhere, or do not apply yet",
        words: elsewhere.collect(),
    });
    all
}

/// The grammar of `that`.
pub const GRAMMAR: &str = "\
that    = sum [ op sum ]                  a sum alone must not be nothing
op      = \"==\" | \"!=\" | \"<\" | \"<=\" | \">\" | \">=\"
sum     = term { (\"+\" | \"-\") term }
term    = literal | function
literal = 3 | 23.50 | 90s | 'insufficient-funds'
";

/// A doc comment without its links' brackets.
fn plain(about: &str) -> String {
    let mut text = about.to_owned();
    while let Some((before, rest)) = text.clone().split_once("[`") {
        let Some((name, after)) = rest.split_once("`]") else {
            break;
        };
        let after = match after
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
        {
            Some((_link, after)) => after,
            None => after,
        };
        text = format!("{before}`{name}`{after}");
    }
    text
}

/// The vocabulary as text; the lists whose title contains `only`, if it is given.
pub fn text(only: Option<&str>) -> String {
    let mut out = String::new();
    let wanted = |title: &str| only.is_none_or(|only| title.contains(only));
    for section in SECTIONS.iter().filter(|section| wanted(section.header)) {
        let _infallible = writeln!(out, "{}: {}", section.header, section.about);
        for key in section.keys() {
            let line = format!("  {:<16} {} ({})", key.name, key.about, takes(key));
            let _infallible = writeln!(out, "{}", line.trim_end());
        }
    }
    for list in vocabulary().iter().filter(|list| wanted(list.title)) {
        let _infallible = writeln!(out, "{}", list.title);
        for (word, about) in &list.words {
            let line = format!("  {word:<34} {about}");
            let _infallible = writeln!(out, "{}", line.trim_end());
        }
    }
    if wanted("grammar of `that`") {
        let indented = GRAMMAR.lines().map(|line| format!("  {line}\n"));
        let _infallible = write!(out, "grammar of `that`\n{}", indented.collect::<String>());
    }
    out
}

/// What a key takes and what holds without it, in a few words.
fn takes(key: &Key) -> String {
    let takes = match key.takes {
        Takes::Text => "text".to_owned(),
        Takes::Version => "1".to_owned(),
        Takes::Name => "name".to_owned(),
        Takes::Names => "list of names".to_owned(),
        Takes::Actor([]) => "actor".to_owned(),
        Takes::Actor(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
            kinds.join(" or ")
        }
        Takes::Actors => "list of actors".to_owned(),
        Takes::Word(words) => match words() {
            words if words.len() <= 8 => words.join(" | "),
            _ => "one word of its list".to_owned(),
        },
        Takes::Words(words) => format!("list of {}", words().join(" | ")),
        Takes::Form(what, examples) => {
            let quoted: Vec<_> = examples.iter().map(|form| format!("\"{form}\"")).collect();
            format!("{what}: {}", quoted.join(", "))
        }
        Takes::Count => "whole number".to_owned(),
        Takes::Bool => "true | false".to_owned(),
        Takes::Instant => "date-time".to_owned(),
        Takes::Map(what) => format!("table of {what}"),
        Takes::ByVerb => "table by its verb".to_owned(),
        Takes::Table(_) => "table".to_owned(),
        Takes::Named(header) => format!("tables {header}"),
        Takes::Listed(header) => format!("list of tables: {header}"),
    };
    match key.usual {
        None => format!("{takes}; needed"),
        Some("") => takes,
        Some(usual) => format!("{takes}; else {usual}"),
    }
}

/// The reference page: every table, key and word, and the grammar of `that`, in Markdown.
pub fn page() -> String {
    let mut out = String::from(PREFACE);
    for section in SECTIONS {
        let _infallible = write!(
            out,
            "\n### {}\n{}.\n\n",
            code(section.header),
            section.about
        );
        let _infallible = writeln!(out, "| key | says | takes |\n|---|---|---|");
        for key in section.keys() {
            let takes = takes(key).replace('|', "\\|");
            let _infallible = writeln!(out, "| `{}` | {} | {takes} |", key.name, key.about);
        }
    }
    let _infallible = write!(out, "\n## The grammar of `that`\n```text\n{GRAMMAR}```\n");
    out.push_str("\n## Words\n");
    for list in vocabulary() {
        let _infallible = write!(out, "\n### {}\n", list.title);
        for (word, about) in list.words {
            let about = if about.is_empty() {
                about
            } else {
                format!(": {about}")
            };
            let _infallible = writeln!(out, "- `{word}`{about}");
        }
    }
    out
}

const PREFACE: &str = "\
# Scenarios: the reference

Every table, key and word of a scenario file. This page is written by the program itself
(`quittance scenario vocab --format markdown`), and a test holds both equal. A newcomer reads the
files of `scenarios/` first, and starts one with `quittance scenario new`.

Rules: names are free words, never numbers; units stand in strings (`\"3s\"`, `\"40/min\"`, `\"1%\"`,
`\"23.50\"`); a range `\"a..b\"` means that every seed picks; the defaults give a healthy system, so a
file says only what is special; an unknown key is an error.

## Tables
";

/// A header in code type, unless it is a sentence of its own.
fn code(header: &str) -> String {
    if header.starts_with('[') {
        return format!("`{header}`");
    }
    header.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_and_names_each_word_once() {
        let all = vocabulary();
        for list in &all {
            let words: std::collections::BTreeSet<_> = list.words.iter().map(|w| &w.0).collect();
            assert_eq!(words.len(), list.words.len(), "{}", list.title);
            assert!(!words.is_empty());
        }
        let text = text(None);
        assert!(text.contains("drop-answer") && text.contains("time(EVENT -> EVENT).STATISTIC"));
        assert!(text.contains("Recorded by: gateway"));
        assert!(text.contains("order-expires"));
    }
}

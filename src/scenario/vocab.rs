//! Every word of the scenario language, from the code that reads it.

use super::carries::recorders;
use super::expect::{FUNCTIONS, Op, PaymentStage, Statistic};
use super::invariants::Invariant;
use super::schema::{
    AttackKind, Check, Chip, Crypto, Disk, ExpectKind, FaultKind, Key, Mode, Paper, Printer, Shape,
    Sight, Template, Verb, Via,
};
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::order::{BankOrderState, OrderState, PaymentState, Reason, Standing};
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
            words: <$type>::ALL.iter().map(|w| (w.word().to_owned(), String::new())).collect(),
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
        "paper templates": Template;
        "printers": Printer;
        "chips": Chip;
        "keys": Key;
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
        (
            kind.word().to_owned(),
            format!("recorded by: {}", by.join(", ")),
        )
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
    all
}

/// The vocabulary as text.
pub fn text() -> String {
    let mut out = String::new();
    for list in vocabulary() {
        let _infallible = writeln!(out, "{}", list.title);
        for (word, about) in list.words {
            let line = format!("  {word:<34} {about}");
            let _infallible = writeln!(out, "{}", line.trim_end());
        }
    }
    out
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
        let text = text();
        assert!(text.contains("drop-answer") && text.contains("time(EVENT -> EVENT).STATISTIC"));
        assert!(text.contains("recorded by: gateway"));
    }
}

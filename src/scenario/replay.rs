//! `[replay]`: a failing run written down, so that it happens again and nothing else does.
//!
//! A file with this table is a scenario like any other; whoever plays it follows the plan instead
//! of drawing faults. Choices are found again by their keys (link, message, receipt, the how
//! manyth), so the plan outlives changes to the story around it.

use super::report::Class;
use crate::id::{Name, Party};
use crate::text::Text;
use crate::time::{Span, Time};
use crate::words::words;
use toml::{Table, Value};

/// The most choices of one plan.
pub const PLAN_MAX: usize = 100_000;

/// The run that is to happen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Its seed.
    pub seed: u64,
    /// The kind of failure.
    pub class: Class,
    /// The property that failed.
    pub property: Text,
    /// The number over everything that happened.
    pub trace: Option<u64>,
    /// The version of the program that wrote it.
    pub program: Text,
    /// What goes wrong.
    pub plan: Vec<Planned>,
}

/// One adverse choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What it happens to, as a replay finds it.
    pub key: u64,
    /// What it happens to, for people.
    pub what: Text,
    /// What happens.
    pub does: Harm,
    /// How much later, or for how long.
    pub lasts: Span,
    /// When it happened; for a cut and a clock, when it happens.
    pub at: Time,
    /// Whose power is cut, whose clock is off.
    pub party: Option<Party>,
    /// The fault of the file that it came of.
    pub rule: Option<Name>,
}

words! {
    /// What a plan does.
    pub enum Harm {
        /// The message is lost.
        Drop = "drop",
        /// The message arrives twice.
        Duplicate = "duplicate",
        /// The message arrives later.
        Delay = "delay",
        /// The power fails before the commit.
        CrashBefore = "crash-before",
        /// The power fails after the commit.
        CrashAfter = "crash-after",
        /// The power fails by the clock.
        Cut = "cut",
        /// The paper tears before the code is whole.
        Tear = "tear",
        /// The party's clock goes ahead; by nothing, it is right again.
        ClockAhead = "clock-ahead",
        /// The party's clock falls behind.
        ClockBehind = "clock-behind",
    }
}

impl Replay {
    /// The table, as [`Scenario::parse`](super::Scenario::parse) reads it.
    pub fn to_table(&self) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, value: String| {
            table.insert(key.to_owned(), Value::String(value));
        };
        put("seed", self.seed.to_string());
        put("class", self.class.word().to_owned());
        put("property", self.property.as_str().to_owned());
        if let Some(trace) = self.trace {
            put("trace", format!("{trace:016x}"));
        }
        put("program", self.program.as_str().to_owned());
        let plan = self.plan.iter().map(|one| Value::Table(one.to_table()));
        table.insert("plan".to_owned(), Value::Array(plan.collect()));
        table
    }
}

impl Planned {
    fn to_table(&self) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, value: String| {
            table.insert(key.to_owned(), Value::String(value));
        };
        put("key", format!("{:016x}", self.key));
        put("what", self.what.as_str().to_owned());
        put("do", self.does.word().to_owned());
        put("for", exact(self.lasts));
        put("at", exact(Span::nanos(self.at.nanos())));
        if let Some(party) = self.party {
            put("party", party.to_string());
        }
        if let Some(rule) = self.rule {
            put("rule", rule.to_string());
        }
        table
    }
}

/// A span to the nanosecond: what is shown to people leaves small units out.
pub fn exact(span: Span) -> String {
    format!("{}ns", span.as_nanos())
}

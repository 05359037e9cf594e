//! The plan: every adverse choice of a run, written down as it is made.
//!
//! A run that draws its faults and a run that follows a plan are the same run. Choices are keyed by
//! what they are about (link, message, receipt, the how manyth), so that leaving one out moves none
//! of the others: that is what makes shrinking quick.

use super::draw::DrawKey;
use crate::id::{Name, Party};
use crate::message::MessageKind;
use crate::scenario::replay::{Harm, Planned};
use crate::scenario::{Disk, Skew};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::fmt;

/// Something that went wrong, where and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it happened to, as a replay finds it again.
    pub key: DrawKey,
    /// What it happened to, for people.
    pub what: What,
    /// What happened.
    pub fault: Fault,
    /// When.
    pub at: Time,
    /// The scenario's fault that it came of; none for a link's own losses and drawn crashes.
    pub rule: Option<Name>,
}

/// What a fault happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message, as the `nth` of its kind about its receipt on that link, from 1.
    Message {
        /// Who sent it.
        from: Party,
        /// To whom.
        to: Party,
        /// Its name.
        kind: MessageKind,
        /// Whether it answers a request.
        answer: bool,
        /// The receipt it is about, by its label.
        receipt: Option<Text>,
        /// Which one.
        nth: u32,
    },
    /// A commit: the `nth` of its cause about its receipt at that party, from 1.
    Commit {
        /// Whose.
        party: Party,
        /// The message or timer that made it act.
        cause: &'static str,
        /// The receipt it is about, by its label.
        receipt: Option<Text>,
        /// Which one.
        nth: u32,
    },
    /// A party, by the clock.
    Power(Party),
    /// A party's clock.
    Clock(Party),
    /// A receipt on paper, the `nth` time, from 1.
    Print {
        /// The receipt, by its label.
        receipt: Text,
        /// Which time.
        nth: u32,
    },
    /// As a file says it.
    Told(Text),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The message is lost.
    Drop,
    /// The message arrives a second time, so much later.
    Duplicate(Span),
    /// The message arrives so much later than its link would have it.
    Delay(Span),
    /// The party's power fails.
    Crash {
        /// Before or after the commit.
        moment: Moment,
        /// For how long it stays down.
        down: Span,
    },
    /// The paper tears before the code on it is whole.
    Tear,
    /// The party's clock is so far off from now on.
    Skew(Skew),
}

impl Fault {
    /// Its family.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Duplicate(_) => "duplicate",
            Self::Delay(_) => "delay",
            Self::Crash { .. } => "crash",
            Self::Tear => "tear",
            Self::Skew(_) => "clock-skew",
        }
    }
}

/// When the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the commit: nothing has happened.
    Before,
    /// After the commit and before anything left: everything happened, and nobody was told.
    After,
}

impl Moment {
    /// When the power fails for a disk that does so. A commit is whole or is not, so a torn write
    /// is one that the next start finds whole.
    pub(super) const fn of_disk(disk: Disk) -> Self {
        match disk {
            Disk::LoseUnsynced => Self::Before,
            Disk::KeepUnsynced | Disk::TornWrite => Self::After,
        }
    }
}

/// Every adverse choice of one run, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The choices.
    pub choices: Vec<Choice>,
}

impl Plan {
    /// The plan with these choices only, by their places in it: what a shrinker tries.
    #[must_use]
    pub fn only(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let places = places.into_iter();
        let choices = places.filter_map(|at| self.choices.get(at).cloned());
        Self {
            choices: choices.collect(),
        }
    }

    /// The plan that a file holds.
    pub fn of(planned: &[Planned]) -> Self {
        Self {
            choices: planned.iter().map(Choice::of).collect(),
        }
    }

    /// The plan as a file holds it.
    pub fn planned(&self) -> Vec<Planned> {
        self.choices.iter().map(Choice::planned).collect()
    }

    /// The choices by key, for a replay.
    pub(super) fn index(&self) -> BTreeMap<DrawKey, Vec<(Fault, Option<Name>)>> {
        let mut index: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for choice in &self.choices {
            let faults = index.entry(choice.key).or_default();
            faults.push((choice.fault, choice.rule));
        }
        index
    }

    /// What happens to parties by the clock: power failures, and clocks that go wrong.
    pub(super) fn by_the_clock(&self) -> impl Iterator<Item = (&Choice, Party)> {
        let choices = self.choices.iter();
        choices.filter_map(|choice| match choice.what {
            What::Power(party) | What::Clock(party) => Some((choice, party)),
            _ => None,
        })
    }
}

impl Choice {
    /// Whose power fails.
    pub(super) const fn crashed(&self) -> Option<Party> {
        match (self.fault, &self.what) {
            (Fault::Crash { .. }, What::Commit { party, .. } | What::Power(party)) => Some(*party),
            _ => None,
        }
    }

    fn of(planned: &Planned) -> Self {
        let crash = |moment| Fault::Crash {
            moment,
            down: planned.lasts,
        };
        let told = || What::Told(planned.what.clone());
        Self {
            key: DrawKey(planned.key),
            what: match (planned.does, planned.party) {
                (Harm::Cut, Some(party)) => What::Power(party),
                (Harm::ClockAhead | Harm::ClockBehind, Some(party)) => What::Clock(party),
                _ => told(),
            },
            fault: match planned.does {
                Harm::Drop => Fault::Drop,
                Harm::Duplicate => Fault::Duplicate(planned.lasts),
                Harm::Delay => Fault::Delay(planned.lasts),
                Harm::CrashBefore | Harm::Cut => crash(Moment::Before),
                Harm::CrashAfter => crash(Moment::After),
                Harm::Tear => Fault::Tear,
                Harm::ClockAhead | Harm::ClockBehind => Fault::Skew(Skew {
                    ahead: planned.does == Harm::ClockAhead,
                    by: planned.lasts,
                }),
            },
            at: planned.at,
            rule: planned.rule,
        }
    }

    fn planned(&self) -> Planned {
        let party = match self.what {
            What::Power(party) | What::Clock(party) => Some(party),
            _ => None,
        };
        let (does, lasts) = match self.fault {
            Fault::Drop => (Harm::Drop, Span::ZERO),
            Fault::Duplicate(later) => (Harm::Duplicate, later),
            Fault::Delay(by) => (Harm::Delay, by),
            Fault::Crash { down, .. } if party.is_some() => (Harm::Cut, down),
            Fault::Crash { moment, down } => match moment {
                Moment::Before => (Harm::CrashBefore, down),
                Moment::After => (Harm::CrashAfter, down),
            },
            Fault::Tear => (Harm::Tear, Span::ZERO),
            Fault::Skew(Skew { ahead: true, by }) => (Harm::ClockAhead, by),
            Fault::Skew(Skew { ahead: false, by }) => (Harm::ClockBehind, by),
        };
        Planned {
            key: self.key.0,
            what: Text::clean(&self.what.to_string()),
            does,
            lasts,
            at: self.at,
            party,
            rule: self.rule,
        }
    }
}

impl fmt::Display for Choice {
    /// `drop ann -> river: pay of A1, the 1st` · `crash river after its commit of claim of A1 ..`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::Drop => write!(f, "drop {}", self.what),
            Fault::Duplicate(later) => write!(f, "repeat, {later} later, {}", self.what),
            Fault::Delay(by) => write!(f, "delay by {by} {}", self.what),
            Fault::Crash { moment, down } => {
                let moment = match moment {
                    Moment::Before => "before",
                    Moment::After => "after",
                };
                write!(f, "crash, for {down}, {moment} {}", self.what)
            }
            Fault::Tear => write!(f, "tear {}", self.what),
            Fault::Skew(Skew { by: Span::ZERO, .. }) => write!(f, "set right {}", self.what),
            Fault::Skew(Skew { ahead: true, by }) => write!(f, "set ahead by {by} {}", self.what),
            Fault::Skew(Skew { by, .. }) => write!(f, "set back by {by} {}", self.what),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (receipt, nth) = match self {
            Self::Message {
                from,
                to,
                kind,
                answer,
                receipt,
                nth,
            } => {
                let what = if *answer { "answer " } else { "" };
                write!(f, "{from} -> {to}: {what}{kind}")?;
                (receipt, nth)
            }
            Self::Commit {
                party,
                cause,
                receipt,
                nth,
            } => {
                write!(f, "{party}'s commit of {cause}")?;
                (receipt, nth)
            }
            Self::Power(party) => return write!(f, "{party}"),
            Self::Clock(party) => return write!(f, "the clock of {party}"),
            Self::Print { receipt, nth } => return write!(f, "the paper of {receipt} #{nth}"),
            Self::Told(text) => return write!(f, "{text}"),
        };
        if let Some(receipt) = receipt {
            write!(f, " of {receipt}")?;
        }
        write!(f, " #{nth}")
    }
}

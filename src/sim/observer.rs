//! Whoever watches a run: checkers, facts, traces. They see everything, and change nothing.

use super::plan::Choice;
use crate::id::Party;
use crate::journal::Entry;
use crate::message::{Message, MessageKind};
use crate::roles::Taken;
use crate::scenario::Skew;
use crate::text::Text;
use crate::time::Time;
use crate::words::words;

/// A message as it leaves, after the commit that it tells of.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// When.
    pub at: Time,
    /// By whom.
    pub from: Party,
    /// To whom.
    pub to: Party,
    /// The kind of request that it answers, if it is an answer.
    pub answers: Option<MessageKind>,
    /// The message.
    pub message: &'a Message,
}

words! {
    /// What a line of a trace says.
    pub enum Does {
        /// A party began.
        Start = "start",
        /// A person or a device at the party's side.
        Act = "act",
        /// A message was taken.
        Msg = "msg",
        /// A timer was due.
        Timer = "timer",
        /// A line of the party's journal was committed.
        Fact = "fact",
        /// The party's power failed.
        Crash = "crash",
        /// A message was lost.
        Drop = "drop",
        /// A message will come twice.
        Dup = "dup",
        /// A message was held back.
        Delay = "delay",
        /// A property failed.
        Check = "check",
    }
}

impl Does {
    /// What an input is.
    pub(super) fn of<I>(taken: &Taken<I>) -> Self {
        match (taken.from, taken.timer, taken.what) {
            (Some(_), ..) => Self::Msg,
            (None, Some(_), _) => Self::Timer,
            (None, None, "start") => Self::Start,
            (None, None, _) => Self::Act,
        }
    }
}

/// A line of a trace: an input that is handled now, or what became of a message on its way.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The input's number, from 1; 0 for what is no input.
    pub n: u64,
    /// The input that it came of, if the world knows; else 0.
    pub cause: u64,
    /// When.
    pub at: Time,
    /// Where.
    pub of: Party,
    /// Who sent it.
    pub from: Option<Party>,
    /// What it is.
    pub does: Does,
    /// The message, timer or act by its word.
    pub what: &'a str,
    /// The receipt it is about, by its label.
    pub receipt: Option<Text>,
}

/// A sink for what happens in a world, in the order in which it happens.
pub trait Observer {
    /// A party committed this journal entry.
    fn entry(&mut self, of: Party, entry: &Entry);

    /// A message left.
    fn sent(&mut self, sent: &Sent<'_>);

    /// Something went wrong, as the plan has it.
    fn fault(&mut self, choice: &Choice);

    /// A party's clock is so far off from now on: the instants of its journal are, too.
    fn clock(&mut self, _: Party, _: Skew) {}

    /// Whether it wants [`step`](Self::step): making them costs time.
    fn traces(&self) -> bool {
        false
    }

    /// An input is handled, or something befell a message.
    fn step(&mut self, _: &Step<'_>) {}

    /// Whether the driver should look now; asked after each event, and answered once.
    fn wants_a_look(&mut self) -> bool {
        false
    }
}

/// Nobody watches.
impl Observer for () {
    fn entry(&mut self, _: Party, _: &Entry) {}

    fn sent(&mut self, _: &Sent<'_>) {}

    fn fault(&mut self, _: &Choice) {}
}

//! Whoever watches a run: checkers, facts, traces. They see everything, and change nothing.

use super::plan::Choice;
use crate::id::Party;
use crate::journal::Entry;
use crate::message::{Message, MessageKind};
use crate::time::Time;

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

/// A sink for what happens in a world, in the order in which it happens.
pub trait Observer {
    /// A party committed this journal entry.
    fn entry(&mut self, of: Party, entry: &Entry);

    /// A message left.
    fn sent(&mut self, sent: &Sent<'_>);

    /// Something went wrong, as the plan has it.
    fn fault(&mut self, choice: &Choice);

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

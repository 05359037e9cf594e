//! Roles: what each party decides, as configuration and pure functions.
//!
//! A role [`admit`](Role::admit)s a message (parses it, checks its signatures; no rows, so drivers
//! do it in parallel), then [`handle`](Role::handle)s the admitted input over a working set of
//! rows. It has no socket, file, clock, thread or randomness; [`Cx`] gives it time as data, keyed
//! draws, rows by key, and a place to push what it wants done. It may be run again for the same
//! input, and then decides the same.
//!
//! Why one trait for seven parties: the simulator's world and the network's node drive all of them
//! with the same code ([`Group`]), so a retry, a crash or a conflict means the same in both.

pub mod actor;
pub mod approval;
pub mod bank;
#[cfg(test)]
pub(crate) mod bench;
pub mod bugs;
pub mod chip;
mod cx;
pub mod gateway;
mod group;
pub mod merchant;
mod outbox;
pub mod terminal;
pub mod trust;
pub mod wallet;

pub use actor::Actor;
pub use cx::{Cx, Effect, Outputs};
pub use group::{Done, Group, Taken};
pub use outbox::{Kept, Schedule};

use crate::id::Party;
use crate::message::{About, Message, Refused, Sender};
use crate::order::Reason;
use crate::store::{Stop, Timer};
use crate::time::Time;

/// A party's policy.
pub trait Role: Send + Sync {
    /// What it acts on, with the proofs of the checks that were made.
    type Input: Clone + Send + Sync + 'static;

    /// Which party it is.
    fn me(&self) -> Party;

    /// Parses a message and checks every signature in it. Pure: no rows.
    ///
    /// # Errors
    /// The precise reason, for the journal; [`refusal`](Self::refusal) says what the sender hears.
    fn admit(&self, now: Time, from: Sender, message: Message) -> Result<Self::Input, Reason>;

    /// The input that a timer is.
    fn wake(&self, timer: Timer) -> Self::Input;

    /// What the party does first, anew or after a crash.
    fn start(&self) -> Option<Self::Input> {
        None
    }

    /// Decides. Reads and writes rows, sets timers, sends, replies and records through `cx`.
    fn handle(&self, cx: &mut Cx<'_>, input: &Self::Input) -> Result<(), Stop>;

    /// What the sender hears of a refusal.
    fn refusal(&self, reason: Reason, about: About) -> Message {
        Message::Refused(Refused { reason, about })
    }

    /// Signs what the party states, after the commit.
    fn release(&self, message: &mut Message);
}

#[cfg(test)]
mod tests;

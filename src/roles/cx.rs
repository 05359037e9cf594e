//! What a role may touch while it decides.

use super::bugs::{self, Bug};
use super::outbox::{Kept, Schedule};
use crate::chance::Chance;
use crate::id::{EventId, Id, Party};
use crate::journal::Event;
use crate::message::{Bytes, Message};
use crate::store::{Key, KeyBytes, Record, Stop, Timer, TimerKind, Work, Writes};
use crate::time::Time;

/// One input's context: time as data, keyed draws, rows by key, and what is to be done after the
/// commit.
pub struct Cx<'a> {
    now: Time,
    me: Party,
    chance: &'a Chance,
    draws: u64,
    work: Work<'a>,
    out: Outputs,
}

/// What leaves after the commit, and never before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// The answer to the input's sender.
    pub reply: Option<Message>,
    /// Messages to other parties.
    pub sends: Vec<(Party, Message)>,
    /// What devices and people get.
    pub effects: Vec<Effect>,
    /// Timers that were set, for a driver that keeps its own queue; the store has them too.
    pub timers: Vec<(Time, Timer)>,
}

/// Something for a device at the party's side.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// To the paper that waits for this job: insert this block, or nothing.
    Insert {
        /// The job, as the capture numbered it.
        job: u64,
        /// The block's bytes; nothing when the receipt goes out without a code.
        block: Option<Bytes>,
    },
    /// To the printer: print this now.
    Print(Bytes),
}

impl<'a> Cx<'a> {
    /// A context over an empty working set.
    pub fn new(now: Time, me: Party, chance: &'a Chance, work: Work<'a>) -> Self {
        Self {
            now,
            me,
            chance,
            draws: 0,
            work,
            out: Outputs::default(),
        }
    }

    /// When the input was taken.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Who decides.
    pub const fn me(&self) -> Party {
        self.me
    }

    /// 64 drawn bits for this purpose and key. The same input draws the same when it is run again.
    pub fn draw(&mut self, purpose: &str, key: &impl KeyBytes) -> u64 {
        self.draws += 1;
        self.chance
            .draw(purpose, Key::of(key).as_bytes(), self.draws)
    }

    /// A new id: 48 bits of time, then 80 drawn ones.
    pub fn new_id(&mut self, purpose: &str, key: &impl KeyBytes) -> Id {
        let high = u128::from(self.draw(purpose, key)) << 64;
        let drawn = high | u128::from(self.draw(purpose, key));
        Id::new(self.now.millis(), drawn)
    }

    /// The row of this key.
    pub fn get<T: Record>(&mut self, key: &T::Key) -> Result<Option<T>, Stop> {
        self.work.get(key)
    }

    /// Writes a row.
    pub fn put<T: Record>(&mut self, row: T) -> Result<(), Stop> {
        self.work.put(row)
    }

    /// Deletes a row.
    pub fn delete<T: Record>(&mut self, key: &T::Key) -> Result<(), Stop> {
        self.work.delete::<T>(key)
    }

    /// Sends a message once; the role's own timer repeats it if it matters.
    pub fn send(&mut self, to: Party, message: Message) {
        self.out.sends.push((to, message));
    }

    /// Sends a message and keeps it, and sends it again by its schedule until
    /// [`settled`](Self::settled).
    pub fn send_kept(
        &mut self,
        event: EventId,
        to: Party,
        message: Message,
        schedule: Schedule,
    ) -> Result<(), Stop> {
        let at = self.now.after(schedule.wait(0));
        self.timer(Timer::new(TimerKind::Resend, event.0), Some(at));
        self.put(Kept::new(event, to, message.clone(), schedule, self.now))?;
        self.send(to, message);
        Ok(())
    }

    /// A kept message was heard by `by`: it is kept no longer. Says whether it was still kept for
    /// that party; nobody hears for another.
    pub fn settled(&mut self, event: EventId, by: Party) -> Result<bool, Stop> {
        let kept = self
            .get::<Kept>(&(event,))?
            .is_some_and(|kept| kept.to == by && !bugs::on(Bug::IgnoresAck));
        if kept {
            self.delete::<Kept>(&(event,))?;
            self.timer(Timer::new(TimerKind::Resend, event.0), None);
        }
        Ok(kept)
    }

    /// Sets, moves or clears a timer. A timer that fires has been cleared before `handle`.
    pub fn timer(&mut self, timer: Timer, at: Option<Time>) {
        self.work.timer(timer, at);
        if let Some(at) = at {
            self.out.timers.push((at, timer));
        }
    }

    /// Answers the input's sender.
    pub fn reply(&mut self, message: Message) {
        self.out.reply = Some(message);
    }

    /// Hands something to a device after the commit.
    pub fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Says that something happened.
    pub fn record(&mut self, event: Event) {
        self.work.record(event);
    }

    /// What to save and what to release.
    pub fn finish(self) -> (Writes, Outputs) {
        (self.work.into_writes(), self.out)
    }
}

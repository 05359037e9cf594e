//! A group of inputs, handled one after the other and committed together.
//!
//! Both drivers call this and nothing else, so that what a rerun, a refusal, a conflict or a failed
//! commit means is written once.

use super::bugs::{self, Bug};
use super::{Cx, Outputs, Role};
use crate::chance::Chance;
use crate::id::Party;
use crate::journal::{Cause, Event, EventKind};
use crate::message::{About, Message, Sender};
use crate::order::Reason;
use crate::store::{Backend, Stop, StoreError, Timer, Want, Work, Writes};
use crate::time::Time;
use std::borrow::Cow;

/// The most times that an input is run again because another process changed what it had read.
const TRIES_MAX: usize = 64;

/// One input, taken at an instant, admitted or not.
#[derive(Clone, Debug)]
pub struct Taken<I> {
    /// When it was taken.
    pub at: Time,
    /// The message's or timer's name.
    pub what: &'static str,
    /// Who sent it, if it was a message.
    pub from: Option<Party>,
    /// What the message is about.
    pub about: About,
    /// The timer that fired, and when it was due, if it was one.
    pub timer: Option<(Time, Timer)>,
    /// The admitted input, or why it was not admitted.
    pub input: Result<I, Reason>,
}

impl<I> Taken<I> {
    /// A message: admits it. This is where signatures are checked; drivers call it in parallel.
    pub fn message<R: Role<Input = I>>(role: &R, at: Time, from: Sender, message: Message) -> Self {
        let (what, about) = (message.kind().word(), message.about());
        let input = role.admit(at, from, message);
        Self {
            at,
            what,
            from: Some(from.party),
            about,
            timer: None,
            input,
        }
    }

    /// A timer that fired, as the store gave it with the time that it was due at.
    pub fn timer<R: Role<Input = I>>(role: &R, at: Time, (due, timer): (Time, Timer)) -> Self {
        let input = Ok(role.wake(timer));
        Self {
            at,
            what: timer.kind.word(),
            from: None,
            about: About::default(),
            timer: Some((due, timer)),
            input,
        }
    }

    /// Something at the party's own side: its start, a person, a device.
    pub fn local(at: Time, what: &'static str, input: I) -> Self {
        Self {
            at,
            what,
            from: None,
            about: About::default(),
            timer: None,
            input: Ok(input),
        }
    }
}

/// What became of one input.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Committed; this may leave now.
    Released(Outputs),
    /// Nobody knows whether it was committed: the sender is told to ask again, under the same key.
    Unknown(StoreError),
}

/// What an input writes and gives, or what has to be fetched before it can be decided.
type Decided = Result<(Writes, Outputs), Vec<Want>>;

/// A role over its store.
pub struct Group<'a, R> {
    /// The policy.
    pub role: &'a R,
    /// Its draws.
    pub chance: &'a Chance,
    /// What it remembers.
    pub store: &'a mut dyn Backend,
}

impl<R: Role> Group<'_, R> {
    /// Handles every input, commits all of them at once, and gives what may leave, signed, in their
    /// order.
    pub fn run(&mut self, inputs: &[Taken<R::Input>]) -> Vec<Done> {
        let mut done = self.decide(inputs);
        done.iter_mut().for_each(|done| self.sign(done));
        done
    }

    /// As [`run`](Self::run), for a group of one, with nothing put into a list on the way.
    pub fn run_one(&mut self, input: &Taken<R::Input>) -> Done {
        let mut done = match self.attempt_one(input) {
            Ok(outputs) => Done::Released(outputs),
            Err(StoreError::Conflict) => self.insist(input),
            Err(error) => Done::Unknown(error),
        };
        self.sign(&mut done);
        done
    }

    fn sign(&self, done: &mut Done) {
        if let Done::Released(out) = done {
            out.reply.iter_mut().for_each(|m| self.role.release(m));
            out.sends.iter_mut().for_each(|(_, m)| self.role.release(m));
        }
    }

    /// As [`run`](Self::run), but nothing is signed yet: a driver with several threads calls
    /// [`Role::release`] on each message where it leaves, and not in its one writer.
    pub fn decide(&mut self, inputs: &[Taken<R::Input>]) -> Vec<Done> {
        match self.attempt(inputs) {
            Ok(outputs) => outputs.into_iter().map(Done::Released).collect(),
            Err(StoreError::Conflict) if inputs.len() == 1 => vec![self.insist(&inputs[0])],
            // One bad input must not cost the others their turn: each gets a group of its own.
            Err(_) if inputs.len() > 1 => {
                let alone = inputs.chunks(1);
                alone.flat_map(|one| self.decide(one)).collect()
            }
            Err(error) => inputs
                .iter()
                .map(|_| Done::Unknown(error.clone()))
                .collect(),
        }
    }

    fn insist(&mut self, input: &Taken<R::Input>) -> Done {
        for _ in 0..TRIES_MAX {
            match self.attempt_one(input) {
                Ok(outputs) => return Done::Released(outputs),
                Err(StoreError::Conflict) => {}
                Err(error) => return Done::Unknown(error),
            }
        }
        Done::Unknown(StoreError::Conflict)
    }

    fn attempt_one(&mut self, input: &Taken<R::Input>) -> Result<Outputs, StoreError> {
        self.store.begin()?;
        let mut handle = || loop {
            match self.handle_one(input)? {
                Ok(outputs) => return Ok(outputs),
                Err(wants) => self.store.load(&wants).map(drop)?,
            }
        };
        let outputs = handle().inspect_err(|_| {
            drop(self.store.abort());
        })?;
        self.store.commit()?;
        Ok(outputs)
    }

    fn attempt(&mut self, inputs: &[Taken<R::Input>]) -> Result<Vec<Outputs>, StoreError> {
        self.store.begin()?;
        let outputs = self.handle_all(inputs).inspect_err(|_| {
            // The group is lost either way; what `abort` says besides changes nothing.
            drop(self.store.abort());
        })?;
        self.store.commit()?;
        Ok(outputs)
    }

    /// Runs every input; those that need rows fetched first are run again after one fetch for all.
    fn handle_all(&mut self, inputs: &[Taken<R::Input>]) -> Result<Vec<Outputs>, StoreError> {
        let mut outputs: Vec<Option<Outputs>> = inputs.iter().map(|_| None).collect();
        if bugs::on(Bug::AcceptsStaleRows) {
            return self.handle_stale(inputs);
        }
        loop {
            let mut wants: Vec<Want> = Vec::new();
            for (input, slot) in inputs
                .iter()
                .zip(&mut outputs)
                .filter(|(_, slot)| slot.is_none())
            {
                match self.handle_one(input)? {
                    Ok(done) => *slot = Some(done),
                    Err(need) => wants.extend(need),
                }
            }
            if wants.is_empty() {
                return Ok(outputs.into_iter().map(Option::unwrap_or_default).collect());
            }
            wants.sort_by_key(|(table, key)| (table.id, *key));
            wants.dedup_by_key(|(table, key)| (table.id, *key));
            self.store.load(&wants)?;
        }
    }

    /// Every input by the rows as they were before all of them: a seeded defect.
    fn handle_stale(&mut self, inputs: &[Taken<R::Input>]) -> Result<Vec<Outputs>, StoreError> {
        let decided: Result<Vec<_>, _> = inputs.iter().map(|input| self.run_input(input)).collect();
        let mut outputs = Vec::new();
        for (input, decided) in inputs.iter().zip(decided?) {
            let (writes, out) = decided.map_err(|_needed| StoreError::Conflict)?;
            self.save(input, writes)?;
            outputs.push(out);
        }
        Ok(outputs)
    }

    /// One run of one input: what it gives, or what has to be fetched first.
    fn handle_one(
        &mut self,
        taken: &Taken<R::Input>,
    ) -> Result<Result<Outputs, Vec<Want>>, StoreError> {
        match self.run_input(taken)? {
            Ok((writes, outputs)) => {
                self.save(taken, writes)?;
                Ok(Ok(outputs))
            }
            Err(wants) => Ok(Err(wants)),
        }
    }

    /// What an input writes and gives, with nothing written yet.
    #[inline]
    fn run_input(&mut self, taken: &Taken<R::Input>) -> Result<Decided, StoreError> {
        let mut cx = Cx::new(taken.at, self.role.me(), self.chance, Work::new(self.store));
        let handled = match &taken.input {
            Ok(input) => self.role.handle(&mut cx, input),
            Err(reason) => Err(Stop::Refuse(*reason)),
        };
        match handled {
            Ok(()) => Ok(Ok(cx.finish())),
            Err(Stop::Refuse(reason)) => {
                drop(cx);
                let reply = taken.from.map(|_| self.role.refusal(reason, taken.about));
                let outputs = Outputs {
                    reply,
                    ..Outputs::default()
                };
                Ok(Ok((refused(taken, reason), outputs)))
            }
            Err(Stop::Need(wants)) => Ok(Err(wants)),
            Err(Stop::Store(error)) => Err(error),
        }
    }

    fn save(&mut self, taken: &Taken<R::Input>, mut writes: Writes) -> Result<(), StoreError> {
        writes.at = taken.at;
        // Cleared only if it is still set for when it fired: an input handled since may have moved
        // it.
        writes.fired = taken.timer;
        writes.cause = Some(Cause {
            what: Cow::Borrowed(taken.what),
            from: taken.from,
        });
        self.store.save(writes)
    }
}

/// A refusal's only trace: its journal line.
fn refused<I>(taken: &Taken<I>, reason: Reason) -> Writes {
    let mut event = Event::new(EventKind::Refused).reason(reason);
    event.order = taken.about.order;
    event.peer = taken.from;
    Writes {
        events: vec![event],
        ..Writes::default()
    }
}

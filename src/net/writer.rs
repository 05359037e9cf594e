//! The one writer: a thread that owns the store and commits whatever is queued, together.

use super::node::Shared;
use super::queue::{Answer, Job, Waiter};
use crate::chance::Chance;
use crate::id::Party;
use crate::message::Message;
use crate::roles::{Done, Effect, Group, Outputs, Role, Taken};
use crate::store::{Backend, StoreError};
use crate::time::{Span, Time};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use tokio::sync::mpsc;

/// The most inputs that one commit makes durable.
pub const GROUP_MAX: usize = 256;
/// How often the store is asked for due timers at least: other processes may have set them.
const POLL: Span = Span::millis(250);
/// And at most so often: timers that come due one after the other fire together.
const TICK: Span = Span::millis(5);

/// Everything that only the writer touches.
pub(super) struct Writer<R: Role> {
    pub(super) shared: Arc<Shared<R>>,
    pub(super) store: Box<dyn Backend>,
    pub(super) chance: Chance,
    pub(super) effects: mpsc::Sender<Effect>,
    pub(super) jobs: Receiver<Job<R::Input>>,
    wakes: Wakes,
    /// The latest instant that an input was taken at.
    latest: Time,
}

/// An input and who waits for what becomes of it.
type Input<I> = (Taken<I>, Waiter);

impl<R: Role + 'static> Writer<R> {
    pub(super) fn new(
        shared: Arc<Shared<R>>,
        store: Box<dyn Backend>,
        chance: Chance,
        effects: mpsc::Sender<Effect>,
        jobs: Receiver<Job<R::Input>>,
    ) -> Self {
        Self {
            shared,
            store,
            chance,
            effects,
            jobs,
            wakes: Wakes::default(),
            latest: Time::default(),
        }
    }

    /// What the party does first; then the store is known to be writable.
    pub(super) fn start(&mut self) -> Result<(), StoreError> {
        self.store.begin()?;
        self.store.commit()?;
        let Some(input) = self.shared.role.start() else {
            return Ok(());
        };
        let taken = vec![Taken::local(self.shared.clock.now(), "start", input)];
        for done in self.decide(&taken) {
            match done {
                Done::Released(out) => self.release(None, Waiter::Nobody, out),
                Done::Unknown(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Works until it is told to stop and nothing is queued any more; gives the store back.
    pub(super) fn run(mut self) -> Box<dyn Backend> {
        let mut open = true;
        while open {
            let mut group = Vec::new();
            let mut next = match self.jobs.recv_timeout(self.wakes.wait(self.now()).to_std()) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            while let Some(job) = next {
                match job {
                    Job::Input(taken, waiter) => group.push((taken, waiter)),
                    Job::Read(read) => read(self.store.as_mut()),
                    Job::Stop => open = false,
                }
                let room = group.len() < GROUP_MAX;
                next = room.then(|| self.jobs.try_recv().ok()).flatten();
            }
            self.shared.queue.took(group.len());
            self.add_due(&mut group);
            self.commit(group);
        }
        self.drain();
        self.store
    }

    /// Takes what was queued before the stop.
    fn drain(&mut self) {
        loop {
            let queued = self.jobs.try_iter().filter_map(|job| match job {
                Job::Input(taken, waiter) => Some((taken, waiter)),
                Job::Read(_) | Job::Stop => None,
            });
            let group: Vec<Input<R::Input>> = queued.take(GROUP_MAX).collect();
            if group.is_empty() {
                return;
            }
            self.shared.queue.took(group.len());
            self.commit(group);
        }
    }

    fn add_due(&mut self, group: &mut Vec<Input<R::Input>>) {
        let now = self.now();
        let room = GROUP_MAX.saturating_sub(group.len());
        if room == 0 || !self.wakes.is_due(now) {
            return;
        }
        let asked = self.store.due(now, room);
        let next = self.store.next_due();
        if asked.is_err() || next.is_err() {
            // Asked again at the next poll.
            self.shared.counters.store_failures.fetch_add(1, Relaxed);
        }
        let due = asked.unwrap_or_default();
        // Those that are due now are the store's earliest until their group is committed.
        let next = if due.is_empty() {
            next.unwrap_or_default()
        } else {
            Some(now)
        };
        self.wakes.asked(now, next);
        let role = &*self.shared.role;
        let due = due.into_iter().map(|due| Taken::timer(role, now, due));
        group.extend(due.map(|taken| (taken, Waiter::Nobody)));
    }

    fn commit(&mut self, group: Vec<Input<R::Input>>) {
        if group.is_empty() {
            return;
        }
        let (mut taken, waiters): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        for taken in &mut taken {
            // Inputs were taken in parallel and may have overtaken one another on the way here.
            taken.at = taken.at.max(self.latest);
            self.latest = taken.at;
        }
        let all = self.decide(&taken);
        for ((taken, waiter), done) in taken.iter().zip(waiters).zip(all) {
            match done {
                Done::Released(out) => self.release(taken.from, waiter, out),
                Done::Unknown(_whether_it_was_committed) => {
                    self.shared.counters.unknown.fetch_add(1, Relaxed);
                    waiter.tell(Answer::AskAgain);
                }
            }
        }
        self.shared.commits.send_modify(|count| *count += 1);
    }

    fn decide(&mut self, taken: &[Taken<R::Input>]) -> Vec<Done> {
        let counters = &self.shared.counters;
        counters.groups.fetch_add(1, Relaxed);
        counters
            .inputs
            .fetch_add(u64::try_from(taken.len()).unwrap_or(0), Relaxed);
        let mut group = Group {
            role: &*self.shared.role,
            chance: &self.chance,
            store: self.store.as_mut(),
        };
        group.decide(taken)
    }

    /// Lets everything go that was committed. Messages are signed by whoever writes them out.
    fn release(&mut self, from: Option<Party>, waiter: Waiter, out: Outputs) {
        out.timers.iter().for_each(|(at, _)| self.wakes.set(*at));
        for effect in out.effects {
            if self.effects.try_send(effect).is_err() {
                self.shared.counters.effects_dropped.fetch_add(1, Relaxed);
            }
        }
        let reply = match waiter {
            // An answer's answer, or a late one: nobody holds a request open for it.
            Waiter::Nobody => from.zip(out.reply),
            Waiter::Request(_) => {
                waiter.tell(Answer::Reply(out.reply));
                None
            }
        };
        let sends: Vec<(Party, Message)> = reply.into_iter().chain(out.sends).collect();
        sends
            .into_iter()
            .for_each(|(to, message)| self.shared.post(to, message));
    }

    fn now(&self) -> Time {
        self.shared.clock.now().max(self.latest)
    }
}

/// When to ask the store for due timers. What is due, only the store knows: timers are moved and
/// cleared, and other processes take them.
#[derive(Debug, Default)]
struct Wakes {
    next: Option<Time>,
    asked: Time,
}

impl Wakes {
    /// A timer was set.
    fn set(&mut self, at: Time) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    fn is_due(&self, now: Time) -> bool {
        self.wake() <= now
    }

    fn wait(&self, now: Time) -> Span {
        self.wake().since(now)
    }

    fn wake(&self) -> Time {
        let poll = self.asked.after(POLL);
        let next = self.next.map_or(poll, |next| next.min(poll));
        next.max(self.asked.after(TICK))
    }

    /// The store was asked at `now`, and said when to ask again.
    const fn asked(&mut self, now: Time, next: Option<Time>) {
        self.asked = now;
        self.next = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_asked_when_a_timer_may_be_due_and_every_quarter_second() {
        let start = Time::from_seconds(1000);
        let mut wakes = Wakes::default();
        assert!(wakes.is_due(start), "at once after the start");
        wakes.asked(start, None);
        assert_eq!(wakes.wait(start), POLL);
        wakes.set(start.after(Span::millis(70)));
        wakes.set(start.after(Span::millis(30)));
        wakes.set(start.after(Span::hours(1)));
        assert_eq!(wakes.wait(start), Span::millis(30));
        let later = start.after(Span::millis(30));
        wakes.asked(later, Some(start.after(Span::millis(70))));
        assert_eq!(wakes.wait(later), Span::millis(40));
    }

    #[test]
    fn however_many_timers_are_due_the_store_is_asked_at_most_every_tick() {
        let start = Time::from_seconds(1000);
        let mut wakes = Wakes::default();
        wakes.asked(start, Some(start.before(Span::seconds(9))));
        wakes.set(start);
        assert!(!wakes.is_due(start));
        assert_eq!(wakes.wait(start), TICK);
    }
}

//! What will happen, by virtual time: a heap of small keys over a slab of events.
//!
//! Why the events are not in the heap: they are ten times as large as their keys, and a heap moves
//! what it holds at every step.

use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in the order of their time. Those of equal time come in the order of their tie, which is
/// drawn: another in every seed, the same in every run of one.
#[derive(Clone)]
pub(super) struct Queue<E> {
    heap: BinaryHeap<Reverse<(Time, u64, u32)>>,
    slab: Vec<Option<E>>,
    free: Vec<u32>,
}

impl<E> Queue<E> {
    pub(super) const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            slab: Vec::new(),
            free: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, at: Time, tie: u64, event: E) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slab.push(None);
            u32::try_from(self.slab.len() - 1).expect("fewer than 2^32 events wait at once")
        });
        self.slab[slot as usize] = Some(event);
        self.heap.push(Reverse((at, tie, slot)));
    }

    /// When the next event is due.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next event, with its time and tie.
    pub(super) fn pop(&mut self) -> Option<(Time, u64, E)> {
        let Reverse((at, tie, slot)) = self.heap.pop()?;
        let event = self.slab[slot as usize].take();
        self.free.push(slot);
        event.map(|event| (at, tie, event))
    }

    /// The events that are due first, with their ties: for an explorer.
    pub(super) fn first(&self) -> impl Iterator<Item = (u64, &E)> {
        let first = self.next_at();
        let due = self
            .heap
            .iter()
            .filter(move |Reverse((at, ..))| Some(*at) == first);
        due.filter_map(|Reverse((_, tie, slot))| Some((*tie, self.slab[*slot as usize].as_ref()?)))
    }

    /// Every event that waits, with its time, in no order: for an explorer.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Time, &E)> {
        let all = self.heap.iter();
        all.filter_map(|Reverse((at, _, slot))| Some((*at, self.slab[*slot as usize].as_ref()?)))
    }

    /// The first event of these, whenever it is due: for an explorer, whose queues are short.
    pub(super) fn take(&mut self, is: impl Fn(u64, &E) -> bool) -> Option<(Time, u64, E)> {
        let slab = &self.slab;
        let fits = |tie, slot: u32| {
            slab[slot as usize]
                .as_ref()
                .is_some_and(|event| is(tie, event))
        };
        let all = self.heap.iter().map(|Reverse(key)| *key);
        let (at, tie, slot) = all.filter(|(_, tie, slot)| fits(*tie, *slot)).min()?;
        self.heap.retain(|Reverse((_, _, of))| *of != slot);
        self.free.push(slot);
        Some((at, tie, self.slab[slot as usize].take()?))
    }

    /// The first event of these at this instant: for an explorer.
    pub(super) fn take_at(&mut self, at: Time, is: impl Fn(&E) -> bool) -> Option<E> {
        let slab = &self.slab;
        let fits = |slot: u32| slab[slot as usize].as_ref().is_some_and(&is);
        let mut all = self.heap.iter().map(|Reverse(key)| *key);
        let (_, _, slot) = all.find(|(of, _, slot)| *of == at && fits(*slot))?;
        self.heap.retain(|Reverse((_, _, of))| *of != slot);
        self.free.push(slot);
        self.slab[slot as usize].take()
    }

    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_by_their_drawn_tie() {
        let mut queue = Queue::new();
        for (at, tie) in [(2, 1), (1, 9), (1, 3), (3, 0), (1, 5)] {
            queue.push(Time::from_nanos(at), tie, (at, tie));
        }
        let order = std::iter::from_fn(|| queue.pop()).map(|(.., event)| event);
        assert!(order.eq([(1, 3), (1, 5), (1, 9), (2, 1), (3, 0)]));
    }

    #[test]
    fn slots_are_used_again() {
        let mut queue = Queue::new();
        for round in 0..100 {
            queue.push(Time::from_nanos(round), 0, round);
            queue.push(Time::from_nanos(round), 1, round);
            assert_eq!(queue.pop().map(|(.., event)| event), Some(round));
            assert_eq!(queue.pop().map(|(.., event)| event), Some(round));
        }
        assert_eq!((queue.len(), queue.slab.len()), (0, 2));
    }
}

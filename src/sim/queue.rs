//! What will happen, by virtual time: a heap of small keys over a slab of events.
//!
//! Why the events are not in the heap: they are ten times as large as their keys, and a heap moves
//! what it holds at every step.

use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in the order of their time. Those of equal time come in the order of their tie, which is
/// drawn: another in every seed, the same in every run of one.
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

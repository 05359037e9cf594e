//! The bounded queue between everybody who has an input and the one writer.

use crate::message::Message;
use crate::roles::Taken;
use crate::store::Backend;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// The most inputs that wait for the writer.
pub const QUEUE_MAX: usize = 4096;
/// From here on, new requests are put off; what peers answer still finds room (F-18: who is inside
/// is served first).
pub const QUEUE_NEW_MAX: usize = QUEUE_MAX * 3 / 4;
/// Jobs that are not inputs (reads, the stop) have room of their own.
const EXTRA: usize = 64;

/// Something for the writer.
pub(super) enum Job<I> {
    /// Handle this with the next group.
    Input(Taken<I>, Waiter),
    /// Read the store between two groups.
    Read(Read),
    /// Take what is queued, and end.
    Stop,
}

/// A look at the store.
type Read = Box<dyn FnOnce(&mut dyn Backend) + Send>;

/// Who hears what became of an input.
pub(super) enum Waiter {
    /// Nobody holds a request open.
    Nobody,
    /// A request, or someone at this party's own side.
    Request(oneshot::Sender<Answer>),
}

impl Waiter {
    pub(super) fn tell(self, answer: Answer) {
        if let Self::Request(request) = self {
            drop(request.send(answer)); // a caller that went away asks again
        }
    }
}

/// What became of an input.
#[derive(Debug)]
pub(super) enum Answer {
    /// It was committed, and this is the reply, not yet signed.
    Reply(Option<Message>),
    /// Nobody knows whether it was committed.
    AskAgain,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The sending side.
pub(super) struct Queue<I> {
    jobs: SyncSender<Job<I>>,
    depth: AtomicUsize,
}

impl<I> Queue<I> {
    pub(super) fn new() -> (Self, Receiver<Job<I>>) {
        let (jobs, receiver) = sync_channel(QUEUE_MAX + EXTRA);
        let depth = AtomicUsize::new(0);
        (Self { jobs, depth }, receiver)
    }

    /// Whether new requests are put off. Asked before the work of admitting one.
    pub(super) fn is_crowded(&self) -> bool {
        self.depth.load(Ordering::Relaxed) >= QUEUE_NEW_MAX
    }

    pub(super) fn push(&self, taken: Taken<I>, waiter: Waiter) -> Result<(), Full> {
        if self.depth.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX {
            self.took(1);
            return Err(Full);
        }
        let sent = self.jobs.try_send(Job::Input(taken, waiter));
        sent.map_err(|_full_or_stopped| {
            self.took(1);
            Full
        })
    }

    pub(super) fn read(
        &self,
        read: impl FnOnce(&mut dyn Backend) + Send + 'static,
    ) -> Result<(), Full> {
        let sent = self.jobs.try_send(Job::Read(Box::new(read)));
        sent.map_err(|_full_or_stopped| Full)
    }

    /// Asks the writer to end after what is queued. Blocks while the queue is full.
    pub(super) fn stop(&self) {
        drop(self.jobs.send(Job::Stop)); // it may have ended already
    }

    /// As [`stop`](Self::stop), if there is room.
    pub(super) fn try_stop(&self) {
        drop(self.jobs.try_send(Job::Stop));
    }

    /// The writer took so many inputs.
    pub(super) fn took(&self, inputs: usize) {
        self.depth.fetch_sub(inputs, Ordering::Relaxed);
    }
}

//! Messages to parties that cannot be dialled: a customer's phone, a shop behind its router.
//!
//! Two ways out, of which a party chooses by how it asks. A request that accepts
//! `application/x-ndjson` gets its answer as a line, and while that answer is provisional (a
//! payment PROCESSING) the next message about the same order as another line of the same response:
//! a payment costs its payer no second exchange. `GET /v1/feed` waits for whatever else comes. What
//! nobody waits for stays in a small mailbox for a while. Loss is harmless: roles ask again by
//! their own timers.

use crate::id::{OrderId, Party};
use crate::message::Message;
use indexmap::IndexMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::mpsc;

/// How many parties' mail is kept; an old box is closed for one more.
pub const BOXES_MAX: usize = 16 * 1024;
/// How many messages a box holds; the oldest gives way.
pub const BOX_MESSAGES_MAX: usize = 8;
/// How many messages one waiting request holds before they are fetched.
const LISTENER_MESSAGES_MAX: usize = 8;

/// All mailboxes of a node.
#[derive(Debug, Default)]
pub(super) struct Mail {
    boxes: Mutex<Boxes>,
}

#[derive(Debug, Default)]
struct Boxes {
    of: IndexMap<Party, Mailbox>,
    /// Which box gives way next; it goes round, so that old ones go before new ones.
    hand: usize,
    closed: bool,
}

#[derive(Debug, Default)]
struct Mailbox {
    waiting: Vec<Message>,
    /// Requests that wait; each holds a connection, of which there is a limit.
    listeners: Vec<Waiting>,
    /// Numbers listeners.
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    /// Only messages about this order; otherwise all.
    order: Option<OrderId>,
    to: mpsc::Sender<Message>,
}

/// A request that waits for messages; dropping it ends the wait.
#[derive(Debug)]
pub(super) struct Listener {
    mail: Arc<Mail>,
    party: Party,
    id: u64,
    messages: mpsc::Receiver<Message>,
}

impl Mail {
    /// Waits for messages to a party: about one order, or (with those that wait already) any.
    pub(super) fn listen(self: &Arc<Self>, party: Party, order: Option<OrderId>) -> Listener {
        let (to, messages) = mpsc::channel(LISTENER_MESSAGES_MAX.max(BOX_MESSAGES_MAX));
        let mut boxes = self.boxes();
        let mailbox = boxes.open(party);
        if order.is_none() {
            let waiting = mailbox.waiting.drain(..);
            waiting.for_each(|message| drop(to.try_send(message)));
        }
        let id = mailbox.next;
        mailbox.next += 1;
        mailbox.listeners.push(Waiting { id, order, to });
        if boxes.closed {
            boxes.of.clear();
        }
        drop(boxes);
        let mail = Arc::clone(self);
        Listener {
            mail,
            party,
            id,
            messages,
        }
    }

    /// Opens a party's mailbox, if it is not open: it was here, and may come back.
    pub(super) fn open(&self, party: Party) {
        self.boxes().open(party);
    }

    /// Hands a message to the request that waits for it, or keeps it. Says whether either happened.
    pub(super) fn deliver(&self, to: Party, message: Message) -> bool {
        let mut boxes = self.boxes();
        let Some(mailbox) = boxes.of.get_mut(&to) else {
            return false;
        };
        let mut message = message;
        let order = message.order();
        let listeners = mailbox.listeners.iter();
        for listener in listeners.filter(|l| l.order.is_none() || l.order == order) {
            match listener.to.try_send(message) {
                Ok(()) => return true,
                Err(back) => message = back.into_inner(),
            }
        }
        if mailbox.waiting.len() >= BOX_MESSAGES_MAX {
            mailbox.waiting.remove(0);
        }
        mailbox.waiting.push(message);
        true
    }

    /// Ends every wait, now and from now on: the node stops.
    pub(super) fn close(&self) {
        let mut boxes = self.boxes();
        boxes.closed = true;
        boxes.of.clear();
    }

    fn boxes(&self) -> MutexGuard<'_, Boxes> {
        // Whoever panicked in here left whole messages behind: every step above keeps the map
        // whole.
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Boxes {
    fn open(&mut self, party: Party) -> &mut Mailbox {
        if !self.of.contains_key(&party) && self.of.len() >= BOXES_MAX {
            self.of.swap_remove_index(self.hand % BOXES_MAX);
            self.hand += 1;
        }
        self.of.entry(party).or_default()
    }
}

impl Listener {
    /// The next message; `None` when nothing more will come.
    pub(super) async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// A message that is here already.
    pub(super) fn here(&mut self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    pub(super) fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Option<Message>> {
        self.messages.poll_recv(cx)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.messages.close();
        let mut boxes = self.mail.boxes();
        let Some(mailbox) = boxes.of.get_mut(&self.party) else {
            return;
        };
        mailbox.listeners.retain(|listener| listener.id != self.id);
        while let Ok(message) = self.messages.try_recv() {
            if mailbox.waiting.len() < BOX_MESSAGES_MAX {
                mailbox.waiting.push(message); // it came while the request was going away
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AttemptId, Id};
    use crate::message::Attempt;

    fn about(order: u8) -> Message {
        let order = OrderId(Id::from_bytes([order; 16]));
        let attempt = AttemptId(Id::from_bytes([0; 16]));
        Message::Granted(Attempt { order, attempt })
    }

    fn ann() -> Party {
        "wallet:ann".parse().unwrap()
    }

    #[test]
    fn a_message_goes_to_the_request_about_its_order_or_waits_for_the_feed() {
        let mail = Arc::new(Mail::default());
        assert!(!mail.deliver(ann(), about(1)), "nobody was ever here");
        let mut listener = mail.listen(ann(), about(1).order());
        assert!(mail.deliver(ann(), about(2)) && mail.deliver(ann(), about(1)));
        assert_eq!(listener.here(), Some(about(1)));
        let mut feed = mail.listen(ann(), None);
        assert_eq!((feed.here(), feed.here()), (Some(about(2)), None));
        assert!(mail.deliver(ann(), about(3)));
        assert_eq!(feed.here(), Some(about(3)));
    }

    #[test]
    fn a_request_that_goes_away_leaves_its_messages_to_the_next() {
        let mail = Arc::new(Mail::default());
        let listener = mail.listen(ann(), None);
        mail.deliver(ann(), about(1));
        drop(listener);
        assert_eq!(mail.listen(ann(), None).here(), Some(about(1)));
    }

    #[test]
    fn boxes_and_their_messages_are_bounded() {
        let mail = Arc::new(Mail::default());
        mail.open(ann());
        assert!((0..=255).all(|order| mail.deliver(ann(), about(order))));
        let mut feed = mail.listen(ann(), None);
        let kept: Vec<_> = std::iter::from_fn(|| feed.here()).collect();
        assert_eq!(kept.len(), BOX_MESSAGES_MAX);
        assert_eq!(kept.last(), Some(&about(255)));
        drop(feed);
        assert!(mail.boxes().of[&ann()].listeners.is_empty());
        for n in 0..BOXES_MAX + 10 {
            mail.open(format!("wallet:w{n}").parse().unwrap());
        }
        assert_eq!(mail.boxes().of.len(), BOXES_MAX);
    }
}

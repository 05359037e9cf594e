//! Which receipt something is about, as a number that no fault can change.
//!
//! Why not the order's id: it begins with the time at which the gateway raised it, so one delayed
//! message would give every later message of that order another key, and its plan would fall apart.
//! A receipt is known by what its chip wrote into the code: terminal, epoch, payment reference.

use super::draw::of_bytes;
use crate::code::sealed::{Blob, HEADER_LEN};
use crate::id::Id;
use crate::message::Message;
use crate::roles::bank::Magic;
use crate::store::{Timer, TimerKind};
use crate::text::Text;
use hashbrown::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are drawn or hashed already.
pub(super) type Drawn<K, V> = HashMap<K, V, BuildHasherDefault<AsItIs>>;

/// A hasher for what needs none.
#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Ids end in drawn bytes; the last eight stand for all.
        if let Some(last) = bytes.last_chunk() {
            self.0 ^= u64::from_be_bytes(*last);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 ^= n;
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// What is known of receipts: which orders came of them, and what people call them.
#[derive(Clone, Default)]
pub(super) struct Subjects {
    of_order: Drawn<Id, u64>,
    labels: Drawn<u64, Text>,
    magic: Drawn<u64, Magic>,
}

impl Subjects {
    /// The receipt of a code.
    pub(super) fn of_code(code: &Blob) -> u64 {
        // Between version, suite and flags, and the times: route, epoch, terminal, reference.
        let bytes = code.bytes().get(2..HEADER_LEN - 6);
        of_bytes(bytes.unwrap_or_default())
    }

    /// The receipt that a request is about; nothing in common with others when it names none.
    pub(super) fn of_message(&self, message: &Message) -> u64 {
        match message {
            Message::Open(open) => Self::of_code(&open.code),
            Message::VoidOrder(void) => Self::of_code(&void.code),
            other => other.order().map_or(0, |order| self.of_id(&order.0)),
        }
    }

    /// The receipt that a timer is about.
    pub(super) fn of_timer(&self, timer: &Timer) -> u64 {
        match timer.kind {
            TimerKind::Session => 0,
            _about_something => self.of_id(&timer.about),
        }
    }

    fn of_id(&self, id: &Id) -> u64 {
        let known = self.of_order.get(id).copied();
        known.unwrap_or_else(|| of_bytes(id.bytes()))
    }

    /// This order came of that receipt.
    pub(super) fn learn(&mut self, order: Id, subject: u64) {
        self.of_order.insert(order, subject);
    }

    /// What people call a receipt.
    pub(super) fn name(&mut self, subject: u64, label: Text) {
        self.labels.insert(subject, label);
    }

    /// What a receipt's amount stands for.
    pub(super) fn enchant(&mut self, subject: u64, magic: Magic) {
        self.magic.insert(subject, magic);
    }

    /// What the amount of a receipt stands for.
    pub(super) fn magic(&self, subject: u64) -> Option<Magic> {
        self.magic.get(&subject).copied()
    }

    /// What people call it.
    pub(super) fn label(&self, subject: u64) -> Option<Text> {
        self.labels.get(&subject).cloned()
    }
}

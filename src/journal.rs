//! The journal: everything that happened at one party, hash-chained.
//!
//! Audit, timelines, feeds, checkers and screens read events; nobody scrapes state. An event is one
//! flat record (what happened, to which order, for how much, because of what), so that it is a row
//! that people can query as well as a line that tools can read.
//!
//! Why a chain per lane: one sequential committer (a worker) owns a lane and keeps its head in
//! memory. One global chain cost PostgreSQL nine tenths of its throughput.

mod json;

pub use json::LineError;

use crate::id::{AttemptId, Name, OrderId, Party, Uid};
use crate::money::Money;
use crate::order::Reason;
use crate::store::{Field, FieldError, Reader, Value};
use crate::text::Text;
use crate::time::Time;
use crate::words::words;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

words! {
    /// What happened.
    pub enum EventKind {
        /// The party began, anew or after a crash.
        Started = "started",
        /// An input was refused and left no other trace.
        Refused = "refused",
        /// A shop's receipt got its code.
        CodePrinted = "code-printed",
        /// A receipt went out without a code; the reason says why.
        CodeWithheld = "code-withheld",
        /// A reprint got the stored code again.
        CodeReprinted = "code-reprinted",
        /// A job's bytes were taken from the till.
        JobCaptured = "job-captured",
        /// The paid slip was printed.
        SlipPrinted = "slip-printed",
        /// The chip and the PC module opened a session.
        SessionOpened = "session-opened",
        /// The chip sealed and signed.
        Sealed = "sealed",
        /// A code was read and verified offline.
        CodeVerified = "code-verified",
        /// A code was refused offline: nothing was sent.
        CodeRefused = "code-refused",
        /// The order was shown to the payer.
        OrderShown = "order-shown",
        /// The payer confirmed.
        PayConfirmed = "pay-confirmed",
        /// The payer gave up, or said no.
        PayAbandoned = "pay-abandoned",
        /// The wallet shows that the outcome is being checked.
        PayChecking = "pay-checking",
        /// The wallet heard that it paid.
        PayDone = "pay-done",
        /// The wallet heard that it did not pay.
        PayFailed = "pay-failed",
        /// The gateway raised a payment order.
        OrderCreated = "order-created",
        /// A claim was granted.
        OrderClaimed = "order-claimed",
        /// A claim was refused.
        ClaimRefused = "claim-refused",
        /// The order's outcome is unknown.
        OrderUnknown = "order-unknown",
        /// The order is paid.
        OrderPaid = "order-paid",
        /// The attempt was closed by proof; the order can be paid again while valid.
        OrderReopened = "order-reopened",
        /// The order expired.
        OrderExpired = "order-expired",
        /// The shop voided it.
        OrderCancelled = "order-cancelled",
        /// The bank's word differs from the order.
        OrderConflict = "order-conflict",
        /// A success came for a final, unpaid order.
        OrderLate = "order-late",
        /// One counter, two codes: a cloned or compromised chip.
        ForkAlarm = "fork-alarm",
        /// Money was held for a bank order.
        Held = "held",
        /// A hold became a posting.
        Posted = "posted",
        /// A hold was released.
        Voided = "voided",
        /// A bank order was refused before anything was held.
        Rejected = "rejected",
        /// An attempt was closed before it arrived.
        Tombstoned = "tombstoned",
        /// A claim's answer is missing; the hold stays.
        InDoubt = "in-doubt",
        /// The payee bank credited its merchant.
        Credited = "credited",
        /// The payee bank credited suspense: the merchant's account takes nothing.
        Suspended = "suspended",
        /// Money entered the books from outside (an opening balance).
        Funded = "funded",
        /// The merchant heard that it was paid.
        MerchantTold = "merchant-told",
        /// A kept message was heard.
        Delivered = "delivered",
        /// A kept message was given up; people see it.
        Parked = "parked",
    }
}

/// Something that happened, as a role records it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// To which receipt.
    pub uid: Option<Uid>,
    /// To which order.
    pub order: Option<OrderId>,
    /// In which attempt.
    pub attempt: Option<AttemptId>,
    /// The state of the machine that changed, by its word.
    pub state: Option<Cow<'static, str>>,
    /// How much.
    pub amount: Option<Money>,
    /// From which account or book.
    pub debit: Option<Text>,
    /// To which account or book.
    pub credit: Option<Text>,
    /// Which other party it concerns.
    pub peer: Option<Party>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else a person should know.
    pub note: Option<Text>,
}

impl Event {
    /// Something of this kind happened.
    pub const fn new(kind: EventKind) -> Self {
        Self {
            kind,
            uid: None,
            order: None,
            attempt: None,
            state: None,
            amount: None,
            debit: None,
            credit: None,
            peer: None,
            reason: None,
            note: None,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty;)*) => {
        impl Event {$(
            $(#[$doc])*
            #[must_use]
            pub fn $field(mut self, value: $type) -> Self {
                self.$field = Some(value);
                self
            }
        )*}
    };
}

setters! {
    /// To which receipt.
    uid: Uid;
    /// To which order.
    order: OrderId;
    /// In which attempt.
    attempt: AttemptId;
    /// How much.
    amount: Money;
    /// From which account or book.
    debit: Text;
    /// To which account or book.
    credit: Text;
    /// Which other party it concerns.
    peer: Party;
    /// Why.
    reason: Reason;
    /// What else a person should know.
    note: Text;
}

impl Event {
    /// The state that the machine is in now, by its word.
    #[must_use]
    pub fn state(mut self, word: &'static str) -> Self {
        self.state = Some(Cow::Borrowed(word));
        self
    }
}

/// What made a party act: the message or timer, and who sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The message's or timer's name.
    pub what: Cow<'static, str>,
    /// The sender, if it was a message.
    pub from: Option<Party>,
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The committer that wrote it.
    pub lane: u32,
    /// Its number in that lane, from 1.
    pub seq: u64,
    /// When the input was taken.
    pub at: Time,
    /// What made the party act.
    pub cause: Cause,
    /// What happened.
    pub event: Event,
    /// Over the lane's previous hash and everything above.
    pub hash: [u8; 32],
}

/// One lane's chain: its number, how many entries it has, the last one's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    lane: u32,
    seq: u64,
    head: [u8; 32],
    kind: ChainKind,
}

/// How entries are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// SHA-256: what stores keep.
    Sha256,
    /// SipHash-128: for simulations with `crypto = "fast"`, where the chain only shows that two
    /// runs were the same.
    Fast,
}

impl Chain {
    /// A lane with nothing in it.
    pub const fn new(lane: u32, kind: ChainKind) -> Self {
        Self {
            lane,
            seq: 0,
            head: [0; 32],
            kind,
        }
    }

    /// A lane after its last stored entry.
    pub const fn resume(lane: u32, kind: ChainKind, seq: u64, head: [u8; 32]) -> Self {
        Self {
            lane,
            seq,
            head,
            kind,
        }
    }

    /// Which lane.
    pub const fn lane(&self) -> u32 {
        self.lane
    }

    /// How many entries it has.
    pub const fn len(&self) -> u64 {
        self.seq
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.seq == 0
    }

    /// The last entry's hash.
    pub const fn head(&self) -> &[u8; 32] {
        &self.head
    }

    /// Appends an event and gives the entry to store.
    pub fn append(&mut self, at: Time, cause: Cause, event: Event) -> Entry {
        self.seq += 1;
        let mut entry = Entry {
            lane: self.lane,
            seq: self.seq,
            at,
            cause,
            event,
            hash: [0; 32],
        };
        entry.hash = self.hash(&entry);
        self.head = entry.hash;
        entry
    }

    /// Whether `entry` follows this chain's head; if so, the chain moves on to it (L3).
    pub fn follow(&mut self, entry: &Entry) -> bool {
        let good =
            entry.lane == self.lane && entry.seq == self.seq + 1 && entry.hash == self.hash(entry);
        if good {
            (self.seq, self.head) = (entry.seq, entry.hash);
        }
        good
    }

    fn hash(&self, entry: &Entry) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(HASHED_BYTES);
        bytes.extend_from_slice(&self.head);
        entry.put_columns(&mut |value| append(&mut bytes, value));
        match self.kind {
            ChainKind::Sha256 => Sha256::digest(&bytes).into(),
            ChainKind::Fast => {
                use siphasher::sip128::SipHasher13;
                let hash = SipHasher13::new().hash(&bytes).as_u128();
                let mut out = [0; 32];
                out[..16].copy_from_slice(&hash.to_be_bytes());
                out
            }
        }
    }
}

/// What an entry is hashed over has seldom more bytes.
const HASHED_BYTES: usize = 512;

/// Appends a value with its tag; texts and blobs with their length too. Why arrays of a known size:
/// an entry has twenty values, most of them nothing, and each such array is one store.
fn append(bytes: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => bytes.extend_from_slice(&[0; 5]),
        Value::Int(n) => {
            let [a, b, c, d, e, f, g, h] = n.to_be_bytes();
            bytes.extend_from_slice(&[1, a, b, c, d, e, f, g, h]);
        }
        Value::Text(text) => append_part(bytes, 2, text.as_bytes()),
        Value::Blob(blob) => append_part(bytes, 3, blob),
    }
}

fn append_part(bytes: &mut Vec<u8>, tag: u8, part: &[u8]) {
    let [a, b, c, d] = u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
    bytes.extend_from_slice(&[tag, a, b, c, d]);
    bytes.extend_from_slice(part);
}

macro_rules! entry_columns {
    ($($name:literal: $type:ty = $($path:ident).+;)*) => {
        impl Entry {
            /// The journal table's columns beside the hash, in order: name and kind.
            pub fn columns() -> Vec<crate::store::Column> {
                let mut all = Vec::new();
                $(<$type as Field>::columns($name, &mut all);)*
                all
            }

            /// Hands out every column's value beside the hash: what the hash is over.
            pub fn put_columns(&self, out: &mut dyn FnMut(Value<'_>)) {
                $(Field::put(&self.$($path).+, out);)*
            }
        }
    };
}

entry_columns! {
    "lane": u32 = lane;
    "seq": u64 = seq;
    "at": Time = at;
    "cause": Cow<'static, str> = cause.what;
    "cause_from": Option<Party> = cause.from;
    "kind": EventKind = event.kind;
    "uid": Option<Uid> = event.uid;
    "order_id": Option<OrderId> = event.order;
    "attempt_id": Option<AttemptId> = event.attempt;
    "state": Option<Cow<'static, str>> = event.state;
    "amount": Option<Money> = event.amount;
    "debit": Option<Text> = event.debit;
    "credit": Option<Text> = event.credit;
    "peer": Option<Party> = event.peer;
    "reason": Option<Reason> = event.reason;
    "note": Option<Text> = event.note;
}

impl Entry {
    /// Reads an entry back: the columns in order, then the hash.
    pub fn read(from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let (lane, seq, at) = (Field::take(from)?, Field::take(from)?, Field::take(from)?);
        let cause = Cause {
            what: Field::take(from)?,
            from: Field::take(from)?,
        };
        let event = Event {
            kind: Field::take(from)?,
            uid: Field::take(from)?,
            order: Field::take(from)?,
            attempt: Field::take(from)?,
            state: Field::take(from)?,
            amount: Field::take(from)?,
            debit: Field::take(from)?,
            credit: Field::take(from)?,
            peer: Field::take(from)?,
            reason: Field::take(from)?,
            note: Field::take(from)?,
        };
        Ok(Self {
            lane,
            seq,
            at,
            cause,
            event,
            hash: Field::take(from)?,
        })
    }

    /// The entry as one JSON object, for lines that tools read. Absent fields are left out.
    pub fn to_json(&self, party: &Party) -> serde_json::Value {
        let event = &self.event;
        let mut line = serde_json::Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                line.insert(name.to_owned(), value.into());
            }
        };
        put("at", Some(self.at.to_string()));
        put("party", Some(party.to_string()));
        put("event", Some(event.kind.to_string()));
        put("uid", event.uid.map(|v| v.to_string()));
        put("order", event.order.map(|v| v.to_string()));
        put("attempt", event.attempt.map(|v| v.to_string()));
        put("state", event.state.as_ref().map(ToString::to_string));
        put("amount", event.amount.map(|v| v.to_string()));
        put("debit", event.debit.as_ref().map(ToString::to_string));
        put("credit", event.credit.as_ref().map(ToString::to_string));
        put("peer", event.peer.map(|v| v.to_string()));
        put("reason", event.reason.map(|v| v.to_string()));
        put("note", event.note.as_ref().map(ToString::to_string));
        put("cause", Some(self.cause.what.to_string()));
        put("from", self.cause.from.map(|v| v.to_string()));
        put("lane", Some(self.lane.to_string()));
        put("seq", Some(self.seq.to_string()));
        put("hash", Some(crate::hex::encode(&self.hash)));
        line.into()
    }
}

/// A book of a ledger or an account, by name, as events name it.
pub fn book(name: &Name) -> Text {
    Text::clean(name.as_str())
}

//! A role on the bench: driven input by input over a memory store, for unit tests.

use super::trust::Trust;
use super::{Cx, Done, Group, Outputs, Role, Taken};
use crate::chance::Chance;
use crate::code::bundle::Bundle;
use crate::code::sealed::Accept;
use crate::id::{AttemptId, EventId, Id, OrderId, Party, TerminalId, Uid};
use crate::journal::{ChainKind, EventKind};
use crate::message::{Attempt, Attested, BankReference, Message, Notice, Sender};
use crate::money::Money;
use crate::sign::{SigningKey, Suite};
use crate::store::{Backend, Memory, Work};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When the bench's clock starts.
pub(crate) const START: Time = Time::from_seconds(1_700_000_000);
/// The shop's terminal.
pub(crate) const TERMINAL: TerminalId = TerminalId::from_bytes([0, 0, 0, 1, 0, 1]);

/// A simulated key.
pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(Suite::Simulated, &[seed; 32]).unwrap()
}

/// The key of `gateway:hub`.
pub(crate) const HUB: u8 = 20;
/// The key of `bank:river`.
pub(crate) const RIVER: u8 = 21;

/// Trust in one gateway and one bank.
pub(crate) fn trust() -> Arc<Trust> {
    let parties = [("gateway:hub", HUB), ("bank:river", RIVER)];
    let bundle = Bundle {
        version: 1,
        issued: START,
        expires: Time::from_seconds(u32::MAX),
        issuers: Vec::new(),
        revoked_issuers: BTreeSet::new(),
        hosts: BTreeMap::new(),
        merchants: BTreeMap::new(),
        terminals: BTreeMap::new(),
        revoked_terminals: BTreeSet::new(),
        parties: parties
            .map(|(party, seed)| (party.parse().unwrap(), key(seed).public()))
            .into(),
    };
    let accept = Accept::SIMULATION;
    let root = key(1);
    let opened = bundle.sign(&root).open(&root.public(), accept, None, START);
    let bundle = opened.unwrap();
    Arc::new(Trust { accept, bundle })
}

/// An amount in euro cents.
pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

/// An id made of a small number.
pub(crate) fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

/// A receipt of the shop's terminal.
pub(crate) fn uid(counter: u32) -> Uid {
    let (terminal, epoch) = (TERMINAL, 1);
    Uid {
        terminal,
        epoch,
        counter,
    }
}

/// The word of `bank:river` that it paid a receipt in attempt `attempt`, signed with `signer`.
pub(crate) fn paid(uid: Uid, amount: Money, attempt: u8, signer: u8) -> Attested<BankReference> {
    let of = Attempt {
        order: OrderId(id(1)),
        attempt: AttemptId(id(attempt)),
    };
    let body = BankReference {
        of,
        uid,
        amount,
        merchant: uid.terminal.merchant(),
        posted_at: START,
    };
    let mut reference = Attested::unsigned(body, "bank:river".parse().unwrap());
    reference.sign(&key(signer));
    reference
}

/// The notice `event` of such a payment.
pub(crate) fn notice(event: u8, reference: Attested<BankReference>) -> Arc<Notice> {
    Arc::new(Notice {
        event: EventId(id(event)),
        reference,
        order_reference: Text::clean("A7"),
    })
}

/// A role, its store and its clock, which moves a millisecond with every input.
pub(crate) struct Bench<R> {
    pub(crate) role: R,
    pub(crate) store: Memory,
    pub(crate) now: Time,
    chance: Chance,
}

impl<R: Role> Bench<R> {
    pub(crate) fn new(role: R) -> Self {
        let chance = Chance::of_seed(1).for_party(&role.me());
        Self {
            role,
            store: Memory::new(ChainKind::Fast),
            now: START,
            chance,
        }
    }

    /// A message arrives.
    pub(crate) fn tell(&mut self, from: &str, message: Message) -> Outputs {
        let party: Party = from.parse().unwrap();
        self.tick();
        let from = Sender { party, bank: None };
        let taken = Taken::message(&self.role, self.now, from, message);
        self.take(&taken)
    }

    /// Something happens at the party's own side.
    pub(crate) fn local(&mut self, input: R::Input) -> Outputs {
        self.tick();
        let taken = Taken::local(self.now, "local", input);
        self.take(&taken)
    }

    /// Time passes; every timer that comes due fires.
    pub(crate) fn wait(&mut self, span: Span) -> Vec<Outputs> {
        let until = self.now.after(span);
        let mut out = Vec::new();
        while let Some(&due) = self.store.due(until, 1).unwrap().first() {
            self.now = self.now.max(due.0);
            let taken = Taken::timer(&self.role, self.now, due);
            out.push(self.take(&taken));
        }
        self.now = until;
        out
    }

    /// How often this happened so far.
    pub(crate) fn count(&self, kind: EventKind) -> usize {
        let events = self.store.journal().iter();
        events.filter(|entry| entry.event.kind == kind).count()
    }

    fn tick(&mut self) {
        self.now = self.now.after(Span::millis(1));
    }

    /// Runs the input twice: once over a working set that is dropped, once for good. Both must
    /// decide the same.
    fn take(&mut self, taken: &Taken<R::Input>) -> Outputs {
        let dropped = taken.input.as_ref().ok().and_then(|input| {
            let work = Work::new(&mut self.store);
            let mut cx = Cx::new(taken.at, self.role.me(), &self.chance, work);
            self.role.handle(&mut cx, input).ok()?;
            Some(cx.finish().1)
        });
        let mut group = Group {
            role: &self.role,
            chance: &self.chance,
            store: &mut self.store,
        };
        let mut done = group.run(std::slice::from_ref(taken));
        let Some(Done::Released(out)) = done.pop() else {
            panic!("the memory store never fails")
        };
        if let Some(dropped) = dropped {
            assert_eq!(dropped, out, "a run that was dropped decided otherwise");
        }
        out
    }
}

//! Records for tests: a plain one, one of every type of field, one with a short memory.

use proptest::prelude::*;
use quittance::id::{
    AttemptId, EventId, Id, MerchantId, Name, OrderId, Party, PartyKind, TerminalId, Uid,
};
use quittance::money::{Currency, Money};
use quittance::record;
use quittance::store::{Json, Record, Schema, TimerKind};
use quittance::text::Text;
use quittance::time::Time;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) const TABLES: &[&Schema] = &[
    Count::SCHEMA,
    Everything::SCHEMA,
    Absent::SCHEMA,
    Mood::SCHEMA,
];

record! {
    /// A counter, with columns that SQL has words for.
    pub struct Count in "order" {
        key {
            /// Its name.
            name: Name,
        }
        row {
            /// What it stands at.
            select: i64,
            /// What else is said of it.
            from: Option<Text>,
        }
        index("select", "from")
    }
}

record! {
    /// What is gone after a crash.
    pub struct Mood in "mood" {
        key {
            /// Whose.
            name: Name,
        }
        row {
            /// What it stands at.
            value: i64,
        }
        volatile true
    }
}

record! {
    /// One field of every type.
    pub struct Everything in "everything" {
        key {
            /// A key of two parts.
            order: OrderId,
            /// Its second part.
            attempt: AttemptId,
        }
        row {
            signed: i64,
            large: u64,
            medium: u32,
            small: u16,
            tiny: u8,
            yes: bool,
            at: Time,
            id: Id,
            event: EventId,
            uid: Uid,
            terminal: TerminalId,
            merchant: MerchantId,
            half: [u8; 16],
            whole: [u8; 32],
            bytes: Arc<[u8]>,
            name: Name,
            party: Party,
            text: Text,
            string: Arc<str>,
            word: Cow<'static, str>,
            currency: Currency,
            money: Money,
            kind: TimerKind,
            json: Json<Vec<Option<String>>>,
        }
    }
}

record! {
    /// The same, each of them perhaps missing.
    pub struct Absent in "absent" {
        key {
            /// A key of two parts.
            order: OrderId,
            /// Its second part.
            attempt: AttemptId,
        }
        row {
            signed: Option<i64>,
            large: Option<u64>,
            medium: Option<u32>,
            small: Option<u16>,
            tiny: Option<u8>,
            yes: Option<bool>,
            at: Option<Time>,
            id: Option<Id>,
            event: Option<EventId>,
            uid: Option<Uid>,
            terminal: Option<TerminalId>,
            merchant: Option<MerchantId>,
            half: Option<[u8; 16]>,
            whole: Option<[u8; 32]>,
            bytes: Option<Arc<[u8]>>,
            name: Option<Name>,
            party: Option<Party>,
            text: Option<Text>,
            string: Option<Arc<str>>,
            word: Option<Cow<'static, str>>,
            currency: Option<Currency>,
            money: Option<Money>,
            kind: Option<TimerKind>,
            json: Option<Json<Vec<Option<String>>>>,
        }
    }
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Extremes more often than chance brings them. SQL's integers end at 2^63.
fn large() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX >> 1), 0..=u64::MAX >> 1]
}

fn signed() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>()]
}

fn names() -> impl Strategy<Value = Name> {
    prop_oneof!["[a-z0-9]", "[a-z0-9][a-z0-9-]{29}"].prop_map(|text| text.parse().unwrap())
}

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

/// PostgreSQL keeps every character but NUL.
fn strings() -> impl Strategy<Value = String> {
    prop_oneof!["", "[^\0]{0,40}", "[\"';\\\\%\u{1F9FE}\u{4E2D}]{1,9}"]
}

pub(super) fn everything() -> impl Strategy<Value = Everything> {
    let numbers = (signed(), large(), any::<u32>(), any::<u16>(), any::<u8>());
    let ids = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 32]>());
    let more = (
        any::<[u8; 6]>(),
        any::<[u8; 4]>(),
        any::<u32>(),
        any::<u8>(),
    );
    let texts = (strings(), names(), currencies(), signed(), large());
    let rest = (
        prop::collection::vec(any::<u8>(), 0..300),
        prop::sample::select(TimerKind::ALL),
        prop::sample::select(&PartyKind::ALL[..]),
        prop::collection::vec(prop::option::of(any::<String>()), 0..3),
        any::<bool>(),
    );
    (numbers, ids, more, texts, rest).prop_map(|(numbers, ids, more, texts, rest)| {
        let (terminal, merchant) = (TerminalId::from_bytes(more.0), MerchantId(more.1));
        let (string, name, currency, minor, nanos) = texts;
        let (bytes, kind, party, json, yes) = rest;
        let (one, two) = (Id::from_bytes(ids.0), Id::from_bytes(ids.1));
        Everything {
            order: OrderId(one),
            attempt: AttemptId(two),
            signed: numbers.0,
            large: numbers.1,
            medium: numbers.2,
            small: numbers.3,
            tiny: numbers.4,
            yes,
            at: Time::from_nanos(nanos),
            id: two,
            event: EventId(one),
            uid: Uid {
                terminal,
                epoch: more.3,
                counter: more.2,
            },
            terminal,
            merchant,
            half: ids.1,
            whole: ids.2,
            bytes: bytes.into(),
            name,
            party: Party::new(party, name),
            text: Text::clean(&string),
            string: string.as_str().into(),
            word: Cow::Owned(string),
            currency,
            money: Money::new(minor, currency),
            kind,
            json: Json(json),
        }
    })
}

/// The same values, those missing whose bit is not set.
pub(super) fn absent(of: &Everything, bits: u32) -> Absent {
    let mut at = 0;
    let mut keep = || {
        at += 1;
        bits >> (at - 1) & 1 == 1
    };
    macro_rules! some {
        ($($field:ident)*) => {
            Absent {
                order: of.order,
                attempt: of.attempt,
                $($field: keep().then(|| of.$field.clone()),)*
            }
        };
    }
    some! {
        signed large medium small tiny yes at id event uid terminal merchant half whole bytes name
        party text string word currency money kind json
    }
}

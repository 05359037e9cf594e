//! A journal's lines as JSON, there and back: how a feed tells another process what happened.

use super::{Cause, Entry, Event, EventKind};
use crate::id::Party;
use crate::text::Text;
use crate::time::Time;
use serde_json::Value;
use std::borrow::Cow;
use std::str::FromStr;

/// Not a line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read a journal's line: field `{0}` is missing or none of its kind")]
pub struct LineError(&'static str);

impl Entry {
    /// The entry as [`to_json`](Self::to_json) writes it for people, with its instant to the
    /// nanosecond, so that it can be read back whole.
    pub fn to_line(&self, party: &Party) -> Value {
        let mut line = self.to_json(party);
        if let Some(fields) = line.as_object_mut() {
            fields.insert("nanos".to_owned(), self.at.nanos().into());
        }
        line
    }

    /// The entry of such a line, and whose journal it stands in.
    ///
    /// # Errors
    /// [`LineError`] names the first field that is not as it should be.
    pub fn from_line(line: &Value) -> Result<(Party, Self), LineError> {
        let event = Event {
            kind: needed::<EventKind>(line, "event")?,
            uid: optional(line, "uid")?,
            order: optional(line, "order")?,
            attempt: optional(line, "attempt")?,
            state: text(line, "state")?.map(|word| Cow::Owned(word.to_owned())),
            amount: optional(line, "amount")?,
            debit: text(line, "debit")?.map(Text::clean),
            credit: text(line, "credit")?.map(Text::clean),
            peer: optional(line, "peer")?,
            reason: optional(line, "reason")?,
            note: text(line, "note")?.map(Text::clean),
        };
        let what = text(line, "cause")?.ok_or(LineError("cause"))?;
        let hash = text(line, "hash")?.map(crate::hex::decode_array);
        let hash = hash.and_then(Result::ok);
        let nanos = line.get("nanos").and_then(Value::as_u64);
        let entry = Self {
            lane: needed(line, "lane")?,
            seq: needed(line, "seq")?,
            at: Time::from_nanos(nanos.ok_or(LineError("nanos"))?),
            cause: Cause {
                what: Cow::Owned(what.to_owned()),
                from: optional(line, "from")?,
            },
            event,
            hash: hash.ok_or(LineError("hash"))?,
        };
        Ok((needed(line, "party")?, entry))
    }
}

fn text<'a>(line: &'a Value, name: &'static str) -> Result<Option<&'a str>, LineError> {
    match line.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_of_another_kind) => Err(LineError(name)),
    }
}

fn optional<T: FromStr>(line: &Value, name: &'static str) -> Result<Option<T>, LineError> {
    let parsed = text(line, name)?.map(str::parse).transpose();
    parsed.map_err(|_none_of_its_kind| LineError(name))
}

fn needed<T: FromStr>(line: &Value, name: &'static str) -> Result<T, LineError> {
    optional(line, name)?.ok_or(LineError(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id, OrderId, Uid};
    use crate::journal::{Chain, ChainKind};
    use crate::money::{Currency, Money};
    use crate::order::Reason;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_reads_back_as_the_entry_and_continues_its_chain(
            nanos in 0..u64::MAX / 4, uid: [u8; 11], minor: i64, note in ".{0,20}", full: bool,
        ) {
            let party: Party = "bank:river".parse().unwrap();
            let mut event = Event::new(EventKind::Held);
            if full {
                event = event
                    .uid(Uid::from_bytes(uid))
                    .order(OrderId(Id::from_bytes([7; 16])))
                    .amount(Money::new(minor, Currency::JPY))
                    .debit(Text::clean(&note))
                    .peer(party)
                    .reason(Reason::Revoked)
                    .note(Text::clean(&note))
                    .state("HELD");
            }
            let cause = Cause { what: Cow::Borrowed("pay"), from: full.then_some(party) };
            let mut chain = Chain::new(3, ChainKind::Sha256);
            let entry = chain.append(Time::from_nanos(nanos), cause, event);
            let text = entry.to_line(&party).to_string();
            let read = Entry::from_line(&serde_json::from_str(&text).unwrap()).unwrap();
            prop_assert!(Chain::new(3, ChainKind::Sha256).follow(&read.1));
            prop_assert_eq!(read, (party, entry));
        }

        #[test]
        fn any_json_is_a_line_or_an_error(name in "event|party|seq|nanos|hash|uid", text in ".{0,12}") {
            let line = serde_json::json!({ name: text });
            prop_assert!(Entry::from_line(&line).is_err());
        }
    }
}

//! Columns' values: how each type of field becomes SQL values and comes back, checked both ways.

use super::record::{Column, Kind};
use crate::id::{AttemptId, EventId, Id, MerchantId, Name, OrderId, Party, TerminalId, Uid};
use crate::money::{Currency, Money};
use crate::text::Text;
use crate::time::Time;
use std::borrow::Cow;
use std::sync::Arc;

/// One column's value, borrowed from a row or from a store's result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A 64-bit signed integer; SQL has no unsigned ones.
    Int(i64),
    /// UTF-8 text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// Hands out the values of one stored row, column by column.
pub struct Reader<'a> {
    next: &'a mut dyn FnMut() -> Option<Value<'a>>,
}

impl<'a> Reader<'a> {
    /// A reader over a store's result; `next` answers `None` after the last column.
    pub fn new(next: &'a mut dyn FnMut() -> Option<Value<'a>>) -> Self {
        Self { next }
    }

    /// The next column's value.
    pub fn value(&mut self) -> Result<Value<'a>, FieldError> {
        (self.next)().ok_or(FieldError {
            expected: "another column",
        })
    }
}

/// A stored column does not hold what its type expects: the store was written by something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read a stored column: expected {expected}")]
pub struct FieldError {
    /// What the column's type expects.
    pub expected: &'static str,
}

/// A type that rows are made of: one column, or several.
pub trait Field: Sized {
    /// How many columns it has.
    const COLUMNS: usize = 1;
    /// Names its columns after the field's name.
    fn columns(name: &str, out: &mut Vec<Column>);
    /// Hands out its values.
    fn put(&self, out: &mut dyn FnMut(Value<'_>));
    /// Reads its values back.
    fn take(from: &mut Reader<'_>) -> Result<Self, FieldError>;
}

macro_rules! int_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn columns(name: &str, out: &mut Vec<Column>) {
                out.push(Column { name: name.to_owned(), kind: Kind::Int });
            }
            fn put(&self, out: &mut dyn FnMut(Value<'_>)) {
                // Counts and instants here stay far below 2^63 (the year 2262); what does not is
                // kept as the largest integer rather than wrapped.
                out(Value::Int(i64::try_from(*self).unwrap_or(i64::MAX)));
            }
            fn take(from: &mut Reader<'_>) -> Result<Self, FieldError> {
                let wrong = FieldError { expected: concat!("a ", stringify!($type)) };
                match from.value()? {
                    Value::Int(n) => Self::try_from(n).map_err(|_out_of_range| wrong),
                    _ => Err(wrong),
                }
            }
        }
    )*};
}

int_fields!(i64, u64, u32, u16, u8);

/// Fields of one column: how to put the value, how to take it back.
macro_rules! fields {
    ($($type:ty as $kind:ident($what:expr): |$v:ident| $put:expr, |$raw:ident| $take:expr;)*) => {$(
        impl $crate::store::Field for $type {
            fn columns(name: &str, out: &mut Vec<$crate::store::Column>) {
                let kind = $crate::store::Kind::$kind;
                out.push($crate::store::Column { name: name.to_owned(), kind });
            }
            fn put(&self, out: &mut dyn FnMut($crate::store::Value<'_>)) {
                let $v = self;
                out($crate::store::Value::$kind($put));
            }
            fn take(
                from: &mut $crate::store::Reader<'_>,
            ) -> Result<Self, $crate::store::FieldError> {
                let wrong = $crate::store::FieldError { expected: $what };
                match from.value()? {
                    $crate::store::Value::$kind($raw) => ($take).ok_or(wrong),
                    _ => Err(wrong),
                }
            }
        }
    )*};
}
pub(crate) use fields;

fn array<const N: usize>(raw: &[u8]) -> Option<[u8; N]> {
    raw.try_into().ok()
}

fields! {
    bool as Int("0 or 1"): |v| i64::from(*v), |raw| match raw {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    Time as Int("an instant in nanoseconds"):
        |v| i64::try_from(v.nanos()).unwrap_or(i64::MAX),
        |raw| u64::try_from(raw).ok().map(Self::from_nanos);
    Id as Blob("16 bytes"): |v| v.bytes(), |raw| array(raw).map(Self::from_bytes);
    OrderId as Blob("16 bytes"): |v| v.0.bytes(), |raw| array(raw).map(Id::from_bytes).map(Self);
    AttemptId as Blob("16 bytes"): |v| v.0.bytes(), |raw| array(raw).map(Id::from_bytes).map(Self);
    EventId as Blob("16 bytes"): |v| v.0.bytes(), |raw| array(raw).map(Id::from_bytes).map(Self);
    Uid as Blob("11 bytes"): |v| &v.bytes(), |raw| array(raw).map(Self::from_bytes);
    TerminalId as Blob("6 bytes"): |v| v.bytes(), |raw| array(raw).map(Self::from_bytes);
    MerchantId as Blob("4 bytes"): |v| &v.0, |raw| array(raw).map(Self);
    [u8; 16] as Blob("16 bytes"): |v| v, |raw| array(raw);
    [u8; 32] as Blob("32 bytes"): |v| v, |raw| array(raw);
    Arc<[u8]> as Blob("bytes"): |v| v, |raw| Some(Self::from(raw));
    Name as Text("a name"): |v| v.as_str(), |raw| raw.parse().ok();
    Party as Text("a party"): |v| v.label().as_str(), |raw| raw.parse().ok();
    Text as Text("text"): |v| v.as_str(), |raw| Some(Self::clean(raw));
    Arc<str> as Text("text"): |v| v, |raw| Some(Self::from(raw));
    Cow<'static, str> as Text("text"): |v| v, |raw| Some(Self::Owned(raw.to_owned()));
    Currency as Text("a currency"): |v| v.code(), |raw| raw.parse().ok();
}

impl Field for Money {
    const COLUMNS: usize = 2;

    fn columns(name: &str, out: &mut Vec<Column>) {
        out.push(Column {
            name: format!("{name}_minor"),
            kind: Kind::Int,
        });
        out.push(Column {
            name: format!("{name}_currency"),
            kind: Kind::Text,
        });
    }

    fn put(&self, out: &mut dyn FnMut(Value<'_>)) {
        out(Value::Int(self.minor()));
        out(Value::Text(self.currency().code()));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let minor = i64::take(from)?;
        Ok(Self::new(minor, Currency::take(from)?))
    }
}

impl<T: Field> Field for Option<T> {
    const COLUMNS: usize = T::COLUMNS;

    fn columns(name: &str, out: &mut Vec<Column>) {
        T::columns(name, out);
    }

    fn put(&self, out: &mut dyn FnMut(Value<'_>)) {
        if let Some(value) = self {
            return value.put(out);
        }
        (0..T::COLUMNS).for_each(|_| out(Value::Null));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, FieldError> {
        // A missing value is null in every one of its columns: look at the first, then give the
        // field's own reader all of them.
        let values = (0..T::COLUMNS)
            .map(|_| from.value())
            .collect::<Result<Vec<_>, _>>()?;
        if values.first() == Some(&Value::Null) {
            return Ok(None);
        }
        let mut values = values.into_iter();
        T::take(&mut Reader::new(&mut || values.next())).map(Some)
    }
}

/// A field kept as JSON text: for signed bodies and messages, whose shape is the wire's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: serde::Serialize + serde::de::DeserializeOwned> Field for Json<T> {
    fn columns(name: &str, out: &mut Vec<Column>) {
        out.push(Column {
            name: name.to_owned(),
            kind: Kind::Text,
        });
    }

    fn put(&self, out: &mut dyn FnMut(Value<'_>)) {
        let text = serde_json::to_string(&self.0);
        out(Value::Text(
            &text.expect("our own types have no map keys but strings"),
        ));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, FieldError> {
        let wrong = FieldError {
            expected: "the JSON of its type",
        };
        match from.value()? {
            Value::Text(text) => serde_json::from_str(text)
                .map(Self)
                .map_err(|_malformed| wrong),
            _ => Err(wrong),
        }
    }
}

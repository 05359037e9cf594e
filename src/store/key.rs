//! Keys of rows: short byte strings that order as the values they were made of.

use crate::id::{AttemptId, EventId, Id, MerchantId, Name, OrderId, Party, TerminalId, Uid};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The key of one row: at most [`Key::LEN_MAX`] bytes, held in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    bytes: [u8; Self::LEN_MAX],
    len: u8,
}

impl Key {
    /// The most bytes a key may take: two ids and a name.
    pub const LEN_MAX: usize = 63;

    /// The key of a value or a tuple of values.
    pub fn of(value: &impl KeyBytes) -> Self {
        let mut key = Self {
            bytes: [0; Self::LEN_MAX],
            len: 0,
        };
        value.write(&mut key);
        key
    }

    /// The key of these bytes, as a store read them back; `None` when they are too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Self {
            bytes: [0; Self::LEN_MAX],
            len: u8::try_from(bytes.len()).ok()?,
        };
        key.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(key)
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends bytes. Every key type is a fixed list of small parts, so the room suffices; a part
    /// that would not fit is a mistake in a record's declaration and stops the program.
    pub fn push(&mut self, part: &[u8]) {
        let from = usize::from(self.len);
        let room = self.bytes.get_mut(from..from + part.len());
        room.expect("a record's key fits Key::LEN_MAX")
            .copy_from_slice(part);
        self.len = u8::try_from(from + part.len()).expect("LEN_MAX is below 256");
    }
}

impl Hash for Key {
    /// Of the bytes that are used: beyond them all keys are zero.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.as_bytes());
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// What a key can be made of. The bytes written order as the values do, and no value's bytes are
/// the beginning of another's, so that tuples order too.
pub trait KeyBytes {
    /// Appends the value's bytes to `key`.
    fn write(&self, key: &mut Key);
}

macro_rules! key_bytes {
    ($($type:ty: |$value:ident| $bytes:expr;)*) => {$(
        impl KeyBytes for $type {
            fn write(&self, key: &mut Key) {
                let $value = self;
                key.push(&$bytes);
            }
        }
    )*};
}

key_bytes! {
    u8: |v| v.to_be_bytes();
    u16: |v| v.to_be_bytes();
    u32: |v| v.to_be_bytes();
    u64: |v| v.to_be_bytes();
    Id: |v| *v.bytes();
    OrderId: |v| *v.0.bytes();
    AttemptId: |v| *v.0.bytes();
    EventId: |v| *v.0.bytes();
    TerminalId: |v| *v.bytes();
    MerchantId: |v| v.0;
    Uid: |v| v.bytes();
    [u8; 16]: |v| *v;
    [u8; 32]: |v| *v;
}

impl KeyBytes for Name {
    fn write(&self, key: &mut Key) {
        key.push(self.as_str().as_bytes());
        key.push(&[0]); // no name holds a NUL, so no name begins another
    }
}

impl KeyBytes for Party {
    fn write(&self, key: &mut Key) {
        key.push(&[self.kind.letter()]);
        self.name.write(key);
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: KeyBytes),+> KeyBytes for ($($name,)+) {
            #[expect(non_snake_case, reason = "the parts are named after their types")]
            fn write(&self, key: &mut Key) {
                let ($($name,)+) = self;
                $($name.write(key);)+
            }
        }
    )*};
}

tuples! { A; A B; A B C; }

/// Makes an enum of words a part of keys: one byte, its place in the declaration.
macro_rules! key_of_word {
    ($type:ty) => {
        impl $crate::store::KeyBytes for $type {
            fn write(&self, key: &mut $crate::store::Key) {
                let at = Self::ALL
                    .iter()
                    .position(|word| word == self)
                    .unwrap_or_default();
                key.push(&[u8::try_from(at).unwrap_or(u8::MAX)]);
            }
        }
    };
}
pub(crate) use key_of_word;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_order_as_the_values_they_are_made_of(
            a in "[a-c]{1,3}", b in "[a-c]{1,3}", m: u32, n: u32,
        ) {
            let (a, b): (Name, Name) = (a.parse().unwrap(), b.parse().unwrap());
            let by_value = (a.as_str(), m).cmp(&(b.as_str(), n));
            prop_assert_eq!(Key::of(&(a, m)).cmp(&Key::of(&(b, n))), by_value);
        }
    }
}

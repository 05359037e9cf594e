//! Lower-case hexadecimal: how keys, signatures and blobs are written in text.

use std::fmt;

/// The digits of `bytes`, lower-case.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(*b)])
        .collect()
}

/// The bytes that `text` writes: an even number of lower-case digits.
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    if !text.len().is_multiple_of(2) {
        return Err(HexError::Length { len: text.len() });
    }
    let wrong = |offset| move || HexError::Digit { offset };
    text.as_bytes()
        .chunks_exact(2)
        .enumerate()
        .map(|(at, pair)| {
            let high = nibble(pair[0]).ok_or_else(wrong(2 * at))?;
            let low = nibble(pair[1]).ok_or_else(wrong(2 * at + 1))?;
            Ok(high << 4 | low)
        })
        .collect()
}

/// The `N` bytes that `text` writes.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let bytes = decode(text)?;
    let len = text.len();
    bytes.try_into().map_err(|_wrong| HexError::Length { len })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Bytes that display as their digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(self.0))
    }
}

/// Writes a type by the hexadecimal digits of a field of it, in text, logs and serde; reading goes
/// through its `FromStr`.
macro_rules! as_hex {
    ($name:ident.$bytes:tt) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::hex::Hex(&self.$bytes), f)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use as_hex;

/// Why text is not hexadecimal, or not of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// The wrong number of digits.
    #[error("read hexadecimal: {len} digits are not the length expected")]
    Length {
        /// How many characters there were.
        len: usize,
    },
    /// Something that is not a lower-case digit.
    #[error("read hexadecimal: no lower-case digit at offset {offset}")]
    Digit {
        /// Where, in bytes.
        offset: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_lower_case_digits_in_pairs_are_read() {
        assert_eq!(decode("0aff"), Ok(vec![0x0a, 0xff]));
        assert_eq!(decode("0aF0"), Err(HexError::Digit { offset: 2 }));
        assert_eq!(decode("0"), Err(HexError::Length { len: 1 }));
        assert_eq!(decode_array::<3>("0aff"), Err(HexError::Length { len: 4 }));
    }

    proptest! {
        #[test]
        fn bytes_read_back_as_themselves(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(Hex(&bytes).to_string(), encode(&bytes));
        }
    }
}

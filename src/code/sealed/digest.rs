//! What a receipt says, as 16 bytes: the digest of its canonical text.

use crate::hex::{self, HexError, as_hex};
use sha2::{Digest, Sha256};
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;

/// SHA-256(canonical receipt text)[0..16].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptDigest(pub [u8; 16]);

impl FromStr for ReceiptDigest {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode_array(text).map(Self)
    }
}

as_hex!(ReceiptDigest.0);

/// A receipt's text without what differs between two copies of it: NFC, every run of white space
/// one space, lines trimmed, empty lines dropped, joined by LF. Symbols are no text and are left
/// out by whoever took the text from the paper.
pub fn canonical(text: &str) -> String {
    let text: String = text.nfc().collect();
    let mut out = String::with_capacity(text.len());
    for line in text.split('\n') {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_some() && !out.is_empty() {
            out.push('\n');
        }
        while let Some(word) = words.next() {
            out.push_str(word);
            if words.peek().is_some() {
                out.push(' ');
            }
        }
    }
    out
}

/// The digest of a receipt's text, which is made canonical first.
pub fn digest(text: &str) -> ReceiptDigest {
    let hash: [u8; 32] = Sha256::digest(canonical(text)).into();
    ReceiptDigest(super::header::take(&hash, 0))
}

//! Public keys, signatures and key ids.

use super::{KeyError, SignError, Signed, Suite, Verified, concat, simulated};
use crate::hex::{self, HexError, as_hex};
use sha2::{Digest, Sha256};
use std::hash::Hasher;
use std::str::FromStr;

/// How long a public key is: a tag byte, then 32 bytes.
pub const PUBLIC_KEY_LEN: usize = 33;
/// How long a signature is.
pub const SIGNATURE_LEN: usize = 64;

pub(super) const TAG_ED25519: u8 = 0xED;
pub(super) const TAG_SIMULATED: u8 = 0x5A;

/// A public key: 33 bytes, a compressed P-256 point or `0xED` and an Ed25519 key.
///
/// A P-256 point is decompressed once, when it is parsed, and checked to lie on the curve.
#[derive(Clone, Copy)]
pub struct PublicKey {
    bytes: [u8; PUBLIC_KEY_LEN],
    /// The point's other coordinate; zero where the suite needs none.
    y: [u8; 32],
}

impl PublicKey {
    /// Reads a key of a real suite. Refuses a point off the curve, Ed25519 keys of small order or
    /// non-canonical encoding, and simulated keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = Self::parse_any(bytes)?;
        if key.suite() == Suite::Simulated {
            return Err(KeyError::Simulated);
        }
        Ok(key)
    }

    /// As [`parse`](Self::parse), for a simulation: takes simulated keys too. Reading a key from
    /// this program's own rows (serde) does as well.
    pub fn parse_any(bytes: &[u8]) -> Result<Self, KeyError> {
        let (tag, rest) = bytes.split_first().ok_or(KeyError::Length { len: 0 })?;
        let Ok(rest) = <&[u8; 32]>::try_from(rest) else {
            return Err(KeyError::Length { len: bytes.len() });
        };
        match *tag {
            2 | 3 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                .map(|key| Self::of_p256(&key))
                .map_err(|_off_curve| KeyError::NoPoint),
            TAG_ED25519 => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(rest);
                let key = key.map_err(|_off_curve| KeyError::NoPoint)?;
                if key.is_weak() || key.to_edwards().compress().as_bytes() != rest {
                    return Err(KeyError::NoPoint);
                }
                Ok(Self::tagged(TAG_ED25519, rest))
            }
            TAG_SIMULATED => Ok(Self::tagged(TAG_SIMULATED, rest)),
            tag => Err(KeyError::UnknownTag { tag }),
        }
    }

    pub(super) fn of_p256(key: &p256::ecdsa::VerifyingKey) -> Self {
        let point = key.to_sec1_point(false);
        let (_tag, coordinates) = point.as_bytes().split_at(1);
        let (x, y) = coordinates.split_at(32);
        let mut out = Self::tagged(2 | y[31] & 1, x.try_into().expect("32 bytes of 64"));
        out.y.copy_from_slice(y);
        out
    }

    pub(super) fn tagged(tag: u8, rest: &[u8; 32]) -> Self {
        let mut bytes = [tag; PUBLIC_KEY_LEN];
        bytes[1..].copy_from_slice(rest);
        Self { bytes, y: [0; 32] }
    }

    /// Its 33 bytes.
    pub const fn bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.bytes
    }

    /// The suite it verifies.
    pub const fn suite(&self) -> Suite {
        match self.bytes[0] {
            TAG_ED25519 => Suite::Ed25519,
            TAG_SIMULATED => Suite::Simulated,
            _ => Suite::Es256,
        }
    }

    /// SHA-256(key)[0..4]: a hint for finding the key, not proof of it. Two may share one.
    pub fn key_id(&self) -> KeyId {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(self.bytes));
        KeyId([a, b, c, d])
    }

    /// Whether `signature` was made by this key's owner over `label ‖ parts`. Refuses a zero or
    /// high s, an Ed25519 point of small order and a non-canonical S.
    pub fn verify(
        &self,
        label: &[u8],
        parts: &[&[u8]],
        signature: &Signature,
    ) -> Result<(), SignError> {
        let good = match self.suite() {
            Suite::Es256 => self.verify_p256(label, parts, signature),
            Suite::Ed25519 => self.verify_ed25519(label, parts, signature),
            Suite::Simulated => simulated::sign(&self.bytes, label, parts) == *signature,
        };
        good.then_some(()).ok_or(SignError)
    }

    /// The value with the proof that this key signed it.
    pub fn check<T: Signed>(&self, value: T) -> Result<Verified<T>, SignError> {
        self.verify(T::LABEL, &[&value.message()], value.signature())?;
        Ok(Verified::by_check(value))
    }

    fn verify_p256(&self, label: &[u8], parts: &[&[u8]], signature: &Signature) -> bool {
        let (_r, s) = signature.0.split_at(32);
        if s > HALF_ORDER.as_slice() {
            return false;
        }
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&self.bytes[1..]);
        point[33..].copy_from_slice(&self.y);
        let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED;
        let key = ring::signature::UnparsedPublicKey::new(algorithm, point);
        key.verify(&concat(label, parts), &signature.0).is_ok()
    }

    fn verify_ed25519(&self, label: &[u8], parts: &[&[u8]], signature: &Signature) -> bool {
        let (_tag, rest) = self.bytes.split_at(1);
        let rest = rest.try_into().expect("32 bytes follow the tag");
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        ed25519_dalek::VerifyingKey::from_bytes(rest)
            .is_ok_and(|key| key.verify_strict(&concat(label, parts), &signature).is_ok())
    }
}

/// Half of P-256's group order, rounded down: the largest s that is low.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl std::hash::Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads what `Display` writes, simulated keys too: see
    /// [`parse_any`](Self::parse_any).
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse_any(&hex::decode_array::<PUBLIC_KEY_LEN>(text)?)
    }
}

/// 64 bytes: r ‖ s, or R ‖ S.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; SIGNATURE_LEN]);

impl FromStr for Signature {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode_array(text).map(Self)
    }
}

/// The first four bytes of a public key's SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl FromStr for KeyId {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode_array(text).map(Self)
    }
}

as_hex!(PublicKey.bytes);
as_hex!(Signature.0);
as_hex!(KeyId.0);

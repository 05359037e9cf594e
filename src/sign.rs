//! Signatures: one kind of key for everything that is signed, and a value that proves a check.
//!
//! Suites and key encodings are those of the sealed code, format version 1 ("Bytes"). Every
//! signature is over a label, which names what is signed, and the message; so a signature made for
//! one purpose is worth nothing for another.
//!
//! Why two P-256 libraries: the `p256` crate signs reproducibly (RFC 6979), and `ring` verifies six
//! times faster. Why a simulated suite: a scenario of a million orders would spend all its time in
//! curves; [`Suite::Simulated`] is a keyed hash that fails exactly where a signature fails, except
//! that whoever holds the public key could sign with it. Nothing outside a simulation accepts it.

use crate::hex::HexError;
use ecdsa::hazmat::sign_prehashed_rfc6979;
use p256::elliptic_curve::ops::Reduce;
use public::{TAG_ED25519, TAG_SIMULATED};
use sha2::{Digest, Sha256};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

mod public;
mod simulated;

pub use public::{KeyId, PUBLIC_KEY_LEN, PublicKey, SIGNATURE_LEN, Signature};

/// What a value of type `T` becomes once its signature was checked (law 8).
///
/// Only [`PublicKey::check`] makes one, so a step that takes a `Verified<T>` cannot be reached
/// around the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The value, no longer marked as checked.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// For checks of this crate that are more than one signature (a certificate's chain, a
    /// message's digest and freshness): the caller made the check just above.
    pub(crate) const fn by_check(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Something that carries its own signature.
pub trait Signed {
    /// What kind of thing is signed, such as `b"quittance-code/1 signature\0"`.
    const LABEL: &'static [u8];

    /// The bytes that are signed, after the label.
    fn message(&self) -> Cow<'_, [u8]>;

    /// The signature over label and message.
    fn signature(&self) -> &Signature;
}

/// A suite: signature algorithm (and, in the sealed code, the seal's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// ECDSA on P-256 with SHA-256, low s (and AES-128-GCM-SIV). Mandatory for everybody.
    Es256 = 1,
    /// Ed25519, strictly verified (and AES-128-GCM-SIV).
    Ed25519 = 2,
    /// A keyed hash in the place of both, for simulations only.
    Simulated = 15,
}

impl Suite {
    /// The suite of this number (the low half of a code's first byte).
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Es256),
            2 => Some(Self::Ed25519),
            15 => Some(Self::Simulated),
            _ => None,
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Es256 => 1,
            Self::Ed25519 => 2,
            Self::Simulated => 15,
        }
    }
}

/// A private P-256 key that signs where it lies, such as in a hardware token, under a nonce of its
/// own.
pub trait Held: Send + Sync {
    /// Its public half.
    fn public(&self) -> PublicKey;

    /// `r ‖ s` over a SHA-256 digest, with whichever s; or why it does not sign.
    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; SIGNATURE_LEN], String>;
}

/// A private key. It cannot be printed or copied, and is wiped when dropped; share it by `Arc`.
pub struct SigningKey {
    secret: Secret,
    /// Made when it is first asked for: on P-256 it takes as long as a signature, and who only
    /// signs never asks.
    public: OnceLock<PublicKey>,
}

enum Secret {
    Es256(Zeroizing<p256::NonZeroScalar>),
    Held(Arc<dyn Held>),
    Ed25519(ed25519_dalek::SigningKey),
    Simulated(PublicKey),
}

impl SigningKey {
    /// The key of a 32-byte seed: for P-256 the seed as a big-endian integer modulo the group's
    /// order, for Ed25519 the seed itself. Refuses the one P-256 seed class that gives zero.
    pub fn from_seed(suite: Suite, seed: &[u8; 32]) -> Result<Self, KeyError> {
        match suite {
            Suite::Es256 => {
                let scalar = p256::Scalar::reduce(&p256::FieldBytes::from(*seed));
                let key = p256::NonZeroScalar::new(scalar).into_option();
                let key = key.ok_or(KeyError::ZeroSecret)?;
                Ok(Self {
                    secret: Secret::Es256(Zeroizing::new(key)),
                    public: OnceLock::new(),
                })
            }
            Suite::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                Ok(Self {
                    secret: Secret::Ed25519(key),
                    public: OnceLock::new(),
                })
            }
            Suite::Simulated => {
                let public = PublicKey::tagged(TAG_SIMULATED, &Sha256::digest(seed).into());
                Ok(Self {
                    secret: Secret::Simulated(public),
                    public: OnceLock::new(),
                })
            }
        }
    }

    /// A key that lies elsewhere.
    pub fn held(key: Arc<dyn Held>) -> Self {
        Self {
            secret: Secret::Held(key),
            public: OnceLock::new(),
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        *self.public.get_or_init(|| match &self.secret {
            Secret::Held(key) => key.public(),
            Secret::Es256(key) => {
                let point = p256::PublicKey::from_secret_scalar(key);
                PublicKey::of_p256(&point.into())
            }
            Secret::Ed25519(key) => PublicKey::tagged(TAG_ED25519, key.verifying_key().as_bytes()),
            Secret::Simulated(public) => *public,
        })
    }

    /// The suite it signs in.
    pub const fn suite(&self) -> Suite {
        match self.secret {
            Secret::Es256(_) | Secret::Held(_) => Suite::Es256,
            Secret::Ed25519(_) => Suite::Ed25519,
            Secret::Simulated(_) => Suite::Simulated,
        }
    }

    /// Signs `label ‖ parts[0] ‖ parts[1] ..`, the same way each time. A key that lies elsewhere
    /// and does not answer gives zeros, which nobody accepts; [`try_sign`](Self::try_sign) says
    /// why.
    pub fn sign(&self, label: &[u8], parts: &[&[u8]]) -> Signature {
        let signed = self.try_sign(label, parts);
        signed.unwrap_or(Signature([0; SIGNATURE_LEN]))
    }

    /// As [`sign`](Self::sign). Only a key that lies elsewhere can fail, and only there are two
    /// signatures of one message different.
    pub fn try_sign(&self, label: &[u8], parts: &[&[u8]]) -> Result<Signature, HeldError> {
        Ok(match &self.secret {
            Secret::Es256(key) => {
                let hash = hash(label, parts);
                let (signature, _recovery) =
                    sign_prehashed_rfc6979::<p256::NistP256, Sha256>(key, &hash, &[]);
                Signature(signature.normalize_s().to_bytes().into())
            }
            Secret::Held(key) => {
                let raw = key.sign(&hash(label, parts)).map_err(HeldError)?;
                let signature = p256::ecdsa::Signature::from_slice(&raw);
                let signature =
                    signature.map_err(|_zero| HeldError("it gave no signature".to_owned()))?;
                Signature(signature.normalize_s().to_bytes().into())
            }
            Secret::Ed25519(key) => {
                use ed25519_dalek::Signer as _;
                Signature(key.sign(&concat(label, parts)).to_bytes())
            }
            Secret::Simulated(public) => simulated::sign(public.bytes(), label, parts),
        })
    }
}

fn hash(label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(label);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Why a key that lies elsewhere did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sign where the key lies: {0}")]
pub struct HeldError(pub String);

impl fmt::Debug for SigningKey {
    /// Says which public key it belongs to, and nothing of itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey of {}", self.public())
    }
}

fn concat(label: &[u8], parts: &[&[u8]]) -> SmallVec<[u8; 512]> {
    let mut message = SmallVec::from_slice(label);
    for part in parts {
        message.extend_from_slice(part);
    }
    message
}

/// Why there is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 33 bytes.
    #[error("read a public key: {len} bytes are not {PUBLIC_KEY_LEN}")]
    Length {
        /// How many there were.
        len: usize,
    },
    /// The tag byte names no suite.
    #[error("read a public key: unknown tag {tag:#04x} at offset 0")]
    UnknownTag {
        /// The tag.
        tag: u8,
    },
    /// Off the curve, at infinity, of small order, or not the point's one encoding.
    #[error("read a public key: it is no point of its curve that may be used")]
    NoPoint,
    /// A key of a simulation, where only real ones are taken.
    #[error("read a public key: it belongs to a simulation")]
    Simulated,
    /// The seed gives no P-256 key.
    #[error("make a signing key: the seed is zero modulo the group's order")]
    ZeroSecret,
    /// Not hexadecimal.
    #[error("read a public key in text")]
    Hex(#[from] HexError),
}

/// The signature does not hold. It says no more: why is nobody's business but the journal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("verify the signature")]
pub struct SignError;

#[cfg(test)]
mod tests;

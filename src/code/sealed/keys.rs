//! Keys, derived as the format's "Keys" says, by HKDF-SHA256.
//!
//! Under [`Suite::Simulated`] references and order keys are SipHash of the same inputs: the same
//! lengths and the same failures for a tenth of the time.

use super::Header;
use crate::hex::{self, HexError};
use crate::id::TerminalId;
use crate::sign::Suite;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A type of secret bytes: cannot be printed, compared in constant time, wiped when dropped. In
/// serde it is hexadecimal, since some secrets travel in messages and lie in key stores.
macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident: $len:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The key of these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes themselves, for whoever must store or send them.
            pub const fn expose(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                hex::decode_array(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&hex::Hex(&self.0))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

secret! {
    /// The merchant's key: every terminal's key derives from it.
    MasterKey: 32
    /// Opens one code's seal and no other. The gateway hands it to the bank that pays.
    OrderKey: 16
    /// Opens sessions between a chip and its PC module; can neither seal nor sign.
    PairingKey: 32
    /// What a signing key is made from, as its keeper's own file has it.
    Seed: 32
}

/// A terminal's key under one epoch: in its chip and in the gateway's key store, nowhere else.
///
/// Deriving one costs four HKDF steps, so whoever opens many codes keeps it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TerminalKey {
    #[zeroize(skip)]
    terminal: TerminalId,
    #[zeroize(skip)]
    epoch: u8,
    key: [u8; 32],
    reference: [u8; 32],
}

impl TerminalKey {
    /// The key of a merchant's terminal under an epoch.
    pub fn derive(master: &MasterKey, terminal: TerminalId, epoch: u8) -> Self {
        let mut salt = [epoch; 7];
        salt[..6].copy_from_slice(terminal.bytes());
        let key = hkdf(&master.0, &salt, b"quittance-code/1 terminal key");
        Self::from_bytes(key, terminal, epoch)
    }

    /// The key of these 32 bytes, as a chip or a key store kept them.
    pub fn from_bytes(key: [u8; 32], terminal: TerminalId, epoch: u8) -> Self {
        let reference = hkdf(&key, b"", b"quittance-code/1 reference key");
        Self {
            terminal,
            epoch,
            key,
            reference,
        }
    }

    /// Its 32 bytes, for a chip's or key store's own file.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// The terminal it belongs to.
    pub const fn terminal(&self) -> TerminalId {
        self.terminal
    }

    /// The epoch it belongs to.
    pub const fn epoch(&self) -> u8 {
        self.epoch
    }

    /// The payment reference of a counter: HMAC(reference key, terminal id ‖ counter)[0..8].
    pub fn payment_reference(&self, suite: Suite, counter: u32) -> [u8; 8] {
        let (terminal, counter) = (self.terminal.bytes(), counter.to_be_bytes());
        if suite == Suite::Simulated {
            let mac = sip(&self.reference, &[terminal, &counter]);
            return super::header::take(&mac, 0);
        }
        let mac = Hmac::<Sha256>::new_from_slice(&self.reference);
        let mut mac = mac.expect("HMAC takes a key of any length");
        mac.update(terminal);
        mac.update(&counter);
        super::header::take(&mac.finalize().into_bytes(), 0)
    }

    /// The key of one code's seal: HKDF(terminal key, payment reference ‖ issued at).
    pub fn order_key(&self, header: &Header) -> OrderKey {
        let mut salt = [0; 12];
        salt[..8].copy_from_slice(&header.payment_reference);
        salt[8..].copy_from_slice(&header.issued_at.seconds().to_be_bytes());
        if header.suite == Suite::Simulated {
            return OrderKey(sip(&self.key, &[&salt]));
        }
        OrderKey(hkdf(&self.key, &salt, b"quittance-code/1 order key"))
    }

    /// The key that opens sessions with this terminal's chip.
    pub fn pairing_key(&self) -> PairingKey {
        PairingKey(hkdf(&self.key, b"", b"quittance-code/1 pairing key"))
    }

    pub(crate) const fn reference_key(&self) -> &[u8; 32] {
        &self.reference
    }
}

impl fmt::Debug for TerminalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TerminalKey of {} epoch {}", self.terminal, self.epoch)
    }
}

/// HKDF-SHA256 (RFC 5869) to `N` bytes.
fn hkdf<const N: usize>(secret: &[u8], salt: &[u8], info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(info, &mut out)
        .expect("16 or 32 bytes are within HKDF's limit of 255 hashes");
    out
}

/// The simulation's keyed hash: SipHash-1-3-128 under both halves of a 32-byte key.
fn sip(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let half = |at: usize| u64::from_be_bytes(super::header::take(key, at));
    let mut hasher = SipHasher13::new_with_keys(half(0) ^ half(16), half(8) ^ half(24));
    for part in parts {
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

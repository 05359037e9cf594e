//! The session between a chip and its PC module: mutual proof, then secure messaging.
//!
//! ```text
//! module → chip  INITIALIZE UPDATE      module nonce 16
//! chip → module                         chip nonce 16 | chip's proof 16
//! module → chip  EXTERNAL AUTHENTICATE  module's proof 16
//! from then on   command data           counter 4 | sealed data | tag 16    header authenticated
//!                answer data            counter 4 | sealed data | tag 16    status authenticated
//! ```
//!
//! Proofs and both session keys are one HKDF-SHA256 of the pairing key, with both nonces as its
//! salt: whoever does not hold the pairing key can make none of them, and no session's bytes fit
//! another's. AES-128-GCM-SIV, one key for each direction, the command's counter as the nonce of
//! both: a counter that is not above the last one is refused, and an answer belongs to one command.
//!
//! Under [`Suite::Simulated`] the tag is a SipHash and the data stays as it is: a simulation has
//! nobody to hide it from, and what is refused is the same.

use crate::code::sealed::PairingKey;
use crate::sign::Suite;
use crate::store::fields;
use aes_gcm_siv::{AeadInOut, Aes128GcmSiv, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How long a nonce of the opening is.
pub const NONCE_LEN: usize = 16;
/// How long a proof is.
pub const PROOF_LEN: usize = 16;
const COUNTER_LEN: usize = 4;
const TAG_LEN: usize = 16;
const INFO: &[u8] = b"quittance-chip/1 session";

/// What opens sessions with one chip: enrolment gives it to the PC module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// Derived from the terminal's key; can neither seal nor sign.
    pub key: PairingKey,
    /// The suite of the chip's signing key: [`Suite::Simulated`] makes sessions cheap.
    pub suite: Suite,
}

/// What both sides come to from the pairing key and both nonces.
pub(super) struct Agreement {
    chip_proof: [u8; PROOF_LEN],
    module_proof: [u8; PROOF_LEN],
    pub(super) keys: SessionKeys,
}

impl Agreement {
    pub(super) fn of(pairing: &Pairing, nonces: &Nonces) -> Self {
        let salt = [nonces.module, nonces.chip].concat();
        let mut out = [0; 64];
        Hkdf::<Sha256>::new(Some(&salt), pairing.key.expose())
            .expand(INFO, &mut out)
            .expect("64 bytes are within HKDF's limit of 255 hashes");
        let part = |at: usize| std::array::from_fn(|i| out[at + i]);
        let agreement = Self {
            chip_proof: part(0),
            module_proof: part(16),
            keys: SessionKeys {
                simulated: pairing.suite == Suite::Simulated,
                command: part(32),
                answer: part(48),
            },
        };
        out.zeroize();
        agreement
    }

    pub(super) const fn chip_proof(&self) -> &[u8; PROOF_LEN] {
        &self.chip_proof
    }

    pub(super) const fn module_proof(&self) -> &[u8; PROOF_LEN] {
        &self.module_proof
    }
}

/// Whether a proof is the one expected, in constant time.
pub(super) fn holds(expected: &[u8; PROOF_LEN], given: &[u8]) -> bool {
    expected.ct_eq(given).into()
}

/// Both nonces of an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonces {
    pub(super) module: [u8; NONCE_LEN],
    pub(super) chip: [u8; NONCE_LEN],
}

/// A session's keys: cannot be printed, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionKeys {
    simulated: bool,
    command: [u8; 16],
    answer: [u8; 16],
}

impl SessionKeys {
    /// A command's data field.
    pub(super) fn seal_command(&self, counter: u32, header: [u8; 4], data: &[u8]) -> Vec<u8> {
        seal(self.simulated, &self.command, counter, &header, data)
    }

    /// A command's counter and data, unless it was made with another key or altered.
    pub(super) fn open_command(&self, header: [u8; 4], field: &[u8]) -> Option<(u32, Vec<u8>)> {
        open(self.simulated, &self.command, &header, field)
    }

    /// The data field of the answer to the command of this counter.
    pub(super) fn seal_answer(&self, counter: u32, word: u16, data: &[u8]) -> Vec<u8> {
        let word = word.to_be_bytes();
        seal(self.simulated, &self.answer, counter, &word, data)
    }

    /// An answer's counter and data, unless it was made with another key or altered.
    pub(super) fn open_answer(&self, word: u16, field: &[u8]) -> Option<(u32, Vec<u8>)> {
        open(self.simulated, &self.answer, &word.to_be_bytes(), field)
    }

    pub(super) fn to_bytes(&self) -> [u8; 33] {
        let mut out = [u8::from(self.simulated); 33];
        out[1..17].copy_from_slice(&self.command);
        out[17..].copy_from_slice(&self.answer);
        out
    }

    pub(super) fn from_bytes(bytes: &[u8; 33]) -> Self {
        let part = |at: usize| std::array::from_fn(|i| bytes[at + i]);
        Self {
            simulated: bytes[0] == 1,
            command: part(1),
            answer: part(17),
        }
    }
}

impl PartialEq for SessionKeys {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes().ct_eq(&other.to_bytes()).into()
    }
}

impl Eq for SessionKeys {}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys")
    }
}

fields! {
    SessionKeys as Blob("33 bytes of session keys"):
        |v| &v.to_bytes(), |raw| raw.try_into().ok().map(Self::from_bytes);
    Nonces as Blob("two nonces"):
        |v| &[v.module, v.chip].concat(),
        |raw| raw.split_at_checked(NONCE_LEN).and_then(|(module, chip)| {
            let (module, chip) = (module.try_into().ok()?, chip.try_into().ok()?);
            Some(Self { module, chip })
        });
}

fn seal(simulated: bool, key: &[u8; 16], counter: u32, authentic: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(COUNTER_LEN + data.len() + TAG_LEN);
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(data);
    let tag = if simulated {
        simulated_tag(key, counter, authentic, data)
    } else {
        let (_counter, body) = out.split_at_mut(COUNTER_LEN);
        let tag = cipher(key).encrypt_inout_detached(&nonce(counter), authentic, body.into());
        tag.expect("an APDU is far below the limit of 2^36 bytes")
            .into()
    };
    out.extend_from_slice(&tag);
    out
}

fn open(simulated: bool, key: &[u8; 16], authentic: &[u8], field: &[u8]) -> Option<(u32, Vec<u8>)> {
    let (counter, rest) = field.split_first_chunk::<COUNTER_LEN>()?;
    let (body, tag) = rest.split_last_chunk::<TAG_LEN>()?;
    let (counter, mut plain) = (u32::from_be_bytes(*counter), body.to_vec());
    let good = if simulated {
        simulated_tag(key, counter, authentic, &plain) == *tag
    } else {
        let (nonce, tag) = (nonce(counter), Tag::from(*tag));
        let buffer = plain.as_mut_slice().into();
        let opened = cipher(key).decrypt_inout_detached(&nonce, authentic, buffer, &tag);
        opened.is_ok()
    };
    good.then_some((counter, plain))
}

fn cipher(key: &[u8; 16]) -> Aes128GcmSiv {
    Aes128GcmSiv::new(&(*key).into())
}

fn nonce(counter: u32) -> Nonce {
    let mut out = [0; 12];
    out[8..].copy_from_slice(&counter.to_be_bytes());
    Nonce::from(out)
}

fn simulated_tag(key: &[u8; 16], counter: u32, authentic: &[u8], data: &[u8]) -> [u8; TAG_LEN] {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write_u32(counter);
    hasher.write(authentic);
    hasher.write(data);
    hasher.finish128().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(suite: Suite, module: u8) -> SessionKeys {
        let key = PairingKey::from_bytes([7; 32]);
        let nonces = Nonces {
            module: [module; 16],
            chip: [2; 16],
        };
        Agreement::of(&Pairing { key, suite }, &nonces).keys
    }

    #[test]
    fn session_keys_never_print() {
        assert_eq!(format!("{:?}", keys(Suite::Es256, 1)), "SessionKeys");
    }

    #[test]
    fn each_proof_is_its_own_side_s() {
        let key = PairingKey::from_bytes([7; 32]);
        let pairing = Pairing {
            key,
            suite: Suite::Es256,
        };
        let nonces = Nonces {
            module: [1; 16],
            chip: [2; 16],
        };
        let agreement = Agreement::of(&pairing, &nonces);
        assert!(holds(agreement.chip_proof(), agreement.chip_proof()));
        assert!(!holds(agreement.chip_proof(), agreement.module_proof()));
        assert!(!holds(agreement.chip_proof(), &[]));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_or_other_session_is_refused(
            data: Vec<u8>, counter: u32, bit: usize, simulated: bool,
        ) {
            let suite = if simulated { Suite::Simulated } else { Suite::Es256 };
            let (ours, other) = (keys(suite, 1), keys(suite, 9));
            let mut field = ours.seal_command(counter, [4, 1, 0, 0], &data);
            prop_assert_eq!(ours.open_command([4, 1, 0, 0], &field), Some((counter, data)));
            prop_assert_eq!(ours.open_command([4, 1, 0, 1], &field), None);
            prop_assert_eq!(ours.open_answer(0x9000, &field), None);
            prop_assert_eq!(other.open_command([4, 1, 0, 0], &field), None);
            let at = bit % (field.len() * 8);
            field[at / 8] ^= 1 << (at % 8);
            prop_assert_eq!(ours.open_command([4, 1, 0, 0], &field), None);
        }
    }
}

//! A virtual chip's memory at rest: encrypted, and whole after a loss of power at any byte.
//!
//! ```text
//! slot 0: 2048 | slot 1: 2048        slot: write number 8 | sealed content 2024 | tag 16
//! ```
//!
//! Each write goes into the slot that does not hold the last one, so that whatever a torn write
//! leaves behind fails to open and the slot before it still stands. AES-128-GCM-SIV (RFC 8452), the
//! write's number as the nonce: a write that was torn and made again may repeat a number, which
//! this cipher bears.
//!
//! The storage key is a file of its own, as a real chip has it in fuses: a copy of both is a clone.
//! It would repeat counters, which the gateway sees as a fork (C2); nothing in the copy can know.

use super::instruction::Life;
use super::memory::{COUNTERS_AHEAD, PIN_TRIES_MAX, PUK_TRIES_MAX};
use super::{ChipKeys, Locked, Pin};
use crate::code::sealed::{Certificate, Flags, Seed, TerminalKey};
use crate::id::TerminalId;
use crate::sign::{KeyError, SigningKey, Suite};
use aes_gcm_siv::{AeadInOut, Aes128GcmSiv, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// How long a slot is.
pub(super) const SLOT_LEN: usize = 2048;
/// How long the memory's file is.
pub const IMAGE_LEN: usize = 2 * SLOT_LEN;
const NUMBER_LEN: usize = 8;
const TAG_LEN: usize = 16;
const LABEL: &[u8] = b"quittance-chip/1 memory\0";

/// Everything that a chip keeps without power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    pub(super) life: Life,
    pub(super) mark: u32,
    pub(super) boots: u32,
    pub(super) pin_tries: u8,
    pub(super) puk_tries: u8,
    pin: Option<Seed>,
    puk: Option<Seed>,
    keys: Option<KeyImage>,
}

/// What personalisation puts into a chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyImage {
    /// Whose terminal it is.
    pub terminal: TerminalId,
    /// Under which key epoch.
    pub epoch: u8,
    /// The terminal key.
    pub terminal_key: Seed,
    /// What the signing key is made from; nothing when it lies in the chip's [`Hardware`].
    pub signing: Option<Seed>,
    /// The signing key's suite.
    pub suite: u8,
    /// The issuer's word for it.
    pub certificate: Certificate,
    /// The gateway's route number.
    pub route: [u8; 3],
    /// The flags of its codes.
    pub flags: u8,
}

impl KeyImage {
    /// The keys at work.
    pub fn keys(&self, held: &StorageKey) -> Result<ChipKeys, ImageError> {
        let suite = Suite::from_number(self.suite).ok_or(ImageError::Content)?;
        let signing = match (&self.signing, &held.hardware) {
            (Some(seed), _) => SigningKey::from_seed(suite, seed.expose())?,
            (None, Some(hardware)) => hardware
                .signing_key(self.terminal, self.epoch)
                .map_err(|detail| ImageError::Hardware { detail })?,
            (None, None) => return Err(ImageError::Content),
        };
        let key = *self.terminal_key.expose();
        let terminal = Box::new(TerminalKey::from_bytes(key, self.terminal, self.epoch));
        let hardware = held.hardware.as_ref();
        Ok(ChipKeys {
            locked: hardware.and_then(|hardware| hardware.lock(&terminal)),
            terminal,
            signing: Arc::new(signing),
            certificate: self.certificate.clone(),
            route: self.route,
            flags: Flags::from_bits(self.flags).ok_or(ImageError::Content)?,
        })
    }
}

impl Image {
    /// A blank chip with its keeper's PIN and PUK.
    pub fn blank(pin: &Pin, puk: &Pin) -> Self {
        Self {
            life: Life::Blank,
            mark: 1,
            boots: 0,
            pin_tries: PIN_TRIES_MAX,
            puk_tries: PUK_TRIES_MAX,
            pin: Some(padded(pin)),
            puk: Some(padded(puk)),
            keys: None,
        }
    }

    /// Where it is in its life.
    pub const fn life(&self) -> Life {
        self.life
    }

    /// Its keys, once it was personalised.
    pub const fn keys(&self) -> Option<&KeyImage> {
        self.keys.as_ref()
    }

    /// Puts in keys: the first ones, or those of a later epoch, whose counters begin anew.
    pub(super) fn put_keys(&mut self, keys: KeyImage, at: &StorageKey) -> Result<(), ImageError> {
        let later = match (&self.keys, self.life) {
            (None, Life::Blank) => true,
            (Some(held), Life::Personalised | Life::Active | Life::Locked) => {
                held.terminal == keys.terminal && held.epoch < keys.epoch
            }
            _ => false,
        };
        if !later {
            return Err(ImageError::Life { life: self.life });
        }
        keys.keys(at)?;
        if self.life == Life::Blank {
            self.life = Life::Personalised;
        }
        (self.mark, self.keys) = (1, Some(keys));
        Ok(())
    }

    /// Destroys the secrets of a chip whose life is over.
    pub(super) fn wipe(&mut self) {
        if let Some(keys) = &mut self.keys {
            keys.terminal_key = destroyed(&keys.terminal_key);
            // A key in hardware is destroyed there; the chip asks for it no more.
            let signing = keys.signing.as_ref().unwrap_or(&keys.terminal_key);
            keys.signing = Some(destroyed(signing));
        }
    }

    pub(super) fn pins(&self) -> (Option<Pin>, Option<Pin>) {
        (
            self.pin.as_ref().map(unpadded),
            self.puk.as_ref().map(unpadded),
        )
    }

    /// A slot with this content, as the write of this number.
    pub(super) fn seal(&self, key: &StorageKey, number: u64) -> Result<Vec<u8>, ImageError> {
        let mut content = serde_json::to_vec(self).map_err(|_unprintable| ImageError::Content)?;
        let room = SLOT_LEN - NUMBER_LEN - TAG_LEN;
        if content.len() > room {
            return Err(ImageError::Content);
        }
        content.resize(room, b' ');
        let buffer = content.as_mut_slice().into();
        let tag = key
            .cipher()
            .encrypt_inout_detached(&nonce(number), LABEL, buffer);
        let tag = tag.map_err(|_too_long| ImageError::Content)?;
        Ok([&number.to_be_bytes()[..], &content, &tag].concat())
    }

    /// The content of the last whole write, and its number.
    pub(super) fn open(key: &StorageKey, file: &[u8]) -> Result<(u64, Self), ImageError> {
        if file.len() != IMAGE_LEN {
            return Err(ImageError::Length { len: file.len() });
        }
        let (first, second) = file.split_at(SLOT_LEN);
        Self::latest(Self::open_slot(key, first), Self::open_slot(key, second))
    }

    /// The later of both slots. When only one opens, the other may have been a write that was torn,
    /// or a whole one that has rotted since: so no counter that it could have allowed is used, and
    /// it counts as a wrong PIN and PUK, or else cutting the power would give endless tries.
    pub(super) fn latest(
        first: Option<(u64, Self)>,
        second: Option<(u64, Self)>,
    ) -> Result<(u64, Self), ImageError> {
        match (first, second) {
            (Some(first), Some(second)) if first.0 > second.0 => Ok(first),
            (Some(_), Some(second)) => Ok(second),
            (Some((number, mut image)), None) | (None, Some((number, mut image))) => {
                image.mark = image.mark.saturating_add(COUNTERS_AHEAD);
                image.pin_tries = image.pin_tries.saturating_sub(1);
                image.puk_tries = image.puk_tries.saturating_sub(1);
                Ok((number, image))
            }
            (None, None) => Err(ImageError::Damaged),
        }
    }

    pub(super) fn open_slot(key: &StorageKey, slot: &[u8]) -> Option<(u64, Self)> {
        let (number, rest) = slot.split_first_chunk::<NUMBER_LEN>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let (number, mut content) = (u64::from_be_bytes(*number), sealed.to_vec());
        let (nonce, tag) = (nonce(number), Tag::from(*tag));
        let buffer = content.as_mut_slice().into();
        let opened = key
            .cipher()
            .decrypt_inout_detached(&nonce, LABEL, buffer, &tag);
        opened.ok()?;
        Some((number, serde_json::from_slice(&content).ok()?))
    }
}

/// What is left of a secret that is destroyed.
fn destroyed(seed: &Seed) -> Seed {
    Seed::from_bytes(Sha256::digest(seed.expose()).into())
}

/// A PIN's length and bytes in a secret's 32.
fn padded(pin: &Pin) -> Seed {
    let mut bytes = [0; 32];
    bytes[0] = u8::try_from(pin.0.len()).unwrap_or(0);
    bytes[1..=pin.0.len()].copy_from_slice(&pin.0);
    Seed::from_bytes(bytes)
}

fn unpadded(seed: &Seed) -> Pin {
    let (len, rest) = seed.expose().split_at(1);
    let len = usize::from(len[0]).min(Pin::LEN_MAX);
    Pin(rest[..len].to_vec())
}

/// Where signing keys lie that never leave their hardware.
pub trait Hardware: Send + Sync + fmt::Debug {
    /// A terminal's key of an epoch, or why it is not reached.
    fn signing_key(&self, terminal: TerminalId, epoch: u8) -> Result<SigningKey, String>;

    /// Locks the memory of the key that hardware cannot seal with; nothing where the system does
    /// not let us.
    fn lock(&self, key: &TerminalKey) -> Option<Locked>;
}

/// What encrypts a chip's memory: a real chip has it in fuses.
#[derive(Clone, Debug)]
pub struct StorageKey {
    secret: Seed,
    hardware: Option<Arc<dyn Hardware>>,
}

impl StorageKey {
    /// The key of these secret bytes.
    pub const fn new(secret: Seed) -> Self {
        Self {
            secret,
            hardware: None,
        }
    }

    /// The same, of a chip whose signing keys lie in hardware.
    #[must_use]
    pub fn with(mut self, hardware: Arc<dyn Hardware>) -> Self {
        self.hardware = Some(hardware);
        self
    }

    fn cipher(&self) -> Aes128GcmSiv {
        Aes128GcmSiv::new(&self.derive::<16>(b"quittance-chip/1 storage key").into())
    }

    /// What the chip draws its nonces from.
    pub(super) fn draws(&self) -> [u8; 16] {
        self.derive(b"quittance-chip/1 nonces")
    }

    fn derive<const N: usize>(&self, info: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        Hkdf::<Sha256>::new(None, self.secret.expose())
            .expand(info, &mut out)
            .expect("16 bytes are within HKDF's limit of 255 hashes");
        out
    }
}

fn nonce(number: u64) -> Nonce {
    let mut out = [0; 12];
    out[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::from(out)
}

/// Why a chip's memory was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not as long as it is.
    #[error("read the chip's memory: {len} bytes are not {IMAGE_LEN}")]
    Length {
        /// How many.
        len: usize,
    },
    /// Neither slot opens: another storage key, or both are altered.
    #[error("open the chip's memory: it is damaged, or of another storage key")]
    Damaged,
    /// The content makes no sense.
    #[error("read the chip's memory: its content is none that a chip has")]
    Content,
    /// Not in this state of life, or not a later epoch of the same terminal.
    #[error("put keys into the chip: it is {life}, or holds this epoch or a later one")]
    Life {
        /// Its state.
        life: Life,
    },
    /// The hardware with its signing key was not reached.
    #[error("reach the chip's signing key: {detail}")]
    Hardware {
        /// What the hardware said.
        detail: String,
    },
    /// A seed that gives no key.
    #[error("make the chip's signing key")]
    Key(#[from] KeyError),
}

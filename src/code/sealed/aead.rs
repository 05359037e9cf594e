//! The seal: AES-128-GCM-SIV (RFC 8452) with an all-zero nonce, since its key is used once; and
//! the simulation's stand-in of the same shape (tag from a keyed hash, keystream from the tag).

use super::{HEADER_LEN, OrderKey};
use crate::sign::Suite;
use aes_gcm_siv::{AeadInOut, Aes128GcmSiv, KeyInit, Nonce, Tag};
use siphasher::sip128::{Hash128, Hasher128, SipHasher13};
use std::hash::Hasher;
use subtle::ConstantTimeEq;

/// How much longer the sealed order is than the order.
pub const SEAL_TAG_LEN: usize = 16;
const LABEL: &[u8; 24] = b"quittance-code/1 header\0";

/// Encrypts what follows the header in `out`, and appends the tag.
pub(super) fn seal_in_place(
    suite: Suite,
    key: &OrderKey,
    header: &[u8; HEADER_LEN],
    out: &mut Vec<u8>,
) {
    let plain = out.get_mut(HEADER_LEN..).unwrap_or_default();
    let tag = if suite == Suite::Simulated {
        let tag = simulated_tag(key, header, plain);
        simulated_stream(key, &tag, plain);
        tag
    } else {
        let tag = cipher(key).encrypt_inout_detached(&Nonce::default(), &aad(header), plain.into());
        tag.expect("an order is far below the limit of 2^36 bytes")
            .into()
    };
    out.extend_from_slice(&tag);
}

/// The plaintext, unless the seal is not of this key and header.
pub(super) fn open(
    suite: Suite,
    key: &OrderKey,
    header: &[u8; HEADER_LEN],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    let (body, tag) = sealed.split_last_chunk::<SEAL_TAG_LEN>()?;
    let mut plain = body.to_vec();
    if suite == Suite::Simulated {
        simulated_stream(key, tag, &mut plain);
        let same = simulated_tag(key, header, &plain).ct_eq(tag);
        return bool::from(same).then_some(plain);
    }
    let (nonce, tag) = (Nonce::default(), Tag::from(*tag));
    let buffer = plain.as_mut_slice().into();
    let opened = cipher(key).decrypt_inout_detached(&nonce, &aad(header), buffer, &tag);
    opened.ok().map(|()| plain)
}

fn cipher(key: &OrderKey) -> Aes128GcmSiv {
    Aes128GcmSiv::new(&(*key.expose()).into())
}

fn aad(header: &[u8; HEADER_LEN]) -> [u8; 24 + HEADER_LEN] {
    let mut out = [0; 24 + HEADER_LEN];
    out[..24].copy_from_slice(LABEL);
    out[24..].copy_from_slice(header);
    out
}

fn simulated_tag(key: &OrderKey, header: &[u8; HEADER_LEN], plain: &[u8]) -> [u8; SEAL_TAG_LEN] {
    let mut hasher = SipHasher13::new_with_key(key.expose());
    hasher.write(header);
    hasher.write(plain);
    hasher.finish128().as_bytes()
}

fn simulated_stream(key: &OrderKey, tag: &[u8; SEAL_TAG_LEN], text: &mut [u8]) {
    let mut hasher = SipHasher13::new_with_key(key.expose());
    hasher.write(tag);
    let Hash128 { h1, h2 } = hasher.finish128();
    for (block, chunk) in (0_u64..).zip(text.chunks_mut(16)) {
        let mut hasher = SipHasher13::new_with_keys(h1, h2);
        hasher.write_u64(block);
        for (byte, pad) in chunk.iter_mut().zip(hasher.finish128().as_bytes()) {
            *byte ^= pad;
        }
    }
}

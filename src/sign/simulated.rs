//! The simulated suite's signature: a keyed hash of the public key and the message.
//!
//! SipHash-1-3-128 over the message once, stretched to 64 bytes by three more short ones: any
//! flipped bit of key, label, message or signature is refused, for about a tenth of a microsecond.

use super::{PUBLIC_KEY_LEN, SIGNATURE_LEN, Signature};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

pub(super) fn sign(key: &[u8; PUBLIC_KEY_LEN], label: &[u8], parts: &[&[u8]]) -> Signature {
    let half = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| key[at + i]));
    let mut hasher = SipHasher13::new_with_keys(half(1) ^ half(17), half(9) ^ half(25));
    hasher.write(label);
    for part in parts {
        hasher.write(part);
    }
    let digest = hasher.finish128();
    let mut out = [0; SIGNATURE_LEN];
    let (first, rest) = out.split_at_mut(16);
    first.copy_from_slice(&digest.as_bytes());
    for (lane, chunk) in (1_u64..).zip(rest.chunks_exact_mut(16)) {
        let mut stretch = SipHasher13::new_with_keys(digest.h1, digest.h2);
        stretch.write_u64(lane);
        chunk.copy_from_slice(&stretch.finish128().as_bytes());
    }
    Signature(out)
}

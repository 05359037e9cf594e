//! The payer's approval: proof to the bank that this payer wants this payment.
//!
//! Why a keyed hash and not a signature: it is between a bank and its own app, which share a key
//! from enrolment on; the bank derives that key instead of looking it up, so that it is checked
//! before any row is read. Bound to order, attempt, account and amount ("dynamic linking",
//! Commission Delegated Regulation (EU) 2018/389, article 5).

use crate::id::Name;
use crate::message::{Approval, Attempt};
use crate::money::Money;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A bank's secret, from which it derives its wallets' approval keys.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ApprovalRoot([u8; 32]);

impl ApprovalRoot {
    /// A root of 32 secret bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that enrolment gives to one wallet.
    pub fn key_of(&self, wallet: &Name) -> ApprovalKey {
        ApprovalKey(mac(
            &self.0,
            &[b"quittance-approval-key/1\0", wallet.as_str().as_bytes()],
        ))
    }
}

/// One wallet's approval key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ApprovalKey([u8; 32]);

impl ApprovalKey {
    /// The key of 32 bytes, as a wallet's private file keeps it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for that file.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The payer approves.
    pub fn approve(&self, of: Attempt, account: &Name, amount: Money) -> Approval {
        let minor = amount.minor().to_be_bytes();
        let currency = amount.currency().numeric().to_be_bytes();
        let parts = [
            &b"quittance-approval/1\0"[..],
            of.order.0.bytes(),
            of.attempt.0.bytes(),
            &minor,
            &currency,
            account.as_str().as_bytes(),
        ];
        Approval(mac(&self.0, &parts))
    }

    /// Whether `approval` is this payer's approval of just that, in constant time.
    pub fn approved(
        &self,
        approval: &Approval,
        of: Attempt,
        account: &Name,
        amount: Money,
    ) -> bool {
        let expected = self.approve(of, account, amount);
        expected.0.ct_eq(&approval.0).into()
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

macro_rules! hidden {
    ($($type:ident)*) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($type))
            }
        }
    )*};
}

hidden! { ApprovalRoot ApprovalKey }

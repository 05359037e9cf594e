//! What a party believes about others: compiled from the issuer's trust bundle for quick lookups.
//!
//! Every fact here was signed by the issuer, whose bundle the party verified when it took it; no
//! key is ever fetched from an address that a message names.

use crate::code::sealed::{Accept, Blob, Code};
use crate::id::{MerchantId, Name, Party, TerminalId};
use crate::message::{Attested, Statement};
use crate::order::Reason;
use crate::sign::{PublicKey, Verified};
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Keys and names that a party goes by.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Which codes are taken.
    pub accept: Accept,
    /// Hosts whose links are payment codes.
    pub hosts: BTreeSet<String>,
    /// The keys of gateways and banks.
    pub keys: BTreeMap<Party, PublicKey>,
    /// The certified merchants.
    pub merchants: BTreeMap<MerchantId, Payee>,
    /// The terminals' signing keys by key epoch.
    pub terminals: BTreeMap<(TerminalId, u8), TerminalTrust>,
}

/// A certified merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// Its certified name.
    pub name: Text,
    /// The bank that it banks at.
    pub bank: Name,
    /// Its account there.
    pub account: Text,
}

/// A terminal's signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalTrust {
    /// The key.
    pub key: PublicKey,
    /// Whether it was revoked: no new order from it.
    pub revoked: bool,
}

impl Trust {
    /// Reads a code and checks its terminal's signature. Whether the terminal was revoked and how
    /// old the code is are for the caller, since an order that stands goes on.
    pub fn verify_code(&self, blob: &Blob) -> Result<(Verified<Code>, TerminalTrust), Reason> {
        let code = Code::parse(blob, self.accept).map_err(|_malformed| Reason::Syntax)?;
        let header = code.header();
        let known = self.terminals.get(&(header.terminal, header.epoch));
        let terminal = *known.ok_or(Reason::UnknownTerminal)?;
        let verified = code
            .verify(&terminal.key)
            .map_err(|_forged| Reason::BadSignature)?;
        Ok((verified, terminal))
    }

    /// Checks that a statement's author made it.
    pub fn verify<T: Statement>(&self, said: Attested<T>) -> Result<Verified<Attested<T>>, Reason> {
        let key = self.keys.get(&said.by).ok_or(Reason::BadSignature)?;
        key.check(said).map_err(|_forged| Reason::BadSignature)
    }

    /// The certified merchant.
    pub fn payee(&self, merchant: MerchantId) -> Result<&Payee, Reason> {
        self.merchants.get(&merchant).ok_or(Reason::UnknownTerminal)
    }
}

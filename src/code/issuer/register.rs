//! What holds now: the fold of an issuer's log.

use super::IssuerError;
use super::log::{self, Act, LogError};
use crate::code::bundle::{Bundle, Host, Merchant, TerminalEpoch};
use crate::code::sealed::{Certificate, IssuerKey};
use crate::id::{MerchantId, Party};
use crate::sign::PublicKey;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that an issuer has said and not taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// The key that bundles are checked with.
    pub root: Option<PublicKey>,
    /// The keys that certify, the oldest first; the last is the one in use.
    pub issuers: Vec<IssuerEpoch>,
    /// Those of them that were revoked.
    pub revoked_issuers: BTreeSet<PublicKey>,
    /// Certified merchants.
    pub merchants: BTreeMap<MerchantId, Merchant>,
    /// Who answers for links' hosts.
    pub hosts: BTreeMap<String, Host>,
    /// The keys of gateways and banks.
    pub parties: BTreeMap<Party, PublicKey>,
    /// Certified terminals.
    pub terminals: BTreeMap<TerminalEpoch, Listed>,
    /// Those of them that were revoked.
    pub revoked_terminals: BTreeSet<TerminalEpoch>,
    /// The last bundle's version.
    pub version: u32,
}

/// One of the issuer's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerEpoch {
    /// The key.
    pub key: IssuerKey,
    /// Until when bundles name it, once another has taken over.
    pub retires: Option<Time>,
}

/// A certified terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its last certificate.
    pub certificate: Certificate,
    /// Until when bundles name it, once a later epoch has taken over.
    pub retires: Option<Time>,
}

impl Register {
    /// What a log says, which anybody may read who may not sign.
    pub fn read(text: &str) -> Result<Self, LogError> {
        let mut register = Self::default();
        let read = log::read(text)?;
        read.entries
            .iter()
            .for_each(|entry| register.apply(&entry.act));
        Ok(register)
    }

    /// The key in use.
    pub fn current(&self) -> Option<IssuerKey> {
        self.issuers.last().map(|epoch| epoch.key)
    }

    pub(super) fn apply(&mut self, act: &Act) {
        match act.clone() {
            Act::Begun { root } => self.root = Some(root),
            Act::IssuerKey { key, retire_others } => {
                for earlier in &mut self.issuers {
                    earlier.retires.get_or_insert(retire_others);
                }
                let retires = None;
                self.issuers.push(IssuerEpoch { key, retires });
            }
            Act::Merchant { id, merchant } => self.merchants.extend([(id, merchant)]),
            Act::Host { host, answers } => self.hosts.extend([(host, answers)]),
            Act::Party { party, key } => self.parties.extend([(party, key)]),
            Act::Certificate {
                at,
                certificate,
                retire_older,
            } => {
                let first = TerminalEpoch::new(at.terminal, 0);
                for (_epoch, older) in self.terminals.range_mut(first..at) {
                    older.retires.get_or_insert(retire_older);
                }
                let retires = None;
                let listed = Listed {
                    certificate,
                    retires,
                };
                self.terminals.insert(at, listed);
            }
            Act::TerminalRevoked { at } => self.revoked_terminals.extend([at]),
            Act::IssuerRevoked { key } => self.revoked_issuers.extend([key]),
            Act::Bundle { version, .. } => self.version = version,
        }
    }

    /// Whether a certificate may be made for this epoch and key.
    pub(super) fn may_issue(&self, at: TerminalEpoch, key: PublicKey) -> Result<(), IssuerError> {
        if self.revoked_terminals.contains(&at) {
            return Err(IssuerError::Revoked { at });
        }
        let known = self.terminals.get(&at);
        if known.is_some_and(|listed| listed.certificate.key() != key) {
            return Err(IssuerError::TakenEpoch { at });
        }
        let last = TerminalEpoch::new(at.terminal, u8::MAX);
        let newest = self.terminals.range(at..=last).next_back();
        if newest.is_some_and(|(newest, _)| *newest > at) {
            return Err(IssuerError::PastEpoch { at });
        }
        Ok(())
    }

    /// The bundle of this version.
    pub(super) fn bundle(&self, version: u32, issued: Time, expires: Time) -> Bundle {
        let trusted = |retires: Option<Time>| retires.is_none_or(|at| issued < at);
        let issuers = self.issuers.iter();
        let issuers = issuers.filter(|e| trusted(e.retires) && issued < e.key.not_after);
        let terminals = self.terminals.iter();
        let terminals = terminals.filter(|(at, listed)| {
            let revoked = self.revoked_terminals.contains(at) || self.disowned(listed);
            !revoked && trusted(listed.retires)
        });
        Bundle {
            version,
            issued,
            expires,
            issuers: issuers.map(|epoch| epoch.key).collect(),
            revoked_issuers: self.revoked_issuers.clone(),
            hosts: self.hosts.clone(),
            merchants: self.merchants.clone(),
            terminals: terminals
                .map(|(at, listed)| (*at, listed.certificate.key()))
                .collect(),
            revoked_terminals: self.revoked_terminals.clone(),
            parties: self.parties.clone(),
        }
    }

    /// Whether the key that certified it was revoked.
    fn disowned(&self, listed: &Listed) -> bool {
        let by = listed.certificate.issuer();
        self.revoked_issuers.iter().any(|key| key.key_id() == by)
    }
}

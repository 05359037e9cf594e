//! The trust bundle: everything a wallet or a bank must hold to check a code offline.
//!
//! The scheme's root signs it; whoever holds the root's public key opens it with
//! [`SignedBundle::open`], which refuses one that is older than the one held. No key is ever
//! fetched from an address that a message names.
//!
//! Why the payload is signed as the text it is and not as a structure: there is nothing to encode
//! again, so nothing in which two encoders could differ. Maps are ordered, so that one content has
//! one text.

mod verify;

pub use verify::{CodeTrust, TrustRefusal, Warning};

use super::sealed::{Accept, IssuerKey};
use crate::id::{IdError, MerchantId, Name, Party, PartyKind, TerminalId};
use crate::sign::{PublicKey, SignError, Signature, SigningKey, Suite};
use crate::text::Text;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// The longest payload that is read, in bytes: some 60,000 terminals.
pub const BUNDLE_LEN_MAX: usize = 8 << 20;
const LABEL: &[u8] = b"quittance-code/1 trust bundle\0";

/// What a trust bundle says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Grows with each bundle; an older one is refused.
    pub version: u32,
    /// When it was made.
    pub issued: Time,
    /// From when on nothing is accepted by it.
    pub expires: Time,
    /// Whose certificates hold.
    #[serde(default)]
    pub issuers: Vec<IssuerKey>,
    /// Issuers whose certificates no longer hold, whatever their times say.
    #[serde(default)]
    pub revoked_issuers: BTreeSet<PublicKey>,
    /// Who answers for the hosts that links may name, in lower case.
    #[serde(default)]
    pub hosts: BTreeMap<String, Host>,
    /// The merchants' certified names and accounts.
    #[serde(default)]
    pub merchants: BTreeMap<MerchantId, Merchant>,
    /// The keys of terminals whose codes carry no certificate.
    #[serde(default)]
    pub terminals: BTreeMap<TerminalEpoch, PublicKey>,
    /// Terminals whose codes no longer hold, with certificate or without.
    #[serde(default)]
    pub revoked_terminals: BTreeSet<TerminalEpoch>,
    /// The keys with which gateways and banks sign.
    #[serde(default)]
    pub parties: BTreeMap<Party, PublicKey>,
}

/// Who answers for a link's host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The gateway whose signature its orders must carry.
    pub gateway: Name,
    /// Where it is reached; on a loopback deployment another address than the host's.
    pub endpoint: String,
}

/// What is certified of a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// The name that a payer is shown.
    pub name: Text,
    /// Where its money goes.
    pub payee: Payee,
}

/// An account at a bank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payee {
    /// The bank.
    pub bank: Name,
    /// The bank's own reference for the account.
    pub account: Text,
}

impl Bundle {
    /// Signs it with the scheme's root key.
    pub fn sign(&self, root: &SigningKey) -> SignedBundle {
        let payload = serde_json::to_string(self).expect("a bundle has only string keys");
        let signature = root.sign(LABEL, &[payload.as_bytes()]);
        SignedBundle { payload, signature }
    }

    /// Who answers for a link's host: the gateway, its key, and where it is reached.
    pub fn gateway_of(&self, host: &str) -> Option<(Party, &PublicKey, &str)> {
        let host = self.hosts.get(host)?;
        let gateway = Party::new(PartyKind::Gateway, host.gateway);
        Some((gateway, self.parties.get(&gateway)?, &host.endpoint))
    }

    fn has_simulated_keys(&self) -> bool {
        let keys = self.issuers.iter().map(|issuer| &issuer.key);
        let keys = keys
            .chain(self.terminals.values())
            .chain(self.parties.values());
        keys.into_iter().any(|key| key.suite() == Suite::Simulated)
    }
}

/// A bundle on its way: the payload as text, and the root's signature over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBundle {
    payload: String,
    signature: Signature,
}

impl SignedBundle {
    /// What was signed, as the text it is; unverified.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// Checks the root's signature and reads the payload. Refuses a bundle that has expired, that
    /// is older than the one `held`, or that has its version and another content.
    pub fn open(
        &self,
        root: &PublicKey,
        accept: Accept,
        held: Option<&TrustBundle>,
        now: Time,
    ) -> Result<TrustBundle, BundleError> {
        let len = self.payload.len();
        if len > BUNDLE_LEN_MAX {
            return Err(BundleError::TooLong { len });
        }
        root.verify(LABEL, &[self.payload.as_bytes()], &self.signature)?;
        let bundle: Bundle = serde_json::from_str(&self.payload)?;
        if bundle.has_simulated_keys() && !accept.simulated {
            return Err(BundleError::Simulated);
        }
        if now >= bundle.expires {
            return Err(BundleError::Expired);
        }
        let offered = bundle.version;
        match held.map(|held| (held.version, **held == bundle)) {
            Some((held, _same)) if held > offered => Err(BundleError::RolledBack { held, offered }),
            Some((held, false)) if held == offered => Err(BundleError::Forked { version: held }),
            _ => Ok(TrustBundle(Arc::new(bundle))),
        }
    }
}

/// A bundle whose signature was checked. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle(Arc<Bundle>);

impl Deref for TrustBundle {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.0
    }
}

/// One key of a terminal: the terminal and its key epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalEpoch {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its key epoch.
    pub epoch: u8,
}

impl TerminalEpoch {
    /// The epoch of a terminal.
    pub const fn new(terminal: TerminalId, epoch: u8) -> Self {
        Self { terminal, epoch }
    }
}

impl fmt::Display for TerminalEpoch {
    /// `000000010001.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.terminal, self.epoch)
    }
}

impl FromStr for TerminalEpoch {
    type Err = TerminalEpochError;

    fn from_str(text: &str) -> Result<Self, TerminalEpochError> {
        let wrong = || TerminalEpochError::Form(text.chars().take(40).collect());
        let (terminal, epoch) = text.split_once('.').ok_or_else(wrong)?;
        let plain = epoch.bytes().all(|b| b.is_ascii_digit());
        let number = epoch.parse().map_err(|_no_number| wrong())?;
        if !plain || (epoch.len() > 1 && epoch.starts_with('0')) {
            return Err(wrong());
        }
        Ok(Self::new(terminal.parse()?, number))
    }
}

impl Serialize for TerminalEpoch {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TerminalEpoch {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Not a terminal's epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminalEpochError {
    /// Not two parts with a dot between them.
    #[error("read `{0}` as a terminal's epoch: expected its id, a dot and a number to 255")]
    Form(String),
    /// The first part is no terminal.
    #[error("read a terminal's epoch")]
    Terminal(#[from] IdError),
}

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// More than is read.
    #[error("read the trust bundle: {len} bytes are more than {BUNDLE_LEN_MAX}")]
    TooLong {
        /// How many.
        len: usize,
    },
    /// Not signed by the root.
    #[error("trust the bundle")]
    Signature(#[from] SignError),
    /// Signed, and yet not of this form: made by a newer program, perhaps.
    #[error("read the trust bundle")]
    Form(#[from] serde_json::Error),
    /// It has keys of a simulation.
    #[error("trust the bundle: it has keys of a simulation")]
    Simulated,
    /// It is over.
    #[error("trust the bundle: it has expired")]
    Expired,
    /// Older than the one held.
    #[error("take the trust bundle: version {offered} is older than {held}, which is held")]
    RolledBack {
        /// The version held.
        held: u32,
        /// The version offered.
        offered: u32,
    },
    /// Two bundles of one version.
    #[error("take the trust bundle: it differs from the one held of the same version {version}")]
    Forked {
        /// Their version.
        version: u32,
    },
}

#[cfg(test)]
mod tests;

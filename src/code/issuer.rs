//! The scheme's issuer: its root, the keys that certify terminals, and the trust bundles.
//!
//! What it did is a log of [`Entry`]s, each with the hash of the one before it, and what holds now
//! is the log's fold ([`Register`]); so there is nothing beside the log that could contradict it.
//! The secrets alone are kept apart. Pure: time and seeds are arguments, and whoever keeps the
//! files writes the secrets first, then the new entries, and only then hands anything out.
//!
//! Why rotation overlaps: certificates and codes are on paper already when a key is replaced. A
//! retiring issuer key certifies nothing new and stays in bundles until its overlap is over, and so
//! does a terminal's older epoch; a revoked one leaves with the next bundle.

mod log;
mod register;

pub use log::{Act, Entry, EntryHash, LogError};
pub use register::{IssuerEpoch, Listed, Register};

use super::bundle::{Bundle, Host, Merchant, SignedBundle, TerminalEpoch};
use super::sealed::{Certificate, CertificateDraft, CertificateError, IssuerKey, Seed};
use crate::id::{MerchantId, Party};
use crate::sign::{KeyError, KeyId, PublicKey, SigningKey, Suite};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// What nobody else may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What everything is signed with; [`Suite::Es256`] outside simulations.
    #[serde(with = "suite_number")]
    pub suite: Suite,
    /// Signs trust bundles.
    pub root: Seed,
    /// Sign certificates, the oldest first. The log names the public halves in this order; what is
    /// here and not yet there was drawn by a rotation that did not happen.
    pub issuers: Vec<Seed>,
}

/// The issuer at work.
#[derive(Debug)]
pub struct Issuer {
    secrets: Secrets,
    root: SigningKey,
    current: SigningKey,
    register: Register,
    entries: Vec<Entry>,
    last: EntryHash,
    log_len: usize,
}

impl Issuer {
    /// A new scheme: a root, and the first key that certifies.
    pub fn begin(
        suite: Suite,
        root: Seed,
        first: Seed,
        now: Time,
        holds: Span,
    ) -> Result<Self, IssuerError> {
        let current = SigningKey::from_seed(suite, first.expose())?;
        let issuers = vec![first];
        let mut issuer = Self {
            root: SigningKey::from_seed(suite, root.expose())?,
            secrets: Secrets {
                suite,
                root,
                issuers,
            },
            register: Register::default(),
            entries: Vec::new(),
            last: EntryHash::FIRST,
            log_len: 0,
            current,
        };
        let root = issuer.root.public();
        issuer.enter(now, Act::Begun { root });
        let (key, retire_others) = (issuer.certifier(now, holds), now);
        issuer.enter(now, Act::IssuerKey { key, retire_others });
        Ok(issuer)
    }

    /// Goes on from its secrets and its log. A last line without its line feed was never durable,
    /// and nothing was handed out on it: it does not count, see [`log_len`](Self::log_len).
    pub fn resume(secrets: Secrets, text: &str) -> Result<Self, IssuerError> {
        let log::Read {
            entries,
            last,
            len: log_len,
        } = log::read(text)?;
        let mut register = Register::default();
        entries.iter().for_each(|entry| register.apply(&entry.act));
        let root = SigningKey::from_seed(secrets.suite, secrets.root.expose())?;
        if register.root != Some(root.public()) {
            return Err(IssuerError::OtherSecrets);
        }
        let count = register.issuers.len();
        let seed = count.checked_sub(1).and_then(|at| secrets.issuers.get(at));
        let seed = seed.ok_or(IssuerError::OtherSecrets)?;
        let current = SigningKey::from_seed(secrets.suite, seed.expose())?;
        let named = register.issuers.last().map(|epoch| epoch.key.key);
        if named != Some(current.public()) {
            return Err(IssuerError::OtherSecrets);
        }
        Ok(Self {
            secrets,
            root,
            current,
            register,
            entries,
            last,
            log_len,
        })
    }

    /// The key that trust bundles are checked with: what a wallet ships with.
    pub fn root(&self) -> PublicKey {
        self.root.public()
    }

    /// What holds now.
    pub const fn register(&self) -> &Register {
        &self.register
    }

    /// What must be kept, and never shown.
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Everything it did.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many bytes of the log's text count.
    pub const fn log_len(&self) -> usize {
        self.log_len
    }

    /// Takes over from the present key with a new one; the present one stays trusted for `overlap`.
    pub fn rotate(
        &mut self,
        seed: Seed,
        holds: Span,
        overlap: Span,
        now: Time,
    ) -> Result<PublicKey, IssuerError> {
        let next = SigningKey::from_seed(self.secrets.suite, seed.expose())?;
        let known = self.register.issuers.iter();
        if known.clone().any(|epoch| epoch.key.key == next.public()) {
            return Err(IssuerError::UsedSeed);
        }
        self.secrets.issuers.truncate(known.len());
        self.secrets.issuers.push(seed);
        self.current = next;
        let key = self.certifier(now, holds);
        let retire_others = now.after(overlap);
        self.enter(now, Act::IssuerKey { key, retire_others });
        Ok(key.key)
    }

    /// Certifies a merchant's name and account, or changes them.
    pub fn name_merchant(&mut self, id: MerchantId, merchant: Merchant, now: Time) {
        if self.register.merchants.get(&id) != Some(&merchant) {
            self.enter(now, Act::Merchant { id, merchant });
        }
    }

    /// Says who answers for a link's host.
    pub fn name_host(&mut self, host: &str, answers: Host, now: Time) {
        let host = host.to_ascii_lowercase();
        if self.register.hosts.get(&host) != Some(&answers) {
            self.enter(now, Act::Host { host, answers });
        }
    }

    /// Says which key a gateway or a bank signs with.
    pub fn name_party(&mut self, party: Party, key: PublicKey, now: Time) {
        if self.register.parties.get(&party) != Some(&key) {
            self.enter(now, Act::Party { party, key });
        }
    }

    /// Certifies a terminal's key for an epoch; older epochs of it stay trusted for `overlap`. For
    /// an epoch that has this key already it renews the certificate. The certificate never outlives
    /// the key that signs it.
    pub fn issue(
        &mut self,
        at: TerminalEpoch,
        key: PublicKey,
        holds: Span,
        overlap: Span,
        now: Time,
    ) -> Result<Certificate, IssuerError> {
        self.register.may_issue(at, key)?;
        let merchant = self.register.merchants.get(&at.terminal.merchant());
        let merchant = merchant.ok_or_else(|| IssuerError::UnknownMerchant {
            merchant: at.terminal.merchant(),
        })?;
        let signer = self.register.current().ok_or(IssuerError::NoIssuer)?;
        if now >= signer.not_after {
            return Err(IssuerError::NoIssuer);
        }
        let draft = CertificateDraft {
            terminal: at.terminal,
            epoch: at.epoch,
            key,
            not_before: now,
            not_after: now.after(holds).min(signer.not_after),
            name: merchant.name.clone(),
        };
        let certificate = Certificate::issue(&self.current, draft)?;
        let act = Act::Certificate {
            at,
            certificate: certificate.clone(),
            retire_older: now.after(overlap),
        };
        self.enter(now, act);
        Ok(certificate)
    }

    /// Takes a terminal's epoch out of use.
    pub fn revoke_terminal(&mut self, at: TerminalEpoch, now: Time) -> Result<(), IssuerError> {
        if !self.register.terminals.contains_key(&at) {
            return Err(IssuerError::UnknownTerminal { at });
        }
        if !self.register.revoked_terminals.contains(&at) {
            self.enter(now, Act::TerminalRevoked { at });
        }
        Ok(())
    }

    /// Takes one of its own keys out of use, with every certificate that it signed. The present key
    /// is rotated away first.
    pub fn revoke_issuer(&mut self, id: KeyId, now: Time) -> Result<(), IssuerError> {
        let mut known = self.register.issuers.iter().map(|epoch| epoch.key.key);
        let key = known.find(|key| key.key_id() == id);
        let key = key.ok_or(IssuerError::UnknownIssuer { id })?;
        if key == self.current.public() {
            return Err(IssuerError::CurrentIssuer { id });
        }
        if !self.register.revoked_issuers.contains(&key) {
            self.enter(now, Act::IssuerRevoked { key });
        }
        Ok(())
    }

    /// Signs the next version of the trust bundle.
    pub fn bundle(&mut self, holds: Span, now: Time) -> SignedBundle {
        let version = self.register.version + 1;
        let bundle = self.register.bundle(version, now, now.after(holds));
        let signed = Bundle::sign(&bundle, &self.root);
        let digest = EntryHash::of(signed.payload().as_bytes());
        self.enter(now, Act::Bundle { version, digest });
        signed
    }

    fn certifier(&self, now: Time, holds: Span) -> IssuerKey {
        IssuerKey {
            key: self.current.public(),
            not_before: now,
            not_after: now.after(holds),
        }
    }

    fn enter(&mut self, at: Time, act: Act) {
        self.register.apply(&act);
        let seq = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        let entry = Entry {
            seq,
            at,
            before: self.last,
            act,
        };
        let line = entry.line();
        self.last = EntryHash::of(line.as_bytes());
        self.log_len += line.len() + 1;
        self.entries.push(entry);
    }
}

mod suite_number {
    //! A suite as its number.
    use crate::sign::Suite;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(suite: &Suite, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(suite.number())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Suite, D::Error> {
        let number = u8::deserialize(d)?;
        let unknown = || serde::de::Error::custom(format!("suite {number} is not known"));
        Suite::from_number(number).ok_or_else(unknown)
    }
}

/// Why the issuer did nothing.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// A seed that gives no key.
    #[error("make the issuer's key")]
    Key(#[from] KeyError),
    /// The log is not one.
    #[error("read the issuer's log")]
    Log(#[from] LogError),
    /// The secrets are of another scheme.
    #[error("resume the issuer: its secrets do not belong to its log")]
    OtherSecrets,
    /// A seed that a key was made from before.
    #[error("rotate the issuer's key: this seed was used before")]
    UsedSeed,
    /// Nobody certified the merchant's name.
    #[error("certify a terminal: merchant {merchant} has no certified name")]
    UnknownMerchant {
        /// The merchant.
        merchant: MerchantId,
    },
    /// Its present key is over.
    #[error("certify a terminal: the issuer's key is over; rotate it first")]
    NoIssuer,
    /// The epoch has another key.
    #[error("certify a terminal: {at} has another key; a new key wants a new epoch")]
    TakenEpoch {
        /// The terminal's epoch.
        at: TerminalEpoch,
    },
    /// A later epoch is in use.
    #[error("certify a terminal: {at} lies behind the epoch in use")]
    PastEpoch {
        /// The terminal's epoch.
        at: TerminalEpoch,
    },
    /// What was revoked stays revoked.
    #[error("certify a terminal: {at} was revoked")]
    Revoked {
        /// The terminal's epoch.
        at: TerminalEpoch,
    },
    /// The certificate cannot be made.
    #[error("certify a terminal")]
    Certificate(#[from] CertificateError),
    /// Never certified.
    #[error("revoke terminal {at}: it was never certified")]
    UnknownTerminal {
        /// The terminal's epoch.
        at: TerminalEpoch,
    },
    /// None of its keys.
    #[error("revoke issuer key {id}: there is none")]
    UnknownIssuer {
        /// The key's id.
        id: KeyId,
    },
    /// Nothing could be certified after that.
    #[error("revoke issuer key {id}: it is the one in use; rotate it first")]
    CurrentIssuer {
        /// The key's id.
        id: KeyId,
    },
}

#[cfg(test)]
mod tests;

//! The cast's secrets: keyed draws of their owners' names.

use crate::chance::Chance;
use crate::code::sealed::{Accept, Flags, MasterKey};
use crate::id::{Name, Party, PartyKind};
use crate::journal::ChainKind;
use crate::roles::approval::ApprovalRoot;
use crate::sign::{KeyError, SigningKey, Suite};
use crate::words::words;

words! {
    /// How things are signed, sealed and chained.
    pub enum Crypto {
        /// Keyed hashes in the place of signatures, with the same failures: for sweeps.
        Fast = "fast",
        /// P-256, Ed25519, AES-GCM-SIV and SHA-256, on the test network.
        Real = "real",
    }
}

impl Crypto {
    /// What codes and certificates are signed with.
    pub const fn of_codes(self) -> Suite {
        match self {
            Self::Fast => Suite::Simulated,
            Self::Real => Suite::Es256,
        }
    }

    /// What gateways and banks sign their statements with.
    const fn of_statements(self) -> Suite {
        match self {
            Self::Fast => Suite::Simulated,
            Self::Real => Suite::Ed25519,
        }
    }

    /// Which codes are taken.
    pub const fn accept(self) -> Accept {
        match self {
            Self::Fast => Accept::SIMULATION,
            Self::Real => Accept::TEST_NETWORK,
        }
    }

    /// How journals are chained.
    pub const fn chain(self) -> ChainKind {
        match self {
            Self::Fast => ChainKind::Fast,
            Self::Real => ChainKind::Sha256,
        }
    }

    /// The flags of codes: never for real money.
    pub const fn flags(self) -> Flags {
        Flags::TEST_NETWORK
    }
}

/// Draws every secret.
pub(super) struct Keys<'a> {
    crypto: Crypto,
    chance: &'a Chance,
    /// Signs the trust bundle.
    pub(super) root: SigningKey,
    /// Signs terminals' certificates.
    pub(super) issuer: SigningKey,
}

impl<'a> Keys<'a> {
    pub(super) fn new(crypto: Crypto, chance: &'a Chance) -> Result<Self, KeyError> {
        let suite = crypto.of_codes();
        let key = |what| SigningKey::from_seed(suite, &secret(chance, "scheme", what));
        Ok(Self {
            crypto,
            chance,
            root: key("root")?,
            issuer: key("issuer")?,
        })
    }

    /// The key with which a gateway or a bank signs its statements.
    pub(super) fn stating(&self, party: Party) -> Result<SigningKey, KeyError> {
        let secret = self.secret("states", &party.to_string());
        SigningKey::from_seed(self.crypto.of_statements(), &secret)
    }

    /// The key with which a terminal's chip signs codes.
    pub(super) fn sealing(&self, terminal: Name) -> Result<SigningKey, KeyError> {
        let secret = self.secret("signs-codes", terminal.as_str());
        SigningKey::from_seed(self.crypto.of_codes(), &secret)
    }

    /// The key of a certified terminal's epoch.
    pub(super) fn sealing_in(&self, terminal: Name, epoch: u8) -> Result<SigningKey, KeyError> {
        let secret = self.secret("signs-codes", &format!("{terminal}#{epoch}"));
        SigningKey::from_seed(self.crypto.of_codes(), &secret)
    }

    /// The key that a merchant's terminals derive theirs from.
    pub(super) fn master(&self, merchant: Name) -> MasterKey {
        MasterKey::from_bytes(self.secret("master", merchant.as_str()))
    }

    /// What a bank derives its wallets' approval keys from.
    pub(super) fn approvals(&self, bank: Name) -> ApprovalRoot {
        let bank = Party::new(PartyKind::Bank, bank);
        ApprovalRoot::from_bytes(self.secret("approves", &bank.to_string()))
    }

    /// The route number of a gateway.
    pub(super) fn route(&self, gateway: Name) -> [u8; 3] {
        let [a, b, c, ..] = self.secret("route", gateway.as_str());
        [a, b, c]
    }

    fn secret(&self, purpose: &str, owner: &str) -> [u8; 32] {
        secret(self.chance, purpose, owner)
    }
}

/// 32 drawn bytes for one purpose of one owner.
fn secret(chance: &Chance, purpose: &str, owner: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for (nth, part) in (0..).zip(out.chunks_exact_mut(8)) {
        let drawn = chance.draw(purpose, owner.as_bytes(), nth);
        part.copy_from_slice(&drawn.to_be_bytes());
    }
    out
}

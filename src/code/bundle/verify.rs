//! A phone's offline verification: who printed this code, and was it altered?

use super::{Payee, TerminalEpoch, TrustBundle};
use crate::code::sealed::{CertificateError, Code, Lifetime, VerifyError};
use crate::id::{MerchantId, TerminalId};
use crate::sign::{PublicKey, Verified};
use crate::text::Text;
use crate::time::Time;
use std::fmt;

/// What a phone knows of a code without asking anybody. The amount is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTrust {
    /// The code, with the proof that its terminal signed it.
    pub verified: Verified<Code>,
    /// Whose terminal it is.
    pub merchant: MerchantId,
    /// The merchant's certified name.
    pub name: Text,
    /// Where the merchant's money goes; unknown when the bundle does not list the merchant.
    pub payee: Option<Payee>,
    /// What is odd, and yet no reason to send nothing.
    pub warnings: Vec<Warning>,
}

/// Something odd: the phone's clock may be the one that is wrong, so the gateway decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It was issued after now.
    IssuedAhead,
    /// It can no longer be paid.
    Expired,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IssuedAhead => "issued ahead of this clock",
            Self::Expired => "expired by this clock",
        })
    }
}

impl TrustBundle {
    /// Checks a code's origin and integrity. On a refusal the wallet sends nothing.
    ///
    /// An inline certificate is checked against the issuers; a code without one must be of a
    /// terminal that the bundle lists. The lifetime only gives a warning.
    pub fn verify_code(&self, code: &Code, now: Time) -> Result<CodeTrust, TrustRefusal> {
        if now >= self.expires {
            return Err(TrustRefusal::BundleExpired);
        }
        let header = code.header();
        let terminal = TerminalEpoch::new(header.terminal, header.epoch);
        if self.revoked_terminals.contains(&terminal) {
            let TerminalEpoch { terminal, epoch } = terminal;
            return Err(TrustRefusal::RevokedTerminal { terminal, epoch });
        }
        let (key, certified) = self.key_of(code, terminal, now)?;
        let merchant = header.terminal.merchant();
        let listed = self.merchants.get(&merchant);
        let name = listed.map(|m| m.name.clone()).or(certified);
        Ok(CodeTrust {
            verified: code.verify(&key)?,
            merchant,
            name: name.ok_or(TrustRefusal::UnknownMerchant { merchant })?,
            payee: listed.map(|m| m.payee.clone()),
            warnings: match header.lifetime(now) {
                Lifetime::Running => vec![],
                Lifetime::Ahead => vec![Warning::IssuedAhead],
                Lifetime::Over => vec![Warning::Expired],
            },
        })
    }

    /// The terminal's key, and the name that a certificate gives it.
    fn key_of(
        &self,
        code: &Code,
        at: TerminalEpoch,
        now: Time,
    ) -> Result<(PublicKey, Option<Text>), TrustRefusal> {
        let TerminalEpoch { terminal, epoch } = at;
        let Some(certificate) = code.certificate() else {
            let key = self.terminals.get(&at);
            let key = key.ok_or(TrustRefusal::UnknownTerminal { terminal, epoch })?;
            return Ok((*key, None));
        };
        let (revoked, good): (Vec<_>, Vec<_>) = self
            .issuers
            .iter()
            .partition(|issuer| self.revoked_issuers.contains(&issuer.key));
        match certificate.verify(terminal, epoch, good, now) {
            Ok(certificate) => Ok((certificate.key(), Some(certificate.name().clone()))),
            Err(error) => {
                let by_revoked = certificate.verify(terminal, epoch, revoked, now);
                Err(by_revoked.map_or_else(|_| error.into(), |_| TrustRefusal::RevokedIssuer))
            }
        }
    }
}

/// Why a code is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustRefusal {
    /// The bundle is over; a newer one is needed first.
    #[error("trust the code: the trust bundle has expired")]
    BundleExpired,
    /// The terminal's epoch was revoked.
    #[error("trust the code: terminal {terminal} epoch {epoch} was revoked")]
    RevokedTerminal {
        /// The terminal.
        terminal: TerminalId,
        /// The epoch.
        epoch: u8,
    },
    /// Neither a certificate nor an entry in the bundle.
    #[error("trust the code: terminal {terminal} epoch {epoch} is unknown")]
    UnknownTerminal {
        /// The terminal.
        terminal: TerminalId,
        /// The epoch.
        epoch: u8,
    },
    /// The terminal is known, but nobody certified its merchant's name.
    #[error("trust the code: merchant {merchant} has no certified name")]
    UnknownMerchant {
        /// The merchant.
        merchant: MerchantId,
    },
    /// The certificate is good, but of an issuer that was revoked.
    #[error("trust the code: its certificate's issuer was revoked")]
    RevokedIssuer,
    /// The inline certificate was refused.
    #[error("trust the code's certificate")]
    Certificate(#[from] CertificateError),
    /// The signature was refused.
    #[error(transparent)]
    Code(#[from] VerifyError),
}

//! Certificates: an issuer's word that a key is a terminal's, under a name that may be shown.

use super::header::take;
use crate::hex::{self, HexError};
use crate::id::TerminalId;
use crate::sign::{
    KeyError, KeyId, PUBLIC_KEY_LEN, PublicKey, SIGNATURE_LEN, Signature, SigningKey, Suite,
    Verified,
};
use crate::text::Text;
use crate::time::Time;

/// The longest certified name, in bytes of UTF-8.
pub const CERTIFICATE_NAME_LEN_MAX: usize = 25;
const FIXED_LEN: usize = PUBLIC_KEY_LEN + 4 + 4 + 4 + 1;
const LABEL: &[u8] = b"quittance-code/1 certificate\0";

/// A terminal's certificate, unverified. The terminal and epoch it is for are signed but not
/// written in it: whoever verifies names them. Hexadecimal in serde.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Certificate {
    key: PublicKey,
    not_before: Time,
    not_after: Time,
    issuer: KeyId,
    name: Text,
    signature: Signature,
}

/// What an issuer certifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateDraft {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its key epoch.
    pub epoch: u8,
    /// Its key.
    pub key: PublicKey,
    /// From when, to the second.
    pub not_before: Time,
    /// Up to and including which second.
    pub not_after: Time,
    /// The name: at most [`CERTIFICATE_NAME_LEN_MAX`] bytes.
    pub name: Text,
}

/// An issuer's key, and when it may vouch for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerKey {
    /// The key: ES256 (or simulated).
    pub key: PublicKey,
    /// From when it holds.
    pub not_before: Time,
    /// Until when it holds.
    pub not_after: Time,
}

impl Certificate {
    /// Signs a certificate. The issuer's key must be ES256, or simulated in a simulation.
    pub fn issue(issuer: &SigningKey, draft: CertificateDraft) -> Result<Self, CertificateError> {
        let len = draft.name.as_str().len();
        if len > CERTIFICATE_NAME_LEN_MAX {
            return Err(CertificateError::LongName { len });
        }
        if draft.not_after < draft.not_before {
            return Err(CertificateError::Backwards);
        }
        if draft.key == issuer.public() {
            return Err(CertificateError::SelfSigned);
        }
        if issuer.public().suite() == Suite::Ed25519 {
            return Err(CertificateError::IssuerSuite);
        }
        let mut certificate = Self {
            key: draft.key,
            not_before: draft.not_before,
            not_after: draft.not_after,
            issuer: issuer.public().key_id(),
            name: draft.name,
            signature: Signature([0; SIGNATURE_LEN]),
        };
        let fields = certificate.fields();
        let parts = [&fields, draft.terminal.bytes().as_slice(), &[draft.epoch]];
        certificate.signature = issuer.sign(LABEL, &parts);
        Ok(certificate)
    }

    /// Checks it for a terminal and epoch: the first of `issuers` with its key id under which the
    /// signature holds (two may share an id), and then the times.
    pub fn verify<'a>(
        &self,
        terminal: TerminalId,
        epoch: u8,
        issuers: impl IntoIterator<Item = &'a IssuerKey>,
        now: Time,
    ) -> Result<Verified<Self>, CertificateError> {
        let fields = self.fields();
        let parts = [&fields, terminal.bytes().as_slice(), &[epoch]];
        let mut known = false;
        let signer = issuers.into_iter().find(|issuer| {
            let named = issuer.key.key_id() == self.issuer && issuer.key.suite() != Suite::Ed25519;
            known |= named;
            named && issuer.key.verify(LABEL, &parts, &self.signature).is_ok()
        });
        let signer = match signer {
            None if known => return Err(CertificateError::Signature),
            None => {
                return Err(CertificateError::UnknownIssuer {
                    issuer: self.issuer,
                });
            }
            Some(signer) => signer,
        };
        if signer.key == self.key {
            return Err(CertificateError::SelfSigned);
        }
        if self.not_after > signer.not_after || self.not_before < signer.not_before {
            return Err(CertificateError::OutlivesIssuer);
        }
        self.check_time(now)?;
        Ok(Verified::by_check(self.clone()))
    }

    fn check_time(&self, now: Time) -> Result<(), CertificateError> {
        if now < self.not_before {
            return Err(CertificateError::NotYetValid);
        }
        if now.seconds() > self.not_after.seconds() {
            return Err(CertificateError::Expired);
        }
        Ok(())
    }

    /// The terminal's key.
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// From when it holds, to the second.
    pub const fn not_before(&self) -> Time {
        self.not_before
    }

    /// The last second in which it holds.
    pub const fn not_after(&self) -> Time {
        self.not_after
    }

    /// A hint for the issuer's key.
    pub const fn issuer(&self) -> KeyId {
        self.issuer
    }

    /// The name: who is paid.
    pub const fn name(&self) -> &Text {
        &self.name
    }

    /// How many bytes it takes.
    pub fn encoded_len(&self) -> usize {
        FIXED_LEN + self.name.as_str().len() + SIGNATURE_LEN
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.fields();
        out.extend_from_slice(&self.signature.0);
        out
    }

    pub(super) fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode());
    }

    /// Reads a certificate's bytes, all of them.
    pub fn parse(bytes: &[u8], simulated: bool) -> Result<Self, CertificateError> {
        let (rest, certificate) = Self::parse_last(bytes, simulated)?;
        if !rest.is_empty() {
            return Err(CertificateError::Trailing { len: rest.len() });
        }
        Ok(certificate)
    }

    /// The certificate that `bytes` end with, and the bytes before it.
    ///
    /// Nothing before it says how long the name is. But a name has no control characters, so the
    /// last byte below 32 is its length.
    pub(super) fn parse_last(
        bytes: &[u8],
        simulated: bool,
    ) -> Result<(&[u8], Self), CertificateError> {
        let too_short = CertificateError::TooShort { len: bytes.len() };
        let (body, signature) = bytes.split_last_chunk().ok_or(too_short)?;
        let window = body.len().saturating_sub(CERTIFICATE_NAME_LEN_MAX + 1);
        let tail = body.get(window..).unwrap_or_default();
        let at = tail.iter().rposition(|b| *b < 0x20);
        let at = window + at.ok_or(CertificateError::NameLength)?;
        let (front, name) = body.split_at(at + 1);
        if front.last().map(|len| usize::from(*len)) != Some(name.len()) {
            return Err(CertificateError::NameLength);
        }
        let start = front.len().checked_sub(FIXED_LEN).ok_or(too_short)?;
        let (rest, fixed) = front.split_at(start);
        let certificate = Self::of_fields(fixed, name, Signature(*signature), simulated)?;
        Ok((rest, certificate))
    }

    fn of_fields(
        fixed: &[u8],
        name: &[u8],
        signature: Signature,
        simulated: bool,
    ) -> Result<Self, CertificateError> {
        let key: [u8; PUBLIC_KEY_LEN] = take(fixed, 0);
        let key = if simulated {
            PublicKey::parse_any(&key)?
        } else {
            PublicKey::parse(&key)?
        };
        let raw = std::str::from_utf8(name).map_err(|_not_utf8| CertificateError::UncleanName)?;
        let name = Text::clean(raw);
        if name.as_str() != raw {
            return Err(CertificateError::UncleanName);
        }
        let time = |at| Time::from_seconds(u32::from_be_bytes(take(fixed, at)));
        Ok(Self {
            key,
            not_before: time(PUBLIC_KEY_LEN),
            not_after: time(PUBLIC_KEY_LEN + 4),
            issuer: KeyId(take(fixed, PUBLIC_KEY_LEN + 8)),
            name,
            signature,
        })
    }

    fn fields(&self) -> Vec<u8> {
        let name = self.name.as_str().as_bytes();
        let len = u8::try_from(name.len()).expect("issue and parse hold names to 25 bytes");
        let mut out = Vec::with_capacity(self.encoded_len());
        out.extend_from_slice(self.key.bytes());
        out.extend_from_slice(&self.not_before.seconds().to_be_bytes());
        out.extend_from_slice(&self.not_after.seconds().to_be_bytes());
        out.extend_from_slice(&self.issuer.0);
        out.push(len);
        out.extend_from_slice(name);
        out
    }
}

impl From<Certificate> for String {
    fn from(certificate: Certificate) -> Self {
        hex::encode(&certificate.encode())
    }
}

impl TryFrom<String> for Certificate {
    type Error = CertificateError;

    fn try_from(text: String) -> Result<Self, CertificateError> {
        Self::parse(&hex::decode(&text)?, true)
    }
}

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Fewer bytes than one has.
    #[error("read the certificate: {len} bytes are too short for one")]
    TooShort {
        /// How many there were.
        len: usize,
    },
    /// Bytes that do not belong to it.
    #[error("read the certificate: {len} bytes stand before it")]
    Trailing {
        /// How many.
        len: usize,
    },
    /// The name's length byte does not fit.
    #[error("read the certificate: the name's length is not where it must be")]
    NameLength,
    /// Not UTF-8, not NFC, or with control, bidi or invisible characters.
    #[error("read the certificate: the name has characters that no name may have")]
    UncleanName,
    /// A name that does not fit.
    #[error("issue a certificate: {len} bytes of name, {CERTIFICATE_NAME_LEN_MAX} is the most")]
    LongName {
        /// How long it is.
        len: usize,
    },
    /// It ends before it begins.
    #[error("issue a certificate: it ends before it begins")]
    Backwards,
    /// The terminal's key is no key.
    #[error("read the certificate's key")]
    Key(#[from] KeyError),
    /// Not hexadecimal.
    #[error("read the certificate in text")]
    Hex(#[from] HexError),
    /// Issuers sign with ES256.
    #[error("issue a certificate: the issuer's key must be ES256")]
    IssuerSuite,
    /// No issuer that is trusted has its key id.
    #[error("find the certificate's issuer {issuer}")]
    UnknownIssuer {
        /// The key id it names.
        issuer: KeyId,
    },
    /// Not signed by that issuer, or for another terminal or epoch, or altered.
    #[error("verify the certificate's signature for this terminal and epoch")]
    Signature,
    /// The key certifies itself.
    #[error("trust the certificate: the key vouches for itself")]
    SelfSigned,
    /// It is valid when its issuer is not.
    #[error("trust the certificate: it outlives its issuer's key")]
    OutlivesIssuer,
    /// It begins later.
    #[error("trust the certificate: it is not valid yet")]
    NotYetValid,
    /// It is over.
    #[error("trust the certificate: it has expired")]
    Expired,
}

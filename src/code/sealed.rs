//! The sealed payment code, format version 1: 146 to about 300 bytes that a terminal prints.
//!
//! ```text
//! header 26 | sealed order n+16 | certificate 0 or 110+k | signature 64
//! ```
//!
//! Sealed: only the gateway reads the order ([`open_as_gateway`]); whoever it hands the
//! [`OrderKey`] to can check it ([`open`]). Signed: a phone checks origin and integrity offline
//! ([`Code::verify`]). Bytes are parsed by [`Code::parse`], a total function, and made by [`seal`].
//!
//! Why AES-GCM-SIV: a chip that is restored or cloned may repeat a counter, which under plain GCM
//! would give the plaintexts away. Why the payment reference is a keyed hash of the counter: it is
//! unique, needs no randomness in the chip, and tells nobody how much a shop sells.

mod aead;
mod cbor;
mod certificate;
mod digest;
mod header;
mod keys;
mod order;
#[cfg(test)]
mod tests;

pub use aead::SEAL_TAG_LEN;
pub use cbor::{CborError, CborFault};
pub use certificate::{
    CERTIFICATE_NAME_LEN_MAX, Certificate, CertificateDraft, CertificateError, IssuerKey,
};
pub use digest::{ReceiptDigest, canonical, digest};
pub use header::{CLOCK_SKEW, FORMAT_VERSION, Flags, HEADER_LEN, Header, Lifetime};
pub use keys::{MasterKey, OrderKey, PairingKey, Seed, TerminalKey};
pub use order::{
    NAME_CHARS_MAX, OrderError, REFERENCE_CHARS_MAX, SealedOrder, TAX_LINES_MAX, TaxLine,
};

use crate::hex::{self, HexError, as_hex};
use crate::sign::Verified;
use crate::sign::{
    HeldError, PublicKey, SIGNATURE_LEN, SignError, Signature, Signed, SigningKey, Suite,
};
use crate::time::Time;
use sha2::Digest as _;
use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The longest blob that is looked at; the largest symbol that is printed holds far less.
pub const BLOB_LEN_MAX: usize = 600;
const BLOB_LEN_MIN: usize = HEADER_LEN + SEAL_TAG_LEN + SIGNATURE_LEN;
const LABEL: &[u8] = b"quittance-code/1 signature\0";

/// A printed code's bytes, whatever they are. Cheap to clone; hexadecimal in text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob(Arc<[u8]>);

impl Blob {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the bytes: whether two codes are the same code.
    pub fn digest(&self) -> [u8; 32] {
        sha2::Sha256::digest(&self.0).into()
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl FromStr for Blob {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode(text).map(Self::from)
    }
}

as_hex!(Blob.0);

/// Which codes somebody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// Codes of the test network, which pay with no real money.
    pub test_network: bool,
    /// Codes of [`Suite::Simulated`], which anybody could forge.
    pub simulated: bool,
}

impl Accept {
    /// Real codes only.
    pub const PRODUCTION: Self = Self {
        test_network: false,
        simulated: false,
    };
    /// Real codes and those of the test network.
    pub const TEST_NETWORK: Self = Self {
        test_network: true,
        simulated: false,
    };
    /// Everything: inside a simulation.
    pub const SIMULATION: Self = Self {
        test_network: true,
        simulated: true,
    };
}

/// A code whose form was checked, and nothing else yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    blob: Blob,
    header: Header,
    /// Where the sealed order ends.
    sealed_end: usize,
    certificate: Option<Certificate>,
    signature: Signature,
}

impl Code {
    /// Reads a blob's form: version, suite, flags, lengths, inline certificate. Total: any bytes
    /// give a code or a reason.
    pub fn parse(blob: &Blob, accept: Accept) -> Result<Self, CodeError> {
        let bytes = blob.bytes();
        let len = bytes.len();
        if len > BLOB_LEN_MAX {
            return Err(CodeError::TooLong { len });
        }
        let (header, rest) = bytes
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(CodeError::TooShort { len })?;
        let header = Header::parse(header)?;
        if header.suite == Suite::Simulated && !accept.simulated {
            return Err(CodeError::SimulatedSuite);
        }
        if header.flags.contains(Flags::TEST_NETWORK) && !accept.test_network {
            return Err(CodeError::TestNetwork);
        }
        let too_short = CodeError::TooShort { len };
        let (mut body, signature) = rest.split_last_chunk().ok_or(too_short)?;
        let mut certificate = None;
        if header.flags.contains(Flags::CERTIFICATE) {
            let (sealed, found) = Certificate::parse_last(body, accept.simulated)?;
            (body, certificate) = (sealed, Some(found));
        }
        if body.len() < SEAL_TAG_LEN {
            return Err(too_short);
        }
        Ok(Self {
            blob: blob.clone(),
            header,
            sealed_end: HEADER_LEN + body.len(),
            certificate,
            signature: Signature(*signature),
        })
    }

    /// Its bytes.
    pub const fn blob(&self) -> &Blob {
        &self.blob
    }

    /// What everybody can read.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The inline certificate, unverified, if it carries one.
    pub const fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The sealed order: ciphertext and tag.
    pub fn sealed(&self) -> &[u8] {
        let range = HEADER_LEN..self.sealed_end;
        self.blob.bytes().get(range).unwrap_or_default()
    }

    /// Checks the terminal's signature, with the key that a certificate or a trust bundle names.
    pub fn verify(&self, key: &PublicKey) -> Result<Verified<Self>, VerifyError> {
        let (code, key_suite) = (self.header.suite, key.suite());
        if code != key_suite {
            return Err(VerifyError::SuiteMismatch {
                code,
                key: key_suite,
            });
        }
        key.check(self.clone()).map_err(VerifyError::from)
    }
}

impl Signed for Code {
    const LABEL: &'static [u8] = LABEL;

    fn message(&self) -> Cow<'_, [u8]> {
        let bytes = self.blob.bytes();
        let signed = bytes.split_last_chunk::<SIGNATURE_LEN>();
        signed.map_or(&[][..], |(signed, _signature)| signed).into()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

/// What a terminal wants to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The gateway's route number.
    pub route: [u8; 3],
    /// Test network, tip. Whether a certificate is inline follows from `certificate`.
    pub flags: Flags,
    /// When; whole seconds count.
    pub issued_at: Time,
    /// For how long it can be paid.
    pub ttl_minutes: u16,
    /// What is owed.
    pub order: SealedOrder,
    /// The terminal's certificate, if it is to travel in the code.
    pub certificate: Option<Certificate>,
}

/// Seals and signs. The same draft under the same keys gives the same bytes; one counter must
/// never be used for two drafts.
pub fn seal(
    terminal: &TerminalKey,
    signing: &SigningKey,
    draft: &Draft,
) -> Result<Blob, SealError> {
    let suite = signing.suite();
    let certificate = draft.certificate.as_ref();
    if certificate.is_some_and(|c| c.key() != signing.public()) {
        return Err(SealError::CertificateOfAnotherKey);
    }
    let header = Header {
        suite,
        flags: draft.flags.with_certificate(certificate.is_some()),
        route: draft.route,
        epoch: terminal.epoch(),
        terminal: terminal.terminal(),
        payment_reference: terminal.payment_reference(suite, draft.order.counter),
        issued_at: draft.issued_at,
        ttl_minutes: draft.ttl_minutes,
    };
    let head = header.encode();
    let mut out = Vec::with_capacity(BLOB_LEN_MIN + 192);
    out.extend_from_slice(&head);
    draft.order.encode_into(&mut out)?;
    aead::seal_in_place(suite, &terminal.order_key(&header), &head, &mut out);
    if let Some(certificate) = certificate {
        certificate.encode_into(&mut out);
    }
    let signature = signing.try_sign(LABEL, &[&out])?;
    out.extend_from_slice(&signature.0);
    Ok(Blob::from(out))
}

/// Opens the seal with the order key that the gateway handed over: what a bank does.
pub fn open(code: &Verified<Code>, key: &OrderKey) -> Result<SealedOrder, OpenError> {
    let header = code.header.encode();
    let plain = aead::open(code.header.suite, key, &header, code.sealed());
    Ok(SealedOrder::decode(&plain.ok_or(OpenError::Seal)?)?)
}

/// Opens the seal with the terminal's key and recomputes the payment reference from the counter
/// inside, in constant time: what the gateway does.
pub fn open_as_gateway(
    code: &Verified<Code>,
    terminal: &TerminalKey,
) -> Result<SealedOrder, OpenError> {
    let header = &code.header;
    let order = open(code, &terminal.order_key(header))?;
    let expected = terminal.payment_reference(header.suite, order.counter);
    let same = expected.ct_eq(&header.payment_reference);
    bool::from(same)
        .then_some(order)
        .ok_or(OpenError::Reference)
}

/// Why a blob is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Fewer bytes than its parts need.
    #[error("read the code: {len} bytes are too short for one")]
    TooShort {
        /// How many there were.
        len: usize,
    },
    /// More bytes than any code has.
    #[error("read the code: {len} bytes are more than {BLOB_LEN_MAX}")]
    TooLong {
        /// How many there were.
        len: usize,
    },
    /// A format version that is not known here.
    #[error("read the code: unknown format version {version} at offset 0")]
    UnknownVersion {
        /// The version.
        version: u8,
    },
    /// A suite that is not known here.
    #[error("read the code: unknown suite {suite} at offset 0")]
    UnknownSuite {
        /// The suite's number.
        suite: u8,
    },
    /// A flag without a meaning.
    #[error("read the code: reserved flags {flags:#010b} at offset 1")]
    ReservedFlag {
        /// All flags.
        flags: u8,
    },
    /// A simulation's code, where none is taken.
    #[error("take the code: it belongs to a simulation")]
    SimulatedSuite,
    /// A code of the test network, where none is taken.
    #[error("take the code: it is for the test network")]
    TestNetwork,
    /// The inline certificate has no form.
    #[error("read the code's certificate")]
    Certificate(#[from] CertificateError),
}

/// Why a code's signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key is of another suite than the code says.
    #[error("verify the code: it says suite {code:?}, the key is {key:?}")]
    SuiteMismatch {
        /// What the code says.
        code: Suite,
        /// What the key is.
        key: Suite,
    },
    /// Not signed by this key, or altered since.
    #[error("verify the code's signature")]
    Signature(#[from] SignError),
}

/// Why nothing was sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The order cannot be written.
    #[error("write the order")]
    Order(#[from] OrderError),
    /// The certificate is not of the key that signs.
    #[error("attach the certificate: it is of another key than the one that signs")]
    CertificateOfAnotherKey,
    /// The signing key lies elsewhere, and was not reached.
    #[error(transparent)]
    Held(#[from] HeldError),
}

/// Why a seal did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another key, or altered.
    #[error("open the seal")]
    Seal,
    /// What is inside is no order.
    #[error("read the opened order")]
    Order(#[from] OrderError),
    /// The payment reference is not that of the counter inside: a cloned or compromised chip.
    #[error("match the payment reference with the sealed counter")]
    Reference,
}

//! The data fields of the chip's own instructions: what is asked and what is answered.

use super::instruction::Life;
use crate::code::sealed::{BLOB_LEN_MAX, Blob, Certificate, OrderError, SealedOrder};
use crate::id::{Id, TerminalId, Uid};
use crate::time::Time;

/// The application's identifier: proprietary, as ISO/IEC 7816-5 marks those that nobody registered.
pub const APPLICATION: &[u8] = b"\xF0QUITTANCE1";

/// SEAL AND SIGN: seal this order.
///
/// ```text
/// job 16 | issued at, Unix seconds 4 | time to live, minutes 2 | order as CBOR, its counter zero
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SealRequest {
    /// The asker's name for it, echoed in the answer.
    pub job: Id,
    /// When; the chip has no clock.
    pub issued_at: Time,
    /// For how long it can be paid.
    pub ttl_minutes: u16,
    /// What is owed. Its counter is the chip's to fill in.
    pub order: SealedOrder,
}

impl SealRequest {
    /// The command's data field.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OrderError> {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(self.job.bytes());
        out.extend_from_slice(&self.issued_at.seconds().to_be_bytes());
        out.extend_from_slice(&self.ttl_minutes.to_be_bytes());
        self.order.encode_into(&mut out)?;
        Ok(out)
    }

    /// Reads the data field.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (job, rest) = bytes.split_first_chunk()?;
        let (issued_at, rest) = rest.split_first_chunk()?;
        let (ttl_minutes, order) = rest.split_first_chunk()?;
        Some(Self {
            job: Id::from_bytes(*job),
            issued_at: Time::from_seconds(u32::from_be_bytes(*issued_at)),
            ttl_minutes: u16::from_be_bytes(*ttl_minutes),
            order: SealedOrder::decode(order).ok()?,
        })
    }
}

/// SEAL AND SIGN, answered: `job 16 | uid 11 | code`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The request's job.
    pub job: Id,
    /// The receipt's identity from now on.
    pub uid: Uid,
    /// The sealed code.
    pub code: Blob,
}

impl Sealed {
    /// The answer's data field.
    pub fn to_bytes(&self) -> Vec<u8> {
        let code = self.code.bytes();
        let mut out = Vec::with_capacity(27 + code.len());
        out.extend_from_slice(self.job.bytes());
        out.extend_from_slice(&self.uid.bytes());
        out.extend_from_slice(code);
        out
    }

    /// Reads the data field.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (job, rest) = bytes.split_first_chunk()?;
        let (uid, code) = rest.split_first_chunk()?;
        (code.len() <= BLOB_LEN_MAX).then(|| Self {
            job: Id::from_bytes(*job),
            uid: Uid::from_bytes(*uid),
            code: Blob::from(code),
        })
    }
}

/// GET IDENTITY, answered: `terminal id 6 | epoch 1 | certificate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The terminal whose keys the chip holds.
    pub terminal: TerminalId,
    /// Under which epoch.
    pub epoch: u8,
    /// The certificate of its signing key; whoever relies on it verifies it.
    pub certificate: Certificate,
}

impl Identity {
    /// The answer's data field.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.terminal.bytes().to_vec();
        out.push(self.epoch);
        out.extend_from_slice(&self.certificate.encode());
        out
    }

    /// Reads the data field.
    pub fn parse(bytes: &[u8], simulated: bool) -> Option<Self> {
        let (terminal, rest) = bytes.split_first_chunk()?;
        let (&epoch, certificate) = rest.split_first()?;
        Some(Self {
            terminal: TerminalId::from_bytes(*terminal),
            epoch,
            certificate: Certificate::parse(certificate, simulated).ok()?,
        })
    }
}

/// GET STATUS, answered: `life 1 | PIN tries left 1 | PUK tries left 1 | session open 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipStatus {
    /// Where it is in its life.
    pub life: Life,
    /// How many wrong PINs it would still bear.
    pub pin_tries: u8,
    /// How many wrong PUKs.
    pub puk_tries: u8,
    /// Whether a session is open.
    pub session: bool,
}

impl ChipStatus {
    /// The answer's data field.
    pub fn to_bytes(self) -> Vec<u8> {
        let session = u8::from(self.session);
        vec![self.life.byte(), self.pin_tries, self.puk_tries, session]
    }

    /// Reads the data field.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[life, pin_tries, puk_tries, session @ (0 | 1)] = bytes else {
            return None;
        };
        Some(Self {
            life: Life::from_byte(life)?,
            pin_tries,
            puk_tries,
            session: session == 1,
        })
    }
}

//! The issuer's log: one JSON object a line, each with the SHA-256 of the line before it.

use crate::code::bundle::{Host, Merchant, TerminalEpoch};
use crate::code::sealed::{Certificate, IssuerKey};
use crate::hex::{self, HexError, as_hex};
use crate::id::{MerchantId, Party};
use crate::sign::PublicKey;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// The longest log that is read, in bytes: some 60,000 certificates.
pub(super) const LOG_LEN_MAX: usize = 64 << 20;

/// One thing that the issuer did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place, from 0 on.
    pub seq: u64,
    /// When.
    pub at: Time,
    /// The hash of the line before it.
    pub before: EntryHash,
    /// What.
    pub act: Act,
}

/// What an issuer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// The scheme began.
    Begun {
        /// The key that bundles are checked with.
        root: PublicKey,
    },
    /// A key certifies from now on.
    IssuerKey {
        /// The key, and when it holds.
        key: IssuerKey,
        /// Until when earlier keys are still trusted.
        retire_others: Time,
    },
    /// A merchant's name and account were certified.
    Merchant {
        /// The merchant.
        id: MerchantId,
        /// What is certified.
        merchant: Merchant,
    },
    /// A link's host was given to a gateway.
    Host {
        /// The host.
        host: String,
        /// Who answers for it.
        answers: Host,
    },
    /// A gateway's or bank's key was named.
    Party {
        /// Whose.
        party: Party,
        /// Its key.
        key: PublicKey,
    },
    /// A terminal's key was certified.
    Certificate {
        /// The terminal and its epoch.
        at: TerminalEpoch,
        /// The certificate.
        certificate: Certificate,
        /// Until when the terminal's earlier epochs are still trusted.
        retire_older: Time,
    },
    /// A terminal's epoch was revoked.
    TerminalRevoked {
        /// Which.
        at: TerminalEpoch,
    },
    /// An issuer key was revoked.
    IssuerRevoked {
        /// Which.
        key: PublicKey,
    },
    /// A trust bundle was signed.
    Bundle {
        /// Its version.
        version: u32,
        /// The hash of its payload.
        digest: EntryHash,
    },
}

impl Entry {
    /// Its line, without the line feed.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("an entry has only string keys")
    }
}

/// SHA-256 of a line, or of a bundle's payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// What stands before the first line.
    pub const FIRST: Self = Self([0; 32]);

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl FromStr for EntryHash {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex::decode_array(text).map(Self)
    }
}

as_hex!(EntryHash.0);

/// A log that was read.
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    pub(super) last: EntryHash,
    /// How many bytes of the text count: those up to the last line feed.
    pub(super) len: usize,
}

pub(super) fn read(text: &str) -> Result<Read, LogError> {
    let len = text.len();
    if len > LOG_LEN_MAX {
        return Err(LogError::TooLong { len });
    }
    let mut log = Read {
        entries: Vec::new(),
        last: EntryHash::FIRST,
        len: 0,
    };
    for (seq, whole) in (0..).zip(text.split_inclusive('\n')) {
        let Some(line) = whole.strip_suffix('\n') else {
            break;
        };
        let entry: Entry =
            serde_json::from_str(line).map_err(|error| LogError::Form { seq, error })?;
        if entry.seq != seq || entry.before != log.last {
            return Err(LogError::Broken { seq });
        }
        log.last = EntryHash::of(line.as_bytes());
        log.len += whole.len();
        log.entries.push(entry);
    }
    Ok(log)
}

/// Why a log was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// More than is read.
    #[error("read the log: {len} bytes are more than {LOG_LEN_MAX}")]
    TooLong {
        /// How many.
        len: usize,
    },
    /// Not an entry.
    #[error("read the log's line {seq}, counted from 0")]
    Form {
        /// The line.
        seq: u64,
        /// What is wrong.
        #[source]
        error: serde_json::Error,
    },
    /// A line was changed, taken out or put in.
    #[error("trust the log: line {seq}, counted from 0, does not follow the one before it")]
    Broken {
        /// The line.
        seq: u64,
    },
}

//! The header: 26 bytes that everybody can read, and that the seal and the signature cover.

use super::CodeError;
use crate::id::TerminalId;
use crate::sign::Suite;
use crate::time::{Span, Time};

/// How long a header is.
pub const HEADER_LEN: usize = 26;
/// The format version written and read here.
pub const FORMAT_VERSION: u8 = 1;
/// How far ahead of the reader's clock a code may have been issued.
pub const CLOCK_SKEW: Span = Span::seconds(60);

/// What everybody can read of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How it is sealed and signed.
    pub suite: Suite,
    /// What is special about it.
    pub flags: Flags,
    /// Which gateway it goes to.
    pub route: [u8; 3],
    /// The terminal's key epoch.
    pub epoch: u8,
    /// The terminal.
    pub terminal: TerminalId,
    /// Unique per terminal and counter; tells nobody the counter.
    pub payment_reference: [u8; 8],
    /// When it was sealed, to the second.
    pub issued_at: Time,
    /// For how many minutes it can be paid.
    pub ttl_minutes: u16,
}

impl Header {
    pub(super) fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, CodeError> {
        let (version, suite) = (bytes[0] >> 4, bytes[0] & 15);
        if version != FORMAT_VERSION {
            return Err(CodeError::UnknownVersion { version });
        }
        let suite = Suite::from_number(suite).ok_or(CodeError::UnknownSuite { suite })?;
        let flags = bytes[1];
        let flags = Flags::from_bits(flags).ok_or(CodeError::ReservedFlag { flags })?;
        Ok(Self {
            suite,
            flags,
            route: take(bytes, 2),
            epoch: bytes[5],
            terminal: TerminalId::from_bytes(take(bytes, 6)),
            payment_reference: take(bytes, 12),
            issued_at: Time::from_seconds(u32::from_be_bytes(take(bytes, 20))),
            ttl_minutes: u16::from_be_bytes(take(bytes, 24)),
        })
    }

    /// Its 26 bytes.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0] = FORMAT_VERSION << 4 | self.suite.number();
        out[1] = self.flags.bits();
        out[2..5].copy_from_slice(&self.route);
        out[5] = self.epoch;
        out[6..12].copy_from_slice(self.terminal.bytes());
        out[12..20].copy_from_slice(&self.payment_reference);
        out[20..24].copy_from_slice(&self.issued_at.seconds().to_be_bytes());
        out[24..].copy_from_slice(&self.ttl_minutes.to_be_bytes());
        out
    }

    /// The first instant at which it can no longer be paid.
    pub fn expires_at(&self) -> Time {
        self.issued_at.after(Span::minutes(self.ttl_minutes.into()))
    }

    /// Where `now` lies in its lifetime. A gateway's clock decides; a phone's only warns.
    pub fn lifetime(&self, now: Time) -> Lifetime {
        if self.issued_at > now.after(CLOCK_SKEW) {
            Lifetime::Ahead
        } else if now >= self.expires_at() {
            Lifetime::Over
        } else {
            Lifetime::Running
        }
    }
}

/// The `N` bytes at `at`, which the caller knows to be there.
pub(super) fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    *found.expect("the caller checked the length")
}

/// Where an instant lies in a code's lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Issued more than [`CLOCK_SKEW`] after it.
    Ahead,
    /// It can be paid.
    Running,
    /// Too late.
    Over,
}

/// What is special about a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Nothing special.
    pub const NONE: Self = Self(0);
    /// The terminal's certificate is inline.
    pub const CERTIFICATE: Self = Self(1);
    /// Not for real money.
    pub const TEST_NETWORK: Self = Self(2);
    /// The payer may add a tip.
    pub const TIP: Self = Self(8);

    const RESERVED: u8 = !(Self::CERTIFICATE.0 | Self::TEST_NETWORK.0 | Self::TIP.0);

    /// The flags of a byte, unless it has reserved ones.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits & Self::RESERVED {
            0 => Some(Self(bits)),
            _ => None,
        }
    }

    /// The byte.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn with_certificate(self, inline: bool) -> Self {
        let others = self.0 & !Self::CERTIFICATE.0;
        Self(if inline {
            others | Self::CERTIFICATE.0
        } else {
            others
        })
    }
}

//! A till's keys: what its chip holds, and the codes it would print.

use super::keys::Keys;
use super::{CastError, MerchantPart, Parts, TRUST_LASTS};
use crate::code::sealed::{
    Blob, Certificate, CertificateDraft, Draft, Flags, SealError, SealedOrder, TerminalKey, digest,
    seal,
};
use crate::id::{MerchantId, Name, TerminalId};
use crate::money::Money;
use crate::roles::chip::{Chip, ChipKeys, Pairing};
use crate::sign::SigningKey;
use crate::text::Text;
use crate::time::Time;
use std::ops::Deref;
use std::sync::Arc;

/// The key epoch of a new cast.
const EPOCH: u8 = 1;

/// What seals and signs a till's codes: all that printing one takes.
///
/// Why apart from its [`Till`]: a shell waits for one code, and a certificate costs two public keys
/// and a signature besides.
#[derive(Clone)]
pub struct Sealer {
    /// The name of its terminal and of its chip: the shop's own, with the till's number when there
    /// are several.
    pub name: Name,
    /// Seals codes; knows terminal and epoch.
    pub key: TerminalKey,
    /// Signs codes.
    pub signing: Arc<SigningKey>,
    /// The gateway's route number.
    pub route: [u8; 3],
    /// The flags of its codes.
    pub flags: Flags,
    /// How long they can be paid, in minutes.
    pub code_minutes: u16,
}

/// One till of a shop.
#[derive(Clone)]
pub struct Till {
    /// Its name and keys.
    pub sealer: Sealer,
    /// Whose it is.
    pub merchant: Name,
    /// The issuer's word for its key.
    pub certificate: Certificate,
}

impl Deref for Till {
    type Target = Sealer;

    fn deref(&self) -> &Sealer {
        &self.sealer
    }
}

impl Sealer {
    /// With the till's first key.
    pub(super) fn new(
        parts: &Parts,
        keys: &Keys<'_>,
        merchant: &MerchantPart,
        id: MerchantId,
        number: u16,
    ) -> Result<Self, CastError> {
        let name = merchant.till_name(number)?;
        let master = keys.master(merchant.name);
        Ok(Self {
            name,
            key: TerminalKey::derive(&master, TerminalId::of(id, number), EPOCH),
            signing: Arc::new(keys.sealing(name)?),
            route: keys.route(parts.gateway),
            flags: parts.crypto.flags(),
            code_minutes: merchant.code_minutes,
        })
    }

    /// The same in an epoch that an issuer certified: with another key.
    pub(super) fn in_epoch(
        mut self,
        keys: &Keys<'_>,
        merchant: Name,
        epoch: u8,
    ) -> Result<Self, CastError> {
        let terminal = self.key.terminal();
        self.key = TerminalKey::derive(&keys.master(merchant), terminal, epoch);
        self.signing = Arc::new(keys.sealing_in(self.name, epoch)?);
        Ok(self)
    }
}

impl Till {
    /// A till certified by a drawn issuer.
    pub(super) fn new(
        parts: &Parts,
        keys: &Keys<'_>,
        merchant: &MerchantPart,
        sealer: Sealer,
    ) -> Result<Self, CastError> {
        let certificate = Certificate::issue(
            &keys.issuer,
            CertificateDraft {
                terminal: sealer.key.terminal(),
                epoch: EPOCH,
                key: sealer.signing.public(),
                not_before: parts.starts,
                not_after: parts.starts.after(TRUST_LASTS),
                name: merchant.title.clone(),
            },
        );
        Ok(Self {
            sealer,
            merchant: merchant.name,
            certificate: certificate?,
        })
    }

    /// The till as it is in an epoch that an issuer certified: another key, and that issuer's word.
    pub(super) fn in_epoch(
        mut self,
        keys: &Keys<'_>,
        epoch: u8,
        certificate: Option<Certificate>,
    ) -> Result<Self, CastError> {
        self.sealer = self.sealer.in_epoch(keys, self.merchant, epoch)?;
        self.certificate = certificate.unwrap_or(self.certificate);
        Ok(self)
    }

    /// What opens sessions with its chip: enrolment gives it to the terminal's PC module.
    pub fn pairing(&self) -> Pairing {
        Pairing {
            key: self.key.pairing_key(),
            suite: self.signing.suite(),
        }
    }

    /// Its chip. A certificate does not travel in its codes: the bundle lists the terminal.
    pub fn chip(&self) -> Chip {
        Chip {
            name: self.name,
            keys: Some(ChipKeys {
                terminal: Box::new(self.key.clone()),
                locked: None,
                signing: Arc::clone(&self.signing),
                certificate: self.certificate.clone(),
                route: self.route,
                flags: self.flags,
            }),
            pin: None,
            puk: None,
        }
    }

    /// The code that its chip would seal, without the paper around it: a counter is for one order.
    pub fn seal(
        &self,
        now: Time,
        counter: u32,
        amount: Money,
        reference: &Text,
    ) -> Result<Blob, SealError> {
        let order = SealedOrder {
            counter,
            amount,
            reference: reference.clone(),
            digest: digest(reference.as_str()),
            merchant: None,
            till: None,
            lines: None,
            tax: None,
        };
        let draft = Draft {
            route: self.route,
            flags: self.flags,
            issued_at: now,
            ttl_minutes: self.code_minutes,
            order,
            certificate: None,
        };
        seal(&self.key, &self.signing, &draft)
    }
}

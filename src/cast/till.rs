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
use std::sync::Arc;

/// The key epoch of a new cast.
const EPOCH: u8 = 1;

/// One till of a shop.
#[derive(Clone)]
pub struct Till {
    /// The name of its terminal and of its chip: the shop's own, with the till's number when there
    /// are several.
    pub name: Name,
    /// Whose it is.
    pub merchant: Name,
    /// Seals codes; knows terminal and epoch.
    pub key: TerminalKey,
    /// Signs codes.
    pub signing: Arc<SigningKey>,
    /// The issuer's word for that key.
    pub certificate: Certificate,
    /// The gateway's route number.
    pub route: [u8; 3],
    /// The flags of its codes.
    pub flags: Flags,
    /// How long they can be paid, in minutes.
    pub code_minutes: u16,
}

impl Till {
    pub(super) fn new(
        parts: &Parts,
        keys: &Keys<'_>,
        merchant: &MerchantPart,
        id: MerchantId,
        number: u16,
    ) -> Result<Self, CastError> {
        let name = match merchant.tills {
            1 => merchant.name,
            _ => format!("{}-{number}", merchant.name).parse()?,
        };
        let terminal = TerminalId::of(id, number);
        let signing = Arc::new(keys.sealing(name)?);
        let certificate = Certificate::issue(
            &keys.issuer,
            CertificateDraft {
                terminal,
                epoch: EPOCH,
                key: signing.public(),
                not_before: parts.starts,
                not_after: parts.starts.after(TRUST_LASTS),
                name: merchant.title.clone(),
            },
        );
        Ok(Self {
            name,
            merchant: merchant.name,
            key: TerminalKey::derive(&keys.master(merchant.name), terminal, EPOCH),
            signing,
            certificate: certificate?,
            route: keys.route(parts.gateway),
            flags: parts.crypto.flags(),
            code_minutes: merchant.code_minutes,
        })
    }

    /// What opens sessions with its chip: enrolment gives it to the terminal's PC module.
    pub fn pairing(&self) -> Pairing {
        Pairing {
            key: self.key.pairing_key(),
            suite: self.signing.public().suite(),
        }
    }

    /// Its chip. A certificate does not travel in its codes: the bundle lists the terminal.
    pub fn chip(&self) -> Chip {
        Chip {
            name: self.name,
            keys: Some(ChipKeys {
                terminal: self.key.clone(),
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

//! A cast whose papers an issuer keeps: who is certified, and under which key epoch, is what its
//! register and its last trust bundle say, and not drawn.
//!
//! The parties' own keys stay keyed draws; a terminal's is one of its name and its epoch, so that
//! a next epoch has a next key without anything to keep.

use super::keys::Keys;
use super::{
    CastError, Crypto, MerchantPart, Parts, TRUST_LASTS, endpoint_of, host_of, merchant_ids, payee,
};
use crate::chance::Chance;
use crate::code::bundle::{SignedBundle, TerminalEpoch, TrustBundle};
use crate::code::issuer::{Issuer, Register};
use crate::code::sealed::MasterKey;
use crate::id::{MerchantId, Name, Party, TerminalId};
use crate::sign::{KeyError, PublicKey};
use crate::time::{Span, Time};
use std::collections::BTreeSet;

/// For how long a terminal's earlier epoch is still trusted once a later one is certified.
pub const OVERLAP: Span = Span::hours(24 * 7);

/// What an issuer says of a cast.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// The key that the bundle is checked with.
    pub root: PublicKey,
    /// The trust bundle as it travels.
    pub signed: SignedBundle,
    /// The trust bundle opened.
    pub bundle: TrustBundle,
    /// Everything that was certified.
    pub register: Register,
}

/// One till as an issuer sees it.
#[derive(Clone, Copy, Debug)]
struct Seat {
    name: Name,
    terminal: TerminalId,
}

/// Has an issuer certify everybody of a cast who is not certified yet: merchants, the host, the
/// parties' keys, and each till under its own key. Tills of `elsewhere` have their keys in chips of
/// their own, which were certified when they were made.
pub fn certify(
    parts: &Parts,
    chance: &Chance,
    issuer: &mut Issuer,
    elsewhere: &BTreeSet<Name>,
    now: Time,
) -> Result<(), CastError> {
    let keys = Keys::new(parts.crypto, chance)?;
    let ids = merchant_ids(parts, chance);
    for part in &parts.merchants {
        issuer.name_merchant(ids[&part.name], payee(part), now);
    }
    issuer.name_host(&host_of(parts), endpoint_of(parts), now);
    for party in parts.signers() {
        issuer.name_party(party, keys.stating(party)?.public(), now);
    }
    for seat in seats(parts, |name| ids[&name])? {
        let newest = newest(issuer.register(), seat.terminal);
        let own = match newest {
            Some((at, key)) => keys.sealing_in(seat.name, at.epoch)?.public() == key,
            None => false,
        };
        if !own && !elsewhere.contains(&seat.name) {
            next_epoch(&keys, issuer, seat, now)?;
        }
    }
    Ok(())
}

/// Certifies a till's key of the next epoch: after a revocation it is how the till comes back.
pub fn renew(
    parts: &Parts,
    chance: &Chance,
    issuer: &mut Issuer,
    till: Name,
    now: Time,
) -> Result<TerminalEpoch, CastError> {
    let keys = Keys::new(parts.crypto, chance)?;
    next_epoch(&keys, issuer, seat(parts, chance, till)?, now)
}

/// The number of a till's terminal.
pub fn terminal_id(parts: &Parts, chance: &Chance, till: Name) -> Result<TerminalId, CastError> {
    Ok(seat(parts, chance, till)?.terminal)
}

fn seat(parts: &Parts, chance: &Chance, till: Name) -> Result<Seat, CastError> {
    let ids = merchant_ids(parts, chance);
    let mut seats = seats(parts, |name| ids[&name])?.into_iter();
    let found = seats.find(|seat| seat.name == till);
    found.ok_or(CastError::NoMerchant { merchant: till })
}

fn next_epoch(
    keys: &Keys<'_>,
    issuer: &mut Issuer,
    seat: Seat,
    now: Time,
) -> Result<TerminalEpoch, CastError> {
    let last = newest(issuer.register(), seat.terminal).map_or(0, |(at, _)| at.epoch);
    let epoch = last.checked_add(1);
    let epoch = epoch.ok_or(CastError::NoEpoch { till: seat.name })?;
    let at = TerminalEpoch::new(seat.terminal, epoch);
    let key = keys.sealing_in(seat.name, epoch)?.public();
    issuer.issue(at, key, TRUST_LASTS, OVERLAP, now)?;
    Ok(at)
}

/// The newest epoch of a terminal that was certified, revoked or not, and its key.
pub fn newest(register: &Register, terminal: TerminalId) -> Option<(TerminalEpoch, PublicKey)> {
    let all = TerminalEpoch::new(terminal, 0)..=TerminalEpoch::new(terminal, u8::MAX);
    let (at, listed) = register.terminals.range(all).next_back()?;
    Some((*at, listed.certificate.key()))
}

/// The epoch under which a till with drawn keys signs: the newest of its own that is trusted, else
/// the newest that was revoked, whose codes are refused as they should be.
pub(super) fn epoch_of(
    bundle: &TrustBundle,
    keys: &Keys<'_>,
    till: Name,
    terminal: TerminalId,
) -> Result<u8, KeyError> {
    let all = || TerminalEpoch::new(terminal, 0)..=TerminalEpoch::new(terminal, u8::MAX);
    for (at, key) in bundle.terminals.range(all()).rev() {
        if keys.sealing_in(till, at.epoch)?.public() == *key {
            return Ok(at.epoch);
        }
    }
    let revoked = bundle.revoked_terminals.range(all()).next_back();
    Ok(revoked.map_or(1, |at| at.epoch))
}

/// The key that a merchant's terminals derive theirs from: what a chip is personalised with.
pub fn master_key(chance: &Chance, merchant: Name) -> Result<MasterKey, CastError> {
    Ok(Keys::new(Crypto::Real, chance)?.master(merchant))
}

fn seats(parts: &Parts, id: impl Fn(Name) -> MerchantId) -> Result<Vec<Seat>, CastError> {
    let of = |part: &MerchantPart| {
        let (part, id) = (part.clone(), id(part.name));
        (1..=part.tills).map(move |number| {
            let name = part.till_name(number)?;
            let terminal = TerminalId::of(id, number);
            Ok(Seat { name, terminal })
        })
    };
    parts.merchants.iter().flat_map(of).collect()
}

impl Parts {
    /// Who signs statements.
    pub(super) fn signers(&self) -> impl Iterator<Item = Party> {
        use crate::id::PartyKind::{Bank, Gateway};
        let banks = self.banks.iter().map(|bank| Party::new(Bank, bank.name));
        banks.chain([Party::new(Gateway, self.gateway)])
    }
}

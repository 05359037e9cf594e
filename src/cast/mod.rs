//! The cast: every party of a story, made from names alone.
//!
//! Who takes part is a list of names ([`Parts`]); keys, terminals, accounts and a signed trust
//! bundle follow from it and from a seed, so that the simulator and a test network on one machine
//! have the same parties. Every secret is a keyed draw of its owner's name: another customer
//! changes nobody else's keys.

mod keys;
mod scheme;
mod till;

pub use keys::Crypto;
pub use scheme::{OVERLAP, Scheme, certify, master_key, newest, renew, terminal_id};
pub use till::{Sealer, Till};

use crate::chance::Chance;
use crate::code::bundle::{
    Bundle, BundleError, Host, Merchant, Payee, SignedBundle, TerminalEpoch, TrustBundle,
};
use crate::code::issuer::IssuerError;
use crate::code::sealed::{CertificateError, IssuerKey, TerminalKey};
use crate::id::{MerchantId, Name, NameError, Party, PartyKind};
use crate::money::Money;
use crate::roles::gateway::{self, Gateway};
use crate::roles::trust::Trust;
use crate::roles::wallet::{Habits, Wallet};
use crate::roles::{
    self,
    bank::{self, AccountOpening, Bank},
};
use crate::sign::{KeyError, PublicKey};
use crate::text::Text;
use crate::time::{Span, Time};
use keys::Keys;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a cast's certificates and trust bundle hold.
pub const TRUST_LASTS: Span = Span::hours(24 * 400);
/// How long a printed code can be paid, unless its merchant says otherwise.
pub const CODE_MINUTES: u16 = 60;

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Parts {
    /// How things are signed.
    pub crypto: Crypto,
    /// From when on certificates and the bundle hold.
    pub starts: Time,
    /// The gateway. Banks clear through one.
    pub gateway: Name,
    /// How long it waits.
    pub gateway_timing: gateway::Timing,
    /// Where links to it lead when they are followed.
    pub endpoint: String,
    /// The banks.
    pub banks: Vec<BankPart>,
    /// The shops.
    pub merchants: Vec<MerchantPart>,
    /// The customers, each with a wallet.
    pub customers: Vec<CustomerPart>,
}

/// A bank.
#[derive(Clone, Copy, Debug)]
pub struct BankPart {
    /// Its name.
    pub name: Name,
    /// How long it waits.
    pub timing: bank::Timing,
}

/// A shop.
#[derive(Clone, Debug)]
pub struct MerchantPart {
    /// Its name; also its account's at its bank.
    pub name: Name,
    /// Its certified name, which payers see.
    pub title: Text,
    /// Where it banks.
    pub bank: Name,
    /// How many tills it has, each with a terminal and a chip.
    pub tills: u16,
    /// How long its codes can be paid, in minutes.
    pub code_minutes: u16,
}

impl MerchantPart {
    /// The name of a till's terminal: the shop's own, with the till's number when there are
    /// several.
    fn till_name(&self, number: u16) -> Result<Name, NameError> {
        match self.tills {
            1 => Ok(self.name),
            _ => format!("{}-{number}", self.name).parse(),
        }
    }
}

/// A customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerPart {
    /// Their name; also their wallet's and their account's.
    pub name: Name,
    /// Where they bank.
    pub bank: Name,
    /// What their account begins with.
    pub balance: Money,
    /// The most that one payment may take.
    pub limit: Option<Money>,
    /// How they behave.
    pub habits: Habits,
}

/// What changes from one trust bundle of the same parties to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Grows with each bundle.
    pub version: u32,
    /// The terminals, by name, whose codes no longer hold.
    pub revoked: BTreeSet<Name>,
}

impl Default for Issue {
    /// The first, with nobody revoked.
    fn default() -> Self {
        Self {
            version: 1,
            revoked: BTreeSet::new(),
        }
    }
}

/// Every party, ready to be driven.
pub struct Cast {
    /// The key that the trust bundle is checked with.
    pub root: PublicKey,
    /// The trust bundle as it travels.
    pub signed: SignedBundle,
    /// The trust bundle opened, and which codes are taken.
    pub trust: Arc<Trust>,
    /// The host of this cast's links.
    pub host: String,
    /// The gateway.
    pub gateway: Gateway,
    /// The banks, each with the accounts that it opens first.
    pub banks: Vec<(Bank, Vec<AccountOpening>)>,
    /// The wallets, in the order of the customers.
    pub wallets: Vec<Wallet>,
    /// The shops' back offices, in the order of the merchants.
    pub shops: Vec<roles::merchant::Merchant>,
    /// The tills, in the order of the merchants.
    pub tills: Vec<Till>,
}

impl Cast {
    /// Makes everybody, by a first bundle.
    pub fn new(parts: &Parts, chance: &Chance) -> Result<Self, CastError> {
        Self::issued(parts, chance, &Issue::default())
    }

    /// Makes everybody, by the bundle of this issue.
    pub fn issued(parts: &Parts, chance: &Chance, issue: &Issue) -> Result<Self, CastError> {
        let keys = Keys::new(parts.crypto, chance)?;
        let merchants = merchant_ids(parts, chance);
        let tills = tills(parts, &keys, &merchants)?;
        let bundle = bundle(parts, &keys, &merchants, &tills, issue)?;
        let signed = bundle.sign(&keys.root);
        let root = keys.root.public();
        let bundle = signed.open(&root, parts.crypto.accept(), None, parts.starts)?;
        let papers = Papers {
            root,
            signed,
            bundle,
        };
        Self::assemble(parts, &keys, &merchants, tills, papers)
    }

    /// Makes everybody by what an issuer says.
    pub fn certified(parts: &Parts, chance: &Chance, scheme: &Scheme) -> Result<Self, CastError> {
        let keys = Keys::new(parts.crypto, chance)?;
        let merchants = merchant_ids(parts, chance);
        let tills = tills(parts, &keys, &merchants)?;
        let as_certified = |till: Till| {
            let terminal = till.key.terminal();
            let epoch = scheme::epoch_of(&scheme.bundle, &keys, till.name, terminal)?;
            let at = TerminalEpoch::new(terminal, epoch);
            let listed = scheme.register.terminals.get(&at);
            let certificate = listed.map(|listed| listed.certificate.clone());
            till.in_epoch(&keys, epoch, certificate)
        };
        let tills = tills.into_iter().map(as_certified);
        let papers = Papers {
            root: scheme.root,
            signed: scheme.signed.clone(),
            bundle: scheme.bundle.clone(),
        };
        let tills = tills.collect::<Result<_, _>>()?;
        Self::assemble(parts, &keys, &merchants, tills, papers)
    }

    fn assemble(
        parts: &Parts,
        keys: &Keys<'_>,
        merchants: &BTreeMap<Name, MerchantId>,
        tills: Vec<Till>,
        papers: Papers,
    ) -> Result<Self, CastError> {
        let trust = Arc::new(Trust {
            accept: parts.crypto.accept(),
            bundle: papers.bundle,
        });
        Ok(Self {
            root: papers.root,
            gateway: gateway(parts, keys, &trust, merchants, &tills)?,
            banks: banks(parts, keys, &trust)?,
            wallets: wallets(parts, keys, &trust)?,
            shops: shops(parts, &trust, merchants),
            signed: papers.signed,
            trust,
            host: host_of(parts),
            tills,
        })
    }

    /// What seals one till's codes, made alone, and the host of its links: all that printing a code
    /// takes. With a bundle, in the epoch that it names.
    pub fn sealer_alone(
        parts: &Parts,
        chance: &Chance,
        merchant: Name,
        number: u16,
        bundle: Option<&TrustBundle>,
    ) -> Result<(Sealer, String), CastError> {
        let keys = Keys::new(parts.crypto, chance)?;
        let merchants = merchant_ids(parts, chance);
        let part = parts.merchants.iter().find(|part| part.name == merchant);
        let part = part.ok_or(CastError::NoMerchant { merchant })?;
        let mut sealer = Sealer::new(parts, &keys, part, merchants[&merchant], number)?;
        if let Some(bundle) = bundle {
            let epoch = scheme::epoch_of(bundle, &keys, sealer.name, sealer.key.terminal())?;
            sealer = sealer.in_epoch(&keys, merchant, epoch)?;
        }
        Ok((sealer, host_of(parts)))
    }

    /// The till of a merchant, the first being 1.
    pub fn till(&self, merchant: Name, number: u16) -> Option<&Till> {
        let mut tills = self.tills.iter();
        tills.find(|till| till.merchant == merchant && till.key.terminal().till() == number)
    }
}

/// What a cast's trust rests on.
struct Papers {
    root: PublicKey,
    signed: SignedBundle,
    bundle: TrustBundle,
}

/// Who answers for the links.
fn endpoint_of(parts: &Parts) -> Host {
    Host {
        gateway: parts.gateway,
        endpoint: parts.endpoint.clone(),
    }
}

/// What is certified of a shop.
fn payee(part: &MerchantPart) -> Merchant {
    Merchant {
        name: part.title.clone(),
        payee: Payee {
            bank: part.bank,
            account: Text::clean(part.name.as_str()),
        },
    }
}

/// The host of a cast's links.
fn host_of(parts: &Parts) -> String {
    format!("{}.quittance.example", parts.gateway)
}

/// Merchants' ids, drawn from their names; of two with one id the second by name takes the next.
fn merchant_ids(parts: &Parts, chance: &Chance) -> BTreeMap<Name, MerchantId> {
    let names: BTreeSet<Name> = parts.merchants.iter().map(|m| m.name).collect();
    let mut taken = BTreeSet::new();
    let mut id_of = |name: &Name| {
        let [a, b, c, d, ..] = chance
            .draw("merchant-id", name.as_str().as_bytes(), 0)
            .to_be_bytes();
        let mut id = u32::from_be_bytes([a, b, c, d]);
        while !taken.insert(id) {
            id = id.wrapping_add(1);
        }
        MerchantId(id.to_be_bytes())
    };
    names.iter().map(|name| (*name, id_of(name))).collect()
}

fn tills(
    parts: &Parts,
    keys: &Keys<'_>,
    ids: &BTreeMap<Name, MerchantId>,
) -> Result<Vec<Till>, CastError> {
    let mut all = Vec::new();
    for merchant in &parts.merchants {
        for number in 1..=merchant.tills {
            let sealer = Sealer::new(parts, keys, merchant, ids[&merchant.name], number)?;
            all.push(Till::new(parts, keys, merchant, sealer)?);
        }
    }
    Ok(all)
}

fn bundle(
    parts: &Parts,
    keys: &Keys<'_>,
    ids: &BTreeMap<Name, MerchantId>,
    tills: &[Till],
    issue: &Issue,
) -> Result<Bundle, CastError> {
    let expires = parts.starts.after(TRUST_LASTS);
    let merchant = |part: &MerchantPart| (ids[&part.name], payee(part));
    let terminal = |till: &Till| {
        let epoch = TerminalEpoch::new(till.key.terminal(), till.key.epoch());
        (epoch, till.signing.public())
    };
    let revoked = tills
        .iter()
        .filter(|till| issue.revoked.contains(&till.name));
    let key_of = |party: Party| Ok((party, keys.stating(party)?.public()));
    Ok(Bundle {
        version: issue.version,
        issued: parts.starts,
        expires,
        issuers: vec![IssuerKey {
            key: keys.issuer.public(),
            not_before: parts.starts,
            not_after: expires,
        }],
        revoked_issuers: BTreeSet::new(),
        hosts: BTreeMap::from([(host_of(parts), endpoint_of(parts))]),
        merchants: parts.merchants.iter().map(merchant).collect(),
        terminals: tills.iter().map(terminal).collect(),
        revoked_terminals: revoked.map(|till| terminal(till).0).collect(),
        parties: parts
            .signers()
            .map(key_of)
            .collect::<Result<_, KeyError>>()?,
    })
}

fn gateway(
    parts: &Parts,
    keys: &Keys<'_>,
    trust: &Arc<Trust>,
    ids: &BTreeMap<Name, MerchantId>,
    tills: &[Till],
) -> Result<Gateway, CastError> {
    let shop = |(name, id): (&Name, &MerchantId)| (*id, Party::new(PartyKind::Merchant, *name));
    let terminal = |till: &Till| {
        let terminal = Party::new(PartyKind::Terminal, till.name);
        (till.key.terminal(), terminal)
    };
    // Every epoch that is trusted: codes of an earlier one are on paper while they overlap.
    let key = |till: &Till| {
        let (terminal, master) = (till.key.terminal(), keys.master(till.merchant));
        let all = TerminalEpoch::new(terminal, 0)..=TerminalEpoch::new(terminal, u8::MAX);
        let listed = trust.bundle.terminals.range(all).map(|(at, _)| at.epoch);
        let epochs: BTreeSet<u8> = listed.chain([till.key.epoch()]).collect();
        let derived = move |epoch| TerminalKey::derive(&master, terminal, epoch);
        epochs
            .into_iter()
            .map(move |epoch| ((terminal, epoch), derived(epoch)))
    };
    Ok(Gateway {
        name: parts.gateway,
        route: keys.route(parts.gateway),
        key: Arc::new(keys.stating(Party::new(PartyKind::Gateway, parts.gateway))?),
        terminal_keys: Arc::new(tills.iter().flat_map(key).collect()),
        trust: Arc::clone(trust),
        shops: Arc::new(ids.iter().map(shop).collect()),
        terminals: Arc::new(tills.iter().map(terminal).collect()),
        timing: parts.gateway_timing,
    })
}

fn banks(
    parts: &Parts,
    keys: &Keys<'_>,
    trust: &Arc<Trust>,
) -> Result<Vec<(Bank, Vec<AccountOpening>)>, CastError> {
    let mut openings: BTreeMap<Name, Vec<AccountOpening>> = BTreeMap::new();
    for customer in &parts.customers {
        let accounts = openings.entry(customer.bank).or_default();
        accounts.push(AccountOpening {
            name: customer.name,
            owner: Party::new(PartyKind::Wallet, customer.name),
            balance: customer.balance,
            limit: customer.limit,
        });
    }
    let make = |part: &BankPart| {
        let bank = Bank {
            name: part.name,
            gateway: parts.gateway,
            key: Arc::new(keys.stating(Party::new(PartyKind::Bank, part.name))?),
            approvals: keys.approvals(part.name),
            trust: Arc::clone(trust),
            timing: part.timing,
            magic: false,
        };
        Ok((bank, openings.get(&part.name).cloned().unwrap_or_default()))
    };
    parts.banks.iter().map(make).collect()
}

fn wallets(parts: &Parts, keys: &Keys<'_>, trust: &Arc<Trust>) -> Result<Vec<Wallet>, CastError> {
    let make = |part: &CustomerPart| {
        if !parts.banks.iter().any(|bank| bank.name == part.bank) {
            let (who, bank) = (part.name, part.bank);
            return Err(CastError::NoBank { who, bank });
        }
        Ok(Wallet {
            name: part.name,
            bank: part.bank,
            account: part.name,
            approval: keys.approvals(part.bank).key_of(&part.name),
            trust: Arc::clone(trust),
            habits: part.habits,
        })
    };
    parts.customers.iter().map(make).collect()
}

fn shops(
    parts: &Parts,
    trust: &Arc<Trust>,
    ids: &BTreeMap<Name, MerchantId>,
) -> Vec<roles::merchant::Merchant> {
    let make = |part: &MerchantPart| roles::merchant::Merchant {
        name: part.name,
        id: ids[&part.name],
        gateway: parts.gateway,
        trust: Arc::clone(trust),
    };
    parts.merchants.iter().map(make).collect()
}

/// Why there is no such cast.
#[derive(Debug, thiserror::Error)]
pub enum CastError {
    /// A seed that gives no key.
    #[error("make the cast's keys")]
    Key(#[from] KeyError),
    /// The bundle does not open.
    #[error("open the cast's own trust bundle")]
    Bundle(#[from] BundleError),
    /// A shop's title does not fit a certificate.
    #[error("certify a terminal")]
    Certificate(#[from] CertificateError),
    /// The issuer did not certify somebody.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A terminal has used up its key epochs.
    #[error("certify terminal `{till}`: no key epoch is left")]
    NoEpoch {
        /// Which.
        till: Name,
    },
    /// A till's name, made of its shop's and a number, is too long.
    #[error("name a till")]
    Name(#[from] NameError),
    /// Nobody of that name.
    #[error("find merchant `{merchant}`")]
    NoMerchant {
        /// Who.
        merchant: Name,
    },
    /// A party banks where there is no bank.
    #[error("find bank `{bank}`, where `{who}` banks")]
    NoBank {
        /// Who.
        who: Name,
        /// The bank.
        bank: Name,
    },
}

#[cfg(test)]
mod tests;

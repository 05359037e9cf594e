//! Where the parties of a test network are, and by what they recognise each other.

use crate::cast::Cast;
use crate::chance::Chance;
use crate::id::{Name, Party, PartyKind};
use crate::net::{App, AppKey, Auth, Directory, Endpoint, Peer, Secret};
use crate::sign::{KeyError, SigningKey, Suite};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who listens where. Wallets listen nowhere: they only dial.
pub type Addresses = BTreeMap<Party, SocketAddr>;

/// Every party of a cast that listens, in a fixed order: gateway, banks, merchants, terminals,
/// chips.
pub fn listeners(cast: &Cast) -> Vec<Party> {
    let gateway = [Party::new(PartyKind::Gateway, cast.gateway.name)];
    let banks = cast.banks.iter();
    let banks = banks.map(|(bank, _)| Party::new(PartyKind::Bank, bank.name));
    let mut shops: Vec<Name> = cast.tills.iter().map(|till| till.merchant).collect();
    shops.dedup();
    let shops = shops
        .into_iter()
        .map(|shop| Party::new(PartyKind::Merchant, shop));
    let tills = |kind| {
        let named = move |name| Party::new(kind, name);
        cast.tills.iter().map(move |till| named(till.name))
    };
    gateway
        .into_iter()
        .chain(banks)
        .chain(shops)
        .chain(tills(PartyKind::Terminal))
        .chain(tills(PartyKind::Chip))
        .collect()
}

/// What a test network's parties share: derived from one secret, as an enrolment would have given
/// it to each.
pub struct Enrolment<'a> {
    cast: &'a Cast,
    addresses: &'a Addresses,
    chance: &'a Chance,
}

impl<'a> Enrolment<'a> {
    /// The enrolment of a cast whose parties listen at these addresses.
    pub const fn new(cast: &'a Cast, addresses: &'a Addresses, chance: &'a Chance) -> Self {
        Self {
            cast,
            addresses,
            chance,
        }
    }

    /// Whom a party knows: servers each other, by a secret of each pair; a wallet its gateway and
    /// its bank, by its bank's app key.
    pub fn directory(&self, me: Party, by_link: bool) -> Result<Directory, KeyError> {
        let mut directory = Directory::default();
        let operator = Secret::new(operator_key(self.chance));
        directory.operators.insert(operator_name(), operator);
        if let Some(wallet) = self.cast.wallets.iter().find(|w| w.name == me.name)
            && me.kind == PartyKind::Wallet
        {
            let app = Arc::new(self.app_key(wallet.bank)?);
            for (party, address) in self.addresses {
                let mine = *party == Party::new(PartyKind::Bank, wallet.bank);
                if mine || party.kind == PartyKind::Gateway {
                    let endpoint = self.followed(party, *address);
                    let mut peer = Peer::at(endpoint, Auth::App(Arc::clone(&app)));
                    peer.by_link = by_link && party.kind == PartyKind::Gateway;
                    directory.peers.insert(*party, peer);
                }
            }
            return Ok(directory);
        }
        for (party, address) in self.addresses {
            if *party != me && talk(me.kind, party.kind) {
                let secret = self.secret(me, *party);
                let peer = Peer::at(Endpoint::from(*address), Auth::Shared(secret));
                directory.peers.insert(*party, peer);
            }
        }
        for (bank, _) in &self.cast.banks {
            let key = self.app_key(bank.name)?;
            let app = App {
                bank: bank.name,
                key: key.key.public(),
            };
            directory.apps.insert(key.id, app);
        }
        Ok(directory)
    }

    /// Where a wallet reaches a server: the gateway where the trust bundle says that the printed
    /// host leads to, so that a strict code can be followed on loopback.
    fn followed(&self, party: &Party, address: SocketAddr) -> Endpoint {
        let bundle = &self.cast.trust.bundle;
        let host = bundle.gateway_of(&self.cast.host);
        let mapped = host.filter(|(gateway, ..)| gateway == party);
        let mapped = mapped.and_then(|(_, _, endpoint)| endpoint.parse().ok());
        mapped.unwrap_or_else(|| Endpoint::from(address))
    }

    /// The key that a bank's app signs its requests with.
    fn app_key(&self, bank: Name) -> Result<AppKey, KeyError> {
        let seed = self.bytes("app-key", bank.as_str());
        Ok(AppKey {
            id: format!("{bank}-app"),
            bank,
            key: SigningKey::from_seed(Suite::Ed25519, &seed)?,
        })
    }

    /// The secret of two servers, the same from either side.
    fn secret(&self, one: Party, other: Party) -> Secret {
        let (first, second) = (one.min(other), one.max(other));
        Secret::new(self.bytes("link", &format!("{first} {second}")))
    }

    fn bytes(&self, purpose: &str, key: &str) -> [u8; 32] {
        bytes(self.chance, purpose, key)
    }
}

/// The key with which an operator looks into every server of a network whose keys are drawn from
/// `chance`. It opens nothing else.
pub fn operator_key(chance: &Chance) -> [u8; 32] {
    bytes(chance, "operator", OPERATOR)
}

/// The operator's name.
pub fn operator_name() -> Name {
    OPERATOR.parse().expect("it is a name")
}

const OPERATOR: &str = "operator";

fn bytes(chance: &Chance, purpose: &str, key: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for (part, nth) in out.chunks_exact_mut(8).zip(0..) {
        let drawn = chance.draw(purpose, key.as_bytes(), nth);
        part.copy_from_slice(&drawn.to_be_bytes());
    }
    out
}

/// Whether parties of these kinds have anything to say to each other.
const fn talk(one: PartyKind, other: PartyKind) -> bool {
    use PartyKind::{Bank, Chip, Gateway, Merchant, Terminal};
    matches!(
        (one, other),
        (Gateway, Bank | Merchant | Terminal)
            | (Bank | Merchant | Terminal, Gateway)
            | (Terminal, Chip)
            | (Chip, Terminal)
    )
}

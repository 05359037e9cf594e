//! A cast on loopback: every party a node of its own.

use super::address::{Addresses, Enrolment};
use super::desk::{self, RunningDesk};
use crate::cast::{Cast, Crypto};
use crate::chance::Chance;
use crate::db::{Place, Postgres, Sqlite};
use crate::id::{Party, PartyKind};
use crate::journal::{ChainKind, Entry};
use crate::net::{AskAgain, Inbox, Limits, Node, NodeError, Setup, bind};
use crate::roles::actor::{self, Actor};
use crate::roles::{Role as _, bank};
use crate::sign::KeyError;
use crate::store::{Backend, Memory, Schema, StoreError};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use tokio::sync::mpsc;

/// How many effects wait for a terminal's printer.
const EFFECTS_MAX: usize = 256;
/// How many journal entries are read at a time.
const ENTRIES_MAX: usize = 4096;

/// Where parties keep what they remember.
#[derive(Clone, Debug)]
pub enum Keep {
    /// In memory: gone with the process.
    Memory,
    /// In one SQLite database a party, in this folder.
    Sqlite(PathBuf),
    /// On one PostgreSQL server, a schema a party.
    Postgres(String),
}

impl Keep {
    /// A party's store.
    pub fn open(
        &self,
        party: Party,
        tables: &[&'static Schema],
        chain: ChainKind,
    ) -> Result<Box<dyn Backend>, StoreError> {
        let named = format!("{}-{}", party.kind.word(), party.name);
        Ok(match self {
            Self::Memory => Box::new(Memory::new(chain)),
            Self::Sqlite(folder) => {
                let path = folder.join(format!("{named}.db"));
                Box::new(Sqlite::open(&path, tables, chain)?)
            }
            Self::Postgres(url) => {
                let place = Place {
                    url: url.clone(),
                    schema: named.replace('-', "_"),
                    lane: None,
                };
                Box::new(Postgres::connect(place, tables, chain)?)
            }
        })
    }
}

/// Parties that run in this process.
pub struct Network {
    nodes: BTreeMap<Party, Node<Actor>>,
    /// The terminals' desks, by terminal.
    pub desks: Vec<RunningDesk>,
    /// How far each journal was read.
    seen: BTreeMap<Party, u64>,
}

/// What a party needs to begin.
pub struct Start<'a> {
    /// Everybody.
    pub cast: &'a Cast,
    /// Where everybody is.
    pub addresses: &'a Addresses,
    /// What everybody's keys are drawn from.
    pub chance: &'a Chance,
    /// Where its rows are kept.
    pub keep: &'a Keep,
}

impl Start<'_> {
    /// A party's store.
    pub fn store(&self, actor: &Actor) -> Result<Box<dyn Backend>, PlayError> {
        let party = actor.me();
        let opened = self.keep.open(party, actor.schemas(), Crypto::Real.chain());
        opened.map_err(|error| PlayError::Store { party, error })
    }
}

impl Network {
    /// Nobody yet.
    pub const fn empty() -> Self {
        Self {
            nodes: BTreeMap::new(),
            desks: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Starts one party: on its listener, if it listens; a terminal with a RAW port for its till.
    pub async fn start(
        &mut self,
        start: &Start<'_>,
        actor: Actor,
        listener: Option<TcpListener>,
        raw: Option<TcpListener>,
        by_link: bool,
    ) -> Result<(), PlayError> {
        let store = start.store(&actor)?;
        let ports = (listener, raw);
        self.start_on(store, start, actor, ports, by_link).await
    }

    /// As [`start`](Self::start), on a store that is open, with its listener and its RAW port.
    pub async fn start_on(
        &mut self,
        store: Box<dyn Backend>,
        start: &Start<'_>,
        actor: Actor,
        (listener, raw): (Option<TcpListener>, Option<TcpListener>),
        by_link: bool,
    ) -> Result<(), PlayError> {
        let me = actor.me();
        let (effects, printed) = mpsc::channel(EFFECTS_MAX);
        let enrolment = Enrolment::new(start.cast, start.addresses, start.chance);
        let terminal = match &actor {
            Actor::Terminal(terminal) => Some(terminal.clone()),
            _ => None,
        };
        let setup = Setup {
            role: actor,
            store,
            chance: live(start.chance, &me)?,
            directory: enrolment.directory(me, by_link)?,
            listener,
            authorities: vec![start.cast.host.clone()],
            effects,
            limits: Limits::default(),
        };
        let node = Node::start(setup).await?;
        if let (Some(terminal), Some(raw)) = (terminal, raw) {
            let desk = desk::open(&terminal, node.inbox(), raw, printed)?;
            self.desks.push(desk);
        }
        self.nodes.insert(me, node);
        self.open_accounts(start.cast, me).await
    }

    /// A bank opens its customers' accounts; those that stand are left as they are.
    async fn open_accounts(&self, cast: &Cast, me: Party) -> Result<(), PlayError> {
        let banks = cast.banks.iter();
        let mine = banks.filter(|(bank, _)| bank.me() == me);
        for opening in mine.flat_map(|(_, openings)| openings) {
            let input = bank::Input::OpenAccount(opening.clone());
            self.inbox(&me)?
                .ask("open-account", actor::Input::from(input))
                .await?;
        }
        Ok(())
    }

    /// The way in for a party's own side.
    pub fn inbox(&self, party: &Party) -> Result<Inbox<Actor>, PlayError> {
        let node = self.nodes.get(party);
        node.map(Node::inbox)
            .ok_or(PlayError::NotHere { party: *party })
    }

    /// What happened since the last call, at every party here, each in its own order.
    pub async fn news(&mut self) -> Result<Vec<(Party, Entry)>, PlayError> {
        let mut news = Vec::new();
        for (party, node) in &self.nodes {
            let seen = *self.seen.get(party).unwrap_or(&0);
            let read = move |store: &mut dyn Backend| store.entries(&[(0, seen)], ENTRIES_MAX);
            let entries = node.inbox().read(read).await?;
            let entries = entries.map_err(|error| PlayError::Store {
                party: *party,
                error,
            })?;
            if let Some(last) = entries.last() {
                self.seen.insert(*party, last.seq);
            }
            news.extend(entries.into_iter().map(|entry| (*party, entry)));
        }
        // Clocks on one machine agree, so this is the order in which it happened.
        news.sort_by_key(|(party, entry)| (entry.at, *party, entry.seq));
        Ok(news)
    }

    /// Stops everybody in an orderly way: wallets first, so that nobody asks a closed door.
    pub async fn stop(self) -> Result<(), PlayError> {
        drop(self.desks);
        let (wallets, servers): (Vec<_>, Vec<_>) = self
            .nodes
            .into_iter()
            .partition(|(party, _)| party.kind == PartyKind::Wallet);
        for (_, node) in wallets.into_iter().chain(servers) {
            drop(node.stop().await?);
        }
        Ok(())
    }
}

/// A live party's draws: unlike the cast's keys they differ from run to run, so that a party that
/// begins anew draws no id twice.
fn live(chance: &Chance, me: &Party) -> Result<Chance, PlayError> {
    use ring::rand::SecureRandom as _;
    let mut seed = [0; 16];
    let system = ring::rand::SystemRandom::new();
    system
        .fill(&mut seed)
        .map_err(|_unspecified| PlayError::NoEntropy)?;
    let high = chance.draw("live", &seed, 0);
    seed[..8].copy_from_slice(&high.to_be_bytes());
    Ok(Chance::new(seed).for_party(me))
}

/// A listener on loopback; port 0 lets the system choose.
pub fn listen(port: u16) -> Result<(TcpListener, SocketAddr), NodeError> {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let address = listener.local_addr().map_err(NodeError::Listen)?;
    Ok((listener, address))
}

/// Why a story cannot be played over loopback.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A key.
    #[error("make a party's keys")]
    Key(#[from] KeyError),
    /// A store.
    #[error("keep what {party} remembers: {error}")]
    Store {
        /// Whose.
        party: Party,
        /// Why.
        error: StoreError,
    },
    /// A party is not in this process.
    #[error("reach {party}: it does not run here")]
    NotHere {
        /// Who.
        party: Party,
    },
    /// A node takes no input.
    #[error(transparent)]
    Busy(#[from] AskAgain),
    /// The scenario's parties cannot be made.
    #[error(transparent)]
    Cast(#[from] crate::cast::CastError),
    /// A step that needs the simulator.
    #[error("play step `{verb}` over loopback: it needs the simulator")]
    Unplayable {
        /// What it does.
        verb: &'static str,
    },
    /// A receipt without a code cannot be scanned.
    #[error("scan receipt `{receipt}`: no paper with a code came out")]
    NoCode {
        /// Which.
        receipt: String,
    },
    /// Nothing happens any more.
    #[error("finish: still waiting for {waiting}")]
    Stuck {
        /// For what.
        waiting: String,
    },
    /// The system gives no random bytes.
    #[error("draw a live seed")]
    NoEntropy,
    /// A till cannot print.
    #[error("print: {0}")]
    Print(#[from] std::io::Error),
}

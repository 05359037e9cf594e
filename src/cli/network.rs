//! The test network that `serve` and `wallet` speak of: a scenario's parties on fixed loopback
//! ports.

use super::demo::failure;
use super::exit::{Exit, Failure};
use super::{clock, input, scan};
use crate::cast::{Cast, Crypto};
use crate::chance::Chance;
use crate::id::{Party, PartyKind};
use crate::play::{self, Addresses, Keep, Network, PlayError, Start};
use crate::roles::{Actor, Role as _};
use crate::scenario::Scenario;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The parties of the demo.
const PARTIES: &str = include_str!("../../scenarios/first-sale.toml");
/// What a test network's keys are drawn from; everybody knows it.
const SEED: u64 = 1;
/// How far the tills' RAW ports lie above the parties' ports.
const RAW_OFFSET: u16 = 100;

/// Which test network.
#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// A scenario whose parties take part; those of the demo unless given.
    #[arg(long)]
    network: Option<PathBuf>,
    /// The first of the parties' ports; a till's RAW port lies 100 above its terminal's.
    #[arg(long, default_value_t = 7100)]
    base_port: u16,
    /// Keep databases here; memory unless given.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// A test network's parties and where they are.
pub(super) struct Place {
    pub(super) cast: Cast,
    pub(super) addresses: Addresses,
    scenario: Scenario,
    chance: Chance,
    keep: Keep,
}

impl Place {
    pub(super) fn open(args: &Args) -> Result<Self, Failure> {
        let (name, source) = match &args.network {
            None => ("first-sale.toml".to_owned(), PARTIES.to_owned()),
            Some(path) => {
                let bytes = input::read(path)?;
                let source = String::from_utf8_lossy(&bytes).into_owned();
                (path.display().to_string(), source)
            }
        };
        let scenario = Scenario::parse(&name, &source);
        let scenario = scenario.map_err(|invalid| Failure::new(Exit::Malformed, invalid))?;
        let chance = Chance::of_seed(SEED);
        // Keys do not depend on when a party begins, so all of them believe the same.
        let cast = play::cast(&scenario, Crypto::Real, &chance, now());
        let cast = cast.map_err(|error| Failure::new(Exit::Malformed, scan::full(&error)))?;
        let ports = args.base_port..;
        let parties = play::listeners(&cast).into_iter().zip(ports);
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let addresses = parties.map(|(party, port)| (party, address(port)));
        if let Some(folder) = &args.data {
            std::fs::create_dir_all(folder).map_err(|error| {
                let name = folder.display();
                Failure::new(Exit::Environment, format!("make folder {name}: {error}"))
            })?;
        }
        Ok(Self {
            addresses: addresses.collect(),
            cast,
            scenario,
            chance,
            keep: args.data.clone().map_or(Keep::Memory, Keep::Sqlite),
        })
    }

    /// Starts a party here, a terminal with its RAW port and its chip.
    pub(super) async fn start(
        &self,
        network: &mut Network,
        party: Party,
        actor: Actor,
        by_link: bool,
    ) -> Result<(), PlayError> {
        let port = self.addresses.get(&party).map(SocketAddr::port);
        let listener = port
            .map(play::listen)
            .transpose()?
            .map(|(socket, _)| socket);
        let raw = match (party.kind, port) {
            (PartyKind::Terminal, Some(port)) => Some(play::listen(port + RAW_OFFSET)?.0),
            _ => None,
        };
        let start = Start {
            cast: &self.cast,
            addresses: &self.addresses,
            chance: &self.chance,
            keep: &self.keep,
        };
        network.start(&start, actor, listener, raw, by_link).await
    }

    /// The actors that this party consists of: a terminal's chip is inside it.
    pub(super) fn actors_of(&self, party: Party) -> Vec<Actor> {
        let mine = |actor: &Actor| {
            let me = actor.me();
            me == party
                || party.kind == PartyKind::Terminal
                    && me.kind == PartyKind::Chip
                    && me.name == party.name
        };
        let all = play::actors(&self.cast, &self.scenario);
        all.into_iter().filter(mine).collect()
    }
}

/// Runs something on the network until it ends or the person interrupts.
pub(super) fn block_on<T>(
    work: impl Future<Output = Result<T, PlayError>>,
) -> Result<Option<T>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Environment, format!("start: {error}")))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = work => Some(ended),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended.transpose().map_err(|error| failure(&error))
}

/// The instant at which a command acts.
pub(super) fn now() -> crate::time::Time {
    clock::now()
}

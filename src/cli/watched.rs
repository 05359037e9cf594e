//! Which servers an operator's command looks into, and with which key.

use super::Ended;
use super::exit::{Exit, Failure};
use super::network::Place;
use super::{interrupt, secrets, settings};
use crate::id::PartyKind;
use crate::net::operator::{AskError, Operator};
use crate::net::{Endpoint, Secret};
use crate::play;
use crate::text::Text;
use std::path::PathBuf;

/// The servers.
#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// A server's operator interface, such as http://127.0.0.1:7100; more than once for several.
    /// The gateway and banks of the network unless given.
    #[arg(long, value_name = "URL")]
    pub(super) server: Vec<Endpoint>,
    /// The operator's key: 64 hexadecimal digits. The network's own unless given.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    #[command(flatten)]
    network: settings::Args,
}

/// Servers and a key.
pub(super) struct Watched {
    servers: Vec<(PartyKind, Endpoint)>,
    key: [u8; 32],
}

impl Watched {
    pub(super) fn open(args: &Args) -> Result<Self, Failure> {
        let given = |endpoint: &Endpoint| (PartyKind::Gateway, endpoint.clone());
        let mut servers: Vec<_> = args.server.iter().map(given).collect();
        // Who names servers and key needs no configuration.
        if let (Some(path), false) = (&args.key, servers.is_empty()) {
            let key = secrets::read(path)?;
            return Ok(Self { servers, key });
        }
        let place = Place::open(&args.network)?;
        if servers.is_empty() {
            let listed = place.addresses.iter();
            let listed = listed
                .filter(|(party, _)| matches!(party.kind, PartyKind::Gateway | PartyKind::Bank));
            servers.extend(listed.map(|(party, at)| (party.kind, Endpoint::from(*at))));
        }
        let key = match &args.key {
            None => place.operator_key(),
            Some(path) => secrets::read(path)?,
        };
        Ok(Self { servers, key })
    }

    /// All of them.
    pub(super) fn operators(&self) -> Result<Vec<Operator>, Failure> {
        let servers = self.servers.iter();
        servers
            .map(|(_, at)| Operator::new(at.clone(), play::operator_name(), Secret::new(self.key)))
            .collect::<Result<_, _>>()
            .map_err(|error| failure(&error))
    }
}

/// How a server's silence is told to the shell.
pub(super) fn failure(error: &AskError) -> Failure {
    match error {
        AskError::Nothing { .. } => Failure::new(Exit::Nothing, error),
        AskError::Refused { .. } => Failure::new(Exit::No, error)
            .hint("--key names the operator's key of the network that the server is of"),
        AskError::Unreachable { .. } => Failure::new(Exit::Environment, error)
            .hint("does it run? `quittance up` runs the network"),
        AskError::Busy { .. } | AskError::Unreadable { .. } => {
            Failure::new(Exit::Environment, error)
        }
    }
}

/// A field of an answer as clean text; empty when it is not there.
pub(super) fn text(line: &serde_json::Value, name: &str) -> String {
    let value = line.get(name).and_then(serde_json::Value::as_str);
    Text::clean(value.unwrap_or_default()).to_string()
}

/// Asks the servers until it is done or the person interrupts.
pub(super) fn block_on(work: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Environment, format!("start: {error}")))?;
    interrupt::ends_process();
    runtime.block_on(work)
}

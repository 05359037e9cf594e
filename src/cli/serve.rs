//! `quittance serve`: one party of a test network, or all of them, until it is interrupted.

use super::demo::failure;
use super::exit::{Exit, Failure};
use super::network::{Place, Sockets};
use super::settings::Args as Network;
use super::{Ended, output, runtime, up};
use crate::id::{Name, Party, PartyKind};
use crate::play::{self, PlayError};
use crate::receipt::paper::unicode;
use clap::ValueEnum;

/// Run one party of a test network on loopback, or all of them.
///
/// A terminal brings its chip and a virtual printer, and takes print jobs on its RAW port; what
/// comes out is shown. `all` is `up` without the talk.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What it is.
    #[arg(value_enum)]
    role: RoleKind,
    /// Its name in the network; the first of its kind unless given.
    name: Option<Name>,
    #[command(flatten)]
    network: Network,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleKind {
    /// Everybody.
    All,
    /// The payment server.
    Gateway,
    /// A bank's server.
    Bank,
    /// A shop's terminal with its chip and printer.
    Terminal,
    /// A shop's back office.
    Merchant,
}

impl RoleKind {
    const fn party(self) -> Option<PartyKind> {
        match self {
            Self::All => None,
            Self::Gateway => Some(PartyKind::Gateway),
            Self::Bank => Some(PartyKind::Bank),
            Self::Terminal => Some(PartyKind::Terminal),
            Self::Merchant => Some(PartyKind::Merchant),
        }
    }
}

pub(super) fn run(args: &Args) -> Ended {
    let Some(kind) = args.role.party() else {
        return up::everybody(&args.network, &up::Talk::NONE);
    };
    let place = Place::open(&args.network)?;
    let party = find(args, kind, &place)?;
    runtime::block_on(async |mut interrupts| {
        // Whoever sees the port open may interrupt at once, and is heard.
        let mut sockets = place.bind_only(party)?;
        let mut running = play::Network::empty();
        let begun = begin(&mut running, &mut sockets, &place, party).await;
        if begun.is_ok() {
            tokio::select! {
                () = show_papers(&mut running) => (),
                () = interrupts.next() => (),
            }
        }
        // What was committed is let go before the process ends.
        let served = begun.and(running.stop().await);
        served.map_err(|error| failure(&error))
    })??;
    Ok(Exit::Interrupted)
}

async fn begin(
    running: &mut play::Network,
    sockets: &mut Sockets,
    place: &Place,
    party: Party,
) -> Result<(), PlayError> {
    for actor in place.actors_of(party) {
        place.start(running, sockets, actor, false).await?;
    }
    if let Some(address) = place.addresses.get(&party) {
        output::say(&format!("{party} listens on http://{address}"));
    }
    for desk in &running.desks {
        output::say(&format!("{party} takes print jobs on {}", desk.address));
    }
    Ok(())
}

/// Shows what comes out of the printer, for as long as the party runs.
async fn show_papers(running: &mut play::Network) {
    let Some(desk) = running.desks.first_mut() else {
        return std::future::pending().await;
    };
    let mut watched = true;
    while let Some(page) = desk.pages.recv().await {
        // When nobody looks any more, the printer prints on.
        watched = watched && output::data(unicode(&page, &desk.profile).as_bytes()).is_ok();
    }
    std::future::pending::<()>().await;
}

/// The party of this kind and name, among those that listen.
fn find(args: &Args, kind: PartyKind, place: &Place) -> Result<Party, Failure> {
    let of_kind: Vec<Party> = place
        .addresses
        .keys()
        .filter(|party| party.kind == kind)
        .copied()
        .collect();
    let named = |party: &&Party| args.name.is_none_or(|name| name == party.name);
    of_kind.iter().find(named).copied().ok_or_else(|| {
        let names: Vec<&str> = of_kind.iter().map(|party| party.name.as_str()).collect();
        let asked = args.name.map(|name| name.to_string()).unwrap_or_default();
        Failure::new(Exit::Nothing, format!("find {} `{asked}`", kind.word()))
            .hint(format!("the network has: {}", names.join(", ")))
    })
}

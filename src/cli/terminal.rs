//! `quittance terminal`: the terminals of the configuration.

use super::exit::{Exit, Failure};
use super::network::Place;
use super::registry::{self, Entry, Format};
use super::settings::Args as Network;
use super::{Ended, output, scheme};
use crate::cast::Till;
use crate::code::bundle::TerminalEpoch;
use crate::config;
use crate::hex;
use crate::id::Name;
use crate::query::{Field, FieldKind};
use clap::Subcommand;

/// What a filter may ask of a terminal.
const FIELDS: &[Field] = &[
    Field {
        name: "name",
        kind: FieldKind::Text,
        help: "its name",
    },
    Field {
        name: "merchant",
        kind: FieldKind::Text,
        help: "whose it is",
    },
    Field {
        name: "id",
        kind: FieldKind::Text,
        help: "its number in codes",
    },
    Field {
        name: "state",
        kind: FieldKind::Word(&["active", "revoked"]),
        help: "whether its codes hold",
    },
    Field {
        name: "till",
        kind: FieldKind::Text,
        help: "where its till prints to",
    },
];

/// List, show, create, revoke and rotate terminals of the test network.
///
/// They are in the configuration, and in the trust bundle that follows from it. A revoked
/// terminal's codes are refused by every wallet that reads the new bundle, and by a running network
/// when it has taken it over.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them: `merchant:coffee`, `state:revoked`, or any word.
    List {
        /// What they must be like; all of it must hold.
        filter: Vec<String>,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        network: Network,
    },
    /// Show one, with its key and certificate.
    Show {
        /// Its name.
        name: Name,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        network: Network,
    },
    /// Give a merchant one more till with a terminal and a chip.
    Create {
        /// The merchant.
        merchant: Name,
        #[command(flatten)]
        network: Network,
    },
    /// Let a terminal's codes hold no more.
    Revoke {
        /// Its name.
        name: Name,
        #[command(flatten)]
        network: Network,
    },
    /// Give a terminal a key of the next epoch; one that was revoked is back with it.
    Rotate {
        /// Its name.
        name: Name,
        #[command(flatten)]
        network: Network,
    },
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.command {
        Command::List {
            filter,
            format,
            network,
        } => {
            let place = Place::open(network)?;
            let entries = place.cast.tills.iter().map(|till| entry(&place, till));
            registry::list(entries.collect(), FIELDS, filter, *format)
        }
        Command::Show {
            name,
            format,
            network,
        } => show(*name, *format, network),
        Command::Create { merchant, network } => create(*merchant, network),
        Command::Revoke { name, network } => revoke(*name, network),
        Command::Rotate { name, network } => rotate(*name, network),
    }
}

fn entry(place: &Place, till: &Till) -> Entry {
    let epoch = TerminalEpoch::new(till.key.terminal(), till.key.epoch());
    let revoked = place.cast.trust.bundle.revoked_terminals.contains(&epoch);
    let tcp = place
        .tills
        .get(&till.name)
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    Entry(vec![
        ("name", till.name.to_string()),
        ("merchant", till.merchant.to_string()),
        ("id", till.key.terminal().to_string()),
        (
            "state",
            if revoked { "revoked" } else { "active" }.to_owned(),
        ),
        ("till", tcp),
    ])
}

fn show(name: Name, format: Format, network: &Network) -> Ended {
    let place = Place::open(network)?;
    let till = find(&place, name)?;
    let mut entry = entry(&place, till);
    entry.0.extend([
        ("title", till.certificate.name().to_string()),
        ("epoch", till.key.epoch().to_string()),
        ("key", hex::encode(till.signing.public().bytes())),
        ("not-before", till.certificate.not_before().to_string()),
        ("not-after", till.certificate.not_after().to_string()),
    ]);
    registry::show(&entry, format)
}

fn find(place: &Place, name: Name) -> Result<&Till, Failure> {
    let tills = &place.cast.tills;
    tills.iter().find(|till| till.name == name).ok_or_else(|| {
        let names: Vec<&str> = tills.iter().map(|till| till.name.as_str()).collect();
        let failure = Failure::new(Exit::Nothing, format!("find terminal `{name}`"));
        failure.hint(format!("the network has: {}", names.join(", ")))
    })
}

fn create(merchant: Name, network: &Network) -> Ended {
    let path = registry::file(network)?;
    let place = registry::edit(&path, network, |source, _| {
        config::add_terminal(source, merchant)
    })?;
    let tills = place
        .cast
        .tills
        .iter()
        .filter(|till| till.merchant == merchant);
    let newest = tills.max_by_key(|till| till.key.terminal().till());
    let name = newest.map(|till| till.name.to_string()).unwrap_or_default();
    output::data(format!("{name}\n").as_bytes())?;
    Ok(Exit::Done)
}

fn revoke(name: Name, network: &Network) -> Ended {
    let path = registry::file(network)?;
    let place = Place::open(network)?;
    find(&place, name)?;
    if place.settings.issuer().is_some() {
        let mut folder = scheme::kept(&place.settings)?;
        scheme::revoke(&place.settings, &mut folder.issuer, name)?;
        folder.save()?;
        drop(folder);
        registry::published(&path, network, "the issuer's log")?;
    } else {
        registry::edit(&path, network, |source, _| config::revoke(source, &[name]))?;
    }
    output::data(format!("{name} revoked\n").as_bytes())?;
    Ok(Exit::Done)
}

fn rotate(name: Name, network: &Network) -> Ended {
    let path = registry::file(network)?;
    let place = Place::open(network)?;
    find(&place, name)?;
    if place.settings.config.revoked.contains(&name) {
        let failure = Failure::new(Exit::No, format!("rotate {name}: it is revoked for good"));
        return Err(failure.hint(format!("take it out of `revoked` in {}", path.display())));
    }
    if place.settings.chip(name).is_some() {
        let failure = Failure::new(Exit::No, format!("rotate {name}: its keys are in its chip"));
        return Err(failure.hint("`quittance chip rotate` makes new ones"));
    }
    let at = scheme::renew(&place.settings, name)?;
    registry::published(&path, network, "the issuer's log")?;
    output::data(format!("{name} is {at}\n").as_bytes())?;
    Ok(Exit::Done)
}

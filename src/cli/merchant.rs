//! `quittance merchant`: the merchants of the configuration.

use super::exit::{Exit, Failure};
use super::registry::{self, Entry, Format};
use super::settings::{Args as Network, Settings};
use super::{Ended, output};
use crate::config::{self, Config};
use crate::id::Name;
use crate::money::Currency;
use crate::query::{Field, FieldKind};
use crate::text::Text;
use clap::Subcommand;

/// What a filter may ask of a merchant.
const FIELDS: &[Field] = &[
    Field {
        name: "name",
        kind: FieldKind::Text,
        help: "its name",
    },
    Field {
        name: "title",
        kind: FieldKind::Text,
        help: "its certified name",
    },
    Field {
        name: "bank",
        kind: FieldKind::Text,
        help: "where it banks",
    },
    Field {
        name: "currency",
        kind: FieldKind::Text,
        help: "what it sells in",
    },
    Field {
        name: "terminals",
        kind: FieldKind::Text,
        help: "its terminals",
    },
    Field {
        name: "state",
        kind: FieldKind::Word(&["active", "revoked"]),
        help: "whether any of its codes holds",
    },
];

/// List, show, create and revoke merchants of the test network.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them: `bank:river`, `currency:EUR`, or any word.
    List {
        /// What they must be like; all of it must hold.
        filter: Vec<String>,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        network: Network,
    },
    /// Show one.
    Show {
        /// Its name.
        name: Name,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        network: Network,
    },
    /// Write a merchant with one till into the configuration.
    Create {
        /// Its name: lower-case letters, digits and dashes.
        name: Name,
        /// The certified name that payers see.
        #[arg(long)]
        title: String,
        /// Where it banks.
        #[arg(long)]
        bank: Name,
        /// What it sells in.
        #[arg(long)]
        currency: Currency,
        #[command(flatten)]
        network: Network,
    },
    /// Let the codes of all of a merchant's terminals hold no more.
    Revoke {
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
            let config = Settings::open(network)?.config;
            let names = config.parties.merchants.keys();
            let entries = names.filter_map(|name| entry(&config, *name));
            registry::list(entries.collect(), FIELDS, filter, *format)
        }
        Command::Show {
            name,
            format,
            network,
        } => {
            let config = Settings::open(network)?.config;
            let entry = entry(&config, *name).ok_or_else(|| unknown(&config, *name))?;
            registry::show(&entry, *format)
        }
        Command::Create {
            name,
            title,
            bank,
            currency,
            network,
        } => {
            let (path, title) = (registry::file(network)?, Text::clean(title));
            registry::edit(&path, network, |source, _| {
                config::add_merchant(source, *name, &title, *bank, *currency)
            })?;
            output::data(format!("{name}\n").as_bytes())?;
            Ok(Exit::Done)
        }
        Command::Revoke { name, network } => revoke(*name, network),
    }
}

fn revoke(name: Name, network: &Network) -> Ended {
    let path = registry::file(network)?;
    let config = Settings::open(network)?.config;
    let terminals = terminals(&config, name);
    if terminals.is_empty() {
        return Err(unknown(&config, name));
    }
    registry::edit(&path, network, |source, _| {
        config::revoke(source, &terminals)
    })?;
    output::data(format!("{name} revoked\n").as_bytes())?;
    Ok(Exit::Done)
}

fn terminals(config: &Config, merchant: Name) -> Vec<Name> {
    let all = config.terminals().into_iter();
    all.filter(|(_, whose)| *whose == merchant)
        .map(|(till, _)| till)
        .collect()
}

fn entry(config: &Config, name: Name) -> Option<Entry> {
    let merchant = config.parties.merchants.get(&name)?;
    let terminals = terminals(config, name);
    let revoked = terminals.iter().all(|till| config.revoked.contains(till));
    let names: Vec<&str> = terminals.iter().map(Name::as_str).collect();
    Some(Entry(vec![
        ("name", name.to_string()),
        ("title", merchant.name.to_string()),
        ("bank", merchant.bank.to_string()),
        ("currency", merchant.currency.to_string()),
        ("terminals", names.join(" ")),
        (
            "state",
            if revoked { "revoked" } else { "active" }.to_owned(),
        ),
    ]))
}

fn unknown(config: &Config, name: Name) -> Failure {
    let names: Vec<&str> = config.parties.merchants.keys().map(Name::as_str).collect();
    let failure = Failure::new(Exit::Nothing, format!("find merchant `{name}`"));
    failure.hint(format!("the network has: {}", names.join(", ")))
}

//! `quittance config`: what the configuration comes to, where it is, and whether it is right.

use super::exit::{Exit, Failure};
use super::settings::{self, Args as Network, Settings};
use super::{Ended, output};
use crate::config::{Config, FILE, TEMPLATE};
use crate::id::Name;
use crate::play::Keep;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Show, find or check the configuration of the test network.
///
/// Flags go over the environment (`QUITTANCE_CONFIG`, `QUITTANCE_DATA`, `QUITTANCE_BASE_PORT`,
/// `QUITTANCE_TILL_PORT`, `QUITTANCE_POSTGRES`), that over the file, that over what is built in.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what it comes to, and where each part comes from.
    Show {
        #[command(flatten)]
        network: Network,
        /// What to write.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Say which file is read; without one, where it is looked for.
    Path {
        #[command(flatten)]
        network: Network,
    },
    /// Say everything that is wrong with a configuration, each with its place.
    Check {
        /// The file; the one that would be read, unless given.
        file: Option<PathBuf>,
        #[command(flatten)]
        network: Network,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
    /// The commented file that is built in.
    Template,
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.command {
        Command::Show { network, format } => show(network, *format),
        Command::Path { network } => path(network),
        Command::Check { file, network } => check(file.as_ref().or(network.config.as_ref())),
    }
}

fn path(network: &Network) -> Ended {
    let Some(path) = network.config.clone().or_else(settings::standing) else {
        let paths = settings::candidates();
        let paths: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let failure = Failure::new(
            Exit::Nothing,
            "find a configuration: the built-in one is used",
        );
        return Err(failure.hint(format!("looked for {}", paths.join(", "))));
    };
    output::data(format!("{}\n", path.display()).as_bytes())?;
    Ok(Exit::Done)
}

fn check(file: Option<&PathBuf>) -> Ended {
    let Some(path) = file.cloned().or_else(settings::standing) else {
        let failure = Failure::new(Exit::Nothing, format!("find {FILE}"));
        return Err(failure.hint("`quittance init` writes one"));
    };
    let config = settings::parse(&path)?;
    let parties = &config.parties;
    let line = format!(
        "{}: right ({} banks, {} merchants with {} terminals, {} customers)\n",
        path.display(),
        parties.banks.len(),
        parties.merchants.len(),
        config.terminals().len(),
        parties.customers.len(),
    );
    output::data(line.as_bytes())?;
    Ok(Exit::Done)
}

fn show(network: &Network, format: Format) -> Ended {
    if format == Format::Template {
        output::data(TEMPLATE.as_bytes())?;
        return Ok(Exit::Done);
    }
    let settings = Settings::open(network)?;
    let rows = rows(&settings);
    let text = match format {
        Format::Json => {
            let rows = rows.into_iter().map(|(key, value, origin)| {
                let row = serde_json::json!({"value": value, "from": origin});
                (key.to_owned(), row)
            });
            format!("{}\n", serde_json::Value::Object(rows.collect()))
        }
        Format::Text | Format::Template => {
            let line = |(key, value, origin): Row| {
                format!("{key:<9} {value:<44} {origin}")
                    .trim_end()
                    .to_owned()
                    + "\n"
            };
            rows.into_iter().map(line).collect()
        }
    };
    output::data(text.as_bytes())?;
    Ok(Exit::Done)
}

/// A setting: what it is called, its value, where that comes from.
type Row = (&'static str, String, &'static str);

/// Each setting. No secret is among them.
fn rows(settings: &Settings) -> Vec<Row> {
    let [file, data, ports] = settings.origins;
    let config = &settings.config;
    let path = settings.path.as_ref();
    let path = path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let keys = config.keys.as_ref().map_or_else(
        || "known to everybody".to_owned(),
        |keys| {
            let folder = settings.folder().unwrap_or_default();
            folder.join(keys).display().to_string()
        },
    );
    let store = match &settings.keep {
        Keep::Memory => "memory".to_owned(),
        Keep::Sqlite(folder) => format!("sqlite in {}", folder.display()),
        Keep::Postgres(_url_with_its_password) => "postgres".to_owned(),
    };
    let from = settings.path.as_ref().map_or("built in", |_| "file");
    let port = |first: u16| match first {
        0 => "chosen by the system".to_owned(),
        _ => format!("127.0.0.1:{first} and on"),
    };
    let mut rows = vec![
        ("config", path, file.word()),
        ("keys", keys, from),
        ("store", store, data.word()),
        ("parties", port(config.ports.parties), ports.word()),
        ("tills", port(config.ports.tills), ports.word()),
    ];
    rows.extend(people(config).map(|(key, names)| (key, names, from)));
    rows
}

/// Who takes part, by kind.
fn people(config: &Config) -> impl Iterator<Item = (&'static str, String)> {
    fn names<'a>(all: impl Iterator<Item = &'a Name>) -> String {
        let mut all: Vec<&str> = all.map(Name::as_str).collect();
        all.sort_unstable();
        all.join(" ")
    }
    let parties = &config.parties;
    let terminals: Vec<Name> = config
        .terminals()
        .into_iter()
        .map(|(till, _)| till)
        .collect();
    let all = [
        ("gateway", names(parties.gateways.keys())),
        ("banks", names(parties.banks.keys())),
        ("merchants", names(parties.merchants.keys())),
        ("terminals", names(terminals.iter())),
        ("customers", names(parties.customers.keys())),
        ("shell", names(config.shell.iter())),
        ("revoked", names(config.revoked.iter())),
    ];
    all.into_iter().filter(|(_, names)| !names.is_empty())
}

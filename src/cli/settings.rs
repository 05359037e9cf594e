//! Which test network a command speaks of: flags over environment over file over what is built in.

use super::exit::{Exit, Failure};
use super::{clock, input, secrets};
use crate::chance::Chance;
use crate::config::{self, Config, StoreKind};
use crate::play::Keep;
use crate::scenario::Scenario;
use crate::time::Time;
use std::path::{Path, PathBuf};

/// What the built-in network's keys are drawn from: everybody knows it.
const WELL_KNOWN: [u8; 16] = *b"quittance-test/1";

/// Which test network, and what is different about it this time.
#[derive(clap::Args, Clone, Debug, Default)]
#[group(skip)]
#[command(next_help_heading = "Network")]
pub(super) struct Args {
    /// The configuration; else ./quittance.toml, the one in the XDG folders, the built-in one.
    #[arg(
        long,
        value_name = "FILE",
        env = "QUITTANCE_CONFIG",
        hide_env_values = true
    )]
    pub(super) config: Option<PathBuf>,
    /// A scenario whose parties take part instead, with keys that everybody knows.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(super) network: Option<PathBuf>,
    /// Keep SQLite databases in this folder.
    #[arg(
        long,
        value_name = "DIR",
        env = "QUITTANCE_DATA",
        hide_env_values = true
    )]
    pub(super) data: Option<PathBuf>,
    /// The first of the parties' ports; 0 lets the system choose.
    #[arg(
        long,
        value_name = "PORT",
        env = "QUITTANCE_BASE_PORT",
        hide_env_values = true
    )]
    pub(super) base_port: Option<u16>,
    /// The first of the ports that tills print to; 0 lets the system choose.
    #[arg(
        long,
        value_name = "PORT",
        env = "QUITTANCE_TILL_PORT",
        hide_env_values = true
    )]
    pub(super) till_port: Option<u16>,
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Flag,
    Environment,
    File,
    BuiltIn,
}

impl Origin {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::BuiltIn => "built in",
        }
    }

    /// Of a value that a flag or a variable gave; clap does not say which.
    fn of<T>(given: Option<&T>, variable: &str, else_from: Self) -> Self {
        match (given, std::env::var_os(variable)) {
            (Some(_), Some(_)) => Self::Environment,
            (Some(_), None) => Self::Flag,
            (None, _) => else_from,
        }
    }
}

/// A test network's settings, all decided.
pub(super) struct Settings {
    pub(super) config: Config,
    /// The configuration's file; none for the built-in one and for a scenario's parties.
    pub(super) path: Option<PathBuf>,
    /// Where each kind of setting comes from: the file, its data, its ports.
    pub(super) origins: [Origin; 3],
    /// What every key is drawn from.
    pub(super) chance: Chance,
    pub(super) keep: Keep,
    /// From when on certificates hold.
    pub(super) since: Time,
}

impl Settings {
    pub(super) fn open(args: &Args) -> Result<Self, Failure> {
        let (mut config, path) = find(args)?;
        let file = if path.is_some() {
            Origin::File
        } else {
            Origin::BuiltIn
        };
        let folder = path.as_deref().map_or_else(PathBuf::new, folder_of);
        let keep = keep(args, &config, &folder);
        config.ports.parties = args.base_port.unwrap_or(config.ports.parties);
        config.ports.tills = args.till_port.unwrap_or(config.ports.tills);
        let ports = args.base_port.as_ref().or(args.till_port.as_ref());
        Ok(Self {
            origins: [
                Origin::of(args.config.as_ref(), "QUITTANCE_CONFIG", file),
                Origin::of(args.data.as_ref(), "QUITTANCE_DATA", file),
                Origin::of(ports, "QUITTANCE_BASE_PORT", file),
            ],
            chance: match &config.keys {
                Some(keys) => Chance::new(secrets::network(&folder.join(keys))?),
                None => Chance::new(WELL_KNOWN),
            },
            since: config.since.unwrap_or_else(clock::now),
            config,
            path,
            keep,
        })
    }

    /// The folder of the configuration's file.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.path.as_deref().map(folder_of)
    }

    /// The folder in which everything is kept that outlives a process.
    pub(super) fn data(&self) -> Option<&Path> {
        match &self.keep {
            Keep::Sqlite(folder) => Some(folder),
            Keep::Memory | Keep::Postgres(_) => None,
        }
    }
}

/// Where rows are kept; a folder on the command line means databases in it.
fn keep(args: &Args, config: &Config, folder: &Path) -> Keep {
    if let Some(data) = &args.data {
        return Keep::Sqlite(data.clone());
    }
    let url = std::env::var_os("QUITTANCE_POSTGRES").and_then(|url| url.into_string().ok());
    match (config.store, url.or_else(|| config.postgres.clone())) {
        (StoreKind::Postgres, Some(url)) => Keep::Postgres(url),
        (StoreKind::Sqlite, _) => Keep::Sqlite(folder.join(&config.data)),
        (StoreKind::Memory | StoreKind::Postgres, _) => Keep::Memory,
    }
}

fn find(args: &Args) -> Result<(Config, Option<PathBuf>), Failure> {
    if let Some(path) = &args.network {
        let (name, source) = text(path)?;
        let scenario = Scenario::parse(&name, &source);
        let scenario = scenario.map_err(|invalid| Failure::invalid(&invalid))?;
        return Ok((Config::of_scenario(scenario), None));
    }
    let Some(path) = args.config.clone().or_else(standing) else {
        return Ok((Config::builtin(), None));
    };
    let config = parse(&path)?;
    Ok((config, Some(path)))
}

/// Reads a configuration's file.
pub(super) fn parse(path: &Path) -> Result<Config, Failure> {
    let (name, source) = text(path)?;
    Config::parse(&name, &source).map_err(|invalid| Failure::invalid(&invalid))
}

/// A file's name and its text.
pub(super) fn text(path: &Path) -> Result<(String, String), Failure> {
    let bytes = input::read(path)?;
    let name = path.display().to_string();
    let source = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let what = format!("read {name}: no UTF-8 at offset {at}");
        Failure::new(Exit::Malformed, what)
    })?;
    Ok((name, source))
}

/// The configuration that is found without being named.
pub(super) fn standing() -> Option<PathBuf> {
    candidates().into_iter().find(|path| path.is_file())
}

/// Where a configuration is looked for, in order.
pub(super) fn candidates() -> Vec<PathBuf> {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = var("HOME").map(|home| PathBuf::from(home).join(".config"));
    let own = var("XDG_CONFIG_HOME").map(PathBuf::from).or(home);
    let system = var("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
    let system: Vec<PathBuf> = std::env::split_paths(&system).collect();
    // The XDG specification has relative paths ignored.
    let xdg = own
        .into_iter()
        .chain(system)
        .filter(|path| path.is_absolute());
    let xdg = xdg.map(|folder| folder.join("quittance").join(config::FILE));
    std::iter::once(PathBuf::from(config::FILE))
        .chain(xdg)
        .collect()
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new(".")).to_owned()
}

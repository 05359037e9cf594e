//! The configuration of a test network: `quittance.toml`, read to a typed value or refused with
//! everything that is wrong with it in one pass.
//!
//! Its parties are written as a scenario writes them, by the same reader: who can write one can
//! write the other, and every party of a configuration can be simulated.
//!
//! Pure: where the file is found, and what flags and the environment say over it, is the command
//! line's.

mod edit;

pub use edit::{EditError, add_merchant, add_terminal, revoke};

use crate::id::{Name, Party, PartyKind};
use crate::scenario::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::scenario::lower::table::{Table, Word, Words, one_of};
use crate::scenario::lower::{self, Lower};
use crate::scenario::{Invalid, Scenario};
use crate::time::Time;
use crate::words::words;
use std::collections::BTreeSet;

/// The file's name.
pub const FILE: &str = "quittance.toml";
/// What `quittance init` writes: the test network that is also there without any file.
pub const TEMPLATE: &str = include_str!("quittance.toml");
/// The line of [`TEMPLATE`] that [`fresh`] replaces.
const SINCE: &str = "2026-01-01T00:00:00Z";
/// The version of the schema.
const SCHEMA: u32 = 1;
/// The first of the parties' ports, and of the tills', when nobody says.
const PORTS: Ports = Ports {
    parties: 7100,
    tills: 9100,
};

/// A test network.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Who takes part: a scenario in which nothing happens.
    pub parties: Scenario,
    /// From when on keys and certificates hold; from the start of a process when nobody says.
    pub since: Option<Time>,
    /// Where private keys are; without it they are drawn from a seed that everybody knows.
    pub keys: Option<String>,
    /// The folder of the scheme's issuer; without one its keys too are drawn.
    pub issuer: Option<String>,
    /// The folder in which terminals have chips of their own, each in a folder of its name.
    pub chips: Option<String>,
    /// What parties remember in.
    pub store: StoreKind,
    /// The folder of SQLite databases.
    pub data: String,
    /// Where the PostgreSQL server is.
    pub postgres: Option<String>,
    /// The terminal that a shell signs as.
    pub shell: Option<Name>,
    /// Terminals whose codes hold no more.
    pub revoked: BTreeSet<Name>,
    /// Where parties listen on loopback.
    pub ports: Ports,
}

words! {
    /// What parties remember in.
    pub enum StoreKind {
        /// Memory: gone with the process.
        Memory = "memory",
        /// One SQLite database a party.
        Sqlite = "sqlite",
        /// One PostgreSQL schema a party.
        Postgres = "postgres",
    }
}

impl Words for StoreKind {
    const WHAT: &'static str = "store";

    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|store| store.word()).collect()
    }
}

/// The first loopback port of each kind; 0 lets the system choose each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Of the parties that listen.
    pub parties: u16,
    /// Of the tills' RAW ports.
    pub tills: u16,
}

impl Config {
    /// Reads a configuration. `file` is its name in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it; the command line ends with code 3.
    pub fn parse(file: &str, source: &str) -> Result<Self, Invalid> {
        lower::read(file, source, |cx, mut root| {
            let config = config(cx, &mut root, file);
            root.finish(cx);
            config
        })
    }

    /// The test network that is there without any file: in memory, with keys that everybody knows.
    pub fn builtin() -> Self {
        let config = Self::parse("the built-in configuration", TEMPLATE);
        Self {
            since: None,
            keys: None,
            issuer: None,
            chips: None,
            store: StoreKind::Memory,
            ..config.expect("a test reads the template")
        }
    }

    /// The parties of a scenario as a test network, with keys that everybody knows.
    pub fn of_scenario(parties: Scenario) -> Self {
        Self {
            parties,
            shell: None,
            ..Self::builtin()
        }
    }

    /// Every party that listens, in a fixed order: gateway, banks, merchants, terminals, chips.
    pub fn listeners(&self) -> Vec<Party> {
        let kind = |kind| move |name| Party::new(kind, name);
        let tills = || self.terminals().into_iter().map(|(till, _)| till);
        let gateways = self.parties.gateways.keys().copied().take(1);
        let gateways = gateways.map(kind(PartyKind::Gateway));
        let banks = self.parties.banks.keys().copied();
        let merchants = self.parties.merchants.keys().copied();
        gateways
            .chain(banks.map(kind(PartyKind::Bank)))
            .chain(merchants.map(kind(PartyKind::Merchant)))
            .chain(tills().map(kind(PartyKind::Terminal)))
            .chain(tills().map(kind(PartyKind::Chip)))
            .collect()
    }

    /// Every terminal with its merchant, in the order of the merchants.
    pub fn terminals(&self) -> Vec<(Name, Name)> {
        let merchants = self.parties.merchants.iter();
        let tills = merchants.flat_map(|(name, merchant)| {
            let tills = 1..=merchant.tills;
            tills.filter_map(|till| Some((merchant.till_name(*name, till)?, *name)))
        });
        tills.collect()
    }
}

/// The template as a new network has it: since `now`.
pub fn fresh(now: Time) -> String {
    let (year, month, day, hour, minute, ..) = now.civil();
    let since = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z");
    TEMPLATE.replace(SINCE, &since)
}

fn config(cx: &mut Lower, root: &mut Table<'_>, file: &str) -> Option<Config> {
    let version: Option<u32> = root.need(cx, "schema");
    if let (Some(version), Some(item)) = (version.filter(|v| *v != SCHEMA), root.item("schema")) {
        cx.wrong(item, &format!("schema {SCHEMA} (this is {version})"));
    }
    let mut table = root.table(cx, "network");
    if let Some(table) = &mut table {
        "[network]".clone_into(&mut table.what);
    }
    root.must(cx, "network");
    let name = table.as_mut().and_then(|table| table.need(cx, "name"));
    let test = "test".parse().expect("`test` is a name");
    let ports = ports(cx, root);
    let mut config = Config {
        parties: cx.parties(root, file, name.unwrap_or(test)),
        since: None,
        keys: None,
        issuer: None,
        chips: None,
        store: StoreKind::Memory,
        data: "data".to_owned(),
        postgres: None,
        shell: None,
        revoked: BTreeSet::new(),
        ports,
    };
    let mut table = table?;
    config.since = table.get(cx, "since");
    config.keys = text(cx, &mut table, "keys");
    config.issuer = text(cx, &mut table, "issuer");
    config.chips = text(cx, &mut table, "chips");
    if config.issuer.is_some() && config.keys.is_none() {
        table.must(cx, "keys");
    }
    config.store = table.or(cx, "store", StoreKind::Memory);
    config.data = text(cx, &mut table, "data").unwrap_or(config.data);
    config.postgres = text(cx, &mut table, "postgres");
    if config.store == StoreKind::Postgres && config.postgres.is_none() {
        table.must(cx, "postgres");
    }
    let terminals: Vec<Name> = config
        .terminals()
        .into_iter()
        .map(|(till, _)| till)
        .collect();
    config.shell = table
        .word(cx, "shell")
        .and_then(|word| terminal(cx, &word, &terminals));
    for item in table.list(cx, "revoked").unwrap_or_default() {
        let found = Word::of(cx, item).and_then(|word| terminal(cx, &word, &terminals));
        config.revoked.extend(found);
    }
    table.finish(cx);
    Some(config)
}

fn text(cx: &mut Lower, table: &mut Table<'_>, key: &'static str) -> Option<String> {
    table.word(cx, key).map(|word| word.text.to_owned())
}

/// The terminal that a word names.
fn terminal(cx: &mut Lower, word: &Word<'_>, terminals: &[Name]) -> Option<Name> {
    let found = terminals.iter().find(|name| name.as_str() == word.text);
    if found.is_none() {
        let names: Vec<&str> = terminals.iter().map(Name::as_str).collect();
        let message = format!("no terminal named `{}`", word.text);
        let error = Diagnostic::new(Code::UnknownName, word.spot.clone(), message);
        let help = did_you_mean(word.text, names.iter().copied());
        cx.note(error.label(one_of(&names)).help(help));
    }
    found.copied()
}

fn ports(cx: &mut Lower, root: &mut Table<'_>) -> Ports {
    let Some(mut table) = root.table(cx, "ports") else {
        return PORTS;
    };
    "[ports]".clone_into(&mut table.what);
    let ports = Ports {
        parties: table.or(cx, "parties", PORTS.parties),
        tills: table.or(cx, "tills", PORTS.tills),
    };
    for (key, port) in [("parties", ports.parties), ("tills", ports.tills)] {
        if let (Some(item), 1..1024) = (table.item(key), port) {
            cx.wrong(item, "a port from 1024 on, or 0");
        }
    }
    table.finish(cx);
    ports
}

#[cfg(test)]
mod tests;

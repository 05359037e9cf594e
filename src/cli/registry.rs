//! What `merchant` and `terminal` have in common: the configuration as a register that is edited in
//! place, and lists that are filtered.

use super::exit::{Exit, Failure};
use super::network::{self, Place};
use super::settings::{self, Args as Network};
use super::{Ended, init, output};
use crate::config::{Config, EditError};
use crate::query::{Fact, Field, Filter, Subject};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// The forms that lists are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned columns.
    Text,
    /// One JSON object a line.
    Json,
}

/// One entry: each of its fields by name, in the order of the columns.
pub(super) struct Entry(pub(super) Vec<(&'static str, String)>);

impl Entry {
    fn get(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| value.as_str())
    }

    /// Each field as text.
    fn json(&self) -> serde_json::Value {
        let value =
            |(name, value): &(&'static str, String)| ((*name).to_owned(), value.as_str().into());
        serde_json::Value::Object(self.0.iter().map(value).collect())
    }
}

impl Subject for Entry {
    fn facts(&self, field: &'static str, fits: &mut dyn FnMut(Fact<'_>) -> bool) -> bool {
        self.get(field).is_some_and(|value| fits(Fact::Text(value)))
    }

    fn any_text(&self, likes: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0.iter().any(|(_, value)| likes(value))
    }
}

/// Writes the entries that the filter lets through; none is exit 4.
pub(super) fn list(
    entries: Vec<Entry>,
    fields: &'static [Field],
    filter: &[String],
    format: Format,
) -> Ended {
    let filter = Filter::parse(&filter.join(" "), fields)
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let chosen: Vec<Entry> = entries.into_iter().filter(|e| filter.matches(e)).collect();
    if chosen.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            "find anything that the filter lets through",
        ));
    }
    let text = match format {
        Format::Json => {
            let lines: Vec<String> = chosen.iter().map(|e| e.json().to_string()).collect();
            lines.join("\n") + "\n"
        }
        Format::Text => columns(&chosen),
    };
    output::data(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Writes one entry: a line for each field.
pub(super) fn show(entry: &Entry, format: Format) -> Ended {
    let text = match format {
        Format::Json => format!("{}\n", entry.json()),
        Format::Text => {
            let line = |(name, value): &(&'static str, String)| format!("{name:<12} {value}\n");
            entry.0.iter().map(line).collect()
        }
    };
    output::data(text.as_bytes())?;
    Ok(Exit::Done)
}

fn columns(entries: &[Entry]) -> String {
    use unicode_width::UnicodeWidthStr as _;
    let Some(first) = entries.first() else {
        return String::new();
    };
    let head: Vec<String> = first
        .0
        .iter()
        .map(|(name, _)| name.to_uppercase())
        .collect();
    let rows = entries
        .iter()
        .map(|e| e.0.iter().map(|(_, value)| value.clone()).collect());
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| Some(row.get(at)?.width()))
            .max()
    };
    let widths: Vec<usize> = (0..first.0.len())
        .map(|at| width(at).unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cell = |(value, width): (&String, &usize)| {
            let pad = width.saturating_sub(value.width());
            format!("{value}{}", " ".repeat(pad))
        };
        let cells: Vec<String> = row.iter().zip(&widths).map(cell).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The configuration's file; the built-in network cannot be changed.
pub(super) fn file(network: &Network) -> Result<PathBuf, Failure> {
    network
        .config
        .clone()
        .or_else(settings::standing)
        .ok_or_else(|| {
            let failure =
                Failure::new(Exit::Nothing, "change the built-in network: it has no file");
            failure.hint("`quittance init` makes a network of your own")
        })
}

/// Edits the configuration, publishes the trust bundle that follows, and certifies terminals.
pub(super) fn edit(
    path: &Path,
    network: &Network,
    change: impl FnOnce(&str, &Config) -> Result<String, EditError>,
) -> Result<Place, Failure> {
    let (name, source) = settings::text(path)?;
    let config = Config::parse(&name, &source).map_err(|invalid| Failure::invalid(&invalid))?;
    let changed = change(&source, &config).map_err(|error| match error {
        EditError::Invalid(invalid) => Failure::invalid(&invalid),
        EditError::NoMerchant { .. } => Failure::new(Exit::Nothing, error),
    })?;
    network::replace(path, changed.as_bytes())?;
    published(path, network, &path.display().to_string())
}

/// Publishes the trust bundle that follows from what has changed, and the terminals' certificates.
pub(super) fn published(path: &Path, network: &Network, changed: &str) -> Result<Place, Failure> {
    let network = Network {
        config: Some(path.to_owned()),
        ..network.clone()
    };
    let place = Place::open(&network)?;
    let folder = place.settings.folder().unwrap_or_default();
    init::certify(&folder, &place)?;
    let version = place.cast.trust.bundle.version;
    output::say(&format!(
        "{changed} changed; trust bundle version {version} is published: wallets read it at once, a \
         running `quittance up` within a second or two, parties of `quittance serve` when they \
         start again"
    ));
    Ok(place)
}

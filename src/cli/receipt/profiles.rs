//! `quittance receipt profiles`: the printers that are known.

use super::super::exit::Exit;
use super::super::{Ended, output};
use super::all_profiles;
use crate::receipt::Profile;
use crate::receipt::profile::Qr;
use crate::receipt::tokens::Dialect;
use crate::text::Text;
use clap::ValueEnum;
use std::path::PathBuf;

/// List the printer profiles: language, columns, paper, code.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A TOML file of printer profiles beside the built-in ones.
    #[arg(long, value_name = "FILE")]
    profiles: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON array.
    Json,
    /// As a file of profiles is written, to begin one's own from.
    Toml,
}

pub(super) fn run(args: &Args) -> Ended {
    let all = all_profiles(args.profiles.as_ref())?;
    let shown = match args.format {
        Format::Text => all.iter().map(row).collect(),
        Format::Json => format!("{}\n", serde_json::json!(all)),
        Format::Toml => Profile::to_toml(&all),
    };
    output::data(shown.as_bytes())?;
    Ok(Exit::Done)
}

fn row(profile: &Profile) -> String {
    let language = match profile.dialect {
        Dialect::EscPos => "ESC/POS",
        Dialect::Star => "Star",
        Dialect::Plain => "text",
    };
    let code = match profile.qr {
        Qr::Native => "own QR",
        Qr::Raster => "raster",
    };
    let (name, about) = (Text::clean(&profile.name), Text::clean(&profile.about));
    format!(
        "{name:<22} {language:<8} {:>3} columns {:>4} dots  {code}  {about}\n",
        profile.columns, profile.width_dots
    )
}

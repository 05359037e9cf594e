//! `quittance receipt`: what stands on paper, what it means, and why.

pub(super) mod backend;
mod check;
mod coder;
mod explain;
mod json;
mod known;
mod print;
mod profiles;
mod proxy;
mod show;

use super::exit::{Exit, Failure};
use super::{Ended, input, templates};
use crate::money::Currency;
use crate::receipt::layout::Page;
use crate::receipt::{Hints, Profile, pages};
use crate::text::Text;
use std::path::PathBuf;

/// Read receipts: show them, explain what was read, check a corpus, print with a code.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Show(show::Args),
    Explain(explain::Args),
    Check(check::Args),
    Profiles(profiles::Args),
    Print(print::Args),
    Proxy(proxy::Args),
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.what {
        What::Show(args) => show::run(args),
        What::Explain(args) => explain::run(args),
        What::Check(args) => check::run(args),
        What::Profiles(args) => profiles::run(args),
        What::Print(args) => print::run(args),
        What::Proxy(args) => proxy::run(args),
    }
}

/// How a receipt is read: by which printer's rules, and what is known about its shop.
#[derive(clap::Args)]
struct Reading {
    /// The printer's profile, by name; detected from the bytes unless given.
    #[arg(long)]
    profile: Option<String>,
    /// A TOML file of printer profiles beside the built-in ones.
    #[arg(long, value_name = "FILE")]
    profiles: Option<PathBuf>,
    /// The currency, when the paper names none (ISO 4217, such as EUR).
    #[arg(long)]
    currency: Option<Currency>,
    /// The shop's name, when the paper has none or has it as a picture.
    #[arg(long)]
    merchant: Option<String>,
    /// Dates have the month first.
    #[arg(long)]
    month_first: bool,
    /// A TOML file of merchant templates; templates.toml beside the configuration unless given.
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
}

impl Reading {
    fn hints(&self) -> Result<Hints, Failure> {
        Ok(Hints {
            currency: self.currency,
            merchant: self.merchant.as_deref().map(Text::clean),
            month_first: self.month_first,
            templates: templates::read(self.templates.as_deref())?,
        })
    }

    /// The chosen profile, if one was.
    fn profile(&self) -> Result<Option<Profile>, Failure> {
        let Some(name) = &self.profile else {
            return Ok(None);
        };
        let all = all_profiles(self.profiles.as_ref())?;
        let names: Vec<String> = all.iter().map(|p| p.name.clone()).collect();
        let found = all.into_iter().rfind(|p| p.name == *name);
        found.map(Some).ok_or_else(|| {
            let asked = Text::clean(name);
            Failure::new(Exit::Nothing, format!("find the printer profile `{asked}`"))
                .hint(format!("there are: {}", names.join(", ")))
        })
    }
}

/// The built-in profiles, then those of a file.
fn all_profiles(file: Option<&PathBuf>) -> Result<Vec<Profile>, Failure> {
    let mut all = Profile::builtin();
    if let Some(path) = file {
        let malformed = |error: &dyn std::fmt::Display| {
            let said = Text::clean(&error.to_string());
            Failure::new(Exit::Malformed, said)
        };
        let text = String::from_utf8(input::read(path)?).map_err(|error| malformed(&error))?;
        all.extend(Profile::from_toml(&text).map_err(|error| malformed(&error))?);
    }
    Ok(all)
}

/// The pages of a job that was given.
fn pages_of(bytes: &[u8], profile: Option<&Profile>) -> Result<Vec<Page>, Failure> {
    pages(bytes, profile).map_err(|error| {
        Failure::new(Exit::Malformed, error).hint("a receipt is text, ESC/POS or Star bytes")
    })
}

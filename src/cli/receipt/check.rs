//! `quittance receipt check`: a corpus against its labels.

use super::super::exit::{Exit, Failure};
use super::super::slow::Slow;
use super::super::{Ended, input, output};
use super::Reading;
use crate::money::Currency;
use crate::receipt::check::{CheckError, Table, check_boxes, check_file, labels};
use crate::receipt::{Hints, Profile};
use crate::text::Text;
use clap::ValueEnum;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Check what is read from a folder of receipts against its labels.json.
///
/// A folder `sroie` beside it holds scans as boxes of text (NAME.box.csv) with their keys
/// (NAME.key.json), a class of its own. Exits 1 when any amount is wrong.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that labels.json is in.
    folder: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// List every field that is not right, too.
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table: class, field, and how often it was right, wrong, refused, absent.
    Text,
    /// One JSON object: `classes` and `files`.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let profile = args.reading.profile()?;
    let table = table(&args.folder, profile.as_ref(), &args.reading.hints()?)?;
    if table.files.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find a labelled receipt"));
    }
    let shown = match args.format {
        Format::Json => {
            let value = serde_json::to_value(&table).expect("a table is strings and numbers");
            format!("{value}\n")
        }
        Format::Text if args.verbose => format!("{}{}", table.text(), remarks(&table)),
        Format::Text => table.text(),
    };
    output::data(shown.as_bytes())?;
    Ok(if table.wrong_amounts() == 0 {
        Exit::Done
    } else {
        Exit::No
    })
}

fn table(folder: &Path, profile: Option<&Profile>, hints: &Hints) -> Result<Table, Failure> {
    let mut table = Table::default();
    let mut slow = Slow::new("reading receipts", None);
    let scans = scans(&folder.join("sroie"))?;
    let path = folder.join("labels.json");
    if path.exists() || scans.is_empty() {
        let json = input::read(&path)?;
        let all = labels(&String::from_utf8_lossy(&json)).map_err(|e| malformed(&path, &e))?;
        for (name, label) in &all {
            let bytes = input::read(&folder.join(name))?;
            table.add(check_file(name, label, &bytes, profile, hints));
            slow.step(0);
        }
    }
    for scan in scans {
        let key = scan.with_extension("").with_extension("key.json");
        let (boxes, json) = (input::read(&scan)?, input::read(&key)?);
        let name = scan.file_name().unwrap_or_default().to_string_lossy();
        let (boxes, json) = (
            String::from_utf8_lossy(&boxes),
            String::from_utf8_lossy(&json),
        );
        let hints = Hints {
            currency: hints.currency.or_else(malaysian),
            ..hints.clone()
        };
        let checked = check_boxes(&name, &boxes, &json, &hints);
        table.add(checked.map_err(|e| malformed(&key, &e))?);
        slow.step(0);
    }
    Ok(table)
}

/// What the shops of that corpus count in: its receipts are Malaysian (ICDAR 2019, SROIE).
fn malaysian() -> Option<Currency> {
    "MYR".parse().ok()
}

fn malformed(path: &Path, error: &CheckError) -> Failure {
    let (name, said) = (path.display(), Text::clean(&error.to_string()));
    Failure::new(Exit::Malformed, format!("{said} ({name})"))
}

/// The boxes files of a folder, in order; none when there is no such folder.
fn scans(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::new(Exit::Environment, error))?
            .path();
        if path.to_string_lossy().ends_with(".box.csv") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What is not right, file by file.
fn remarks(table: &Table) -> String {
    let mut out = String::new();
    for file in &table.files {
        for (field, outcome) in &file.fields {
            let note = file.notes.get(field).map_or("", String::as_str);
            if *outcome != crate::receipt::check::Outcome::Right || !note.is_empty() {
                let name = Text::clean(&file.file);
                let note = Text::clean(note);
                let _written = writeln!(out, "{name} {field}: {} {note}", outcome.word());
            }
        }
    }
    out
}

//! `quittance scenario`: everything about scenario files but running them.

use super::exit::{Exit, Failure};
use super::{Ended, load, output};
use crate::id::Name;
use crate::scenario::json_schema::json_schema;
use crate::scenario::templates::{TEMPLATES, Template};
use crate::scenario::{fmt, vocab};
use clap::{Subcommand, ValueEnum};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Write, check and look up scenarios. `quittance run` runs them.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say everything that is wrong with scenario files, at once; nothing is run.
    ///
    /// Ends with 0 when nothing is wrong and with 3 when something is.
    Check {
        /// Scenario files, or folders of them; `-` reads one from stdin.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Put scenario files into their usual layout; comments and meaning stay.
    Fmt {
        /// Scenario files, or folders of them; `-` filters stdin to stdout.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Write nothing; name the files that are not in it, and end with 1 if there are any.
        #[arg(long)]
        check: bool,
    },
    /// List scenarios: name, seeds, tags, and what each is about.
    List {
        /// Scenario files, or folders of them.
        #[arg(default_value = "scenarios")]
        paths: Vec<PathBuf>,
        /// Only those with this tag.
        #[arg(long)]
        tag: Option<Name>,
        /// What to write.
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Print the format as JSON Schema, for editors.
    Schema,
    /// Print every table, key and word that a scenario can have, and the grammar of `that`.
    Vocab {
        /// Only the lists whose title contains this: `faults`, `messages`, `[run]`.
        only: Option<String>,
        /// What to write.
        #[arg(long, value_enum, default_value_t = VocabFormat::Text)]
        format: VocabFormat,
    },
    /// Begin a scenario from a template; what is there is never overwritten.
    New {
        /// The file to write: `my-story.toml`. Its name is the scenario's.
        #[arg(required_unless_present = "list")]
        file: Option<PathBuf>,
        /// What to begin with: see --list.
        #[arg(long, default_value = "payment")]
        template: String,
        /// List the templates.
        #[arg(long)]
        list: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For people.
    Text,
    /// One JSON object a scenario.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VocabFormat {
    /// For people.
    Text,
    /// The reference page.
    Markdown,
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.what {
        What::Check { paths } => check(paths),
        What::Fmt { paths, check } => format(paths, *check),
        What::List { paths, tag, format } => list(paths, *tag, *format),
        What::Schema => {
            output::data(format!("{:#}\n", json_schema()).as_bytes())?;
            Ok(Exit::Done)
        }
        What::Vocab { only, format } => vocabulary(only.as_deref(), *format),
        What::New { list: true, .. } => templates(),
        What::New { file, template, .. } => match file {
            Some(file) => new(file, template),
            None => templates(),
        },
    }
}

fn check(paths: &[PathBuf]) -> Ended {
    let scenarios = load::scenarios(paths, &[])?;
    for scenario in &scenarios {
        let (steps, expects) = (scenario.steps.len(), scenario.expects.len());
        let line = format!(
            "{}{}: ok, {}, {}",
            scenario.file,
            scenario.case,
            counted(steps, "step"),
            counted(expects, "expectation"),
        );
        output::say(&line);
    }
    Ok(Exit::Done)
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn format(paths: &[PathBuf], check: bool) -> Ended {
    let mut others = 0_usize;
    for path in load::files(paths)? {
        let (name, source) = (path.display().to_string(), load::text(&path)?);
        let tidy = fmt::formatted(&name, &source).map_err(|invalid| {
            output::say(&invalid.to_string());
            Failure::new(Exit::Malformed, "")
        })?;
        if path == Path::new("-") && !check {
            output::data(tidy.as_bytes())?;
        } else if tidy != source && check {
            output::data(format!("{name}\n").as_bytes())?;
            others += 1;
        } else if tidy != source {
            std::fs::write(&path, tidy).map_err(|error| {
                Failure::new(Exit::Environment, format!("write {name}: {error}"))
            })?;
            output::say(&format!("{name}: formatted"));
        }
    }
    Ok(if others > 0 { Exit::No } else { Exit::Done })
}

fn list(paths: &[PathBuf], tag: Option<Name>, format: ListFormat) -> Ended {
    let scenarios = load::scenarios(paths, &[])?;
    let wanted = scenarios
        .iter()
        .filter(|one| tag.is_none_or(|tag| one.tags.contains(&tag)));
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return Ok(Exit::Nothing);
    }
    let widest = wanted
        .iter()
        .map(|one| one.title().len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for one in wanted {
        let tags: Vec<_> = one.tags.iter().map(Name::as_str).collect();
        let _infallible = match format {
            ListFormat::Text => {
                let (name, tags) = (one.title(), tags.join(", "));
                writeln!(out, "{name:<widest$}  {}  [{tags}]", one.about)
            }
            ListFormat::Json => {
                let line = serde_json::json!({
                    "name": one.title(), "file": one.file, "about": one.about.as_str(),
                    "tags": tags, "seeds": one.run.seeds.to_string(),
                });
                writeln!(out, "{line}")
            }
        };
    }
    output::data(out.as_bytes())?;
    Ok(Exit::Done)
}

fn vocabulary(only: Option<&str>, format: VocabFormat) -> Ended {
    let text = match format {
        VocabFormat::Text => vocab::text(only),
        VocabFormat::Markdown => vocab::page(),
    };
    output::data(text.as_bytes())?;
    Ok(if text.is_empty() {
        Exit::Nothing
    } else {
        Exit::Done
    })
}

fn templates() -> Ended {
    let line = |template: &Template| format!("{:<10} {}\n", template.name, template.about());
    let lines: String = TEMPLATES.iter().map(line).collect();
    output::data(lines.as_bytes())?;
    Ok(Exit::Done)
}

fn new(file: &Path, template: &str) -> Ended {
    let Some(template) = TEMPLATES.iter().find(|one| one.name == template) else {
        let what = format!("find template `{template}`");
        return Err(Failure::new(Exit::Nothing, what).hint("quittance scenario new --list"));
    };
    let stem = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let name: Name = stem.parse().map_err(|_no_name| {
        let what = format!("name the scenario after `{stem}`");
        Failure::new(Exit::Usage, what).hint("lower-case letters, digits and dashes, 30 at most")
    })?;
    let file = file.with_extension("toml");
    let shown = file.display();
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file);
    let written = made.and_then(|mut made| made.write_all(template.named(name).as_bytes()));
    written.map_err(|error| Failure::new(Exit::Environment, format!("write {shown}: {error}")))?;
    output::say(&format!("{shown} is there; next: quittance run {shown}"));
    Ok(Exit::Done)
}

//! `quittance trace`: what happened in a run, a line at a time.

use super::exit::{Exit, Failure};
use super::run::STAGING;
use super::{Ended, load, output, scan};
use crate::scenario::Scenario;
use crate::sim::{self, Line, Options};
use crate::text::Text;
use crate::time::Time;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the format.
const VERSION: u64 = 1;

/// Traces of runs: JSON lines that `quittance run --trace DIR` writes.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// A trace as people read it.
    Show {
        /// The trace; `-` reads it from stdin.
        file: PathBuf,
        /// Only what is about this receipt.
        #[arg(long)]
        receipt: Option<String>,
        /// Only messages, as a ladder.
        #[arg(long)]
        ladder: bool,
        /// Only what led to this input.
        #[arg(long, value_name = "N")]
        cause_of: Option<u64>,
    },
    /// Where two traces part: exit code 1 if they do.
    Diff {
        /// One.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// A trace for another program.
    Export {
        /// The trace; `-` reads it from stdin.
        file: PathBuf,
        /// For which.
        #[arg(long, value_enum)]
        to: Target,
    },
    /// The scenario of a trace, which plays the same run again.
    ToScenario {
        /// The trace; `-` reads it from stdin.
        file: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// A sequence diagram for Mermaid.
    Mermaid,
    /// Chrome trace events, for Perfetto.
    Perfetto,
}

/// A trace file.
struct File {
    /// The first line.
    head: Value,
    lines: Vec<Line>,
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.what {
        What::Show {
            file,
            receipt,
            ladder,
            cause_of,
        } => show(&read(file)?, receipt.as_deref(), *ladder, *cause_of),
        What::Diff { one, other } => diff(one, other),
        What::Export { file, to } => {
            let file = read(file)?;
            let text = match to {
                Target::Mermaid => mermaid(&file),
                Target::Perfetto => perfetto(&file),
            };
            output::data(text.as_bytes())?;
            Ok(Exit::Done)
        }
        What::ToScenario { file } => {
            let file = read(file)?;
            let text = file.head["source"].as_str().unwrap_or_default();
            output::data(text.as_bytes())?;
            Ok(Exit::Done)
        }
    }
}

/// Runs a seed once more and writes its trace.
pub(super) fn write(scenario: &Arc<Scenario>, seed: u64, path: &Path) -> Result<(), Failure> {
    let options = Options {
        trace: true,
        ..Options::PLAIN
    };
    let report = sim::run(scenario, seed, STAGING, &options);
    let report = report.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))?;
    let head = json!({
        "v": VERSION,
        "scenario": scenario.title(),
        "seed": seed,
        "commit": env!("CARGO_PKG_VERSION"),
        "starts": scenario.run.starts.nanos(),
        "fingerprint": format!("{:016x}", report.fingerprint()),
        "source": sim::as_scenario(scenario, &report, env!("CARGO_PKG_VERSION")),
    });
    let mut text = format!("{head}\n");
    for line in &report.lines.lines {
        let line = serde_json::to_string(line);
        text.push_str(&line.expect("its keys are strings"));
        text.push('\n');
    }
    let refused = |error: std::io::Error| {
        let name = path.display();
        Failure::new(Exit::Environment, format!("write {name}: {error}"))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    std::fs::write(path, text).map_err(refused)
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = load::text(path)?;
    let malformed = |at: usize, why: &str| {
        let name = path.display();
        Failure::new(Exit::Malformed, format!("read {name}:{}: {why}", at + 1))
    };
    let mut objects = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let object: Value =
            serde_json::from_str(line).map_err(|error| malformed(at, &error.to_string()))?;
        objects.push(object);
    }
    let mut objects = objects.into_iter();
    let head = objects.next().unwrap_or_default();
    if head["v"].as_u64() != Some(VERSION) {
        return Err(malformed(0, "no trace of version 1"));
    }
    let each = objects.enumerate();
    let lines = each.map(|(at, object)| {
        Line::of_json(&object).ok_or_else(|| malformed(at + 1, "no line of a trace"))
    });
    Ok(File {
        lines: lines.collect::<Result<_, _>>()?,
        head,
    })
}

impl File {
    fn starts(&self) -> Time {
        Time::from_nanos(self.head["starts"].as_u64().unwrap_or_default())
    }
}

/// The scenario of a trace, which plays the same run again, and the run's seed.
pub(super) fn scenario(path: &Path) -> Result<(Scenario, u64), Failure> {
    let file = read(path)?;
    let name = path.display().to_string();
    let scenario = Scenario::parse(&name, file.head["source"].as_str().unwrap_or_default());
    let scenario = scenario.map_err(|invalid| Failure::new(Exit::Malformed, invalid))?;
    let seed = file.head["seed"].as_u64();
    Ok((scenario, seed.unwrap_or_default()))
}

fn show(file: &File, receipt: Option<&str>, ladder: bool, cause_of: Option<u64>) -> Ended {
    let starts = file.starts();
    let receipt = receipt.map(Text::clean);
    let trace = sim::Trace::of(file.lines.clone());
    let never = Time::from_nanos(u64::MAX);
    let lines: Vec<String> = match (ladder, cause_of) {
        (true, _) => trace.ladder(receipt.as_ref(), never, starts),
        (false, Some(n)) => {
            let led = trace.led_to(n, usize::MAX);
            led.into_iter().map(|line| line.text(starts)).collect()
        }
        (false, None) => {
            let about = |line: &&Line| receipt.is_none() || line.receipt == receipt;
            let lines = file.lines.iter().filter(about);
            lines.map(|line| line.text(starts)).collect()
        }
    };
    if lines.is_empty() {
        return Ok(Exit::Nothing);
    }
    output::data((lines.join("\n") + "\n").as_bytes())?;
    Ok(Exit::Done)
}

fn diff(one: &Path, other: &Path) -> Ended {
    let (one, other) = (read(one)?, read(other)?);
    let len = one.lines.len().max(other.lines.len());
    let parts = (0..len).find(|at| one.lines.get(*at) != other.lines.get(*at));
    let Some(at) = parts else {
        output::data(format!("the same, {len} lines\n").as_bytes())?;
        return Ok(Exit::Done);
    };
    let mut text = String::new();
    for line in &one.lines[at.saturating_sub(3)..at] {
        let _infallible = writeln!(text, "  {}", line.text(one.starts()));
    }
    for (sign, file) in [("-", &one), ("+", &other)] {
        let line = file.lines.get(at);
        let line = line.map_or_else(|| "the end".to_owned(), |line| line.text(file.starts()));
        let _infallible = writeln!(text, "{sign} {line}");
    }
    output::data(text.as_bytes())?;
    Ok(Exit::No)
}

/// Messages as a sequence diagram.
fn mermaid(file: &File) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let id = |party: &crate::id::Party| party.to_string().replace([':', '-'], "_");
    let mut known = Vec::new();
    let parties = file
        .lines
        .iter()
        .flat_map(|line| [line.from, Some(line.of)]);
    for party in parties.flatten() {
        if !known.contains(&party) {
            known.push(party);
            let _infallible = writeln!(out, "    participant {} as {party}", id(&party));
        }
    }
    for line in &file.lines {
        let (of, what) = (id(&line.of), &line.what);
        let _infallible = match (line.does, line.from) {
            (sim::Does::Msg, Some(from)) => writeln!(out, "    {}->>{of}: {what}", id(&from)),
            (sim::Does::Drop, Some(from)) => writeln!(out, "    {}-x{of}: {what}", id(&from)),
            (sim::Does::Crash | sim::Does::Check, _) => {
                writeln!(out, "    note over {of}: {} {what}", line.does)
            }
            _ => Ok(()),
        };
    }
    out
}

/// Chrome trace events: a party is a thread, an input a slice, its cause an arrow.
fn perfetto(file: &File) -> String {
    let mut known = Vec::new();
    let mut events = Vec::new();
    for line in &file.lines {
        let tid = known.iter().position(|party| *party == line.of);
        let tid = tid.unwrap_or_else(|| {
            known.push(line.of);
            let tid = known.len() - 1;
            events.push(json!({
                "ph": "M", "pid": 1, "tid": tid, "name": "thread_name",
                "args": { "name": line.of.to_string() },
            }));
            tid
        });
        let micros = line.at.since(file.starts()).as_nanos() / 1_000;
        let receipt = line.receipt.as_ref().map(Text::as_str);
        let args = json!({ "n": line.n, "cause": line.cause, "order": receipt });
        let kind = line.does.word();
        events.push(if line.n > 0 {
            json!({ "ph": "X", "dur": 1, "pid": 1, "tid": tid, "ts": micros, "cat": kind,
                "name": line.what.as_str(), "args": args })
        } else {
            json!({ "ph": "i", "s": "t", "pid": 1, "tid": tid, "ts": micros, "cat": kind,
                "name": line.what.as_str(), "args": args })
        });
        if line.cause > 0 && line.n > 0 {
            events.push(
                json!({ "ph": "f", "bp": "e", "id": line.cause, "pid": 1, "tid": tid,
                "ts": micros, "cat": "cause", "name": "cause" }),
            );
        }
        if line.n > 0 {
            events.push(json!({ "ph": "s", "id": line.n, "pid": 1, "tid": tid,
                "ts": micros, "cat": "cause", "name": "cause" }));
        }
    }
    format!("{}\n", json!({ "traceEvents": events }))
}

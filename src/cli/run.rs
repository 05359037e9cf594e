//! `quittance run`: scenarios in virtual time, one verdict for each.

use super::exit::{Exit, Failure};
use super::{Ended, input, output, scan};
use crate::db::Sqlite;
use crate::journal::ChainKind;
use crate::play;
use crate::roles::{Actor, Role as _};
use crate::scenario::report::{Sweep, Verdict};
use crate::scenario::{Mode, Scenario, Seeds};
use crate::sim::{self, Options, Staging, Store};
use crate::store::StoreError;
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Parties and papers are made as everywhere else.
const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

/// Run scenarios in the simulator: virtual time, a verdict for each, a seed for every failure.
///
/// The same seed gives the same journals, byte for byte, on any machine and on any store.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Scenario files, or folders of them; `-` reads one from stdin.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// One seed only.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// These seeds, such as 1..=1000, instead of the file's own.
    #[arg(long)]
    seeds: Option<String>,
    /// What parties keep their rows in.
    #[arg(long, value_enum, default_value_t = StoreKind::Memory)]
    store: StoreKind,
    /// How many runs go on at once; the report does not depend on it.
    #[arg(long, short)]
    jobs: Option<usize>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    /// In memory.
    Memory,
    /// One SQLite database a party, in a folder that is gone afterwards.
    Sqlite,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a scenario.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let mut scenarios = Vec::new();
    let mut invalid = 0_usize;
    for path in files(&args.paths)? {
        match scenario(&path)? {
            Ok(scenario) => scenarios.push(Arc::new(scenario)),
            Err(text) => {
                output::say(&text);
                invalid += 1;
            }
        }
    }
    if invalid > 0 {
        let what = format!("read {invalid} of the scenarios: nothing was run");
        return Err(Failure::new(Exit::Malformed, what));
    }
    let mut exit = Exit::Done;
    for scenario in &scenarios {
        let sweep = sweep(args, scenario)?;
        output::data(report(args, scenario, &sweep).as_bytes())?;
        if matches!(
            sweep.verdict(scenario),
            Verdict::Failed | Verdict::NeverReached
        ) {
            exit = Exit::No;
        }
    }
    Ok(exit)
}

/// The scenario files that were named, folders opened, in order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("open folder {name}: {error}"))
        })?;
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        files.extend(
            inside
                .into_iter()
                .filter(|p| p.extension().is_some_and(|e| e == "toml")),
        );
    }
    if files.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            "find a scenario: the folders hold none",
        ));
    }
    Ok(files)
}

/// A scenario, or what is wrong with it, as text for people.
fn scenario(path: &Path) -> Result<Result<Scenario, String>, Failure> {
    let bytes = input::read(path)?;
    let name = path.display().to_string();
    let source = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(
            Exit::Malformed,
            format!("read {name}: no UTF-8 at offset {at}"),
        )
    })?;
    Ok(Scenario::parse(&name, &source).map_err(|invalid| invalid.to_string()))
}

fn seeds(args: &Args, scenario: &Scenario) -> Result<Seeds, Failure> {
    match (args.seed, &args.seeds) {
        (Some(seed), _) => Ok(Seeds {
            first: seed,
            last: seed,
        }),
        (None, Some(text)) => text
            .parse()
            .map_err(|error| Failure::new(Exit::Usage, format!("read --seeds: {error}"))),
        (None, None) => Ok(scenario.run.seeds),
    }
}

/// Runs every seed; each thread takes the next seed, and the sum does not depend on who took which.
fn sweep(args: &Args, scenario: &Arc<Scenario>) -> Result<Sweep, Failure> {
    if !scenario.run.modes.contains(&Mode::Sim) {
        return Ok(Sweep::default());
    }
    let seeds = seeds(args, scenario)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(cores).max(1);
    let next = AtomicU64::new(seeds.first);
    let work = || -> Result<Sweep, Failure> {
        let mut sweep = Sweep::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds.last {
                return Ok(sweep);
            }
            sweep.add(seed, one(args, scenario, seed)?);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let mut all = Sweep::default();
        for thread in threads {
            let part = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.merge(part?);
        }
        Ok(all)
    })
}

fn one(
    args: &Args,
    scenario: &Arc<Scenario>,
    seed: u64,
) -> Result<crate::scenario::report::Outcome, Failure> {
    let folder = match args.store {
        StoreKind::Memory => None,
        StoreKind::Sqlite => Some(super::demo::Folder::open(None)?),
    };
    let open = |actor: &Actor, chain: ChainKind| -> Result<Store, StoreError> {
        let Some(folder) = &folder else {
            return Ok(Store::Memory(Box::new(crate::store::Memory::new(chain))));
        };
        let party = actor.me();
        let path = folder
            .path
            .join(format!("{}-{}.db", party.kind.word(), party.name));
        let sqlite = Sqlite::open(&path, actor.schemas(), chain)?;
        Ok(Store::Other(Box::new(sqlite)))
    };
    let options = Options {
        store: folder.is_some().then_some(&open),
        ..Options::PLAIN
    };
    let report = sim::run(scenario, seed, STAGING, &options);
    let report = report.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))?;
    Ok(report.outcome)
}

fn report(args: &Args, scenario: &Scenario, sweep: &Sweep) -> String {
    match args.format {
        Format::Json => format!("{}\n", sweep.to_json(scenario)),
        Format::Text => {
            let again = |file: &str, seed| format!("quittance run {file} --seed {seed}");
            sweep.text(scenario, again)
        }
    }
}

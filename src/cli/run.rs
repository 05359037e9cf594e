//! `quittance run`: scenarios in virtual time, one verdict for each.

use super::exit::{Exit, Failure};
use super::scratch::Scratch;
use super::{Ended, load, output, scan};
use crate::play;
use crate::roles::Actor;
use crate::scenario::report::{Sweep, Verdict};
use crate::scenario::{Scenario, Seeds};
use crate::sim::{self, Options, RunReport, Staging};
use clap::ValueEnum;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// Sets a variable of the scenarios: `--var rate=40/min`.
    #[arg(long = "var", value_name = "KEY=VALUE", value_parser = load::variable)]
    vars: Vec<(String, String)>,
    /// What parties keep their rows in.
    #[arg(long, value_enum, default_value_t = StoreKind::Memory)]
    store: StoreKind,
    /// The PostgreSQL database of --store postgres, such as postgres://user@host:5432/name.
    #[arg(
        long,
        env = "QUITTANCE_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<String>,
    /// How many runs go on at once; the report does not depend on it.
    #[arg(long, short)]
    jobs: Option<NonZero<usize>>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StoreKind {
    /// In memory.
    Memory,
    /// One SQLite database a party, in a folder that is gone afterwards.
    Sqlite,
    /// One schema a party on the PostgreSQL server of --database, gone afterwards.
    Postgres,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a scenario.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let scenarios = load::scenarios(&args.paths, &args.vars)?;
    let mut verdicts = Vec::new();
    for scenario in &scenarios {
        let sweep = sweep(args, scenario)?;
        output::data(report(args, scenario, &sweep).as_bytes())?;
        verdicts.push(sweep.verdict(scenario));
    }
    let bad = |verdict: &Verdict| matches!(verdict, Verdict::Failed | Verdict::NeverReached);
    // What was skipped did not pass.
    let skipped = verdicts.iter().all(|verdict| *verdict == Verdict::Skipped);
    Ok(match () {
        () if verdicts.iter().any(bad) => Exit::No,
        () if skipped => Exit::Nothing,
        () => Exit::Done,
    })
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

/// Runs every seed. In memory, all cores share the seeds; in databases each seed has its own, one
/// after the other.
fn sweep(args: &Args, scenario: &Arc<Scenario>) -> Result<Sweep, Failure> {
    let seeds: Vec<u64> = seeds(args, scenario)?.iter().collect();
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let jobs = args.jobs.unwrap_or(cores);
    let progress = Progress::new(scenario, seeds.len());
    let each = |_: &RunReport| progress.one_more();
    let run = |seeds: &[u64], options: &Options<'_>| {
        let sweep = sim::sweep(scenario, seeds, STAGING, options, jobs, each);
        sweep.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))
    };
    if args.store == StoreKind::Memory {
        return run(&seeds, &Options::PLAIN);
    }
    let mut all = Sweep::default();
    for seed in seeds {
        let scratch = Scratch::new(args.store, args.database.as_deref())?;
        let open = |actor: &Actor, chain| scratch.open(actor, chain);
        let options = Options {
            store: Some(&open),
            ..Options::PLAIN
        };
        all.merge(run(&[seed], &options)?);
    }
    Ok(all)
}

/// A bar on stderr when that is a terminal; elsewhere nothing.
struct Progress(indicatif::ProgressBar);

impl Progress {
    fn new(scenario: &Scenario, seeds: usize) -> Self {
        let len = u64::try_from(seeds).unwrap_or(u64::MAX);
        let bar = indicatif::ProgressBar::new(len);
        let style = indicatif::ProgressStyle::with_template(
            "{msg}  {pos}/{len} seeds  {per_sec}  {wide_bar}",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(scenario.title());
        Self(bar)
    }

    fn one_more(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
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

//! `quittance run`: scenarios in virtual time, one verdict for each.

mod explore;
mod fail;
mod progress;
mod select;

use super::exit::{Exit, Failure};
use super::report::Reports;
use super::scratch::Scratch;
use super::{Ended, interrupt, load, output, scan};
use crate::play;
use crate::roles::Actor;
use crate::scenario::Scenario;
use crate::scenario::report::Verdict;
use crate::sim::{self, Options, Orders, Staging, Swept};
use crate::time::Span;
use clap::ValueEnum;
use progress::Progress;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Parties and papers are made as everywhere else.
pub(super) const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};
/// How many seeds a sweep by the clock begins with before it looks at the clock again.
const CHUNK: usize = 64;

/// Run scenarios in the simulator: virtual time, a verdict for each, a seed for every failure.
///
/// The same seed gives the same journals, byte for byte, on any machine and on any store.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Scenario files, or folders of them; `-` reads one from stdin.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    select: select::Select,
    #[command(flatten)]
    explore: explore::Explore,
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
    /// End at the first seed that fails.
    #[arg(long)]
    fail_fast: bool,
    /// Leave failing runs as large as they are.
    #[arg(long, conflicts_with = "shrink_for")]
    no_shrink: bool,
    /// How long a failing run is made smaller.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    shrink_for: Span,
    /// Where fail-NAME-SEED.toml files go.
    #[arg(long, value_name = "DIR", default_value = ".")]
    failures: PathBuf,
    /// Write a trace of every failing run into this folder, as JSON lines.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// Which runs --trace writes.
    #[arg(long, value_enum, default_value_t = TraceOn::Fail, requires = "trace")]
    trace_on: TraceOn,
    /// Say what happened how often, and what never did.
    #[arg(long)]
    coverage: bool,
    /// Reports to write as files: `junit=F,json=F,html=F`.
    #[arg(long, value_name = "KIND=FILE,..")]
    report: Option<Reports>,
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
enum TraceOn {
    /// Those that failed: one for each property.
    Fail,
    /// All.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a scenario.
    Json,
}

/// What a whole command found.
#[derive(Default)]
struct Total {
    passed: usize,
    failed: usize,
    skipped: usize,
    never: usize,
    scenarios: usize,
    unsteady: bool,
}

pub(super) fn run(args: &Args) -> Ended {
    let pressed = interrupt::watch();
    let mut scenarios = load::scenarios(&args.paths, &args.vars)?;
    scenarios.retain(|scenario| args.select.wants(scenario));
    if scenarios.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            "find a scenario with these tags",
        ));
    }
    if args.explore.is_wanted() {
        return explore::run(args, &scenarios, &pressed);
    }
    let mut total = Total::default();
    let mut sweeps = Vec::new();
    let mut selected = 0;
    for scenario in &scenarios {
        if pressed.load(Ordering::Relaxed) {
            break;
        }
        let seeds = args.select.seeds(scenario, &args.failures)?;
        selected += seeds.len();
        if seeds.is_empty() {
            continue;
        }
        let share = args.select.share(scenarios.len());
        let swept = sweep(args, scenario, &seeds, share, &pressed)?;
        trace_failing(args, scenario, &swept)?;
        output::data(report(args, scenario, &swept, &pressed)?.as_bytes())?;
        total.add(scenario, &swept);
        sweeps.push((Arc::clone(scenario), swept.sweep));
    }
    if let Some(reports) = &args.report {
        reports.write(&sweeps)?;
    }
    if selected == 0 {
        return Err(Failure::new(Exit::Nothing, "select a seed: none is left"));
    }
    if args.format == Format::Text && total.scenarios > 1 {
        output::data(total.line().as_bytes())?;
    }
    Ok(if pressed.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else {
        total.exit()
    })
}

impl Total {
    fn add(&mut self, scenario: &Scenario, swept: &Swept) {
        let verdict = swept.sweep.verdict(scenario);
        self.scenarios += 1;
        self.passed += swept.sweep.passed.len();
        self.failed += swept.sweep.failed.len();
        self.skipped += usize::from(verdict == Verdict::Skipped);
        self.never += swept.sweep.never_reached(scenario).len();
        self.unsteady |= !swept.unsteady.is_empty();
    }

    fn line(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped, {} never reached\n",
            self.passed, self.failed, self.skipped, self.never
        )
    }

    const fn exit(&self) -> Exit {
        match self {
            Self { unsteady: true, .. } => Exit::NotDeterministic,
            Self { failed: 1.., .. } | Self { never: 1.., .. } => Exit::No,
            // What was skipped did not pass.
            Self { passed: 0, .. } => Exit::Nothing,
            _ => Exit::Done,
        }
    }
}

/// Runs the seeds; for a share of time, from the first seed on until it is over. In memory, all
/// cores share the seeds; in databases each seed has its own, one after the other.
fn sweep(
    args: &Args,
    scenario: &Arc<Scenario>,
    seeds: &[u64],
    share: Option<Span>,
    pressed: &AtomicBool,
) -> Result<Swept, Failure> {
    let began = progress::began();
    let in_time = || share.is_none_or(|share| began.elapsed() < share.to_std());
    let progress = Progress::new(scenario, share.is_none().then_some(seeds.len()));
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let orders = Orders {
        jobs: args.jobs.unwrap_or(cores),
        fail_fast: args.fail_fast,
        go_on: &|| !pressed.load(Ordering::Relaxed) && in_time(),
        each: &|report| progress.one_more(report),
    };
    let run = |seeds: &[u64], options: &Options<'_>| {
        let swept = sim::sweep(scenario, seeds, STAGING, options, &orders);
        swept.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))
    };
    let mut all = Swept::default();
    if args.store != StoreKind::Memory {
        for seed in seeds {
            let scratch = Scratch::new(args.store, args.database.as_deref())?;
            let open = |actor: &Actor, chain| scratch.open(actor, chain);
            let options = Options {
                store: Some(&open),
                ..Options::PLAIN
            };
            all.merge(run(&[*seed], &options)?);
        }
        return Ok(all);
    }
    if share.is_none() {
        return run(seeds, &Options::PLAIN);
    }
    let mut next = seeds.first().copied().unwrap_or(1);
    while (orders.go_on)() && (!args.fail_fast || all.sweep.failed.is_empty()) {
        let chunk: Vec<u64> = (next..).take(CHUNK).collect();
        next = next.saturating_add(chunk.len() as u64);
        all.merge(run(&chunk, &Options::PLAIN)?);
        if !all.sweep.skipped.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// Writes the traces that were asked for.
fn trace_failing(args: &Args, scenario: &Arc<Scenario>, swept: &Swept) -> Result<(), Failure> {
    let Some(folder) = &args.trace else {
        return Ok(());
    };
    let failing = swept.failing.iter().map(|report| report.seed);
    let seeds: Vec<u64> = match args.trace_on {
        TraceOn::Fail => failing.collect(),
        TraceOn::All => swept.sweep.fingerprints.keys().copied().collect(),
    };
    for seed in seeds {
        let path = folder.join(format!("{}-{seed}.jsonl", scenario.name));
        super::trace::write(scenario, seed, &path)?;
    }
    Ok(())
}

fn report(
    args: &Args,
    scenario: &Arc<Scenario>,
    swept: &Swept,
    pressed: &AtomicBool,
) -> Result<String, Failure> {
    if args.format == Format::Json {
        return Ok(format!("{}\n", swept.to_json(scenario)));
    }
    let mut told = Vec::new();
    if !args.no_shrink {
        let go_on = || !pressed.load(Ordering::Relaxed);
        let budget = args.shrink_for.to_std();
        for failing in &swept.failing {
            told.extend(fail::tell(
                scenario,
                failing,
                &args.failures,
                budget,
                &go_on,
            )?);
        }
    }
    let more = |file: &str, seed: u64, property: &str| {
        let of_it = |told: &&fail::Told| told.seed == seed && told.property == property;
        told.iter().find(of_it).map_or_else(
            || format!("   replay: quittance run {file} --seed {seed}\n"),
            |told| told.lines.clone(),
        )
    };
    let mut text = String::new();
    for seed in &swept.unsteady {
        let title = scenario.title();
        text.push_str(&format!(
            "NOT DETERMINISTIC {title}, seed {seed}: two runs differ\n"
        ));
    }
    if args.coverage {
        text.push_str(&swept.coverage());
    }
    let verdict = swept.sweep.text(scenario, more);
    Ok(text + &verdict)
}

//! `quittance replay`: a failing run once more, and nothing else.

use super::exit::{Exit, Failure};
use super::run::STAGING;
use super::{Ended, load, output, scan};
use crate::scenario::Scenario;
use crate::scenario::report::{Class, Failure as Failed};
use crate::sim::{self, Does, Options, RunReport};
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

/// Run a fail-*.toml file again: exit code 1 if the failure comes back, 0 if it is gone, 5 if the
/// same program gives another run than it did.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file that `quittance run` wrote.
    file: PathBuf,
    /// Tell what happens, up to this input.
    #[arg(long, value_name = "N")]
    until: Option<u64>,
    /// Tell what happens, one input for each press of Enter.
    #[arg(long)]
    step: bool,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let scenarios = load::scenarios(std::slice::from_ref(&args.file), &[])?;
    let scenario = scenarios.first().expect("a file that was read has a case");
    let Some(replay) = &scenario.replay else {
        let name = args.file.display();
        let failure = Failure::new(
            Exit::Malformed,
            format!("replay {name}: it has no [replay]"),
        );
        return Err(failure.hint("`quittance run FILE --seed N` runs one seed of a scenario"));
    };
    let options = Options {
        trace: true,
        ..Options::PLAIN
    };
    let report = sim::run(scenario, replay.seed, STAGING, &options);
    let report = report.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))?;
    if args.step || args.until.is_some() {
        tell(args, scenario, &report)?;
    }
    let mut failures = report.outcome.failures.iter();
    let same = |class: Class, property: &str| {
        class == replay.class && property == replay.property.as_str()
    };
    let recurs = failures.any(|failure| same(failure.class, &failure.property));
    let own_program = replay.program.as_str() == env!("CARGO_PKG_VERSION");
    let same_run = replay
        .trace
        .is_none_or(|trace| trace == report.fingerprint());
    let exit = match (recurs, same_run) {
        (true, true) => Exit::No,
        (true, false) if !own_program => Exit::No,
        (_, false) if own_program => Exit::NotDeterministic,
        _ => Exit::Done,
    };
    output::data(said(args, scenario, &report, exit).as_bytes())?;
    Ok(exit)
}

fn said(args: &Args, scenario: &Scenario, report: &RunReport, exit: Exit) -> String {
    let verdict = match exit {
        Exit::No => "it fails again",
        Exit::NotDeterministic => "another run than the one that was written down",
        _ => "it does not fail any more",
    };
    if args.format == Format::Json {
        let failures = report.outcome.failures.iter();
        let failures: Vec<_> = failures.map(Failed::to_json).collect();
        let fingerprint = format!("{:016x}", report.fingerprint());
        let object = serde_json::json!({
            "scenario": scenario.title(), "seed": report.seed, "verdict": verdict,
            "fingerprint": fingerprint, "failures": failures,
        });
        return format!("{object}\n");
    }
    let mut out = String::new();
    for failure in &report.outcome.failures {
        let since = failure.at.since(scenario.run.starts);
        out.push_str(&format!(
            "FAIL {} {} at +{since}\n   expected: {}\n   actual:   {}\n",
            failure.class, failure.property, failure.expected, failure.actual
        ));
    }
    out + &format!("{}, seed {}: {verdict}\n", scenario.title(), report.seed)
}

/// Tells the run's inputs with what came of each.
fn tell(args: &Args, scenario: &Arc<Scenario>, report: &RunReport) -> Result<(), Failure> {
    let starts = scenario.run.starts;
    if args.step && std::io::stdin().is_terminal() {
        output::say("Enter plays the next input, q ends");
    }
    let mut enter = std::io::stdin().lock().lines();
    let mut ended = || match enter.next() {
        Some(Ok(pressed)) => pressed.trim() == "q",
        _ => true, // nobody presses Enter any more
    };
    for line in &report.lines.lines {
        if args.until.is_some_and(|until| line.n > until) {
            break;
        }
        if args.step && line.n > 0 && line.does != Does::Fact && ended() {
            break;
        }
        output::data(format!("{}\n", line.text(starts)).as_bytes())?;
    }
    Ok(())
}

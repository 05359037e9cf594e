//! `quittance run --explore`: every interleaving and every single fault of tiny stories.

use super::{Args, Format, STAGING};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Ended, output, scan};
use crate::scenario::Scenario;
use crate::sim::{self, Bounds, Exploration, Found};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How exploring goes.
#[derive(clap::Args)]
pub(super) struct Explore {
    /// Try every order in which messages can arrive, and on each path every single fault, instead
    /// of drawing them by seeds. For tiny stories.
    #[arg(
        long = "explore",
        conflicts_with_all = ["store", "trace", "coverage", "report", "fail_fast"]
    )]
    wanted: bool,
    /// The most states that --explore looks at.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000_000,
        requires = "wanted"
    )]
    states: usize,
    /// Explore the orders of arrival only: nothing goes wrong.
    #[arg(long, requires = "wanted")]
    no_faults: bool,
}

impl Explore {
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }
}

pub(super) fn run(args: &Args, scenarios: &[Arc<Scenario>], pressed: &AtomicBool) -> Ended {
    let mut failed = false;
    let bounds = Bounds {
        states: args.explore.states,
        faults: !args.explore.no_faults,
    };
    let go_on = || !pressed.load(Ordering::Relaxed);
    for scenario in scenarios {
        let seeds = args.select.seeds(scenario, &args.failures)?;
        let seed = seeds.first().copied().unwrap_or(1);
        let explored = sim::explore(scenario, seed, STAGING, bounds, &go_on);
        let explored =
            explored.map_err(|error| Failure::new(Exit::Environment, scan::full(&error)))?;
        failed |= explored.violation.is_some();
        let file = explored
            .violation
            .as_ref()
            .map(|found| write(args, found))
            .transpose()?
            .flatten();
        let text = match args.format {
            Format::Json => format!("{}\n", to_json(scenario, &explored, file.as_ref())),
            Format::Text => told(scenario, &explored, file.as_ref()),
        };
        output::data(text.as_bytes())?;
    }
    Ok(match (pressed.load(Ordering::Relaxed), failed) {
        (true, _) => Exit::Interrupted,
        (_, true) => Exit::No,
        _ => Exit::Done,
    })
}

/// Writes the file that replays what was found, when a run confirmed it.
fn write(args: &Args, found: &Found) -> Result<Option<PathBuf>, Failure> {
    let Some(report) = &found.replay else {
        return Ok(None);
    };
    let program = concat!("quittance ", env!("CARGO_PKG_VERSION"));
    let text = sim::as_scenario(&found.scenario, report, program);
    let path = args
        .failures
        .join(format!("fail-{}-explored.toml", found.scenario.name));
    std::fs::write(&path, text).map_err(|error| {
        Failure::new(
            Exit::Environment,
            format!("write {}: {error}", path.display()),
        )
    })?;
    Ok(Some(path))
}

fn told(scenario: &Scenario, explored: &Exploration, file: Option<&PathBuf>) -> String {
    let mut text = String::new();
    if let Some(found) = &explored.violation {
        let failure = &found.failure;
        let _infallible = writeln!(text, "FAIL {} {}", failure.class, failure.property);
        if !failure.why.as_str().is_empty() {
            let _infallible = writeln!(text, "   why: {}", failure.why);
        }
        let (steps, fault) = (
            found.steps,
            found.fault.as_deref().unwrap_or("nothing went wrong"),
        );
        let _infallible = writeln!(text, "   after {steps} steps: {fault}");
        let _infallible = writeln!(text, "   expected: {}", failure.expected);
        let _infallible = writeln!(text, "   actual:   {} ({})", failure.actual, failure.place);
        for line in &failure.chain {
            let _infallible = writeln!(text, "     {line}");
        }
        let _infallible = match file {
            Some(path) => writeln!(text, "   replay: quittance replay {}", path.display()),
            None => writeln!(
                text,
                "   its order of arrivals is no plan of delays: explore again"
            ),
        };
    }
    let how = if explored.exhausted {
        "exhausted: every state within reach was seen"
    } else {
        "not exhausted: the bound came first"
    };
    let _infallible = writeln!(
        text,
        "{}: {} states, {} transitions ({} to known states), depth {}, {} ends; {how}",
        scenario.title(),
        explored.states,
        explored.transitions,
        explored.merged,
        explored.depth,
        explored.ends,
    );
    text
}

fn to_json(
    scenario: &Scenario,
    explored: &Exploration,
    file: Option<&PathBuf>,
) -> serde_json::Value {
    let violation = explored.violation.as_ref().map(|found| {
        json!({
            "failure": found.failure.to_json(), "steps": found.steps, "fault": found.fault,
            "replay": file.map(|path| path.display().to_string()),
        })
    });
    json!({
        "scenario": scenario.title(), "states": explored.states,
        "transitions": explored.transitions, "merged": explored.merged,
        "depth": explored.depth, "ends": explored.ends, "exhausted": explored.exhausted,
        "violation": violation,
    })
}

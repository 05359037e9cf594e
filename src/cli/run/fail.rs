//! What a failing seed leaves behind: its story made small, in a file, and told.

use super::{STAGING, progress};
use crate::cli::exit::{Exit, Failure};
use crate::scenario::report::Failure as Failed;
use crate::scenario::{CHAIN_LINES_MAX, Scenario};
use crate::sim::{self, Line, Options, RunReport, Shrunk, Trace};
use crate::text::Text;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A failing run, told.
pub(super) struct Told {
    pub(super) seed: u64,
    pub(super) property: String,
    pub(super) lines: String,
}

/// Shrinks the first failure of a run, writes its file, and tells the story.
pub(super) fn tell(
    scenario: &Arc<Scenario>,
    report: &RunReport,
    folder: &Path,
    budget: Duration,
    go_on: &dyn Fn() -> bool,
) -> Result<Vec<Told>, Failure> {
    let Some(failure) = report.outcome.failures.first() else {
        return Ok(Vec::new());
    };
    let began = progress::began();
    let in_time = || began.elapsed() < budget && go_on();
    let told = |lines| Told {
        seed: report.seed,
        property: failure.property.clone(),
        lines,
    };
    let Some(shrunk) = sim::shrink(scenario, report, failure, STAGING, &in_time) else {
        let why = "   it did not come back when its plan was followed: not deterministic\n";
        return Ok(vec![told(why.to_owned())]);
    };
    let path = write(scenario, &shrunk, folder)?;
    let mut lines = story(&shrunk);
    let choices = shrunk.plan.choices.len();
    let (from, runs) = (shrunk.choices, shrunk.runs);
    let _infallible = writeln!(
        lines,
        "   the plan, {choices} of {from} choices, after {runs} runs:"
    );
    for word in shrunk.words() {
        let _infallible = writeln!(lines, "     {word}");
    }
    if choices == 0 {
        lines.push_str("     nothing has to go wrong\n");
    }
    let _infallible = writeln!(lines, "   replay: quittance replay {}", path.display());
    Ok(vec![told(lines)])
}

/// The causes and the ladder of what failed, from one more run with its trace.
fn story(shrunk: &Shrunk) -> String {
    let options = Options {
        plan: Some(shrunk.plan.clone()),
        trace: true,
        ..Options::PLAIN
    };
    let seed = shrunk.report.seed;
    let Ok(report) = sim::run(&shrunk.scenario, seed, STAGING, &options) else {
        return String::new();
    };
    let starts = shrunk.scenario.run.starts;
    let trace = &report.lines;
    let until = shrunk.failure.at;
    let receipt = about(trace, &shrunk.failure);
    let mut out = String::new();
    let chain = trace.chain(receipt.as_ref(), until, CHAIN_LINES_MAX);
    if chain.len() > 1 {
        out.push_str("   because:\n");
        chain
            .iter()
            .for_each(|line| out.push_str(&format!("     {}\n", line.text(starts))));
    }
    let ladder = trace.ladder(receipt.as_ref(), until, starts);
    if ladder.len() > 1 {
        let of = receipt.map(|receipt| format!(" of {receipt}"));
        out.push_str(&format!("   messages{}:\n", of.unwrap_or_default()));
        ladder
            .iter()
            .for_each(|rung| out.push_str(&format!("   {rung}\n")));
    }
    out
}

/// The receipt that a failure is about: the last one that anything was about when it failed.
fn about(trace: &Trace, failure: &Failed) -> Option<Text> {
    let before = |line: &&Line| line.at <= failure.at && line.receipt.is_some();
    let last = trace.lines.iter().rev().find(before)?;
    last.receipt.clone()
}

fn write(scenario: &Scenario, shrunk: &Shrunk, folder: &Path) -> Result<PathBuf, Failure> {
    let name = format!("fail-{}-{}.toml", scenario.name, shrunk.report.seed);
    let path = folder.join(name);
    let text = shrunk.file(env!("CARGO_PKG_VERSION"));
    std::fs::write(&path, text).map_err(|error| {
        let name = path.display();
        Failure::new(Exit::Environment, format!("write {name}: {error}"))
    })?;
    Ok(path)
}

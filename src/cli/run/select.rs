//! Which scenarios and which seeds.

use crate::cli::exit::{Exit, Failure};
use crate::scenario::{Scenario, Seeds};
use crate::time::Span;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[derive(clap::Args)]
pub(super) struct Select {
    /// One seed only.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// These seeds, such as 1..=1000, instead of the file's own.
    #[arg(long)]
    seeds: Option<Seeds>,
    /// As many seeds as this time allows, shared by the scenarios: 60s, 1h.
    #[arg(long = "for", value_name = "TIME", conflicts_with_all = ["seed", "partition"])]
    lasts: Option<Span>,
    /// One part of the seeds, for several machines: slice:1/4.
    #[arg(long, value_name = "slice:K/N")]
    partition: Option<Slice>,
    /// Only scenarios with this tag; several: with all of them.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// Only seeds that failed: `failed` for those with a fail-NAME-SEED.toml file, or the file of
    /// an earlier run's --format json.
    #[arg(long, value_name = "failed|FILE", conflicts_with_all = ["seed", "seeds", "lasts"])]
    rerun: Option<PathBuf>,
}

/// The `k`th of `n` parts.
#[derive(Clone, Copy)]
struct Slice {
    k: usize,
    n: usize,
}

impl FromStr for Slice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (k, n) = text.strip_prefix("slice:")?.split_once('/')?;
            let slice = Self {
                k: k.parse().ok()?,
                n: n.parse().ok()?,
            };
            (slice.k > 0 && slice.k <= slice.n).then_some(slice)
        };
        read().ok_or_else(|| "expected slice:K/N with K from 1 to N, such as slice:1/4".to_owned())
    }
}

impl Select {
    /// Whether the scenario has all the tags.
    pub(super) fn wants(&self, scenario: &Scenario) -> bool {
        let has = |tag: &String| scenario.tags.iter().any(|own| own.as_str() == tag);
        self.tags.iter().all(has)
    }

    /// A scenario's share of the time, when it goes by time.
    pub(super) fn share(&self, scenarios: usize) -> Option<Span> {
        let scenarios = u64::try_from(scenarios.max(1)).unwrap_or(u64::MAX);
        self.lasts
            .map(|lasts| Span::nanos(lasts.as_nanos() / scenarios))
    }

    /// The seeds of a scenario, in order.
    pub(super) fn seeds(&self, scenario: &Scenario, failures: &Path) -> Result<Vec<u64>, Failure> {
        let all: Vec<u64> = match (&self.rerun, self.seed, self.seeds) {
            (Some(rerun), ..) => failed(scenario, rerun, failures)?,
            (None, Some(seed), _) => vec![seed],
            (None, None, Some(seeds)) => seeds.iter().collect(),
            (None, None, None) => scenario.run.seeds.iter().collect(),
        };
        let Some(Slice { k, n }) = self.partition else {
            return Ok(all);
        };
        let mine = all.into_iter().enumerate();
        let mine = mine.filter(|(at, _)| at % n == k - 1);
        Ok(mine.map(|(_, seed)| seed).collect())
    }
}

/// The seeds of a scenario that failed before.
fn failed(scenario: &Scenario, rerun: &Path, failures: &Path) -> Result<Vec<u64>, Failure> {
    if rerun == Path::new("failed") {
        return Ok(of_files(scenario, failures));
    }
    let text = crate::cli::load::text(rerun)?;
    let mut seeds = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let report: serde_json::Value = serde_json::from_str(line).map_err(|error| {
            let (name, line) = (rerun.display(), at + 1);
            Failure::new(Exit::Malformed, format!("read {name}:{line}: {error}"))
        })?;
        if report["scenario"].as_str() == Some(&scenario.title()) {
            let failed = report["failed"].as_array().into_iter().flatten();
            seeds.extend(failed.filter_map(|failed| failed["seed"].as_u64()));
        }
    }
    Ok(seeds)
}

fn of_files(scenario: &Scenario, folder: &Path) -> Vec<u64> {
    let prefix = format!("fail-{}-", scenario.name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let seed = |name: String| {
        let rest = name.strip_prefix(&prefix)?.strip_suffix(".toml")?;
        rest.parse().ok()
    };
    let mut seeds: Vec<u64> = names.filter_map(seed).collect();
    seeds.sort_unstable();
    seeds
}

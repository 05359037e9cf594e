//! Reports of a run, as files: JUnit for CI, JSON for tools, one HTML page for people.

use super::exit::{Exit, Failure};
use crate::scenario::report::Sweep;
use crate::scenario::{Scenario, junit, page};
use std::path::PathBuf;
use std::sync::Arc;

/// Where which report goes: `junit=F,json=F,html=F`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reports(Vec<(Kind, PathBuf)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Junit,
    Json,
    Html,
}

impl std::str::FromStr for Reports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let each = text.split(',').map(|part| {
            let (kind, file) = part
                .split_once('=')
                .ok_or("expected junit=F,json=F,html=F")?;
            let kind = match kind {
                "junit" => Kind::Junit,
                "json" => Kind::Json,
                "html" => Kind::Html,
                _ => return Err(format!("unknown report `{kind}`: one of junit, json, html")),
            };
            Ok((kind, PathBuf::from(file)))
        });
        each.collect::<Result<_, String>>().map(Self)
    }
}

impl Reports {
    /// Writes them all.
    pub(super) fn write(&self, sweeps: &[(Arc<Scenario>, Sweep)]) -> Result<(), Failure> {
        for (kind, file) in &self.0 {
            let text = match kind {
                Kind::Junit => junit::junit(sweeps),
                Kind::Html => page::html(sweeps),
                Kind::Json => {
                    let all = sweeps
                        .iter()
                        .map(|(scenario, sweep)| sweep.to_json(scenario));
                    let all: Vec<_> = all.collect();
                    format!("{:#}\n", serde_json::json!({ "scenarios": all }))
                }
            };
            std::fs::write(file, text).map_err(|error| {
                let name = file.display();
                Failure::new(Exit::Environment, format!("write {name}: {error}"))
            })?;
        }
        Ok(())
    }
}

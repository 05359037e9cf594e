//! Scenarios: schema, expectations, invariants and report, all pure (floor 5).
//!
//! [`Scenario::parse`] reads a TOML file to a checked [`Scenario`] or lists everything that is
//! wrong with it. A driver plays the scenario's steps and faults; it need not know what must hold.

pub mod carries;
pub mod compose;
pub(crate) mod diagnostic;
pub mod expect;
pub mod facts;
mod features;
pub mod fmt;
mod index;
pub mod invariants;
pub mod json_schema;
mod judge;
pub mod junit;
pub mod keys;
mod load;
pub(crate) mod lower;
pub mod page;
pub mod reached;
pub mod replay;
pub mod report;
mod schema;
pub mod templates;
mod units;
pub mod vocab;

pub use compose::Source;
pub use diagnostic::{Code, Diagnostic, Invalid, Lines, Mark, Spot};
pub use features::Feature;
pub use judge::{CHAIN_LINES_MAX, FAILURES_MAX, Judge, REMEMBERED_MAX};
pub use load::{VISITS_MAX, Visit};
pub use lower::{ERRORS_MAX, SOURCE_BYTES_MAX};
pub use schema::*;
#[cfg(test)]
mod tests;

pub use units::{Bandwidth, Drawn, Range, Rate, Seeds, Share, Skew, UnitError};

impl Scenario {
    /// Reads a scenario's TOML: the first case of a file that stands on no other. `file` is its
    /// name in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, in one pass, each with its place; the command line ends
    /// with code 3.
    pub fn parse(file: &str, source: &str) -> Result<Self, Invalid> {
        let base = |_: &str, _: &str| Err("bases are not read here".to_owned());
        let cases = Self::cases(&Source {
            file,
            text: source,
            base: &base,
            vars: &std::collections::BTreeMap::new(),
        })?;
        Ok(cases
            .into_iter()
            .next()
            .expect("a file that is sound has a case"))
    }

    /// Reads every case of a scenario file: see [`Source`].
    ///
    /// # Errors
    /// See [`parse`](Self::parse).
    pub fn cases(source: &Source<'_>) -> Result<Vec<Self>, Invalid> {
        lower::cases(source)
    }
}

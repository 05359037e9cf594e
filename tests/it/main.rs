//! Everything that is tested from outside, in one binary.

mod cli;
#[cfg(test)]
mod node;
#[cfg(test)]
mod stores;
mod tidy;

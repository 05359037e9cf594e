//! Everything that is tested from outside, in one binary.

mod cli;
#[cfg(test)]
mod node;
mod tidy;

//! Everything that is tested from outside, in one binary.

#[cfg(all(test, feature = "seeded-bugs"))]
mod bugs;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod code;
#[cfg(test)]
mod equivalence;
mod explore;
#[cfg(test)]
mod front;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod node;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod receipt;
#[cfg(test)]
mod runner;
#[cfg(test)]
mod scenario;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tidy;

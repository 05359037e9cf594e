//! A story played: the same parties and papers in the simulator and over loopback.

mod staging;

pub use staging::{cast, paper, part};

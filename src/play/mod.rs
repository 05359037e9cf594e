//! A story played: the same parties and papers in the simulator and over loopback.

mod address;
mod desk;
mod load;
mod loopback;
mod network;
pub mod proxy;
mod questions;
mod staging;

pub use address::{Addresses, Enrolment, listeners, operator_key, operator_name};
pub use desk::{DeskMachine, RunningDesk};
pub use load::{Load, Tally, load};
pub use loopback::{Setting, Told, play};
pub use network::{Keep, Network, PlayError, Start, listen};
pub use staging::{actors, cast, certified, issued, paper, part, parts, till};

//! A story played: the same parties and papers in the simulator and over loopback.

mod address;
mod desk;
mod loopback;
mod network;
mod staging;

pub use address::{Addresses, Enrolment, listeners};
pub use desk::{DeskMachine, RunningDesk};
pub use loopback::{Setting, Told, play};
pub use network::{Keep, Network, PlayError, Start, listen};
pub use staging::{actors, cast, paper, part};

//! The simulator: every party's real code in virtual time.
//!
//! A [`World`] drives roles as the network's node does, with the same
//! [`Group`](crate::roles::Group): it gives them a clock that jumps, links that lose, repeat and
//! delay, power that fails at commits, and draws. One thread, no clock of its own, no tick. The
//! same seed gives the same journals to the byte; every adverse choice is written into a [`Plan`],
//! which can be followed again.

mod attack;
mod counter;
mod director;
mod draw;
mod explore;
mod guide;
mod link;
mod live;
mod member;
mod observer;
mod people;
mod plan;
mod printers;
mod queue;
mod quiet;
mod rule;
mod run;
mod shrink;
mod subject;
mod swarm;
mod sweep;
#[cfg(test)]
mod tests;
mod trace;
mod travel;
mod watch;
mod weather;
mod world;

pub use draw::DrawKey;
pub use explore::{Bounds, Exploration, Found, explore};
pub use link::{Link, Links};
pub use live::Live;
pub use member::{Disk, Store};
pub use observer::{Does, Observer, Sent, Step};
pub use plan::{Choice, Fault, Moment, Plan, What};
pub use quiet::Waiting;
pub use rule::Rule;
pub use run::{EVENTS_MAX, Opener, Options, RunError, RunReport, Staging, run};
pub use shrink::{Shrunk, as_scenario, shrink};
pub use sweep::{Explored, KEPT_MAX, Orders, Swept, crash_everywhere, sweep, unknown};
pub use trace::{LADDER_MAX, LINES_MAX, Line, Trace};
pub use weather::Weather;
pub use world::{Counters, Next, World};

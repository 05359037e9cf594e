//! Where screens get their events: live servers, or a simulation. They cannot tell which.
//!
//! A source gives entries of journals and nothing else that a [`Board`](crate::board::Board) would
//! take; that is what makes a screen honest in both. It does nothing and wakes nobody while nothing
//! happens.

mod live;
mod simulated;

pub use live::Live;
pub use simulated::{Pace, SPEEDS, Simulated};

use crate::id::{OrderId, Party};
use crate::journal::Entry;
use crate::net::Counts;
use crate::text::Text;
use crate::time::Time;

/// What a source tells.
#[derive(Clone, Debug)]
pub enum News {
    /// What happened, each party's entries in their order.
    Entries(Vec<(Party, Entry)>),
    /// Everything about one order, as it was asked for; each party's entries in their order.
    Order(OrderId, Vec<(Party, Entry)>),
    /// How one server is.
    Server(usize, Server),
    /// A journal was begun anew or is not the one that was read: forget everything, it comes again.
    Reset(Text),
    /// Nothing more will happen.
    Over,
}

/// How a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its party, or its address while it has not answered.
    pub name: Text,
    /// Why it cannot be read, and since when.
    pub down: Option<(Text, Time)>,
    /// Whether everything that it has was read.
    pub caught_up: bool,
    /// What it dropped, put off and refused since it started.
    pub counts: Counts,
}

/// Where events come from.
pub trait Source: Send {
    /// What the screens call it: `3 servers`, `SIM lunch-rush seed 42 x1`.
    fn title(&self) -> Text;

    /// The instant that ages are measured at.
    fn now(&self) -> Time;

    /// The next that is to be told. Dropping the future loses nothing.
    fn next(&mut self) -> impl Future<Output = News> + Send;

    /// Asks for everything about an order; it comes as [`News::Order`].
    fn ask(&mut self, order: OrderId);

    /// Changes how a simulation runs; of live servers it changes nothing.
    fn pace(&mut self, pace: Pace);
}

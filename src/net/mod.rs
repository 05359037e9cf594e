//! The network's driver: gives a role real time, HTTP, printers and a database.
//!
//! A [`Node`] runs one role. Requests are authenticated ([`signature`]) and admitted in parallel on
//! the async runtime; admitted inputs go through one bounded queue to the writer, a thread that
//! owns the store, runs [`roles::Group`](crate::roles::Group) on whatever is queued and commits it
//! together. Only then do replies, messages and effects leave. Timers are the store's; the writer
//! remembers only when to ask. What is dropped anywhere on the way (a full queue, a dead peer, a
//! lost answer) is counted and nothing else: retries and time-outs live in roles, so they are
//! simulated too.
//!
//! [`raw`] gives a print-capture machine its tills: the RAW 9100 port.

mod client;
pub mod clock;
pub mod directory;
mod fields;
mod line;
pub mod lpd;
mod mail;
mod node;
pub mod operator;
mod page;
pub mod printer;
mod queue;
pub mod raw;
mod replay;
mod reply;
mod server;
pub mod signature;
pub mod spool;
mod wire;
mod writer;

pub use client::BATCH_MAX;
pub use clock::Clock;
pub use directory::{App, AppKey, Auth, Directory, Endpoint, Peer, Secret};
pub use fields::ParseError;
pub use mail::{BOX_MESSAGES_MAX, BOXES_MAX};
pub use node::{AskAgain, Counts, Inbox, Limits, Node, NodeError, OUTLET_MAX, Setup, bind};
pub use queue::{QUEUE_MAX, QUEUE_NEW_MAX};
pub use replay::{FRESH_SPAN, NONCES_MAX};
pub use server::CONNECTIONS_MAX;
pub use writer::GROUP_MAX;

//! The operator's interface: what a person may see of a node. It reads, and can do nothing else.
//!
//! | request | answer, as JSON lines after a [`Head`] |
//! |---|---|
//! | `POST /v1/operator/events` [`Events`] | the journal after a position; waits for news |
//! | `POST /v1/operator/orders` [`Orders`] | a page of orders, the newest first |
//! | `POST /v1/operator/order` [`Order`] | one order, then every entry about it |
//! | `POST /v1/operator/accounts` [`Accounts`] | a page of books, with posted and held |
//!
//! Requests and answers are signed as between servers, with a key of the person's own; that key
//! opens nothing else, and a party's key does not open this. States bear their external names
//! (O16); an entry of the journal is shown as it stands.
//!
//! Why it is no burden: events are read from the journal in small pages between two commits, and
//! orders and accounts come from a [`Board`](crate::board::Board) that follows the journal only
//! when somebody asks. Nobody asks, nothing is read.

mod client;
mod desk;

pub use client::{AskError, Operator, Page};
pub(super) use desk::{Desk, answer};

use super::node::Counts;
use crate::id::{OrderId, Party};
use crate::time::Time;
use crate::words::words;

/// What every question's path begins with.
pub(super) const PATH: &str = "/v1/operator/";
/// The most orders or accounts of one page.
pub const PAGE_MAX: usize = 500;
/// About how many bytes one answer takes at most.
pub const PAGE_BYTES_MAX: usize = 192 * 1024;

words! {
    /// What an operator can ask.
    pub enum Question {
        /// [`Events`].
        Events = "events",
        /// [`Orders`].
        Orders = "orders",
        /// [`Order`].
        Order = "order",
        /// [`Accounts`].
        Accounts = "accounts",
    }
}

/// What happened after a position?
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The last entry that is known, per lane.
    pub after: Vec<(u32, u64)>,
    /// How long to wait for news when there are none, in milliseconds.
    pub wait_ms: u32,
}

/// Which orders are there?
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// See [`Filter`](crate::query::Filter), over [`FIELDS`](crate::board::FIELDS).
    pub filter: String,
    /// Only those that came up before this one: where the last page ended.
    pub before: Option<OrderId>,
    /// How many at most.
    pub max: usize,
}

/// What became of one order?
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its id, its receipt's uid, or the shop's order number.
    pub find: String,
}

/// What is on the books?
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// See [`Filter`](crate::query::Filter), over
    /// [`BookLine::FIELDS`](crate::board::BookLine::FIELDS).
    pub filter: String,
    /// How many to pass over: where the last page ended.
    pub from: usize,
    /// How many at most.
    pub max: usize,
}

/// The first line of every answer: who answers, and how fresh it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Whose journal it is.
    pub party: Party,
    /// The node's clock.
    pub now: Time,
    /// How far the answer goes, per lane; for a position beyond the journal's end, where it ends.
    pub at: Vec<(u32, u64)>,
    /// Whether that is all there is; if not, asking again gets further.
    pub caught_up: bool,
    /// Orders: go on before this one.
    pub before: Option<OrderId>,
    /// Accounts: go on from here.
    pub from: Option<usize>,
    /// What the node dropped, put off and refused since it started.
    pub counts: Counts,
}

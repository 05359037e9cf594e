//! Quittance makes any till's printed receipt payable by any bank's app.
//!
//! A print-capture terminal reads the transaction off the paper, its chip seals and signs it with
//! the merchant's key, and it is printed back as a QR code. The customer's bank app scans it and
//! verifies source and integrity offline; the gateway opens the seal and raises one payment order
//! per receipt; the bank raises its own order from that one, checks the account, holds the money,
//! asks for the order, posts, and everyone hears of it, the shop's printer included.
//!
//! # The architecture on a page
//!
//! 1. **A role decides; it does not do.** [`roles::Role`] admits (signatures, no rows) and handles
//!    (rows, no signatures). No socket, file, clock, thread or randomness.
//! 2. **One input is one transaction** over [`store`] rows; dropping the working set is the abort.
//! 3. **Nothing that promises leaves before it is durable**: [`roles::Group`] runs a batch, commits
//!    it once, then releases.
//! 4. **A driver gives a role its world**: `sim` virtual time and faults, `net` sockets and disks.
//!    The roles and the transaction code are the same to the line.
//! 5. **Everything that happens is an event** in a hash-chained [`journal`].
//!
//! From the ground up: values ([`money`], [`time`], [`text`], [`id`], [`chance`], [`sign`]); paper
//! ([`receipt`]) and code ([`code`]); the money's words ([`order`], [`message`], [`journal`]) and
//! rows ([`store`]); policy ([`ledger`], [`roles`]); stories ([`scenario`]); drivers; what people
//! look at; the commands. A module imports only from lower floors. ARCHITECTURE.md has the table
//! and the reasons.

#[cfg(all(feature = "seeded-bugs", not(debug_assertions)))]
compile_error!("seeded defects are for tests: no release is built with them");

pub mod attack;
pub mod board;
pub mod cast;
pub mod chance;
pub mod cli;
pub mod code;
pub mod config;
pub mod db;
pub mod hex;
pub mod id;
pub mod journal;
pub mod ledger;
pub mod message;
pub mod money;
pub mod net;
pub mod order;
pub mod play;
pub mod query;
pub mod receipt;
pub mod roles;
pub mod scenario;
pub mod sign;
pub mod sim;
pub mod source;
pub mod store;
pub mod text;
pub mod time;
pub mod token;
pub mod tui;
pub mod words;

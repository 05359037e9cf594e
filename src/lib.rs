//! Quittance makes any till's printed receipt payable by any bank's app.

pub mod cast;
pub mod chance;
pub mod code;
pub mod hex;
pub mod id;
pub mod journal;
pub mod ledger;
pub mod message;
pub mod money;
pub mod order;
pub mod receipt;
pub mod roles;
pub mod scenario;
pub mod sign;
pub mod store;
pub mod text;
pub mod time;
pub mod words;

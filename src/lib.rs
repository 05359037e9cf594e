//! Quittance makes any till's printed receipt payable by any bank's app.

pub mod chance;
pub mod code;
pub mod hex;
pub mod id;
pub mod money;
pub mod receipt;
pub mod scenario;
pub mod sign;
pub mod text;
pub mod time;

//! The payment code, between bytes and meaning: sealed, linked, drawn and scanned.
//!
//! [`sealed`] is the format (version 1): who printed it, what is owed, and that nobody altered
//! it. [`link`] is its text, [`bundle`] is what a phone must hold to check it offline,
//! [`symbol`], [`draw`] and [`scan`] are its picture; [`issuer`] certifies who may print it.
//! [`explain`] takes a code apart, [`vectors`] runs test vectors step by step.

pub mod bundle;
pub mod distort;
pub mod draw;
pub mod explain;
pub mod issuer;
pub mod link;
pub mod scan;
pub mod sealed;
pub mod symbol;
pub mod vectors;

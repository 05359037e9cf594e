//! The network's driver with a toy role: what arrives, what leaves, and when.

mod http;
mod page;
mod ports;
mod toy;
mod writer;

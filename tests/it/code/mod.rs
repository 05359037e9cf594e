//! The payment code's own commands: issuer, chip, code, attack.

mod attack;
mod chip;
mod explain;
mod issuer;

use crate::cli::quittance;
use std::path::Path;
use std::process::Output;

/// Runs the program with an option that names a file or folder.
fn at(option: &str, path: &Path, args: &[&str]) -> Output {
    let path = path.to_str().unwrap();
    quittance(&[args, &[option, path]].concat(), b"")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

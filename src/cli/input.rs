//! What the program is given: files and stdin, bounded.

use super::exit::{Exit, Failure};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most bytes that a command reads from one file or from stdin.
pub(super) const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a file, or stdin when it is `-`, up to [`INPUT_BYTES_MAX`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return bounded(io::stdin().lock(), "stdin");
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::Nothing,
            _ => Exit::Environment,
        };
        Failure::new(exit, format!("open {name}: {error}"))
    })?;
    bounded(file, &name)
}

fn bounded(from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(Exit::Environment, format!("read {name}: {error}")))?;
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if len > INPUT_BYTES_MAX {
        let limit = INPUT_BYTES_MAX / (1024 * 1024);
        return Err(Failure::new(
            Exit::Malformed,
            format!("read {name}: it is larger than {limit} MiB"),
        ));
    }
    Ok(bytes)
}

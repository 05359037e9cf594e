//! Private files: made with fresh random bytes, readable by their owner only.

use super::exit::{Exit, Failure};
use crate::chance::Chance;
use crate::hex;
use ring::rand::SecureRandom as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What every key of a network is drawn from.
pub(super) const NETWORK: &str = "network.key";
/// What an operator's requests are signed with.
pub(super) const OPERATOR: &str = "operator.key";

/// Makes the folder of a new network's keys, with a fresh secret for the network and what follows
/// from it for an operator, who may look and needs to know no more. Nothing that is there is
/// touched.
pub(super) fn create(folder: &Path) -> Result<(), Failure> {
    let name = folder.display();
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::new(Exit::Environment, format!("make folder {name}: {error}")))?;
    let secret = random::<16>()?;
    let operator = crate::play::operator_key(&Chance::new(secret));
    write(&folder.join(NETWORK), &hex::encode(&secret))?;
    write(&folder.join(OPERATOR), &hex::encode(&operator))
}

/// The secret of a network.
pub(super) fn network(folder: &Path) -> Result<[u8; 16], Failure> {
    read(&folder.join(NETWORK))
}

/// Reads a private file's bytes; one that others may read is not private.
pub(super) fn read<const N: usize>(path: &Path) -> Result<[u8; N], Failure> {
    let name = path.display();
    let broken = |exit, what: String| Failure::new(exit, format!("read key {name}: {what}"));
    let text = std::fs::read_to_string(path).map_err(|error| {
        broken(Exit::Environment, error.to_string()).hint("`quittance init` makes fresh keys")
    })?;
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        let what = format!("others may read it (mode {:04o})", mode & 0o7777);
        return Err(broken(Exit::Environment, what).hint(format!("chmod 600 {name}")));
    }
    hex::decode_array(text.trim()).map_err(|error| broken(Exit::Malformed, error.to_string()))
}

/// Writes a private file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    });
    written.map_err(|error| {
        let name = path.display();
        Failure::new(Exit::Environment, format!("write {name}: {error}"))
    })
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_unspecified| {
        Failure::new(
            Exit::Environment,
            "draw a key: the system gave no randomness",
        )
    })?;
    Ok(bytes)
}

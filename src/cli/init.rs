//! `quittance init`: a test network of one's own, with fresh keys and certificates.

use super::exit::{Exit, Failure};
use super::network::{self, Place};
use super::settings::Args as Network;
use super::{Ended, clock, output, scheme, secrets};
use crate::config;
use crate::hex;
use std::path::{Path, PathBuf};

/// Write a configuration with fresh keys and certificates for a test network.
///
/// In the folder: `quittance.toml`, every setting with a comment; `keys/` and `issuer/`, private
/// (0700, files 0600), the second being what `quittance issuer` works on; `certificates/`, one for
/// each terminal; `trust.json`, the signed bundle that wallets and
/// banks check codes with, and `root.pub`, which it is checked with. Nothing that is there is
/// touched.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where; the current folder unless given.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> Ended {
    let folder = &args.folder;
    for name in [
        config::FILE,
        "keys",
        "issuer",
        "certificates",
        network::TRUST,
        scheme::ROOT,
    ] {
        let path = folder.join(name);
        if path.exists() {
            let what = format!("write {}: it is there already", path.display());
            let failure = Failure::new(Exit::Environment, what);
            return Err(failure.hint("init never overwrites; name another folder"));
        }
    }
    secrets::create(&folder.join("keys"))?;
    let path = folder.join(config::FILE);
    write(&path, config::fresh(clock::now()).as_bytes())?;
    let network = Network {
        config: Some(path.clone()),
        ..Network::default()
    };
    scheme::begin(folder)?;
    // Opening the network certifies everybody and publishes the first trust bundle.
    let place = Place::open(&network)?;
    certify(folder, &place)?;
    output::data(format!("{}\n", path.display()).as_bytes())?;
    let at = if folder == Path::new(".") {
        String::new()
    } else {
        format!("cd {} && ", folder.display())
    };
    output::say(&format!(
        "keys are in {}/ and {}/, for your eyes only; next: {at}quittance up --load 5/s",
        folder.join("keys").display(),
        folder.join("issuer").display()
    ));
    Ok(Exit::Done)
}

/// Each terminal's certificate, as hexadecimal digits.
pub(super) fn certify(folder: &Path, place: &Place) -> Result<(), Failure> {
    if place.settings.issuer().is_some()
        && let Some(keys) = &place.settings.config.keys
    {
        scheme::master_keys(&place.settings, &folder.join(keys))?;
    }
    let folder = folder.join("certificates");
    std::fs::create_dir_all(&folder).map_err(|error| {
        let what = format!("make folder {}: {error}", folder.display());
        Failure::new(Exit::Environment, what)
    })?;
    for till in &place.cast.tills {
        let path = folder.join(format!("{}.cert", till.name));
        network::replace(&path, hex_line(&till.certificate.encode()).as_bytes())?;
    }
    Ok(())
}

pub(super) fn hex_line(bytes: &[u8]) -> String {
    format!("{}\n", hex::encode(bytes))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| {
        Failure::new(
            Exit::Environment,
            format!("write {}: {error}", path.display()),
        )
    })
}

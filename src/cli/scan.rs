//! `quittance scan`: a picture in, what its code says out.

use super::Ended;
use std::path::PathBuf;

/// Read a payment code from a picture and verify it offline.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The picture (PNG, JPEG, or half blocks as `qr` draws them); `-` reads stdin.
    picture: PathBuf,
}

pub(super) fn run(_args: &Args) -> Ended {
    Ok(super::Exit::Done)
}

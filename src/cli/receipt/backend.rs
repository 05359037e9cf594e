//! The program as a CUPS backend: linked into CUPS's folder of backends as `quittance`, with a
//! device URI that holds the printer's own, `quittance:socket://10.0.0.5?profile=epson-80mm`.
//!
//! CUPS calls a backend without arguments to list devices, and as
//! `JOB USER TITLE COPIES OPTIONS [FILE]` with DEVICE_URI set to print (cups backend(7)).

use super::super::{output, settings};
use super::Reading;
use super::print::print;
use super::proxy::{Route, place};
use crate::text::Text;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What backend(7) calls CUPS_BACKEND_OK, CUPS_BACKEND_FAILED and CUPS_BACKEND_STOP.
const OK: u8 = 0;
const FAILED: u8 = 1;
const STOP: u8 = 4;

const LISTING: &str = "direct quittance \"Unknown\" \"Receipts with payment codes (Quittance)\"\n";

/// Acts as a backend, if CUPS has called.
#[expect(
    clippy::disallowed_methods,
    reason = "CUPS says by the environment what it wants"
)]
pub(in crate::cli) fn as_backend() -> Option<ExitCode> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let uri = std::env::var("DEVICE_URI").unwrap_or_default();
    let by_cups = std::env::var("SOFTWARE").is_ok_and(|software| software.starts_with("CUPS"))
        || args
            .first()
            .is_some_and(|name| in_backends(Path::new(name)));
    if args.len() == 1 && by_cups {
        let listed = output::data(LISTING.as_bytes());
        return Some(ExitCode::from(if listed.is_ok() { OK } else { FAILED }));
    }
    let prints = matches!(args.len(), 6 | 7) && uri.starts_with("quittance:");
    prints.then(|| ExitCode::from(backend(&args, &uri)))
}

/// Whether the program was called as a file in a folder of CUPS backends.
fn in_backends(name: &Path) -> bool {
    name.parent()
        .is_some_and(|folder| folder.ends_with("cups/backend"))
}

fn backend(args: &[OsString], uri: &str) -> u8 {
    let error = |text: &str| output::say(&format!("ERROR: {}", Text::clean(text)));
    let (to, reading) = match device(uri) {
        Ok(device) => device,
        Err(why) => {
            error(&why);
            return STOP;
        }
    };
    let file = args
        .get(6)
        .map_or_else(|| PathBuf::from("-"), PathBuf::from);
    // Copies of a job that comes through a pipe were made by whoever filled it.
    let wanted = args.get(4).and_then(|copies| copies.to_str()?.parse().ok());
    let copies = wanted
        .filter(|_| args.len() == 7)
        .unwrap_or(1_u16)
        .clamp(1, 100);
    match print(&file, copies, &to, &reading, |text| {
        output::say(&format!("INFO: {text}"));
    }) {
        Ok(_) => OK,
        Err(failure) => {
            error(&format!("failed to {}", failure.message));
            FAILED
        }
    }
}

/// The printer behind a device URI, and how its receipts are read.
fn device(uri: &str) -> Result<(Route, Reading), String> {
    let inner = uri.strip_prefix("quittance:").unwrap_or(uri);
    let (printer, options) = inner.split_once('?').unwrap_or((inner, ""));
    let mut reading = Reading {
        profile: None,
        profiles: None,
        currency: None,
        merchant: None,
        month_first: false,
        templates: None,
    };
    let mut network = settings::Args::default();
    let mut terminal = None;
    for (name, value) in options
        .split('&')
        .filter_map(|option| option.split_once('='))
    {
        match name {
            "profile" => reading.profile = Some(value.to_owned()),
            "profiles" => reading.profiles = Some(value.into()),
            "config" => network.config = Some(value.into()),
            "terminal" => {
                let name = value
                    .parse()
                    .map_err(|_wrong| format!("read the terminal `{value}`"));
                terminal = Some(name?);
            }
            "merchant" => reading.merchant = Some(value.replace('+', " ").replace("%20", " ")),
            "currency" => {
                let currency = value
                    .parse()
                    .map_err(|_unknown| format!("read the currency `{value}`"));
                reading.currency = Some(currency?);
            }
            // CUPS's own options for the printer behind (waiteof, contimeout) are not ours.
            _ => {}
        }
    }
    let to = place(printer)?;
    let to = Route {
        to,
        terminal,
        network,
    };
    Ok((to, reading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_uri_holds_the_printers_own_and_how_to_read() {
        let uri = "quittance:socket://10.0.0.5?profile=epson-58mm&currency=EUR&waiteof=false";
        let (to, reading) = device(uri).unwrap();
        assert!(format!("{:?}", to.to).contains("10.0.0.5:9100"));
        assert_eq!(reading.profile.as_deref(), Some("epson-58mm"));
        assert_eq!(reading.currency.unwrap().code(), "EUR");
        assert!(device("quittance:ipp://host/").is_err());
        assert!(device("quittance:file:/tmp/x?currency=EURO").is_err());
    }
}

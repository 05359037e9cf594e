//! `quittance receipt proxy`: tills print here, and the paper comes out there with a code on it.

use super::super::demo::failure;
use super::super::exit::{Exit, Failure};
use super::super::{Ended, output, runtime, settings};
use super::Reading;
use super::coder::{Jobs, coder};
use crate::id::Name;
use crate::net::bind;
use crate::net::printer::{Device, Presence};
use crate::play::PlayError;
use crate::play::proxy::{Coder, Proxy, Setup, Told};
use crate::receipt::Profile;
use crate::receipt::paper::unicode;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Stand between tills and their printer, and put a code on each payable receipt.
///
/// What is printed on a virtual printer is shown on stdout; what happens, on stderr.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where tills print to (RAW, as on a printer's port 9100).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9100")]
    raw: SocketAddr,
    /// Where LPD clients print to (RFC 1179).
    #[arg(long, value_name = "ADDRESS")]
    lpd: Option<SocketAddr>,
    /// A folder whose files are printed and removed.
    #[arg(long, value_name = "FOLDER")]
    spool: Option<PathBuf>,
    #[command(flatten)]
    to: Route,
    #[command(flatten)]
    reading: Reading,
}

/// The printer behind.
#[derive(clap::Args)]
pub(super) struct Route {
    /// The printer: socket://HOST:9100, lpd://HOST/QUEUE, a device node, a file, or `virtual`.
    #[arg(long, value_name = "PRINTER", default_value = "virtual", value_parser = place)]
    pub(super) to: Place,
    /// The terminal that signs; the configuration's own choice unless given.
    #[arg(long)]
    pub(super) terminal: Option<Name>,
    #[command(flatten)]
    pub(super) network: settings::Args,
}

/// A printer that is reached, or our own.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Virtual,
    Device(Device),
}

pub(super) fn place(text: &str) -> Result<Place, String> {
    if text == "virtual" {
        return Ok(Place::Virtual);
    }
    let device = text.parse::<Device>().map(Place::Device);
    device.map_err(|error| error.to_string())
}

impl Route {
    /// The printer's profile: as given, else a common one.
    pub(super) fn profile(&self, reading: &Reading) -> Result<Profile, Failure> {
        let common = || Profile::named("epson-80mm").expect("it is built in");
        Ok(reading.profile()?.unwrap_or_else(common))
    }
}

pub(super) fn run(args: &Args) -> Ended {
    let profile = args.to.profile(&args.reading)?;
    if let Some(folder) = args.spool.as_ref().filter(|folder| !folder.is_dir()) {
        let name = folder.display();
        return Err(Failure::new(
            Exit::Nothing,
            format!("find the folder {name}"),
        ));
    }
    let (coder, note) = coder(&args.to, &profile, args.reading.hints()?, Jobs::OfTills)?;
    output::say(&note);
    let served = runtime::block_on(async |mut interrupts| {
        let setup = open(&args.to, &profile, coder, Some(args))?;
        let lpd = setup.lpd.as_ref().and_then(|lpd| lpd.local_addr().ok());
        let mut proxy = Proxy::open(setup).map_err(PlayError::Node)?;
        output::say(&format!("tills print to {}", proxy.address));
        if let Some(lpd) = lpd {
            output::say(&format!("LPD clients print to {lpd}"));
        }
        loop {
            tokio::select! {
                Some(told) = proxy.told.recv() => tell(told, &profile, output::say),
                () = interrupts.next() => break,
            }
        }
        let mut told = proxy.close().await;
        while let Some(told) = told.recv().await {
            tell(told, &profile, output::say);
        }
        Ok(())
    })?;
    served.map_err(|error| failure(&error))?;
    Ok(Exit::Interrupted)
}

/// What a proxy with these arguments is made of; without `args`, on a port of the system's choice.
pub(super) fn open(
    to: &Route,
    profile: &Profile,
    coder: Coder,
    args: Option<&Args>,
) -> Result<Setup, PlayError> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let lpd = args.and_then(|args| args.lpd).map(bind).transpose()?;
    Ok(Setup {
        profile: profile.clone(),
        device: match &to.to {
            Place::Virtual => None,
            Place::Device(device) => Some(device.clone()),
        },
        coder,
        raw: bind(args.map_or(any, |args| args.raw))?,
        lpd,
        spool: args.and_then(|args| args.spool.clone()),
    })
}

/// Says what happened; paper of the virtual printer is data.
pub(super) fn tell(told: Told, profile: &Profile, say: impl Fn(&str)) {
    match told {
        Told::Coded(job, note) => say(&format!("receipt {job}: coded {note}")),
        Told::Uncoded(job, why) => say(&format!("receipt {job}: no code: {why}")),
        Told::Printer(Presence::Here) => say("the printer is there"),
        Told::Printer(Presence::Gone(why)) => say(&format!("the printer is away: {why}")),
        Told::Trouble(why) => say(&format!("failed to {why}")),
        // Whoever looked at the paper may have gone; printing goes on.
        Told::Page(page) => drop(output::data(unicode(&page, profile).as_bytes())),
    }
}

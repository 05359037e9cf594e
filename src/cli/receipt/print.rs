//! `quittance receipt print`: one print job through to a printer, with its code.

use super::super::demo::failure;
use super::super::exit::{Exit, Failure};
use super::super::{Ended, output, runtime};
use super::Reading;
use super::coder::{Jobs, coder};
use super::proxy::{Route, open, tell};
use crate::net::printer::Presence;
use crate::play::PlayError;
use crate::play::proxy::{Proxy, Told};
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a job's last receipt may wait for its code once all bytes are there: what a receipt's
/// tail is held for, and a little.
const LAST_CODE: Duration = Duration::from_millis(450);
/// How long a printer may be away before the job is given up.
const AWAY_MAX: Duration = Duration::from_secs(20);

/// Print a job, with the code of each payable receipt in it.
///
/// The bytes flow through as they come; a receipt that gets no code is printed without one.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The print job; `-` reads stdin.
    #[arg(default_value = "-")]
    job: PathBuf,
    /// How many copies.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    copies: u16,
    #[command(flatten)]
    to: Route,
    #[command(flatten)]
    reading: Reading,
    /// Say nothing on stderr.
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(args: &Args) -> Ended {
    let quiet = args.quiet;
    print(&args.job, args.copies, &args.to, &args.reading, |text| {
        if !quiet {
            output::say(text);
        }
    })
}

/// Prints `copies` of a job.
pub(super) fn print(
    job: &Path,
    copies: u16,
    to: &Route,
    reading: &Reading,
    say: impl Fn(&str),
) -> Ended {
    let profile = to.profile(reading)?;
    let (coder, note) = coder(to, &profile, reading.hints()?, Jobs::Copies)?;
    say(&note);
    let ended = runtime::until_interrupted(async {
        let setup = open(to, &profile, coder, None)?;
        let mut proxy = Proxy::open(setup).map_err(PlayError::Node)?;
        let sent = sent(&mut proxy, job, copies, |told| tell(told, &profile, &say)).await;
        let mut told = proxy.close().await;
        let mut lost = false;
        while let Some(told) = told.recv().await {
            lost |= matches!(told, Told::Printer(Presence::Gone(_)));
            tell(told, &profile, &say);
        }
        let lost = lost.then(|| Failure::new(Exit::Environment, "reach the printer"));
        Ok(match lost {
            Some(lost) => sent.and(Err(lost)),
            None => sent,
        })
    })?;
    match ended {
        None => Ok(Exit::Interrupted),
        Some(Ok(sent)) => sent.map(|()| Exit::Done),
        Some(Err(error)) => Err(failure(&error)),
    }
}

/// Sends the job as a till does, and waits for its last code.
async fn sent(
    proxy: &mut Proxy,
    job: &Path,
    copies: u16,
    tell: impl Fn(Told),
) -> Result<(), Failure> {
    let environment = |error: &dyn std::fmt::Display| Failure::new(Exit::Environment, error);
    let (address, path) = (proxy.address, job.to_owned());
    let mut sending = tokio::task::spawn_blocking(move || send(address, &path, copies));
    let mut away = None;
    let mut rest = None;
    loop {
        let gone = async {
            match away {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let over = async {
            match rest {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            sent = &mut sending, if rest.is_none() => {
                sent.map_err(|error| environment(&error))??;
                rest = Some(tokio::time::Instant::now() + LAST_CODE);
            }
            Some(told) = proxy.told.recv() => {
                match &told {
                    Told::Printer(Presence::Gone(_)) => {
                        away.get_or_insert_with(|| tokio::time::Instant::now() + AWAY_MAX);
                    }
                    Told::Printer(Presence::Here) => away = None,
                    _ => {}
                }
                tell(told);
            }
            () = gone => return Err(environment(&"reach the printer")),
            () = over, if away.is_none() => return Ok(()),
        }
    }
}

fn send(address: SocketAddr, job: &Path, copies: u16) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let name = job.display();
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::Nothing,
            _ => Exit::Environment,
        };
        Failure::new(exit, format!("print {name}: {error}"))
    };
    for _ in 0..copies {
        let mut from: Box<dyn Read> = if job == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(job).map_err(failed)?)
        };
        let mut till = TcpStream::connect(address).map_err(failed)?;
        io::copy(&mut from, &mut till)
            .and_then(|_| till.flush())
            .map_err(failed)?;
        till.shutdown(Shutdown::Write).map_err(failed)?;
        io::copy(&mut till, &mut io::sink()).map_err(failed)?;
    }
    Ok(())
}

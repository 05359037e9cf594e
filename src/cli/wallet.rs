//! `quittance wallet`: scan and pay as a customer of a test network would.

use super::exit::{Exit, Failure};
use super::network::{self, Place, now};
use super::{Ended, input, output, scan};
use crate::id::{Name, Party, PartyKind};
use crate::journal::{Entry, EventKind};
use crate::message::CodeHash;
use crate::order::Reason;
use crate::play::{Network, PlayError};
use crate::roles::actor::{self, Actor};
use crate::roles::wallet::{self, Expectation, Wallet};
use crate::time::Span;
use clap::{Subcommand, ValueEnum};
use std::io::BufRead as _;
use std::path::PathBuf;

/// How long an outcome is waited for.
const WAIT_MAX: Span = Span::seconds(60);

/// Be a customer's wallet on a test network.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify a code offline; nothing is sent.
    Scan {
        #[command(flatten)]
        common: Common,
    },
    /// Open the order, show it, and pay when confirmed.
    Pay {
        #[command(flatten)]
        common: Common,
        /// How the order is opened: in the bank's app, or at the link's own URL.
        #[arg(long, value_enum, default_value_t = Via::App)]
        via: Via,
        /// Confirm without asking.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(clap::Args)]
#[group(skip)]
struct Common {
    /// PNG, JPEG, half blocks, or the link itself; `-` reads stdin.
    picture: PathBuf,
    /// Whose wallet; the first of the network unless given.
    #[arg(long = "as")]
    customer: Option<Name>,
    #[command(flatten)]
    network: network::Args,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// In the bank's app.
    App,
    /// At the link's own URL.
    Link,
}

pub(super) fn run(args: &Args) -> Ended {
    let common = match &args.command {
        Command::Scan { common } | Command::Pay { common, .. } => common,
    };
    let place = Place::open(&common.network)?;
    let wallet = find(common, &place)?;
    let texts = scan::read(&input::read(&common.picture)?, now())?;
    let link = texts.first().cloned().unwrap_or_default();
    let scanned = wallet.verify_scan(now(), &link, Expectation::default());
    let scanned = scanned.map_err(|refusal| {
        let exit = match refusal.reason() {
            Reason::Syntax | Reason::Route => Exit::NotPayable,
            _ => Exit::No,
        };
        Failure::new(exit, scan::full(&refusal))
    })?;
    output::say(&format!(
        "{} asks to be paid (certified name)",
        scanned.merchant
    ));
    let Command::Pay { via, yes, .. } = &args.command else {
        output::data(format!("{}\n", scanned.merchant).as_bytes())?;
        return Ok(Exit::Done);
    };
    let code = CodeHash::of(&scanned.blob);
    let paid = pay(&place, wallet, code, &link, *via, *yes);
    match network::block_on(paid)? {
        None => Ok(Exit::Interrupted),
        Some(entry) => outcome(&entry),
    }
}

fn find(common: &Common, place: &Place) -> Result<Wallet, Failure> {
    let wallets = &place.cast.wallets;
    let named = |wallet: &&Wallet| common.customer.is_none_or(|name| name == wallet.name);
    wallets.iter().find(named).cloned().ok_or_else(|| {
        let names: Vec<&str> = wallets.iter().map(|wallet| wallet.name.as_str()).collect();
        let hint = format!("the network has: {}", names.join(", "));
        Failure::new(Exit::Nothing, "find the customer").hint(hint)
    })
}

/// Scans, shows, asks, pays; gives what the wallet recorded in the end.
async fn pay(
    place: &Place,
    mut wallet: Wallet,
    code: CodeHash,
    link: &str,
    via: Via,
    yes: bool,
) -> Result<Entry, PlayError> {
    wallet.habits.decides_in = None;
    let me = Party::new(PartyKind::Wallet, wallet.name);
    let mut network = Network::empty();
    let actor = Actor::from(wallet.clone());
    place
        .start(&mut network, me, actor, via == Via::Link)
        .await?;
    let inbox = network.inbox(&me)?;
    let begun = inbox.now();
    let input = wallet.read_scan(begun, link, Expectation::default());
    inbox.ask("scan", actor::Input::from(input)).await?;
    loop {
        for (_, entry) in network.news().await? {
            let event = &entry.event;
            if event.kind == EventKind::OrderShown {
                let amount = event.amount.map(|a| a.to_string()).unwrap_or_default();
                let confirmed = yes || asked(&amount);
                let input = if confirmed {
                    wallet::Input::Confirm(code)
                } else {
                    wallet::Input::Decline(code, Reason::PayerDeclined)
                };
                inbox.ask("decide", actor::Input::from(input)).await?;
            }
            if ends(&entry) {
                return Ok(entry);
            }
        }
        if inbox.now().since(begun) > WAIT_MAX {
            let waiting = "the bank; the payment is being checked".to_owned();
            return Err(PlayError::Stuck { waiting });
        }
        tokio::time::sleep(Span::millis(20).to_std()).await;
    }
}

/// Asks the person at the terminal.
fn asked(amount: &str) -> bool {
    output::say(&format!("pay {amount}? [y/N]"));
    let mut line = String::new();
    // No answer is a no.
    let _closed = std::io::stdin().lock().read_line(&mut line);
    matches!(line.trim(), "y" | "yes")
}

fn ends(entry: &Entry) -> bool {
    match entry.event.kind {
        EventKind::PayDone | EventKind::PayFailed | EventKind::PayAbandoned => true,
        EventKind::CodeVerified => entry.event.reason.is_some(),
        _ => false,
    }
}

fn outcome(entry: &Entry) -> Ended {
    let event = &entry.event;
    if event.kind == EventKind::PayDone {
        let amount = event.amount.map(|a| a.to_string()).unwrap_or_default();
        output::data(format!("paid {amount}\n").as_bytes())?;
        return Ok(Exit::Done);
    }
    let reason = event.reason.map_or("no reason given", Reason::word);
    Err(Failure::new(Exit::No, format!("pay: {reason}")))
}

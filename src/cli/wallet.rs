//! `quittance wallet`: scan and pay as a customer of a test network would.

use super::clock::now;
use super::demo::failure;
use super::exit::{Exit, Failure};
use super::network::{Place, Sockets};
use super::settings::Args as Network;
use super::slow::Slow;
use super::{Ended, input, output, runtime, scan};
use crate::id::{Name, Party};
use crate::message::CodeHash;
use crate::net::Inbox;
use crate::order::Reason;
use crate::play::{self, PlayError};
use crate::roles::Role as _;
use crate::roles::actor::{self, Actor};
use crate::roles::wallet::{self, Expectation, Wallet, WalletPayment, WalletState};
use crate::store::{Backend, Key, Record as _};
use crate::time::Span;
use clap::{Subcommand, ValueEnum};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// How many codes one input may hold.
const CODES_MAX: usize = 10_000;
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
    /// PNG, JPEG, half blocks, `qr`'s JSON, or the link itself; `-` reads stdin.
    #[arg(default_value = "-")]
    picture: PathBuf,
    /// Whose wallet; the first by name unless given.
    #[arg(long = "as")]
    customer: Option<Name>,
    #[command(flatten)]
    network: Network,
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
    let links = scan::read(&input::read(&common.picture)?, now())?;
    if links.len() > CODES_MAX {
        let what = format!("take {} codes: at most {CODES_MAX} at once", links.len());
        return Err(Failure::new(Exit::Malformed, what));
    }
    let mut exit = Exit::Done;
    for link in &links {
        match one(args, &place, &wallet, link) {
            Ok(Exit::Done) => {}
            Ok(interrupted) => return Ok(interrupted),
            Err(failure) if links.len() == 1 => return Err(failure),
            Err(failure) => {
                output::complain(&failure);
                exit = Exit::No;
            }
        }
    }
    Ok(exit)
}

/// Scans one code, and pays it if that is what is asked.
fn one(args: &Args, place: &Place, wallet: &Wallet, link: &str) -> Ended {
    let scanned = wallet.verify_scan(now(), link, Expectation::default());
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
    let Command::Pay { common, via, yes } = &args.command else {
        output::data(format!("{}\n", scanned.merchant).as_bytes())?;
        return Ok(Exit::Done);
    };
    let asks = match (yes, common.picture == Path::new("-")) {
        (true, _) => Asks::Nobody,
        (false, false) => Asks::Stdin,
        (false, true) => Asks::Terminal,
    };
    let code = CodeHash::of(&scanned.blob);
    let paid = pay(place, wallet.clone(), code, link, *via, asks);
    match runtime::until_interrupted(paid)? {
        None => Ok(Exit::Interrupted),
        Some(Ok(payment)) => outcome(&payment),
        Some(Err(error)) => Err(failure(&error)),
    }
}

fn find(common: &Common, place: &Place) -> Result<Wallet, Failure> {
    let wallets = &place.cast.wallets;
    let named = |wallet: &&Wallet| common.customer.is_none_or(|name| name == wallet.name);
    let found = wallets
        .iter()
        .filter(named)
        .min_by_key(|wallet| wallet.name.as_str());
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = wallets.iter().map(|wallet| wallet.name.as_str()).collect();
        let hint = format!("the network has: {}", names.join(", "));
        Failure::new(Exit::Nothing, "find the customer").hint(hint)
    })
}

/// Scans, shows, asks, pays; gives how the payment stands in the end. A payment that this wallet
/// has in hand, or has made, is followed and not begun anew.
async fn pay(
    place: &Place,
    mut wallet: Wallet,
    code: CodeHash,
    link: &str,
    via: Via,
    asks: Asks,
) -> Result<WalletPayment, PlayError> {
    wallet.habits.decides_in = None;
    let me = wallet.me();
    let mut network = play::Network::empty();
    let actor = Actor::from(wallet.clone());
    place
        .start(
            &mut network,
            &mut Sockets::default(),
            actor,
            via == Via::Link,
        )
        .await?;
    // What its journal holds of earlier payments is not about this one.
    while !network.news().await?.is_empty() {}
    let inbox = network.inbox(&me)?;
    let begun = inbox.now();
    let input = wallet.read_scan(begun, link, Expectation::default());
    inbox.ask("scan", actor::Input::from(input)).await?;
    let mut decided = false;
    let mut slow = Slow::new("waiting for gateway and bank", None);
    while inbox.now().since(begun) <= WAIT_MAX {
        let payment = in_hand(&inbox, me, code).await?;
        match payment.filter(|p| p.state.is_over() || p.state == WalletState::Shown) {
            Some(payment) if payment.state.is_over() => {
                network.stop().await?;
                return Ok(payment);
            }
            Some(payment) if !decided => {
                decided = true;
                slow = Slow::new("waiting for the bank", None);
                let input = if asks.confirm(&amount(&payment)) {
                    wallet::Input::Confirm(code)
                } else {
                    wallet::Input::Decline(code, Reason::PayerDeclined)
                };
                inbox.ask("decide", actor::Input::from(input)).await?;
            }
            _still_asked_for => {
                slow.step(0);
                tokio::time::sleep(Span::millis(20).to_std()).await;
            }
        }
    }
    let waiting = "the bank; the payment is being checked".to_owned();
    Err(PlayError::Stuck { waiting })
}

/// How the payment of this code ends in the wallet; `None` when it has not within a minute.
pub(super) async fn outcome_of(
    inbox: &Inbox<Actor>,
    party: Party,
    code: CodeHash,
) -> Result<Option<WalletState>, PlayError> {
    let begun = inbox.now();
    while inbox.now().since(begun) <= WAIT_MAX {
        let payment = in_hand(inbox, party, code).await?;
        if let Some(payment) = payment.filter(|payment| payment.state.is_over()) {
            return Ok(Some(payment.state));
        }
        tokio::time::sleep(Span::millis(20).to_std()).await;
    }
    Ok(None)
}

/// How the payment of this code stands in the wallet.
async fn in_hand(
    inbox: &Inbox<Actor>,
    party: Party,
    code: CodeHash,
) -> Result<Option<WalletPayment>, PlayError> {
    let want = (WalletPayment::SCHEMA, Key::of(&(code,)));
    let read = move |store: &mut dyn Backend| store.load(&[want]);
    let rows = inbox
        .read(read)
        .await?
        .map_err(|error| PlayError::Store { party, error })?;
    let row = rows.into_iter().flatten().next();
    Ok(row.and_then(|stored| stored.row.as_any().downcast_ref().cloned()))
}

fn amount(payment: &WalletPayment) -> String {
    let order = payment.order.as_ref();
    order.map_or_else(String::new, |order| order.0.body.amount.to_string())
}

/// Who is asked before money moves.
#[derive(Clone, Copy)]
enum Asks {
    /// `--yes` has confirmed.
    Nobody,
    /// Whoever writes to stdin.
    Stdin,
    /// The person at the terminal, since stdin was the code.
    Terminal,
}

impl Asks {
    /// Asks; no answer is a no.
    fn confirm(self, amount: &str) -> bool {
        let question = format!("pay {amount}? [y/N]");
        let mut line = String::new();
        let _closed = match self {
            Self::Nobody => return true,
            Self::Stdin => {
                output::say(&question);
                std::io::stdin().lock().read_line(&mut line)
            }
            Self::Terminal => match std::fs::File::open("/dev/tty") {
                Ok(terminal) => {
                    output::say(&question);
                    BufReader::new(terminal).read_line(&mut line)
                }
                Err(_no_terminal) => {
                    output::say("nobody to ask: stdin was the code, and there is no terminal");
                    output::say("hint: --yes confirms");
                    return false;
                }
            },
        };
        matches!(line.trim(), "y" | "yes")
    }
}

fn outcome(payment: &WalletPayment) -> Ended {
    if payment.state == WalletState::Paid {
        output::data(format!("paid {}\n", amount(payment)).as_bytes())?;
        return Ok(Exit::Done);
    }
    let reason = payment.reason.map_or("no reason given", Reason::word);
    Err(Failure::new(Exit::No, format!("pay: {reason}")))
}

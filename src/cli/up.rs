//! `quittance up`: a whole test network on loopback, until it is interrupted.

use super::exit::{Exit, Failure};
use super::network::{Place, TRUST};
use super::runtime::{self, Interrupts};
use super::settings::Args as Network;
use super::{Ended, clock, demo, output};
use crate::id::PartyKind;
use crate::play::{self, Keep, Load, PlayError, Tally};
use crate::receipt::paper::unicode;
use crate::roles::{Actor, Role as _};
use crate::scenario::Rate;
use crate::time::Span;
use std::time::Duration;

/// Run every party of the test network on loopback, until Ctrl-C.
///
/// Each is a node of its own: the gateway, the banks, the merchants, the terminals with their
/// chips and virtual printers. Addresses go to stdout, everything else to stderr. A second `up` on
/// the same data goes on with it. Ctrl-C and SIGTERM stop it cleanly (exit 130).
#[derive(clap::Args)]
pub(super) struct Args {
    /// Have tills print and customers pay, so many receipts a second (5/s) or a minute (40/min).
    #[arg(long, value_name = "RATE")]
    load: Option<Rate>,
    /// Stop by itself after this long, such as 10s (exit 0).
    #[arg(long = "for", value_name = "TIME")]
    lasts: Option<Span>,
    /// Show the papers that come out of the printers (not under load).
    #[arg(long, conflicts_with = "load")]
    papers: bool,
    #[command(flatten)]
    network: Network,
}

/// What is said and done besides running.
pub(super) struct Talk {
    load: Option<Rate>,
    lasts: Option<Span>,
    papers: bool,
    says: bool,
}

impl Talk {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        load: None,
        lasts: None,
        papers: false,
        says: false,
    };
}

pub(super) fn run(args: &Args) -> Ended {
    let talk = Talk {
        load: args.load,
        lasts: args.lasts,
        papers: args.papers,
        says: true,
    };
    if args.load.is_some_and(|rate| rate == Rate::ZERO) {
        return Err(Failure::new(
            Exit::Usage,
            "put a load of nothing on: leave --load out",
        ));
    }
    everybody(&args.network, &talk)
}

/// Runs everybody until the person interrupts, or the time is over; when a next trust bundle was
/// published, everybody begins again by it, on the data that they have.
pub(super) fn everybody(network: &Network, talk: &Talk) -> Ended {
    runtime::block_on(async |interrupts| {
        let over = ends(talk.lasts, interrupts);
        tokio::pin!(over);
        let mut first = true;
        loop {
            let place = Place::open(network)?;
            if let Some(exit) = until(place, talk, first, over.as_mut()).await? {
                return Ok(exit);
            }
            first = false;
            output::say("a new trust bundle: everybody begins again by it");
        }
    })?
}

/// Runs everybody once; nothing when they should begin again.
async fn until(
    mut place: Place,
    talk: &Talk,
    first: bool,
    over: impl Future<Output = Exit>,
) -> Result<Option<Exit>, Failure> {
    let mut sockets = place.bind()?;
    let mut running = play::Network::empty();
    for actor in place.actors() {
        if runs(&place, &actor, talk.load.is_some()) {
            let started = place.start(&mut running, &mut sockets, actor, false).await;
            started.map_err(|error| demo::failure(&error))?;
        }
    }
    if first {
        output::data(table(&place).as_bytes())?;
        if talk.says {
            introduce(&place, talk);
        }
    }
    let ended = tokio::select! {
        ended = work(&place, talk, &mut running) => ended.map(Some),
        exit = over => Ok(Some(exit)),
        () = republished(&place) => Ok(None),
    };
    let stopped = running.stop().await;
    stopped.map_err(|error| demo::failure(&error))?;
    ended
}

/// Until another trust bundle stands beside the configuration. What is remembered in memory alone
/// would not survive a new beginning, so such a network goes on by the bundle that it has.
async fn republished(place: &Place) {
    let path = place.settings.folder().map(|folder| folder.join(TRUST));
    let (Some(path), false) = (path, matches!(place.settings.keep, Keep::Memory)) else {
        return std::future::pending().await;
    };
    let read = || std::fs::read(&path).ok();
    let begun = read();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        // A bundle that is being replaced is whole before and after.
        if read().is_some_and(|now| Some(now) != begun) {
            return;
        }
    }
}

/// Whether a party runs here: wallets are customers' own, but those who bring the load.
fn runs(place: &Place, actor: &Actor, load: bool) -> bool {
    let me = actor.me();
    if me.kind != PartyKind::Wallet {
        return true;
    }
    let parties = &place.settings.config.parties;
    let named = parties.customers.contains_key(&me.name);
    // A file without a crowd has its named customers pay.
    load && (!named || parties.crowds.is_empty())
}

/// Who listens where, a line each.
fn table(place: &Place) -> String {
    let line = |(party, address): (&crate::id::Party, &std::net::SocketAddr)| {
        // A shell's terminal has no till.
        let tills = (party.kind == PartyKind::Terminal).then(|| place.tills.get(&party.name));
        let tills = tills.flatten().map(|till| format!("  print to {till}"));
        let tills = tills.unwrap_or_default();
        format!("{:<24} http://{address}{tills}\n", party.to_string())
    };
    let mut all: Vec<_> = place.addresses.iter().collect();
    all.sort_by_key(|(_, address)| address.port());
    all.into_iter().map(line).collect()
}

/// Says what runs and what to try, in lines that fit 80 columns.
fn introduce(place: &Place, talk: &Talk) {
    let settings = &place.settings;
    let network = match &settings.path {
        Some(path) => format!("the network of {}", path.display()),
        None => "the built-in test network; everybody knows its keys".to_owned(),
    };
    let data = settings.data().map_or_else(
        || "data: in memory, gone when it stops".to_owned(),
        |folder| format!("data: kept in {}", folder.display()),
    );
    output::say(&format!("this is {network}"));
    output::say(&data);
    let host = &place.cast.host;
    output::say(&format!("https://{host} leads to the gateway, here only"));
    output::say("try, in another terminal:");
    output::say("  quittance ops");
    output::say("  quittance qr --amount 8.40 --currency EUR --order A1 > code.txt");
    output::say("  quittance wallet pay code.txt");
    if talk.load.is_none() {
        output::say("or stop it, and have tills print and customers pay:");
        output::say("  quittance up --load 5/s");
    }
    output::say("Ctrl-C stops it");
}

/// What goes on while everybody runs.
async fn work(place: &Place, talk: &Talk, running: &mut play::Network) -> Ended {
    let failed = |error: PlayError| match error {
        PlayError::NotHere { .. } => {
            let failure = Failure::new(Exit::Nothing, "put load on: no till has a payer");
            failure.hint("a crowd whose balance is in the merchant's currency brings it")
        }
        other => demo::failure(&other),
    };
    if let Some(rate) = talk.load {
        let load = Load {
            scenario: &place.settings.config.parties,
            cast: &place.cast,
            chance: &place.settings.chance,
            rate,
            run: format!("L{}", clock::now().seconds()),
        };
        let mut teller = Teller::new();
        play::load(running, &load, &mut |tally| teller.tell(tally))
            .await
            .map_err(failed)?;
    }
    if talk.papers {
        return show_papers(running).await;
    }
    std::future::pending().await
}

/// Shows what comes out of every printer.
async fn show_papers(running: &mut play::Network) -> Ended {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    loop {
        tick.tick().await;
        for desk in &mut running.desks {
            while let Ok(page) = desk.pages.try_recv() {
                output::say(&format!("paper from {}:", desk.terminal));
                output::data(unicode(&page, &desk.profile).as_bytes())?;
            }
        }
    }
}

/// Says how the load goes: in one line that changes on a terminal, now and then elsewhere.
struct Teller {
    bar: indicatif::ProgressBar,
    told: Option<crate::time::Time>,
}

impl Teller {
    /// Between two lines where no line can change.
    const EVERY: Span = Span::seconds(10);

    fn new() -> Self {
        let bar = indicatif::ProgressBar::new_spinner();
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, told: None }
    }

    fn tell(&mut self, tally: Tally) {
        let line = format!(
            "load: {} scanned, {} paid, {} not, {} turns skipped",
            tally.scanned, tally.paid, tally.unpaid, tally.skipped
        );
        let now = clock::now();
        let first = *self.told.get_or_insert(now);
        if !self.bar.is_hidden() {
            self.bar.set_message(line);
        } else if now.since(first) >= Self::EVERY {
            self.told = Some(now);
            output::say(&line);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.bar.finish();
    }
}

/// Until the person interrupts, or the time is over.
async fn ends(lasts: Option<Span>, mut interrupts: Interrupts) -> Exit {
    let over = async {
        match lasts {
            Some(span) => tokio::time::sleep(span.to_std()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => Exit::Done,
        () = interrupts.next() => Exit::Interrupted,
    }
}

//! `quittance attack`: the attack pack, and what came of it.

use super::demo::failure;
use super::exit::{Exit, Failure};
use super::network::Place;
use super::scan::full;
use super::settings::Args as Network;
use super::{Ended, clock, output, runtime, wallet};
use crate::attack::remote::{self, Server};
use crate::attack::{self, Attack, Finding, Insider, Kit, Real};
use crate::cast::Till;
use crate::message::CodeHash;
use crate::money::Currency;
use crate::play::{self, Enrolment, Keep, PlayError, Start};
use crate::roles::Role as _;
use crate::roles::actor::{self, Actor};
use crate::roles::wallet::{Expectation, WalletState};
use crate::time::Span;
use clap::ValueEnum;

/// Try every attack of the security cases, by name, against the real roles in this process.
///
/// Exits with 1 when one succeeds. A running gateway is left with orders that nobody pays, one that
/// is paid, and an alarm.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only attacks whose name contains this, such as A-13.
    only: Option<String>,
    /// Attack a running gateway of this machine over HTTP instead, such as http://127.0.0.1:7100:
    /// as a stranger, and as an insider when it is the configuration's own.
    #[arg(long, conflicts_with = "only")]
    against: Option<Server>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    network: Network,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object an attack.
    Jsonl,
}

pub(super) fn run(args: &Args) -> Ended {
    if let Some(server) = args.against {
        return against(args, server);
    }
    let wanted = |attack: &&Attack| {
        args.only
            .as_ref()
            .is_none_or(|only| attack.id.contains(only))
    };
    let attacks: Vec<&Attack> = attack::all().into_iter().filter(wanted).collect();
    if attacks.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find an attack of that name"));
    }
    let mut tally = Tally::default();
    for attack in &attacks {
        // Each attack finds the system as it was: none profits from what another left behind.
        let made = Real::new(clock::now());
        let (mut real, kit) =
            made.map_err(|error| Failure::new(Exit::Environment, full(&error)))?;
        let finding = attack::attempt(attack, &mut real, &kit);
        tally.take(args.format, &finding)?;
    }
    Ok(tally.end())
}

fn against(args: &Args, server: Server) -> Ended {
    let gateway = server.is_gateway();
    let reached =
        gateway.map_err(|error| Failure::new(Exit::Environment, format!("reach it: {error}")))?;
    if !reached {
        let what = format!(
            "find a gateway at {}: it has no page for links",
            server.address()
        );
        let hint = "`quittance up` says where each party listens";
        return Err(Failure::new(Exit::Nothing, what).hint(hint));
    }
    let mut tally = Tally::default();
    for finding in remote::attempt(server) {
        tally.take(args.format, &finding)?;
    }
    let place = Place::open(&args.network)?;
    let gateway = place.cast.gateway.me();
    if place.addresses.get(&gateway) == Some(&server.address()) {
        inside(args.format, server, &place, &mut tally)?;
    } else {
        output::say("only a stranger's attacks: it is not the gateway of the configuration here");
        output::say("hint: --config FILE has the keys for the others");
    }
    Ok(tally.end())
}

/// What somebody with this network's keys can do.
fn inside(format: Format, server: Server, place: &Place, tally: &mut Tally) -> Result<(), Failure> {
    let insider = insider(server, place)?;
    for finding in insider.attempt() {
        tally.take(format, &finding)?;
    }
    let link = insider.fresh_link();
    match runtime::until_interrupted(race(place, &link))? {
        None => Ok(()),
        Some(Ok(finding)) => tally.take(format, &finding),
        Some(Err(error)) => Err(failure(&error)),
    }
}

fn insider(server: Server, place: &Place) -> Result<Insider, Failure> {
    let broken = |what: &dyn std::fmt::Display| {
        Failure::new(Exit::Malformed, format!("steal the network's keys: {what}"))
    };
    let cast = &place.cast;
    let merchants = &place.settings.config.parties.merchants;
    let in_euro = |till: &Till| {
        let merchant = merchants.get(&till.merchant);
        merchant.is_some_and(|merchant| merchant.currency == Currency::EUR)
    };
    let tills = cast.tills.iter().filter(|till| in_euro(till));
    let kit = Kit::of_tills(cast, tills, clock::now()).map_err(|error| broken(&error))?;
    let wallet = cast.wallets.first();
    let wallet = wallet.ok_or_else(|| broken(&"it has no customer"))?;
    let keys = Enrolment::new(cast, &place.addresses, &place.settings.chance);
    let directory = keys.directory(wallet.me(), true);
    let directory = directory.map_err(|error| broken(&error))?;
    let peer = directory.peers.get(&cast.gateway.me());
    let peer = peer.ok_or_else(|| broken(&"its gateway is not in it"))?;
    let others = cast.banks.iter().map(|(bank, _)| bank.name);
    let other = others.filter(|bank| *bank != wallet.bank).min();
    let other = other.ok_or_else(|| broken(&"it has one bank only"))?;
    Ok(Insider::new(
        server,
        kit,
        (wallet.me(), peer.auth.clone()),
        other,
    ))
}

/// Every customer of the network pays one receipt at the same moment.
async fn race(place: &Place, link: &str) -> Result<Finding, PlayError> {
    let mut network = play::Network::empty();
    let mut payers = Vec::new();
    // Beside the customers' own wallets, which may be running.
    let start = Start {
        cast: &place.cast,
        addresses: &place.addresses,
        chance: &place.settings.chance,
        keep: &Keep::Memory,
    };
    for wallet in &place.cast.wallets {
        let mut wallet = wallet.clone();
        wallet.habits.decides_in = Some((Span::ZERO, Span::ZERO));
        let actor = Actor::from(wallet.clone());
        network.start(&start, actor, None, None, false).await?;
        payers.push(wallet);
    }
    let begun = clock::now();
    let mut code = None;
    for wallet in &payers {
        let input = wallet.read_scan(begun, link, Expectation::default());
        let scanned = wallet.verify_scan(begun, link, Expectation::default());
        code = scanned.ok().map(|scanned| CodeHash::of(&scanned.blob));
        let inbox = network.inbox(&wallet.me())?;
        inbox.ask("scan", actor::Input::from(input)).await?;
    }
    let mut finding = Finding {
        id: "A-04 race",
        tries: "lets every customer of the network pay one receipt at the same moment",
        correct: "one pays, the others are refused",
        tried: 1,
        through: None,
    };
    let Some(code) = code else {
        finding.through = Some("a genuine code was refused".to_owned());
        return Ok(finding);
    };
    let mut paid = Vec::new();
    for wallet in &payers {
        let inbox = network.inbox(&wallet.me())?;
        if wallet::outcome_of(&inbox, wallet.me(), code).await? == Some(WalletState::Paid) {
            paid.push(wallet.name.to_string());
        }
    }
    network.stop().await?;
    if paid.len() != 1 {
        finding.through = Some(format!("{} paid: {}", paid.len(), paid.join(" ")));
    }
    Ok(finding)
}

/// What came of the attacks so far.
#[derive(Default)]
struct Tally {
    tried: usize,
    through: usize,
}

impl Tally {
    fn take(&mut self, format: Format, finding: &Finding) -> Result<(), Failure> {
        self.tried += 1;
        self.through += usize::from(finding.through.is_some());
        output::data(shown(format, finding).as_bytes())
    }

    fn end(&self) -> Exit {
        let Self { tried, through } = self;
        output::say(&format!("{tried} attacks, {through} succeeded"));
        if *through == 0 { Exit::Done } else { Exit::No }
    }
}

fn shown(format: Format, finding: &Finding) -> String {
    let verdict = if finding.through.is_some() {
        "SUCCEEDED"
    } else {
        "held"
    };
    if format == Format::Jsonl {
        let line = serde_json::json!({
            "attack": finding.id,
            "tries": finding.tries,
            "correct": finding.correct,
            "checks": finding.tried,
            "verdict": verdict.to_ascii_lowercase(),
            "through": finding.through,
        });
        return format!("{line}\n");
    }
    let mut text = format!(
        "{:<9} {}\n          tried    {}\n          correct  {}\n          checks   {}\n",
        verdict, finding.id, finding.tries, finding.correct, finding.tried
    );
    if let Some(through) = &finding.through {
        text += &format!("          through  {}\n", crate::text::Text::clean(through));
    }
    text
}
